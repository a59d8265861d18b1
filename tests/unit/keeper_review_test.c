/* Reviews in the keeper: what outlives a restart, what becomes of lines when the time is over, what repeats.
 */
#include "base/clock.h"
#include "base/json_in.h"
#include "keeper/review_make.h"
#include "keeper/state.h"
#include "keeper_world.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

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

/* All roles, reviewed by boss (6), by sec (4) where it is his own. */
static uint32_t open_review(struct world *w, const struct keeper_call *sec, const char *at_due) {
    char text[512];
    uint32_t id = 0;
    struct error e = {.status = ST_OK};
    (void)snprintf(text, sizeof text,
                   "{\"title\":\"roles\",\"scope\":{\"kinds\":[\"role\"]},\"reviewers\":{\"heads\":false,"
                   "\"named\":[6]},\"at_due\":\"%s\",\"due_days\":7,\"repeat_months\":3}",
                   at_due);
    enum status s = keeper_review_open(w->k, sec, slice_from_string(text), &id, &e);
    if (s != ST_OK)
        print_error("open: %s %s\n", e.code, e.detail);
    assert_int_equal(s, ST_OK);
    return id;
}

static enum status answer(struct world *w, const struct keeper_call *who, uint32_t id, uint32_t user,
                          const char *verdict, struct error *e) {
    char text[256];
    (void)snprintf(text, sizeof text,
                   "{\"lines\":[{\"user\":%u,\"n\":1}],\"answer\":\"%s\",\"reason\":\"looked at\"}", user,
                   verdict);
    return keeper_review_answer(w->k, who, id, slice_from_string(text), e);
}

static json_t *lines_of(struct world *w, const struct keeper_call *who, uint32_t id) {
    struct error e;
    struct slice text;
    uint32_t next;
    json_t *lines = NULL;
    assert_int_equal(keeper_review_lines(w->k, who, id, 0, false, &text, &next, &e), ST_OK);
    assert_int_equal(next, 0);
    assert_int_equal(json_read(text, 0, &lines, NULL), ST_OK);
    return lines;
}

/* Between two runs of the keeper: the time moves by so much for one review. */
static void move_time(struct world *w, uint32_t id, int64_t by, bool tick) {
    static const char *const times[] = {"due", "next_at"};
    struct keeper_state s;
    struct error e = {.status = ST_OK};
    world_stop(w);
    assert_int_equal(state_open(&w->config, &s, &e), ST_OK);
    struct review *x = review_find(s.reviews, id);
    assert_non_null(x);
    json_t *next = json_copy(x->document);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(
            json_object_set_new(next, times[i],
                                json_integer(json_integer_value(json_object_get(next, times[i])) - by)),
            0);
    assert_int_equal(review_write(s.reviews, x, next, NULL, 0, &e), ST_OK);
    if (tick) {
        reviews_tick(&s);
        reviews_tick(&s); /* what was opened again is not opened twice */
    }
    state_close(&s);
    world_start(w);
}

static void lines_and_answers_outlive_a_restart_and_are_nobody_elses(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_call sec = world_sign_in(w, "sec"), boss = world_sign_in(w, "boss"),
                       li = world_sign_in(w, "li"), sys = world_sign_in(w, "sys");
    uint32_t id = open_review(w, &sec, "show"), other;
    assert_int_equal(keeper_review_open(w->k, &sys, SLICE("{}"), &other, &e), ST_DENIED);
    assert_int_equal(answer(w, &boss, id, 1, "take_away", &e), ST_OK);
    assert_int_equal(answer(w, &boss, id, 6, "keep", &e), ST_DENIED);
    assert_string_equal(e.code, "own_review");
    assert_int_equal(answer(w, &li, id, 1, "keep", &e), ST_NOT_FOUND);
    assert_int_equal(answer(w, &sec, id, 1, "keep", &e), ST_DENIED);
    world_restart(w);
    json_t *lines = lines_of(w, &sec, id);
    assert_int_equal(json_array_size(lines), 3); /* wang, li, boss: who holds a duty has no other right */
    const json_t *first = json_array_get(lines, 0);
    assert_string_equal(json_string_value(json_object_get(first, "answer")), "take_away");
    assert_int_equal(json_integer_value(json_object_get(first, "by")), 6);
    assert_true(json_is_true(json_object_get(first, "held")));
    /* The line about the one reviewer is the security administrators'. */
    assert_int_equal(json_integer_value(json_object_get(json_array_get(lines, 2), "reviewer")), 0);
    json_decref(lines);
}

