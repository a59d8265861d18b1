#include "people/ldap_plan.h"

#include "base/json_in.h"
#include "base/map.h"

#include <stdlib.h>

struct known {
    const struct staff *who;
    bool linked, elsewhere; /* to an entry of this directory, of another one */
    bool left, posts, seen;
};

struct planner {
    const struct directory *d;
    const struct ldap_question *q;
    struct arena *arena;
    struct known *known; /* as d->staff */
    struct map by_link, by_login, ids, twice, logins;
    struct import_row *rows;
    size_t count;
    bool no_memory;
};

static struct slice text(const json_t *from, const char *key) {
    const json_t *v = json_object_get(from, key);
    return json_is_string(v) ? slice_of((const uint8_t *)json_string_value(v), json_string_length(v))
                             : SLICE_NONE;
}

static struct slice keep(struct planner *p, struct slice s) {
    struct slice copy = s.n == 0 ? SLICE_NONE : arena_copy(p->arena, s);
    if (s.n > 0 && copy.p == NULL)
        p->no_memory = true;
    return copy;
}

/* Logins that differ in case alone would be one person to whoever reads them. */
static struct slice folded(struct planner *p, struct slice s) {
    struct slice copy = keep(p, s);
    uint8_t *to = (uint8_t *)(uintptr_t)copy.p;
    for (size_t i = 0; i < copy.n; i++)
        to[i] = (uint8_t)(to[i] >= 'A' && to[i] <= 'Z' ? to[i] + 32 : to[i]);
    return copy;
}

static void put(struct planner *p, struct map *m, struct slice key, void *value) {
    if (key.n > 0 && map_get(m, key) == NULL && map_put(m, key, value) != ST_OK)
        p->no_memory = true;
}

static void learn(struct planner *p, struct known *k) {
    json_t *document = NULL;
    if (json_read(k->who->document, 0, &document, NULL) != ST_OK) {
        p->no_memory = true;
        return;
    }
    const json_t *link = json_object_get(document, "ldap");
    k->left = k->who->disabled && json_is_object(json_object_get(document, "left"));
    k->posts = json_array_size(json_object_get(document, "posts")) > 0;
    json_int_t directory = json_integer_value(json_object_get(link, "directory"));
    k->elsewhere = directory != 0 && directory != (json_int_t)p->q->directory;
    if (directory == (json_int_t)p->q->directory) {
        struct slice id = keep(p, text(link, "id"));
        k->linked = id.n > 0;
        put(p, &p->by_link, id, k);
    }
    put(p, &p->by_login, folded(p, slice_from_string(k->who->login)), k);
    json_decref(document);
}

/* ---- one entry ---- */

static bool is_digits(struct slice s) {
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    }
    return s.n > 0;
}

static struct import_row *add_row(struct planner *p, size_t line) {
    if (p->count == LDAP_PLAN_ROWS) {
        p->no_memory = true; /* the readers' bounds are below this */
        return &p->rows[p->count - 1];
    }
    struct import_row *r = &p->rows[p->count++];
    *r = (struct import_row){.line = line};
    return r;
}

/* By an attribute: the one open department of that name, by its number. */
static struct slice place_of(struct planner *p, struct slice place) {
    const char *by = json_string_value(json_object_get(p->q->document, "department_by"));
    const struct organisation *o = &p->d->organisation;
    uint32_t found = 0;
    size_t n = 0;
    char number[16];
    if (by == NULL || strcmp(by, "attribute") != 0)
        return keep(p, place);
    for (size_t i = 0; i < o->count; i++) {
        const struct department *d = &o->departments[i];
        if (!d->closed && d->home == d->id && slice_is(place, d->name)) {
            found = d->id;
            n++;
        }
    }
    if (n != 1)
        return keep(p, place);
    int length = snprintf(number, sizeof number, "%u", found);
    return keep(p, slice_of((const uint8_t *)number, (size_t)length));
}

static struct slice link_of(struct planner *p, const json_t *one) {
    static const char *const keys[] = {"id", "title", "place"};
    json_t *link = json_pack("{s:I}", "directory", (json_int_t)p->q->directory);
    bool fine = link != NULL;
    for (size_t i = 0; fine && i < sizeof keys / sizeof keys[0]; i++) {
        json_t *v = json_object_get(one, keys[i]);
        fine = v == NULL || json_object_set(link, keys[i], v) == 0;
    }
    char *printed = fine ? json_print(link, JSON_COMPACT) : NULL;
    struct slice kept = printed == NULL ? SLICE_NONE : keep(p, slice_from_string(printed));
    free(printed);
    json_decref(link);
    if (kept.n == 0)
        p->no_memory = true;
    return kept;
}

static bool is_twice(struct planner *p, struct map *m, struct slice key) {
    bool twice = key.n > 0 && map_get(m, key) != NULL;
    put(p, m, key, p);
    return twice;
}

static void learn_id(struct planner *p, const json_t *one) {
    struct slice id = keep(p, text(one, "id"));
    if (is_twice(p, &p->ids, id))
        put(p, &p->twice, id, p);
}

static const char *why_refused(struct planner *p, const json_t *one, const struct known *k, bool by_link) {
    static const char *const codes[] = {"login_missing", "bad_text", "too_long"};
    struct slice problem = text(one, "problem");
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (slice_is(problem, codes[i]))
            return codes[i];
    }
    struct slice id = text(one, "id");
    if (id.n == 0)
        return "id_missing";
    if (map_get(&p->twice, id) != NULL) /* which of the two is right nobody can say */
        return "id_twice";
    if (is_twice(p, &p->logins, folded(p, text(one, "login"))))
        return "login_twice";
    if (k != NULL && k->linked && !by_link)
        return "login_reused";
    if (k != NULL && k->who->sponsor != 0)
        return "partner";
    if (k != NULL && k->left)
        return "left";
    if (k != NULL && k->seen)
        return "login_twice";
    bool by_hand = k != NULL && (p->q->only_new || (p->q->alone && k->elsewhere));
    return by_hand ? "by_hand" : NULL;
}

