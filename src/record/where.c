#include "record/where.h"

#include "base/clock.h"
#include "policy/organise.h"
#include "record/plain_terms.h"
#include "record/relative.h"
#include "value/parse.h"

struct parser {
    struct caller *caller;
    const struct access *access;
    bool in_url;
    bool is_child; /* the tree below a "child": there is one step only */
    bool top;      /* every node above is an AND: a needle here binds the whole filter */
    bool any;      /* in an OR at such a place that has nothing but "contains": its needles are one group */
    unsigned leaves;
    struct needles needles;
    struct error *e;
};

static enum status parse(struct parser *p, const json_t *node, unsigned depth, const struct pred **out);

static enum status bad(struct parser *p, const char *why) {
    return error_set(p->e, ST_INVALID, "bad_filter", "%s", why);
}

static enum status made(struct parser *p, const struct pred *pred, const struct pred **out) {
    *out = pred;
    return pred == NULL ? error_set(p->e, ST_NOMEM, "no_memory", "filter") : ST_OK;
}

/* ---- values ---- */

static struct slice text_of(const json_t *v, struct arena *a) {
    if (json_is_string(v))
        return slice_of(json_string_value(v), json_string_length(v));
    if (json_is_integer(v))
        return slice_from_string(arena_format(a, "%lld", (long long)json_integer_value(v)));
    if (json_is_real(v))
        return slice_from_string(arena_format(a, "%.6f", json_real_value(v)));
    if (json_is_boolean(v))
        return json_is_true(v) ? SLICE("true") : SLICE("false");
    return SLICE_NONE;
}

enum status where_cell(struct caller *c, const struct field_def *f, struct slice text, struct cell *out,
                       struct error *e) {
    struct uuid id;
    struct value v;
    if (f->type == VALUE_REFERENCE || f->id == FIELD_ID) {
        if (!uuid_parse(text, &id))
            return error_field(e, ST_INVALID, "type", f->name, "not a record id");
        struct slice copy = arena_copy(c->arena, slice_of(id.b, 16));
        *out = cell_bytes(copy);
        return copy.p == NULL ? ST_NOMEM : ST_OK;
    }
    if (f->type == VALUE_USER && slice_is(text, "me")) {
        *out = cell_int(c->who.user);
        return ST_OK;
    }
    enum status s = value_parse(f->type, text, NULL, c->arena, &v, e);
    if (s != ST_OK)
        return error_field(e, s, "type", f->name, "not a value of this field");
    *out = v.kind == KIND_INT ? cell_int(v.i) : v.kind == KIND_TEXT ? cell_text(v.text) : cell_null();
    return ST_OK;
}

static enum status leaf_cell(struct parser *p, const struct field_def *f, const json_t *v, struct cell *out) {
    struct slice text = text_of(v, p->caller->arena);
    if (text.p == NULL)
        return bad(p, "a value is missing or of the wrong kind");
    return where_cell(p->caller, f, text, out, p->e);
}

/* ---- unsealed leaves ---- */

static const struct {
    const char *name;
    enum pred_op op;
} comparisons[] = {{"eq", PRED_EQ}, {"ne", PRED_NE}, {"lt", PRED_LT},
                   {"le", PRED_LE}, {"gt", PRED_GT}, {"ge", PRED_GE}};

bool where_op_exists(struct slice op) {
    static const char *const others[] = {"in",        "between", "contains", "starts_with",
                                         "ends_with", "has",     "is_null",  "not_null"};
    bool found = false;
    for (size_t i = 0; i < sizeof comparisons / sizeof comparisons[0]; i++)
        found |= slice_is(op, comparisons[i].name);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        found |= slice_is(op, others[i]);
    return found;
}

static enum status leaf_in(struct parser *p, const struct field_def *f, const json_t *values,
                           const struct pred **out) {
    size_t n = json_array_size(values);
    if (!json_is_array(values) || n > WHERE_IN_MAX)
        return bad(p, "\"in\" takes an array of at most 500 values");
    struct cell *cells = arena_array(p->caller->arena, n, sizeof *cells);
    if (cells == NULL)
        return made(p, NULL, out);
    for (size_t i = 0; i < n; i++) {
        enum status s = leaf_cell(p, f, json_array_get(values, i), &cells[i]);
        if (s != ST_OK)
            return s;
    }
    return made(p, pred_in(p->caller->arena, f->id, cells, n), out);
}

static enum status leaf_range(struct parser *p, const struct field_def *f, struct cell from,
                              struct cell below, bool open_end, const struct pred **out) {
    struct arena *a = p->caller->arena;
    const struct pred *low = pred_compare(a, PRED_GE, f->id, from);
    const struct pred *high = pred_compare(a, open_end ? PRED_LT : PRED_LE, f->id, below);
    return made(p, low == NULL || high == NULL ? NULL : pred_and(a, low, high), out);
}

