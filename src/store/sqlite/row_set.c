#include "store/sqlite/row_set.h"

#include <stdlib.h>

void row_set_give(struct row_set *s) {
    if (s == NULL || atomic_fetch_sub(&s->users, 1) > 1)
        return;
    free(s->list);
    free(s->bits);
    free(s);
}

static size_t bitmap_bytes(int64_t chunks) {
    return (size_t)chunks * POSTINGS_BYTES;
}

size_t row_set_bytes(const struct row_set *s) {
    size_t rows = s->bits != NULL ? bitmap_bytes(s->chunks) : (size_t)s->count * sizeof *s->list;
    return sizeof *s + rows;
}

static struct row_set *set_new(int64_t chunks) {
    struct row_set *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->chunks = chunks;
    atomic_store(&s->users, 1);
    return s;
}

static void set_bit(uint64_t *bits, int64_t row) {
    bits[row / 64] |= (uint64_t)1 << (row % 64);
}

/* Sums bits of bytes side by side: no instruction for it on every machine, and compilers make vectors of
 * this. */
static uint64_t bits_count(const uint64_t *bits, size_t words) {
    uint64_t sum = 0;
    for (size_t i = 0; i < words; i++) {
        uint64_t x = bits[i];
        x -= x >> 1 & 0x5555555555555555u;
        x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
        x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
        sum += x * 0x0101010101010101u >> 56;
    }
    return sum;
}

/* ---- making ---- */

void row_set_begin(struct row_set_maker *m, int64_t chunks) {
    *m = (struct row_set_maker){.set = set_new(chunks)};
    m->failed = m->set == NULL;
}

static void to_bits(struct row_set_maker *m) {
    struct row_set *s = m->set;
    s->bits = calloc((size_t)s->chunks + 1, POSTINGS_BYTES);
    m->failed = s->bits == NULL;
    for (size_t i = 0; !m->failed && i < s->count; i++)
        set_bit(s->bits, s->list[i]);
    free(s->list);
    s->list = NULL;
    m->room = 0;
}

/* Room for n rows more in the list, or the bitmap instead. */
static void make_room(struct row_set_maker *m, size_t n) {
    if (m->failed) /* perhaps for want of a set at all */
        return;
    struct row_set *s = m->set;
    size_t wanted = (size_t)s->count + n;
    if (s->bits != NULL || wanted <= m->room)
        return;
    if (wanted * sizeof *s->list > bitmap_bytes(s->chunks)) {
        to_bits(m);
        return;
    }
    size_t room = m->room == 0 ? 64 : m->room * 2;
    while (room < wanted)
        room *= 2;
    uint32_t *grown = reallocarray(s->list, room, sizeof *grown);
    m->failed = grown == NULL;
    if (m->failed)
        return;
    s->list = grown;
    m->room = room;
}

void row_set_add_row(struct row_set_maker *m, int64_t row) {
    make_room(m, 1);
    if (m->failed)
        return;
    if (m->set->bits != NULL)
        set_bit(m->set->bits, row);
    else
        m->set->list[m->set->count++] = (uint32_t)row;
}

void row_set_add(struct row_set_maker *m, int64_t chunk, struct slice rows) {
    if (rows.n == 0)
        return;
    make_room(m, rows.n == POSTINGS_BYTES ? POSTINGS_ROWS : rows.n / 2);
    if (m->failed)
        return;
    struct row_set *s = m->set;
    if (s->bits != NULL) {
        postings_read(rows, s->bits + chunk * POSTINGS_WORDS);
        return;
    }
    if (rows.n == POSTINGS_BYTES) { /* a few rows of many chunks */
        uint64_t bits[POSTINGS_WORDS] = {0};
        postings_read(rows, bits);
        for (int64_t i = 0; i < POSTINGS_ROWS; i++) {
            if ((bits[i / 64] >> (i % 64) & 1) != 0)
                s->list[s->count++] = (uint32_t)(chunk << POSTINGS_BITS | i);
        }
        return;
    }
    for (size_t i = 0; i + 1 < rows.n; i += 2)
        s->list[s->count++] =
            (uint32_t)(chunk << POSTINGS_BITS | ((rows.p[i] | rows.p[i + 1] << 8) & (POSTINGS_ROWS - 1)));
}

