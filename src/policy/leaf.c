#include "policy/leaf.h"

#include "policy/organise.h"

static struct arena *arena_of(const struct reduction *r) {
    return r->model->query->arena;
}

struct truths leaf_anything(struct reduction *r) {
    const struct pred *p = pred_is_null(arena_of(r), FIELD_ID);
    return (struct truths){.t = p, .f = p, .total = false};
}

/* ---- equality and order ---- */

static const struct pred *record_is(struct reduction *r, const struct cedar_entity *e) {
    struct field_def id = {.id = FIELD_ID};
    struct column c = {.field = &id, .kind = COLUMN_UUID, .type = r->model->resource_type};
    struct cedar_value value = cedar_entity(e->type, e->id);
    struct cell cell;
    return column_cell(&c, &value, arena_of(r), &cell) ? pred_compare(arena_of(r), PRED_EQ, FIELD_ID, cell)
                                                       : &pred_false;
}

static struct truths column_equal(struct reduction *r, const struct column *c,
                                  const struct cedar_value *value) {
    struct cell cell;
    uint16_t id = c->field->id;
    if (!column_cell(c, value, arena_of(r), &cell))
        return truths_not_null(arena_of(r), id, false);
    bool yes = c->kind == COLUMN_BOOL && value->b; /* stored as 0 or not 0 */
    if (yes)
        cell = cell_int(0);
    return truths_where(arena_of(r), id, pred_compare(arena_of(r), yes ? PRED_NE : PRED_EQ, id, cell));
}

struct truths leaf_equal(struct reduction *r, const struct expr *e, const struct symbol *x,
                         const struct symbol *known) {
    bool set = x->kind == SYMBOL_COLUMN && x->column.kind == COLUMN_SET;
    if (set && (known->kind == SYMBOL_ANYTHING || known->value.kind == CEDAR_SET))
        return reduce_refuse(r, e,
                             "a set cannot be compared as a whole; use contains, containsAll or containsAny");
    if (known->kind == SYMBOL_ANYTHING)
        return leaf_anything(r);
    if (x->kind == SYMBOL_COLUMN)
        return column_equal(r, &x->column, &known->value);
    if (known->value.kind != CEDAR_ENTITY)
        return truths_known(false);
    return truths_total(arena_of(r), record_is(r, &known->value.entity));
}

struct truths leaf_compare(struct reduction *r, enum expr_op op, const struct symbol *x,
                           const struct symbol *known) {
    static const enum pred_op ops[] = {[EXPR_LESS] = PRED_LT,
                                       [EXPR_LESS_EQUAL] = PRED_LE,
                                       [EXPR_GREATER] = PRED_GT,
                                       [EXPR_GREATER_EQUAL] = PRED_GE};
    if (x->kind != SYMBOL_COLUMN || x->column.kind != COLUMN_LONG)
        return truths_error();
    if (known->kind == SYMBOL_ANYTHING)
        return leaf_anything(r);
    if (known->value.kind != CEDAR_LONG)
        return truths_error();
    uint16_t id = x->column.field->id;
    return truths_where(arena_of(r), id, pred_compare(arena_of(r), ops[op], id, cell_int(known->value.i)));
}

/* ---- hierarchy ---- */

/* A list of cells that grows up to what is known to fit. */
struct cells {
    struct cell *items;
    size_t count;
};

static bool cells_make(struct reduction *r, struct cells *c, size_t room) {
    *c = (struct cells){.items = arena_array(arena_of(r), room, sizeof *c->items), .count = 0};
    if (c->items == NULL)
        r->status = ST_NOMEM;
    return c->items != NULL;
}

static void cells_add_number(struct cells *c, uint32_t id) {
    for (size_t i = 0; i < c->count; i++) {
        if (c->items[i].i == (int64_t)id)
            return;
    }
    c->items[c->count++] = cell_int(id);
}