static void what_nobody_answered_is_to_go_where_the_review_says_so(void **state) {
    struct world *w = *state;
    struct error e;
    uint32_t made;
    struct keeper_call sec = world_sign_in(w, "sec"), boss = world_sign_in(w, "boss");
    uint32_t id = open_review(w, &sec, "take_away");
    assert_int_equal(answer(w, &boss, id, 1, "keep", &e), ST_OK);
    assert_int_equal(keeper_review_close(w->k, &sec, id, true, SLICE("done"), &e), ST_CONFLICT);
    assert_string_equal(e.code, "review_unanswered");
    move_time(w, id, 8 * DAY_MS, false);
    assert_int_equal(answer(w, &boss, id, 2, "keep", &e), ST_CONFLICT);
    assert_string_equal(e.code, "review_over");
    assert_int_equal(keeper_review_close(w->k, &sec, id, true, SLICE("done"), &e), ST_CONFLICT);
    assert_string_equal(e.code, "review_unfinished");
    for (uint32_t user = 2; user <= 6; user += 4)
        assert_int_equal(
            keeper_registry_put(w->k, &sec, REGISTRY_USER, user, SLICE("{\"roles\":[]}"), &made, &e), ST_OK);
    assert_int_equal(keeper_review_close(w->k, &sec, id, true, SLICE("done"), &e), ST_OK);
    json_t *lines = lines_of(w, &sec, id);
    assert_true(json_is_true(json_object_get(json_array_get(lines, 0), "held")));
    assert_true(json_is_false(json_object_get(json_array_get(lines, 1), "held")));
    assert_null(json_object_get(json_array_get(lines, 1), "answer"));
    json_decref(lines);
}

static void what_nobody_answered_in_time_is_the_security_administrators(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_call sec = world_sign_in(w, "sec");
    uint32_t id = open_review(w, &sec, "escalate");
    assert_int_equal(answer(w, &sec, id, 1, "keep", &e), ST_DENIED);
    move_time(w, id, 8 * DAY_MS, false);
    assert_int_equal(answer(w, &sec, id, 1, "keep", &e), ST_OK);
    assert_int_equal(keeper_review_close(w->k, &sec, id, true, SLICE("done"), &e), ST_DENIED);
    assert_string_equal(e.code, "own_answers");
}

static void a_review_is_opened_again_once_with_the_rights_that_are_held_then(void **state) {
    struct world *w = *state;
    struct error e;
    struct slice text;
    uint32_t made;
    json_t *list = NULL;
    struct keeper_call sec = world_sign_in(w, "sec");
    uint32_t id = open_review(w, &sec, "show");
    assert_int_equal(keeper_registry_put(w->k, &sec, REGISTRY_USER, 1, SLICE("{\"roles\":[]}"), &made, &e),
                     ST_OK);
    move_time(w, id, 100 * DAY_MS, true);
    assert_int_equal(keeper_review_list(w->k, &sec, 0, &text, &e), ST_OK);
    assert_int_equal(json_read(text, 0, &list, NULL), ST_OK);
    assert_int_equal(json_array_size(list), 2);
    const json_t *again = json_object_get(json_array_get(list, 0), "review");
    assert_string_equal(json_string_value(json_object_get(again, "state")), "open");
    assert_true(json_integer_value(json_object_get(again, "next_at")) > clock_wall_ms() + 80 * DAY_MS);
    json_t *lines = lines_of(w, &sec, (uint32_t)json_integer_value(json_object_get(again, "id")));
    assert_int_equal(json_array_size(lines), 2); /* wang's is gone */
    json_decref(lines);
    json_decref(list);
}

static json_t *line_about(struct world *w, const struct keeper_call *who, uint32_t id, uint32_t user) {
    json_t *lines = lines_of(w, who, id), *found = NULL;
    for (size_t i = 0; found == NULL && i < json_array_size(lines); i++) {
        json_t *one = json_array_get(lines, i);
        if (json_integer_value(json_object_get(one, "user")) == user)
            found = json_incref(one);
    }
    json_decref(lines);
    assert_non_null(found);
    return found;
}

static uint32_t open_scoped(struct world *w, const struct keeper_call *sec, const char *kinds) {
    char text[512];
    uint32_t id = 0;
    struct error e = {.status = ST_OK};
    (void)snprintf(
        text, sizeof text,
        "{\"title\":\"all\",\"scope\":{\"kinds\":[%s]},\"reviewers\":{\"heads\":false,\"named\":[6]},"
        "\"at_due\":\"show\",\"due_days\":7,\"repeat_months\":0}",
        kinds);
    assert_int_equal(keeper_review_open(w->k, sec, slice_from_string(text), &id, &e), ST_OK);
    return id;
}

static int64_t reviewer_about(struct world *w, const struct keeper_call *who, uint32_t id, uint32_t user) {
    json_t *line = line_about(w, who, id, user);
    int64_t reviewer = json_integer_value(json_object_get(line, "reviewer"));
    json_decref(line);
    return reviewer;
}

static void put(struct world *w, const struct keeper_call *who, uint32_t user, const char *document) {
    uint32_t made;
    struct error e = {.status = ST_OK};
    enum status s =
        keeper_registry_put(w->k, who, REGISTRY_USER, user, slice_from_string(document), &made, &e);
    if (s != ST_OK)
        print_error("%s: %s %s\n", document, e.code, e.detail);
    assert_int_equal(s, ST_OK);
}

