#include "record/definition.h"

#include "object/diff.h"
#include "object/extend.h"
#include "object/set.h"
#include "record/catalogue.h"
#include "record/reseal.h"

#include <pthread.h>
#include <stdio.h>

#define WORK_ITEM   "reseal"
#define WORK_KEY    13 /* "00001/00012/s": object, field; seal, or terms only */
#define WORK_MAX    1000
#define CHANGES_MAX 10000
#define DETAIL_MAX  4000 /* of a change, in the log; all of it stands in the store */
#define APPLIED_MAX ((size_t)1024 * 1024)
#define PLAN_MEMORY ((size_t)16 * 1024 * 1024)

/* ---- at start ---- */

static enum status replay(struct store_reader *reader, struct arena *a, struct object_set **set,
                          struct error *e) {
    struct store_item *items;
    size_t n;
    enum status s =
        store_item_list(reader, SLICE(DEFINITION_ITEM), 0, SLICE_NONE, CHANGES_MAX, a, &items, &n, e);
    for (size_t i = 0; s == ST_OK && i < n; i++) {
        struct object_set *next;
        s = object_set_extend(*set, items[i].body, &next, NULL, e);
        if (s != ST_OK)
            return s;
        object_set_release(*set);
        *set = next;
    }
    return s;
}

enum status definition_read_added(struct store *store, struct object_set **set, struct error *e) {
    struct store_reader *reader;
    struct arena a;
    enum status s = store_reader_open(store, &reader, e);
    if (s != ST_OK)
        return s;
    arena_init(&a, (size_t)64 * 1024 * 1024, ARENA_PLAIN);
    s = replay(reader, &a, set, e);
    arena_free(&a);
    store_reader_close(reader);
    return s;
}

enum status definition_load_added(struct store *store, struct object_set **set, struct error *e) {
    enum status s = definition_read_added(store, set, e);
    return s == ST_OK ? store_migrate(store, *set, e) : s;
}

/* ---- at run time ---- */

static const struct field_def *field_of(const struct object_set *set, const struct object_change *change) {
    const struct object_def *o = object_by_id(set, change->object);
    return o == NULL ? NULL : object_field_by_id(o, change->field);
}

/* A kind of search can be added; its terms can't be told from others' once it is given up. */
static enum status check_effects(const struct object_set *now, const struct object_set *next,
                                 const struct object_diff *diff, struct error *e) {
    for (size_t i = 0; i < diff->count; i++) {
        const struct object_change *change = &diff->changes[i];
        const struct field_def *old = field_of(now, change), *fresh = field_of(next, change);
        if (change->kind != CHANGE_FIELD_SEARCH || old == NULL || fresh == NULL)
            continue;
        if ((old->search & ~fresh->search) != 0)
            return error_set(e, ST_INVALID, "search_removed", "the search kinds of %s stay; add to them",
                             fresh->name);
    }
    return ST_OK;
}

static enum status register_added(struct caller *c, const struct object_set *next,
                                  const struct object_diff *diff, struct error *e) {
    for (size_t i = 0; i < diff->count; i++) {
        const struct object_change *change = &diff->changes[i];
        const struct object_def *o = object_by_id(next, change->object);
        bool registers = change->kind == CHANGE_OBJECT_ADDED || change->kind == CHANGE_FIELD_ADDED ||
                         change->kind == CHANGE_FIELD_CLASS_RAISED || change->kind == CHANGE_FIELD_SEARCH;
        if (o == NULL || !registers)
            continue;
        for (size_t f = 0; f < o->field_count; f++) {
            bool wanted = change->kind == CHANGE_OBJECT_ADDED || o->fields[f].id == change->field;
            if (!wanted || field_is_internal(&o->fields[f]))
                continue;
            enum status s = catalogue_put(c, o, &o->fields[f], e);
            if (s != ST_OK)
                return s;
        }
    }
    return ST_OK;
}

static struct write_op item_op(const struct caller *c, struct slice kind, struct slice key,
                               struct slice body) {
    return (struct write_op){.kind = WRITE_ITEM,
                             .item_kind = kind,
                             .key = key,
                             .body = body,
                             .actor = c->who.user,
                             .at_ms = c->context.now_ms};
}

static struct slice work_key(struct arena *a, const struct definition_work *w) {
    char text[WORK_KEY + 1];
    int n = snprintf(text, sizeof text, "%05u/%05u/%c", w->object, w->field, w->terms ? 't' : 's');
    return arena_copy(a, slice_of(text, (size_t)n));
}

/* The change and the marks of what it leaves to be done, together. */
static enum status keep(struct caller *c, const struct object_set *next, const struct object_diff *diff,
                        struct slice applied, struct error *e) {
    char key[24];
    struct write_result result;
    struct write_op *ops = arena_array(c->arena, diff->count + 1, sizeof *ops);
    size_t n = 0;
    if (ops == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "definition");
    (void)snprintf(key, sizeof key, "%020llu", (unsigned long long)next->version);
    ops[n++] = item_op(c, SLICE(DEFINITION_ITEM), slice_from_string(key), applied);
    for (size_t i = 0; i < diff->count; i++) {
        struct definition_work w = {.object = diff->changes[i].object, .field = diff->changes[i].field};
        w.terms = diff->changes[i].kind == CHANGE_FIELD_SEARCH;
        if (!w.terms && diff->changes[i].kind != CHANGE_FIELD_CLASS_RAISED)
            continue;
        ops[n] = item_op(c, SLICE(WORK_ITEM), work_key(c->arena, &w), SLICE("{}"));
        if (ops[n++].key.p == NULL)
            return error_set(e, ST_NOMEM, "no_memory", "definition");
    }
    struct write_set set = {.ops = ops, .count = n};
    return world_commit(c->world.world, &set, &result, e);
}

