#include "record/handover.h"

#include "keeper/need.h"
#include "policy/organise.h"
#include "record/get.h"
#include "record/obliged.h"
#include "record/seal.h"

#include <stdio.h>

#define COUNT_MOST 1000000

struct moving {
    struct caller *c;
    const struct access *access;
    struct page page;
    const struct handover_row *rows; /* what is to be moved; page.rows are those of them that are there */
    size_t count;
    size_t *moved, *kept;
    struct error *e;
};

static struct uuid cell_id(const struct cell *cell) {
    struct uuid id = {{0}};
    if (cell->s.n == sizeof id.b)
        memcpy(id.b, cell->s.p, sizeof id.b);
    return id;
}

/* ---- reading ---- */

/* Everything that the policies of the acts ask of a row. */
static enum status plan_columns(const struct access *a, const uint16_t *shown, size_t shown_count,
                                struct page *page, struct error *e) {
    static const enum act acts[] = {ACT_UPDATE, ACT_TRANSFER};
    uint16_t columns[OBJECT_FIELDS_MAX];
    enum status s = page_plan(a, shown, shown_count, page, e);
    for (size_t i = 0; s == ST_OK && i < sizeof acts / sizeof acts[0]; i++) {
        size_t n = pred_columns(a->acts[acts[i]], columns, OBJECT_FIELDS_MAX);
        for (size_t k = 0; s == ST_OK && k < n && k < OBJECT_FIELDS_MAX; k++) {
            if (columns[k] >= FIELD_FIRST_OWN)
                s = page_fetch(page, columns[k], e);
        }
    }
    return s;
}

static bool may_move(const struct access *a, const struct page *page, size_t i) {
    struct page_row row = {.page = page, .row = &page->rows.rows[i]};
    return pred_decide(a->acts[ACT_UPDATE], page_lookup, &row) == TRUTH_TRUE &&
           pred_decide(a->acts[ACT_TRANSFER], page_lookup, &row) == TRUTH_TRUE;
}

static enum status select_rows(struct caller *c, const struct access *a, struct page *page,
                               const struct pred *which, const struct uuid *after, uint32_t most,
                               struct error *e) {
    struct cell position = cell_bytes(slice_of(after == NULL ? NULL : after->b, after == NULL ? 0 : 16));
    struct store_select q = {.limit = most,
                             .after = after == NULL ? NULL : &position,
                             .filter = which == NULL ? NULL : pred_and(c->arena, a->acts[ACT_VIEW], which)};
    if (q.filter == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "handover");
    page_select(page, &q);
    return store_query(c->reader, &q, c->arena, &page->rows, e);
}

/* Of departments that the caller leads, and below them: what they are made of now. */
static const struct pred *led_places(struct caller *c) {
    const struct organisation *o = &c->world.directory->organisation;
    const struct staff *me = directory_staff(c->world.directory, c->who.user);
    struct cell *ids = arena_array(c->arena, o->count + 1, sizeof *ids);
    size_t n = 0;
    if (ids == NULL)
        return NULL;
    for (size_t i = 0; me != NULL && i < o->count; i++) {
        bool led = false;
        for (size_t k = 0; k < me->manages_count; k++)
            led = led || organisation_below(o, o->departments[i].id, me->manages[k]);
        if (led)
            ids[n++] = cell_int(o->departments[i].id);
    }
    return n == 0 ? &pred_false : pred_in(c->arena, FIELD_DEPARTMENT, ids, n);
}

/* The department and what was merged into it. */
static const struct pred *there(struct caller *c, uint32_t department) {
    const struct organisation *o = &c->world.directory->organisation;
    struct cell *ids = arena_array(c->arena, o->count + 1, sizeof *ids);
    size_t n = 0;
    for (size_t i = 0; ids != NULL && i < o->count; i++) {
        if (organisation_home(o, o->departments[i].id) == department)
            ids[n++] = cell_int(o->departments[i].id);
    }
    return ids == NULL ? NULL : n == 0 ? &pred_false : pred_in(c->arena, FIELD_DEPARTMENT, ids, n);
}

/* NULL when memory is out: never more than the rule says. */
static const struct pred *whose(struct caller *c, const struct handover_rule *rule) {
    const struct pred *his = pred_compare(c->arena, PRED_EQ, FIELD_OWNER, cell_int(rule->from));
    if (his != NULL && rule->within) {
        const struct pred *led = led_places(c);
        his = led == NULL ? NULL : pred_and(c->arena, his, led);
    }
    if (his != NULL && rule->department != 0) {
        const struct pred *place = there(c, rule->department);
        his = place == NULL ? NULL : pred_and(c->arena, his, place);
    }
    return his;
}

/* ---- who gets it ---- */

