#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_SIZE ((size_t)64 * 1024)
#define ALIGNMENT  ((size_t)16)
#define SPARE_MOST 4 /* blocks kept from request to request: enough for a page */

struct arena_block {
    struct arena_block *next;
    size_t size; /* bytes in data */
    size_t used;
    size_t padding; /* keeps data aligned to 16 */
    uint8_t data[];
};

void arena_init(struct arena *a, size_t limit, enum arena_kind kind) {
    *a = (struct arena){.block = NULL, .spare = NULL, .used = 0, .limit = limit, .kind = kind};
}

static void block_wipe(const struct arena *a, struct arena_block *b, size_t from) {
    if (a->kind == ARENA_SECRET && b->used > from)
        explicit_bzero(b->data + from, b->used - from);
}

/* The newest block, back to the system or kept. */
static void block_drop(struct arena *a) {
    struct arena_block *b = a->block;
    a->block = b->next;
    block_wipe(a, b, 0);
    if (b->size != BLOCK_SIZE || a->spare_count == SPARE_MOST) {
        free(b);
        return;
    }
    b->next = a->spare;
    a->spare = b;
    a->spare_count++;
}

void arena_reset(struct arena *a) {
    while (a->block != NULL)
        block_drop(a);
    a->used = 0;
}

struct arena_mark arena_mark(const struct arena *a) {
    return (struct arena_mark){a->block, a->block == NULL ? 0 : a->block->used, a->used};
}

void arena_rewind(struct arena *a, const struct arena_mark *m) {
    while (a->block != m->block)
        block_drop(a);
    if (a->block != NULL) {
        block_wipe(a, a->block, m->block_used);
        a->block->used = m->block_used;
    }
    a->used = m->used;
}

void arena_free(struct arena *a) {
    arena_reset(a);
    while (a->spare != NULL) {
        struct arena_block *b = a->spare;
        a->spare = b->next;
        free(b);
    }
    a->spare_count = 0;
}

static struct arena_block *block_new(struct arena *a, size_t n) {
    size_t size = n > BLOCK_SIZE ? n : BLOCK_SIZE;
    if (size == BLOCK_SIZE && a->spare != NULL) {
        struct arena_block *kept = a->spare;
        a->spare = kept->next;
        a->spare_count--;
        *kept = (struct arena_block){.next = a->block, .size = size, .used = 0};
        a->block = kept;
        return kept;
    }
    struct arena_block *b = malloc(sizeof *b + size);
    if (b == NULL)
        return NULL;
    *b = (struct arena_block){.next = a->block, .size = size, .used = 0};
    a->block = b;
    return b;
}

void *arena_take(struct arena *a, size_t n) {
    if (n > SIZE_MAX - ALIGNMENT)
        return NULL;
    size_t rounded = (n + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    if (rounded > a->limit - a->used)
        return NULL;
    struct arena_block *b = a->block;
    if (b == NULL || b->size - b->used < rounded)
        b = block_new(a, rounded);
    if (b == NULL)
        return NULL;
    void *p = b->data + b->used;
    b->used += rounded;
    a->used += rounded;
    return p;
}

void *arena_alloc(struct arena *a, size_t n) {
    void *p = arena_take(a, n);
    if (p != NULL)
        memset(p, 0, n);
    return p;
}

void *arena_array(struct arena *a, size_t count, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        return NULL;
    return arena_alloc(a, total);
}

char *arena_string(struct arena *a, struct slice s) {
    if (s.n == SIZE_MAX)
        return NULL;
    char *copy = arena_take(a, s.n + 1);
    if (copy == NULL)
        return NULL;
    if (s.n > 0)
        memcpy(copy, s.p, s.n);
    copy[s.n] = '\0';
    return copy;
}

struct slice arena_copy(struct arena *a, struct slice s) {
    char *copy = arena_string(a, s);
    return slice_of(copy, copy == NULL ? 0 : s.n);
}

char *arena_format(struct arena *a, const char *format, ...) {
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *out = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
    if (out != NULL)
        (void)vsnprintf(out, (size_t)n + 1, format, again);
    va_end(again);
    return out;
}