static enum status commit(struct caller *c, struct object_set *next, const struct object_diff *diff,
                          struct slice applied, struct error *e) {
    enum status s = register_added(c, next, diff, e);
    if (s == ST_OK)
        s = store_migrate(world_store(c->world.world), next, e);
    if (s == ST_OK)
        s = keep(c, next, diff, applied, e);
    if (s == ST_OK) {
        struct slice detail = slice_of(applied.p, applied.n < DETAIL_MAX ? applied.n : DETAIL_MAX);
        s = keeper_record(c->keeper, &c->call, AUDIT_CONFIG, AUDIT_DONE, 0, NULL, SLICE("definition"), detail,
                          e);
    }
    if (s != ST_OK)
        return s;
    object_set_retain(next);
    world_set_objects(c->world.world, next);
    return ST_OK;
}

/* On the definitions that the change was worked out from. */
static enum status commit_alone(struct caller *c, struct object_set *next, const struct object_diff *diff,
                                struct slice applied, struct error *e) {
    static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
    struct world_view now;
    (void)pthread_mutex_lock(&one);
    world_enter(c->world.world, &now);
    enum status s = now.objects == c->world.objects
                        ? commit(c, next, diff, applied, e)
                        : error_set(e, ST_CONFLICT, "definition_conflict", "the definitions have changed");
    world_leave(&now);
    (void)pthread_mutex_unlock(&one);
    return s;
}

enum status definition_change(struct caller *c, struct slice change, bool dry_run, struct json *plan,
                              uint16_t *changed, struct error *e) {
    struct object_set *next = NULL;
    struct object_diff diff;
    struct buf applied;
    if ((c->who.duties & DUTY_SYSTEM_ADMIN) == 0) {
        return error_set(e, ST_DENIED, "denied", "only a system administrator changes definitions");
    }
    buf_init(&applied, APPLIED_MAX, false);
    enum status s = object_set_extend(c->world.objects, change, &next, &applied, e);
    if (s == ST_OK)
        s = object_diff(c->world.objects, next, c->arena, &diff);
    if (s == ST_OK)
        s = check_effects(c->world.objects, next, &diff, e);
    if (s == ST_OK && !dry_run)
        s = commit_alone(c, next, &diff, buf_slice(&applied), e);
    if (s == ST_OK)
        object_diff_write_members(plan, &diff);
    *changed = s == ST_OK && diff.count > 0 ? diff.changes[0].object : 0;
    if (next != NULL)
        object_set_release(next);
    buf_free(&applied);
    return s;
}

/* ---- what a change leaves to be done ---- */

static bool work_read(struct slice key, struct definition_work *out) {
    unsigned numbers[2] = {0, 0};
    if (key.n != WORK_KEY)
        return false;
    for (size_t i = 0; i < 5; i++) {
        numbers[0] = numbers[0] * 10 + (key.p[i] - '0');
        numbers[1] = numbers[1] * 10 + (key.p[i + 6] - '0');
    }
    *out = (struct definition_work){
        .object = (uint16_t)numbers[0], .field = (uint16_t)numbers[1], .terms = key.p[WORK_KEY - 1] == 't'};
    return true;
}

enum status definition_work_list(struct store_reader *r, struct arena *a, struct definition_work **out,
                                 size_t *n, struct error *e) {
    struct store_item *items;
    size_t count = 0;
    *n = 0;
    enum status s = store_item_list(r, SLICE(WORK_ITEM), 0, SLICE_NONE, WORK_MAX, a, &items, &count, e);
    if (s != ST_OK)
        return s;
    *out = arena_array(a, count, sizeof **out);
    if (*out == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "definition");
    for (size_t i = 0; i < count; i++)
        *n += work_read(items[i].key, &(*out)[*n]);
    return ST_OK;
}

/* What was removed is to be unreadable before the mark goes. */
static enum status work_over(struct caller *c, const struct definition_work *w, struct error *e) {
    struct write_result result;
    struct write_op op = item_op(c, SLICE(WORK_ITEM), work_key(c->arena, w), SLICE("{}"));
    struct write_set set = {.ops = &op, .count = 1, .scrub = !w->terms, .bulk = true};
    if (op.key.p == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "definition");
    enum status s = world_commit(c->world.world, &set, &result, e);
    op.remove = true;
    set.scrub = false;
    return s == ST_OK ? world_commit(c->world.world, &set, &result, e) : s;
}

enum status definition_work_do(struct caller *c, const struct definition_work *w,
                               const struct reseal_watch *watch, struct error *e) {
    const struct object_def *o = object_by_id(c->world.objects, w->object);
    const struct field_def *f = o == NULL ? NULL : object_field_by_id(o, w->field);
    enum status s = ST_OK;
    if (f != NULL && w->terms) {
        /* Twice: what was being written when the change was made may lack them. */
        s = reseal_field(c, o, f, RESEAL_TERMS, watch, e);
        if (s == ST_OK)
            s = reseal_field(c, o, f, RESEAL_TERMS, watch, e);
    } else if (f != NULL && f->class >= CLASS_PERSONAL) {
        s = reseal_field(c, o, f, RESEAL_ALL, watch, e);
        /* Again for what was being written in clear when the change was made. */
        if (s == ST_OK)
            s = reseal_field(c, o, f, RESEAL_CLEAR, watch, e);
    }
    return s == ST_OK ? work_over(c, w, e) : s;
}