static bool receives(const struct handover_rule *r, uint32_t user) {
    for (size_t i = 0; i < r->to_count; i++) {
        if (r->to[i] == user)
            return true;
    }
    for (size_t i = 0; i < r->case_count; i++) {
        if (r->cases[i].to == user)
            return true;
    }
    return false;
}

static bool case_fits(const struct handover_case *one, const struct cell *cell) {
    char number[24];
    if (cell->kind == CELL_TEXT)
        return cell->s.n >= one->value.n && memcmp(cell->s.p, one->value.p, one->value.n) == 0;
    if (cell->kind != CELL_INT)
        return false;
    (void)snprintf(number, sizeof number, "%lld", (long long)cell->i);
    return slice_is(one->value, number);
}

static uint32_t by_rule(struct handover_rule *r, const struct page *page, size_t i) {
    struct cell cell = cell_null();
    const struct field_def *f = r->field == 0 ? NULL : object_field_by_id(page->access->object, r->field);
    if (f != NULL && access_may_filter(page->access, (size_t)(f - page->access->object->fields)))
        cell = page_cell(page, &page->rows.rows[i], f->id);
    for (size_t k = 0; k < r->case_count; k++) {
        if (case_fits(&r->cases[k], &cell))
            return r->cases[k].to;
    }
    return r->to_count == 0 ? r->cases[0].to : r->to[r->turn++ % r->to_count];
}

/* What a record hangs on: its subject's way, else the first reference that it must have. */
static const struct field_def *link_of(const struct object_def *o) {
    if (o->subject_field != 0)
        return object_field_by_id(o, o->subject_field);
    for (size_t i = 0; i < o->field_count; i++) {
        const struct field_def *f = &o->fields[i];
        if (!field_is_system(f) && f->type == VALUE_REFERENCE && f->required && f->reference_object != o->id)
            return f;
    }
    return NULL;
}

unsigned record_handover_depth(const struct object_set *objects, const struct object_def *o) {
    unsigned depth = 0;
    while (o != NULL && depth < HANDOVER_DEPTH) {
        const struct field_def *f = link_of(o);
        o = f == NULL ? NULL : object_by_id(objects, f->reference_object);
        depth += o != NULL;
    }
    return depth;
}

/* Who has the records that the page's rows hang on now. */
static enum status find_owners(struct caller *c, const struct page *page, struct store_rows *out,
                               struct error *e) {
    static const uint16_t columns[] = {FIELD_ID, FIELD_OWNER};
    const struct field_def *f = link_of(page->access->object);
    const struct object_def *o = f == NULL ? NULL : object_by_id(c->world.objects, f->reference_object);
    const struct access *a;
    size_t n = 0;
    *out = (struct store_rows){.count = 0};
    if (o == NULL || page->rows.count == 0)
        return ST_OK;
    enum status s = access_get(c, o, &a, e);
    struct cell *ids = arena_array(c->arena, page->rows.count, sizeof *ids);
    if (s != ST_OK || ids == NULL)
        return s == ST_OK ? error_set(e, ST_NOMEM, "no_memory", "handover") : s;
    for (size_t i = 0; i < page->rows.count; i++) {
        struct cell cell = page_cell(page, &page->rows.rows[i], f->id);
        if (cell.kind == CELL_BYTES)
            ids[n++] = cell;
    }
    if (n == 0)
        return ST_OK;
    const struct pred *these = pred_in(c->arena, FIELD_ID, ids, n);
    struct store_select q = {.object = o,
                             .columns = columns,
                             .column_count = 2,
                             .limit = HANDOVER_ROWS,
                             .filter = these == NULL ? NULL : pred_and(c->arena, a->acts[ACT_VIEW], these)};
    return q.filter == NULL ? error_set(e, ST_NOMEM, "no_memory", "handover")
                            : store_query(c->reader, &q, c->arena, out, e);
}

static uint32_t owner_above(const struct store_rows *owners, const struct page *page, size_t row) {
    const struct field_def *f = link_of(page->access->object);
    struct cell id = f == NULL ? cell_null() : page_cell(page, &page->rows.rows[row], f->id);
    for (size_t i = 0; i < owners->count; i++) {
        if (id.kind == CELL_BYTES && slice_equal(owners->rows[i].cells[0].s, id.s))
            return (uint32_t)owners->rows[i].cells[1].i;
    }
    return 0;
}

static enum status place(struct caller *c, struct handover_row *row, struct error *e) {
    struct draft d = {.owner = 0};
    enum status s = draft_place(c, &d, row->next, e);
    row->next_department = d.department;
    row->next_branch = d.branch;
    return s;
}

