#include "test.h"

#include "base/json_in.h"
#include "keeper/registry_past.h"

#include <stdlib.h>
#include <string.h>

#define HOUR_MS ((int64_t)3600 * 1000)

/* Somebody with `count` roles beside each of twelve posts. */
static json_t *person(size_t count) {
    json_t *posts = json_object(), *names = json_array();
    char text[64];
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(text, sizeof text, "a_role_with_a_name_as_long_as_can_be_%02zu", i);
        assert_int_equal(json_array_append_new(names, json_string(text)), 0);
    }
    for (size_t i = 1; i <= 12; i++) {
        (void)snprintf(text, sizeof text, "%zu", i);
        assert_int_equal(json_object_set(posts, text, names), 0);
    }
    json_decref(names);
    json_t *out = json_pack("{s:s, s:o}", "login", "zhang", "post_roles", posts);
    assert_non_null(out);
    return out;
}

/* The person after one more change at `now`. */
static json_t *changed(json_t *before, size_t count, int64_t now) {
    json_t *after = person(count), *past = json_object_get(before, "past");
    if (past != NULL)
        assert_int_equal(json_object_set_new(after, "past", json_deep_copy(past)), 0);
    assert_int_equal(past_keep(after, before, now), ST_OK);
    json_decref(before);
    return after;
}

static void what_was_never_fills_the_document(void **state) {
    (void)state;
    json_t *p = person(16);
    for (int64_t i = 1; i <= 30; i++)
        p = changed(p, 16 - (size_t)(i % 2), i * HOUR_MS);
    const json_t *past = json_object_get(p, "past");
    char *text = json_print(past, JSON_COMPACT);
    assert_non_null(text);
    assert_in_range(json_array_size(past), 2, PAST_MOST);
    assert_in_range(strlen(text), 1, PAST_BYTES);
    free(text);
    json_decref(p);
}

static void what_stood_for_long_outlives_many_changes(void **state) {
    (void)state;
    json_t *p = changed(person(1), 2, HOUR_MS);
    p = changed(p, 3, 1000 * HOUR_MS); /* two roles stood for a thousand hours */
    for (int64_t i = 1; i <= 30; i++)
        p = changed(p, 3 + (size_t)(i % 2), (1000 + i) * HOUR_MS);
    const json_t *past = json_object_get(p, "past");
    bool found = false;
    for (size_t i = 0; i < json_array_size(past); i++)
        found =
            found || json_integer_value(json_object_get(json_array_get(past, i), "until")) == 1000 * HOUR_MS;
    assert_true(found);
    assert_int_equal(json_array_size(past), PAST_MOST);
    json_decref(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_was_never_fills_the_document),
                                       cmocka_unit_test(what_stood_for_long_outlives_many_changes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
