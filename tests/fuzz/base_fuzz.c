/* Text parsers of base/: whatever the bytes, no crash, and what parses must come back the same. */
#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_json(struct slice s) {
    struct buf b;
    buf_init(&b, 1 << 20, false);
    struct json j = json_to(&b);
    json_text(&j, s);
    if (!b.failed && !utf8_valid(buf_slice(&b)))
        abort();
    buf_free(&b);
}

static void check_base64url(struct slice s) {
    uint8_t bytes[4096];
    char text[BASE64URL_LENGTH(4096) + 1];
    size_t n = 0;
    if (s.n > 4096 || !base64url_decode(s, bytes, &n))
        return;
    base64url_encode(slice_of(bytes, n), text);
    if (!slice_is(s, text))
        abort();
}

static void check_clock(struct slice s) {
    int64_t ms = 0, again = 0;
    char text[CLOCK_TEXT + 1];
    if (!clock_parse(s, &ms) || ms < 0 || ms > INT64_C(253402300799999))
        return;
    clock_format(ms, text);
    if (!clock_parse(slice_from_string(text), &again) || again != ms)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice s = slice_of(data, size), rest = s;
    struct uuid u;
    int64_t v = 0;
    uint32_t code = 0;
    check_json(s);
    check_base64url(s);
    check_clock(s);
    (void)uuid_parse(s, &u);
    (void)slice_to_int(s, &v);
    while (utf8_next(&rest, &code)) {
    }
    if (utf8_valid(s) && rest.n != 0)
        abort();
    return 0;
}
