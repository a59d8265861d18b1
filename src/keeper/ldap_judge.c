#include "keeper/ldap_judge.h"

#include "base/json_in.h"
#include "base/map.h"
#include "keeper/document.h"

#define DEEP 32 /* departments above one another that are followed */

enum right { RIGHT_NOTHING, RIGHT_NEW, RIGHT_CHANGE, RIGHT_ALL };

struct judge {
    struct registry *people;
    uint32_t directory;
    const json_t *document, *items;
    enum right right;
    struct arena *arena;
    struct map entries; /* by id */
    struct map twice;   /* ids that two entries have: nothing follows from either */
    struct map places;  /* paths that were read, and what they begin with */
    struct map made;    /* departments of the list, by number */
    bool no_memory;
};

static struct slice text(const json_t *from, const char *key) {
    const json_t *v = json_object_get(from, key);
    return json_is_string(v) ? slice_of(json_string_value(v), json_string_length(v)) : SLICE_NONE;
}

static uint32_t number(const json_t *from, const char *key) {
    json_int_t n = json_integer_value(json_object_get(from, key));
    return n > 0 && n <= UINT32_MAX ? (uint32_t)n : 0;
}

static void put(struct judge *j, struct map *m, struct slice key, const void *value) {
    if (key.n > 0 && value != NULL && map_get(m, key) == NULL &&
        map_put(m, key, (void *)(uintptr_t)value) != ST_OK)
        j->no_memory = true;
}

/* The path without blanks around its names. */
static struct slice plain(struct judge *j, struct slice path) {
    uint8_t *copy = path.n == 0 ? NULL : arena_alloc(j->arena, path.n);
    size_t n = 0;
    if (copy == NULL)
        j->no_memory = j->no_memory || path.n > 0;
    for (size_t from = 0; copy != NULL && from < path.n;) {
        const uint8_t *at = memchr(path.p + from, '/', path.n - from);
        size_t to = at == NULL ? path.n : (size_t)(at - path.p);
        struct slice name = slice_trim(slice_of(path.p + from, to - from));
        if (name.n > 0)
            memcpy(copy + n, name.p, name.n);
        n += name.n;
        if (at != NULL)
            copy[n++] = '/';
        from = to + 1;
    }
    return copy == NULL ? SLICE_NONE : slice_of(copy, n);
}

/* And each of its beginnings. */
static void learn_place(struct judge *j, struct slice path) {
    struct slice whole = plain(j, path);
    for (size_t i = 0; i < whole.n; i++) {
        if (whole.p[i] == '/')
            put(j, &j->places, slice_of(whole.p, i), j);
    }
    put(j, &j->places, whole, j);
}

static void learn(struct judge *j, const json_t *read) {
    const json_t *one;
    size_t i;
    json_array_foreach(json_object_get(read, "people"), i, one) {
        struct slice id = text(one, "id");
        if (id.n > 0 && map_get(&j->entries, id) != NULL)
            put(j, &j->twice, id, one);
        put(j, &j->entries, id, one);
        learn_place(j, text(one, "place"));
    }
    json_array_foreach(json_object_get(read, "units"), i, one) {
        if (json_is_string(one))
            learn_place(j, slice_of(json_string_value(one), json_string_length(one)));
    }
    json_array_foreach(j->items, i, one) {
        uint32_t id = number(one, "id");
        struct slice key = arena_copy(j->arena, slice_of(&id, sizeof id));
        if (slice_is(text(one, "kind"), "department"))
            put(j, &j->made, key, json_object_get(one, "document"));
    }
}

/* ---- departments ---- */

/* Its document, that of the list before the registry's; the caller's to json_decref. */
static json_t *department(struct judge *j, uint32_t id) {
    const json_t *made = map_get(&j->made, slice_of(&id, sizeof id));
    struct slice stands;
    json_t *out = NULL;
    if (made != NULL)
        return json_incref((json_t *)(uintptr_t)made);
    if (registry_document(j->people, REGISTRY_DEPARTMENT, id, j->arena, &stands) &&
        json_read(stands, 0, &out, NULL) != ST_OK)
        j->no_memory = true;
    return out;
}

