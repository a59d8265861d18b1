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

/* A literal that anything can be asked to be in. */
static bool names_entities(const struct expr *e) {
    if (!is_literal(e))
        return false;
    for (size_t i = 0; e->value.kind == CEDAR_SET && i < e->value.set.count; i++) {
        if (e->value.set.items[i].kind != CEDAR_ENTITY)
            return false;
    }
    return e->value.kind == CEDAR_SET || e->value.kind == CEDAR_ENTITY;
}

static struct probe_entities entities_named(const struct expr *e) {
    bool set = e->value.kind == CEDAR_SET;
    return (struct probe_entities){set ? e->value.set.items : &e->value, set ? e->value.set.count : 1};
}

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
        return x->op == EXPR_VARIABLE && x->variable != VARIABLE_CONTEXT && names_entities(e->items[1]);
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

/* `!(a || b)` is `!a && !b`, in the same order and as far. */
static void add_conjunct(struct conjuncts *c, const struct expr *e, bool negated) {
    if (e->op == EXPR_NOT) {
        add_conjunct(c, e->items[0], !negated);
        return;
    }
    if (e->op == (negated ? EXPR_OR : EXPR_AND)) {
        for (size_t i = 0; i < e->count; i++)
            add_conjunct(c, e->items[i], negated);
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
        e->items[0]->variable != variable || !names_entities(e->items[1]) ||
        (e->op == EXPR_EQUAL && e->items[1]->value.kind == CEDAR_SET))
        return false;
    *out = entities_named(e->items[1]);
    return out->count > 0;
}

/* -1: none. */
static int filed_conjunct(const struct conjuncts *c, enum variable variable, struct probe_entities *out) {
    for (size_t i = 0; i < c->count; i++) {
        if (entities_of(&c->list[i], variable, out))
            return (int)i;
        if (c->list[i].can_err)
            return -1;
    }
    return -1;
}

bool policy_probe_entities(const struct policy *p, enum variable variable, struct probe_entities *out) {
    struct conjuncts c;
    conjuncts_of(p, &c);
    return filed_conjunct(&c, variable, out) >= 0;
}

static bool is_open(const struct scope *s) {
    return s->slot || s->op == SCOPE_ANY || s->op == SCOPE_IS;
}

/* Those that the index has answered exactly need no probe: what the principal or the action is within, filed
 * in the place of a scope in the head. A bit each. */
static unsigned answered_conjuncts(const struct policy *p, const struct conjuncts *c) {
    struct probe_entities wanted;
    int principal = is_open(&p->principal) ? filed_conjunct(c, VARIABLE_PRINCIPAL, &wanted) : -1;
    int action = is_open(&p->action) ? filed_conjunct(c, VARIABLE_ACTION, &wanted) : -1;
    unsigned all = 0;
    if (principal >= 0 && c->list[principal].expr->op == EXPR_IN)
        all |= 1u << principal;
    if (action >= 0 && c->list[action].expr->op == EXPR_IN)
        all |= 1u << action;
    return all;
}

/* ---- what a conjunct wants ---- */

