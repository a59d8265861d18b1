/* Sessions, keys, boxes, details: what people do with the keeper day by day. */
#include "base/clock.h"
#include "keeper_world.h"

static int setup(void **state) {
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    world_new(w);
    world_fill(w);
    *state = w;
    return 0;
}

static int teardown(void **state) {
    world_free(*state);
    free(*state);
    return 0;
}

static void changing_the_password_ends_the_other_sessions(void **state) {
    struct world *w = *state;
    struct error e;
    struct principal who;
    struct token fresh;
    struct keeper_call one = world_sign_in(w, "wang"), two = world_sign_in(w, "wang");
    assert_int_equal(
        keeper_password_change(w->k, &one, SLICE("wrong-one"), SLICE("a-new-password"), &fresh, &e),
        ST_DENIED);
    assert_string_equal(e.code, "password_wrong");
    assert_int_equal(keeper_password_change(w->k, &one, SLICE("password-wang"), SLICE("short"), &fresh, &e),
                     ST_INVALID);
    assert_string_equal(e.code, "password_short");
    assert_int_equal(
        keeper_password_change(w->k, &one, SLICE("password-wang"), SLICE("a-new-password"), &fresh, &e),
        ST_OK);
    assert_int_equal(keeper_session(w->k, &two, &who, &e), ST_UNAUTHENTICATED);
    assert_int_equal(keeper_session(w->k, &one, &who, &e), ST_UNAUTHENTICATED);
    one.token = fresh;
    assert_int_equal(keeper_session(w->k, &one, &who, &e), ST_OK);
}

static void sessions_are_listed_and_revoked_by_their_owner(void **state) {
    struct world *w = *state;
    struct error e;
    struct principal who;
    struct keeper_session_info *list;
    size_t n;
    struct keeper_call one = world_sign_in(w, "wang"), two = world_sign_in(w, "wang"),
                       li = world_sign_in(w, "li");
    assert_int_equal(keeper_session_list(w->k, &one, 0, &w->arena, &list, &n, &e), ST_OK);
    assert_int_equal(n, 2);
    struct uuid other = list[0].current ? list[1].id : list[0].id;
    assert_int_equal(keeper_session_revoke(w->k, &li, &other, SLICE_NONE, &e), ST_NOT_FOUND);
    assert_int_equal(keeper_session_list(w->k, &li, 1, &w->arena, &list, &n, &e), ST_DENIED);
    assert_int_equal(keeper_session_revoke(w->k, &one, &other, SLICE_NONE, &e), ST_OK);
    assert_int_equal(keeper_session(w->k, &two, &who, &e), ST_UNAUTHENTICATED);
    assert_int_equal(keeper_session(w->k, &one, &who, &e), ST_OK);
}

static void an_api_key_has_its_makers_roles_at_most_and_its_networks_only(void **state) {
    struct world *w = *state;
    struct error e;
    struct principal who;
    struct token token;
    struct uuid id;
    struct keeper_call wang = world_sign_in(w, "wang"), key = wang;
    struct slice evil =
        SLICE("{\"label\":\"x\",\"roles\":[\"boss\"],\"expires_at\":\"2027-01-01T00:00:00Z\"}");
    char document[200], expiry[CLOCK_TEXT + 1];
    clock_format(clock_wall_ms() + 3600 * 1000, expiry);
    (void)snprintf(
        document, sizeof document,
        "{\"label\":\"x\",\"roles\":[\"sales\"],\"expires_at\":\"%s\",\"networks\":[\"10.1.0.0/16\"]}",
        expiry);
    assert_int_not_equal(keeper_api_key_make(w->k, &wang, evil, &token, &id, &e), ST_OK);
    assert_int_equal(keeper_api_key_make(w->k, &wang, slice_from_string(document), &token, &id, &e), ST_OK);
    key.token = token;
    assert_int_equal(keeper_session(w->k, &key, &who, &e), ST_UNAUTHENTICATED); /* from another network */
    const uint8_t inside[16] = {[10] = 0xff, [11] = 0xff, [12] = 10, [13] = 1, [15] = 7};
    memcpy(key.address, inside, 16);
    assert_int_equal(keeper_session(w->k, &key, &who, &e), ST_OK);
    assert_true(who.is_key);
    assert_int_equal(keeper_session_revoke(w->k, &wang, &id, SLICE_NONE, &e), ST_OK);
    assert_int_equal(keeper_session(w->k, &key, &who, &e), ST_UNAUTHENTICATED);
}

