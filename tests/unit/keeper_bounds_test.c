/* What anybody may ask the keeper to keep has bounds, and what stood at the asking must stand at the end. */
#include "keeper/proposal.h"
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

static enum status propose(struct world *w, const struct keeper_call *who, const char *document, uint64_t *id,
                           struct error *e) {
    struct slice half;
    return keeper_propose(w->k, who, slice_from_string(document), id, &half, e);
}

static enum status decide(struct world *w, const struct keeper_call *who, uint64_t id, bool approve,
                          struct error *e) {
    struct slice half;
    return keeper_decide(w->k, who, id, approve, SLICE("seen"), &half, e);
}

static json_t *proposals(struct world *w, const struct keeper_call *who) {
    struct slice text;
    struct error e;
    json_error_t at;
    assert_int_equal(keeper_proposals(w->k, who, false, &text, &e), ST_OK);
    json_t *list = json_loadb((const char *)text.p, text.n, 0, &at);
    assert_non_null(list);
    return list;
}

static const json_t *find(const json_t *list, uint64_t id) {
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        if (json_integer_value(json_object_get(one, "id")) == (json_int_t)id)
            return one;
    }
    return NULL;
}

#define ASK                                                                                                  \
    "{\"kind\":\"grant\",\"user\":2,\"reason\":\"covers\",\"change\":{\"roles\":[\"sales\"],\"hours\":2%s}}"

static void a_proposal_keeps_what_its_kind_knows_and_no_more(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_call li = world_sign_in(w, "li"), sys = world_sign_in(w, "sys");
    static char text[40000], rest[39000];
    uint64_t id;
    size_t n = (size_t)snprintf(rest, sizeof rest, ",\"pad\":\"");
    memset(rest + n, 'x', 30000);
    rest[n + 30000] = '"';
    (void)snprintf(text, sizeof text, ASK, rest);
    assert_int_equal(propose(w, &li, text, &id, &e), ST_OK);
    json_t *list = proposals(w, &li);
    assert_int_equal(json_object_size(json_object_get(find(list, id), "change")), 2);
    json_decref(list);
    assert_int_equal(
        propose(w, &sys,
                "{\"kind\":\"registry\",\"user\":4,\"reason\":\"new name\",\"change\":{\"x\":1,"
                "\"items\":[{\"kind\":\"user\",\"id\":2,\"y\":2,\"document\":{\"name\":\"L\"}}]}}",
                &id, &e),
        ST_OK);
    list = proposals(w, &sys);
    const json_t *kept = find(list, id), *change = json_object_get(kept, "change");
    assert_int_equal(json_object_size(change), 1);
    assert_int_equal(json_object_size(json_array_get(json_object_get(change, "items"), 0)), 3);
    /* Whom it concerns its items say: a name beside them keeps nobody from deciding. */
    assert_int_equal(json_integer_value(json_object_get(kept, "user")), 0);
    json_decref(list);
    struct keeper_call sec = world_sign_in(w, "sec");
    assert_int_equal(decide(w, &sec, id, true, &e), ST_OK);
}

static void withdrawn_proposals_of_a_person_give_way_and_decided_ones_last(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_call li = world_sign_in(w, "li"), sec = world_sign_in(w, "sec");
    static char text[400];
    uint64_t decided, id = 0;
    (void)snprintf(text, sizeof text, ASK, "");
    assert_int_equal(propose(w, &li, text, &decided, &e), ST_OK);
    assert_int_equal(decide(w, &sec, decided, false, &e), ST_OK);
    for (size_t i = 0; i < PROPOSALS_KEPT + 15; i++) {
        assert_int_equal(propose(w, &li, text, &id, &e), ST_OK);
        assert_int_equal(decide(w, &li, id, false, &e), ST_OK);
    }
    for (int again = 0; again < 2; again++) {
        json_t *list = proposals(w, &li);
        assert_true(json_array_size(list) <= PROPOSALS_KEPT + 1);
        assert_non_null(find(list, decided));
        assert_non_null(find(list, id));
        assert_null(find(list, decided + 1));
        json_decref(list);
        world_restart(w);
        li = world_sign_in(w, "li");
    }
    for (size_t i = 0; i < PROPOSALS_OPEN; i++)
        assert_int_equal(propose(w, &li, text, &id, &e), ST_OK);
    assert_int_equal(propose(w, &li, text, &id, &e), ST_LIMIT);
    assert_string_equal(e.code, "too_many_proposals");
}

static void a_proposer_without_his_duty_proposes_nothing_any_more(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_call sys = world_sign_in(w, "sys"), sec = world_sign_in(w, "sec"),
                       aud = world_sign_in(w, "aud");
    uint64_t id, holder, plain;
    const char *duty = "{\"kind\":\"registry\",\"reason\":\"why\",\"change\":{\"items\":[{\"kind\":\"user\","
                       "\"id\":1,\"document\":{\"duties\":[%s]}}]}}";
    char text[400];
    (void)snprintf(text, sizeof text, duty, "\"system_admin\"");
    assert_int_equal(propose(w, &sec, text, &id, &e), ST_OK);
    assert_int_equal(decide(w, &sys, id, true, &e), ST_OK);
    struct keeper_call wang = world_sign_in(w, "wang");
    assert_int_equal(propose(w, &wang,
                             "{\"kind\":\"registry\",\"reason\":\"why\",\"change\":{\"items\":[{\"kind\":"
                             "\"user\",\"id\":5,\"document\":{\"name\":\"Other\"}}]}}",
                             &holder, &e),
                     ST_OK);
    assert_int_equal(
        propose(w, &wang, "{\"kind\":\"password\",\"user\":2,\"reason\":\"forgotten\"}", &plain, &e), ST_OK);
    (void)snprintf(text, sizeof text, duty, "");
    assert_int_equal(propose(w, &sec, text, &id, &e), ST_OK);
    assert_int_equal(decide(w, &aud, id, true, &e), ST_OK);
    assert_int_equal(decide(w, &sec, holder, true, &e), ST_CONFLICT);
    assert_string_equal(e.code, "proposer_duty_gone");
    assert_int_equal(decide(w, &sec, plain, true, &e), ST_CONFLICT);
    assert_string_equal(e.code, "proposer_duty_gone");
    assert_int_equal(decide(w, &sec, plain, false, &e), ST_OK);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_proposal_keeps_what_its_kind_knows_and_no_more),
        CASE(withdrawn_proposals_of_a_person_give_way_and_decided_ones_last),
        CASE(a_proposer_without_his_duty_proposes_nothing_any_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
