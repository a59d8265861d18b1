/* Approval of high-risk acts: asked for, decided by another, counted by the keeper. */
#include "keeper_world.h"

#include "base/clock.h"
#include "keeper/high_risk.h"

#define REGISTER                                                                                             \
    "{\"budget\":{},\"high_risk\":{\"delete\":{\"above\":1,\"approval\":true},"                              \
    "\"update\":{\"reason\":true,\"approval\":true}}}"
#define ASK                                                                                                  \
    "{\"kind\":\"act\",\"user\":1,\"reason\":\"cleaning up\",\"change\":{\"act\":\"delete\",\"object\":1,"   \
    "\"name\":\"customer\",\"count\":2,\"hours\":2}}"

static void begin(struct world *w) {
    world_new(w);
    world_put(w, REGISTRY_COMPANY, REGISTER);
    world_fill(w);
}

static enum status seal(struct world *w, const struct keeper_call *call, uint8_t act,
                        const struct world_row *row, struct error *e) {
    struct keeper_value value = {100, SLICE("x"), row->name};
    bool writes = act == AUDIT_UPDATE;
    struct keeper_seal_row r = {
        .row = row->row, .old = &row->row, .values = &value, .value_count = writes ? 1 : 0};
    struct keeper_sealed sealed;
    enum status s = keeper_seal_rows(w->k, call, act, 1, &r, 1, &w->arena, &sealed, e);
    struct error ignored;
    if (s == ST_OK)
        assert_int_equal(keeper_outcome(w->k, sealed.intent, true, &ignored), ST_OK);
    return s;
}

static uint64_t ask(struct world *w, const struct keeper_call *who, const char *document) {
    uint64_t id = 0;
    struct slice half;
    struct error e = {.status = ST_OK};
    enum status s = keeper_propose(w->k, who, slice_from_string(document), &id, &half, &e);
    if (s != ST_OK)
        print_error("propose: %s %s\n", e.code, e.detail);
    assert_int_equal(s, ST_OK);
    return id;
}

static enum status decide(struct world *w, const struct keeper_call *who, uint64_t id, struct error *e) {
    struct slice half;
    return keeper_decide(w->k, who, id, true, SLICE("seen"), &half, e);
}

static void assert_listed(struct world *w, const struct keeper_call *who, const char *part, bool there) {
    struct slice list;
    struct error e;
    assert_int_equal(keeper_proposals(w->k, who, false, &list, &e), ST_OK);
    assert_int_equal(memmem(list.p, list.n, part, strlen(part)) != NULL, there);
}

static void an_approval_lets_so_many_more_be_done_and_no_restart_refills_it(void **state) {
    struct world w;
    struct error e;
    struct need need;
    (void)state;
    begin(&w);
    struct keeper_call wang = world_sign_in(&w, "wang"), sec = world_sign_in(&w, "sec"),
                       aud = world_sign_in(&w, "aud"), boss = world_sign_in(&w, "boss");
    struct world_row row = world_row(&w, &wang, "a", "13800000001", "x");
    assert_int_equal(seal(&w, &wang, AUDIT_DELETE, &row, &e), ST_OK);
    assert_int_equal(seal(&w, &wang, AUDIT_DELETE, &row, &e), ST_DENIED);
    assert_string_equal(e.code, "approval_required");
    assert_true(need_read(&e, &need));
    assert_true(need.approval);
    assert_int_equal(need.object, 1);
    assert_int_equal(need.count, 2);
    assert_int_equal(need.above, 1);
    uint64_t id = ask(&w, &wang, ASK);
    assert_int_equal(decide(&w, &wang, id, &e), ST_DENIED);
    assert_string_equal(e.code, "own_proposal");
    assert_int_equal(decide(&w, &aud, id, &e), ST_DENIED);
    assert_int_equal(decide(&w, &boss, id, &e), ST_DENIED);
    assert_int_equal(seal(&w, &wang, AUDIT_DELETE, &row, &e), ST_DENIED);
    assert_int_equal(decide(&w, &sec, id, &e), ST_OK); /* nobody leads him */
    assert_int_equal(seal(&w, &wang, AUDIT_DELETE, &row, &e), ST_OK);
    assert_listed(&w, &wang, "\"used\":1,\"left\":1,", true);
    assert_int_equal(seal(&w, &boss, AUDIT_DELETE, &row, &e), ST_OK); /* a first one of his own */
    assert_int_equal(seal(&w, &boss, AUDIT_DELETE, &row, &e), ST_DENIED);
    world_restart(&w);
    assert_int_equal(seal(&w, &wang, AUDIT_DELETE, &row, &e), ST_OK);
    assert_int_equal(seal(&w, &wang, AUDIT_DELETE, &row, &e), ST_DENIED);
    assert_string_equal(e.code, "approval_required");
    world_restart(&w);
    assert_int_equal(seal(&w, &wang, AUDIT_DELETE, &row, &e), ST_DENIED);
    world_free(&w);
}

