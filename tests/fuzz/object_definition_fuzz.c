/* A definition from anybody: no crash, and what links is written and read back to the same text. */
#include "object/set.h"
#include "object/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool write_first(const struct object_set *set, struct buf *out) {
    buf_init(out, OBJECT_FILE_MAX, false);
    struct json j = json_to(out);
    object_write_definition(&j, set, set->objects[0]);
    return !out->failed;
}

static void check_round_trip(const struct object_set *set) {
    struct buf first, second;
    struct object_set *again = NULL;
    struct error e;
    if (write_first(set, &first)) {
        const struct object_source source = {"again.json", buf_slice(&first)};
        if (object_set_read(&source, 1, 1, &again, &e) != ST_OK || !write_first(again, &second) ||
            !slice_equal(buf_slice(&first), buf_slice(&second)))
            abort();
        buf_free(&second);
        object_set_release(again);
    }
    buf_free(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct object_source source = {"fuzz.json", slice_of(data, size)};
    struct object_set *set = NULL;
    struct error e = {0};
    if (object_set_read(&source, 1, 1, &set, &e) == ST_OK)
        check_round_trip(set);
    object_set_release(set);
    return 0;
}
