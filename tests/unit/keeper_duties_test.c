/* Duties kept apart, changes that take two, rights for a time, leaving. */
#include "base/clock.h"
#include "keeper/proposal.h"
#include "keeper/session.h"
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

static struct slice say(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static struct slice say(struct world *w, const char *format, ...) {
    char text[2048];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return arena_copy(&w->arena, slice_from_string(text));
}

static enum status put(struct world *w, const struct keeper_call *who, uint8_t kind, uint32_t id,
                       const char *document, struct error *e) {
    uint32_t made;
    return keeper_registry_put(w->k, who, kind, id, slice_from_string(document), &made, e);
}

static uint64_t propose(struct world *w, const struct keeper_call *who, struct slice document, char *secret) {
    uint64_t id = 0;
    struct slice half;
    struct error e = {.status = ST_OK};
    enum status s = keeper_propose(w->k, who, document, &id, &half, &e);
    if (s != ST_OK)
        print_error("propose: %s %s\n", e.code, e.detail);
    assert_int_equal(s, ST_OK);
    if (secret != NULL) {
        assert_int_equal(half.n, PROPOSAL_HALF);
        memcpy(secret, half.p, half.n);
    }
    return id;
}

static enum status decide(struct world *w, const struct keeper_call *who, uint64_t id, bool approve,
                          char *secret, struct error *e) {
    struct slice half;
    enum status s = keeper_decide(w->k, who, id, approve, SLICE("seen"), &half, e);
    if (s == ST_OK && secret != NULL) {
        assert_int_equal(half.n, PROPOSAL_HALF);
        memcpy(secret, half.p, half.n);
    }
    return s;
}

static enum status sign_in(struct world *w, const char *login, const char *password, struct keeper_call *out,
                           struct principal *who) {
    struct error e;
    struct token token;
    static uint8_t from; /* another address each time: failures slow the next try from the same one */
    *out =
        (struct keeper_call){.purpose = PURPOSE_SALES, .address = {[10] = 0xff, [11] = 0xff, [15] = ++from}};
    enum status s = keeper_sign_in(w->k, out, slice_from_string(login), slice_from_string(password),
                                   SLICE("test"), &token, who, &e);
    out->token = token;
    return s;
}

#define DUTY_OFF                                                                                             \
    "{\"kind\":\"registry\",\"reason\":\"moves "                                                             \
    "on\",\"change\":{\"items\":[{\"kind\":\"user\",\"id\":%u,\"document\":%s}]}}"

static void the_last_of_a_duty_stays(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_call sys = world_sign_in(w, "sys"), sec = world_sign_in(w, "sec");
    uint64_t id;
    struct slice half;
    assert_int_equal(keeper_propose(w->k, &sec, say(w, DUTY_OFF, 5u, "{\"duties\":[]}"), &id, &half, &e),
                     ST_CONFLICT);
    assert_string_equal(e.code, "last_of_duty");
    assert_int_equal(keeper_propose(w->k, &sys, say(w, DUTY_OFF, 5u, "{\"disabled\":true}"), &id, &half, &e),
                     ST_CONFLICT);
    assert_string_equal(e.code, "last_of_duty");
    /* With a successor in the same change it passes. */
    struct slice both =
        say(w, "{\"kind\":\"registry\",\"reason\":\"hands over\",\"change\":{\"items\":["
               "{\"kind\":\"user\",\"id\":5,\"document\":{\"duties\":[]}},"
               "{\"kind\":\"user\",\"id\":2,\"document\":{\"duties\":[\"auditor\"],\"roles\":[]}}]}}");
    id = propose(w, &sec, both, NULL);
    assert_int_equal(decide(w, &sys, id, true, NULL, &e), ST_OK);
    struct keeper_call li = world_sign_in(w, "li");
    struct principal who;
    assert_int_equal(keeper_session(w->k, &li, &who, &e), ST_OK);
    assert_int_equal(who.duties, DUTY_AUDITOR);
}

static void a_holder_of_a_duty_is_changed_by_two_of_different_duties(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_call sys = world_sign_in(w, "sys"), sec = world_sign_in(w, "sec"),
                       aud = world_sign_in(w, "aud"), wang = world_sign_in(w, "wang");
    assert_int_equal(put(w, &sys, REGISTRY_USER, 5, "{\"name\":\"Other\"}", &e), ST_DENIED);
    assert_string_equal(e.code, "needs_second");
    assert_int_equal(put(w, &sec, REGISTRY_USER, 2, "{\"duties\":[\"auditor\"]}", &e), ST_DENIED);
    assert_string_equal(e.code, "needs_second");
    uint64_t id = propose(w, &sec, say(w, DUTY_OFF, 2u, "{\"duties\":[\"security_admin\"]}"), NULL);
    assert_int_equal(decide(w, &sec, id, true, NULL, &e), ST_DENIED);
    assert_string_equal(e.code, "own_proposal");
    assert_int_equal(decide(w, &wang, id, true, NULL, &e), ST_DENIED);
    assert_int_equal(decide(w, &aud, id, true, NULL, &e), ST_OK);
    assert_int_equal(decide(w, &sys, id, true, NULL, &e), ST_CONFLICT);
    assert_string_equal(e.code, "proposal_closed");
    /* Two of one duty are not enough for a third one's duty. */
    struct keeper_call li = world_sign_in(w, "li");
    id = propose(w, &sec, say(w, DUTY_OFF, 6u, "{\"duties\":[\"auditor\"]}"), NULL);
    assert_int_equal(decide(w, &li, id, true, NULL, &e), ST_DENIED);
    assert_int_equal(decide(w, &sys, id, false, NULL, &e), ST_OK);
    assert_int_equal(decide(w, &aud, id, true, NULL, &e), ST_CONFLICT);
    /* Nobody takes part in what concerns himself. */
    id = propose(w, &sys, say(w, DUTY_OFF, 5u, "{\"name\":\"Anna\"}"), NULL);
    assert_int_equal(decide(w, &aud, id, true, NULL, &e), ST_DENIED);
    assert_int_equal(decide(w, &sec, id, true, NULL, &e), ST_OK);
}

static void neither_half_of_a_password_signs_in(void **state) {
    struct world *w = *state;
    struct error e;
    struct principal who;
    struct keeper_call sys = world_sign_in(w, "sys"), sec = world_sign_in(w, "sec"),
                       aud = world_sign_in(w, "aud"), wang = world_sign_in(w, "wang"), call;
    char first[PROPOSAL_HALF + 1] = "", second[PROPOSAL_HALF + 1] = "", whole[64];
    uint64_t id;
    struct slice half;
    const char *ask = "{\"kind\":\"password\",\"user\":%u,\"reason\":\"forgotten\"}";
    assert_int_equal(keeper_propose(w->k, &wang, say(w, ask, 2u), &id, &half, &e), ST_DENIED);
    assert_int_equal(keeper_propose(w->k, &sec, say(w, ask, 1u), &id, &half, &e), ST_DENIED);
    assert_int_equal(keeper_propose(w->k, &sys, say(w, ask, 3u), &id, &half, &e), ST_DENIED);
    id = propose(w, &sys, say(w, ask, 1u), first);
    assert_int_equal(sign_in(w, "wang", first, &call, &who), ST_UNAUTHENTICATED);
    assert_int_equal(decide(w, &sys, id, true, NULL, &e), ST_DENIED);
    assert_int_equal(decide(w, &aud, id, true, NULL, &e), ST_DENIED);
    assert_int_equal(keeper_session(w->k, &wang, &who, &e), ST_OK);
    assert_int_equal(decide(w, &sec, id, true, second, &e), ST_OK);
    assert_int_equal(keeper_session(w->k, &wang, &who, &e), ST_UNAUTHENTICATED);
    assert_int_equal(sign_in(w, "wang", second, &call, &who), ST_UNAUTHENTICATED);
    assert_int_equal(sign_in(w, "wang", "password-wang", &call, &who), ST_UNAUTHENTICATED);
    (void)snprintf(whole, sizeof whole, "%s-%s", first, second);
    assert_int_equal(sign_in(w, "wang", whole, &call, &who), ST_OK);
    assert_true(who.must_change_password);
    struct token token;
    assert_int_equal(keeper_registry_put(w->k, &call, REGISTRY_USER, 1, SLICE("{}"), &(uint32_t){0}, &e),
                     ST_DENIED);
    assert_string_equal(e.code, "must_change_password");
    assert_int_equal(
        keeper_password_change(w->k, &call, slice_from_string(whole), SLICE("my-own-password"), &token, &e),
        ST_OK);
    /* The list says who and why, never the secret. */
    struct slice json;
    assert_int_equal(keeper_proposals(w->k, &sec, false, &json, &e), ST_OK);
    char *text = strndup((const char *)json.p, json.n);
    assert_non_null(strstr(text, "forgotten"));
    assert_null(strstr(text, first));
    assert_null(strstr(text, second));
    free(text);
}

static void a_proposal_outlives_a_restart_and_can_be_withdrawn(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_call sys = world_sign_in(w, "sys");
    char first[PROPOSAL_HALF + 1] = "", second[PROPOSAL_HALF + 1] = "", whole[64];
    uint64_t id =
        propose(w, &sys, say(w, "{\"kind\":\"password\",\"user\":1,\"reason\":\"new here\"}"), first);
    uint64_t other = propose(w, &sys, say(w, DUTY_OFF, 2u, "{\"name\":\"Li Si\"}"), NULL);
    assert_int_equal(decide(w, &sys, other, false, NULL, &e), ST_OK);
    world_restart(w);
    struct keeper_call sec = world_sign_in(w, "sec"), call;
    struct principal who;
    assert_int_equal(decide(w, &sec, other, true, NULL, &e), ST_CONFLICT);
    assert_int_equal(decide(w, &sec, id, true, second, &e), ST_OK);
    (void)snprintf(whole, sizeof whole, "%s-%s", first, second);
    assert_int_equal(sign_in(w, "wang", whole, &call, &who), ST_OK);
}

static void two_together_may_what_each_may(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_call sys = world_sign_in(w, "sys"), sec = world_sign_in(w, "sec");
    const char *fresh =
        "{\"kind\":\"registry\",\"reason\":\"starts monday\",\"change\":{\"items\":[{\"kind\":"
        "\"user\",\"document\":{\"login\":\"zhao\",\"name\":\"Zhao\",\"roles\":[\"agent\"],"
        "\"department\":1}}]}}";
    assert_int_equal(
        put(w, &sys, REGISTRY_USER, 0, "{\"login\":\"zhao\",\"name\":\"Zhao\",\"roles\":[\"agent\"]}", &e),
        ST_DENIED);
    uint64_t id = propose(w, &sys, say(w, "%s", fresh), NULL);
    assert_int_equal(decide(w, &sec, id, true, NULL, &e), ST_OK);
    struct keeper_call call;
    struct principal who;
    assert_int_equal(sign_in(w, "zhao", "anything", &call, &who), ST_UNAUTHENTICATED);
    struct slice half;
    assert_int_equal(keeper_propose(w->k, &sys, say(w, "%s", fresh), &id, &half, &e), ST_CONFLICT);
    assert_string_equal(e.code, "login_taken");
}

static void an_approved_grant_gives_its_role_and_its_end_takes_it(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_call wang = world_sign_in(w, "wang"), li = world_sign_in(w, "li"),
                       sec = world_sign_in(w, "sec"), sys = world_sign_in(w, "sys");
    struct world_row row = world_row(w, &wang, "张三", "+8613800001234", "330102199001011234");
    uint8_t clear[] = {VIEW_CLEAR, VIEW_HIDDEN, VIEW_HIDDEN};
    struct principal who;
    uint16_t field = 100;
    struct keeper_open q = {.act = AUDIT_VIEW,
                            .object = 1,
                            .fields = &field,
                            .field_count = 1,
                            .rows = &row.row,
                            .row_count = 1,
                            .views = clear,
                            .sealed = &row.name};
    struct keeper_opened got;
    assert_int_equal(keeper_open_rows(w->k, &li, &q, &w->arena, &got, &e), ST_DENIED);
    uint64_t id = propose(w, &li,
                          say(w, "{\"kind\":\"grant\",\"user\":2,\"reason\":\"covers\",\"change\":{\"roles\":"
                                 "[\"sales\"],\"hours\":2}}"),
                          NULL);
    assert_int_equal(decide(w, &li, id, true, NULL, &e), ST_DENIED);
    assert_int_equal(decide(w, &sys, id, true, NULL, &e), ST_DENIED);
    assert_int_equal(decide(w, &sec, id, true, NULL, &e), ST_OK);
    assert_int_equal(keeper_session(w->k, &li, &who, &e), ST_OK);
    assert_int_equal(who.role_count, 2);
    assert_int_equal(keeper_open_rows(w->k, &li, &q, &w->arena, &got, &e), ST_OK);
    /* A key has roles of the person's own only. */
    struct token token;
    struct uuid key;
    char until[CLOCK_TEXT + 1];
    clock_format(clock_wall_ms() + 3600000, until);
    assert_int_equal(
        keeper_api_key_make(w->k, &li,
                            say(w, "{\"label\":\"x\",\"roles\":[\"sales\"],\"expires_at\":\"%s\"}", until),
                            &token, &key, &e),
        ST_DENIED);
    assert_int_equal(keeper_grant_close(w->k, &wang, 1, false, SLICE("no"), &e), ST_DENIED);
    assert_int_equal(keeper_grant_close(w->k, &sec, 1, false, SLICE("over"), &e), ST_OK);
    assert_int_equal(keeper_open_rows(w->k, &li, &q, &w->arena, &got, &e), ST_DENIED);
}

static void nobody_makes_a_grant_of_his_own_hand(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_call sys = world_sign_in(w, "sys"), sec = world_sign_in(w, "sec");
    const char *grant = "{\"user\":2,\"roles\":[\"boss\"],\"until\":99999999999999}";
    uint64_t id;
    struct slice half;
    assert_int_equal(put(w, &sys, REGISTRY_GRANT, 0, grant, &e), ST_DENIED);
    assert_int_equal(put(w, &sec, REGISTRY_GRANT, 0, grant, &e), ST_DENIED);
    assert_int_equal(keeper_propose(w->k, &sec,
                                    say(w,
                                        "{\"kind\":\"registry\",\"reason\":\"why\",\"change\":{\"items\":[{"
                                        "\"kind\":\"grant\",\"document\":%s}]}}",
                                        grant),
                                    &id, &half, &e),
                     ST_INVALID);
    assert_int_equal(keeper_propose(w->k, &sec,
                                    say(w, "{\"kind\":\"grant\",\"user\":3,\"reason\":\"why\",\"change\":{"
                                           "\"roles\":[\"boss\"],\"hours\":1}}"),
                                    &id, &half, &e),
                     ST_DENIED);
    assert_string_equal(e.code, "duty_holder");
}

static void a_leader_approves_what_its_role_allows(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_call sys = world_sign_in(w, "sys"), sec = world_sign_in(w, "sec"),
                       wang = world_sign_in(w, "wang"), li = world_sign_in(w, "li");
    const char *ask =
        "{\"kind\":\"grant\",\"user\":2,\"reason\":\"covers\",\"change\":{\"roles\":[\"sales\"],"
        "\"hours\":2}}";
    uint64_t id = propose(w, &li, say(w, "%s", ask), NULL);
    assert_int_equal(decide(w, &wang, id, true, NULL, &e), ST_DENIED);
    uint64_t named =
        propose(w, &sys,
                say(w, "%s",
                    "{\"kind\":\"registry\",\"reason\":\"leads\",\"change\":{\"items\":[{\"kind\":\"user\","
                    "\"id\":1,\"document\":{\"manages\":[1]}}]}}"),
                NULL);
    assert_int_equal(decide(w, &sec, named, true, NULL, &e), ST_OK);
    assert_int_equal(decide(w, &wang, id, true, NULL, &e), ST_DENIED);
    assert_int_equal(put(w, &sec, REGISTRY_ROLE, 1,
                         "{\"name\":\"sales\",\"ceiling\":{\"personal\":\"clear\"},\"budget\":{\"masked\":{"
                         "\"day\":9},\"clear\":{\"day\":9},\"lookups\":{\"day\":9}},\"by_leader\":true}",
                         &e),
                     ST_OK);
    assert_int_equal(decide(w, &wang, id, true, NULL, &e), ST_OK);
}

static void lent_roles_last_as_long_as_the_lender_has_them(void **state) {
    struct world *w = *state;
    struct error e;
    struct principal who;
    struct keeper_call wang = world_sign_in(w, "wang"), li = world_sign_in(w, "li"),
                       sys = world_sign_in(w, "sys");
    uint32_t id;
    long long soon = (long long)clock_wall_ms() + 3600000;
    const char *lend =
        "{\"why\":\"leave\",\"to\":%u,\"roles\":[\"%s\"],\"until\":%lld,\"reason\":\"holiday\"}";
    assert_int_equal(keeper_grant_make(w->k, &wang, say(w, lend, 2u, "boss", soon), &id, &e), ST_DENIED);
    assert_int_equal(keeper_grant_make(w->k, &wang, say(w, lend, 3u, "sales", soon), &id, &e), ST_DENIED);
    assert_int_equal(keeper_grant_make(w->k, &sys, say(w, lend, 2u, "sales", soon), &id, &e), ST_DENIED);
    assert_int_equal(keeper_grant_make(w->k, &wang, say(w, lend, 2u, "sales", soon), &id, &e), ST_OK);
    assert_int_equal(keeper_session(w->k, &li, &who, &e), ST_OK);
    assert_int_equal(who.role_count, 1);
    assert_int_equal(who.lent_count, 1);
    assert_int_equal(who.lent[0].from, 1);
    assert_string_equal(who.lent[0].roles[0], "sales");
    /* What was lent can't be lent on. */
    assert_int_equal(keeper_grant_make(w->k, &li, say(w, lend, 6u, "sales", soon), &id, &e), ST_DENIED);
    assert_int_equal(put(w, &sys, REGISTRY_USER, 1, "{\"disabled\":true}", &e), ST_OK);
    assert_int_equal(keeper_session(w->k, &li, &who, &e), ST_OK);
    assert_int_equal(who.lent_count, 0);
}

static void the_glass_breaks_only_where_a_role_allows_and_awaits_review(void **state) {
    struct world *w = *state;
    struct error e;
    struct principal who;
    struct keeper_call li = world_sign_in(w, "li"), sec = world_sign_in(w, "sec"),
                       aud = world_sign_in(w, "aud");
    const char *glass = "{\"why\":\"break_glass\",\"roles\":[\"sales\"],\"hours\":%d,\"reason\":\"fire\"}";
    uint32_t id;
    assert_int_equal(keeper_grant_make(w->k, &li, say(w, glass, 1), &id, &e), ST_DENIED);
    assert_string_equal(e.code, "not_for_emergency");
    assert_int_equal(put(w, &sec, REGISTRY_ROLE, 1,
                         "{\"name\":\"sales\",\"ceiling\":{\"personal\":\"clear\"},\"budget\":{\"masked\":{"
                         "\"day\":9},\"clear\":{\"day\":9},\"lookups\":{\"day\":9}},\"break_glass_hours\":4}",
                         &e),
                     ST_OK);
    assert_int_equal(keeper_grant_make(w->k, &li, say(w, glass, 5), &id, &e), ST_INVALID);
    assert_int_equal(keeper_grant_make(w->k, &li, say(w, glass, 4), &id, &e), ST_OK);
    assert_int_equal(keeper_session(w->k, &li, &who, &e), ST_OK);
    assert_int_equal(who.role_count, 2);
    assert_int_equal(keeper_grant_close(w->k, &li, id, true, SLICE("fine"), &e), ST_DENIED);
    assert_int_equal(keeper_grant_close(w->k, &aud, id, true, SLICE("fine"), &e), ST_OK);
    assert_int_equal(keeper_grant_close(w->k, &sec, id, true, SLICE("fine"), &e), ST_CONFLICT);
}

static void the_glass_is_for_staff_with_a_role_of_their_own(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_call li = world_sign_in(w, "li"), sec = world_sign_in(w, "sec"),
                       sys = world_sign_in(w, "sys");
    const char *glass = "{\"why\":\"break_glass\",\"roles\":[\"sales\"],\"hours\":1,\"reason\":\"fire\"}";
    uint32_t id;
    assert_int_equal(put(w, &sec, REGISTRY_ROLE, 1,
                         "{\"name\":\"sales\",\"ceiling\":{\"personal\":\"clear\"},\"budget\":{\"masked\":{"
                         "\"day\":9},\"clear\":{\"day\":9},\"lookups\":{\"day\":9}},\"break_glass_hours\":4}",
                         &e),
                     ST_OK);
    assert_int_equal(put(w, &sec, REGISTRY_USER, 2, "{\"roles\":[]}", &e), ST_OK);
    assert_int_equal(keeper_grant_make(w->k, &li, slice_from_string(glass), &id, &e), ST_DENIED);
    assert_string_equal(e.code, "not_for_emergency");
    assert_int_equal(put(w, &sec, REGISTRY_USER, 2, "{\"roles\":[\"agent\"]}", &e), ST_OK);
    char partner[120];
    (void)snprintf(partner, sizeof partner,
                   "{\"kind\":\"partner\",\"sponsor\":6,\"trained_at\":1,\"until\":%lld}",
                   (long long)clock_wall_ms() + 3600000);
    assert_int_equal(put(w, &sys, REGISTRY_USER, 2, partner, &e), ST_OK);
    assert_int_equal(keeper_grant_make(w->k, &li, slice_from_string(glass), &id, &e), ST_DENIED);
}

static void an_account_past_its_end_is_out(void **state) {
    struct world *w = *state;
    struct error e;
    struct principal who;
    struct keeper_call sys = world_sign_in(w, "sys"), wang = world_sign_in(w, "wang"), call;
    assert_int_equal(put(w, &sys, REGISTRY_USER, 1, "{\"until\":1000}", &e), ST_OK);
    assert_int_equal(keeper_session(w->k, &wang, &who, &e), ST_UNAUTHENTICATED);
    assert_int_equal(sign_in(w, "wang", "password-wang", &call, &who), ST_UNAUTHENTICATED);
}

static void a_grant_ends_by_the_keepers_clock(void **state) {
    (void)state;
    struct world *w = calloc(1, sizeof *w);
    struct error e;
    struct principal who = {.role_count = 2};
    assert_non_null(w);
    world_new(w);
    char grant[200];
    (void)snprintf(grant, sizeof grant, "{\"user\":2,\"roles\":[\"sales\"],\"since\":1,\"until\":%lld}",
                   (long long)clock_wall_ms() + 1500);
    world_put(w, REGISTRY_GRANT, grant);
    world_fill(w);
    struct keeper_call li = world_sign_in(w, "li");
    while (who.role_count != 1) /* nobody tells the keeper that it is over */
        assert_int_equal(keeper_session(w->k, &li, &who, &e), ST_OK);
    assert_string_equal(who.roles[0], "agent");
    world_free(w);
    free(w);
}

static void leaving_ends_everything_in_one_act(void **state) {
    struct world *w = *state;
    struct error e;
    struct principal who;
    struct keeper_call sys = world_sign_in(w, "sys"), sec = world_sign_in(w, "sec"),
                       wang = world_sign_in(w, "wang"), li = world_sign_in(w, "li");
    uint32_t id;
    long long soon = (long long)clock_wall_ms() + 3600000;
    assert_int_equal(keeper_grant_make(w->k, &wang,
                                       say(w,
                                           "{\"why\":\"leave\",\"to\":2,\"roles\":[\"sales\"],\"until\":%lld,"
                                           "\"reason\":\"holiday\"}",
                                           soon),
                                       &id, &e),
                     ST_OK);
    uint64_t open =
        propose(w, &wang,
                say(w, "{\"kind\":\"grant\",\"user\":1,\"reason\":\"more\",\"change\":{\"roles\":["
                       "\"boss\"],\"hours\":9}}"),
                NULL);
    char until[CLOCK_TEXT + 1];
    struct token token;
    struct uuid key;
    clock_format(soon, until);
    assert_int_equal(
        keeper_api_key_make(w->k, &wang,
                            say(w, "{\"label\":\"x\",\"roles\":[\"sales\"],\"expires_at\":\"%s\"}", until),
                            &token, &key, &e),
        ST_OK);
    struct slice state_json;
    assert_int_equal(keeper_person_state(w->k, &wang, 2, &state_json, &e), ST_DENIED);
    assert_int_equal(keeper_person_state(w->k, &sys, 1, &state_json, &e), ST_OK);
    assert_memory_equal(state_json.p, "{\"sessions\":1,\"keys\":1,\"jobs\":0", 31);
    assert_int_equal(keeper_leave(w->k, &sec, 1, SLICE("{}"), &e), ST_DENIED);
    assert_int_equal(keeper_leave(w->k, &sys, 5, SLICE("{}"), &e), ST_DENIED);
    assert_int_equal(keeper_leave(w->k, &sys, 1, SLICE("{\"to\":2}"), &e), ST_OK);
    assert_int_equal(keeper_session(w->k, &wang, &who, &e), ST_UNAUTHENTICATED);
    struct keeper_call by_key = wang;
    by_key.token = token;
    assert_int_equal(keeper_session(w->k, &by_key, &who, &e), ST_UNAUTHENTICATED);
    assert_int_equal(keeper_session(w->k, &li, &who, &e), ST_OK);
    assert_int_equal(who.lent_count, 0);
    assert_int_equal(decide(w, &sec, open, true, NULL, &e), ST_CONFLICT);
    /* The account alone is of no use to him. */
    struct keeper_call again;
    assert_int_equal(put(w, &sys, REGISTRY_USER, 1, "{\"disabled\":false}", &e), ST_OK);
    assert_int_equal(sign_in(w, "wang", "password-wang", &again, &who), ST_UNAUTHENTICATED);
    assert_int_equal(keeper_person_state(w->k, &sys, 1, &state_json, &e), ST_OK);
    assert_memory_equal(state_json.p, "{\"sessions\":0,\"keys\":0,\"jobs\":0", 31);
}

static enum status make_key(struct world *w, const struct keeper_call *who, const char *role,
                            struct token *token, struct error *e) {
    char until[CLOCK_TEXT + 1];
    struct uuid id;
    clock_format(clock_wall_ms() + 3600000, until);
    return keeper_api_key_make(
        w->k, who, say(w, "{\"label\":\"x\",\"roles\":[\"%s\"],\"expires_at\":\"%s\"}", role, until), token,
        &id, e);
}

static void one_person_has_few_keys_and_jobs(void **state) {
    struct world *w = *state;
    struct error e;
    struct token token;
    struct uuid job;
    struct keeper_call wang = world_sign_in(w, "wang"), li = world_sign_in(w, "li");
    for (size_t i = 0; i < API_KEYS_PER_USER; i++)
        assert_int_equal(make_key(w, &wang, "sales", &token, &e), ST_OK);
    assert_int_equal(make_key(w, &wang, "sales", &token, &e), ST_LIMIT);
    assert_string_equal(e.code, "too_many_keys");
    for (size_t i = 0; i < JOBS_PER_USER; i++) {
        assert_int_equal(uuid_new(&job), ST_OK);
        assert_int_equal(keeper_job_token(w->k, &wang, &job, 1, SLICE_NONE, &token, &e), ST_OK);
    }
    assert_int_equal(uuid_new(&job), ST_OK);
    assert_int_equal(keeper_job_token(w->k, &wang, &job, 1, SLICE_NONE, &token, &e), ST_LIMIT);
    assert_string_equal(e.code, "too_many_jobs");
    assert_int_equal(make_key(w, &li, "agent", &token, &e), ST_OK);
    (void)world_sign_in(w, "wang");
}

static void what_was_made_before_a_duty_gives_nothing_of_it(void **state) {
    struct world *w = *state;
    struct error e;
    struct principal who;
    struct uuid id;
    struct keeper_call li = world_sign_in(w, "li"), sys = world_sign_in(w, "sys"),
                       sec = world_sign_in(w, "sec"), key = li, job = li;
    assert_int_equal(make_key(w, &li, "agent", &key.token, &e), ST_OK);
    assert_int_equal(uuid_new(&id), ST_OK);
    assert_int_equal(keeper_job_token(w->k, &li, &id, 1, SLICE_NONE, &job.token, &e), ST_OK);
    assert_int_equal(keeper_session(w->k, &key, &who, &e), ST_OK);
    uint64_t p = propose(w, &sec, say(w, DUTY_OFF, 2u, "{\"duties\":[\"auditor\"]}"), NULL);
    assert_int_equal(decide(w, &sys, p, true, NULL, &e), ST_OK);
    assert_int_equal(keeper_session(w->k, &key, &who, &e), ST_UNAUTHENTICATED);
    struct slice head;
    assert_int_not_equal(keeper_audit_head(w->k, &key, &head, &e), ST_OK);
    assert_int_not_equal(keeper_audit_head(w->k, &job, &head, &e), ST_OK);
    li = world_sign_in(w, "li");
    assert_int_equal(keeper_audit_head(w->k, &li, &head, &e), ST_OK);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(the_last_of_a_duty_stays),
        CASE(a_holder_of_a_duty_is_changed_by_two_of_different_duties),
        CASE(neither_half_of_a_password_signs_in),
        CASE(a_proposal_outlives_a_restart_and_can_be_withdrawn),
        CASE(two_together_may_what_each_may),
        CASE(an_approved_grant_gives_its_role_and_its_end_takes_it),
        CASE(nobody_makes_a_grant_of_his_own_hand),
        CASE(a_leader_approves_what_its_role_allows),
        CASE(lent_roles_last_as_long_as_the_lender_has_them),
        CASE(the_glass_breaks_only_where_a_role_allows_and_awaits_review),
        CASE(the_glass_is_for_staff_with_a_role_of_their_own),
        CASE(an_account_past_its_end_is_out),
        cmocka_unit_test(a_grant_ends_by_the_keepers_clock),
        CASE(leaving_ends_everything_in_one_act),
        CASE(one_person_has_few_keys_and_jobs),
        CASE(what_was_made_before_a_duty_gives_nothing_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
