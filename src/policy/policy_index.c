#include "policy/policy_index.h"

#include "base/map.h"

static struct index_slot *slot_of(const struct policy_index *x, unsigned by, const struct cedar_entity *e) {
    size_t i = (size_t)(map_hash(e->id, 1) ^ map_hash(e->type, 2)) & (x->room - 1);
    while (x->slots[by][i].entity != NULL && !cedar_entity_equal(x->slots[by][i].entity, e))
        i = (i + 1) & (x->room - 1);
    return &x->slots[by][i];
}

static void set_bit(uint64_t *bits, size_t i) {
    bits[i / 64] |= (uint64_t)1 << i % 64;
}

static void file_scope(struct policy_index *x, unsigned by, const struct scope *s, size_t policy) {
    if (s->slot || s->op == SCOPE_ANY || s->op == SCOPE_IS) {
        set_bit(x->any[by], policy);
        return;
    }
    for (size_t i = 0; i < s->count; i++) {
        struct index_slot *slot = slot_of(x, by, &s->entities[i]);
        slot->entity = &s->entities[i];
        x->policy[x->entry_count] = (uint32_t)policy;
        x->next[x->entry_count++] = slot->first;
        slot->first = (uint32_t)x->entry_count;
    }
}

static bool take_memory(struct policy_index *x, size_t entries, struct arena *a) {
    x->room = 16;
    while (x->room < entries * 2)
        x->room *= 2;
    x->next = arena_array(a, entries, sizeof *x->next);
    x->policy = arena_array(a, entries, sizeof *x->policy);
    bool fine = x->next != NULL && x->policy != NULL;
    for (unsigned by = 0; by < 3; by++) {
        x->slots[by] = arena_array(a, x->room, sizeof **x->slots);
        x->any[by] = arena_array(a, x->words, sizeof **x->any);
        fine = fine && x->slots[by] != NULL && x->any[by] != NULL;
    }
    return fine;
}

enum status policy_index_make(const struct policies *policies, struct arena *a,
                              const struct policy_index **out) {
    struct policy_index *x = arena_alloc(a, sizeof *x);
    size_t entries = 1;
    for (size_t i = 0; i < policies->count; i++)
        entries += policies->list[i]->action.count + 2;
    if (x == NULL)
        return ST_NOMEM;
    x->words = policies->count / 64 + 1;
    if (!take_memory(x, entries, a))
        return ST_NOMEM;
    for (size_t i = 0; i < policies->count; i++) {
        file_scope(x, 0, &policies->list[i]->principal, i);
        file_scope(x, 1, &policies->list[i]->action, i);
        file_scope(x, 2, &policies->list[i]->resource, i);
    }
    *out = x;
    return ST_OK;
}

static void mark(const struct policy_index *x, unsigned by, const struct cedar_entity *e, uint64_t *bits) {
    for (uint32_t k = slot_of(x, by, e)->first; k != 0; k = x->next[k - 1])
        set_bit(bits, x->policy[k - 1]);
}

void policy_index_ask(const struct policy_index *x, const struct entities *entities,
                      const struct cedar_entity *const request[3], uint64_t *bits) {
    uint64_t *own = bits + x->words;
    memset(bits, 0xff, x->words * sizeof *bits);
    for (unsigned by = 0; by < 3 && entities->above != NULL; by++) {
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
