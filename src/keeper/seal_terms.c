#include "keeper/seal.h"
#include "value/terms.h"

#include <stdlib.h>

static enum status put_term(struct seal_work *s, const struct keeper_term *t) {
    struct keeper_sealed *out = s->out;
    if (out->term_count == s->term_room) {
        size_t room = s->term_room == 0 ? 256 : s->term_room * 2;
        struct keeper_term *grown = arena_array(&s->w->arena, room, sizeof *grown);
        if (grown == NULL)
            return ST_NOMEM;
        if (out->term_count > 0)
            memcpy(grown, out->terms, out->term_count * sizeof *grown);
        out->terms = grown;
        s->term_room = room;
    }
    out->terms[out->term_count++] = *t;
    return ST_OK;
}

static int by_number(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* The terms of one value for one kind, hashed and sorted. */
static enum status hashed(struct seal_work *s, const struct catalogue_field *f, uint8_t search,
                          struct slice value, uint64_t **out, size_t *n) {
    struct term_set set = {.n = 0};
    enum status st = ST_OK;
    if (value.p != NULL)
        st = terms_of_value((enum value_type)f->type, (enum field_search)search, value, &s->small, &set);
    *n = set.n;
    *out = arena_array(&s->small, set.n, sizeof **out);
    if (st == ST_OK && *out == NULL)
        st = ST_NOMEM;
    for (size_t i = 0; st == ST_OK && i < set.n; i++)
        st = tools_term(&s->w->tools, f->object, f->field, search, set.terms[i], &(*out)[i]);
    if (st == ST_OK && set.n > 1)
        qsort(*out, set.n, sizeof **out, by_number);
    return st;
}

static enum status difference(struct seal_work *s, const uint64_t *a, size_t n, const uint64_t *b, size_t m,
                              struct keeper_term t) {
    size_t k = 0;
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        while (k < m && b[k] < a[i])
            k++;
        bool both = k < m && b[k] == a[i];
        if (both || (i > 0 && a[i] == a[i - 1]))
            continue;
        t.term = a[i];
        st = put_term(s, &t);
    }
    return st;
}

enum status seal_terms(struct seal_work *s, size_t row, const struct catalogue_field *f, struct slice old,
                       struct slice fresh) {
    enum status st = ST_OK;
    for (uint8_t search = SEARCH_EXACT; st == ST_OK && search <= SEARCH_FRAGMENT;
         search = (uint8_t)(search << 1)) {
        uint64_t *was = NULL, *is = NULL;
        size_t was_n = 0, is_n = 0;
        if ((f->search & search) == 0)
            continue;
        arena_reset(&s->small);
        st = hashed(s, f, search, old, &was, &was_n);
        if (st == ST_OK)
            st = hashed(s, f, search, fresh, &is, &is_n);
        struct keeper_term t = {.row = (uint32_t)row, .field = f->field, .search = search, .remove = true};
        if (st == ST_OK)
            st = difference(s, was, was_n, is, is_n, t);
        t.remove = false;
        if (st == ST_OK)
            st = difference(s, is, is_n, was, was_n, t);
    }
    return st;
}