static enum status leaf_between(struct parser *p, const struct field_def *f, const json_t *values,
                                const struct pred **out) {
    struct cell from, to;
    if (json_array_size(values) != 2)
        return bad(p, "\"between\" takes two values");
    enum status s = leaf_cell(p, f, json_array_get(values, 0), &from);
    if (s == ST_OK)
        s = leaf_cell(p, f, json_array_get(values, 1), &to);
    return s == ST_OK ? leaf_range(p, f, from, to, false, out) : s;
}

static enum status leaf_relative(struct parser *p, const struct field_def *f, const json_t *name,
                                 const struct pred **out) {
    struct relative_range r;
    if (f->type != VALUE_DATE && f->type != VALUE_DATETIME)
        return bad(p, "a relative date needs a date field");
    if (!json_is_string(name) ||
        !relative_parse(slice_from_string(json_string_value(name)), p->caller->context.now_ms, &r)) {
        return bad(p, "there is no such relative date");
    }
    bool days = f->type == VALUE_DATE;
    return leaf_range(p, f, cell_int(days ? r.from_day : r.from_ms),
                      cell_int(days ? r.below_day : r.below_ms), true, out);
}

/* What the index finds for it may be too much, so it is looked at again on the values. Where that can't be
 * done it is refused: nobody is shown, counted or left out for what he does not hold. */
static enum status recheck(struct parser *p, const struct field_def *f, enum field_search kind,
                           struct slice text, const struct pred *terms) {
    bool fragment = kind == SEARCH_FRAGMENT || kind == SEARCH_WORDS;
    if (!p->any && !needles_worth(terms))
        return ST_OK;
    bool here = p->top || p->any;
    if (here && needles_add(&p->needles, f->id, (uint8_t)kind, text)) {
        if (!p->any)
            needles_close(&p->needles, true);
        return ST_OK;
    }
    if (!fragment)
        return ST_OK;
    if (here)
        return error_field(p->e, ST_INVALID, "fragment_place", f->name, "at most %d such conditions",
                           NEEDLES_MOST);
    return error_field(p->e, ST_INVALID, "fragment_place", f->name, "not beneath or, not and child");
}

static enum status leaf_text(struct parser *p, const struct field_def *f, struct slice op, struct slice text,
                             const struct pred **out) {
    struct arena *a = p->caller->arena;
    if (slice_is(op, "starts_with"))
        return made(p, pred_compare(a, PRED_PREFIX, f->id, cell_text(text)), out);
    if (slice_is(op, "has"))
        return made(p, pred_compare(a, PRED_HAS, f->id, cell_text(text)), out);
    if (slice_is(op, "ends_with") && (f->search & SEARCH_SUFFIX) != 0) {
        return plain_terms_pred(p->caller, f, SEARCH_SUFFIX, text, out, p->e);
    }
    if (slice_is(op, "contains") && (f->search & (SEARCH_FRAGMENT | SEARCH_WORDS)) != 0) {
        enum field_search kind = (f->search & SEARCH_FRAGMENT) != 0 ? SEARCH_FRAGMENT : SEARCH_WORDS;
        enum status s = plain_terms_pred(p->caller, f, kind, text, out, p->e);
        return s == ST_OK ? recheck(p, f, kind, text, *out) : s;
    }
    return error_field(p->e, ST_INVALID, "not_filterable", f->name, "this field has no such filter");
}

static enum status leaf_clear(struct parser *p, const struct field_def *f, struct slice op,
                              const json_t *value, const struct pred **out) {
    struct arena *a = p->caller->arena;
    const json_t *relative = json_object_get(value, "relative");
    if (slice_is(op, "is_null") || slice_is(op, "not_null")) {
        const struct pred *null = pred_compare(a, PRED_IS_NULL, f->id, cell_null());
        return made(p, slice_is(op, "is_null") ? null : pred_not(a, null), out);
    }
    if (relative != NULL)
        return leaf_relative(p, f, relative, out);
    if (slice_is(op, "in"))
        return leaf_in(p, f, value, out);
    if (slice_is(op, "between"))
        return leaf_between(p, f, value, out);
    for (size_t i = 0; i < sizeof comparisons / sizeof comparisons[0]; i++) {
        struct cell cell;
        if (!slice_is(op, comparisons[i].name))
            continue;
        enum status s = leaf_cell(p, f, value, &cell);
        return s == ST_OK ? made(p, pred_compare(a, comparisons[i].op, f->id, cell), out) : s;
    }
    return leaf_text(p, f, op, text_of(value, a), out);
}

