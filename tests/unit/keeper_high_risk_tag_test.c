/* The tag of an entry of the audit log that went beyond the register: written and read in one place. */
#include "keeper/high_risk_tag.h"
#include "test.h"

static struct high_risk_tagged act(const char *name, uint32_t day) {
    return (struct high_risk_tagged){.act = slice_from_string(name), .day = day};
}

static void what_is_written_is_read_again(void **state) {
    char tag[AUDIT_TAG_MAX] = "";
    struct high_risk_tagged first = act("delete", 21), second = act("transfer", 101),
                            read[HIGH_RISK_TAG_ACTS];
    (void)state;
    first.approvals[0] = 7;
    first.approvals[1] = 19;
    first.approval_count = 2;
    second.reason = true;
    high_risk_tag_put(tag, &first, 0);
    assert_string_equal(tag, "high_risk delete 21 p7 p19");
    high_risk_tag_put(tag, &second, 0);
    assert_string_equal(tag, "high_risk delete 21 p7 p19 transfer 101 r");
    assert_int_equal(high_risk_tag_read(slice_from_string(tag), read), 2);
    assert_true(slice_is(read[0].act, "delete") && slice_is(read[1].act, "transfer"));
    assert_int_equal(read[0].day, 21);
    assert_int_equal(read[0].approval_count, 2);
    assert_int_equal(read[0].approvals[1], 19);
    assert_false(read[0].reason);
    assert_true(read[1].reason);
    assert_int_equal(read[1].day, 101);
    assert_int_equal(read[1].approval_count, 0);
}

static void what_has_no_room_is_left_out_from_its_end(void **state) {
    char tag[AUDIT_TAG_MAX] = "";
    struct high_risk_tagged one = act("transfer", 4000000000), read[HIGH_RISK_TAG_ACTS];
    (void)state;
    one.reason = true;
    one.approval_count = HIGH_RISK_TAG_APPROVALS;
    for (size_t i = 0; i < HIGH_RISK_TAG_APPROVALS; i++)
        one.approvals[i] = 123456789 + i;
    high_risk_tag_put(tag, &one, 0);
    assert_string_equal(tag, "high_risk transfer 4000000000 r p123456789 p123456790 +6");
    high_risk_tag_put(tag, &one, 0); /* no room at all */
    assert_int_equal(high_risk_tag_read(slice_from_string(tag), read), 1);
    assert_int_equal(read[0].approval_count, 2);
    assert_int_equal(read[0].more, 6);
    tag[0] = 0;
    high_risk_tag_put(tag, &one, 24);
    assert_string_equal(tag, "high_risk transfer 4000000000 r +8"); /* another act has room behind it */
}

static void other_tags_are_no_acts_and_unknown_words_are_passed_over(void **state) {
    static const char *const none[] = {"",
                                       "high",
                                       "high_risky delete 3",
                                       "high_risk",
                                       "high_risk delete",
                                       "high_risk delete -1",
                                       "high_risk delete 4294967296",
                                       "high_risk 3 4",
                                       "high_risk Delete 4",
                                       "job xhigh_risk delete 3",
                                       "high_risk r p7"};
    struct high_risk_tagged read[HIGH_RISK_TAG_ACTS];
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int_equal(high_risk_tag_read(slice_from_string(none[i]), read), 0);
    assert_int_equal(high_risk_tag_read(SLICE("high_risk rights 3 x p0 p7 q then_more 4 r"), read), 2);
    assert_true(slice_is(read[0].act, "rights") && slice_is(read[1].act, "then_more"));
    assert_int_equal(read[0].approval_count, 1);
    assert_true(read[1].reason);
    assert_int_equal(high_risk_tag_read(SLICE("high_risk aa 1 bb 2 cc 3 dd 4 ee 5"), read),
                     HIGH_RISK_TAG_ACTS);
    assert_true(high_risk_tag_is(SLICE("high_risk")) && high_risk_tag_is(SLICE("high_risk x")));
    assert_false(high_risk_tag_is(SLICE("high_riskx")));
    assert_int_equal(high_risk_tag_read(SLICE("approve 7 grant 10 high_risk rights 1 p7"), read), 1);
    assert_true(slice_is(read[0].act, "rights") && read[0].approvals[0] == 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(what_has_no_room_is_left_out_from_its_end),
        cmocka_unit_test(other_tags_are_no_acts_and_unknown_words_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
