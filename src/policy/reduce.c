#include "policy/reduce.h"

#include "policy/leaf.h"
#include "policy/organise.h"

static struct arena *arena_of(const struct reduction *r) {
    return r->model->query->arena;
}

static void refuse(struct reduction *r, const struct expr *e, const char *code, const char *field,
                   const char *why) {
    if (r->status != ST_OK)
        return;
    struct slice text = expr_source(r->policy, e);
    int shown = text.n > 80 ? 80 : (int)text.n, id = r->policy->id.n > 80 ? 80 : (int)r->policy->id.n;
    r->status = error_field(r->error, ST_INVALID, code, field, "%s:%u:%u: policy %.*s: `%.*s` (%s): %s",
                            r->policy->file, e->line, e->column, id, (const char *)r->policy->id.p, shown,
                            (const char *)text.p, r->model->query->object->name, why);
}

struct truths reduce_refuse(struct reduction *r, const struct expr *e, const char *why) {
    refuse(r, e, "policy_not_reducible", "", why);
    return truths_error();
}

static struct truths reduce_truths(struct reduction *r, const struct expr *e);

/* ---- what is known ---- */

/* The record's type and the act are settled even while checking. */
static bool looks_at_anybody(const struct reduction *r, const struct expr *e) {
    return r->checking && (e->mentions & ~MENTION_OBJECT) != 0;
}

static bool value_names_record(const struct reduction *r, const struct cedar_value *v) {
    if (v->kind == CEDAR_ENTITY)
        return slice_equal(v->entity.type, r->model->resource_type);
    for (size_t i = 0; v->kind == CEDAR_SET && i < v->set.count; i++) {
        if (value_names_record(r, &v->set.items[i]))
            return true;
    }
    for (size_t i = 0; v->kind == CEDAR_RECORD && i < v->record.count; i++) {
        if (value_names_record(r, &v->record.pairs[i].value))
            return true;
    }
    return false;
}

static bool names_record(const struct reduction *r, const struct expr *e) {
    bool named = e->op == EXPR_VALUE && value_names_record(r, &e->value);
    for (size_t i = 0; i < e->count && !named; i++)
        named = names_record(r, e->items[i]);
    return named;
}

/* For somebody it may come to asking about a record by its name: `principal.is_partner && Customer::"1" in
 * …`. */
static bool may_ask_named(const struct reduction *r, const struct expr *e) {
    bool asks = (e->op == EXPR_IN || e->op == EXPR_GET || e->op == EXPR_HAS) && names_record(r, e->items[0]);
    for (size_t i = 0; i < e->count && !asks; i++)
        asks = may_ask_named(r, e->items[i]);
    return asks;
}

static void reduce_known(struct reduction *r, const struct expr *e, struct symbol *out) {
    r->model->named_record = looks_at_anybody(r, e) && may_ask_named(r, e);
    switch (looks_at_anybody(r, e) ? EVAL_ERRED : eval_expr(&r->model->eval, e, &out->value)) {
    case EVALUATED:
        out->kind = SYMBOL_KNOWN;
        break;
    case EVAL_NO_MEMORY:
        r->status = ST_NOMEM;
        out->kind = SYMBOL_ERROR;
        break;
    default:
        out->kind = looks_at_anybody(r, e) ? SYMBOL_ANYTHING : SYMBOL_ERROR;
        break;
    }
    if (r->model->named_record)
        (void)reduce_refuse(r, e, "a record can be asked about only as `resource`");
}

/* ---- values ---- */

static void reduce_symbol(struct reduction *r, const struct expr *e, struct symbol *out);

static void symbol_refused(struct reduction *r, const struct expr *e, const char *why, struct symbol *out) {
    (void)reduce_refuse(r, e, why);
    out->kind = SYMBOL_ERROR;
}