/* ---- sealed leaves ---- */

static bool sealed_kind(const struct field_def *f, struct slice op, enum field_search *kind) {
    *kind = slice_is(op, "eq")                   ? SEARCH_EXACT
            : slice_is(op, "ends_with")          ? SEARCH_SUFFIX
            : !slice_is(op, "contains")          ? 0
            : (f->search & SEARCH_FRAGMENT) != 0 ? SEARCH_FRAGMENT
                                                 : SEARCH_WORDS;
    return *kind != 0 && (f->search & *kind) != 0;
}

/* Rows where he reads the value clear may be found by any kind; where he only sees the mask, by the whole
 * value or what the mask shows, and where policy lets him match. */
static enum status sealed_scope(struct parser *p, size_t index, enum field_search kind, enum view *view,
                                const struct pred **out) {
    const struct field_view *v = &p->access->fields[index];
    bool by_mask = kind == SEARCH_EXACT || kind == SEARCH_SUFFIX;
    *view = p->access->best[index] == VIEW_CLEAR ? VIEW_CLEAR : VIEW_MASKED;
    const struct pred *scope = by_mask ? pred_or(p->caller->arena, v->read, v->match) : v->read;
    if (scope != NULL && scope->op == PRED_FALSE) {
        return error_field(p->e, ST_INVALID, "not_filterable", p->access->object->fields[index].name,
                           "this field has no such filter");
    }
    return made(p, scope, out);
}

static enum status leaf_sealed(struct parser *p, const struct field_def *f, size_t index, struct slice op,
                               const json_t *value, const struct pred **out) {
    enum field_search kind;
    enum view view;
    const struct pred *scope, *terms;
    struct slice text = text_of(value, p->caller->arena);
    if (p->in_url)
        return error_set(p->e, ST_INVALID, "sealed_filter_in_url", "send this filter in a POST body");
    if (text.n == 0 || !sealed_kind(f, op, &kind)) {
        return error_field(p->e, ST_INVALID, "not_filterable", f->name, "this field has no such filter");
    }
    enum status s = sealed_scope(p, index, kind, &view, &scope);
    if (s == ST_OK) {
        s = sealed_terms_pred(p->caller, p->access->object, f, kind, view, text, &terms, p->e);
    }
    if (s == ST_DENIED) /* more of the value than its mask shows, or beyond his role's ceiling */
        return error_field(p->e, ST_INVALID, "not_filterable", f->name, "this field has no such filter");
    if (s != ST_OK)
        return s;
    s = recheck(p, f, kind, text, terms);
    return s == ST_OK ? made(p, pred_and(p->caller->arena, scope, terms), out) : s;
}

/* ---- the tree ---- */

static enum status leaf(struct parser *p, const json_t *node, const struct pred **out) {
    size_t index;
    const json_t *name = json_object_get(node, "field"), *op = json_object_get(node, "op");
    if (!json_is_string(name) || !json_is_string(op))
        return bad(p, "a condition needs \"field\" and \"op\"");
    if (++p->leaves > WHERE_LEAVES_MAX)
        return bad(p, "at most 200 conditions");
    struct slice field = slice_of(json_string_value(name), json_string_length(name));
    const struct field_def *f = access_field(p->access, field, &index);
    if (f == NULL || p->access->best[index] == VIEW_HIDDEN) {
        return error_field(p->e, ST_INVALID, "unknown_field", json_string_value(name),
                           "there is no such field");
    }
    struct slice operation = slice_of(json_string_value(op), json_string_length(op));
    const json_t *value = json_object_get(node, "value");
    if (field_is_sealed(f))
        return leaf_sealed(p, f, index, operation, value, out);
    if (!access_may_filter(p->access, index) || f->id == FIELD_UPDATED_AT) {
        return error_field(p->e, ST_INVALID, "not_filterable", f->name, "this field can't be filtered by");
    }
    return leaf_clear(p, f, operation, value, out);
}

/* A condition on a field, read as one: a node that is a branch too is read as the branch. */
static bool is_contains(const json_t *node) {
    static const char *const branches[] = {"and", "or", "not", "child"};
    const char *op = json_string_value(json_object_get(node, "op"));
    for (size_t i = 0; i < sizeof branches / sizeof branches[0]; i++) {
        if (json_object_get(node, branches[i]) != NULL)
            return false;
    }
    return op != NULL && strcmp(op, "contains") == 0;
}