struct want {
    const struct expr *of;
    enum probe_form form;
    bool negated;
    const struct cedar_value *values[VALUES_MAX];
    size_t count;
    struct probe_bound bound; /* PROBE_ORDER */
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
        w->of = set;
        w->form = PROBE_ITEM;
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

static bool add_within(const struct expr *e, struct want *w) {
    if (is_literal(e->items[0]) || !names_entities(e->items[1]) ||
        (w->of != NULL && !expr_same(w->of, e->items[0])))
        return false;
    struct probe_entities wanted = entities_named(e->items[1]);
    w->of = e->items[0];
    for (size_t i = 0; i < wanted.count; i++) {
        if (!take_value(w, &wanted.items[i]))
            return false;
    }
    return true;
}

static bool want_within(const struct expr *e, struct want *w) {
    w->form = PROBE_WITHIN;
    return add_within(e, w) && w->count > 0;
}

/* a == 1 || a == 2, a in b || a in c: if a can be read once it can be read again. */
static bool want_one_of(const struct expr *e, struct want *w) {
    bool within = e->items[0]->op == EXPR_IN;
    w->form = within ? PROBE_WITHIN : PROBE_VALUE;
    for (size_t i = 0; i < e->count; i++) {
        if (e->items[i]->op != (within ? EXPR_IN : EXPR_EQUAL) ||
            !(within ? add_within(e->items[i], w) : want_equal(e->items[i], w)))
            return false;
    }
    return w->count > 0;
}

/* Of numbers `op` the bound. */
static struct probe_bound bound_of(enum expr_op op, int64_t bound) {
    struct probe_bound b = {INT64_MIN, INT64_MAX};
    bool below = op == EXPR_LESS, above = op == EXPR_GREATER;
    if ((below && bound == INT64_MIN) || (above && bound == INT64_MAX))
        return (struct probe_bound){INT64_MAX, INT64_MIN};
    if (below || op == EXPR_LESS_EQUAL)
        b.high = bound - below;
    else
        b.low = bound + above;
    return b;
}

static bool want_order(const struct expr *e, bool negated, struct want *w) {
    static const enum expr_op straight[] = {EXPR_LESS, EXPR_LESS_EQUAL, EXPR_GREATER, EXPR_GREATER_EQUAL},
                              turned[] = {EXPR_GREATER, EXPR_GREATER_EQUAL, EXPR_LESS, EXPR_LESS_EQUAL},
                              opposite[] = {EXPR_GREATER_EQUAL, EXPR_GREATER, EXPR_LESS_EQUAL, EXPR_LESS};
    unsigned literal = is_literal(e->items[1]) ? 1 : 0, op = 0;
    if (!is_literal(e->items[literal]) || is_literal(e->items[1 - literal]) ||
        e->items[literal]->value.kind != CEDAR_LONG)
        return false;
    while (straight[op] != e->op)
        op++;
    enum expr_op plain = literal == 1 ? straight[op] : turned[op];
    for (op = 0; straight[op] != plain;)
        op++;
    *w = (struct want){.of = e->items[1 - literal],
                       .form = PROBE_ORDER,
                       .bound = bound_of(negated ? opposite[op] : plain, e->items[literal]->value.i)};
    return true;
}

static bool want_special(const struct expr *e, bool negated, struct want *w) {
    w->negated = negated != (e->op == EXPR_NOT_EQUAL);
    switch (e->op) {
    case EXPR_LESS:
    case EXPR_LESS_EQUAL:
    case EXPR_GREATER:
    case EXPR_GREATER_EQUAL:
        return want_order(e, negated, w);
    case EXPR_EQUAL:
    case EXPR_NOT_EQUAL:
        return want_equal(e, w);
    case EXPR_CONTAINS:
        return want_contains(e, w);
    case EXPR_OR:
        return want_one_of(e, w);
    case EXPR_IN:
        return want_within(e, w);
    default:
        return false;
    }
}

/* Anything that is no question of values is a question of yes or no. */
static void want_of(const struct conjunct *c, struct want *w) {
    *w = (struct want){.form = PROBE_VALUE};
    if (!want_special(c->expr, c->negated, w))
        *w = (struct want){
            .of = c->expr, .form = PROBE_TRUTH, .values = {c->negated ? &no : &yes}, .count = 1};
}

/* ---- making ---- */

struct group {
    const struct expr *of;
    enum probe_form form;
    bool negated;
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
        const struct group *one = &g->list[i];
        if (one->form == w->form && one->negated == w->negated && one->after == after &&
            expr_same(one->of, w->of))
            return (int)i;
    }
    if (g->count == GROUPS_MAX)
        return -1;
    g->list[g->count] =
        (struct group){.of = w->of, .form = w->form, .negated = w->negated, .after = after, .probe = -1};
    return (int)g->count++;
}

