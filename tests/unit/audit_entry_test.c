#include "test.h"

#include "audit/entry.h"

static struct uuid records[3] = {{{1}}, {{2}}, {{3}}};
static struct audit_field fields[3] = {{7, 1}, {7, 2}, {300, 3}};
static uint8_t exceptions[2] = {0xa5, 0x01};
static struct audit_detail details[2];

static struct audit_entry sample(void) {
    details[0] =
        (struct audit_detail){.subject = {{9}}, .commitment = {1, 2}, .sealed = SLICE("sealed reason")};
    details[1] = (struct audit_detail){.subject = {{8}}, .commitment = {3}, .sealed = SLICE_NONE};
    return (struct audit_entry){.seq = 5,
                                .time_ms = 1700000000000,
                                .act = AUDIT_REVEAL,
                                .outcome = AUDIT_DONE,
                                .purpose = 3,
                                .object = 12,
                                .actor = 77,
                                .session = {1},
                                .request = {2},
                                .client = {[10] = 0xff, [11] = 0xff, [12] = 10},
                                .intent = 4,
                                .tag = SLICE("budget_exhausted"),
                                .records = records,
                                .record_count = 3,
                                .fields = fields,
                                .field_count = 3,
                                .exceptions = slice_of(exceptions, 2),
                                .details = details,
                                .detail_count = 2};
}

static void encode(const struct audit_entry *e, struct buf *leaf, struct buf *side) {
    buf_init(leaf, AUDIT_LEAF_MAX, false);
    buf_init(side, AUDIT_SIDE_MAX, false);
    assert_int_equal(audit_entry_check(e), ST_OK);
    audit_entry_put_leaf(leaf, e);
    audit_entry_put_side(side, e);
    assert_false(leaf->failed || side->failed);
}

static void an_entry_reads_back_as_written(void **state) {
    (void)state;
    struct audit_entry e = sample(), back;
    struct buf leaf, side;
    struct arena a;
    arena_init(&a, 1 << 20, ARENA_PLAIN);
    encode(&e, &leaf, &side);
    assert_int_equal(audit_entry_peek_seq(buf_slice(&leaf)), 5);
    assert_int_equal(audit_entry_decode(buf_slice(&leaf), buf_slice(&side), &a, &back), ST_OK);
    assert_int_equal(back.act, AUDIT_REVEAL);
    assert_int_equal(back.actor, 77);
    assert_int_equal(back.object, 12);
    assert_true(back.time_ms == 1700000000000 && back.intent == 4);
    assert_memory_equal(back.client, e.client, 16);
    assert_true(slice_equal(back.tag, e.tag));
    assert_int_equal(back.record_count, 3);
    assert_true(uuid_equal(&back.records[2], &records[2]));
    assert_int_equal(back.fields[2].field, 300);
    assert_int_equal(back.fields[1].view, 2);
    assert_true(slice_equal(back.exceptions, e.exceptions));
    assert_true(slice_is(back.details[0].sealed, "sealed reason"));
    assert_memory_equal(back.details[1].commitment, details[1].commitment, 32);
    assert_int_equal(audit_entry_decode(buf_slice(&leaf), SLICE_NONE, &a, &back), ST_OK);
    assert_int_equal(back.details[0].sealed.n, 0);
    arena_free(&a);
    buf_free(&leaf);
    buf_free(&side);
}

static void a_cut_or_longer_entry_is_refused(void **state) {
    (void)state;
    struct audit_entry e = sample(), back;
    struct buf leaf, side;
    struct arena a;
    arena_init(&a, 1 << 20, ARENA_PLAIN);
    encode(&e, &leaf, &side);
    for (size_t n = 0; n < leaf.n; n++)
        assert_int_equal(audit_entry_decode(slice_of(leaf.p, n), buf_slice(&side), &a, &back), ST_CORRUPT);
    for (size_t n = 1; n < side.n; n++)
        assert_int_equal(audit_entry_decode(buf_slice(&leaf), slice_of(side.p, n), &a, &back), ST_CORRUPT);
    buf_put_u8(&leaf, 0);
    assert_int_equal(audit_entry_decode(buf_slice(&leaf), buf_slice(&side), &a, &back), ST_CORRUPT);
    arena_free(&a);
    buf_free(&leaf);
    buf_free(&side);
}

static void entries_beyond_their_bounds_are_refused(void **state) {
    (void)state;
    struct audit_entry e = sample();
    e.act = 0;
    assert_int_equal(audit_entry_check(&e), ST_INVALID);
    e = sample();
    e.outcome = AUDIT_OUTCOME_END;
    assert_int_equal(audit_entry_check(&e), ST_INVALID);
    e = sample();
    e.tag = SLICE("\xe5\xbc\xa0\xe4\xb8\x89");
    assert_int_equal(audit_entry_check(&e), ST_INVALID);
    e = sample();
    e.tag = SLICE("12345678901234567890123456789012345678901234567890123456789012345");
    assert_int_equal(audit_entry_check(&e), ST_INVALID);
    e = sample();
    exceptions[1] = 0x02;
    assert_int_equal(audit_entry_check(&e), ST_INVALID);
    exceptions[1] = 0x01;
    e.exceptions.n = 1;
    assert_int_equal(audit_entry_check(&e), ST_INVALID);
    e = sample();
    fields[0].view = 4;
    assert_int_equal(audit_entry_check(&e), ST_INVALID);
    fields[0].view = 1;
    e.record_count = AUDIT_RECORDS_MAX + 1;
    assert_int_equal(audit_entry_check(&e), ST_INVALID);
}

static void every_act_and_outcome_has_a_name(void **state) {
    (void)state;
    for (uint8_t i = 1; i < AUDIT_ACT_END; i++)
        assert_non_null(audit_act_name(i));
    for (uint8_t i = 1; i < AUDIT_OUTCOME_END; i++)
        assert_non_null(audit_outcome_name(i));
    assert_null(audit_act_name(0));
    assert_null(audit_act_name(255));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_reads_back_as_written),
        cmocka_unit_test(a_cut_or_longer_entry_is_refused),
        cmocka_unit_test(entries_beyond_their_bounds_are_refused),
        cmocka_unit_test(every_act_and_outcome_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