/* The first place in the list of a row from `row` on. */
static size_t place_of(const struct row_set *s, int64_t row) {
    size_t from = 0, to = (size_t)s->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (s->list[middle] < row)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

void row_set_add_from(struct row_set_maker *m, int64_t chunk, const struct row_set *from) {
    int64_t first = chunk << POSTINGS_BITS;
    if (m->failed || chunk >= from->chunks)
        return;
    if (from->bits != NULL && m->set->bits == NULL)
        to_bits(m);
    if (m->failed)
        return;
    if (from->bits != NULL) {
        memcpy(m->set->bits + chunk * POSTINGS_WORDS, from->bits + chunk * POSTINGS_WORDS, POSTINGS_BYTES);
        return;
    }
    size_t end = place_of(from, first + POSTINGS_ROWS);
    for (size_t i = place_of(from, first); i < end; i++)
        row_set_add_row(m, from->list[i]);
}

struct row_set *row_set_end(struct row_set_maker *m) {
    struct row_set *s = m->set;
    if (m->failed) {
        row_set_give(s);
        return NULL;
    }
    if (s->bits != NULL)
        s->count = bits_count(s->bits, (size_t)s->chunks * POSTINGS_WORDS);
    return s;
}

/* ---- together ---- */

static struct row_set *combine_bits(const struct row_set *a, const struct row_set *b, bool both) {
    struct row_set *s = set_new(a->chunks);
    size_t words = (size_t)a->chunks * POSTINGS_WORDS;
    if (s != NULL)
        s->bits = malloc(bitmap_bytes(a->chunks) + POSTINGS_BYTES);
    if (s == NULL || s->bits == NULL) {
        row_set_give(s);
        return NULL;
    }
    for (size_t i = 0; both && i < words; i++)
        s->bits[i] = a->bits[i] & b->bits[i];
    for (size_t i = 0; !both && i < words; i++)
        s->bits[i] = a->bits[i] | b->bits[i];
    s->count = bits_count(s->bits, words);
    return s;
}

static void push(void *context, int64_t row) {
    row_set_add_row(context, row);
}

/* A list where that is much shorter: of two common terms few rows may have both. */
static struct row_set *lean(struct row_set *s) {
    struct row_set_maker m;
    if (s == NULL || s->count * sizeof *s->list > bitmap_bytes(s->chunks) / 2)
        return s;
    row_set_begin(&m, s->chunks);
    row_set_each(s, push, &m);
    row_set_give(s);
    return row_set_end(&m);
}

struct row_set *row_set_and(const struct row_set *a, const struct row_set *b) {
    struct row_set_maker m;
    if (a->bits != NULL && b->bits != NULL)
        return lean(combine_bits(a, b, true));
    if (a->bits != NULL || (b->bits == NULL && b->count < a->count)) {
        const struct row_set *c = a;
        a = b;
        b = c;
    }
    row_set_begin(&m, a->chunks);
    for (size_t i = 0; i < a->count; i++) {
        if (row_set_has(b, a->list[i]))
            row_set_add_row(&m, a->list[i]);
    }
    return row_set_end(&m);
}

static void merge(struct row_set_maker *m, const struct row_set *a, const struct row_set *b) {
    size_t i = 0, k = 0;
    while (i < a->count || k < b->count) {
        uint32_t x = i < a->count ? a->list[i] : UINT32_MAX, y = k < b->count ? b->list[k] : UINT32_MAX;
        row_set_add_row(m, x < y ? x : y);
        i += x <= y;
        k += y <= x;
    }
}

struct row_set *row_set_or(const struct row_set *a, const struct row_set *b) {
    struct row_set_maker m;
    if (a->bits != NULL && b->bits != NULL)
        return combine_bits(a, b, false);
    row_set_begin(&m, a->chunks);
    if (a->bits == NULL && b->bits == NULL) {
        merge(&m, a, b);
        return row_set_end(&m);
    }
    const struct row_set *all = a->bits != NULL ? a : b, *few = a->bits != NULL ? b : a;
    for (int64_t i = 0; i < all->chunks; i++)
        row_set_add_from(&m, i, all);
    for (size_t i = 0; i < few->count; i++)
        row_set_add_row(&m, few->list[i]);
    return row_set_end(&m);
}

void row_set_each(const struct row_set *s, void (*call)(void *context, int64_t row), void *context) {
    for (size_t i = 0; s->bits == NULL && i < s->count; i++)
        call(context, s->list[i]);
    for (int64_t i = 0; s->bits != NULL && i < s->chunks * POSTINGS_WORDS; i++) {
        for (uint64_t word = s->bits[i]; word != 0; word &= word - 1)
            call(context, i * 64 + __builtin_ctzll(word));
    }
}

static void list_words(const uint32_t *list, size_t count, bool down, void (*call)(void *, int64_t, uint64_t),
                       void *context) {
    for (size_t i = 0; i < count;) {
        uint32_t word = list[down ? count - 1 - i : i] / 64;
        uint64_t rows = 0;
        for (; i < count; i++) {
            uint32_t row = list[down ? count - 1 - i : i];
            if (row / 64 != word)
                break;
            rows |= (uint64_t)1 << (row % 64);
        }
        call(context, (int64_t)word * 64, rows);
    }
}

const uint32_t *row_set_chunk_list(const struct row_set *s, int64_t chunk, size_t *count) {
    *count = 0;
    if (s->list == NULL)
        return NULL;
    size_t from = place_of(s, chunk << POSTINGS_BITS);
    *count = place_of(s, (chunk + 1) << POSTINGS_BITS) - from;
    return s->list + from;
}

void row_set_chunk_words(const struct row_set *s, int64_t chunk, bool down,
                         void (*call)(void *context, int64_t first, uint64_t rows), void *context) {
    if (s->bits == NULL) {
        size_t count;
        const uint32_t *list = row_set_chunk_list(s, chunk, &count);
        list_words(list, count, down, call, context);
        return;
    }
    for (int64_t i = 0; i < POSTINGS_WORDS; i++) {
        int64_t at = chunk * POSTINGS_WORDS + (down ? POSTINGS_WORDS - 1 - i : i);
        if (s->bits[at] != 0)
            call(context, at * 64, s->bits[at]);
    }
}

void row_set_words(const struct row_set *s, bool down,
                   void (*call)(void *context, int64_t first, uint64_t rows), void *context) {
    if (s->bits == NULL)
        list_words(s->list, (size_t)s->count, down, call, context);
    for (int64_t i = 0; s->bits != NULL && i < s->chunks; i++)
        row_set_chunk_words(s, down ? s->chunks - 1 - i : i, down, call, context);
}
