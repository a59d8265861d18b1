#include "api/organisation_preview.h"

#include "api/policy_preview.h"
#include "api/post_left.h"
#include "base/clock.h"
#include "base/json_in.h"
#include "base/map.h"
#include "people/posts.h"
#include "policy/implies.h"
#include "policy/organise.h"
#include "policy/truth.h"

#include <stdlib.h>

#define ACTORS_MAX  13
#define LINES_MAX   64
#define SHOWN_MOST  50
#define KNOWN_MAX   512
#define COUNT_MOST  2000000
#define PATIENCE_NS ((int64_t)15 * 1000000000)

/* One person as he stands in one of the two directories. */
struct person {
    struct actor actors[ACTORS_MAX]; /* his main post, then the others that have roles of their own */
    size_t count;
    json_t *document; /* the names of roles are borrowed from it */
};

struct seen { /* how many records somebody gains or loses */
    uint32_t user;
    const char *name;
    uint64_t records;
    bool at_least;
};

struct line {
    const struct object_def *object;
    bool gains;
    struct seen people[SHOWN_MOST];
    size_t count;
    uint64_t most;
};

struct known { /* a pair of filters that was counted before */
    const struct object_def *object;
    uint64_t old, fresh;
    uint64_t records[2];
    bool at_least[2];
};

struct preview {
    struct caller *c;
    const struct directory *old, *fresh;
    struct policy_context context;
    struct arena scratch;
    struct line *lines;
    size_t line_count;
    struct known *known;
    size_t known_count;
    int64_t until_ns;
    bool cut;
};

static void add_roles(struct actor *a, const json_t *names) {
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (name != NULL && a->role_count < ACTOR_ROLES_MAX)
            a->roles[a->role_count++] = name;
    }
}

static const json_t *post_roles(const json_t *document, uint32_t post) {
    char key[16];
    (void)snprintf(key, sizeof key, "%u", post);
    return json_object_get(json_object_get(document, "post_roles"), key);
}

static struct actor actor_at(const struct directory *d, const struct staff *s, uint32_t department) {
    uint32_t home = organisation_home(&d->organisation, department);
    return (struct actor){.user = s->id,
                          .login = s->login,
                          .department = home,
                          .branch = organisation_branch(&d->organisation, home),
                          .manages = s->manages,
                          .manages_count = s->manages_count,
                          .reports = s->reports,
                          .reports_count = s->reports_count};
}

static enum status person_read(const struct directory *d, const struct staff *s, struct person *out) {
    struct standing now;
    out->count = 0;
    enum status st = json_read(s->document, 0, &out->document, NULL);
    if (st != ST_OK)
        return st;
    posts_stand(out->document, clock_wall_ms(), &now);
    if (now.held_count == 0 && now.has_posts)
        return ST_OK;
    struct actor *main = &out->actors[out->count++];
    *main = actor_at(d, s, now.department);
    add_roles(main, json_object_get(out->document, "roles"));
    for (size_t i = 0; i < now.held_count; i++) {
        const json_t *names = post_roles(out->document, now.held[i].id);
        if (now.held[i].id == now.main) {
            add_roles(main, names);
        } else if (json_array_size(names) > 0 && out->count < ACTORS_MAX) {
            out->actors[out->count] = actor_at(d, s, now.held[i].department);
            add_roles(&out->actors[out->count++], names);
        }
    }
    return ST_OK;
}

/* Rows that he may list or open, by any of his posts. */
static enum status scope_of(struct preview *x, const struct directory *d, const struct person *p,
                            const struct object_def *o, const struct pred **out, struct error *e) {
    *out = &pred_false;
    for (size_t i = 0; i < p->count; i++) {
        const struct pred *list, *view;
        struct policy_query q = {.set = x->c->world.policies,
                                 .actor = &p->actors[i],
                                 .organisation = &d->organisation,
                                 .objects = x->c->world.objects,
                                 .object = o,
                                 .context = &x->context,
                                 .arena = &x->scratch};
        enum status s = policy_filter(&q, ACT_LIST, &list, e);
        if (s == ST_OK)
            s = policy_filter(&q, ACT_VIEW, &view, e);
        if (s != ST_OK)
            return s;
        *out = pred_or(&x->scratch, *out, pred_or(&x->scratch, list, view));
        if (*out == NULL)
            return error_set(e, ST_NOMEM, "no_memory", "preview");
    }
    return ST_OK;
}

