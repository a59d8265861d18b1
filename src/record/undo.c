#include "record/get.h"
#include "record/record.h"
#include "record/seal.h"

/* An import's rows go in batches: one exchange with the keeper and one transaction for all that nothing
 * speaks against. A row with children, and a batch that somebody wrote into meanwhile, go one by one. */

#define KIDS_AT_ONCE 64   /* records whose children are asked for in one query: arms of a plan */
#define KIDS_MOST    1000 /* rows of such an answer */

struct undo {
    struct caller *c;
    const struct access *access, *asked; /* asked: had he given what policy asks of a deletion */
    struct page page;
    bool *skip; /* per row: not in the batch */
    size_t *undone, *kept;
    struct error *e;
};

static struct uuid id_of(const struct undo *u, size_t i) {
    struct uuid id = {{0}};
    const struct cell *cell = &u->page.rows.rows[i].cells[PAGE_ID];
    if (cell->s.n == sizeof id.b)
        memcpy(id.b, cell->s.p, sizeof id.b);
    return id;
}

/* ---- what is left out of a batch ---- */

static bool lets(const struct access *a, enum act act, const struct page_row *row) {
    return pred_decide(a->acts[act], page_lookup, row) == TRUTH_TRUE;
}

/* Rows changed since the import are not ours to take away; for the others the right to import suffices, but
 * where he could delete the row if he gave what policy asks of that (a reason, a factor) he has to give it.
 */
static void keep_some(struct undo *u) {
    const struct access *a = u->access;
    for (size_t i = 0; i < u->page.rows.count; i++) {
        struct page_row row = {.page = &u->page, .row = &u->page.rows.rows[i]};
        bool may =
            lets(a, ACT_DELETE, &row) || (lets(a, ACT_IMPORT, &row) && !lets(u->asked, ACT_DELETE, &row));
        u->skip[i] = row.row->cells[PAGE_REVISION].i != 1 || !may;
        *u->kept += u->skip[i];
    }
}

static enum status delete_alone(struct undo *u, size_t i) {
    struct uuid id = id_of(u, i);
    struct error why = {.status = ST_OK};
    u->skip[i] = true;
    enum status s = record_delete_imported(u->c, u->access, &id, &why);
    if (s == ST_OK) {
        (*u->undone)++;
    } else if (s == ST_CONFLICT || s == ST_NOT_FOUND || s == ST_DENIED) {
        (*u->kept)++;
        s = ST_OK;
    } else if (u->e != NULL) {
        *u->e = why;
    }
    return s;
}

/* Rows from..to with a visible child by this field. */
static enum status find_kids(struct undo *u, const struct access *child, uint16_t field, size_t from,
                             size_t to, bool *has) {
    struct cell ids[KIDS_AT_ONCE];
    struct store_rows rows;
    for (size_t i = from; i < to; i++)
        ids[i - from] = u->page.rows.rows[i].cells[PAGE_ID];
    const struct pred *refers = pred_in(u->c->arena, field, ids, to - from);
    struct store_select q = {.object = child->object,
                             .columns = &field,
                             .column_count = 1,
                             .limit = KIDS_MOST,
                             .filter = refers == NULL ? NULL
                                                      : pred_and(u->c->arena, child->acts[ACT_LIST], refers)};
    if (q.filter == NULL)
        return error_set(u->e, ST_NOMEM, "no_memory", "undo");
    enum status s = store_query(u->c->reader, &q, u->c->arena, &rows, u->e);
    for (size_t i = from; s == ST_OK && i < to; i++) {
        has[i] = has[i] || rows.more;
        for (size_t k = 0; k < rows.count && !has[i]; k++)
            has[i] = slice_equal(rows.rows[k].cells[0].s, ids[i - from].s);
    }
    return s;
}

static enum status find_all_kids(struct undo *u, bool *has) {
    const struct object_set *all = u->c->world.objects;
    size_t n = u->page.rows.count;
    for (size_t o = 0; o < all->count; o++) {
        const struct access *child = NULL;
        for (size_t f = 0; f < all->objects[o]->field_count; f++) {
            const struct field_def *d = &all->objects[o]->fields[f];
            if (field_is_system(d) || d->type != VALUE_REFERENCE ||
                d->reference_object != u->access->object->id || d->on_delete == ON_DELETE_CLEAR)
                continue;
            enum status s = child == NULL ? access_get(u->c, all->objects[o], &child, u->e) : ST_OK;
            for (size_t from = 0; s == ST_OK && from < n; from += KIDS_AT_ONCE)
                s = find_kids(u, child, d->id, from, n - from < KIDS_AT_ONCE ? n : from + KIDS_AT_ONCE, has);
            if (s != ST_OK)
                return s;
        }
    }
    return ST_OK;
}

static enum status delete_parents(struct undo *u) {
    bool *has = arena_array(u->c->arena, u->page.rows.count, sizeof *has);
    if (has == NULL)
        return error_set(u->e, ST_NOMEM, "no_memory", "undo");
    enum status s = find_all_kids(u, has);
    for (size_t i = 0; s == ST_OK && i < u->page.rows.count; i++) {
        if (has[i] && !u->skip[i])
            s = delete_alone(u, i);
    }
    return s;
}

