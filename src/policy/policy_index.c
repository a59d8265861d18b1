#include "policy/policy_index.h"

#include "base/map.h"
#include "policy/policy_probe.h"

#define INDEX_ROW_LEAST 32

static struct index_slot *slot_of(const struct policy_index *x, unsigned by, const struct cedar_entity *e) {
    size_t i = (size_t)(map_hash(e->id, 1) ^ map_hash(e->type, 2)) & (x->room - 1);
    while (x->slots[by][i].entity != NULL && !cedar_entity_equal(x->slots[by][i].entity, e))
        i = (i + 1) & (x->room - 1);
    return &x->slots[by][i];
}

static void set_bit(uint64_t *bits, size_t i) {
    bits[i / 64] |= (uint64_t)1 << i % 64;
}

static void file_entity(struct policy_index *x, unsigned by, const struct cedar_entity *e, size_t policy) {
    struct index_slot *slot = slot_of(x, by, e);
    slot->entity = e;
    x->policy[x->entry_count] = (uint32_t)policy;
    x->next[x->entry_count++] = slot->first;
    slot->first = (uint32_t)x->entry_count;
    slot->count++;
}

/* A scope that stands among the conditions: `when { principal in Role::"a" && …`. */
static void file_condition(struct policy_index *x, unsigned by, const struct policy *p, size_t policy) {
    static const enum variable variables[] = {VARIABLE_PRINCIPAL, VARIABLE_ACTION, VARIABLE_RESOURCE};
    struct probe_entities wanted;
    if (!policy_probe_entities(p, variables[by], &wanted)) {
        set_bit(x->any[by], policy);
        return;
    }
    x->named[by] = true;
    for (size_t i = 0; i < wanted.count; i++)
        file_entity(x, by, &wanted.items[i].entity, policy);
}

static void file_scope(struct policy_index *x, unsigned by, const struct policy *p, const struct scope *s,
                       size_t policy) {
    if (s->slot || s->op == SCOPE_ANY || s->op == SCOPE_IS) {
        file_condition(x, by, p, policy);
        return;
    }
    x->named[by] = true; /* nothing is in an empty list */
    for (size_t i = 0; i < s->count; i++)
        file_entity(x, by, &s->entities[i], policy);
}

/* What principal and action are within is known exactly, what the resource is within is not (eval.h). */
static bool is_open(const struct policy *p) {
    return (p->principal.op == SCOPE_ANY || p->principal.op == SCOPE_IN) &&
           (p->action.op == SCOPE_ANY || p->action.op == SCOPE_IN) && p->resource.op == SCOPE_ANY &&
           !policy_is_template(p);
}

static size_t entries_of(const struct policy *p) {
    size_t n = p->action.count + 2;
    for (unsigned v = VARIABLE_PRINCIPAL; v <= VARIABLE_RESOURCE; v++) {
        struct probe_entities wanted;
        n += policy_probe_entities(p, (enum variable)v, &wanted) ? wanted.count : 0;
    }
    return n;
}

static bool take_memory(struct policy_index *x, size_t entries, struct arena *a) {
    x->room = 16;
    while (x->room < entries * 2)
        x->room *= 2;
    x->next = arena_array(a, entries, sizeof *x->next);
    x->policy = arena_array(a, entries, sizeof *x->policy);
    x->open = arena_array(a, x->words, sizeof *x->open);
    bool fine = x->next != NULL && x->policy != NULL && x->open != NULL;
    for (unsigned by = 0; by < 3; by++) {
        x->slots[by] = arena_array(a, x->room, sizeof **x->slots);
        x->any[by] = arena_array(a, x->words, sizeof **x->any);
        fine = fine && x->slots[by] != NULL && x->any[by] != NULL;
    }
    return fine;
}

/* A whole row of bits is put in at once for less than a few dozen bits one by one. */
static bool make_rows(struct policy_index *x, struct arena *a) {
    for (unsigned by = 0; by < 3; by++) {
        for (size_t i = 0; i < x->room; i++) {
            struct index_slot *slot = &x->slots[by][i];
            if (slot->count < INDEX_ROW_LEAST)
                continue;
            slot->bits = arena_array(a, x->words, sizeof *slot->bits);
            if (slot->bits == NULL)
                return false;
            for (uint32_t k = slot->first; k != 0; k = x->next[k - 1])
                set_bit(slot->bits, x->policy[k - 1]);
        }
    }
    return true;
}

enum status policy_index_make(const struct policies *policies, struct arena *a,
                              const struct policy_index **out) {
    struct policy_index *x = arena_alloc(a, sizeof *x);
    size_t entries = 1;
    for (size_t i = 0; i < policies->count; i++)
        entries += entries_of(policies->list[i]);
    if (x == NULL)
        return ST_NOMEM;
    x->words = policies->count / 64 + 1;
    if (!take_memory(x, entries, a))
        return ST_NOMEM;
    for (size_t i = 0; i < policies->count; i++) {
        file_scope(x, 0, policies->list[i], &policies->list[i]->principal, i);
        file_scope(x, 1, policies->list[i], &policies->list[i]->action, i);
        file_scope(x, 2, policies->list[i], &policies->list[i]->resource, i);
        if (is_open(policies->list[i]))
            set_bit(x->open, i);
    }
    *out = x;
    return make_rows(x, a) ? ST_OK : ST_NOMEM;
}

static void mark(const struct policy_index *x, unsigned by, const struct cedar_entity *e, uint64_t *bits) {
    const struct index_slot *slot = slot_of(x, by, e);
    for (size_t i = 0; slot->bits != NULL && i < x->words; i++)
        bits[i] |= slot->bits[i];
    for (uint32_t k = slot->bits != NULL ? 0 : slot->first; k != 0; k = x->next[k - 1])
        set_bit(bits, x->policy[k - 1]);
}

bool policy_index_head(const struct policy_index *x, const struct eval *v, const struct policy *p,
                       size_t at) {
    bool known = v->entities->above != NULL && (x->open[at / 64] >> at % 64 & 1) != 0;
    return known || eval_head_left(v, p);
}

void policy_index_ask(const struct policy_index *x, const struct entities *entities,
                      const struct cedar_entity *const request[3], uint64_t *bits) {
    uint64_t *own = bits + x->words;
    memset(bits, 0xff, x->words * sizeof *bits);
    for (unsigned by = 0; by < 3 && entities->above != NULL; by++) {
        if (!x->named[by])
            continue;
        const struct cedar_entity *above;
        size_t n = entities->above(entities, request[by], &above);
        memcpy(own, x->any[by], x->words * sizeof *own);
        mark(x, by, request[by], own);
        for (size_t i = 0; i < n; i++)
            mark(x, by, &above[i], own);
        for (size_t i = 0; i < x->words; i++)
            bits[i] &= own[i];
    }
}
