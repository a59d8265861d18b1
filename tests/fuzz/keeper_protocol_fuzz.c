/* libFuzzer: two bytes choose message and direction, the rest is a payload. What decodes must encode to
 * something that decodes to the same bytes again. */
#include "keeper/protocol.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void code(struct wire *w, const struct message_info *m, struct args *a, bool reply) {
    if (reply)
        wire_reply(w, m, a);
    else
        wire_request(w, m, a);
}

static bool decode(const struct message_info *m, bool reply, struct slice payload, struct arena *arena,
                   struct args *a) {
    struct wire w = wire_from(payload, arena);
    memset(a, 0, sizeof *a);
    code(&w, m, a, reply);
    return wire_done(&w);
}

static void encode(const struct message_info *m, bool reply, struct args *a, struct buf *out) {
    struct wire w = wire_to(out);
    code(&w, m, a, reply);
    if (!wire_done(&w))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t count;
    static struct args a;
    const struct message_info *table = protocol_table(&count);
    if (size < 2)
        return 0;
    const struct message_info *m = &table[data[0] % count];
    bool reply = data[1] & 1;
    struct arena arena;
    struct buf once, twice;
    arena_init(&arena, (size_t)128 << 20, ARENA_PLAIN);
    buf_init(&once, (size_t)16 << 20, false);
    buf_init(&twice, (size_t)16 << 20, false);
    if (decode(m, reply, slice_of(data + 2, size - 2), &arena, &a)) {
        encode(m, reply, &a, &once);
        if (!decode(m, reply, buf_slice(&once), &arena, &a))
            abort();
        encode(m, reply, &a, &twice);
        if (!slice_equal(buf_slice(&once), buf_slice(&twice)))
            abort();
    }
    buf_free(&once);
    buf_free(&twice);
    arena_free(&arena);
    return 0;
}
