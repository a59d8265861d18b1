/* libFuzzer: what is not a write set is refused; what is one is written back as it was read. */
#include "store/wire.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct object_def object = {.id = 7, .name = "customer"};
static const struct object_def *const objects[] = {&object};
static const struct object_set set = {.objects = objects, .count = 1};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    struct buf again;
    struct write_set out;
    arena_init(&arena, (size_t)32 << 20, ARENA_PLAIN);
    buf_init(&again, WIRE_SET_MAX, false);
    if (wire_get_set(slice_of(data, size), &set, &arena, &out) == ST_OK) {
        wire_put_set(&again, &out);
        if (again.failed || !slice_equal(buf_slice(&again), slice_of(data, size)))
            abort();
    }
    buf_free(&again);
    arena_free(&arena);
    return 0;
}
