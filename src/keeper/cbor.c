#include "keeper/cbor.h"

enum { CBOR_UNSIGNED, CBOR_NEGATIVE, CBOR_BYTES, CBOR_TEXT, CBOR_ARRAY, CBOR_MAP, CBOR_TAG, CBOR_SIMPLE };

/* The first byte and the argument behind it (RFC 8949 section 3). */
static unsigned head(struct reader *r, uint64_t *argument) {
    uint8_t first = reader_u8(r);
    unsigned low = first & 31;
    *argument = low;
    if (low > 27)
        r->failed = true; /* reserved, or of indefinite length */
    size_t n = low < 24 || low > 27 ? 0 : (size_t)1 << (low - 24);
    if (n > 0)
        *argument = 0;
    for (size_t i = 0; i < n; i++)
        *argument = *argument << 8 | reader_u8(r);
    return first >> 5;
}

static uint64_t expect(struct reader *r, unsigned type) {
    uint64_t argument = 0;
    if (head(r, &argument) != type)
        r->failed = true;
    return r->failed ? 0 : argument;
}

bool cbor_next_is_int(const struct reader *r) {
    return !r->failed && r->at < r->n && r->p[r->at] >> 5 <= CBOR_NEGATIVE;
}

int64_t cbor_int(struct reader *r) {
    uint64_t argument = 0;
    unsigned type = head(r, &argument);
    if (type > CBOR_NEGATIVE || argument > INT64_MAX)
        r->failed = true;
    if (r->failed)
        return 0;
    return type == CBOR_UNSIGNED ? (int64_t)argument : -1 - (int64_t)argument;
}

static struct slice string(struct reader *r, unsigned type) {
    uint64_t n = expect(r, type);
    return reader_bytes(r, n > SIZE_MAX ? SIZE_MAX : (size_t)n);
}

struct slice cbor_bytes(struct reader *r) {
    return string(r, CBOR_BYTES);
}

struct slice cbor_text(struct reader *r) {
    return string(r, CBOR_TEXT);
}

uint64_t cbor_map(struct reader *r) {
    uint64_t n = expect(r, CBOR_MAP);
    if (n > r->n)
        r->failed = true;
    return r->failed ? 0 : n;
}

static void skip(struct reader *r, unsigned depth) {
    uint64_t argument = 0;
    unsigned type = head(r, &argument);
    if (depth == 0 || type == CBOR_TAG)
        r->failed = true;
    if (r->failed)
        return;
    if (type == CBOR_BYTES || type == CBOR_TEXT)
        (void)reader_bytes(r, argument > SIZE_MAX ? SIZE_MAX : (size_t)argument);
    if (type != CBOR_ARRAY && type != CBOR_MAP)
        return;
    uint64_t items = type == CBOR_MAP ? argument * 2 : argument;
    if (argument > r->n)
        r->failed = true;
    for (uint64_t i = 0; i < items && !r->failed; i++)
        skip(r, depth - 1);
}

struct slice cbor_skip(struct reader *r) {
    size_t from = r->at;
    skip(r, CBOR_DEPTH);
    return r->failed ? SLICE_NONE : slice_of(r->p + from, r->at - from);
}