static uint64_t hash_number(uint64_t n, uint64_t seed) {
    return map_hash(slice_of(&n, sizeof n), seed);
}

static uint64_t hash_pred(const struct pred *p, uint64_t seed) {
    seed = hash_number((uint64_t)p->op << 32 | (uint64_t)p->column << 8 | (uint64_t)p->kid_count,
                       seed + p->child_object);
    for (size_t i = 0; i < p->value_count; i++) {
        seed = hash_number((uint64_t)p->values[i].i, seed + p->values[i].kind);
        if (p->values[i].kind == CELL_TEXT || p->values[i].kind == CELL_BYTES)
            seed = map_hash(p->values[i].s, seed);
    }
    for (size_t i = 0; i < p->kid_count; i++)
        seed = hash_pred(p->kids[i], seed);
    return seed;
}

/* Rows of `more` that are not in `less`. */
static enum status count_only(struct preview *x, const struct object_def *o, const struct pred *more,
                              const struct pred *less, uint64_t *n, bool *at_least, struct error *e) {
    *n = 0;
    *at_least = false;
    if (pred_implies(more, less))
        return ST_OK;
    const struct pred *only = pred_and(&x->scratch, more, pred_complement(&x->scratch, less));
    if (only == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "preview");
    if (clock_monotonic_ns() > x->until_ns || !pred_within_limits(only)) {
        x->cut = true;
        return ST_OK;
    }
    enum status s = store_count(x->c->reader, o, only, false, COUNT_MOST, n, at_least, e);
    if (s != ST_LIMIT)
        return s;
    x->cut = true;
    return ST_OK;
}

/* Colleagues with the same roles in the same place have the same filters: each pair is counted once. */
static enum status count_pair(struct preview *x, const struct object_def *o, const struct pred *old,
                              const struct pred *fresh, struct known *out, struct error *e) {
    *out = (struct known){.object = o, .old = hash_pred(old, 1), .fresh = hash_pred(fresh, 2)};
    for (size_t i = 0; i < x->known_count; i++) {
        const struct known *k = &x->known[i];
        if (k->object == o && k->old == out->old && k->fresh == out->fresh) {
            *out = *k;
            return ST_OK;
        }
    }
    enum status s = count_only(x, o, fresh, old, &out->records[0], &out->at_least[0], e);
    if (s == ST_OK)
        s = count_only(x, o, old, fresh, &out->records[1], &out->at_least[1], e);
    if (s == ST_OK && x->known_count < KNOWN_MAX)
        x->known[x->known_count++] = *out;
    return s;
}

static void note(struct preview *x, const struct object_def *o, const struct staff *s, bool gains,
                 uint64_t records, bool at_least) {
    struct line *l = NULL;
    for (size_t i = 0; i < x->line_count && l == NULL; i++) {
        if (x->lines[i].object == o && x->lines[i].gains == gains)
            l = &x->lines[i];
    }
    if (l == NULL && x->line_count == LINES_MAX) {
        x->cut = true;
        return;
    }
    if (l == NULL) {
        l = &x->lines[x->line_count++];
        *l = (struct line){.object = o, .gains = gains};
    }
    if (l->count < SHOWN_MOST)
        l->people[l->count] = (struct seen){s->id, s->name, records, at_least};
    l->count++;
    l->most = records > l->most ? records : l->most;
}

static enum status compare_person(struct preview *x, const struct staff *was, const struct staff *is,
                                  struct error *e) {
    struct person before = {.document = NULL}, after = {.document = NULL};
    enum status s = person_read(x->old, was, &before);
    if (s == ST_OK)
        s = person_read(x->fresh, is, &after);
    for (size_t i = 0; i < x->c->world.objects->count && s == ST_OK && !x->cut; i++) {
        const struct object_def *o = x->c->world.objects->objects[i];
        const struct pred *old, *fresh;
        struct known k = {.object = NULL};
        s = scope_of(x, x->old, &before, o, &old, e);
        if (s == ST_OK)
            s = scope_of(x, x->fresh, &after, o, &fresh, e);
        if (s == ST_OK)
            s = count_pair(x, o, old, fresh, &k, e);
        if (s == ST_OK && k.records[0] > 0)
            note(x, o, is, true, k.records[0], k.at_least[0]);
        if (s == ST_OK && k.records[1] > 0)
            note(x, o, is, false, k.records[1], k.at_least[1]);
        arena_reset(&x->scratch);
    }
    json_decref(before.document);
    json_decref(after.document);
    return s;
}

