#include "policy/truth.h"

struct truths truths_known(bool b) {
    return (struct truths){
        .t = b ? &pred_true : &pred_false, .f = b ? &pred_false : &pred_true, .total = true};
}

struct truths truths_error(void) {
    return (struct truths){.t = &pred_false, .f = &pred_false, .total = false};
}

struct truths truths_not(struct truths x) {
    return (struct truths){.t = x.f, .f = x.t, .total = x.total};
}

struct truths truths_and(struct arena *a, struct truths x, struct truths y) {
    const struct pred *seen = x.total ? y.f : pred_and(a, x.t, y.f);
    return (struct truths){
        .t = pred_and(a, x.t, y.t), .f = pred_or(a, x.f, seen), .total = x.total && y.total};
}

struct truths truths_or(struct arena *a, struct truths x, struct truths y) {
    return truths_not(truths_and(a, truths_not(x), truths_not(y)));
}

struct truths truths_if(struct arena *a, struct truths c, struct truths x, struct truths y) {
    return (struct truths){.t = pred_or(a, pred_and(a, c.t, x.t), pred_and(a, c.f, y.t)),
                           .f = pred_or(a, pred_and(a, c.t, x.f), pred_and(a, c.f, y.f)),
                           .total = c.total && x.total && y.total};
}

static const struct pred *not_null(struct arena *a, uint16_t column) {
    return pred_not(a, pred_is_null(a, column));
}

struct truths truths_where(struct arena *a, uint16_t column, const struct pred *t) {
    if (t != NULL && (t->op == PRED_FALSE || t->op == PRED_TRUE))
        return truths_not_null(a, column, t->op == PRED_TRUE);
    bool leaf = t != NULL && t->op != PRED_AND && t->op != PRED_OR;
    const struct pred *f = leaf ? pred_not(a, t) : pred_and(a, not_null(a, column), pred_complement(a, t));
    return (struct truths){.t = t, .f = f, .total = false};
}

struct truths truths_not_null(struct arena *a, uint16_t column, bool b) {
    const struct pred *p = not_null(a, column);
    struct truths yes = {.t = p, .f = p == NULL ? NULL : &pred_false, .total = false};
    return b ? yes : truths_not(yes);
}

struct truths truths_total(struct arena *a, const struct pred *t) {
    return (struct truths){.t = t, .f = pred_complement(a, t), .total = true};
}

const struct pred *pred_complement(struct arena *a, const struct pred *p) {
    if (p == NULL)
        return NULL;
    const struct pred *kid = p->op == PRED_NOT ? p->kids[0] : p;
    if (kid->op == PRED_TRUE || kid->op == PRED_FALSE || kid->op == PRED_IS_NULL)
        return pred_not(a, p);
    if (p->op != PRED_AND && p->op != PRED_OR)
        return pred_or(a, pred_not(a, p), pred_is_null(a, kid->column));
    const struct pred **kids = arena_array(a, p->kid_count, sizeof(struct pred *));
    if (kids == NULL)
        return NULL;
    for (size_t i = 0; i < p->kid_count; i++)
        kids[i] = pred_complement(a, p->kids[i]);
    return p->op == PRED_AND ? pred_any(a, kids, p->kid_count) : pred_all(a, kids, p->kid_count);
}
