#include "api/review_words.h"

#include "base/clock.h"
#include "people/holdings.h"
#include "policy/matrix.h"
#include "policy/model.h"

#include <stdlib.h>
#include <time.h>

#define ROLES_MOST  64
#define PEOPLE_MOST 120
#define SCRATCH     ((size_t)64 * 1024 * 1024)

static const char *text_in(const json_t *line, const char *key) {
    const char *text = json_string_value(json_object_get(line, key));
    return text == NULL ? "" : text;
}

/* ---- roles ---- */

static bool is_of_role(const struct policy *p, const char *role) {
    return p->principal.op == SCOPE_IN && slice_is(p->principal.entities[0].type, "Role") &&
           slice_is(p->principal.entities[0].id, role);
}

static void write_rule(const struct matrix_rule *rule, struct json *j) {
    json_object_begin(j);
    json_key(j, "objects");
    if (rule->objects.kind == MATRIX_EVERY) {
        json_none(j);
    } else {
        json_array_begin(j);
        for (size_t i = 0; i < rule->objects.count; i++)
            json_text(j, rule->objects.list[i]);
        json_array_end(j);
    }
    json_key(j, "except");
    json_bool(j, rule->objects.kind == MATRIX_EXCEPT);
    json_key(j, "acts");
    json_array_begin(j);
    for (unsigned i = 0; i < ACT_COUNT; i++) {
        if ((rule->acts >> i & 1) != 0)
            json_cstring(j, act_name((enum act)i));
    }
    json_array_end(j);
    json_key(j, "scope");
    json_cstring(j, matrix_scope_name(rule->terms.scope));
    json_object_end(j);
}

static void write_role(struct caller *c, const char *role, struct json *j) {
    const struct policy_set *set = c->world.policies;
    json_key(j, role);
    json_array_begin(j);
    for (size_t i = 0; i < set->count; i++) {
        struct matrix_rule rule;
        if (!is_of_role(set->policies[i], role))
            continue;
        if (!matrix_read(set->policies[i], c->world.objects, c->arena, &rule)) {
            json_object_begin(j);
            json_key(j, "by_hand");
            json_bool(j, true);
            json_object_end(j);
        } else if (!rule.forbid && (rule.acts & MATRIX_FIELD_ACTS) == 0) {
            write_rule(&rule, j);
        }
    }
    json_array_end(j);
}

enum status review_write_roles(struct caller *c, const json_t *lines, struct json *j, struct error *e) {
    const char *seen[ROLES_MOST];
    size_t n = 0;
    (void)e;
    json_key(j, "roles");
    json_object_begin(j);
    for (size_t i = 0; i < json_array_size(lines) && n < ROLES_MOST; i++) {
        const char *kind = text_in(json_array_get(lines, i), "kind"),
                   *name = text_in(json_array_get(lines, i), "name");
        bool known = *name == '\0' || strcmp(kind, "duty") == 0 || strcmp(kind, "access") == 0;
        for (size_t k = 0; k < n; k++)
            known = known || strcmp(seen[k], name) == 0;
        if (known)
            continue;
        seen[n++] = name;
        write_role(c, name, j);
    }
    json_object_end(j);
    return ST_OK;
}

/* ---- access asked for in place ---- */

static const struct staff_access *access_of(const struct directory *d, const json_t *line) {
    uint32_t user = (uint32_t)json_integer_value(json_object_get(line, "user")),
             ref = (uint32_t)json_integer_value(json_object_get(line, "ref"));
    size_t n;
    const struct staff_access *list = directory_accesses(d, user, &n);
    for (size_t i = 0; i < n; i++) {
        if (list[i].grant == ref)
            return &list[i];
    }
    return NULL;
}

static void write_label(const struct label *label, struct json *j) {
    json_object_begin(j);
    json_key(j, "zh");
    json_cstring(j, label->zh == NULL ? "" : label->zh);
    json_key(j, "en");
    json_cstring(j, label->en == NULL ? "" : label->en);
    json_object_end(j);
}

static void write_access(const struct object_def *o, const struct staff_access *x, struct json *j) {
    json_object_begin(j);
    json_key(j, "ref");
    json_int(j, x->grant);
    json_key(j, "label");
    write_label(&o->label, j);
    json_key(j, "fields");
    json_array_begin(j);
    for (size_t i = 0; i < x->field_count; i++) {
        const struct field_def *f = object_field_by_id(o, x->fields[i]);
        if (f != NULL)
            write_label(&f->label, j);
    }
    json_array_end(j);
    json_key(j, "records"); /* 0: all that he sees */
    json_int(j, (int64_t)x->record_count);
    json_key(j, "approved_by");
    json_int(j, x->approved_by);
    json_object_end(j);
}