/* What is taken from these people changes nothing for anybody else. */
static enum status compare_some(struct preview *x, const struct directory_change *changes, size_t count,
                                struct error *e) {
    enum status s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < count; i++) {
        const struct staff *was = directory_staff(x->old, changes[i].id),
                           *is = directory_staff(x->fresh, changes[i].id);
        if (was != NULL && is != NULL && !was->disabled && was->duties == 0)
            s = compare_person(x, was, is, e);
    }
    return s;
}

static enum status compare_all(struct preview *x, struct error *e) {
    enum status s = ST_OK;
    for (size_t i = 0; i < x->old->staff_count && s == ST_OK; i++) {
        const struct staff *was = &x->old->staff[i], *is = directory_staff(x->fresh, was->id);
        if (is != NULL && !was->disabled && was->duties == 0 && is->duties == 0)
            s = compare_person(x, was, is, e);
        if (clock_monotonic_ns() > x->until_ns)
            x->cut = true;
    }
    return s;
}

/* ---- the answer ---- */

void preview_few(struct json *j, uint64_t n) {
    json_key(j, "records");
    if (n < PREVIEW_FEW)
        json_none(j);
    else
        json_int(j, (int64_t)n);
}

void preview_object(struct json *j, const struct object_def *o) {
    json_key(j, "object");
    json_cstring(j, o->name);
    json_key(j, "label");
    json_object_begin(j);
    json_key(j, "zh");
    json_cstring(j, o->label.zh);
    json_key(j, "en");
    json_cstring(j, o->label.en);
    json_object_end(j);
}

static void put_line(struct json *j, const struct line *l) {
    json_object_begin(j);
    json_key(j, "change");
    json_cstring(j, l->gains ? "gains" : "loses");
    preview_object(j, l->object);
    json_key(j, "people_count");
    json_int(j, (int64_t)l->count);
    preview_few(j, l->most);
    json_key(j, "people");
    json_array_begin(j);
    for (size_t i = 0; i < l->count && i < SHOWN_MOST; i++) {
        json_object_begin(j);
        json_key(j, "id");
        json_int(j, l->people[i].user);
        json_key(j, "name");
        json_cstring(j, l->people[i].name);
        preview_few(j, l->people[i].records);
        json_key(j, "at_least");
        json_bool(j, l->people[i].at_least);
        json_object_end(j);
    }
    json_array_end(j);
    json_object_end(j);
}

static bool has(const json_t *names, const char *name) {
    for (size_t i = 0; i < json_array_size(names); i++) {
        if (strcmp(json_string_value(json_array_get(names, i)), name) == 0)
            return true;
    }
    return false;
}

/* All roles of all posts that hold; NULL for lack of memory. */
static json_t *roles_of(const struct directory *d, uint32_t user) {
    const struct staff *s = directory_staff(d, user);
    struct person p = {.document = NULL};
    json_t *all = json_array();
    if (s == NULL || all == NULL || person_read(d, s, &p) != ST_OK)
        return all;
    bool whole = true;
    for (size_t i = 0; whole && i < p.count; i++) {
        for (size_t k = 0; whole && k < p.actors[i].role_count; k++)
            whole = has(all, p.actors[i].roles[k]) ||
                    json_array_append_new(all, json_string(p.actors[i].roles[k])) == 0;
    }
    json_decref(p.document);
    if (!whole) {
        json_decref(all);
        return NULL;
    }
    return all;
}

static void put_roles(struct json *j, const char *key, const json_t *these, const json_t *others) {
    json_key(j, key);
    json_array_begin(j);
    for (size_t i = 0; i < json_array_size(these); i++) {
        const char *name = json_string_value(json_array_get(these, i));
        if (!has(others, name))
            json_cstring(j, name);
    }
    json_array_end(j);
}

static enum status put_person(const struct preview *x, uint32_t user, struct json *j, struct error *e) {
    const struct staff *was = directory_staff(x->old, user), *is = directory_staff(x->fresh, user);
    json_t *before = roles_of(x->old, user), *after = roles_of(x->fresh, user);
    bool known = before != NULL && after != NULL;
    json_key(j, "department_before");
    json_int(j, was == NULL ? 0 : was->department);
    json_key(j, "department_after");
    json_int(j, is == NULL ? 0 : is->department);
    put_roles(j, "roles_gained", after, before);
    put_roles(j, "roles_lost", before, after);
    json_decref(before);
    json_decref(after);
    if (!known)
        return error_set(e, ST_NOMEM, "no_memory", "preview");
    const struct post_left left = {x->c, x->old, x->fresh, user};
    return post_left_write(&left, j, e);
}