static void a_box_opens_for_its_owner_and_only_in_its_place(void **state) {
    struct world *w = *state;
    struct error e;
    struct uuid box;
    struct slice sealed, plain;
    struct keeper_call wang = world_sign_in(w, "wang"), li = world_sign_in(w, "li");
    assert_int_equal(keeper_box_make_passing(w->k, &wang, &box, &e), ST_OK);
    assert_int_equal(keeper_box_seal(w->k, &wang, &box, 1, 7, SLICE("rejected rows"), &sealed, &e), ST_OK);
    sealed = arena_copy(&w->arena, sealed);
    world_restart(w);
    assert_int_equal(keeper_box_open(w->k, &wang, &box, 1, 7, sealed, &plain, &e), ST_OK);
    assert_text(plain, "rejected rows");
    assert_int_equal(keeper_box_open(w->k, &wang, &box, 1, 8, sealed, &plain, &e), ST_CORRUPT);
    assert_int_equal(keeper_box_open(w->k, &wang, &box, 2, 7, sealed, &plain, &e), ST_CORRUPT);
    assert_int_equal(keeper_box_open(w->k, &li, &box, 1, 7, sealed, &plain, &e), ST_NOT_FOUND);
    assert_int_equal(keeper_box_destroy(w->k, &wang, &box, &e), ST_OK);
    assert_int_equal(keeper_box_open(w->k, &wang, &box, 1, 7, sealed, &plain, &e), ST_NOT_FOUND);
}

/* Reveals the name with this reason. */
static enum status reveal(struct world *w, const struct keeper_call *call, const struct world_row *row,
                          struct slice reason, struct keeper_opened *got, struct error *e) {
    uint16_t field = 100;
    uint8_t view = VIEW_CLEAR;
    struct keeper_open q = {.act = AUDIT_REVEAL,
                            .object = 1,
                            .fields = &field,
                            .field_count = 1,
                            .rows = &row->row,
                            .row_count = 1,
                            .views = &view,
                            .sealed = &row->name,
                            .reason = reason};
    return keeper_open_rows(w->k, call, &q, &w->arena, got, e);
}

static void revealing_needs_a_reason_that_the_auditor_can_read(void **state) {
    struct world *w = *state;
    struct error e;
    struct slice detail;
    struct keeper_opened got;
    struct keeper_call wang = world_sign_in(w, "wang"), aud = world_sign_in(w, "aud"),
                       sys = world_sign_in(w, "sys");
    struct world_row row = world_row(w, &wang, "张三", "+8613800001234", "330102199001011234");
    assert_int_equal(reveal(w, &wang, &row, SLICE("  "), &got, &e), ST_INVALID);
    assert_string_equal(e.code, "reason_required");
    assert_int_equal(reveal(w, &wang, &row, SLICE("customer called"), &got, &e), ST_OK);
    assert_int_equal(keeper_audit_detail(w->k, &aud, got.entry, row.row.wrapped_key, &detail, &e), ST_OK);
    assert_text(detail, "customer called");
    assert_int_equal(keeper_audit_detail(w->k, &sys, got.entry, row.row.wrapped_key, &detail, &e), ST_DENIED);
    assert_int_equal(keeper_audit_head(w->k, &aud, &detail, &e), ST_OK);
    assert_true(slice_starts_with(detail, SLICE("test/audit\n")));
}

static void the_reason_of_a_write_goes_with_its_customers_key(void **state) {
    struct world *w = *state;
    struct error e;
    struct slice detail;
    struct keeper_call wang = world_sign_in(w, "wang"), aud = world_sign_in(w, "aud");
    wang.reason = SLICE("Zhang San asked for it");
    struct world_row row = world_row(w, &wang, "张三", "+8613800001234", "330102199001011234");
    assert_int_equal(keeper_audit_detail(w->k, &aud, row.intent, row.row.wrapped_key, &detail, &e), ST_OK);
    assert_text(detail, "Zhang San asked for it");
    assert_int_not_equal(keeper_audit_detail(w->k, &aud, row.intent, SLICE_NONE, &detail, &e), ST_OK);
}

static void nobody_can_claim_in_the_log_what_only_the_keeper_knows(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_call wang = world_sign_in(w, "wang"), nobody = {.purpose = 0};
    assert_int_equal(
        keeper_record(w->k, &wang, AUDIT_SIGN_IN, AUDIT_DONE, 0, NULL, SLICE("x"), SLICE(""), &e),
        ST_INVALID);
    assert_int_equal(
        keeper_record(w->k, &wang, AUDIT_EXPORT, AUDIT_DONE, 1, NULL, SLICE("rows 7"), SLICE("why"), &e),
        ST_OK);
    assert_int_equal(
        keeper_record(w->k, &nobody, AUDIT_EXPORT, AUDIT_DONE, 1, NULL, SLICE("x"), SLICE(""), &e),
        ST_UNAUTHENTICATED);
    assert_int_equal(
        keeper_record(w->k, &nobody, AUDIT_REFUSE, AUDIT_DENIED, 0, NULL, SLICE("x"), SLICE(""), &e), ST_OK);
}

