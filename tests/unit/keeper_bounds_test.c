/* What anybody may ask the keeper to keep has bounds, and what stood at the asking must stand at the end. */
#include "base/clock.h"
#include "keeper/proposal.h"
#include "keeper/registry.h"
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

static uint32_t lend(struct world *w, const struct keeper_call *who, enum status expected) {
    static char text[200];
    struct error e;
    uint32_t id = 0;
    (void)snprintf(text, sizeof text,
                   "{\"why\":\"leave\",\"to\":2,\"roles\":[\"sales\"],\"until\":%lld,\"reason\":\"off\"}",
                   (long long)clock_wall_ms() + 3600000);
    assert_int_equal(keeper_grant_make(w->k, who, slice_from_string(text), &id, &e), expected);
    if (expected != ST_OK)
        assert_string_equal(e.code, "too_many_grants");
    return id;
}

static void a_person_lends_so_much_at_once_and_so_often(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_call wang = world_sign_in(w, "wang");
    uint32_t id = 0;
    for (size_t i = 0; i < GRANTS_LIVE; i++)
        id = lend(w, &wang, ST_OK);
    (void)lend(w, &wang, ST_LIMIT);
    for (size_t i = GRANTS_LIVE; i < GRANTS_MONTH; i++) {
        assert_int_equal(keeper_grant_close(w->k, &wang, id, false, SLICE("back"), &e), ST_OK);
        id = lend(w, &wang, ST_OK);
    }
    assert_int_equal(keeper_grant_close(w->k, &wang, id, false, SLICE("back"), &e), ST_OK);
    (void)lend(w, &wang, ST_LIMIT);
}

static const uint8_t key[32] = {7};

static struct registry *open_registry(const char *dir, struct vault **v) {
    struct registry *r = NULL;
    struct error e;
    assert_int_equal(vault_open(dir, key, v, &e), ST_OK);
    assert_int_equal(registry_open(*v, &r, &e), ST_OK);
    return r;
}

static enum status put_grant(struct registry *r, const struct registry_writer *who, uint32_t *id,
                             const char *rest, struct error *e) {
    char text[300];
    (void)snprintf(text, sizeof text, "{\"user\":2,\"roles\":[\"sales\"],\"since\":1,%s}", rest);
    return registry_put(r, who, REGISTRY_GRANT, *id, slice_from_string(text), id, e);
}

static void a_review_that_races_with_an_end_revives_nothing(void **state) {
    struct world *w = *state;
    char dir[] = "/tmp/kedun-bounds-XXXXXX";
    struct vault *v;
    struct error e;
    uint32_t id = 0;
    struct slice text;
    assert_non_null(mkdtemp(dir));
    struct registry *r = open_registry(dir, &v);
    struct registry_writer who = {.user = 4, .grants = true};
    assert_int_equal(put_grant(r, &who, &id, "\"until\":99999999999999", &e), ST_OK);
    /* Both were made from the grant as it stood before. */
    assert_int_equal(put_grant(r, &who, &id, "\"until\":99999999999999,\"ended\":{\"by\":4}", &e), ST_OK);
    assert_int_equal(put_grant(r, &who, &id, "\"until\":99999999999999,\"review\":{\"by\":5}", &e),
                     ST_CONFLICT);
    assert_string_equal(e.code, "grant_closed");
    assert_true(registry_document(r, REGISTRY_GRANT, id, &w->arena, &text));
    assert_non_null(memmem(text.p, text.n, "ended", 5));
    registry_close(r);
    vault_close(v);
    (void)nftw(dir, world_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

static void grants_long_over_are_forgotten_at_start_unless_they_await_review(void **state) {
    struct world *w = *state;
    char dir[] = "/tmp/kedun-bounds-XXXXXX";
    struct vault *v;
    struct error e;
    struct slice text;
    uint32_t id[4] = {0};
    const char *rest[4] = {"\"until\":2", "\"until\":2,\"why\":\"break_glass\"", "\"until\":99999999999999",
                           "\"until\":2"};
    assert_non_null(mkdtemp(dir));
    struct registry *r = open_registry(dir, &v);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(put_grant(r, NULL, &id[i], rest[i], &e), ST_OK);
    for (int again = 0; again < 2; again++) {
        registry_close(r);
        vault_close(v);
        r = open_registry(dir, &v);
        assert_int_equal(registry_version(r), 4);
        for (size_t i = 0; i < 4; i++)
            assert_int_equal(registry_document(r, REGISTRY_GRANT, id[i], &w->arena, &text), i != 0);
    }
    registry_close(r);
    vault_close(v);
    (void)nftw(dir, world_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_proposal_keeps_what_its_kind_knows_and_no_more),
        CASE(withdrawn_proposals_of_a_person_give_way_and_decided_ones_last),
        CASE(a_proposer_without_his_duty_proposes_nothing_any_more),
        CASE(a_person_lends_so_much_at_once_and_so_often),
        CASE(a_review_that_races_with_an_end_revives_nothing),
        CASE(grants_long_over_are_forgotten_at_start_unless_they_await_review),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
