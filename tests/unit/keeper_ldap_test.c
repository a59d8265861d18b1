/* Directories in the keeper: what a document must be, who is given what was read, what a schedule may do. */
#include "base/clock.h"
#include "base/json_in.h"
#include "keeper/ldap.h"
#include "keeper/ldap_judge.h"
#include "keeper_world.h"

#define HOUR_MS ((int64_t)3600 * 1000)
#define DAY_MS  (24 * HOUR_MS)
#define PEM     "-----BEGIN CERTIFICATE-----\\nAA==\\n-----END CERTIFICATE-----\\n"

#define TERMS                                                                                                \
    "\"name\":\"AD\",\"enabled\":true,\"host\":\"dc.example\",\"port\":636,\"security\":\"ldaps\",\"bind_"   \
    "dn\":\"cn=k\",\"people_base\":\"dc=x\",\"people_filter\":\"(a=b)\""
#define NAMES "\"attributes\":{\"id\":\"objectGUID\",\"login\":\"sAMAccountName\",\"name\":\"displayName\"}"

enum { SYS = 1, SEC, ANN };

struct place {
    char dir[64];
    struct vault *vault;
    struct registry *people;
    struct ldap_sources *l;
    struct arena arena;
};

static void begin(struct place *p) {
    static const uint8_t key[32] = {7};
    struct error e;
    assert_int_equal(vault_open(p->dir, key, &p->vault, &e), ST_OK);
    assert_int_equal(registry_open(p->vault, &p->people, &e), ST_OK);
    assert_int_equal(ldap_source_open(p->vault, &p->l, &e), ST_OK);
}

static void end(struct place *p) {
    ldap_source_close(p->l);
    registry_close(p->people);
    vault_close(p->vault);
}

static uint32_t put(struct place *p, uint8_t kind, uint32_t id, const char *document) {
    struct error e = {.status = ST_OK};
    uint32_t made = 0;
    enum status s = registry_put(p->people, NULL, kind, id, slice_from_string(document), &made, &e);
    if (s != ST_OK)
        print_error("%s: %s %s\n", document, e.code, e.detail);
    assert_int_equal(s, ST_OK);
    return made;
}

