#include "policy/policy_probe.h"

#include "base/map.h"
#include "policy/same.h"

#include <stdlib.h>

#define GROUPS_MAX    256
#define CONJUNCTS_MAX 8
#define VALUES_MAX    64

static const struct cedar_value yes = {.kind = CEDAR_BOOL, .b = true}, no = {.kind = CEDAR_BOOL};

static bool is_literal(const struct expr *e) {
    return e->op == EXPR_VALUE;
}

/* ---- conjuncts ---- */

struct conjunct {
    const struct expr *expr;
    bool negated, can_err;
};

struct conjuncts {
    struct conjunct list[CONJUNCTS_MAX];
    size_t count;
    bool cut; /* there are more */
};

static bool can_not_err(const struct expr *e) {
    if (e->op == EXPR_VALUE)
        return e->value.kind == CEDAR_BOOL;
    if (e->count == 0)
        return false;
    const struct expr *x = e->items[0];
    switch (e->op) {
    case EXPR_HAS:
        return x->op == EXPR_VARIABLE;
    case EXPR_IS:
        return x->op == EXPR_VARIABLE && x->variable != VARIABLE_CONTEXT;
    case EXPR_IN:
        return x->op == EXPR_VARIABLE && x->variable != VARIABLE_CONTEXT && is_literal(e->items[1]) &&
               e->items[1]->value.kind == CEDAR_ENTITY;
    case EXPR_EQUAL:
    case EXPR_NOT_EQUAL:
        return (x->op == EXPR_VARIABLE || is_literal(x)) &&
               (e->items[1]->op == EXPR_VARIABLE || is_literal(e->items[1]));
    case EXPR_AND:
    case EXPR_OR:
    case EXPR_NOT:
        for (size_t i = 0; i < e->count; i++) {
            if (!can_not_err(e->items[i]))
                return false;
        }
        return true;
    default:
        return false;
    }
}

static void add_conjunct(struct conjuncts *c, const struct expr *e, bool negated) {
    if (e->op == EXPR_NOT) {
        add_conjunct(c, e->items[0], !negated);
        return;
    }
    if (e->op == EXPR_AND && !negated) {
        for (size_t i = 0; i < e->count; i++)
            add_conjunct(c, e->items[i], false);
        return;
    }
    c->cut = c->count == CONJUNCTS_MAX;
    if (!c->cut)
        c->list[c->count++] = (struct conjunct){e, negated, !can_not_err(e)};
}

static void conjuncts_of(const struct policy *p, struct conjuncts *c) {
    *c = (struct conjuncts){.count = 0};
    for (size_t i = 0; i < p->condition_count && !c->cut; i++)
        add_conjunct(c, p->conditions[i].expr, p->conditions[i].unless);
}

static bool entities_of(const struct conjunct *c, enum variable variable, struct probe_entities *out) {
    const struct expr *e = c->expr;
    if (c->negated || (e->op != EXPR_IN && e->op != EXPR_EQUAL) || e->items[0]->op != EXPR_VARIABLE ||
        e->items[0]->variable != variable || !is_literal(e->items[1]))
        return false;
    const struct cedar_value *v = &e->items[1]->value;
    bool set = e->op == EXPR_IN && v->kind == CEDAR_SET;
    *out = (struct probe_entities){set ? v->set.items : v, set ? v->set.count : 1};
    for (size_t i = 0; i < out->count; i++) {
        if (out->items[i].kind != CEDAR_ENTITY)
            return false;
    }
    return out->count > 0;
}

bool policy_probe_entities(const struct policy *p, enum variable variable, struct probe_entities *out) {
    struct conjuncts c;
    conjuncts_of(p, &c);
    for (size_t i = 0; i < c.count; i++) {
        if (entities_of(&c.list[i], variable, out))
            return true;
        if (c.list[i].can_err)
            return false;
    }
    return false;
}

/* ---- what a conjunct wants ---- */

struct want {
    const struct expr *of;
    enum probe_form form;
    const struct cedar_value *values[VALUES_MAX];
    size_t count;
    enum expr_op op; /* PROBE_ORDER */
    int64_t bound;
};

static bool is_simple(enum cedar_kind kind) {
    return kind == CEDAR_STRING || kind == CEDAR_LONG || kind == CEDAR_BOOL || kind == CEDAR_ENTITY;
}

static bool take_value(struct want *w, const struct cedar_value *v) {
    if (!is_simple(v->kind) || w->count == VALUES_MAX)
        return false;
    w->values[w->count++] = v;
    return true;
}