static enum column_found find_column(struct reduction *r, const struct expr *e, struct column *out) {
    char name[ERROR_FIELD_MAX];
    enum column_found found = model_column(r->model, e->text, out);
    if (found == COLUMN_NO_MEMORY)
        r->status = ST_NOMEM;
    if (found == COLUMN_SEALED) {
        (void)snprintf(name, sizeof name, "%.*s", (int)(e->text.n > 60 ? 60 : e->text.n),
                       (const char *)e->text.p);
        refuse(r, e, "policy_sealed_field", name, "this field is sealed; a policy may not look at it");
    }
    return found;
}

static void reduce_get(struct reduction *r, const struct expr *e, struct symbol *out) {
    struct symbol from;
    reduce_symbol(r, e->items[0], &from);
    switch (from.kind) {
    case SYMBOL_RESOURCE:
        out->kind = find_column(r, e, &out->column) == COLUMN_FOUND ? SYMBOL_COLUMN : SYMBOL_ERROR;
        return;
    case SYMBOL_COLUMN:
        if (from.column.kind == COLUMN_NUMBER || from.column.kind == COLUMN_UUID) {
            symbol_refused(r, e, "an attribute of another record is not in this record's row", out);
            return;
        }
        out->kind = SYMBOL_ERROR;
        return;
    case SYMBOL_ERROR:
        out->kind = SYMBOL_ERROR;
        return;
    default:
        symbol_refused(r, e, "this access depends on the record in a way that no row filter can say", out);
    }
}

static bool is_pred(const struct pred *p, enum pred_op op) {
    return p != NULL && p->op == op;
}

static void reduce_choice(struct reduction *r, const struct expr *e, struct symbol *out) {
    struct truths c = reduce_truths(r, e->items[0]);
    if (is_pred(c.t, PRED_TRUE)) {
        reduce_symbol(r, e->items[1], out);
    } else if (is_pred(c.f, PRED_TRUE)) {
        reduce_symbol(r, e->items[2], out);
    } else if (is_pred(c.t, PRED_FALSE) && is_pred(c.f, PRED_FALSE)) {
        out->kind = SYMBOL_ERROR;
    } else {
        symbol_refused(r, e, "a choice between values; choose between conditions", out);
    }
}

static void reduce_symbol(struct reduction *r, const struct expr *e, struct symbol *out) {
    *out = (struct symbol){.kind = SYMBOL_ERROR};
    if (r->status != ST_OK)
        return;
    if ((e->mentions & MENTION_RESOURCE) == 0) {
        reduce_known(r, e, out);
        return;
    }
    switch (e->op) {
    case EXPR_VARIABLE:
        out->kind = SYMBOL_RESOURCE;
        return;
    case EXPR_GET:
        reduce_get(r, e, out);
        return;
    case EXPR_IF:
        reduce_choice(r, e, out);
        return;
    case EXPR_SET:
    case EXPR_RECORD:
        symbol_refused(r, e, "a set or record made of the record's attributes", out);
        return;
    case EXPR_ADD:
    case EXPR_SUBTRACT:
    case EXPR_MULTIPLY:
    case EXPR_NEGATE:
        symbol_refused(r, e, "arithmetic on the record's attributes", out);
        return;
    case EXPR_CALL:
    case EXPR_HAS_TAG:
    case EXPR_GET_TAG:
        symbol_refused(r, e, "a function of the record's attributes", out);
        return;
    default:
        out->truths = reduce_truths(r, e);
        out->kind = SYMBOL_TRUTHS;
    }
}

/* ---- conditions ---- */

static enum expr_op turned(enum expr_op op) {
    switch (op) {
    case EXPR_LESS:
        return EXPR_GREATER;
    case EXPR_LESS_EQUAL:
        return EXPR_GREATER_EQUAL;
    case EXPR_GREATER:
        return EXPR_LESS;
    default:
        return EXPR_LESS_EQUAL;
    }
}

