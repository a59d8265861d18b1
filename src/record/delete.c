#include "record/change.h"
#include "record/idempotency.h"

enum {
    DELETE_CHECKED = 1,
    DELETE_IMPORTED = 2
}; /* only version `expected`; a row of the caller's own import */

static enum status delete_children(struct caller *c, const struct object_def *o, const struct uuid *id,
                                   unsigned depth, struct error *e);

static enum status delete_one(struct caller *c, const struct access *a, const struct uuid *id, unsigned how,
                              uint64_t expected, unsigned depth, struct error *e) {
    struct change k = {.c = c,
                       .access = a,
                       .id = *id,
                       .act = ACT_DELETE,
                       .audit_act = AUDIT_DELETE,
                       .check_version = (how & DELETE_CHECKED) != 0,
                       .undoes_import = (how & DELETE_IMPORTED) != 0,
                       .expected = expected,
                       .e = e};
    struct slice key = c->idempotency_key; /* stands for the record itself, not for its children */
    enum status s = change_prepare(&k);    /* refuse before any child is touched */
    c->idempotency_key = SLICE_NONE;
    if (s == ST_OK)
        s = delete_children(c, a->object, id, depth, e);
    c->idempotency_key = key;
    return s == ST_OK ? change_apply(&k) : s;
}

/* The rows of `child` that refer to the record and that the caller may see. What he may not see keeps its
 * reference: the record is in the recycle bin, not gone. */
static enum status children_of(struct caller *c, const struct access *child, uint16_t field,
                               const struct uuid *id, struct store_rows *rows, struct error *e) {
    static const uint16_t columns[] = {FIELD_ID};
    const struct pred *refers = pred_compare(c->arena, PRED_EQ, field, cell_bytes(slice_of(id->b, 16)));
    struct store_select q = {.object = child->object,
                             .columns = columns,
                             .column_count = 1,
                             .limit = 1000,
                             .filter =
                                 refers == NULL ? NULL : pred_and(c->arena, child->acts[ACT_LIST], refers)};
    if (q.filter == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "children");
    return store_query(c->reader, &q, c->arena, rows, e);
}

static enum status handle_children(struct caller *c, const struct access *child, const struct field_def *f,
                                   const struct uuid *id, unsigned depth, struct error *e) {
    struct store_rows rows;
    if (f->on_delete == ON_DELETE_CLEAR)
        return ST_OK;
    enum status s = children_of(c, child, f->id, id, &rows, e);
    if (s != ST_OK)
        return s;
    if (rows.count > 0 && f->on_delete == ON_DELETE_RESTRICT) {
        return error_set(e, ST_CONFLICT, "reference_restrict", "%zu or more %s records refer to it",
                         rows.count, child->object->name);
    }
    for (size_t i = 0; i < rows.count; i++) {
        struct uuid kid;
        memcpy(kid.b, rows.rows[i].cells[0].s.p, 16);
        s = delete_one(c, child, &kid, 0, 0, depth + 1, e);
        if (s != ST_OK)
            return s;
    }
    return ST_OK;
}

static enum status delete_children(struct caller *c, const struct object_def *o, const struct uuid *id,
                                   unsigned depth, struct error *e) {
    if (depth > 4)
        return error_set(e, ST_LIMIT, "too_large", "records are nested too deeply");
    for (size_t i = 0; i < c->world.objects->count; i++) {
        const struct object_def *other = c->world.objects->objects[i];
        const struct access *child = NULL;
        for (size_t f = 0; f < other->field_count; f++) {
            if (field_is_system(&other->fields[f]) || other->fields[f].type != VALUE_REFERENCE ||
                other->fields[f].reference_object != o->id) {
                continue;
            }
            enum status s = child == NULL ? access_get(c, other, &child, e) : ST_OK;
            if (s == ST_OK)
                s = handle_children(c, child, &other->fields[f], id, depth, e);
            if (s != ST_OK)
                return s;
        }
    }
    return ST_OK;
}

enum status record_delete(struct caller *c, struct slice object, const struct uuid *id, uint64_t expected,
                          struct error *e) {
    const struct access *a;
    struct uuid before;
    bool replayed;
    enum status s = access_object(c, object, &a, e);
    if (s == ST_OK)
        s = idempotency_find(c, &replayed, &before, e);
    if (s != ST_OK || replayed)
        return s;
    s = delete_one(c, a, id, DELETE_CHECKED, expected, 0, e);
    return idempotency_raced(c, s) ? ST_OK : s;
}

enum status record_delete_any(struct caller *c, const struct access *a, const struct uuid *id,
                              struct error *e) {
    return delete_one(c, a, id, 0, 0, 0, e);
}

enum status record_delete_imported(struct caller *c, const struct access *a, const struct uuid *id,
                                   struct error *e) {
    return delete_one(c, a, id, DELETE_IMPORTED, 0, 0, e);
}
