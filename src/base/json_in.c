#include "base/json_in.h"

#include "base/buf.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdlib.h>

/* What a parse has allocated and not yet given back: a set of pointers, open addressing, never more than half
 * full. */
struct parse {
    jmp_buf out_of_memory;
    void **held;
    size_t room, count; /* room is a power of two */
};

static _Thread_local struct parse *current; /* the calling thread's, while it parses */

static size_t place_of(const void *p, size_t room) {
    return (size_t)(((uintptr_t)p >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (room - 1);
}

static void put(void **held, size_t room, void *p) {
    size_t at = place_of(p, room);
    while (held[at] != NULL)
        at = (at + 1) & (room - 1);
    held[at] = p;
}

static bool grow(struct parse *x) {
    size_t room = x->room == 0 ? 256 : x->room * 2;
    void **held = calloc(room, sizeof *held);
    if (held == NULL)
        return false;
    for (size_t i = 0; i < x->room; i++) {
        if (x->held[i] != NULL)
            put(held, room, x->held[i]);
    }
    free(x->held);
    x->held = held;
    x->room = room;
    return true;
}

/* Takes it out and closes the gap, so that whatever was pushed past it is still found. */
static void forget(struct parse *x, const void *p) {
    size_t mask = x->room - 1, at = place_of(p, x->room);
    while (x->held[at] != p) {
        if (x->held[at] == NULL)
            return; /* from before the parse */
        at = (at + 1) & mask;
    }
    x->count--;
    for (size_t next = (at + 1) & mask; x->held[next] != NULL; next = (next + 1) & mask) {
        size_t home = place_of(x->held[next], x->room);
        if (((next - home) & mask) < ((next - at) & mask))
            continue; /* its home lies behind the gap */
        x->held[at] = x->held[next];
        at = next;
    }
    x->held[at] = NULL;
}

static void *json_take(size_t n) {
    struct parse *x = current;
    void *p = malloc(n);
    if (x == NULL)
        return p;
    if (p == NULL || (2 * (x->count + 1) > x->room && !grow(x))) {
        free(p);
        longjmp(x->out_of_memory, 1);
    }
    put(x->held, x->room, p);
    x->count++;
    return p;
}

/* What is given back is wiped: it may be a customer's (base/wipe.h). */
static void wipe_and_free(void *p) {
    if (p == NULL)
        return;
    explicit_bzero(p, malloc_usable_size(p));
    free(p);
}

static void json_give(void *p) {
    if (current != NULL && p != NULL)
        forget(current, p);
    wipe_and_free(p);
}

/* Before any value is made, so that every value is given back the way it was taken. */
__attribute__((constructor)) static void set_allocator(void) {
    json_set_alloc_funcs(json_take, json_give);
}

static void give_all_back(struct parse *x) {
    for (size_t i = 0; i < x->room; i++)
        wipe_and_free(x->held[i]);
}

/* In a frame of its own: what lives in the caller's is certain after the jump. */
static enum status parse_in(struct parse *x, struct slice text, size_t flags, json_t **out,
                            json_error_t *why) {
    if (setjmp(x->out_of_memory) != 0) {
        current = NULL;
        give_all_back(x);
        return ST_NOMEM;
    }
    current = x;
    *out = json_loadb(text.n == 0 ? "" : (const char *)text.p, text.n, flags, why);
    current = NULL;
    return *out == NULL ? ST_INVALID : ST_OK;
}

enum status json_read(struct slice text, size_t flags, json_t **out, json_error_t *why) {
    struct parse x = {.held = NULL};
    *out = NULL;
    enum status s = grow(&x) ? parse_in(&x, text, flags, out, why) : ST_NOMEM;
    free(x.held);
    return s;
}

#define PRINT_MOST ((size_t)256 * 1024 * 1024)

static int print_part(const char *text, size_t n, void *out) {
    buf_put(out, text, n);
    return ((struct buf *)out)->failed ? -1 : 0;
}

char *json_print(const json_t *value, size_t flags) {
    struct buf b;
    buf_init(&b, PRINT_MOST, true);
    int failed = json_dump_callback(value, print_part, &b, flags);
    buf_put_u8(&b, 0);
    if (failed == 0 && !b.failed)
        return (char *)b.p;
    buf_free(&b);
    return NULL;
}

struct slice json_members(struct arena *a, const json_t *from, const char *const *names, size_t count) {
    json_t *kept = json_object();
    bool whole = kept != NULL;
    for (size_t i = 0; whole && i < count; i++) {
        json_t *v = json_object_get(from, names[i]);
        whole = v == NULL || json_object_set(kept, names[i], v) == 0;
    }
    char *text = whole ? json_print(kept, JSON_COMPACT) : NULL;
    struct slice copy = text == NULL ? SLICE_NONE : arena_copy(a, slice_from_string(text));
    free(text);
    json_decref(kept);
    return copy;
}