static void count_policy(const struct policy *p, struct grouping *g) {
    struct conjuncts c;
    int after = -1;
    conjuncts_of(p, &c);
    unsigned answered = answered_conjuncts(p, &c);
    for (size_t i = 0; i < c.count; i++) {
        struct want w;
        if ((answered >> i & 1) != 0)
            continue;
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
            x->list[x->count++] = (struct probe){.of = one->of,
                                                 .form = one->form,
                                                 .negated = one->negated,
                                                 .after = one->after < 0 ? -1 : g->list[one->after].probe};
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

/* False: the policy asks this probe already, and that counts; another value that it must not be can join. */
static bool file_want(struct policy_probes *x, uint32_t probe, const struct want *w, size_t policy) {
    struct probe *to = &x->list[probe];
    uint64_t bit = (uint64_t)1 << policy % 64;
    if ((to->any[policy / 64] & bit) == 0 && !w->negated)
        return false;
    to->any[policy / 64] &= ~bit;
    if (w->form == PROBE_ORDER)
        to->bounds[policy] = w->bound;
    for (size_t i = 0; i < w->count; i++) {
        struct probe_slot *slot = slot_of(x, probe, w->values[i]);
        slot->value = w->values[i];
        slot->probe = probe;
        x->policy[x->entry_count] = (uint32_t)policy;
        x->next[x->entry_count++] = slot->first;
        slot->first = (uint32_t)x->entry_count;
        slot->count++;
    }
    return true;
}

static void file_policy(struct policy_probes *x, struct grouping *g, const struct policy *p, size_t policy) {
    struct conjuncts c;
    int after = -1;
    conjuncts_of(p, &c);
    unsigned answered = answered_conjuncts(p, &c);
    bool whole = !c.cut;
    for (size_t i = 0; i < c.count; i++) {
        struct want w;
        if ((answered >> i & 1) != 0)
            continue;
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
        p->bounds = arena_array(a, p->form == PROBE_ORDER ? x->words * 64 : 1, sizeof *p->bounds);
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

/* As in the index: a row of bits is put in at once. */
static bool make_rows(struct policy_probes *x, struct arena *a) {
    for (size_t i = 0; i < x->room; i++) {
        struct probe_slot *slot = &x->slots[i];
        if (slot->count < PROBE_ROW_LEAST)
            continue;
        slot->bits = arena_array(a, x->words, sizeof *slot->bits);
        if (slot->bits == NULL)
            return false;
        for (uint32_t k = slot->first; k != 0; k = x->next[k - 1])
            slot->bits[x->policy[k - 1] / 64] |= (uint64_t)1 << x->policy[k - 1] % 64;
    }
    return true;
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
    return make_rows(x, a) ? ST_OK : ST_NOMEM;
}

/* ---- asking ---- */

static void mark(const struct policy_probes *x, uint32_t probe, const struct cedar_value *v, uint64_t *own) {
    if (!is_simple(v->kind))
        return;
    const struct probe_slot *slot = slot_of(x, probe, v);
    for (size_t i = 0; slot->bits != NULL && i < x->words; i++)
        own[i] |= slot->bits[i];
    for (uint32_t k = slot->bits != NULL ? 0 : slot->first; k != 0; k = x->next[k - 1])
        own[x->policy[k - 1] / 64] |= (uint64_t)1 << x->policy[k - 1] % 64;
}

/* Only those that are left are compared. */
static void mark_bounds(const struct policy_probes *x, const struct probe *p, int64_t n, const uint64_t *bits,
                        uint64_t *own) {
    for (size_t i = 0; i < x->words; i++) {
        uint64_t hold = 0;
        for (uint64_t left = bits[i] & ~p->any[i]; left != 0; left &= left - 1) {
            unsigned bit = (unsigned)__builtin_ctzll(left);
            const struct probe_bound *b = &p->bounds[i * 64 + bit];
            hold |= (uint64_t)((n >= b->low) & (n <= b->high)) << bit;
        }
        own[i] |= hold;
    }
}

/* Where what is above the resource may be more than it is within, its policies are not sure. */
static void mark_within(const struct policy_probes *x, uint32_t probe, const struct eval *v,
                        const struct cedar_entity *e, uint64_t *sure, uint64_t *own) {
    const struct cedar_entity *above;
    struct cedar_value one = {.kind = CEDAR_ENTITY, .entity = *e};
    size_t n = v->entities->above(v->entities, e, &above);
    mark(x, probe, &one, own);
    for (size_t i = 0; i < n; i++) {
        one.entity = above[i];
        mark(x, probe, &one, own);
    }
    bool more = !v->entities->exact && cedar_entity_equal(e, &v->resource.entity);
    for (size_t i = 0; more && i < x->words; i++) {
        sure[i] &= x->list[probe].any[i];
        own[i] = x->list[probe].negated ? x->list[probe].any[i] : own[i];
    }
}

/* Whether enough policies are left that the probe costs less than they. */
static bool is_worth_it(const struct policy_probes *x, const struct probe *p, const uint64_t *bits) {
    size_t left = 0;
    for (size_t i = 0; i < x->words && left < PROBE_LEAST; i++) {
        for (uint64_t word = bits[i] & ~p->any[i]; word != 0 && left < PROBE_LEAST; word &= word - 1)
            left++;
    }
    return left == PROBE_LEAST;
}

/* A value of a kind that the form can't take is an error of its policies. */
static bool evaluate(const struct probe *p, struct eval *v, struct cedar_value *found) {
    static const enum cedar_kind kinds[] = {[PROBE_ITEM] = CEDAR_SET,
                                            [PROBE_ORDER] = CEDAR_LONG,
                                            [PROBE_TRUTH] = CEDAR_BOOL,
                                            [PROBE_WITHIN] = CEDAR_ENTITY};
    if (p->form == PROBE_WITHIN && v->entities->above == NULL)
        return false;
    return eval_expr(v, p->of, found) == EVALUATED &&
           (p->form == PROBE_VALUE || found->kind == kinds[p->form]);
}

static void mark_found(const struct policy_probes *x, uint32_t k, const struct eval *v,
                       const struct cedar_value *found, const uint64_t *bits, uint64_t *sure, uint64_t *own) {
    const struct probe *p = &x->list[k];
    switch (p->form) {
    case PROBE_ITEM:
        for (size_t i = 0; i < found->set.count; i++)
            mark(x, k, &found->set.items[i], own);
        return;
    case PROBE_ORDER:
        mark_bounds(x, p, found->i, bits, own);
        return;
    case PROBE_WITHIN:
        mark_within(x, k, v, &found->entity, sure, own);
        return;
    default:
        mark(x, k, found, own);
    }
}

void policy_probes_ask(const struct policy_probes *x, struct eval *v, uint64_t *bits, uint64_t *room) {
    uint64_t *sure = room, *own = room + x->words;
    bool fine[PROBES_MAX] = {false};
    for (size_t i = 0; i < x->words; i++)
        sure[i] = x->whole == NULL || v->entities->above == NULL ? 0 : x->whole[i];
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
        mark_found(x, k, v, &found, bits, sure, own);
        for (size_t i = 0; i < x->words; i++)
            bits[i] &= p->negated ? p->any[i] | ~own[i] : own[i];
    }
}