static int setup(void **state) {
    struct place *p = calloc(1, sizeof *p);
    struct error e;
    assert_non_null(p);
    assert_int_equal(crypto_start(&e), ST_OK);
    (void)snprintf(p->dir, sizeof p->dir, "/tmp/kedun-ldap-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    arena_init(&p->arena, (size_t)64 << 20, ARENA_PLAIN);
    begin(p);
    put(p, REGISTRY_DEPARTMENT, 0, "{\"name\":\"Group\",\"parent\":0}");
    put(p, REGISTRY_DEPARTMENT, 0, "{\"name\":\"Sales\",\"parent\":1}");
    put(p, REGISTRY_USER, 0, "{\"login\":\"sys\",\"name\":\"S\",\"duties\":[\"system_admin\"]}");
    put(p, REGISTRY_USER, 0, "{\"login\":\"sec\",\"name\":\"S\",\"duties\":[\"security_admin\"]}");
    put(p, REGISTRY_USER, 0,
        "{\"login\":\"Ann\",\"name\":\"Ann\",\"department\":1,\"ldap\":{\"directory\":1,\"id\":\"a1\"}}");
    *state = p;
    return 0;
}

static int teardown(void **state) {
    struct place *p = *state;
    end(p);
    arena_free(&p->arena);
    (void)nftw(p->dir, world_unlink, 16, FTW_DEPTH | FTW_PHYS);
    free(p);
    return 0;
}

static json_t *parsed(const char *text) {
    json_t *out = NULL;
    if (json_read(slice_from_string(text), JSON_REJECT_DUPLICATES, &out, NULL) != ST_OK)
        fail_msg("no JSON: %s", text);
    return out;
}

/* ---- documents ---- */

static void check(const char *text, const char *blamed) {
    struct error e = {.status = ST_OK};
    json_t *d = parsed(text);
    enum status s = ldap_source_check(d, &e);
    if (s != (blamed == NULL ? ST_OK : ST_INVALID) || strcmp(e.field, blamed == NULL ? "" : blamed) != 0)
        print_error("%s: %d %s %s\n", text, (int)s, e.field, e.detail);
    assert_int_equal(s, blamed == NULL ? ST_OK : ST_INVALID);
    assert_string_equal(e.field, blamed == NULL ? "" : blamed);
    json_decref(d);
}

static void a_document_that_is_not_one_is_refused_by_its_key(void **state) {
    (void)state;
    check("{" TERMS "," NAMES ",\"department_by\":\"none\"}", NULL);
    check("{" TERMS "," NAMES ",\"department_by\":\"none\",\"every_hours\":1,\"apply\":\"new\"}", NULL);
    check("{" TERMS "," NAMES
          ",\"department_by\":\"none\",\"every_hours\":168,\"apply\":\"all\",\"ends_a_day\":1}",
          NULL);
    check("[]", "document");
    check("{" TERMS "," NAMES ",\"department_by\":\"none\",\"password\":\"x\"}", "document");
    check("{" TERMS "," NAMES ",\"department_by\":\"attribute\"}", "attributes");
    check("{" TERMS "," NAMES ",\"department_by\":\"all\"}", "department_by");
    check("{" TERMS "," NAMES ",\"department_by\":\"none\",\"ends_a_day\":0}", "ends_a_day");
    check("{" TERMS "," NAMES ",\"department_by\":\"none\",\"every_hours\":169}", "every_hours");
    check("{" TERMS "," NAMES ",\"department_by\":\"none\",\"every_hours\":1.5}", "every_hours");
    check("{" TERMS "," NAMES ",\"department_by\":\"none\",\"apply\":\"new\"}", "apply");
    check("{" TERMS "," NAMES ",\"department_by\":\"none\",\"every_hours\":1,\"apply\":\"All\"}", "apply");
    check("{" TERMS "," NAMES ",\"department_by\":\"none\",\"every_hours\":1,\"apply\":\"all\"}",
          "ends_a_day");
}

static void several_authorities_are_a_bounded_list_of_certificates(void **state) {
    char text[2048];
    (void)state;
    for (size_t n = 0; n <= 9; n++) {
        struct buf b;
        buf_init(&b, sizeof text - 1, false);
        for (size_t i = 0; i < n; i++)
            buf_put_string(&b, PEM);
        (void)snprintf(text, sizeof text, "{" TERMS "," NAMES ",\"department_by\":\"none\",\"ca\":\"%.*s\"}",
                       (int)b.n, (const char *)b.p);
        check(text, n >= 1 && n <= LDAP_CA_MOST ? NULL : "ca");
        buf_free(&b);
    }
    check("{" TERMS "," NAMES ",\"department_by\":\"none\",\"ca\":\"-----BEGIN CERTIFICATE-----\"}", "ca");
    check("{" TERMS "," NAMES ",\"department_by\":\"none\",\"ca\":\"-----BEGIN CERTIFICATE-----" PEM "\"}",
          "ca");
    check("{" TERMS "," NAMES ",\"department_by\":\"none\",\"ca\":\"" PEM "-----BEGIN PRIVATE KEY-----\"}",
          "ca");
}

static void an_attribute_that_holds_a_secret_is_refused_whatever_its_case(void **state) {
    static const char *const secret[] = {"userPassword",
                                         "USERPASSWORD",
                                         "authPassword",
                                         "unicodePwd",
                                         "dBCSPwd",
                                         "ntPwdHistory",
                                         "lmPwdHistory",
                                         "ms-Mcs-AdmPwd",
                                         "msLAPS-Password",
                                         "msLAPS-EncryptedPassword",
                                         "sambaNTPassword",
                                         "sambaLMPassword",
                                         "krbPrincipalKey",
                                         "krb5Key",
                                         "ipaNTHash",
                                         "ipatokenOTPkey",
                                         "oathSecret",
                                         "userPKCS12",
                                         "orclPassword",
                                         "supplementalCredentials",
                                         "msDS-KeyCredentialLink",
                                         "msDS-ManagedPassword",
                                         "msFVE-RecoveryPassword",
                                         "msFVE-KeyPackage",
                                         "trustAuthIncoming",
                                         "currentValue",
                                         "2.5.4.35",
                                         "cn;binary",
                                         "-cn",
                                         "",
                                         "cn cn"};
    static const char *const fine[] = {"title",           "o",           "employeeNumber", "krbPrincipalName",
                                       "shippingAddress", "description", "objectGUID",     "x-unit-2"};
    char text[1024];
    (void)state;
    for (size_t i = 0; i < sizeof secret / sizeof secret[0] + sizeof fine / sizeof fine[0]; i++) {
        size_t at = i - sizeof secret / sizeof secret[0];
        bool bad = i < sizeof secret / sizeof secret[0];
        (void)snprintf(text, sizeof text,
                       "{" TERMS
                       ",\"department_by\":\"none\",\"attributes\":{\"id\":\"uid\",\"login\":\"uid\","
                       "\"name\":\"cn\",\"title\":\"%s\"}}",
                       bad ? secret[i] : fine[at]);
        check(text, bad ? "attributes" : NULL);
    }
}

/* ---- reads ---- */

static void set(struct place *p, uint32_t id, const char *more) {
    char text[1024];
    struct error e = {.status = ST_OK};
    (void)snprintf(text, sizeof text, "{" TERMS "," NAMES ",\"department_by\":\"tree\"%s}", more);
    json_t *d = parsed(text);
    enum status s = ldap_source_put(p->l, id, d, NULL, &e);
    if (s != ST_OK)
        print_error("%s: %s %s\n", text, e.code, e.detail);
    assert_int_equal(s, ST_OK);
    json_decref(d);
}

static void answer(struct place *p, const struct uuid *errand, unsigned status, const char *body,
                   int64_t now) {
    struct buf request;
    struct error e;
    buf_init(&request, 65536, true);
    assert_int_equal(ldap_source_errand(p->l, errand, now, &request, &e), ST_OK);
    assert_int_equal(ldap_source_errand(p->l, errand, now, &request, &e), ST_NOT_FOUND); /* once */
    assert_non_null(memmem(request.p, request.n, "hush", 4));
    assert_int_equal(ldap_source_errand_done(p->l, errand, status, slice_from_string(body), now, &e), ST_OK);
    buf_free(&request);
}

static void what_was_read_is_given_to_who_asked_and_for_a_while(void **state) {
    struct place *p = *state;
    struct uuid errand, second;
    struct error e;
    struct buf out;
    int64_t now = clock_wall_ms();
    buf_init(&out, 65536, true);
    set(p, 0, "");
    assert_int_equal(ldap_source_read_ask(p->l, 1, SYS, now, &errand, &e), ST_CONFLICT);
    assert_int_equal(ldap_source_set_secret(p->l, 1, SLICE("hush"), SYS, &e), ST_OK);
    assert_int_equal(ldap_source_read_ask(p->l, 2, SYS, now, &errand, &e), ST_NOT_FOUND);
    assert_int_equal(ldap_source_read_ask(p->l, 1, SYS, now, &errand, &e), ST_OK);
    assert_int_equal(ldap_source_read_ask(p->l, 1, SYS, now, &second, &e), ST_LIMIT);
    assert_string_equal(e.code, "ldap_busy");
    answer(p, &errand, 200, "{\"people\":[]}", now);
    assert_int_equal(ldap_source_read_take(p->l, 1, &errand, SEC, now, &out, &e), ST_NOT_FOUND);
    assert_int_equal(ldap_source_read_take(p->l, 1, &errand, SYS, now + LDAP_KEPT_MS, &out, &e),
                     ST_NOT_FOUND);
    assert_int_equal(ldap_source_read_take(p->l, 1, &errand, SYS, now, &out, &e), ST_OK);
    assert_text(buf_slice(&out), "{\"people\":[]}");
    assert_int_equal(ldap_source_read_ask(p->l, 1, SYS, now, &errand, &e), ST_OK);
    answer(p, &errand, 0, "{\"error\":\"ldap_credentials\"}", now);
    assert_int_equal(ldap_source_read_take(p->l, 1, &errand, SYS, now, &out, &e), ST_CONFLICT);
    assert_string_equal(e.code, "ldap_credentials");
    assert_int_equal(ldap_source_read_ask(p->l, 1, SYS, now, &errand, &e), ST_OK);
    answer(p, &errand, 0, "{\"error\":\"<script>\"}", now); /* no word of the server's */
    assert_int_equal(ldap_source_read_take(p->l, 1, &errand, SYS, now, &out, &e), ST_UNAVAILABLE);
    assert_string_equal(e.code, "ldap_unreachable");
    buf_free(&out);
}

static void the_days_counts_survive_a_restart(void **state) {
    struct place *p = *state;
    struct error e;
    int64_t now = clock_wall_ms();
    set(p, 0, ",\"ends_a_day\":3");
    assert_int_equal(ldap_source_count(p->l, 1, 2, 0, now, &e), ST_OK);
    end(p);
    begin(p);
    assert_int_equal(ldap_source_count(p->l, 1, 2, 0, now, &e), ST_LIMIT);
    assert_string_equal(e.code, "ldap_ends");
    assert_int_equal(ldap_source_count(p->l, 1, 1, LDAP_MAKES, now, &e), ST_OK);
    assert_int_equal(ldap_source_count(p->l, 1, 0, 1, now, &e), ST_LIMIT);
    assert_string_equal(e.code, "ldap_makes");
    assert_int_equal(ldap_source_count(p->l, 1, 1, 0, now, &e), ST_LIMIT);
    set(p, 1, ",\"ends_a_day\":4"); /* other terms give nobody the day again */
    assert_int_equal(ldap_source_count(p->l, 1, 2, 0, now, &e), ST_LIMIT);
    assert_int_equal(ldap_source_count(p->l, 1, 1, 0, now, &e), ST_OK);
    assert_int_equal(ldap_source_count(p->l, 1, 4, 0, now + DAY_MS, &e), ST_OK);
}

/* ---- the schedule ---- */

static struct ldap_run due(struct place *p, int64_t now) {
    struct ldap_run run;
    struct error e = {.status = ST_OK};
    assert_int_equal(ldap_source_due(p->l, p->people, now, &run, &e), ST_OK);
    return run;
}

static void expect_schedule(struct place *p, const char *key, const char *text, int64_t number) {
    struct buf out;
    struct error e;
    buf_init(&out, 65536, true);
    assert_int_equal(ldap_source_list(p->l, p->people, &out, &e), ST_OK);
    json_t *all = NULL;
    assert_int_equal(json_read(buf_slice(&out), 0, &all, NULL), ST_OK);
    const json_t *v = json_object_get(
        json_object_get(json_array_get(json_object_get(all, "directories"), 0), "schedule"), key);
    if (text != NULL)
        assert_string_equal(json_string_value(v), text);
    else
        assert_int_equal(json_integer_value(v), number);
    json_decref(all);
    buf_free(&out);
}

static void a_schedule_runs_by_the_keepers_clock_and_by_somebodys_word(void **state) {
    struct place *p = *state;
    struct error e;
    int64_t now = clock_wall_ms();
    const struct ldap_outcome fine = {.people = 2, .units = 1, .reckoned = true, .pending = {1, 2, 3, 4}};
    struct buf body;
    struct ldap_run run;
    json_t *document = NULL;
    buf_init(&body, 65536, true);
    set(p, 0, ",\"every_hours\":24");
    assert_int_equal(due(p, now).directory, 0);
    expect_schedule(p, "rests", "ldap_no_password", 0);
    assert_int_equal(ldap_source_set_secret(p->l, 1, SLICE("hush"), ANN, &e), ST_OK);
    assert_int_equal(due(p, now).directory, 0); /* no administrator's word */
    expect_schedule(p, "rests", "ldap_nobody", 0);
    assert_int_equal(ldap_source_set_secret(p->l, 1, SLICE("hush"), SYS, &e), ST_OK);
    struct ldap_run first = due(p, now);
    assert_int_equal(first.directory, 1);
    assert_int_equal(first.by, SYS);
    assert_int_equal(due(p, now + 1).directory, 0);
    answer(p, &first.errand, 200, "{\"people\":[],\"units\":[]}", now);
    assert_int_equal(ldap_source_read_take(p->l, 1, &first.errand, 0, now, &body, &e), ST_NOT_FOUND);
    assert_int_equal(ldap_source_run(p->l, &first.errand, p->people, now, &run, &document, &body, &e), ST_OK);
    json_decref(document);
    assert_int_equal(run.ends_left, LDAP_ENDS);
    assert_int_equal(ldap_source_run_end(p->l, &first.errand, &fine, now, &e), ST_OK);
    assert_int_equal(ldap_source_run(p->l, &first.errand, p->people, now, &run, &document, &body, &e),
                     ST_NOT_FOUND);
    assert_int_equal(ldap_source_run_end(p->l, &first.errand, &fine, now, &e), ST_NOT_FOUND);
    end(p);
    begin(p);
    expect_schedule(p, "people", NULL, 2);
    expect_schedule(p, "rests", "", 0);
    assert_int_equal(due(p, now + 24 * HOUR_MS - 1).directory, 0);
    struct ldap_run second = due(p, now + 24 * HOUR_MS);
    assert_int_equal(second.directory, 1);
    assert_memory_equal(&second.session, &first.session, sizeof first.session);
    assert_int_equal(due(p, now + 24 * HOUR_MS + 1).directory, 0); /* under way */
    assert_int_equal(due(p, now - 100 * HOUR_MS).directory, 1);    /* the clock was wrong */
    buf_free(&body);
}

static void a_failure_that_may_pass_is_tried_again_within_the_hour_and_others_wait(void **state) {
    struct place *p = *state;
    struct error e;
    int64_t now = clock_wall_ms();
    set(p, 0, ",\"every_hours\":24");
    assert_int_equal(ldap_source_set_secret(p->l, 1, SLICE("hush"), SYS, &e), ST_OK);
    struct ldap_run run = due(p, now);
    answer(p, &run.errand, 0, "{\"error\":\"ldap_slow\"}", now);
    expect_schedule(p, "error", "ldap_slow", 0);
    run = due(p, now + HOUR_MS);
    assert_int_equal(run.directory, 1);
    now += HOUR_MS;
    answer(p, &run.errand, 0, "{\"error\":\"ldap_credentials\"}", now);
    assert_int_equal(due(p, now + HOUR_MS).directory, 0);
    assert_int_equal(due(p, now + 24 * HOUR_MS).directory, 1);
    now += 24 * HOUR_MS; /* nobody told how it went: the engine fell over */
    assert_int_equal(due(p, now + HOUR_MS - 1).directory, 0);
    assert_int_equal(due(p, now + HOUR_MS).directory, 1);
}

static void new_terms_end_a_run_and_begin_another(void **state) {
    struct place *p = *state;
    struct error e;
    struct buf body;
    struct ldap_run run;
    json_t *document = NULL;
    int64_t now = clock_wall_ms();
    buf_init(&body, 65536, true);
    set(p, 0, ",\"every_hours\":24,\"apply\":\"new\"");
    assert_int_equal(ldap_source_set_secret(p->l, 1, SLICE("hush"), SYS, &e), ST_OK);
    struct ldap_run first = due(p, now);
    answer(p, &first.errand, 200, "{}", now);
    set(p, 1, ",\"every_hours\":24");
    assert_int_equal(ldap_source_run(p->l, &first.errand, p->people, now, &run, &document, &body, &e),
                     ST_NOT_FOUND);
    assert_int_equal(due(p, now).directory, 1);
    set(p, 1, ",\"every_hours\":24,\"unit_base\":\"ou=x\"");
    assert_int_equal(due(p, now).directory, 1);
    json_t *d = parsed("{\"enabled\":true,\"host\":\"elsewhere\",\"every_hours\":1}");
    assert_int_equal(ldap_source_put(p->l, 1, d, NULL, &e), ST_OK); /* the password goes, and his word */
    json_decref(d);
    expect_schedule(p, "by", NULL, 0);
    expect_schedule(p, "rests", "ldap_no_password", 0);
    buf_free(&body);
}

/* ---- what an import may say ---- */

#define READ                                                                                                 \
    "{\"people\":[{\"id\":\"a1\",\"login\":\"ann\",\"name\":\"Ann B\",\"title\":\"T\",\"place\":\"Sales\"}," \
    "{\"id\":\"b2\",\"login\":\"bob\",\"name\":\"Bob\",\"mail\":\"b@x.cn\",\"place\":\"Sales/East\"},"       \
    "{\"id\":\"c3\",\"login\":\"cid\",\"name\":\"Cid\",\"problem\":\"bad_text\"},{\"id\":\"d4\",\"login\":"  \
    "\"Free\",\"name\":\"F\"},{\"id\":\"e5\",\"login\":\"eve\",\"name\":\"E\"},{\"id\":\"e5\",\"login\":"    \
    "\"eva\","                                                                                               \
    "\"name\":\"E\"}],\"units\":[\" Sales / West \"]}"
#define BOB                                                                                                  \
    "{\"kind\":\"user\",\"id\":0,\"document\":{\"login\":\"bob\",\"name\":\"Bob\",\"mail\":\"b@x.cn\","      \
    "\"department\":3,\"ldap\":{\"directory\":1,\"id\":\"b2\",\"place\":\"Sales/East\"}}}"
#define EAST "{\"kind\":\"department\",\"id\":3,\"document\":{\"name\":\"East\",\"parent\":2,\"branch\":0}},"

static void judge(struct place *p, const char *terms, const char *items, bool passes) {
    char text[4096];
    struct ldap_judgement out;
    struct error e = {.status = ST_OK};
    (void)snprintf(text, sizeof text, "[%s]", items);
    json_t *document = parsed(terms), *read = parsed(READ), *list = parsed(text);
    enum status s = ldap_judge(p->people, 1, document, read, list, &p->arena, &out, &e);
    if ((s == ST_OK) != passes)
        print_error("%s\n%s\n", terms, items);
    assert_int_equal(s, passes ? ST_OK : ST_DENIED);
    json_decref(document);
    json_decref(read);
    json_decref(list);
}

#define NEW                "{\"apply\":\"new\",\"department_by\":\"tree\"}"
#define MOST               "{\"apply\":\"all_but_ends\",\"department_by\":\"tree\"}"
#define MOVES              "{\"apply\":\"all_but_ends\",\"department_by\":\"tree\",\"moves\":true}"
#define ALL                "{\"apply\":\"all\",\"department_by\":\"tree\"}"
#define USER(id, document) "{\"kind\":\"user\",\"id\":" #id ",\"document\":{" document "}}"

static void an_import_says_what_the_directory_said_and_no_more(void **state) {
    struct place *p = *state;
    judge(p, NEW, EAST BOB, true);
    judge(p, "{\"department_by\":\"tree\"}", EAST BOB, false);
    judge(p, "{\"apply\":\"nothing\",\"department_by\":\"tree\"}", EAST BOB, false);
    static const char *const bent[][2] = {{"\"login\":\"bob\"", "\"login\":\"eve\""},
                                          {"\"name\":\"Bob\"", "\"name\":\"Eve\""},
                                          {"b@x.cn\",\"dep", "e@x.cn\",\"dep"},
                                          {"\"id\":\"b2\"", "\"id\":\"zz\""},
                                          {"\"directory\":1", "\"directory\":2"},
                                          {"\"department\":3", "\"department\":1"},
                                          {"\"login\":\"bob\"", "\"roles\":[],\"login\":\"bob\""},
                                          {"\"login\":\"bob\"", "\"mail_confirmed\":true,\"login\":\"bob\""},
                                          {"\"id\":0", "\"id\":7"},
                                          {"East\",\"parent\":2", "East\",\"parent\":1"},
                                          {"\"branch\":0", "\"branch\":3"},
                                          {"\"name\":\"East\"", "\"name\":\"South\""}};
    for (size_t i = 0; i < sizeof bent / sizeof bent[0]; i++) {
        const char *whole = EAST BOB, *at = strstr(whole, bent[i][0]);
        char text[2048];
        assert_non_null(at);
        (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - whole), whole, bent[i][1],
                       at + strlen(bent[i][0]));
        judge(p, ALL, text, false);
    }
    judge(p, NEW,
          "{\"kind\":\"department\",\"id\":3,\"document\":{\"name\":\"West\",\"parent\":2,\"branch\":0}}",
          true);
    judge(p, NEW,
          "{\"kind\":\"department\",\"id\":2,\"document\":{\"name\":\"Sales\",\"parent\":1,\"branch\":0}}",
          false);
    judge(p, NEW, USER(0, "\"login\":\"cid\",\"name\":\"Cid\",\"ldap\":{\"directory\":1,\"id\":\"c3\"}"),
          false);
}

