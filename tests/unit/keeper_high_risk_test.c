/* The register of high-risk acts: the keeper counts what it seals, and asks. */
#include "keeper_world.h"

#include "keeper/high_risk.h"

#define REGISTER                                                                                             \
    "{\"budget\":{},\"high_risk\":{\"delete\":{\"above\":2,\"reason\":true},"                                \
    "\"transfer\":{\"second_factor_minutes\":15}}}"

static enum status seal(struct world *w, const struct keeper_call *call, uint8_t act,
                        const struct world_row *row, uint32_t owner, struct error *e) {
    uint16_t plain[] = {2};
    struct keeper_seal_row r = {.row = row->row, .old = &row->row, .plain_fields = plain, .plain_count = 1};
    struct keeper_sealed sealed;
    r.row.owner = owner;
    enum status s = keeper_seal_rows(w->k, call, act, 1, &r, 1, &w->arena, &sealed, e);
    struct error ignored;
    if (s == ST_OK)
        assert_int_equal(keeper_outcome(w->k, sealed.intent, true, &ignored), ST_OK);
    return s;
}

static void begin(struct world *w) {
    world_new(w);
    world_put(w, REGISTRY_COMPANY, REGISTER);
    world_fill(w);
}

static void deletions_beyond_the_register_want_a_reason_also_one_by_one_and_after_a_restart(void **state) {
    struct world w;
    struct error e;
    struct need need;
    (void)state;
    begin(&w);
    struct keeper_call wang = world_sign_in(&w, "wang");
    struct world_row row = world_row(&w, &wang, "a", "13800000001", "x");
    assert_int_equal(seal(&w, &wang, AUDIT_DELETE, &row, 1, &e), ST_OK);
    assert_int_equal(seal(&w, &wang, AUDIT_DELETE, &row, 1, &e), ST_OK);
    assert_int_equal(seal(&w, &wang, AUDIT_DELETE, &row, 1, &e), ST_DENIED);
    assert_string_equal(e.code, "reason_required");
    assert_true(need_read(&e, &need));
    assert_string_equal(need.act, "delete");
    assert_int_equal(need.count, 3);
    assert_int_equal(need.above, 2);
    assert_int_equal(keeper_record(w.k, &wang, AUDIT_VIEW, AUDIT_DONE, 1, NULL,
                                   SLICE("high_risk delete 3 p1"), SLICE(""), &e),
                     ST_INVALID); /* nobody else says that it was let pass */
    wang.reason = SLICE("asked for by the customer");
    assert_int_equal(seal(&w, &wang, AUDIT_DELETE, &row, 1, &e), ST_OK);
    world_restart(&w);
    wang.reason = SLICE_NONE;
    assert_int_equal(seal(&w, &wang, AUDIT_DELETE, &row, 1, &e), ST_DENIED);
    assert_string_equal(e.code, "reason_required");
    struct keeper_call li = world_sign_in(&w, "boss"); /* each has days of his own */
    assert_int_equal(seal(&w, &li, AUDIT_DELETE, &row, 1, &e), ST_OK);
    world_free(&w);
}

static void a_change_of_owner_wants_the_factor_whatever_it_is_called(void **state) {
    static const uint8_t acts[] = {AUDIT_UPDATE, AUDIT_RESTORE, AUDIT_LINK, AUDIT_CREATE, AUDIT_IMPORT};
    struct world w;
    struct error e;
    (void)state;
    begin(&w);
    struct keeper_call wang = world_sign_in(&w, "wang");
    struct world_row row = world_row(&w, &wang, "a", "13800000001", "x");
    wang.reason = SLICE("he leaves the company");
    for (size_t i = 0; i < sizeof acts; i++) {
        assert_int_equal(seal(&w, &wang, acts[i], &row, 2, &e), ST_DENIED);
        assert_string_equal(e.code, "second_factor_required");
    }
    assert_int_equal(seal(&w, &wang, AUDIT_UPDATE, &row, 1, &e), ST_OK);
    world_free(&w);
}

/* Resting on the document as it stands. */
static enum status put_company(struct world *w, const struct keeper_call *sec, const char *document,
                               struct error *e) {
    char text[600];
    uint32_t made;
    (void)snprintf(text, sizeof text, "{\"version\":%llu,%s", world_company(w, sec), document + 1);
    return keeper_registry_put(w->k, sec, REGISTRY_COMPANY, 1, slice_from_string(text), &made, e);
}

static void what_asks_for_less_takes_two_what_asks_for_more_one(void **state) {
    static const char *const less[] = {
        "{\"budget\":{}}",
        "{\"budget\":{},\"high_risk\":{\"delete\":{\"above\":3,"
        "\"reason\":true},\"transfer\":{\"second_factor_minutes\":15}}}",
        "{\"budget\":{},\"high_risk\":{\"delete\":{\"above\":2,\"reason\":true},"
        "\"transfer\":{\"second_factor_minutes\":20}}}"};
    static const char *const bad[] = {"{\"high_risk\":{\"fly\":{}}}",
                                      "{\"high_risk\":{\"delete\":{\"above\":-1}}}", "{\"high_risk\":[]}",
                                      "{\"high_risk\":{\"delete\":{\"reasons\":true}}}"};
    struct world w;
    struct error e;
    (void)state;
    begin(&w);
    struct keeper_call sec = world_sign_in(&w, "sec");
    for (size_t i = 0; i < sizeof less / sizeof less[0]; i++) {
        assert_int_equal(put_company(&w, &sec, less[i], &e), ST_DENIED);
        assert_string_equal(e.code, "needs_second");
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(put_company(&w, &sec, bad[i], &e), ST_INVALID);
        assert_string_equal(e.code, "bad_document");
    }
    const char *more =
        "{\"budget\":{},\"high_risk\":{\"delete\":{\"above\":1,\"reason\":true},"
        "\"transfer\":{\"second_factor_minutes\":15},\"update\":{\"above\":9,\"reason\":true}}}";
    assert_int_equal(put_company(&w, &sec, more, &e), ST_OK);
    world_free(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deletions_beyond_the_register_want_a_reason_also_one_by_one_and_after_a_restart),
        cmocka_unit_test(a_change_of_owner_wants_the_factor_whatever_it_is_called),
        cmocka_unit_test(what_asks_for_less_takes_two_what_asks_for_more_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