/* Its names from the top, "/" between them; n == 0: there is no such department. */
static struct slice path_of(struct judge *j, uint32_t id) {
    struct slice names[DEEP];
    size_t count = 0, n = 0;
    for (uint32_t at = id; at != 0 && count < DEEP; count++) {
        json_t *d = department(j, at);
        struct slice name = text(d, "name");
        names[count] = name.n == 0 ? SLICE_NONE : arena_copy(j->arena, name);
        at = number(d, "parent");
        json_decref(d);
        if (names[count].p == NULL)
            return SLICE_NONE;
        n += names[count].n + 1;
    }
    uint8_t *out = n == 0 ? NULL : arena_alloc(j->arena, n), *to = out;
    while (out != NULL && count-- > 0) {
        memcpy(to, names[count].p, names[count].n);
        to += names[count].n;
        *to++ = '/';
    }
    return out == NULL ? SLICE_NONE : slice_of(out, n - 1);
}

/* Below the one top, which a path may leave out. */
static struct slice below_top(struct slice path) {
    const uint8_t *at = path.n == 0 ? NULL : memchr(path.p, '/', path.n);
    return at == NULL ? SLICE_NONE : slice_of(at + 1, path.n - (size_t)(at + 1 - path.p));
}

static bool is_read(struct judge *j, struct slice path) {
    struct slice below = below_top(path);
    return (path.n > 0 && map_get(&j->places, path) != NULL) ||
           (below.n > 0 && map_get(&j->places, below) != NULL);
}

static bool is_new_department(struct judge *j, uint32_t id, const json_t *d) {
    static const char *const known[] = {"name", "parent", "branch", NULL};
    struct slice stands;
    json_t *above = department(j, number(d, "parent"));
    bool branch = number(d, "branch") == number(above, "branch");
    json_decref(above);
    return j->right >= RIGHT_NEW && document_has_known_keys(d, known) && branch &&
           !registry_document(j->people, REGISTRY_DEPARTMENT, id, j->arena, &stands) &&
           is_read(j, path_of(j, id));
}

/* Where the entry says that he stands. */
static bool is_his_place(struct judge *j, const json_t *entry, uint32_t id) {
    bool by_name = slice_is(text(j->document, "department_by"), "attribute");
    struct slice said = plain(j, text(entry, "place")), path = path_of(j, id), below = below_top(path);
    if (said.n == 0 || path.n == 0)
        return false;
    json_t *d = department(j, id);
    bool his = slice_equal(said, path) || slice_equal(said, below) ||
               (by_name && slice_equal(said, text(d, "name")));
    json_decref(d);
    return his;
}

/* ---- accounts ---- */

static const json_t *entry_of(const struct judge *j, struct slice id) {
    return id.n == 0 || map_get(&j->twice, id) != NULL ? NULL : map_get(&j->entries, id);
}

static bool is_link(const struct judge *j, const json_t *link, const json_t *entry) {
    static const char *const keys[] = {"id", "title", "place"};
    json_t *own = json_pack("{s:I}", "directory", (json_int_t)j->directory);
    bool fine = own != NULL;
    for (size_t i = 0; fine && i < sizeof keys / sizeof keys[0]; i++) {
        json_t *v = json_object_get(entry, keys[i]);
        fine = v == NULL || json_object_set(own, keys[i], v) == 0;
    }
    fine = fine && json_equal(link, own);
    json_decref(own);
    return fine;
}

/* Missing, or as the entry has it. */
static bool is_as_said(const json_t *d, const json_t *entry, const char *key) {
    const json_t *v = json_object_get(d, key);
    return v == NULL || (json_is_string(v) && json_equal(v, json_object_get(entry, key)));
}

static bool are_as_said(struct judge *j, const json_t *d, const json_t *entry) {
    const json_t *place = json_object_get(d, "department"), *link = json_object_get(d, "ldap");
    return json_object_get(entry, "problem") == NULL && is_as_said(d, entry, "login") &&
           is_as_said(d, entry, "name") && is_as_said(d, entry, "mail") &&
           (link == NULL || is_link(j, link, entry)) &&
           (place == NULL || is_his_place(j, entry, number(d, "department")));
}

static bool is_new_account(struct judge *j, const json_t *d) {
    static const char *const known[] = {"login", "name", "mail", "department", "ldap", NULL};
    const json_t *entry = entry_of(j, text(json_object_get(d, "ldap"), "id"));
    return j->right >= RIGHT_NEW && entry != NULL && document_has_known_keys(d, known) &&
           text(d, "login").n > 0 && are_as_said(j, d, entry);
}