static bool want_equal(const struct expr *e, struct want *w) {
    unsigned literal = is_literal(e->items[1]) ? 1 : 0;
    const struct expr *of = e->items[1 - literal];
    if (!is_literal(e->items[literal]) || is_literal(of) || (w->of != NULL && !expr_same(w->of, of)))
        return false;
    w->of = of;
    return take_value(w, &e->items[literal]->value);
}

static bool want_contains(const struct expr *e, struct want *w) {
    const struct expr *set = e->items[0], *item = e->items[1];
    if (is_literal(item) && !is_literal(set)) {
        *w = (struct want){.of = set, .form = PROBE_ITEM};
        return take_value(w, &item->value);
    }
    if (!is_literal(set) || set->value.kind != CEDAR_SET || is_literal(item))
        return false;
    w->of = item;
    for (size_t i = 0; i < set->value.set.count; i++) {
        if (!take_value(w, &set->value.set.items[i]))
            return false;
    }
    return w->count > 0;
}

/* a == 1 || a == 2: if a can be read once it can be read again. */
static bool want_one_of(const struct expr *e, struct want *w) {
    for (size_t i = 0; i < e->count; i++) {
        if (e->items[i]->op != EXPR_EQUAL || !want_equal(e->items[i], w))
            return false;
    }
    return e->count > 0;
}

static bool want_order(const struct expr *e, struct want *w) {
    static const enum expr_op turned[] = {EXPR_GREATER, EXPR_GREATER_EQUAL, EXPR_LESS, EXPR_LESS_EQUAL};
    static const enum expr_op straight[] = {EXPR_LESS, EXPR_LESS_EQUAL, EXPR_GREATER, EXPR_GREATER_EQUAL};
    unsigned literal = is_literal(e->items[1]) ? 1 : 0;
    if (!is_literal(e->items[literal]) || is_literal(e->items[1 - literal]) ||
        e->items[literal]->value.kind != CEDAR_LONG)
        return false;
    for (unsigned i = 0; i < 4; i++) {
        if (straight[i] == e->op)
            w->op = literal == 1 ? e->op : turned[i];
    }
    w->form = PROBE_ORDER;
    w->of = e->items[1 - literal];
    w->bound = e->items[literal]->value.i;
    return true;
}

static bool want_special(const struct expr *e, struct want *w) {
    switch (e->op) {
    case EXPR_EQUAL:
        return want_equal(e, w);
    case EXPR_CONTAINS:
        return want_contains(e, w);
    case EXPR_OR:
        return want_one_of(e, w);
    case EXPR_LESS:
    case EXPR_LESS_EQUAL:
    case EXPR_GREATER:
    case EXPR_GREATER_EQUAL:
        return want_order(e, w);
    default:
        return false;
    }
}

/* Anything that is no question of values is a question of yes or no. */
static void want_of(const struct conjunct *c, struct want *w) {
    *w = (struct want){.form = PROBE_VALUE};
    if (c->negated || !want_special(c->expr, w))
        *w = (struct want){
            .of = c->expr, .form = PROBE_TRUTH, .values = {c->negated ? &no : &yes}, .count = 1};
}

/* ---- making ---- */

struct group {
    const struct expr *of;
    enum probe_form form;
    int after; /* a group made before this one */
    size_t policies, values;
    int probe;
};

struct grouping {
    struct group list[GROUPS_MAX];
    size_t count;
};

/* -1: there are too many. */
static int group_of(struct grouping *g, const struct want *w, int after) {
    for (size_t i = 0; i < g->count; i++) {
        if (g->list[i].form == w->form && g->list[i].after == after && expr_same(g->list[i].of, w->of))
            return (int)i;
    }
    if (g->count == GROUPS_MAX)
        return -1;
    g->list[g->count] = (struct group){.of = w->of, .form = w->form, .after = after, .probe = -1};
    return (int)g->count++;
}

static void count_policy(const struct policy *p, struct grouping *g) {
    struct conjuncts c;
    int after = -1;
    conjuncts_of(p, &c);
    for (size_t i = 0; i < c.count; i++) {
        struct want w;
        want_of(&c.list[i], &w);
        int at = group_of(g, &w, after);
        if (at >= 0) {
            g->list[at].policies++;
            g->list[at].values += w.count + 1;
        }
        if (c.list[i].can_err && at < 0)
            return;
        if (c.list[i].can_err)
            after = at;
    }
}

