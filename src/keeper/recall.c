#include "keeper/recall.h"

#include <stdlib.h>

struct recall *recall_new(void) {
    return calloc(1, sizeof(struct recall));
}

void recall_free(struct recall *r) {
    if (r == NULL)
        return;
    explicit_bzero(r, sizeof *r);
    free(r);
}

static size_t place(uint64_t name, unsigned level, unsigned part) {
    return (size_t)((name + (1u << level) + part) % RECALL_TERMS);
}

bool recall_term(const struct recall *r, uint64_t name, unsigned level, unsigned part, uint64_t *term) {
    const struct recall_term *t = &r->terms[place(name, level, part)];
    *term = t->term;
    return t->name == name && t->level == level && t->part == part;
}

void recall_fetch(const struct recall *r, uint64_t name, unsigned level) {
    __builtin_prefetch(&r->terms[place(name, level, 0)]);
    if (level != 0)
        __builtin_prefetch(&r->weights[name % RECALL_WEIGHTS]);
}

void recall_put(struct recall *r, uint64_t name, unsigned level, unsigned part, uint64_t term) {
    r->terms[place(name, level, part)] = (struct recall_term){name, term, (uint16_t)level, (uint16_t)part};
}

unsigned recall_choose(struct recall *r, uint64_t name, unsigned level, const struct uuid *record) {
    if (level == 0)
        return 0;
    struct recall_weights *w = &r->weights[name % RECALL_WEIGHTS];
    if (w->name != name || w->weights.level != level) {
        w->name = name;
        parts_weigh(name, level, &w->weights);
    }
    return parts_pick(name, &w->weights, record);
}
