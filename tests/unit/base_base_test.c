#include "test.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/map.h"
#include "base/utf8.h"
#include "base/uuid.h"

static void a_rewound_arena_gives_out_the_same_memory_wiped_and_keeps_what_came_before(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20, ARENA_SECRET);
    struct arena_mark none = arena_mark(&a);
    uint8_t *kept = arena_alloc(&a, 16);
    assert_non_null(kept);
    memset(kept, 7, 16);
    struct arena_mark before = arena_mark(&a);
    uint8_t *gone = arena_take(&a, 100);
    assert_non_null(gone);
    memset(gone, 9, 100);
    assert_non_null(arena_alloc(&a, 200000)); /* more than a block holds */
    arena_rewind(&a, &before);
    assert_int_equal(a.used, 16);
    uint8_t *again = arena_take(&a, 100);
    assert_ptr_equal(again, gone);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(again[i], 0);
    assert_int_equal(kept[15], 7);
    arena_rewind(&a, &none);
    assert_int_equal(a.used, 0);
    arena_free(&a);
}

static void an_arena_refuses_more_than_its_limit(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 64, ARENA_PLAIN);
    assert_non_null(arena_alloc(&a, 48));
    assert_null(arena_alloc(&a, 17));
    assert_null(arena_array(&a, SIZE_MAX, 2));
    arena_free(&a);
}

static void a_buffer_past_its_cap_fails_once_and_stays_failed(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, 8, true);
    buf_put_u64(&b, 7);
    assert_false(b.failed);
    buf_put_u8(&b, 1);
    assert_true(b.failed);
    assert_int_equal(b.n, 8);
    buf_free(&b);
}

static void what_a_buffer_puts_a_reader_gets(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, 1024, false);
    buf_put_u16(&b, 0xbeef);
    buf_put_varint(&b, UINT64_MAX);
    buf_put_slice(&b, SLICE("客盾"));
    struct reader r = reader_of(buf_slice(&b));
    assert_int_equal(reader_u16(&r), 0xbeef);
    assert_true(reader_varint(&r) == UINT64_MAX);
    assert_true(slice_is(reader_slice(&r, 6), "客盾"));
    assert_true(reader_done(&r));
    assert_int_equal(reader_u8(&r), 0);
    assert_true(r.failed);
    buf_free(&b);
}

static void json_escapes_controls_and_replaces_invalid_utf8(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, 1024, false);
    struct json j = json_to(&b);
    json_object_begin(&j);
    json_key(&j, "a");
    json_text(&j, SLICE("\x01\"\\\n\xff张"));
    json_key(&j, "n");
    json_int(&j, INT64_MIN);
    json_object_end(&j);
    assert_true(
        slice_is(buf_slice(&b), "{\"a\":\"\\u0001\\\"\\\\\\n\xef\xbf\xbd张\",\"n\":-9223372036854775808}"));
    buf_free(&b);
}

/* Each byte before, within and behind others, which are looked at several at a time. */
static void json_treats_a_byte_alike_wherever_it_stands(void **state) {
    (void)state;
    struct buf b, alone;
    buf_init(&b, 4096, false);
    buf_init(&alone, 64, false);
    for (unsigned c = 0; c < 256; c++) {
        uint8_t text[40];
        memset(text, 'x', sizeof text);
        buf_reset(&alone);
        struct json j = json_to(&alone);
        text[0] = (uint8_t)c;
        json_text(&j, slice_of(text, 1));
        for (size_t at = 0; at < sizeof text; at++) {
            memset(text, 'x', sizeof text);
            text[at] = (uint8_t)c;
            buf_reset(&b);
            j = json_to(&b);
            json_text(&j, slice_of(text, sizeof text));
            assert_int_equal(b.n, sizeof text - 1 + alone.n);
            assert_memory_equal(b.p + 1 + at, alone.p + 1, alone.n - 2);
            for (size_t i = 0; i < at; i++)
                assert_int_equal(b.p[1 + i], 'x');
        }
    }
    buf_free(&b);
    buf_free(&alone);
}

/* Every first byte, and what is just within and just outside of what may follow it; alone it is looked at
 * byte by byte. */