/* ---- the batch ---- */

static enum status make_row(struct undo *u, size_t i, struct sealing *out) {
    struct draft *d = arena_alloc(u->c->arena, sizeof *d);
    struct page *one = arena_alloc(u->c->arena, sizeof *one);
    if (d == NULL || one == NULL)
        return error_set(u->e, ST_NOMEM, "no_memory", "undo");
    enum status s = draft_init(u->c, u->access, d, u->e);
    if (s != ST_OK)
        return s;
    *one = u->page;
    one->rows.rows = &u->page.rows.rows[i];
    one->rows.count = 1;
    draft_start(d, one);
    *out = (struct sealing){.draft = d, .old = one, .act = ACT_DELETE, .delete_it = true};
    return ST_OK;
}

static enum status commit(struct undo *u, struct sealed_set *set) {
    struct ops ops;
    struct write_result result;
    enum status s = seal_rows(u->c, AUDIT_DELETE, set, u->e);
    if (s == ST_OK)
        s = ops_init(u->c, set, &ops, u->e);
    for (size_t i = 0; s == ST_OK && i < set->count; i++)
        s = ops_add_row(u->c, set, i, 0, &ops, u->e);
    return s == ST_OK ? ops_commit(u->c, set, &ops, &result, u->e) : s;
}

static enum status delete_rest(struct undo *u) {
    size_t n = u->page.rows.count;
    struct sealed_set set = {.rows = arena_array(u->c->arena, n, sizeof *set.rows)};
    enum status s = set.rows == NULL ? error_set(u->e, ST_NOMEM, "no_memory", "undo") : ST_OK;
    for (size_t i = 0; s == ST_OK && i < n; i++) {
        if (!u->skip[i])
            s = make_row(u, i, &set.rows[set.count++]);
    }
    if (s != ST_OK || set.count == 0)
        return s;
    s = commit(u, &set);
    if (s == ST_OK) {
        *u->undone += set.count;
        return ST_OK;
    }
    if (s != ST_RETRY && s != ST_CONFLICT && s != ST_NOT_FOUND)
        return s;
    s = ST_OK; /* somebody wrote into one of them: each for itself */
    for (size_t i = 0; s == ST_OK && i < n; i++) {
        if (!u->skip[i])
            s = delete_alone(u, i);
    }
    return s;
}

/* ---- finding them ---- */

static enum status fetch_columns(struct undo *u) {
    const struct pred *const read[] = {u->access->acts[ACT_DELETE], u->access->acts[ACT_IMPORT],
                                       u->asked->acts[ACT_DELETE]};
    uint16_t columns[OBJECT_FIELDS_MAX];
    enum status s = page_plan(u->access, NULL, 0, &u->page, u->e);
    for (size_t i = 0; s == ST_OK && i < sizeof read / sizeof read[0]; i++) {
        size_t n = pred_columns(read[i], columns, OBJECT_FIELDS_MAX);
        for (size_t k = 0; s == ST_OK && k < n && k < OBJECT_FIELDS_MAX; k++) {
            if (columns[k] >= FIELD_FIRST_OWN)
                s = page_fetch(&u->page, columns[k], u->e);
        }
    }
    return s;
}

static enum status find_rows(struct undo *u, uint64_t job, const struct uuid *after, uint32_t most) {
    struct arena *arena = u->c->arena;
    struct cell position = cell_bytes(slice_of(after == NULL ? NULL : after->b, after == NULL ? 0 : 16));
    const struct pred *made = pred_compare(arena, PRED_EQ, FIELD_JOB, cell_int((int64_t)job));
    struct store_select q = {.limit = most,
                             .after = after == NULL ? NULL : &position,
                             .filter =
                                 made == NULL ? NULL : pred_and(arena, u->access->acts[ACT_VIEW], made)};
    enum status s = q.filter == NULL ? error_set(u->e, ST_NOMEM, "no_memory", "undo") : fetch_columns(u);
    if (s != ST_OK)
        return s;
    page_select(&u->page, &q);
    return store_query(u->c->reader, &q, arena, &u->page.rows, u->e);
}

enum status record_undo_job(struct caller *c, const struct object_def *object, uint64_t job,
                            const struct uuid *after, uint32_t most, struct uuid *last, size_t *undone,
                            size_t *kept, bool *more, struct error *e) {
    struct undo u = {.c = c, .undone = undone, .kept = kept, .e = e};
    *undone = *kept = 0;
    enum status s = access_get(c, object, &u.access, e);
    if (s == ST_OK)
        s = access_suppose(c, object, SUPPOSE_ALL, &u.asked, e);
    if (s == ST_OK)
        s = find_rows(&u, job, after, most);
    if (s != ST_OK)
        return s;
    *more = u.page.rows.more;
    if (u.page.rows.count == 0)
        return ST_OK;
    *last = id_of(&u, u.page.rows.count - 1);
    u.skip = arena_array(c->arena, u.page.rows.count, sizeof *u.skip);
    if (u.skip == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "undo");
    keep_some(&u);
    s = delete_parents(&u);
    return s == ST_OK ? delete_rest(&u) : s;
}