static void who_leads_him_decides_and_what_is_missing_besides_is_told_with_it(void **state) {
    struct world w;
    struct error e;
    struct need need;
    (void)state;
    begin(&w);
    struct keeper_call wang = world_sign_in(&w, "wang"), sec = world_sign_in(&w, "sec"),
                       sys = world_sign_in(&w, "sys"), li = world_sign_in(&w, "li"),
                       boss = world_sign_in(&w, "boss");
    uint64_t id = ask(&w, &sys,
                      "{\"kind\":\"registry\",\"reason\":\"he leads\",\"change\":{\"items\":[{\"kind\":"
                      "\"user\",\"id\":6,\"document\":{\"manages\":[1]}}]}}");
    assert_int_equal(decide(&w, &sec, id, &e), ST_OK);
    struct world_row row = world_row(&w, &wang, "a", "13800000001", "x");
    assert_int_equal(seal(&w, &wang, AUDIT_UPDATE, &row, &e), ST_DENIED);
    assert_string_equal(e.code, "approval_required");
    assert_true(need_read(&e, &need) && need.reason);
    id = ask(&w, &wang,
             "{\"kind\":\"act\",\"user\":1,\"reason\":\"clean up\",\"change\":{\"act\":\"update\","
             "\"object\":0,\"count\":1,\"hours\":1}}");
    assert_int_equal(decide(&w, &sec, id, &e), ST_DENIED);
    assert_int_equal(decide(&w, &li, id, &e), ST_DENIED);
    assert_int_equal(decide(&w, &boss, id, &e), ST_OK);
    assert_int_equal(seal(&w, &wang, AUDIT_UPDATE, &row, &e), ST_DENIED);
    assert_string_equal(e.code, "reason_required");
    assert_listed(&w, &wang, "\"used\":0,", true); /* what was refused used nothing */
    wang.reason = SLICE("asked for by the customer");
    assert_int_equal(seal(&w, &wang, AUDIT_UPDATE, &row, &e), ST_OK);
    assert_int_equal(seal(&w, &wang, AUDIT_UPDATE, &row, &e), ST_DENIED);
    assert_string_equal(e.code, "approval_required");
    world_free(&w);
}