/* The department and all below. */
static const struct pred *departments_below(struct reduction *r, uint16_t column, uint32_t top) {
    const struct organisation *o = r->model->query->organisation;
    struct cells c;
    if (!cells_make(r, &c, (o == NULL ? 0 : o->count) + 1))
        return NULL;
    cells_add_number(&c, top);
    for (size_t i = 0; o != NULL && i < o->count; i++) {
        if (o->departments[i].id != top && organisation_below(o, o->departments[i].id, top))
            c.items[c.count++] = cell_int(o->departments[i].id);
    }
    return pred_in(arena_of(r), column, c.items, c.count);
}

const struct pred *leaf_record_in(struct reduction *r, const struct cedar_entity *of) {
    uint32_t id;
    bool owner = slice_is(of->type, "User");
    if (!owner && !slice_is(of->type, "Department"))
        return record_is(r, of);
    if (!organisation_number(of->id, &id) || id == 0)
        return &pred_false;
    if (owner)
        return pred_compare(arena_of(r), PRED_EQ, FIELD_OWNER, cell_int(id));
    if (organisation_is_plain_branch(r->model->query->organisation, id))
        return pred_compare(arena_of(r), PRED_EQ, FIELD_BRANCH, cell_int(id));
    return departments_below(r, FIELD_DEPARTMENT, id);
}

/* resource.a in `of`: `of` itself, what is below it, and the principal, whose parents are known. */
static const struct pred *column_in(struct reduction *r, const struct column *c,
                                    const struct cedar_entity *of) {
    uint32_t id;
    if (slice_is(c->type, "Department") && slice_is(of->type, "Department") &&
        organisation_number(of->id, &id) && id != 0)
        return departments_below(r, c->field->id, id);
    struct cedar_value self = cedar_entity(of->type, of->id);
    struct cell cells[2];
    size_t n = column_cell(c, &self, arena_of(r), &cells[0]) ? 1 : 0;
    const struct eval *v = &r->model->eval;
    if (slice_is(c->type, "User") && v->entities->within(v->entities, &v->principal.entity, of) &&
        column_cell(c, &v->principal, arena_of(r), &cells[n]))
        n++;
    return pred_in(arena_of(r), c->field->id, cells, n);
}

/* The entities of `known`, one or a set; false: not entities, an error. */
static bool known_entities(const struct symbol *known, const struct cedar_value **items, size_t *count) {
    bool set = known->value.kind == CEDAR_SET;
    *items = set ? known->value.set.items : &known->value;
    *count = set ? known->value.set.count : 1;
    for (size_t i = 0; i < *count; i++) {
        if ((*items)[i].kind != CEDAR_ENTITY)
            return false;
    }
    return true;
}

static bool is_entity_column(const struct symbol *x) {
    return x->kind == SYMBOL_COLUMN && (x->column.kind == COLUMN_NUMBER || x->column.kind == COLUMN_UUID);
}

static bool any_department(const struct cedar_value *items, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (slice_is(items[i].entity.type, "Department"))
            return true;
    }
    return false;
}

static bool any_above_people(const struct cedar_value *items, size_t count) {
    bool any = any_department(items, count);
    for (size_t i = 0; i < count; i++)
        any = any || slice_is(items[i].entity.type, "Role");
    return any;
}