/* In the order of their making, so that each stands behind the one that it is after; as many as fit, the
 * rarest left out first. */
static void choose(struct policy_probes *x, struct grouping *g) {
    size_t least = PROBE_LEAST, fits = SIZE_MAX;
    while (fits > PROBES_MAX) {
        fits = 0;
        for (size_t i = 0; i < g->count; i++) {
            struct group *one = &g->list[i];
            bool reached = one->after < 0 || g->list[one->after].probe >= 0;
            one->probe = reached && one->policies >= least ? (int)fits++ : -1;
        }
        least *= 2;
    }
    for (size_t i = 0; i < g->count; i++) {
        const struct group *one = &g->list[i];
        if (one->probe >= 0)
            x->list[x->count++] = (struct probe){
                .of = one->of, .form = one->form, .after = one->after < 0 ? -1 : g->list[one->after].probe};
    }
}

static uint64_t hash_of(uint32_t probe, const struct cedar_value *v) {
    uint64_t seed = probe * 8 + (uint64_t)v->kind;
    if (v->kind == CEDAR_STRING)
        return map_hash(v->s, seed);
    if (v->kind == CEDAR_ENTITY)
        return map_hash(v->entity.id, seed) ^ map_hash(v->entity.type, seed + 1);
    int64_t n = v->kind == CEDAR_BOOL ? v->b : v->i;
    return map_hash(slice_of(&n, sizeof n), seed);
}

static struct probe_slot *slot_of(const struct policy_probes *x, uint32_t probe,
                                  const struct cedar_value *v) {
    size_t i = (size_t)hash_of(probe, v) & (x->room - 1);
    while (x->slots[i].value != NULL && (x->slots[i].probe != probe || !cedar_equal(x->slots[i].value, v)))
        i = (i + 1) & (x->room - 1);
    return &x->slots[i];
}

static struct probe_bound bound_of(const struct want *w, size_t policy) {
    struct probe_bound b = {(uint32_t)policy, INT64_MIN, INT64_MAX};
    bool below = w->op == EXPR_LESS, above = w->op == EXPR_GREATER;
    if ((below && w->bound == INT64_MIN) || (above && w->bound == INT64_MAX))
        return (struct probe_bound){(uint32_t)policy, INT64_MAX, INT64_MIN};
    if (below || w->op == EXPR_LESS_EQUAL)
        b.high = w->bound - below;
    else
        b.low = w->bound + above;
    return b;
}

/* False: the policy asks this probe already, and that counts. */
static bool file_want(struct policy_probes *x, uint32_t probe, const struct want *w, size_t policy) {
    struct probe *to = &x->list[probe];
    uint64_t bit = (uint64_t)1 << policy % 64;
    if ((to->any[policy / 64] & bit) == 0)
        return false;
    to->any[policy / 64] &= ~bit;
    if (w->form == PROBE_ORDER)
        to->bounds[to->bound_count++] = bound_of(w, policy);
    for (size_t i = 0; i < w->count; i++) {
        struct probe_slot *slot = slot_of(x, probe, w->values[i]);
        slot->value = w->values[i];
        slot->probe = probe;
        x->policy[x->entry_count] = (uint32_t)policy;
        x->next[x->entry_count++] = slot->first;
        slot->first = (uint32_t)x->entry_count;
    }
    return true;
}

static void file_policy(struct policy_probes *x, struct grouping *g, const struct policy *p, size_t policy) {
    struct conjuncts c;
    int after = -1;
    conjuncts_of(p, &c);
    bool whole = !c.cut;
    for (size_t i = 0; i < c.count; i++) {
        struct want w;
        want_of(&c.list[i], &w);
        int at = group_of(g, &w, after), probe = at < 0 ? -1 : g->list[at].probe;
        bool filed = probe >= 0 && file_want(x, (uint32_t)probe, &w, policy);
        whole = whole && filed;
        if (c.list[i].can_err && probe < 0)
            return;
        if (c.list[i].can_err)
            after = at;
    }
    if (whole)
        x->whole[policy / 64] |= (uint64_t)1 << policy % 64;
}