/* One side is known, the other a column or the record. */
static struct truths reduce_mixed(struct reduction *r, const struct expr *e, const struct symbol *a,
                                  const struct symbol *b) {
    bool left = symbol_is_known(b); /* the unknown stands on the left */
    const struct symbol *x = left ? a : b, *known = left ? b : a;
    switch (e->op) {
    case EXPR_EQUAL:
        return leaf_equal(r, e, x, known);
    case EXPR_NOT_EQUAL:
        return truths_not(leaf_equal(r, e, x, known));
    case EXPR_IN:
        return left ? leaf_in(r, e, x, known) : leaf_holds(r, known, x);
    case EXPR_CONTAINS:
        return left ? leaf_contains(r, e->op, x, known) : leaf_among(r, e, known, x);
    case EXPR_CONTAINS_ANY:
        return leaf_contains(r, e->op, x, known);
    case EXPR_CONTAINS_ALL:
        if (!left && x->kind == SYMBOL_COLUMN && x->column.kind == COLUMN_SET)
            return reduce_refuse(r, e, "no row filter can ask that a set holds nothing else");
        return left ? leaf_contains(r, e->op, x, known) : truths_error();
    default:
        return leaf_compare(r, left ? e->op : turned(e->op), x, known);
    }
}

static struct truths reduce_pair(struct reduction *r, const struct expr *e) {
    struct symbol a, b;
    reduce_symbol(r, e->items[0], &a);
    reduce_symbol(r, e->items[1], &b);
    if (a.kind == SYMBOL_ERROR || b.kind == SYMBOL_ERROR || r->status != ST_OK)
        return truths_error();
    if (a.kind == SYMBOL_TRUTHS || b.kind == SYMBOL_TRUTHS)
        return reduce_refuse(r, e, "a condition is compared; use && || ! instead");
    if (symbol_is_known(&a) == symbol_is_known(&b))
        return reduce_refuse(r, e, "two attributes of the record are compared with each other");
    return reduce_mixed(r, e, &a, &b);
}

static struct truths reduce_has(struct reduction *r, const struct expr *e) {
    struct symbol of;
    struct column c;
    reduce_symbol(r, e->items[0], &of);
    if (of.kind == SYMBOL_COLUMN && (of.column.kind == COLUMN_NUMBER || of.column.kind == COLUMN_UUID))
        return reduce_refuse(r, e, "an attribute of another record is not in this record's row");
    if (of.kind == SYMBOL_COLUMN || of.kind == SYMBOL_ERROR)
        return truths_error();
    if (of.kind != SYMBOL_RESOURCE)
        return reduce_refuse(r, e, "this depends on the record in a way that no row filter can say");
    if (find_column(r, e, &c) != COLUMN_FOUND)
        return truths_known(false);
    return truths_not(truths_total(arena_of(r), pred_is_null(arena_of(r), c.field->id)));
}

/* A symbol where a condition must stand. */
static struct truths symbol_truths(struct reduction *r, const struct expr *e, const struct symbol *s) {
    struct symbol yes = {.kind = SYMBOL_KNOWN, .value = cedar_bool(true)};
    switch (s->kind) {
    case SYMBOL_KNOWN:
        return s->value.kind == CEDAR_BOOL ? truths_known(s->value.b) : truths_error();
    case SYMBOL_ANYTHING:
        return leaf_anything(r);
    case SYMBOL_COLUMN:
        return s->column.kind == COLUMN_BOOL ? leaf_equal(r, e, s, &yes) : truths_error();
    case SYMBOL_TRUTHS:
        return s->truths;
    default:
        return truths_error();
    }
}

static struct truths reduce_single(struct reduction *r, const struct expr *e) {
    struct symbol x;
    reduce_symbol(r, e->items[0], &x);
    if (x.kind == SYMBOL_TRUTHS)
        return truths_error(); /* a bool is no set, no text, no entity */
    if (x.kind == SYMBOL_ERROR || r->status != ST_OK)
        return truths_error();
    if (symbol_is_known(&x))
        return reduce_refuse(r, e, "this depends on the record in a way that no row filter can say");
    return e->op == EXPR_LIKE ? leaf_like(r, e, &x)
           : e->op == EXPR_IS ? leaf_is(r, e, &x)
                              : leaf_is_empty(r, &x);
}