static void one_bound_to_records_covers_these_alone_and_tells_their_ids_to_no_list(void **state) {
    struct world w;
    struct error e;
    char document[512], digits[33] = "";
    (void)state;
    begin(&w);
    struct keeper_call wang = world_sign_in(&w, "wang"), sec = world_sign_in(&w, "sec"),
                       aud = world_sign_in(&w, "aud");
    struct world_row mine = world_row(&w, &wang, "a", "13800000001", "x"),
                     other = world_row(&w, &wang, "b", "13800000002", "y");
    for (size_t i = 0; i < 16; i++)
        (void)snprintf(digits + 2 * i, 3, "%02x", mine.row.record.b[i]);
    (void)snprintf(document, sizeof document,
                   "{\"kind\":\"act\",\"user\":1,\"reason\":\"clean up\",\"change\":{\"act\":\"delete\","
                   "\"object\":1,\"count\":1,\"hours\":1,\"records\":\"%s\"}}",
                   digits);
    uint64_t id = ask(&w, &wang, document);
    assert_listed(&w, &sec, digits, false);
    struct slice one;
    assert_int_equal(keeper_proposal(w.k, &sec, id, &one, &e), ST_OK);
    assert_non_null(memmem(one.p, one.n, digits, 32));
    assert_int_equal(keeper_proposal(w.k, &aud, id, &one, &e), ST_OK);
    assert_int_equal(one.n, 2);
    assert_int_equal(decide(&w, &sec, id, &e), ST_OK);
    assert_int_equal(seal(&w, &wang, AUDIT_DELETE, &other, &e), ST_OK); /* free */
    assert_int_equal(seal(&w, &wang, AUDIT_DELETE, &other, &e), ST_DENIED);
    assert_int_equal(seal(&w, &wang, AUDIT_DELETE, &mine, &e), ST_OK);
    world_restart(&w);
    assert_int_equal(seal(&w, &wang, AUDIT_DELETE, &mine, &e), ST_OK); /* tried again */
    assert_int_equal(seal(&w, &wang, AUDIT_DELETE, &other, &e), ST_DENIED);
    assert_listed(&w, &wang, "\"used\":1,\"left\":0,", true);
    world_free(&w);
}

static void it_ends_with_his_place_and_is_no_keys(void **state) {
    struct world w;
    struct error e;
    uint32_t made;
    struct token token;
    struct uuid key;
    (void)state;
    begin(&w);
    struct keeper_call wang = world_sign_in(&w, "wang"), sec = world_sign_in(&w, "sec"),
                       sys = world_sign_in(&w, "sys");
    struct world_row row = world_row(&w, &wang, "a", "13800000001", "x");
    assert_int_equal(seal(&w, &wang, AUDIT_DELETE, &row, &e), ST_OK);
    assert_int_equal(decide(&w, &sec, ask(&w, &wang, ASK), &e), ST_OK);
    char expiry[CLOCK_TEXT + 1], document[128];
    clock_format(clock_wall_ms() + 3600000, expiry);
    (void)snprintf(document, sizeof document, "{\"label\":\"x\",\"roles\":[\"sales\"],\"expires_at\":\"%s\"}",
                   expiry);
    assert_int_equal(keeper_api_key_make(w.k, &wang, slice_from_string(document), &token, &key, &e), ST_OK);
    struct keeper_call by_key = wang;
    by_key.token = token;
    assert_int_equal(seal(&w, &by_key, AUDIT_DELETE, &row, &e), ST_DENIED);
    assert_string_equal(e.code, "approval_required");
    assert_int_equal(keeper_registry_put(w.k, &sys, REGISTRY_DEPARTMENT, 0,
                                         SLICE("{\"name\":\"else\",\"parent\":0,\"branch\":0}"), &made, &e),
                     ST_OK);
    assert_int_equal(keeper_registry_put(w.k, &sys, REGISTRY_USER, 1, SLICE("{\"department\":2}"), &made, &e),
                     ST_OK);
    assert_int_equal(seal(&w, &wang, AUDIT_DELETE, &row, &e), ST_DENIED);
    assert_int_equal(keeper_registry_put(w.k, &sys, REGISTRY_USER, 1, SLICE("{\"department\":1}"), &made, &e),
                     ST_OK);
    assert_int_equal(seal(&w, &wang, AUDIT_DELETE, &row, &e), ST_OK);
    world_free(&w);
}

