#include "record/definition.h"

#include "object/diff.h"
#include "object/extend.h"
#include "object/set.h"
#include "record/catalogue.h"
#include "record/reseal.h"

#include <stdio.h>

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

/* What would need another index over the values in place is refused: it can be set on a new field. */
static enum status check_effects(const struct object_diff *diff, struct error *e) {
    for (size_t i = 0; i < diff->count; i++) {
        const struct object_change *change = &diff->changes[i];
        if (change->effect != EFFECT_INDEX || change->kind == CHANGE_FIELD_ADDED)
            continue;
        return error_set(e, ST_INVALID, "definition_needs_index",
                         "%s needs an index over the values in place; it can be set on a new field only",
                         object_change_name(change->kind));
    }
    return ST_OK;
}

static enum status register_added(struct caller *c, const struct object_set *next,
                                  const struct object_diff *diff, struct error *e) {
    for (size_t i = 0; i < diff->count; i++) {
        const struct object_change *change = &diff->changes[i];
        const struct object_def *o = object_by_id(next, change->object);
        bool registers = change->kind == CHANGE_OBJECT_ADDED || change->kind == CHANGE_FIELD_ADDED ||
                         change->kind == CHANGE_FIELD_CLASS_RAISED;
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

static enum status reseal_raised(struct caller *c, const struct object_set *next,
                                 const struct object_diff *diff, bool last, struct error *e) {
    bool any = false;
    for (size_t i = 0; i < diff->count; i++) {
        const struct object_change *change = &diff->changes[i];
        if (change->kind != CHANGE_FIELD_CLASS_RAISED)
            continue;
        const struct object_def *o = object_by_id(next, change->object);
        enum status s = reseal_field(c, o, object_field_by_id(o, change->field), last, e);
        if (s != ST_OK)
            return s;
        any = true;
    }
    return any && last ? store_scrub(world_store(c->world.world), e) : ST_OK;
}

static enum status keep(struct caller *c, const struct object_set *next, struct slice applied,
                        struct error *e) {
    char key[24];
    struct write_result result;
    (void)snprintf(key, sizeof key, "%020llu", (unsigned long long)next->version);
    struct write_op op = {.kind = WRITE_ITEM,
                          .item_kind = SLICE(DEFINITION_ITEM),
                          .key = slice_from_string(key),
                          .body = applied,
                          .actor = c->who.user,
                          .at_ms = c->context.now_ms};
    struct write_set set = {.ops = &op, .count = 1};
    return world_commit(c->world.world, &set, &result, e);
}

static enum status commit(struct caller *c, struct object_set *next, const struct object_diff *diff,
                          struct slice applied, struct error *e) {
    enum status s = register_added(c, next, diff, e);
    if (s == ST_OK)
        s = store_migrate(world_store(c->world.world), next, e);
    if (s == ST_OK)
        s = reseal_raised(c, next, diff, false, e);
    if (s == ST_OK)
        s = keep(c, next, applied, e);
    if (s == ST_OK) {
        struct slice detail = slice_of(applied.p, applied.n < DETAIL_MAX ? applied.n : DETAIL_MAX);
        s = keeper_record(c->keeper, &c->call, AUDIT_CONFIG, AUDIT_DONE, 0, NULL, SLICE("definition"), detail,
                          e);
    }
    if (s != ST_OK)
        return s;
    object_set_retain(next);
    world_set_objects(c->world.world, next);
    /* What was written in clear while the first pass went on; then nothing of it may stay in free pages
     * either. */
    return reseal_raised(c, next, diff, true, e);
}

enum status definition_change(struct caller *c, struct slice change, bool dry_run, struct json *plan,
                              struct error *e) {
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
        s = check_effects(&diff, e);
    if (s == ST_OK && !dry_run)
        s = commit(c, next, &diff, buf_slice(&applied), e);
    if (s == ST_OK)
        object_diff_write(plan, &diff);
    if (next != NULL)
        object_set_release(next);
    buf_free(&applied);
    return s;
}