/* Stops where Cedar would: what is never looked at cannot err, nor be refused. */
static struct truths reduce_chain(struct reduction *r, const struct expr *e) {
    bool and = e->op == EXPR_AND;
    struct truths all = reduce_truths(r, e->items[0]);
    for (size_t i = 1; i < e->count && r->status == ST_OK; i++) {
        if (is_pred(and? all.t : all.f, PRED_FALSE))
            break;
        struct truths next = reduce_truths(r, e->items[i]);
        all = and? truths_and(arena_of(r), all, next) : truths_or(arena_of(r), all, next);
    }
    return all;
}

static struct truths reduce_if(struct reduction *r, const struct expr *e) {
    struct truths c = reduce_truths(r, e->items[0]), yes = truths_error(), no = truths_error();
    if (!is_pred(c.t, PRED_FALSE))
        yes = reduce_truths(r, e->items[1]);
    if (!is_pred(c.f, PRED_FALSE))
        no = reduce_truths(r, e->items[2]);
    return truths_if(arena_of(r), c, yes, no);
}

static struct truths reduce_truths(struct reduction *r, const struct expr *e) {
    if (r->status != ST_OK)
        return truths_error();
    struct symbol s;
    if ((e->mentions & MENTION_RESOURCE) == 0) {
        reduce_symbol(r, e, &s);
        return symbol_truths(r, e, &s);
    }
    switch (e->op) {
    case EXPR_AND:
    case EXPR_OR:
        return reduce_chain(r, e);
    case EXPR_NOT:
        return truths_not(reduce_truths(r, e->items[0]));
    case EXPR_IF:
        return reduce_if(r, e);
    case EXPR_EQUAL:
    case EXPR_NOT_EQUAL:
    case EXPR_LESS:
    case EXPR_LESS_EQUAL:
    case EXPR_GREATER:
    case EXPR_GREATER_EQUAL:
    case EXPR_IN:
    case EXPR_CONTAINS:
    case EXPR_CONTAINS_ALL:
    case EXPR_CONTAINS_ANY:
        return reduce_pair(r, e);
    case EXPR_HAS:
        return reduce_has(r, e);
    case EXPR_LIKE:
    case EXPR_IS:
    case EXPR_IS_EMPTY:
        return reduce_single(r, e);
    default:
        reduce_symbol(r, e, &s);
        return symbol_truths(r, e, &s);
    }
}

/* ---- a policy ---- */

static struct truths reduce_resource_scope(struct reduction *r, const struct scope *s) {
    bool type_fits = slice_equal(s->type, r->model->resource_type);
    if (s->op == SCOPE_ANY)
        return truths_known(true);
    if (s->op == SCOPE_IS || (s->op == SCOPE_IS_IN && !type_fits))
        return truths_known(type_fits);
    if (s->op == SCOPE_EQUAL && !slice_equal(s->entities->type, r->model->resource_type))
        return truths_known(false);
    return truths_total(arena_of(r), leaf_record_in(r, s->entities));
}

enum status reduce_policy(struct reduction *r, const struct policy *p, const struct pred **out) {
    const struct eval *v = &r->model->eval;
    *out = &pred_false;
    r->policy = p;
    r->status = ST_OK;
    if (!eval_scope(v->entities, &p->action, &v->action.entity) ||
        (!r->checking && !eval_scope(v->entities, &p->principal, &v->principal.entity)))
        return ST_OK;
    struct truths all = reduce_resource_scope(r, &p->resource);
    for (size_t i = 0; i < p->condition_count && r->status == ST_OK && !is_pred(all.t, PRED_FALSE); i++) {
        struct truths c = reduce_truths(r, p->conditions[i].expr);
        all = truths_and(arena_of(r), all, p->conditions[i].unless ? truths_not(c) : c);
    }
    *out = organisation_resolve(r->model->query->organisation, arena_of(r), all.t);
    if (r->status == ST_OK && *out == NULL)
        r->status = ST_NOMEM;
    return r->status == ST_NOMEM ? error_set(r->error, ST_NOMEM, "no_memory", "%s: too large", p->file)
                                 : r->status;
}