static void what_cannot_be_approved_is_not_stored(void **state) {
    static const struct {
        const char *change, *code;
    } cases[] = {
        {"\"act\":\"fly\",\"object\":1,\"count\":2,\"hours\":2", "bad_document"},
        {"\"act\":\"delete\",\"object\":1,\"count\":0,\"hours\":2", "bad_document"},
        {"\"act\":\"delete\",\"object\":1,\"count\":1000001,\"hours\":2", "bad_document"},
        {"\"act\":\"delete\",\"object\":1,\"count\":2,\"hours\":73", "bad_document"},
        {"\"act\":\"delete\",\"object\":70000,\"count\":2,\"hours\":2", "bad_document"},
        {"\"act\":\"delete\",\"object\":1,\"count\":1,\"hours\":2,\"records\":\"00\"", "bad_document"},
        {"\"act\":\"delete\",\"object\":1,\"count\":1,\"hours\":2,\"records\":[]", "bad_document"},
        {"\"act\":\"delete\",\"object\":1,\"count\":2,\"hours\":2,\"records\":"
         "\"00000000000000000000000000000001\"",
         "bad_document"},
        {"\"act\":\"delete\",\"object\":0,\"count\":1,\"hours\":2,\"records\":"
         "\"00000000000000000000000000000001\"",
         "bad_document"},
        {"\"act\":\"delete\",\"object\":1,\"count\":2,\"hours\":2,\"records\":"
         "\"0000000000000000000000000000000100000000000000000000000000000001\"",
         "bad_document"}};
    struct world w;
    struct error e;
    struct slice half;
    uint64_t id;
    char document[512];
    (void)state;
    begin(&w);
    struct keeper_call wang = world_sign_in(&w, "wang"), li = world_sign_in(&w, "li"),
                       sys = world_sign_in(&w, "sys");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)snprintf(document, sizeof document,
                       "{\"kind\":\"act\",\"user\":1,\"reason\":\"why\",\"change\":{%s}}", cases[i].change);
        assert_int_not_equal(keeper_propose(w.k, &wang, slice_from_string(document), &id, &half, &e), ST_OK);
        assert_string_equal(e.code, cases[i].code);
    }
    assert_int_equal(keeper_propose(w.k, &li, SLICE(ASK), &id, &half, &e), ST_DENIED); /* for another */
    assert_int_equal(keeper_propose(w.k, &sys,
                                    SLICE("{\"kind\":\"act\",\"user\":3,\"reason\":\"why\",\"change\":{"
                                          "\"act\":\"delete\",\"object\":1,\"count\":1,\"hours\":1}}"),
                                    &id, &half, &e),
                     ST_DENIED);
    assert_string_equal(e.code, "duty_holder");
    for (size_t i = 0; i < 5; i++)
        (void)ask(&w, &wang, ASK);
    assert_int_equal(keeper_propose(w.k, &wang, SLICE(ASK), &id, &half, &e), ST_LIMIT);
    assert_string_equal(e.code, "too_many_proposals");
    world_free(&w);
}

/* ---- several for one write ---- */

struct write {
    uint8_t act;
    const struct world_row *rows;
    size_t count;
    uint8_t approval[4]; /* what policy asks of each */
};

static enum status write_rows(struct world *w, const struct keeper_call *call, const struct write *write,
                              struct error *e) {
    struct keeper_seal_row r[4];
    struct keeper_sealed sealed;
    struct error ignored;
    for (size_t i = 0; i < write->count; i++)
        r[i] = (struct keeper_seal_row){
            .row = write->rows[i].row, .old = &write->rows[i].row, .approval = write->approval[i]};
    enum status s = keeper_seal_rows(w->k, call, write->act, 1, r, write->count, &w->arena, &sealed, e);
    if (s == ST_OK)
        assert_int_equal(keeper_outcome(w->k, sealed.intent, true, &ignored), ST_OK);
    return s;
}

static void put_digits(const struct world_row *rows, size_t count, char *digits) {
    for (size_t i = 0; i < 16 * count; i++)
        (void)snprintf(digits + 2 * i, 3, "%02x", rows[i / 16].row.record.b[i % 16]);
}