static void of_two_entries_with_one_id_nothing_follows(void **state) {
    struct place *p = *state;
    judge(p, NEW, USER(0, "\"login\":\"eve\",\"name\":\"E\",\"ldap\":{\"directory\":1,\"id\":\"e5\"}"),
          false);
    put(p, REGISTRY_USER, 0, "{\"login\":\"old\",\"name\":\"O\",\"ldap\":{\"directory\":1,\"id\":\"e5\"}}");
    judge(p, MOST, USER(4, "\"name\":\"E\""), false);
    judge(p, ALL, USER(4, "\"disabled\":true"), false);
}

#define ANN_LINK "\"ldap\":{\"directory\":1,\"id\":\"a1\",\"title\":\"T\",\"place\":\"Sales\"}"

static void an_account_that_is_there_is_changed_as_far_as_the_document_lets(void **state) {
    struct place *p = *state;
    judge(p, MOST, USER(3, "\"name\":\"Ann B\"," ANN_LINK), true);
    judge(p, NEW, USER(3, "\"name\":\"Ann B\"," ANN_LINK), false);
    judge(p, MOST, USER(3, "\"name\":\"Eve\""), false);
    judge(p, MOST, USER(3, "\"login\":\"ann\""), false);
    judge(p, MOST, USER(3, "\"disabled\":false"), false);
    judge(p, MOST, USER(3, "\"department\":2"), false);
    judge(p, MOVES, USER(3, "\"department\":2"), true);
    judge(p, MOVES, USER(3, "\"department\":1"), false);
    judge(p, MOST, USER(3, "\"ldap\":{\"directory\":1,\"id\":\"b2\",\"place\":\"Sales/East\"}"),
          false); /* another's entry */
    judge(p, MOST,
          USER(1, "\"name\":\"Bob\",\"ldap\":{\"directory\":1,\"id\":\"b2\",\"place\":\"Sales/East\"}"),
          false);
    put(p, REGISTRY_USER, 0, "{\"login\":\"free\",\"name\":\"F\"}");
    judge(p, MOST, USER(4, "\"ldap\":{\"directory\":1,\"id\":\"d4\"}"), true); /* by his login */
    put(p, REGISTRY_USER, 4, "{\"login\":\"free\",\"name\":\"F\",\"ldap\":{\"directory\":2,\"id\":\"x\"}}");
    judge(p, MOST, USER(4, "\"ldap\":{\"directory\":1,\"id\":\"d4\"}"), false);
    put(p, REGISTRY_USER, 4,
        "{\"login\":\"free\",\"name\":\"F\",\"sponsor\":3,\"kind\":\"partner\",\"until\":1}");
    judge(p, MOST, USER(4, "\"ldap\":{\"directory\":1,\"id\":\"d4\"}"), false);
}

