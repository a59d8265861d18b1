/* An entry's two parts, as they come from a file: no crash, and what decodes encodes to the same bytes.
 * Input: u16 length of the leaf, leaf, side. */
#include "audit/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(const struct audit_entry *entry, struct slice leaf, struct slice side) {
    struct buf b;
    buf_init(&b, AUDIT_LEAF_MAX + AUDIT_SIDE_MAX, false);
    audit_entry_put_leaf(&b, entry);
    size_t leaf_n = b.n;
    audit_entry_put_side(&b, entry);
    if (b.failed || !slice_equal(slice_of(b.p, leaf_n), leaf))
        abort();
    if (side.n > 0 && !slice_equal(slice_of(b.p + leaf_n, b.n - leaf_n), side))
        abort();
    buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct reader r = reader_of(slice_of(data, size));
    struct slice leaf = reader_bytes(&r, reader_u16(&r));
    if (r.failed)
        return 0;
    struct slice side = slice_of(data + r.at, size - r.at);
    struct arena a;
    struct audit_entry entry;
    arena_init(&a, 1 << 20, ARENA_PLAIN);
    if (audit_entry_decode(leaf, side, &a, &entry) == ST_OK) {
        if (audit_entry_peek_seq(leaf) != entry.seq)
            abort();
        check_same(&entry, leaf, side);
    }
    arena_free(&a);
    return 0;
}