/* `rows` NULL: bound to none. */
static uint64_t approved(struct world *w, const struct keeper_call *who, const struct keeper_call *by,
                         const char *act, unsigned hours, const struct world_row *rows, size_t count) {
    char document[512], digits[129] = "", records[160] = "";
    struct error e;
    if (rows != NULL) {
        put_digits(rows, count, digits);
        (void)snprintf(records, sizeof records, ",\"records\":\"%s\"", digits);
    }
    (void)snprintf(document, sizeof document,
                   "{\"kind\":\"act\",\"user\":1,\"reason\":\"clean up\",\"change\":{\"act\":\"%s\","
                   "\"object\":1,\"count\":%zu,\"hours\":%u%s}}",
                   act, count, hours, records);
    uint64_t id = ask(w, who, document);
    assert_int_equal(decide(w, by, id, &e), ST_OK);
    return id;
}

static void assert_logged(struct world *w, const char *text, bool there) {
    struct keeper_call nobody = {.purpose = 0};
    struct slice frames;
    struct error e;
    uint64_t at = 1, next = 0;
    bool found = false;
    for (;; at = next) {
        assert_int_equal(keeper_audit_read(w->j, &nobody, at, 500, &frames, &next, &e), ST_OK);
        if (next == at)
            break;
        found = found || memmem(frames.p, frames.n, text, strlen(text)) != NULL;
    }
    if (found != there)
        print_error("%s: %s\n", text, there ? "not found" : "found");
    assert_int_equal(found, there);
}

static void several_add_up_in_the_order_of_their_end_all_or_none(void **state) {
    struct world w;
    struct error e;
    char tag[64];
    (void)state;
    begin(&w);
    struct keeper_call wang = world_sign_in(&w, "wang"), sec = world_sign_in(&w, "sec");
    struct world_row rows[] = {
        world_row(&w, &wang, "a", "13800000001", "x"), world_row(&w, &wang, "b", "13800000002", "x"),
        world_row(&w, &wang, "c", "13800000003", "x"), world_row(&w, &wang, "d", "13800000004", "x")};
    struct write four = {.act = AUDIT_DELETE, .rows = rows, .count = 4};
    uint64_t late = approved(&w, &wang, &sec, "delete", 9, NULL, 2); /* one is free */
    assert_int_equal(write_rows(&w, &wang, &four, &e), ST_DENIED);
    assert_string_equal(e.code, "approval_required");
    assert_listed(&w, &wang, "\"used\":0,\"left\":2,", true); /* none of it */
    uint64_t soon = approved(&w, &wang, &sec, "delete", 3, NULL, 2);
    assert_int_equal(write_rows(&w, &wang, &four, &e), ST_OK);
    assert_listed(&w, &wang, "\"used\":2,\"left\":0,", true);
    assert_listed(&w, &wang, "\"used\":1,\"left\":1,", true);
    (void)snprintf(tag, sizeof tag, "high_risk delete 4 p%llu p%llu", (unsigned long long)soon,
                   (unsigned long long)late);
    assert_logged(&w, tag, true);
    world_restart(&w);
    four.count = 2;
    assert_int_equal(write_rows(&w, &wang, &four, &e), ST_DENIED);
    four.count = 1;
    assert_int_equal(write_rows(&w, &wang, &four, &e), ST_OK);
    assert_int_equal(write_rows(&w, &wang, &four, &e), ST_DENIED);
    world_free(&w);
}

