/* A hostile directory server. Input: a byte that says which, a byte of settings, then an entry as it comes
 * over the wire ('e': what stands in an answer's place of an operation, RFC 4511), or what the process with
 * the network hands on ('j': JSON). What an entry gives is within its bounds and holds no characters that
 * mislead; what a plan would write has none but the keys of a list, within its bounds, and the keeper judges
 * it. */
#define actor registry_actor_of /* the keeper's and the policies' are two, and here is one file for both */
#include "keeper/ldap_judge.h"
#undef actor

#include "base/json_in.h"
#include "crypto/start.h"
#include "ldap_pair.h"
#include "people/ldap_plan.h"

#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libldap forgets a buffer when an answer is bent in some ways; that is not ours to find here. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:liblber\nleak:libldap\n";
}

static void must(bool holds) {
    if (!holds)
        abort();
}

/* ---- who is here ---- */

#define POSTED                                                                                               \
    "{\"login\":\"posted\",\"name\":\"P\",\"ldap\":{\"directory\":1,\"id\":\"p9\"},"                         \
    "\"posts\":[{\"id\":1,\"department\":1}]}"

static const char *const users[] = {
    "{\"login\":\"ann\",\"name\":\"Ann\",\"department\":2,\"ldap\":{\"directory\":1,\"id\":\"a1\"}}",
    "{\"login\":\"Free\",\"name\":\"F\",\"department\":1}",
    "{\"login\":\"other\",\"name\":\"O\",\"ldap\":{\"directory\":2,\"id\":\"a1\"}}",
    "{\"login\":\"boss\",\"name\":\"B\",\"duties\":[\"system_admin\"]}",
    "{\"login\":\"gone\",\"name\":\"G\",\"ldap\":{\"directory\":1,\"id\":\"g7\"}}",
    "{\"login\":\"left\",\"name\":\"L\",\"left\":{},\"disabled\":true}",
    POSTED,
};
static const char *const places[] = {"{\"name\":\"Group\",\"parent\":0}", "{\"name\":\"Sales\",\"parent\":1}",
                                     "{\"name\":\"East\",\"parent\":2}"};

#define USERS  (sizeof users / sizeof users[0])
#define PLACES (sizeof places / sizeof places[0])

static const char *const logins[USERS] = {"ann", "Free", "other", "boss", "gone", "left", "posted"};
static const struct department departments[PLACES] = {{.id = 1, .name = "Group", .home = 1},
                                                      {.id = 2, .parent = 1, .name = "Sales", .home = 2},
                                                      {.id = 3, .parent = 2, .name = "East", .home = 3}};
static struct registry *people;
static struct staff staff[USERS];
static struct directory here = {
    .organisation = {.departments = departments, .count = PLACES}, .staff = staff, .staff_count = USERS};

/* A registry that is filled once and only read from then on: its directory may go at once. */
static void begin(void) {
    static const uint8_t key[32] = {1};
    static struct arena kept;
    const char *at = getenv("KEDUN_OFFICE_DIR");
    char dir[256], file[300];
    struct vault *vault = NULL;
    struct error e;
    uint32_t made;
    (void)snprintf(dir, sizeof dir, "%s/ldap-XXXXXX", at == NULL ? "/tmp" : at);
    must(crypto_start(&e) == ST_OK && mkdtemp(dir) != NULL);
    must(vault_open(dir, key, &vault, &e) == ST_OK && registry_open(vault, &people, &e) == ST_OK);
    for (size_t i = 0; i < PLACES; i++)
        must(registry_put(people, NULL, REGISTRY_DEPARTMENT, 0, slice_from_string(places[i]), &made, &e) ==
             ST_OK);
    arena_init(&kept, (size_t)1 << 20, ARENA_PLAIN);
    for (size_t i = 0; i < USERS; i++) {
        must(registry_put(people, NULL, REGISTRY_USER, 0, slice_from_string(users[i]), &made, &e) == ST_OK);
        staff[i] = (struct staff){.id = made, .login = logins[i], .name = logins[i]};
        must(registry_document(people, REGISTRY_USER, made, &kept, &staff[i].document));
    }
    staff[3].duties = DUTY_SYSTEM_ADMIN;
    staff[5].disabled = true;
    (void)snprintf(file, sizeof file, "%s/vault.log", dir);
    (void)unlink(file);
    (void)rmdir(dir);
}

/* ---- an entry ---- */

static const struct ldap_shape shapes[] = {
    {.attribute = {"entryUUID", "uid", "cn", "mail", "title", "ou"}},
    {.attribute = {"objectGUID", "sAMAccountName", "displayName", "mail", "title", NULL}, .tree = true}};