static bool take_memory(struct policy_probes *x, const struct grouping *g, struct arena *a) {
    size_t entries = 1;
    bool fine = true;
    for (size_t i = 0; i < g->count; i++) {
        if (g->list[i].probe < 0)
            continue;
        struct probe *p = &x->list[g->list[i].probe];
        entries += g->list[i].values;
        p->any = arena_array(a, x->words, sizeof *p->any);
        p->bounds = arena_array(a, p->form == PROBE_ORDER ? g->list[i].policies : 1, sizeof *p->bounds);
        fine = fine && p->any != NULL && p->bounds != NULL;
        if (p->any != NULL)
            memset(p->any, 0xff, x->words * sizeof *p->any);
    }
    x->room = 16;
    while (x->room < entries * 2)
        x->room *= 2;
    x->slots = arena_array(a, x->room, sizeof *x->slots);
    x->next = arena_array(a, entries, sizeof *x->next);
    x->policy = arena_array(a, entries, sizeof *x->policy);
    x->whole = arena_array(a, x->words, sizeof *x->whole);
    return fine && x->slots != NULL && x->next != NULL && x->policy != NULL && x->whole != NULL;
}

enum status policy_probes_make(const struct policies *policies, struct arena *a,
                               const struct policy_probes **out) {
    struct policy_probes *x = arena_alloc(a, sizeof *x);
    struct grouping *g = arena_alloc(a, sizeof *g);
    if (x == NULL || g == NULL)
        return ST_NOMEM;
    *x = (struct policy_probes){.words = policies->count / 64 + 1};
    g->count = 0;
    for (size_t i = 0; i < policies->count; i++)
        count_policy(policies->list[i], g);
    choose(x, g);
    if (!take_memory(x, g, a))
        return ST_NOMEM;
    for (size_t i = 0; i < policies->count; i++)
        file_policy(x, g, policies->list[i], i);
    *out = x;
    return ST_OK;
}

/* ---- asking ---- */

static void mark(const struct policy_probes *x, uint32_t probe, const struct cedar_value *v, uint64_t *own) {
    if (!is_simple(v->kind))
        return;
    for (uint32_t k = slot_of(x, probe, v)->first; k != 0; k = x->next[k - 1])
        own[x->policy[k - 1] / 64] |= (uint64_t)1 << x->policy[k - 1] % 64;
}

static void mark_bounds(const struct probe *p, int64_t n, uint64_t *own) {
    for (size_t i = 0; i < p->bound_count; i++) {
        const struct probe_bound *b = &p->bounds[i];
        own[b->policy / 64] |= (uint64_t)((n >= b->low) & (n <= b->high)) << b->policy % 64;
    }
}

/* Whether enough policies are left that the probe costs less than they. */
static bool is_worth_it(const struct policy_probes *x, const struct probe *p, const uint64_t *bits) {
    size_t left = 0;
    for (size_t i = 0; i < x->words; i++)
        left += (size_t)__builtin_popcountll(bits[i] & ~p->any[i]);
    return left >= PROBE_LEAST && left * 96 >= p->bound_count;
}

/* A value of a kind that the form can't take is an error of its policies. */
static bool evaluate(const struct probe *p, struct eval *v, struct cedar_value *found) {
    if (eval_expr(v, p->of, found) != EVALUATED)
        return false;
    return p->form == PROBE_VALUE || found->kind == (p->form == PROBE_ITEM    ? CEDAR_SET
                                                     : p->form == PROBE_ORDER ? CEDAR_LONG
                                                                              : CEDAR_BOOL);
}

void policy_probes_ask(const struct policy_probes *x, struct eval *v, uint64_t *bits, uint64_t *room) {
    uint64_t *sure = room, *own = room + x->words;
    bool fine[PROBES_MAX] = {false};
    for (size_t i = 0; i < x->words; i++)
        sure[i] = x->count == 0 ? 0 : x->whole[i];
    for (uint32_t k = 0; k < x->count; k++) {
        const struct probe *p = &x->list[k];
        struct cedar_value found;
        bool reached = (p->after < 0 || fine[p->after]) && is_worth_it(x, p, bits);
        fine[k] = reached && evaluate(p, v, &found);
        if (!fine[k]) {
            for (size_t i = 0; i < x->words; i++)
                sure[i] &= p->any[i];
            continue;
        }
        memcpy(own, p->any, x->words * sizeof *own);
        for (size_t i = 0; p->form == PROBE_ITEM && i < found.set.count; i++)
            mark(x, k, &found.set.items[i], own);
        if (p->form == PROBE_ORDER)
            mark_bounds(p, found.i, own);
        else if (p->form != PROBE_ITEM)
            mark(x, k, &found, own);
        for (size_t i = 0; i < x->words; i++)
            bits[i] &= own[i];
    }
}