static void named_records_are_covered_by_any_that_names_them_and_the_rest_by_number(void **state) {
    struct world w;
    struct error e;
    (void)state;
    begin(&w);
    struct keeper_call wang = world_sign_in(&w, "wang"), sec = world_sign_in(&w, "sec");
    struct world_row rows[] = {
        world_row(&w, &wang, "a", "13800000001", "x"), world_row(&w, &wang, "b", "13800000002", "x"),
        world_row(&w, &wang, "c", "13800000003", "x"), world_row(&w, &wang, "d", "13800000004", "x")};
    struct write all = {.act = AUDIT_DELETE, .rows = rows, .count = 4};
    struct write free = {.act = AUDIT_DELETE, .rows = rows, .count = 1};
    assert_int_equal(write_rows(&w, &wang, &free, &e), ST_OK);
    (void)approved(&w, &wang, &sec, "delete", 3, rows, 1);
    (void)approved(&w, &wang, &sec, "delete", 3, rows + 1, 2);
    assert_int_equal(write_rows(&w, &wang, &all, &e), ST_DENIED); /* the fourth is named by none */
    all.count = 3;
    assert_int_equal(write_rows(&w, &wang, &all, &e), ST_OK);
    assert_int_equal(write_rows(&w, &wang, &all, &e), ST_OK);
    all.count = 4;
    assert_int_equal(write_rows(&w, &wang, &all, &e), ST_DENIED);
    (void)approved(&w, &wang, &sec, "delete", 1, NULL, 1);
    assert_int_equal(write_rows(&w, &wang, &all, &e), ST_OK);
    assert_int_equal(write_rows(&w, &wang, &all, &e), ST_DENIED); /* the number is used up */
    world_free(&w);
}

static void what_policy_wants_approved_needs_one_below_the_number_too(void **state) {
    struct world w;
    struct error e;
    struct need need;
    char tag[64];
    (void)state;
    world_new(&w);
    world_put(&w, REGISTRY_COMPANY,
              "{\"budget\":{},\"high_risk\":{\"delete\":{\"above\":9,\"reason\":true}}}");
    world_fill(&w);
    struct keeper_call wang = world_sign_in(&w, "wang"), sec = world_sign_in(&w, "sec");
    struct world_row rows[] = {world_row(&w, &wang, "a", "13800000001", "x"),
                               world_row(&w, &wang, "b", "13800000002", "x"),
                               world_row(&w, &wang, "c", "13800000003", "x")};
    struct write three = {
        .act = AUDIT_DELETE, .rows = rows, .count = 3, .approval = {[1] = 1 << HIGH_RISK_DELETE}};
    assert_int_equal(write_rows(&w, &wang, &three, &e), ST_DENIED);
    assert_string_equal(e.code, "approval_required");
    assert_true(need_read(&e, &need));
    assert_true(need.approval && !need.counted && !need.reason); /* the reason: above nine */
    assert_string_equal(need.act, "delete");
    (void)approved(&w, &wang, &sec, "delete", 1, rows, 1); /* of one that nobody asked for */
    assert_int_equal(write_rows(&w, &wang, &three, &e), ST_DENIED);
    uint64_t id = approved(&w, &wang, &sec, "delete", 1, rows + 1, 1);
    assert_int_equal(write_rows(&w, &wang, &three, &e), ST_OK);
    (void)snprintf(tag, sizeof tag, "p%llu", (unsigned long long)id);
    assert_logged(&w, tag, true);
    assert_logged(&w, "high_risk delete 3 p", true);
    /* What the keeper takes for another act, or for none: what the engine says counts besides. */
    struct write given = {
        .act = AUDIT_RESTORE, .rows = rows, .count = 1, .approval = {1 << HIGH_RISK_TRANSFER}};
    assert_int_equal(write_rows(&w, &wang, &given, &e), ST_DENIED);
    assert_true(need_read(&e, &need));
    assert_string_equal(need.act, "transfer");
    world_free(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_approval_lets_so_many_more_be_done_and_no_restart_refills_it),
        cmocka_unit_test(who_leads_him_decides_and_what_is_missing_besides_is_told_with_it),
        cmocka_unit_test(one_bound_to_records_covers_these_alone_and_tells_their_ids_to_no_list),
        cmocka_unit_test(it_ends_with_his_place_and_is_no_keys),
        cmocka_unit_test(what_cannot_be_approved_is_not_stored),
        cmocka_unit_test(several_add_up_in_the_order_of_their_end_all_or_none),
        cmocka_unit_test(named_records_are_covered_by_any_that_names_them_and_the_rest_by_number),
        cmocka_unit_test(what_policy_wants_approved_needs_one_below_the_number_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