static void check_person(const json_t *one) {
    static const struct {
        const char *key;
        size_t most;
    } known[] = {{"id", 64},     {"login", 63},  {"name", 127},
                 {"mail", 200},  {"title", 127}, {"place", LDAP_PLACE_MOST},
                 {"problem", 16}};
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)one, key, value) {
        bool found = false;
        struct slice text = slice_of(json_string_value(value), json_string_length(value));
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            found = found || (strcmp(known[i].key, key) == 0 && text.n > 0 && text.n <= known[i].most);
        must(found && ldap_text_fits(text));
    }
}

static void write_entry(struct slice operation, const struct ldap_shape *shape, struct buf *out) {
    static const char base[] = "ou=people,dc=x";
    struct ldap_pair pair;
    struct json j = json_to(out);
    must(ldap_pair_open(&pair));
    LDAPMessage *entry = ldap_pair_take(&pair, operation);
    json_object_begin(&j);
    json_key(&j, "people");
    json_array_begin(&j);
    if (entry != NULL)
        ldap_entry_person(shape, base, pair.ld, entry, &j);
    json_array_end(&j);
    json_key(&j, "units");
    json_array_begin(&j);
    if (entry != NULL)
        ldap_entry_unit(base, pair.ld, entry, &j);
    json_array_end(&j);
    json_object_end(&j);
    ldap_msgfree(entry);
    ldap_pair_close(&pair);
    must(!out->failed);
}

/* ---- a plan ---- */

static void check_items(const json_t *items) {
    static const char *const keys[] = {"login", "name",     "mail",   "department",
                                       "ldap",  "disabled", "parent", "branch"};
    const json_t *one;
    json_t *value;
    const char *key;
    size_t i, places_made = 0;
    json_array_foreach(items, i, one) {
        json_object_foreach(json_object_get(one, "document"), key, value) {
            bool known = false;
            for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
                known = known || strcmp(keys[k], key) == 0;
            must(known && value != NULL);
        }
        places_made += strcmp(json_string_value(json_object_get(one, "kind")), "department") == 0;
    }
    must(places_made <= LDAP_PLAN_PLACES && i <= LDAP_PLAN_CHANGES);
}

static void try_plan(const json_t *read, uint8_t how, struct arena *a) {
    static const char *const ways[] = {"none", "attribute", "tree", "tree"};
    struct ldap_question q = {.directory = 1, .read = read, .alone = true};
    struct error e = {.status = ST_OK};
    struct ldap_judgement judged;
    struct ldap_plan plan;
    uint32_t gone[USERS];
    q.mail_guarded = (how & 1) != 0;
    q.only_new = (how & 2) != 0;
    json_t *document = json_pack("{s:s, s:s, s:b}", "department_by", ways[how >> 2 & 3], "apply",
                                 q.only_new ? "new" : "all", "moves", how >> 4 & 1);
    must(document != NULL);
    q.document = document;
    must(ldap_plan_make(&here, &q, a, &plan, &e) == ST_OK && plan.gone_count <= USERS);
    for (size_t i = 0; i < plan.gone_count; i++)
        gone[i] = plan.gone[i]->id;
    if ((how & 32) != 0 && !q.only_new && plan.gone_count > 0 && ldap_names_anybody(read)) {
        q.suspend = gone;
        q.suspend_count = plan.gone_count;
        must(ldap_plan_make(&here, &q, a, &plan, &e) == ST_OK);
    }
    if (plan.plan.document.n > 0) {
        json_t *list = NULL;
        must(json_read(plan.plan.document, JSON_REJECT_DUPLICATES, &list, NULL) == ST_OK);
        check_items(json_object_get(list, "items"));
        enum status s = ldap_judge(people, 1, document, read, json_object_get(list, "items"), a, &judged, &e);
        must(s ==
             ST_OK); /* the keeper believes what the engine makes of it, or a schedule would stand still */
        json_decref(list);
    }
    json_decref(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena a;
    struct buf text;
    json_t *read = NULL;
    if (people == NULL)
        begin();
    if (size < 2)
        return 0;
    arena_init(&a, (size_t)256 << 20, ARENA_PLAIN);
    buf_init(&text, (size_t)1 << 20, false);
    struct slice rest = slice_of(data + 2, size - 2);
    bool wire = data[0] == 'e';
    if (wire)
        write_entry(rest, &shapes[data[1] >> 7], &text);
    else
        buf_put(&text, rest.p, rest.n);
    enum status s = json_read(buf_slice(&text), 0, &read, NULL);
    must(s == ST_OK || !wire);
    if (wire && json_array_size(json_object_get(read, "people")) > 0)
        check_person(json_array_get(json_object_get(read, "people"), 0));
    if (s == ST_OK && json_is_object(read))
        try_plan(read, data[1], &a);
    json_decref(read);
    buf_free(&text);
    arena_free(&a);
    return 0;
}