/* People and records of the department and all below, as it is. */
static enum status put_department(const struct preview *x, uint32_t id, struct json *j, struct error *e) {
    const struct organisation *o = &x->old->organisation;
    struct cell *below = arena_array(x->c->arena, o->count + 1, sizeof *below);
    size_t n = 0, people = 0;
    if (below == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "preview");
    for (size_t i = 0; i < o->count; i++) {
        if (organisation_below(o, o->departments[i].id, id))
            below[n++] = cell_int(o->departments[i].id);
    }
    for (size_t i = 0; i < x->old->staff_count; i++)
        people += organisation_below(o, x->old->staff[i].department, id) && !x->old->staff[i].disabled;
    json_key(j, "people");
    json_int(j, (int64_t)people);
    json_key(j, "records");
    json_array_begin(j);
    for (size_t i = 0; i < x->c->world.objects->count; i++) {
        const struct object_def *object = x->c->world.objects->objects[i];
        const struct pred *theirs = pred_in(x->c->arena, FIELD_DEPARTMENT, below, n);
        uint64_t count;
        bool at_least;
        if (theirs == NULL)
            return error_set(e, ST_NOMEM, "no_memory", "preview");
        enum status s = store_count(x->c->reader, object, theirs, false, COUNT_MOST, &count, &at_least, e);
        if (s != ST_OK)
            return s;
        if (count == 0)
            continue;
        json_object_begin(j);
        preview_object(j, object);
        json_key(j, "count");
        json_int(j, (int64_t)count);
        json_object_end(j);
    }
    json_array_end(j);
    return ST_OK;
}

static void put_lines(const struct preview *x, struct json *j) {
    json_key(j, "complete");
    json_bool(j, !x->cut);
    json_key(j, "few");
    json_int(j, PREVIEW_FEW);
    json_key(j, "lines");
    json_array_begin(j);
    for (size_t i = 0; i < x->line_count; i++)
        put_line(j, &x->lines[i]);
    json_array_end(j);
}

static enum status put_answer(const struct preview *x, const struct directory_change *change, struct json *j,
                              struct error *e) {
    enum status s = ST_OK;
    json_object_begin(j);
    if (change->kind == REGISTRY_DEPARTMENT)
        s = put_department(x, change->id, j, e);
    else
        s = put_person(x, change->id, j, e);
    put_lines(x, j);
    json_object_end(j);
    return s;
}

static enum status preview_open(struct caller *c, const struct directory_change *changes, size_t count,
                                struct preview *x, struct directory **fresh, struct error *e) {
    *fresh = NULL;
    *x = (struct preview){.c = c,
                          .old = c->world.directory,
                          .context = {.purpose = "",
                                      .network = "office",
                                      .now_ms = policy_preview_morning(),
                                      .has_reason = true,
                                      .second_factor_age = 0},
                          .until_ns = clock_monotonic_ns() + PATIENCE_NS};
    x->lines = arena_array(c->arena, LINES_MAX, sizeof *x->lines);
    x->known = arena_array(c->arena, KNOWN_MAX, sizeof *x->known);
    if (x->lines == NULL || x->known == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "preview");
    enum status s = directory_load_changed(c->keeper, changes, count, fresh, e);
    if (s != ST_OK)
        return s;
    x->fresh = *fresh;
    arena_init(&x->scratch, (size_t)64 << 20, ARENA_PLAIN);
    return ST_OK;
}

enum status organisation_preview(struct caller *c, const struct directory_change *change, struct json *out,
                                 struct error *e) {
    struct directory *fresh;
    struct preview x;
    enum status s = preview_open(c, change, 1, &x, &fresh, e);
    if (s != ST_OK)
        return s;
    s = compare_all(&x, e);
    if (s == ST_OK)
        s = put_answer(&x, change, out, e);
    arena_free(&x.scratch);
    directory_release(fresh);
    return s;
}

enum status organisation_preview_people(struct caller *c, const struct directory_change *changes,
                                        size_t count, struct json *out, struct error *e) {
    struct directory *fresh;
    struct preview x;
    enum status s = preview_open(c, changes, count, &x, &fresh, e);
    if (s != ST_OK)
        return s;
    s = compare_some(&x, changes, count, e);
    if (s == ST_OK)
        put_lines(&x, out);
    arena_free(&x.scratch);
    directory_release(fresh);
    return s;
}