static bool is_same_login(struct slice a, struct slice b) {
    return a.n == b.n && a.n > 0 && strncasecmp((const char *)a.p, (const char *)b.p, a.n) == 0;
}

static bool is_change(struct judge *j, const json_t *d, const json_t *old) {
    static const char *const known[] = {"name", "mail", "department", "ldap", NULL};
    const json_t *was = json_object_get(old, "ldap"), *link = json_object_get(d, "ldap");
    bool mine = number(was, "directory") == j->directory;
    struct slice id = text(link != NULL ? link : was, "id");
    const json_t *entry = entry_of(j, id);
    if (j->right < RIGHT_CHANGE || entry == NULL || !document_has_known_keys(d, known))
        return false;
    bool his = mine ? slice_equal(text(was, "id"), id)
                    : number(was, "directory") == 0 && link != NULL &&
                          is_same_login(text(old, "login"), text(entry, "login"));
    bool moves = json_is_true(json_object_get(j->document, "moves")) &&
                 json_array_size(json_object_get(old, "posts")) == 0;
    return his && (moves || json_object_get(d, "department") == NULL) && are_as_said(j, d, entry);
}

static bool is_suspension(struct judge *j, const json_t *d, const json_t *old) {
    const json_t *was = json_object_get(old, "ldap");
    struct slice id = text(was, "id");
    return j->right == RIGHT_ALL && json_object_size(d) == 1 &&
           json_is_true(json_object_get(d, "disabled")) && !json_is_true(json_object_get(old, "disabled")) &&
           number(was, "directory") == j->directory && id.n > 0 && j->entries.count > 0 &&
           map_get(&j->entries, id) == NULL;
}

static bool judge_account(struct judge *j, uint32_t id, const json_t *d, struct ldap_judgement *out) {
    struct slice stands;
    json_t *old = NULL;
    if (!registry_document(j->people, REGISTRY_USER, id, j->arena, &stands)) {
        out->added++;
        out->made++;
        return id == 0 && is_new_account(j, d);
    }
    if (json_read(stands, 0, &old, NULL) != ST_OK) {
        j->no_memory = true;
        return false;
    }
    bool ends = json_object_get(d, "disabled") != NULL;
    bool ours = number(old, "sponsor") == 0 && !json_is_object(json_object_get(old, "left"));
    bool fine = ours && (ends ? is_suspension(j, d, old) : is_change(j, d, old));
    (*(ends ? &out->suspended : &out->changed))++;
    json_decref(old);
    return fine;
}

static bool judge_all(struct judge *j, struct ldap_judgement *out) {
    const json_t *one;
    size_t i;
    json_array_foreach(j->items, i, one) {
        const json_t *d = json_object_get(one, "document");
        uint32_t id = number(one, "id");
        bool place = slice_is(text(one, "kind"), "department");
        out->made += place;
        if (!json_is_object(d) || !(place ? is_new_department(j, id, d) : judge_account(j, id, d, out)))
            return false;
    }
    return true;
}

static enum right right_of(const json_t *document) {
    static const char *const names[] = {"new", "all_but_ends", "all"};
    struct slice said = text(document, "apply");
    for (size_t i = 0; i < 3; i++) {
        if (slice_is(said, names[i]))
            return (enum right)(i + 1);
    }
    return RIGHT_NOTHING;
}

enum status ldap_judge(struct registry *people, uint32_t directory, const json_t *document,
                       const json_t *read, const json_t *items, struct arena *arena,
                       struct ldap_judgement *out, struct error *e) {
    struct judge j = {.people = people,
                      .directory = directory,
                      .document = document,
                      .items = items,
                      .right = right_of(document),
                      .arena = arena};
    *out = (struct ldap_judgement){.made = 0};
    map_init(&j.entries);
    map_init(&j.twice);
    map_init(&j.places);
    map_init(&j.made);
    learn(&j, read);
    bool fine = !j.no_memory && judge_all(&j, out);
    map_free(&j.entries);
    map_free(&j.twice);
    map_free(&j.places);
    map_free(&j.made);
    if (j.no_memory)
        return error_set(e, ST_NOMEM, "no_memory", "directory");
    return fine ? ST_OK
                : error_set(e, ST_DENIED, "ldap_not_said",
                            "the import is not what the directory said, or more than its document lets");
}
