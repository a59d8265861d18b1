#include "test.h"

#include "value/versions.h"

static struct slice bump(struct buf *to, struct slice list, const struct version_bump *b, size_t n,
                         uint32_t at) {
    buf_init(to, VERSIONS_MAX, false);
    assert_int_equal(versions_bump(list, b, n, at, to), ST_OK);
    return buf_slice(to);
}

static void an_empty_list_means_first_version_of_every_field(void **state) {
    (void)state;
    struct field_version v;
    assert_int_equal(versions_get(SLICE_NONE, 103, &v), ST_OK);
    assert_int_equal(v.writes, 1);
    assert_int_equal(v.masked, 1);
    uint16_t fields[] = {103};
    uint8_t views[] = {VIEW_CLEAR};
    uint64_t version;
    uint32_t at;
    assert_int_equal(versions_seen(SLICE_NONE, fields, views, 1, &version, &at), ST_OK);
    assert_int_equal(version, 1);
    assert_int_equal(at, 0);
}

static void bumps_merge_into_the_list_by_field(void **state) {
    (void)state;
    struct buf one, two;
    struct slice list = bump(&one, SLICE_NONE, (struct version_bump[]){{100, true}, {300, false}}, 2, 10);
    list = bump(&two, list, (struct version_bump[]){{2, true}, {100, false}, {65535, true}}, 3, 700);
    struct field_version v;
    assert_int_equal(versions_get(list, 100, &v), ST_OK);
    assert_int_equal(v.writes, 3);
    assert_int_equal(v.writes_at, 700);
    assert_int_equal(v.masked, 2);
    assert_int_equal(v.masked_at, 10);
    assert_int_equal(versions_get(list, 300, &v), ST_OK);
    assert_int_equal(v.writes, 2);
    assert_int_equal(v.masked, 1);
    assert_int_equal(versions_get(list, 65535, &v), ST_OK);
    assert_int_equal(v.writes, 2);
    assert_int_equal(versions_get(list, 2, &v), ST_OK);
    assert_int_equal(v.writes_at, 700);
    buf_free(&one);
    buf_free(&two);
}

static void a_viewer_of_the_mask_sees_only_changes_of_the_mask(void **state) {
    (void)state;
    struct buf one, two;
    struct slice list = bump(&one, SLICE_NONE, (struct version_bump[]){{103, true}}, 1, 5);
    struct slice later = bump(&two, list, (struct version_bump[]){{103, false}, {104, true}}, 2, 99);
    uint16_t fields[] = {104, 103};
    uint64_t version;
    uint32_t at;
    assert_int_equal(versions_seen(later, fields, (uint8_t[]){VIEW_HIDDEN, VIEW_MASKED}, 2, &version, &at),
                     ST_OK);
    assert_int_equal(version, 2);
    assert_int_equal(at, 5);
    assert_int_equal(versions_seen(later, fields, (uint8_t[]){VIEW_HIDDEN, VIEW_CLEAR}, 2, &version, &at),
                     ST_OK);
    assert_int_equal(version, 3);
    assert_int_equal(at, 99);
    assert_int_equal(versions_seen(later, fields, (uint8_t[]){VIEW_CLEAR, VIEW_CLEAR}, 2, &version, &at),
                     ST_OK);
    assert_int_equal(version, 4);
    buf_free(&one);
    buf_free(&two);
}

static void bytes_that_no_writer_made_are_refused(void **state) {
    (void)state;
    static const struct slice bad[] = {
        {(const uint8_t *)"\x05", 1},
        {(const uint8_t *)"\x00\x02\x01\x01\x00", 5},                              /* field 0 */
        {(const uint8_t *)"\x05\x01\x01\x01\x00", 5},                              /* never bumped */
        {(const uint8_t *)"\x05\x02\x01\x03\x00", 5},                              /* masked above writes */
        {(const uint8_t *)"\x05\x02\x01\x00\x00", 5},                              /* masked 0 */
        {(const uint8_t *)"\xff\xff\x03\x02\x01\x01\x00\x01\x02\x01\x01\x00", 12}, /* field past 65535 */
        {(const uint8_t *)"\x05\xff\xff\xff\xff\x1f\x01\x01\x00", 9},              /* counter past 32 bits */
    };
    struct field_version v;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(versions_get(bad[i], 5, &v), ST_CORRUPT);
}

static void bumps_must_ascend(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, VERSIONS_MAX, false);
    struct version_bump twice[] = {{5, true}, {5, true}}, zero[] = {{0, true}};
    assert_int_equal(versions_bump(SLICE_NONE, twice, 2, 1, &b), ST_INVALID);
    assert_int_equal(versions_bump(SLICE_NONE, zero, 1, 1, &b), ST_INVALID);
    buf_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_list_means_first_version_of_every_field),
        cmocka_unit_test(bumps_merge_into_the_list_by_field),
        cmocka_unit_test(a_viewer_of_the_mask_sees_only_changes_of_the_mask),
        cmocka_unit_test(bytes_that_no_writer_made_are_refused),
        cmocka_unit_test(bumps_must_ascend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
