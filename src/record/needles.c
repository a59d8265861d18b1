#include "record/needles.h"

#include "record/shown.h"
#include "value/recheck.h"

/* Of one term, or any of several, each row that was found has it. */
bool needles_worth(const struct pred *terms) {
    if (terms->op == PRED_TERMS)
        return terms->value_count > 1;
    bool worth = terms->op == PRED_AND;
    for (size_t i = 0; i < terms->kid_count && !worth; i++)
        worth = needles_worth(terms->kids[i]);
    return worth;
}

bool needles_add(struct needles *n, uint16_t field, uint8_t search, struct slice text) {
    if (n->count == NEEDLES_MOST)
        return false;
    n->items[n->count++] =
        (struct needle){.field = field, .search = search, .group = n->groups, .text = text};
    return true;
}

void needles_close(struct needles *n, bool whole) {
    while (!whole && n->count > 0 && n->items[n->count - 1].group == n->groups)
        n->count--;
    if (n->count > 0 && n->items[n->count - 1].group == n->groups)
        n->groups++;
}

bool needles_join(struct needles *n, const struct needles *more) {
    bool whole = true, all = true;
    for (size_t i = 0; i < more->count; i++) {
        const struct needle *one = &more->items[i];
        whole = needles_add(n, one->field, one->search, one->text) && whole;
        all = all && whole;
        if (i + 1 == more->count || more->items[i + 1].group != one->group) {
            needles_close(n, whole);
            whole = true;
        }
    }
    return all;
}

static const struct field_def *field_of(const struct access *a, const struct needle *n) {
    return object_field_by_id(a->object, n->field);
}

enum status needles_shown(struct caller *c, const struct access *a, const struct needles *n,
                          const uint16_t **shown, size_t *count, size_t *extra, struct error *e) {
    size_t before = *count;
    enum status s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < n->count; i++) {
        if (field_is_sealed(field_of(a, &n->items[i])))
            s = shown_with(c, a, n->items[i].field, shown, count, e);
    }
    *extra = *count - before;
    return s;
}

static bool by_mask(const struct needle *n) {
    return n->search == SEARCH_EXACT || n->search == SEARCH_SUFFIX;
}

static enum status fetch_match_columns(struct page *p, const struct pred *match, struct error *e) {
    uint16_t columns[OBJECT_FIELDS_MAX];
    enum status s = ST_OK;
    size_t n = pred_columns(match, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; s == ST_OK && i < n; i++)
        s = columns[i] < FIELD_FIRST_OWN ? ST_OK : page_fetch(p, columns[i], e);
    return s;
}

enum status needles_fetch(const struct needles *n, struct page *p, struct error *e) {
    enum status s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < n->count; i++) {
        const struct field_def *f = field_of(p->access, &n->items[i]);
        if (!field_is_sealed(f))
            s = page_fetch(p, f->id, e);
        if (s == ST_OK && by_mask(&n->items[i]))
            s = fetch_match_columns(p, p->access->fields[f - p->access->object->fields].match, e);
    }
    return s;
}

/* May this row be found by this field? As the search itself was scoped, row by row. */
static bool may_tell(const struct page *p, size_t row, const struct needle *n, size_t index) {
    struct page_row lookup = {.page = p, .row = &p->rows.rows[row]};
    if (p->views[row * p->access->object->field_count + index] == VIEW_CLEAR)
        return true;
    return by_mask(n) && pred_decide(p->access->fields[index].match, page_lookup, &lookup) == TRUTH_TRUE;
}

static enum status plain_holds(struct caller *c, const struct page *p, size_t row, const struct field_def *f,
                               const struct needle *n, bool *holds, struct error *e) {
    struct cell cell = page_cell(p, &p->rows.rows[row], f->id);
    *holds = false;
    if (cell.kind != CELL_TEXT)
        return ST_OK;
    enum status s = terms_recheck(f->type, (enum field_search)n->search, cell.s, n->text, c->arena, holds);
    return s == ST_OK ? s : error_set(e, s, "needle", "the text cannot be looked for");
}

/* The keeper's list: for each group one that says "seen to hold", then the sealed fields. */
struct checking {
    struct caller *c;
    const struct page *p;
    struct keeper_needle list[2 * NEEDLES_MOST];
    size_t count;
    uint32_t *rows;
};

static enum status check_plain(struct checking *k, const struct needle *n, const struct field_def *f,
                               struct error *e) {
    size_t index = (size_t)(f - k->p->access->object->fields);
    uint32_t bit = (uint32_t)1 << n->group;
    for (size_t i = 0; i < k->p->rows.count; i++) {
        bool holds = false;
        enum status s = (k->rows[i] & bit) != 0 || !may_tell(k->p, i, n, index)
                            ? ST_OK
                            : plain_holds(k->c, k->p, i, f, n, &holds, e);
        if (s != ST_OK)
            return s;
        k->rows[i] |= holds ? bit : 0;
    }
    return ST_OK;
}

static void ask_keeper(struct checking *k, const struct needle *n, const struct field_def *f) {
    size_t index = (size_t)(f - k->p->access->object->fields);
    uint32_t bit = (uint32_t)1 << k->count;
    k->list[k->count++] =
        (struct keeper_needle){.field = n->field, .search = n->search, .group = n->group, .text = n->text};
    for (size_t i = 0; i < k->p->rows.count; i++)
        k->rows[i] |= may_tell(k->p, i, n, index) ? bit : 0;
}

enum status needles_check(struct caller *c, const struct needles *n, const struct page *p,
                          struct page_act *act, struct error *e) {
    struct checking *k = arena_alloc(c->arena, sizeof *k);
    if (n->count == 0)
        return ST_OK;
    uint32_t *rows = arena_array(c->arena, p->rows.count, sizeof *rows);
    if (k == NULL || rows == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "needles");
    k->c = c;
    k->p = p;
    k->rows = rows;
    for (uint8_t g = 0; g < n->groups; g++)
        k->list[k->count++] = (struct keeper_needle){.group = g};
    for (size_t i = 0; i < n->count; i++) {
        const struct field_def *f = field_of(p->access, &n->items[i]);
        enum status s = ST_OK;
        if (field_is_sealed(f))
            ask_keeper(k, &n->items[i], f);
        else
            s = check_plain(k, &n->items[i], f, e);
        if (s != ST_OK)
            return s;
    }
    act->needles = k->list;
    act->needle_count = k->count;
    act->needle_rows = rows;
    return ST_OK;
}