static void rows_that_fail_the_needle_are_dropped_unopened(void **state) {
    struct world *w = *state;
    struct error e = {.status = ST_OK};
    struct keeper_opened got;
    struct keeper_call wang = world_sign_in(w, "wang");
    struct world_row rows[2] = {world_row(w, &wang, "张三丰", "+8613800001234", "330102199001011234"),
                                world_row(w, &wang, "李四", "+8613900005678", "330102199001015678")};
    uint16_t fields[] = {101, 100};
    uint8_t views[] = {VIEW_CLEAR, VIEW_HIDDEN, VIEW_CLEAR, VIEW_HIDDEN};
    struct keeper_row list[2] = {rows[0].row, rows[1].row};
    struct slice sealed[4] = {rows[0].mobile, rows[0].name, rows[1].mobile, rows[1].name};
    struct keeper_needle needle = {.field = 100, .search = SEARCH_FRAGMENT, .text = SLICE("sanfeng")};
    uint32_t both[] = {1, 1};
    struct keeper_open q = {.act = AUDIT_SEARCH,
                            .object = 1,
                            .fields = fields,
                            .field_count = 2,
                            .rows = list,
                            .row_count = 2,
                            .views = views,
                            .sealed = sealed,
                            .needles = &needle,
                            .needle_count = 1,
                            .needle_rows = both};
    assert_int_equal(keeper_open_rows(w->k, &wang, &q, &w->arena, &got, &e), ST_OK);
    assert_false(got.dropped[0]);
    assert_true(got.dropped[1]);
    assert_text(got.values[0], "+8613800001234");
    assert_null(got.values[1].p); /* the needle's own field was hidden */
    assert_null(got.values[2].p);
    /* Of one group any will do, if the row may be found by it; of another one too. */
    struct keeper_needle groups[] = {
        {.group = 0}, {.group = 1}, {.field = 100, .search = SEARCH_FRAGMENT, .text = SLICE("sanfeng")}};
    static const struct {
        uint32_t rows[2];
        bool dropped[2];
    } cases[] = {{{2 | 4, 1 | 2}, {false, false}},
                 {{2, 2 | 4}, {true, true}},
                 {{4, 1}, {true, true}},
                 {{1 | 2 | 4, 1 | 2 | 4}, {false, false}}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        q.needles = groups;
        q.needle_count = 3;
        q.needle_rows = cases[i].rows;
        assert_int_equal(keeper_open_rows(w->k, &wang, &q, &w->arena, &got, &e), ST_OK);
        for (size_t r = 0; r < 2; r++)
            assert_int_equal(got.dropped[r], cases[i].dropped[r]);
    }
    groups[2].group = KEEPER_NEEDLES_MAX;
    assert_int_equal(keeper_open_rows(w->k, &wang, &q, &w->arena, &got, &e), ST_INVALID);
}

static void the_registry_is_listed_in_the_order_of_its_changes(void **state) {
    struct world *w = *state;
    struct error e;
    struct registry_item *items;
    size_t n;
    uint64_t version, again;
    assert_int_equal(keeper_registry_list(w->k, 0, &w->arena, &items, &n, &version, &e), ST_OK);
    assert_int_equal(n, 14);
    for (size_t i = 1; i < n; i++)
        assert_true(items[i - 1].version < items[i].version);
    for (size_t i = 0; i < n; i++)
        assert_null(memmem(items[i].document.p, items[i].document.n, "password", 8));
    assert_int_equal(keeper_registry_list(w->k, version, &w->arena, &items, &n, &again, &e), ST_OK);
    assert_int_equal(n, 0);
    struct slice json;
    struct keeper_call li = world_sign_in(w, "li");
    assert_int_equal(keeper_budgets(w->k, &li, &json, &e), ST_OK);
    struct slice part = SLICE("\"masked\":{\"personal\":{\"minute\":{\"used\":0,\"limit\":50}");
    assert_non_null(memmem(json.p, json.n, part.p, part.n));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(changing_the_password_ends_the_other_sessions),
        CASE(sessions_are_listed_and_revoked_by_their_owner),
        CASE(an_api_key_has_its_makers_roles_at_most_and_its_networks_only),
        CASE(a_box_opens_for_its_owner_and_only_in_its_place),
        CASE(revealing_needs_a_reason_that_the_auditor_can_read),
        CASE(the_reason_of_a_write_goes_with_its_customers_key),
        CASE(nobody_can_claim_in_the_log_what_only_the_keeper_knows),
        CASE(rows_that_fail_the_needle_are_dropped_unopened),
        CASE(the_registry_is_listed_in_the_order_of_its_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