static enum status give(struct caller *c, struct handover_rule *rule, const struct page *page,
                        const struct store_rows *owners, size_t i, struct handover_row *out,
                        struct error *e) {
    const struct cell *cells = page->rows.rows[i].cells;
    uint32_t his = owner_above(owners, page, i);
    *out = (struct handover_row){.id = cell_id(&cells[PAGE_ID]),
                                 .owner = rule->from,
                                 .department = (uint32_t)cells[PAGE_DEPARTMENT].i,
                                 .branch = (uint32_t)cells[PAGE_BRANCH].i};
    out->next = his != 0 && his != rule->from && receives(rule, his) ? his : by_rule(rule, page, i);
    return place(c, out, e);
}

enum status record_handover_find(struct caller *c, const struct object_def *object,
                                 struct handover_rule *rule, const struct uuid *after, uint32_t most,
                                 struct handover_row **rows, size_t *count, struct uuid *last, size_t *kept,
                                 bool *more, struct error *e) {
    struct page *page = arena_alloc(c->arena, sizeof *page);
    struct store_rows owners;
    const struct access *a;
    const struct pred *his = whose(c, rule);
    const struct field_def *link = link_of(object);
    *count = *kept = 0;
    *rows = arena_array(c->arena, HANDOVER_ROWS, sizeof **rows);
    if (page == NULL || *rows == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "handover");
    enum status s = access_get(c, object, &a, e);
    if (s == ST_OK)
        s = plan_columns(a, NULL, 0, page, e);
    if (s == ST_OK && rule->field >= FIELD_FIRST_OWN && object_field_by_id(object, rule->field) != NULL)
        s = page_fetch(page, rule->field, e);
    if (s == ST_OK && link != NULL)
        s = page_fetch(page, link->id, e);
    if (s == ST_OK)
        s = select_rows(c, a, page, his, after, most > HANDOVER_ROWS ? HANDOVER_ROWS : most, e);
    if (s == ST_OK)
        s = find_owners(c, page, &owners, e);
    for (size_t i = 0; s == ST_OK && i < page->rows.count; i++) {
        *last = cell_id(&page->rows.rows[i].cells[PAGE_ID]);
        if (!may_move(a, page, i)) {
            (*kept)++;
            continue;
        }
        s = give(c, rule, page, &owners, i, &(*rows)[*count], e);
        (*count)++;
    }
    *more = s == ST_OK && page->rows.more;
    return s;
}

/* ---- moving ---- */

static const struct handover_row *way_of(const struct moving *m, size_t i) {
    struct uuid id = cell_id(&m->page.rows.rows[i].cells[PAGE_ID]);
    for (size_t k = 0; k < m->count; k++) {
        if (uuid_equal(&m->rows[k].id, &id))
            return &m->rows[k];
    }
    return NULL;
}

static enum status make_row(struct moving *m, size_t i, const struct handover_row *way, struct sealing *out) {
    struct draft *d = arena_alloc(m->c->arena, sizeof *d);
    struct page *one = arena_alloc(m->c->arena, sizeof *one);
    if (d == NULL || one == NULL)
        return error_set(m->e, ST_NOMEM, "no_memory", "handover");
    enum status s = draft_init(m->c, m->access, d, m->e);
    if (s != ST_OK)
        return s;
    *one = m->page;
    one->rows.rows = &m->page.rows.rows[i];
    one->rows.count = 1;
    draft_start(d, one);
    d->owner = way->next;
    d->department = way->next_department;
    d->branch = way->next_branch;
    *out = (struct sealing){.draft = d, .old = one, .act = ACT_UPDATE};
    return ST_OK;
}

static enum status commit(struct moving *m, struct sealed_set *set) {
    struct ops ops;
    struct write_result result;
    enum status s = seal_rows(m->c, AUDIT_UPDATE, set, m->e);
    if (s == ST_OK)
        s = ops_init(m->c, set, &ops, m->e);
    for (size_t i = 0; s == ST_OK && i < set->count; i++)
        s = ops_add_row(m->c, set, i, 0, &ops, m->e);
    return s == ST_OK ? ops_commit(m->c, set, &ops, &result, m->e) : s;
}

static enum status read_rows(struct moving *m) {
    const struct object_def *o = m->access->object;
    struct cell *ids = arena_array(m->c->arena, m->count, sizeof *ids);
    uint16_t *all = arena_array(m->c->arena, o->field_count, sizeof *all);
    size_t n = 0;
    if (ids == NULL || all == NULL)
        return error_set(m->e, ST_NOMEM, "no_memory", "handover");
    for (size_t i = 0; i < m->count; i++)
        ids[i] = cell_bytes(slice_of(m->rows[i].id.b, 16));
    for (size_t i = 0; i < o->field_count; i++) {
        if (!field_is_internal(&o->fields[i]))
            all[n++] = (uint16_t)i;
    }
    enum status s = plan_columns(m->access, all, n, &m->page, m->e);
    return s == ST_OK ? select_rows(m->c, m->access, &m->page, pred_in(m->c->arena, FIELD_ID, ids, m->count),
                                    NULL, HANDOVER_ROWS, m->e)
                      : s;
}