static void add_person(struct planner *p, size_t line, const json_t *one) {
    struct import_row *r = add_row(p, line);
    struct slice login = text(one, "login"), place = text(one, "place"), id = text(one, "id");
    struct known *k = id.n == 0 ? NULL : map_get(&p->by_link, id);
    bool by_link = k != NULL;
    if (k == NULL && login.n > 0)
        k = map_get(&p->by_login, folded(p, login));
    r->refused = why_refused(p, one, k, by_link);
    r->login = k != NULL && r->refused == NULL ? slice_from_string(k->who->login) : keep(p, login);
    if (k != NULL && (by_link || !k->linked || id.n == 0)) /* else its own entry has gone */
        k->seen = true;
    if (r->refused != NULL)
        return;
    r->name = keep(p, text(one, "name"));
    if (k == NULL || !p->q->mail_guarded)
        r->mail = keep(p, text(one, "mail"));
    r->link = link_of(p, one);
    if (k != NULL && by_link && !slice_equal(folded(p, login), folded(p, r->login)))
        r->remark = "renamed";
    bool moves = json_is_true(json_object_get(p->q->document, "moves"));
    if (place.n == 0 || (k != NULL && (k->posts || !moves)))
        return;
    if (is_digits(place))
        r->refused = "bad_place";
    else
        r->department = place_of(p, place);
}

static void add_unit(struct planner *p, size_t line, const json_t *one) {
    if (!json_is_string(one))
        return;
    struct import_row *r = add_row(p, line);
    r->department = keep(p, slice_of((const uint8_t *)json_string_value(one), json_string_length(one)));
    if (is_digits(r->department))
        r->refused = "bad_place";
}

/* ---- who has gone ---- */

bool ldap_names_anybody(const json_t *read) {
    const json_t *one;
    size_t i;
    json_array_foreach(json_object_get(read, "people"), i, one) {
        if (json_string_length(json_object_get(one, "id")) > 0)
            return true;
    }
    return false;
}

static bool is_to_suspend(const struct planner *p, uint32_t user) {
    for (size_t i = 0; i < p->q->suspend_count; i++) {
        if (p->q->suspend[i] == user)
            return true;
    }
    return false;
}

static enum status add_gone(struct planner *p, struct ldap_plan *out, struct error *e) {
    size_t found = 0;
    out->gone = arena_array(p->arena, p->d->staff_count + 1, sizeof *out->gone);
    if (out->gone == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "directory");
    for (size_t i = 0; i < p->d->staff_count; i++) {
        const struct known *k = &p->known[i];
        if (!k->linked || k->seen || k->who->disabled)
            continue;
        out->gone[out->gone_count++] = k->who;
        if (!is_to_suspend(p, k->who->id))
            continue;
        struct import_row *r = add_row(p, 0);
        r->login = slice_from_string(k->who->login);
        r->disabled = IMPORT_YES;
        r->remark = "gone";
        found++;
    }
    return found == p->q->suspend_count
               ? ST_OK
               : error_set(e, ST_CONFLICT, "people_changed", "one to be suspended is not gone from it");
}

static enum status plan(struct planner *p, struct ldap_plan *out, struct error *e) {
    const struct import_source source = {.directory = p->q->directory,
                                         .rows_most = LDAP_PLAN_ROWS,
                                         .changes_most = LDAP_PLAN_CHANGES,
                                         .places_most = LDAP_PLAN_PLACES,
                                         .places_all = LDAP_PLAN_PLACES_ALL};
    const json_t *one;
    size_t i;
    for (i = 0; i < p->d->staff_count && !p->no_memory; i++) {
        p->known[i].who = &p->d->staff[i];
        learn(p, &p->known[i]);
    }
    json_array_foreach(json_object_get(p->q->read, "people"), i, one) {
        learn_id(p, one);
    }
    json_array_foreach(json_object_get(p->q->read, "people"), i, one) {
        add_person(p, i + 1, one);
    }
    json_array_foreach(json_object_get(p->q->read, "units"), i, one) {
        add_unit(p, i + 1, one);
    }
    enum status s = add_gone(p, out, e);
    if (s == ST_OK && p->no_memory)
        s = error_set(e, ST_NOMEM, "no_memory", "directory");
    return s == ST_OK ? import_plan_make_from(p->d, &source, p->rows, p->count, p->arena, &out->plan, e) : s;
}

enum status ldap_plan_make(const struct directory *d, const struct ldap_question *q, struct arena *arena,
                           struct ldap_plan *out, struct error *e) {
    struct planner p = {.d = d, .q = q, .arena = arena};
    struct map *const maps[] = {&p.by_link, &p.by_login, &p.ids, &p.twice, &p.logins};
    *out = (struct ldap_plan){.gone_count = 0};
    p.known = arena_array(arena, d->staff_count + 1, sizeof *p.known);
    p.rows = arena_array(arena, LDAP_PLAN_ROWS, sizeof *p.rows);
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
        map_init(maps[i]);
    enum status s = p.known == NULL || p.rows == NULL ? error_set(e, ST_NOMEM, "no_memory", "directory")
                                                      : plan(&p, out, e);
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
        map_free(maps[i]);
    return s;
}
