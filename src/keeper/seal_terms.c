#include "keeper/seal.h"
#include "value/terms.h"

#include <stdlib.h>

#define FEW 24

/* One field's index of one kind, for one row. */
struct indexed {
    struct seal_work *s;
    struct parts_index index;
    const struct uuid *record;
    struct keeper_term term; /* all but the number */
};

/* A term before it is hashed. */
struct source {
    uint64_t name;
    struct slice text;
    uint8_t levels;
};

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

static int by_name(const void *a, const void *b) {
    uint64_t x = ((const struct source *)a)->name, y = ((const struct source *)b)->name;
    return x < y ? -1 : x > y;
}

/* By name, which says nothing of the order they come in. A value has some dozen: put in their places one by
 * one, without the memory and the calls of qsort. */
static void sort_tokens(struct source *list, size_t n) {
    if (n > FEW) {
        qsort(list, n, sizeof *list, by_name);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        struct source moved = list[i];
        size_t at = i;
        for (; at > 0 && list[at - 1].name > moved.name; at--)
            list[at] = list[at - 1];
        list[at] = moved;
    }
}

/* The tokens of one value, by name. */
static enum status tokens_of(struct indexed *x, enum value_type type, struct slice value, struct source **out,
                             size_t *n) {
    struct term_set set = {.n = 0};
    enum status st = ST_OK;
    if (value.p != NULL)
        st = terms_of_value(type, (enum field_search)x->index.search, value, &x->s->small, &set);
    *n = 0;
    *out = arena_array(&x->s->small, set.n, sizeof **out);
    if (st == ST_OK && *out == NULL)
        st = ST_NOMEM;
    for (size_t i = 0; st == ST_OK && i < set.n; i++)
        (*out)[(*n)++] =
            (struct source){parts_name(x->s->w->state->parts, &x->index, set.terms[i]), set.terms[i], 1};
    sort_tokens(*out, *n);
    return st;
}

/* What `a` has and `b` has not, in the room of `a`. */
static size_t difference(const struct source *a, size_t n, const struct source *b, size_t m,
                         struct source *out) {
    size_t k = 0, count = 0;
    for (size_t i = 0; i < n; i++) {
        while (k < m && b[k].name < a[i].name)
            k++;
        bool both = k < m && b[k].name == a[i].name;
        if (!both && (i == 0 || a[i].name != a[i - 1].name))
            out[count++] = a[i];
    }
    return count;
}

static enum status read_levels(struct indexed *x, struct source *tokens, size_t n, bool fresh) {
    struct parts *p = x->s->w->state->parts;
    uint64_t *names = arena_array(&x->s->small, n, sizeof *names);
    uint8_t *levels = arena_array(&x->s->small, n, sizeof *levels);
    if (names == NULL || levels == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < n; i++)
        names[i] = tokens[i].name;
    if (fresh)
        parts_count(p, &x->index, names, n);
    parts_levels(p, names, n, levels);
    for (size_t i = 0; i < n; i++)
        tokens[i].levels = levels[i];
    if (fresh && (x->index.search & (SEARCH_WORDS | SEARCH_FRAGMENT)) != 0) {
        for (size_t i = 0; i < n; i++)
            recall_fetch(x->s->w->tools.recall, names[i], parts_level(levels[i]));
    }
    return ST_OK;
}

/* The common ones are known from rows before (recall.h). */
static enum status put_part(struct indexed *x, const struct source *t, unsigned level) {
    struct tools *tools = &x->s->w->tools;
    unsigned part = recall_choose(tools->recall, t->name, level, x->record);
    bool recalled = (x->index.search & (SEARCH_WORDS | SEARCH_FRAGMENT)) != 0;
    if (recalled && recall_term(tools->recall, t->name, level, part, &x->term.term))
        return put_term(x->s, &x->term);
    enum status st = tools_term_part(tools, x->index.object, x->index.field, x->index.search, t->text, level,
                                     part, &x->term.term);
    if (st == ST_OK && recalled)
        recall_put(tools->recall, t->name, level, part, x->term.term);
    return st == ST_OK ? put_term(x->s, &x->term) : st;
}

/* New ones have the term of the newest level; old ones leave by every term that they may have had. */
static enum status put_tokens(struct indexed *x, struct source *tokens, size_t n, bool remove) {
    enum status st = n == 0 ? ST_OK : read_levels(x, tokens, n, !remove);
    x->term.remove = remove;
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        unsigned newest = parts_level(tokens[i].levels);
        for (unsigned level = remove ? 0 : newest; st == ST_OK && level <= newest; level++) {
            if ((tokens[i].levels >> level & 1) != 0)
                st = put_part(x, &tokens[i], level);
        }
    }
    return st;
}

static enum status index_terms(struct indexed *x, enum value_type type, struct slice old,
                               struct slice fresh) {
    struct source *was = NULL, *is = NULL;
    size_t was_n = 0, is_n = 0;
    enum status st = tokens_of(x, type, old, &was, &was_n);
    if (st == ST_OK)
        st = tokens_of(x, type, fresh, &is, &is_n);
    struct source *gone = arena_array(&x->s->small, was_n, sizeof *gone);
    struct source *came = arena_array(&x->s->small, is_n, sizeof *came);
    if (st == ST_OK && (gone == NULL || came == NULL))
        st = ST_NOMEM;
    if (st == ST_OK)
        st = put_tokens(x, gone, difference(was, was_n, is, is_n, gone), true);
    return st == ST_OK ? put_tokens(x, came, difference(is, is_n, was, was_n, came), false) : st;
}

enum status seal_terms(struct seal_work *s, size_t row, const struct catalogue_field *f, struct slice old,
                       struct slice fresh) {
    enum status st = ST_OK;
    for (uint8_t search = SEARCH_EXACT; st == ST_OK && search <= SEARCH_FRAGMENT;
         search = (uint8_t)(search << 1)) {
        if ((f->search & search) == 0)
            continue;
        arena_reset(&s->small);
        struct indexed x = {.s = s,
                            .index = {f->object, f->field, search},
                            .record = &s->q->rows[row].row.record,
                            .term = {.row = (uint32_t)row, .field = f->field, .search = search}};
        st = index_terms(&x, (enum value_type)f->type, old, fresh);
    }
    return st;
}