static void json_treats_a_character_of_three_bytes_alike_wherever_it_stands(void **state) {
    (void)state;
    static const uint8_t seconds[] = {0x00, 0x7f, 0x80, 0x9f, 0xa0, 0xbf, 0xc0, 0xff};
    struct buf b, alone;
    buf_init(&b, 4096, false);
    buf_init(&alone, 64, false);
    for (unsigned n = 0x80 * 64; n < 0x100 * 64; n++) {
        uint8_t one[3] = {(uint8_t)(n / 64), seconds[n / 8 % 8], seconds[n % 8]};
        buf_reset(&alone);
        struct json j = json_to(&alone);
        json_text(&j, slice_of(one, 3));
        for (size_t at = 0; at < 4; at++) {
            uint8_t text[] = "客盾客盾客";
            memcpy(text + 3 * at, one, 3);
            buf_reset(&b);
            j = json_to(&b);
            json_text(&j, slice_of(text, 15));
            assert_int_equal(b.n, 12 + alone.n);
            assert_memory_equal(b.p + 1 + 3 * at, alone.p + 1, alone.n - 2);
            assert_memory_equal(b.p + b.n - 1 - 3 * (4 - at), text + 3 * (at + 1), 3 * (4 - at));
        }
    }
    buf_free(&b);
    buf_free(&alone);
}

static void utf8_refuses_overlong_surrogate_and_too_large(void **state) {
    (void)state;
    assert_true(utf8_valid(SLICE("aé张𠮷")));
    assert_false(utf8_valid(SLICE("\xc0\xaf")));
    assert_false(utf8_valid(SLICE("\xed\xa0\x80")));
    assert_false(utf8_valid(SLICE("\xf4\x90\x80\x80")));
    assert_int_equal(utf8_count(SLICE("a张𠮷")), 3);
}

static void uuids_are_version_7_in_order_and_round_trip(void **state) {
    (void)state;
    struct uuid last = {{0}}, u, back;
    char text[UUID_TEXT + 1];
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(uuid_new(&u), ST_OK);
        assert_true(memcmp(last.b, u.b, 8) < 0);
        last = u;
    }
    uuid_format(&u, text);
    assert_int_equal(text[14], '7');
    assert_true(uuid_parse(slice_from_string(text), &back) && uuid_equal(&u, &back));
    assert_false(uuid_parse(SLICE("not-a-uuid"), &back));
}

static void times_round_trip_and_impossible_dates_are_refused(void **state) {
    (void)state;
    int64_t ms, days;
    char text[CLOCK_TEXT + 1];
    assert_true(clock_parse(SLICE("2024-02-29T23:59:59.5+08:00"), &ms));
    clock_format(ms, text);
    assert_string_equal(text, "2024-02-29T15:59:59.500Z");
    assert_false(clock_parse_date(SLICE("2023-02-29"), &days));
    assert_true(clock_parse_date(SLICE("1970-01-02"), &days));
    assert_int_equal(days, 1);
}

static void base64url_round_trips_and_refuses_stray_bits(void **state) {
    (void)state;
    char text[16];
    uint8_t out[16];
    size_t n;
    base64url_encode(SLICE("\xfb\xff"), text);
    assert_string_equal(text, "-_8");
    assert_true(base64url_decode(SLICE("-_8"), out, &n));
    assert_int_equal(n, 2);
    assert_false(base64url_decode(SLICE("-_9"), out, &n));
}

static void a_map_finds_what_was_put_and_nothing_else(void **state) {
    (void)state;
    struct map m;
    char keys[1000][8];
    map_init(&m);
    for (size_t i = 0; i < 1000; i++) {
        (void)snprintf(keys[i], sizeof keys[i], "k%zu", i);
        assert_int_equal(map_put(&m, slice_from_string(keys[i]), keys[i]), ST_OK);
    }
    assert_ptr_equal(map_get(&m, SLICE("k517")), keys[517]);
    assert_null(map_get(&m, SLICE("k1000")));
    map_free(&m);
}

static void numbers_past_64_bits_are_refused(void **state) {
    (void)state;
    int64_t v;
    assert_true(slice_to_int(SLICE("-9223372036854775808"), &v));
    assert_true(v == INT64_MIN);
    assert_false(slice_to_int(SLICE("9223372036854775808"), &v));
    assert_false(slice_to_int(SLICE("12x"), &v));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rewound_arena_gives_out_the_same_memory_wiped_and_keeps_what_came_before),
        cmocka_unit_test(an_arena_refuses_more_than_its_limit),
        cmocka_unit_test(a_buffer_past_its_cap_fails_once_and_stays_failed),
        cmocka_unit_test(what_a_buffer_puts_a_reader_gets),
        cmocka_unit_test(json_escapes_controls_and_replaces_invalid_utf8),
        cmocka_unit_test(json_treats_a_byte_alike_wherever_it_stands),
        cmocka_unit_test(json_treats_a_character_of_three_bytes_alike_wherever_it_stands),
        cmocka_unit_test(utf8_refuses_overlong_surrogate_and_too_large),
        cmocka_unit_test(uuids_are_version_7_in_order_and_round_trip),
        cmocka_unit_test(times_round_trip_and_impossible_dates_are_refused),
        cmocka_unit_test(base64url_round_trips_and_refuses_stray_bits),
        cmocka_unit_test(a_map_finds_what_was_put_and_nothing_else),
        cmocka_unit_test(numbers_past_64_bits_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
