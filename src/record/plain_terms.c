#include "record/plain_terms.h"

#include "value/terms.h"

/* Stable on disk: FNV-1a over field, kind and term, 63 bits. */
static uint64_t hash_term(uint16_t field, enum field_search search, struct slice term) {
    return map_hash(term, (uint64_t)field << 8 | (uint64_t)search) & INT64_MAX;
}

static enum status terms_of_kind(struct arena *a, const struct field_def *f, enum field_search kind,
                                 struct slice text, bool remove, struct term_change *out, size_t room,
                                 size_t *count) {
    struct term_set set;
    enum status s = terms_of_value(f->type, kind, text, a, &set);
    if (s != ST_OK)
        return s;
    if (set.n > room - *count)
        return ST_LIMIT;
    for (size_t i = 0; i < set.n; i++) {
        out[(*count)++] = (struct term_change){.field = f->id,
                                               .search = (uint8_t)kind,
                                               .remove = remove,
                                               .term = hash_term(f->id, kind, set.terms[i])};
    }
    return ST_OK;
}

/* Of the words only their numbers are needed; a batch of them is more than the caches hold. */
enum status plain_terms_of_value(struct arena *a, const struct field_def *f, struct slice text, bool remove,
                                 struct term_change *out, size_t room, size_t *count) {
    struct arena_mark before = arena_mark(a);
    enum status s = ST_OK;
    for (unsigned kind = SEARCH_EXACT; s == ST_OK && kind <= SEARCH_FRAGMENT; kind <<= 1) {
        if ((f->search & kind) != 0)
            s = terms_of_kind(a, f, kind, text, remove, out, room, count);
    }
    arena_rewind(a, &before);
    return s;
}

static const struct pred *terms_node(struct arena *a, const struct field_def *f, enum field_search search,
                                     const struct cell *cells, size_t n) {
    struct pred *p = arena_alloc(a, sizeof *p);
    if (p == NULL)
        return NULL;
    *p =
        (struct pred){.op = PRED_TERMS, .column = f->id, .search = search, .values = cells, .value_count = n};
    return p;
}

enum status plain_terms_pred(struct caller *c, const struct field_def *f, enum field_search search,
                             struct slice text, const struct pred **out, struct error *e) {
    struct term_query query;
    enum status s = terms_for_query(f->type, search, text, c->arena, &query, e);
    if (s != ST_OK)
        return s;
    const struct pred *any = &pred_false;
    for (size_t i = 0; i < query.n && any != NULL; i++) {
        struct cell *cells = arena_array(c->arena, query.any[i].n, sizeof *cells);
        if (cells == NULL)
            return error_set(e, ST_NOMEM, "no_memory", "terms");
        for (size_t t = 0; t < query.any[i].n; t++) {
            cells[t] = cell_int((int64_t)hash_term(f->id, search, query.any[i].terms[t]));
        }
        any = pred_or(c->arena, any, terms_node(c->arena, f, search, cells, query.any[i].n));
    }
    *out = any;
    return any == NULL ? error_set(e, ST_NOMEM, "no_memory", "terms") : ST_OK;
}

/* Any of terms that belong together. */
static const struct pred *group_node(struct arena *a, const struct field_def *f, enum field_search search,
                                     const struct cell *cells, size_t n) {
    const struct pred *any = &pred_false;
    for (size_t i = 0; i < n && any != NULL; i++)
        any = pred_or(a, any, terms_node(a, f, search, &cells[i], 1));
    return any;
}

/* All terms of a list: those that stand alone in one node. */
static const struct pred *list_node(struct arena *a, const struct field_def *f, enum field_search search,
                                    const struct keeper_term_list *l) {
    struct cell *cells = arena_array(a, l->count, sizeof *cells),
                *alone = arena_array(a, l->count, sizeof *alone);
    const struct pred *all = &pred_true;
    size_t count = 0;
    if (cells == NULL || alone == NULL)
        return NULL;
    for (size_t i = 0; i < l->count; i++)
        cells[i] = cell_int((int64_t)(l->terms[i] & ~KEEPER_TERM_OR));
    for (size_t from = 0, to; from < l->count; from = to) {
        for (to = from + 1; to < l->count && (l->terms[to] & KEEPER_TERM_OR) != 0;)
            to++;
        if (to - from == 1)
            alone[count++] = cells[from];
        else
            all = pred_and(a, all, group_node(a, f, search, &cells[from], to - from));
    }
    return count == 0 ? all : pred_and(a, all, terms_node(a, f, search, alone, count));
}

enum status sealed_terms_pred(struct caller *c, const struct object_def *o, const struct field_def *f,
                              enum field_search search, enum view view, struct slice text,
                              const struct pred **out, struct error *e) {
    struct keeper_term_list *lists;
    size_t n;
    enum status s = keeper_lookup(c->keeper, &c->call, o->id, f->id, (uint8_t)search, view, text, c->arena,
                                  &lists, &n, e);
    if (s != ST_OK)
        return s;
    const struct pred *any = &pred_false;
    for (size_t i = 0; i < n && any != NULL; i++)
        any = pred_or(c->arena, any, list_node(c->arena, f, search, &lists[i]));
    *out = any;
    return any == NULL ? error_set(e, ST_NOMEM, "no_memory", "terms") : ST_OK;
}