struct truths leaf_in(struct reduction *r, const struct expr *e, const struct symbol *x,
                      const struct symbol *known) {
    const struct cedar_value *items = NULL;
    size_t count = 0;
    if (x->kind == SYMBOL_COLUMN && !is_entity_column(x))
        return truths_error();
    if (known->kind != SYMBOL_ANYTHING && !known_entities(known, &items, &count))
        return truths_error();
    bool own_kind = x->kind == SYMBOL_COLUMN && slice_equal(x->column.type, r->model->resource_type);
    if (own_kind && (known->kind == SYMBOL_ANYTHING || any_department(items, count)))
        return reduce_refuse(r, e, "where another record belongs is not in this record's row");
    /* Of anybody: whether he himself is within it is not known yet, and he may be the one in the row. */
    bool may_be_he = r->checking && x->kind == SYMBOL_COLUMN && slice_is(x->column.type, "User");
    if (known->kind == SYMBOL_ANYTHING || (may_be_he && any_above_people(items, count)))
        return leaf_anything(r);
    const struct pred *any = &pred_false;
    for (size_t i = 0; i < count; i++)
        any = pred_or(arena_of(r), any,
                      x->kind == SYMBOL_RESOURCE ? leaf_record_in(r, &items[i].entity)
                                                 : column_in(r, &x->column, &items[i].entity));
    return x->kind == SYMBOL_RESOURCE ? truths_total(arena_of(r), any)
                                      : truths_where(arena_of(r), x->column.field->id, any);
}

/* The departments above `known`: its own if it is one, the principal's if it is he. */
static size_t chain_above(const struct reduction *r, const struct cedar_entity *known, uint32_t *chain) {
    const struct policy_query *q = r->model->query;
    uint32_t id = 0;
    if (cedar_entity_equal(known, &r->model->eval.principal.entity))
        id = q->actor->department;
    else if (!slice_is(known->type, "Department") || !organisation_number(known->id, &id))
        id = 0;
    return id == 0 ? 0 : organisation_chain(q->organisation, id, chain, ORGANISATION_DEPTH_MAX);
}

struct truths leaf_holds(struct reduction *r, const struct symbol *known, const struct symbol *x) {
    if (x->kind == SYMBOL_COLUMN && !is_entity_column(x))
        return truths_error();
    if (known->kind == SYMBOL_ANYTHING)
        return leaf_anything(r);
    if (known->value.kind != CEDAR_ENTITY)
        return truths_error();
    if (x->kind == SYMBOL_RESOURCE)
        return truths_total(arena_of(r), record_is(r, &known->value.entity));
    uint32_t chain[ORGANISATION_DEPTH_MAX];
    struct cell cells[ORGANISATION_DEPTH_MAX + 1];
    size_t n = column_cell(&x->column, &known->value, arena_of(r), &cells[0]) ? 1 : 0;
    size_t above = slice_is(x->column.type, "Department") ? chain_above(r, &known->value.entity, chain) : 0;
    for (size_t i = 0; i < above; i++)
        cells[n++] = cell_int(chain[i]);
    uint16_t id = x->column.field->id;
    return truths_where(arena_of(r), id, pred_in(arena_of(r), id, cells, n));
}

/* ---- sets ---- */

static struct truths record_among(struct reduction *r, const struct cedar_value *set) {
    const struct pred *any = &pred_false;
    for (size_t i = 0; i < set->set.count; i++) {
        if (set->set.items[i].kind == CEDAR_ENTITY)
            any = pred_or(arena_of(r), any, record_is(r, &set->set.items[i].entity));
    }
    return truths_total(arena_of(r), any);
}

static struct truths column_among(struct reduction *r, const struct column *c,
                                  const struct cedar_value *set) {
    struct cells cells;
    if (!cells_make(r, &cells, set->set.count + 1))
        return truths_error();
    for (size_t i = 0; i < set->set.count; i++)
        cells.count += column_cell(c, &set->set.items[i], arena_of(r), &cells.items[cells.count]);
    uint16_t id = c->field->id;
    return truths_where(arena_of(r), id, pred_in(arena_of(r), id, cells.items, cells.count));
}

static struct truths flag_among(struct reduction *r, const struct column *c, const struct cedar_value *set) {
    struct cedar_value yes = cedar_bool(true), no = cedar_bool(false);
    bool has_yes = cedar_set_contains(set, &yes), has_no = cedar_set_contains(set, &no);
    if (has_yes == has_no)
        return truths_not_null(arena_of(r), c->field->id, has_yes);
    return column_equal(r, c, has_yes ? &yes : &no);
}