/* All that may go in one set; nothing is done when somebody wrote into one of them meanwhile. */
static enum status move_set(struct moving *m, size_t *moved, size_t *kept) {
    size_t there = 0;
    *moved = *kept = 0;
    enum status s = read_rows(m);
    struct sealed_set set = {.rows =
                                 s == ST_OK ? arena_array(m->c->arena, m->count, sizeof *set.rows) : NULL};
    if (s == ST_OK && set.rows == NULL)
        s = error_set(m->e, ST_NOMEM, "no_memory", "handover");
    for (size_t i = 0; s == ST_OK && i < m->page.rows.count; i++) {
        const struct handover_row *way = way_of(m, i);
        uint32_t owner = (uint32_t)m->page.rows.rows[i].cells[PAGE_OWNER].i;
        if (way == NULL || owner == way->next) {
            there++;
            continue;
        }
        if (owner == way->owner && may_move(m->access, &m->page, i))
            s = make_row(m, i, way, &set.rows[set.count++]);
    }
    if (s != ST_OK)
        return s;
    *kept = m->count - there - set.count;
    if (set.count > 0)
        s = commit(m, &set);
    *moved = s == ST_OK ? set.count : 0;
    return s;
}

static bool others_wrote(enum status s) {
    return s == ST_RETRY || s == ST_CONFLICT || s == ST_NOT_FOUND;
}

enum status record_handover_move(struct caller *c, const struct object_def *object,
                                 const struct handover_row *rows, size_t count, size_t *moved, size_t *kept,
                                 struct error *e) {
    struct moving m = {.c = c, .rows = rows, .count = count, .e = e};
    *moved = *kept = 0;
    enum status s = access_get(c, object, &m.access, e);
    if (s != ST_OK || count == 0)
        return s;
    s = move_set(&m, moved, kept);
    if (!others_wrote(s))
        return s;
    *moved = *kept = 0;
    for (size_t i = 0; i < count; i++) { /* each for itself */
        struct moving one = {.c = c, .access = m.access, .rows = &rows[i], .count = 1, .e = e};
        size_t went, stayed;
        s = move_set(&one, &went, &stayed);
        if (s != ST_OK && !others_wrote(s))
            return s;
        *moved += went;
        *kept += s == ST_OK ? stayed : 1;
    }
    return ST_OK;
}

/* Nothing of the object is his to move; or it were, had he given what policy asks for. */
static enum status not_moved(struct caller *c, const struct access *a, enum act act, uint64_t *count,
                             struct error *e) {
    struct need need;
    struct error why;
    enum status s = access_refuse(c, a->object, act, SIZE_MAX, NULL, 0, "denied", &why);
    *count = 0;
    if (s == ST_DENIED && !need_read(&why, &need))
        return ST_OK;
    if (e != NULL)
        *e = why;
    return s;
}

enum status record_handover_held(struct caller *c, const struct object_def *object,
                                 const struct handover_rule *rule, uint64_t *count, struct error *e) {
    const struct access *a;
    const struct pred *his = whose(c, rule);
    bool at_least;
    *count = 0;
    enum status s = access_get(c, object, &a, e);
    if (s != ST_OK)
        return s;
    const struct pred *all = his == NULL ? NULL : pred_and(c->arena, a->acts[ACT_VIEW], his);
    return all == NULL ? error_set(e, ST_NOMEM, "no_memory", "handover")
                       : store_count(c->reader, object, all, false, COUNT_MOST, count, &at_least, e);
}

enum status record_handover_count(struct caller *c, const struct object_def *object,
                                  const struct handover_rule *rule, uint64_t *count, struct error *e) {
    const struct access *a;
    enum status s = record_handover_held(c, object, rule, count, e);
    if (s != ST_OK || *count == 0)
        return s;
    s = access_get(c, object, &a, e);
    if (s != ST_OK)
        return s;
    if (a->acts[ACT_TRANSFER]->op == PRED_FALSE)
        return not_moved(c, a, ACT_TRANSFER, count, e);
    return a->acts[ACT_UPDATE]->op == PRED_FALSE ? not_moved(c, a, ACT_UPDATE, count, e) : ST_OK;
}

enum status record_handover_obliged(struct caller *c, const struct object_def *object,
                                    const struct handover_rule *rule, enum act act, uint64_t *count,
                                    struct error *e) {
    const struct access *a;
    const struct pred *his = whose(c, rule);
    enum status s = access_get(c, object, &a, e);
    return s == ST_OK
               ? obliged_count(c, a, act, his == NULL ? NULL : pred_and(c->arena, a->acts[ACT_VIEW], his),
                               count, e)
               : s;
}