/* Has it nothing but "contains"? */
static bool only_contains(const json_t *kids) {
    size_t n = json_array_size(kids);
    for (size_t i = 0; i < n; i++) {
        if (!is_contains(json_array_get(kids, i)))
            return false;
    }
    return n > 0;
}

static enum status branch(struct parser *p, const json_t *kids, bool all, unsigned depth,
                          const struct pred **out) {
    const struct pred *sum = all ? &pred_true : &pred_false;
    bool top = p->top;
    if (!json_is_array(kids))
        return bad(p, "\"and\" and \"or\" take an array");
    p->top = top && all;
    p->any = top && !all && only_contains(kids);
    for (size_t i = 0; i < json_array_size(kids); i++) {
        const struct pred *kid;
        enum status s = parse(p, json_array_get(kids, i), depth + 1, &kid);
        if (s != ST_OK)
            return s;
        sum = all ? pred_and(p->caller->arena, sum, kid) : pred_or(p->caller->arena, sum, kid);
        if (sum == NULL)
            break;
    }
    if (p->any)
        needles_close(&p->needles, true);
    p->any = false;
    p->top = top;
    return made(p, sum, out);
}

/* The field of `child` that refers to the parent's object and that he may filter by; NULL: none. */
static const struct field_def *child_link(const struct access *child, const struct object_def *parent) {
    for (size_t i = 0; i < child->object->field_count; i++) {
        const struct field_def *f = &child->object->fields[i];
        if (!field_is_system(f) && f->type == VALUE_REFERENCE && f->reference_object == parent->id &&
            access_may_filter(child, i))
            return f;
    }
    return NULL;
}

/* {"child": object, "where": tree}: some child that he may list satisfies the tree. */
static enum status child(struct parser *p, const json_t *node, unsigned depth, const struct pred **out) {
    const json_t *name = json_object_get(node, "child"), *where = json_object_get(node, "where");
    const struct access *access;
    if (!json_is_string(name) || p->is_child)
        return bad(p, "\"child\" names an object, one step deep");
    enum status s = access_object(p->caller, slice_from_string(json_string_value(name)), &access, p->e);
    const struct field_def *link = s == ST_OK ? child_link(access, p->access->object) : NULL;
    if (s == ST_NOT_FOUND || (s == ST_OK && link == NULL))
        return bad(p, "there is no such child");
    if (s != ST_OK)
        return s;
    struct parser inner = *p;
    const struct pred *tree = &pred_true;
    inner.access = access;
    inner.is_child = true;
    inner.top = false;
    if (where != NULL)
        s = parse(&inner, where, depth + 1, &tree);
    p->leaves = inner.leaves;
    if (s != ST_OK)
        return s;
    const struct pred *kid = pred_and(p->caller->arena, access->acts[ACT_LIST], tree);
    return made(p, pred_child(p->caller->arena, access->object->id, link->id, kid), out);
}

static enum status parse(struct parser *p, const json_t *node, unsigned depth, const struct pred **out) {
    if (depth > PRED_DEPTH_MAX)
        return bad(p, "nested too deeply");
    if (!json_is_object(node))
        return bad(p, "a condition must be an object");
    const json_t *kids = json_object_get(node, "and");
    if (kids != NULL)
        return branch(p, kids, true, depth, out);
    kids = json_object_get(node, "or");
    if (kids != NULL)
        return branch(p, kids, false, depth, out);
    if (json_object_get(node, "child") != NULL)
        return child(p, node, depth, out);
    kids = json_object_get(node, "not");
    if (kids == NULL)
        return leaf(p, node, out);
    const struct pred *inner;
    bool top = p->top;
    p->top = false;
    enum status s = parse(p, kids, depth + 1, &inner);
    p->top = top;
    return s == ST_OK ? made(p, pred_not(p->caller->arena, inner), out) : s;
}

enum status where_parse(struct caller *c, const struct access *a, const json_t *tree, bool in_url,
                        struct where *out, struct error *e) {
    struct parser p = {.caller = c, .access = a, .in_url = in_url, .top = true, .e = e};
    *out = (struct where){.pred = &pred_true};
    if (tree == NULL || json_is_null(tree))
        return ST_OK;
    enum status s = parse(&p, tree, 0, &out->pred);
    if (s == ST_OK) /* what the caller calls a branch or a department is what it is today */
        out->pred = organisation_resolve(&c->world.directory->organisation, c->arena, out->pred);
    if (s == ST_OK && out->pred == NULL)
        s = error_set(e, ST_NOMEM, "no_memory", "filter");
    if (s != ST_OK)
        return s;
    if (!pred_within_limits(out->pred))
        return bad(&p, "the filter is too large");
    out->needles = p.needles;
    return ST_OK;
}