struct truths leaf_among(struct reduction *r, const struct expr *e, const struct symbol *known,
                         const struct symbol *x) {
    if (x->kind == SYMBOL_COLUMN && x->column.kind == COLUMN_SET)
        return reduce_refuse(r, e, "a set cannot be looked for as a whole");
    if (known->kind == SYMBOL_ANYTHING)
        return leaf_anything(r);
    if (known->value.kind != CEDAR_SET)
        return truths_error();
    if (x->kind == SYMBOL_RESOURCE)
        return record_among(r, &known->value);
    return x->column.kind == COLUMN_BOOL ? flag_among(r, &x->column, &known->value)
                                         : column_among(r, &x->column, &known->value);
}

static const struct pred *tag_is(struct reduction *r, uint16_t id, const struct cedar_value *tag) {
    return tag->kind == CEDAR_STRING
               ? pred_compare(arena_of(r), PRED_HAS, id, cell_text(arena_copy(arena_of(r), tag->s)))
               : &pred_false;
}

struct truths leaf_contains(struct reduction *r, enum expr_op op, const struct symbol *x,
                            const struct symbol *known) {
    if (x->kind != SYMBOL_COLUMN || x->column.kind != COLUMN_SET)
        return truths_error();
    if (known->kind == SYMBOL_ANYTHING)
        return leaf_anything(r);
    uint16_t id = x->column.field->id;
    if (op == EXPR_CONTAINS)
        return truths_where(arena_of(r), id, tag_is(r, id, &known->value));
    if (known->value.kind != CEDAR_SET)
        return truths_error();
    bool all = op == EXPR_CONTAINS_ALL;
    const struct pred *p = all ? &pred_true : &pred_false;
    for (size_t i = 0; i < known->value.set.count; i++) {
        const struct pred *one = tag_is(r, id, &known->value.set.items[i]);
        p = all ? pred_and(arena_of(r), p, one) : pred_or(arena_of(r), p, one);
    }
    return truths_where(arena_of(r), id, p);
}

struct truths leaf_is_empty(struct reduction *r, const struct symbol *x) {
    if (x->kind != SYMBOL_COLUMN || x->column.kind != COLUMN_SET)
        return truths_error();
    return truths_not_null(arena_of(r), x->column.field->id, false); /* an empty one is stored as null */
}

/* ---- text and types ---- */

struct truths leaf_like(struct reduction *r, const struct expr *e, const struct symbol *x) {
    if (x->kind != SYMBOL_COLUMN || x->column.kind != COLUMN_TEXT)
        return truths_error();
    struct slice pattern = e->text;
    const uint8_t *star = pattern.n == 0 ? NULL : memchr(pattern.p, CEDAR_WILDCARD, pattern.n);
    size_t prefix = star == NULL ? pattern.n : (size_t)(star - pattern.p);
    for (size_t i = prefix; i < pattern.n; i++) {
        if (pattern.p[i] != CEDAR_WILDCARD)
            return reduce_refuse(r, e, "only a beginning can be asked for: \"text*\"");
    }
    uint16_t id = x->column.field->id;
    if (star != NULL && prefix == 0)
        return truths_not_null(arena_of(r), id, true);
    struct cell text = cell_text(arena_copy(arena_of(r), slice_of(pattern.p, prefix)));
    return truths_where(arena_of(r), id,
                        pred_compare(arena_of(r), star == NULL ? PRED_EQ : PRED_PREFIX, id, text));
}

struct truths leaf_is(struct reduction *r, const struct expr *e, const struct symbol *x) {
    if (x->kind == SYMBOL_RESOURCE)
        return truths_known(slice_equal(e->text, r->model->resource_type));
    if (!is_entity_column(x))
        return truths_error();
    return truths_not_null(arena_of(r), x->column.field->id, slice_equal(e->text, x->column.type));
}