static void only_who_has_gone_is_suspended(void **state) {
    struct place *p = *state;
    judge(p, ALL, USER(3, "\"disabled\":true"), false); /* he was read */
    put(p, REGISTRY_USER, 0, "{\"login\":\"gone\",\"name\":\"G\",\"ldap\":{\"directory\":1,\"id\":\"g9\"}}");
    put(p, REGISTRY_USER, 0, "{\"login\":\"other\",\"name\":\"O\",\"ldap\":{\"directory\":2,\"id\":\"g9\"}}");
    judge(p, ALL, USER(4, "\"disabled\":true"), true);
    judge(p, MOST, USER(4, "\"disabled\":true"), false);
    judge(p, ALL, USER(4, "\"disabled\":true,\"name\":\"Eve\""), false);
    judge(p, ALL, USER(5, "\"disabled\":true"), false);
    judge(p, ALL, USER(1, "\"disabled\":true"), false); /* never the directory's */
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_document_that_is_not_one_is_refused_by_its_key),
        TEST(several_authorities_are_a_bounded_list_of_certificates),
        TEST(an_attribute_that_holds_a_secret_is_refused_whatever_its_case),
        TEST(what_was_read_is_given_to_who_asked_and_for_a_while),
        TEST(the_days_counts_survive_a_restart),
        TEST(a_schedule_runs_by_the_keepers_clock_and_by_somebodys_word),
        TEST(a_failure_that_may_pass_is_tried_again_within_the_hour_and_others_wait),
        TEST(new_terms_end_a_run_and_begin_another),
        TEST(an_import_says_what_the_directory_said_and_no_more),
        TEST(of_two_entries_with_one_id_nothing_follows),
        TEST(an_account_that_is_there_is_changed_as_far_as_the_document_lets),
        TEST(only_who_has_gone_is_suspended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