static void nobody_chooses_who_reviews_him_or_signs_for_himself(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_call sec = world_sign_in(w, "sec"), boss = world_sign_in(w, "boss"),
                       aud = world_sign_in(w, "aud"), sys = world_sign_in(w, "sys");
    uint32_t id = open_scoped(w, &sec, "\"duty\""), roles = open_scoped(w, &sec, "\"role\"");
    assert_int_equal(reviewer_about(w, &sec, id, 3), 6);
    assert_int_equal(reviewer_about(w, &sec, id, 4), 5); /* no other security administrator: the auditor */
    assert_int_equal(answer(w, &boss, id, 4, "keep", &e), ST_NOT_FOUND);
    assert_int_equal(answer(w, &boss, id, 3, "keep", &e), ST_OK);
    assert_int_equal(answer(w, &boss, id, 5, "keep", &e), ST_OK);
    move_time(w, id, 8 * DAY_MS, false);
    move_time(w, roles, 8 * DAY_MS, false);
    assert_int_equal(keeper_review_close(w->k, &sec, id, true, SLICE("done"), &e), ST_DENIED);
    assert_string_equal(e.code, "own_lines");
    assert_int_equal(keeper_review_close(w->k, &sys, id, true, SLICE("done"), &e), ST_DENIED);
    assert_int_equal(keeper_review_close(w->k, &aud, id, false, SLICE("done"), &e), ST_DENIED);
    assert_string_equal(e.code, "not_your_duty");
    assert_int_equal(keeper_review_close(w->k, &aud, id, true, SLICE("done"), &e), ST_OK);
    /* Where a security administrator is free to, it is his. */
    assert_int_equal(keeper_review_close(w->k, &aud, roles, true, SLICE("done"), &e), ST_DENIED);
    assert_string_equal(e.code, "not_your_duty");
    assert_int_equal(keeper_review_close(w->k, &sec, roles, true, SLICE("done"), &e), ST_OK);
}

static void a_role_that_is_given_again_another_way_has_not_gone(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_call sec = world_sign_in(w, "sec"), boss = world_sign_in(w, "boss"),
                       sys = world_sign_in(w, "sys");
    uint32_t id = open_scoped(w, &sec, "\"role\",\"post_role\"");
    assert_int_equal(answer(w, &boss, id, 1, "take_away", &e), ST_OK);
    put(w, &sys, 1, "{\"posts\":[{\"department\":1,\"from\":1,\"main\":true}]}");
    put(w, &sec, 1, "{\"roles\":[],\"post_roles\":{\"1\":[\"sales\"]}}");
    move_time(w, id, 8 * DAY_MS, false);
    assert_int_equal(keeper_review_close(w->k, &sec, id, true, SLICE("done"), &e), ST_CONFLICT);
    assert_string_equal(e.code, "review_unfinished");
    put(w, &sec, 1, "{\"post_roles\":{\"1\":[\"agent\"]}}"); /* another role is another matter */
    assert_int_equal(keeper_review_close(w->k, &sec, id, true, SLICE("done"), &e), ST_OK);
}

static void reviews_that_are_cancelled_push_out_no_signed_report(void **state) {
    struct world *w = *state;
    struct error e;
    struct slice text;
    json_t *list = NULL;
    struct keeper_call sec = world_sign_in(w, "sec");
    uint32_t first = open_scoped(w, &sec, "\"role\"");
    size_t signed_ones = 0, cancelled = 0;
    move_time(w, first, 8 * DAY_MS, false);
    assert_int_equal(keeper_review_close(w->k, &sec, first, true, SLICE("done"), &e), ST_OK);
    for (unsigned i = 0; i < 205; i++) {
        uint32_t id = open_scoped(w, &sec, "\"role\"");
        assert_int_equal(keeper_review_close(w->k, &sec, id, false, SLICE("no"), &e), ST_OK);
    }
    world_restart(w);
    assert_int_equal(keeper_review_list(w->k, &sec, 0, &text, &e), ST_OK);
    assert_int_equal(json_read(text, 0, &list, NULL), ST_OK);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *review = json_object_get(json_array_get(list, i), "review");
        const char *now = json_string_value(json_object_get(review, "state"));
        signed_ones += strcmp(now, "signed") == 0;
        cancelled += strcmp(now, "cancelled") == 0;
    }
    assert_int_equal(signed_ones, 1);
    assert_int_equal(cancelled, REVIEWS_CANCELLED + 1); /* room is made before one is opened */
    json_decref(list);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_and_answers_outlive_a_restart_and_are_nobody_elses, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_nobody_answered_is_to_go_where_the_review_says_so, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_nobody_answered_in_time_is_the_security_administrators, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_review_is_opened_again_once_with_the_rights_that_are_held_then,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_chooses_who_reviews_him_or_signs_for_himself, setup, teardown),
        cmocka_unit_test_setup_teardown(a_role_that_is_given_again_another_way_has_not_gone, setup, teardown),
        cmocka_unit_test_setup_teardown(reviews_that_are_cancelled_push_out_no_signed_report, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