void review_write_access(struct caller *c, const json_t *lines, struct json *j) {
    json_key(j, "access");
    json_array_begin(j);
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        const struct staff_access *x =
            strcmp(text_in(line, "kind"), "access") == 0 ? access_of(c->world.directory, line) : NULL;
        const struct object_def *o = x == NULL ? NULL : object_by_id(c->world.objects, x->object);
        if (o != NULL)
            write_access(o, x, j);
    }
    json_array_end(j);
}

/* ---- use ---- */

struct people {
    const struct staff *list[PEOPLE_MOST];
    uint32_t ids[PEOPLE_MOST];
    size_t count;
};

static void find_people(const struct caller *c, const json_t *lines, struct people *p) {
    for (size_t i = 0; i < json_array_size(lines) && p->count < PEOPLE_MOST; i++) {
        uint32_t user = (uint32_t)json_integer_value(json_object_get(json_array_get(lines, i), "user"));
        const struct staff *s = directory_staff(c->world.directory, user);
        if (s == NULL || (p->count > 0 && p->ids[p->count - 1] == user))
            continue;
        p->ids[p->count] = user;
        p->list[p->count++] = s;
    }
}

static enum status read_tallies(struct engine *engine, struct caller *c, const struct people *p, int64_t days,
                                struct holdings_view *v, bool *known, struct error *e) {
    struct audit_index *x = NULL;
    struct audit_tally *tallies = NULL;
    const char *directory = role_path(engine->env, c->arena, "db");
    struct audit_tally_query q = {.actors = p->ids,
                                  .actor_count = p->count,
                                  .from_day = audit_day(clock_wall_ms()) - (int32_t)days + 1,
                                  .by_object = true};
    if (directory == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "review");
    enum status s = p->count == 0 ? ST_NOT_FOUND : audit_index_open(directory, false, &x, e);
    *known = s == ST_OK;
    if (s == ST_OK)
        s = audit_index_tally(x, &q, c->arena, &tallies, &v->tally_count, e);
    audit_index_close(x);
    v->tallies = tallies;
    return s == ST_NOT_FOUND ? ST_OK : s;
}

static void write_day(struct json *j, int32_t day) {
    char text[16];
    time_t at = (time_t)day * 86400;
    struct tm tm;
    if (day == 0) {
        json_none(j);
        return;
    }
    (void)gmtime_r(&at, &tm);
    (void)strftime(text, sizeof text, "%Y-%m-%d", &tm);
    json_cstring(j, text);
}

/* A reviewer learns of a person's rights what his lines ask, and no more. */
static bool is_asked(const json_t *lines, uint32_t user, const struct holding *h) {
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        if (json_integer_value(json_object_get(line, "user")) == (json_int_t)user &&
            json_integer_value(json_object_get(line, "ref")) == (json_int_t)h->ref &&
            strcmp(text_in(line, "kind"), holding_kind_name(h->kind)) == 0 &&
            strcmp(text_in(line, "name"), h->name) == 0)
            return true;
    }
    return false;
}

static enum status write_person(const struct holdings_view *v, const struct staff *s, const json_t *lines,
                                struct arena *a, struct arena *scratch, struct json *j, struct error *e) {
    struct holding *list;
    size_t n;
    enum status st = holdings_of(v, s, a, scratch, &list, &n, e);
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        if (!list[i].judged || !is_asked(lines, s->id, &list[i]))
            continue;
        json_object_begin(j);
        json_key(j, "user");
        json_int(j, s->id);
        json_key(j, "kind");
        json_cstring(j, holding_kind_name(list[i].kind));
        json_key(j, "name");
        json_cstring(j, list[i].name);
        json_key(j, "ref");
        json_int(j, list[i].ref);
        json_key(j, "last_used");
        write_day(j, list[i].last_day);
        json_object_end(j);
    }
    return st;
}

enum status review_write_use(struct engine *engine, struct caller *c, const json_t *lines, int64_t days,
                             struct json *j, struct error *e) {
    struct people p = {.count = 0};
    struct holdings_view v = {.directory = c->world.directory,
                              .policies = c->world.policies,
                              .objects = c->world.objects,
                              .context = c->context,
                              .with_acts = true};
    struct arena scratch;
    bool known;
    find_people(c, lines, &p);
    enum status s = read_tallies(engine, c, &p, days, &v, &known, e);
    json_key(j, "use");
    if (s != ST_OK || !known) {
        json_none(j);
        return s;
    }
    arena_init(&scratch, SCRATCH, ARENA_PLAIN);
    json_array_begin(j);
    for (size_t i = 0; s == ST_OK && i < p.count; i++)
        s = write_person(&v, p.list[i], lines, c->arena, &scratch, j, e);
    json_array_end(j);
    arena_free(&scratch);
    return s;
}
