#include "keeper/registry_past.h"

#include "base/json_in.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS ((json_int_t)24 * 3600 * 1000)

static const char *const rights[] = {"roles", "post_roles", "duties", "department", "manages", "posts"};
#define RIGHTS (sizeof rights / sizeof rights[0])

bool past_is_key(const char *key) {
    return strcmp(key, "past") == 0 || strcmp(key, "made_at") == 0;
}

/* A list that is empty and none at all give the same. */
static bool is_none(const json_t *v) {
    return v == NULL || json_is_null(v) || (json_is_array(v) && json_array_size(v) == 0) ||
           (json_is_object(v) && json_object_size(v) == 0);
}

static bool differs(const json_t *a, const json_t *b) {
    for (size_t i = 0; i < RIGHTS; i++) {
        const json_t *x = json_object_get(a, rights[i]), *y = json_object_get(b, rights[i]);
        if (!(is_none(x) && is_none(y)) && !json_equal(x, y))
            return true;
    }
    return false;
}

static json_t *snapshot(const json_t *before, int64_t now_ms) {
    json_t *one = json_pack("{s:I}", "until", (json_int_t)now_ms);
    bool fine = one != NULL;
    if (fine && before == NULL)
        fine = json_object_set_new(one, "made", json_true()) == 0;
    for (size_t i = 0; fine && before != NULL && i < RIGHTS; i++) {
        json_t *v = json_object_get(before, rights[i]);
        fine = is_none(v) || json_object_set_new(one, rights[i], json_deep_copy(v)) == 0;
    }
    if (fine)
        return one;
    json_decref(one);
    return NULL;
}

static json_int_t until_of(const json_t *past, size_t at) {
    return json_integer_value(json_object_get(json_array_get(past, at), "until"));
}

/* Behind the first one: what the first one says of the oldest times nothing else says. */
static size_t shortest(const json_t *past) {
    size_t best = 1;
    for (size_t i = 2; i < json_array_size(past); i++) {
        if (until_of(past, i) - until_of(past, i - 1) < until_of(past, best) - until_of(past, best - 1))
            best = i;
    }
    return best;
}

static bool is_too_long(const json_t *past) {
    char *text = json_print(past, JSON_COMPACT);
    bool is = text != NULL && strlen(text) > PAST_BYTES;
    free(text);
    return is;
}

static void trim(json_t *past, int64_t now_ms) {
    while (json_array_size(past) > 1 && until_of(past, 1) < now_ms - PAST_DAYS * DAY_MS)
        (void)json_array_remove(past, 0);
    while (json_array_size(past) > PAST_MOST)
        (void)json_array_remove(past, shortest(past));
    while (json_array_size(past) > 1 && is_too_long(past))
        (void)json_array_remove(past, shortest(past));
}

enum status past_keep(json_t *document, const json_t *before, int64_t now_ms) {
    json_t *past = json_object_get(document, "past");
    if (before != NULL && !differs(before, document))
        return ST_OK;
    if (!json_is_array(past)) {
        past = json_array();
        if (json_object_set_new(document, "past", past) != 0)
            return ST_NOMEM;
    }
    if (json_array_append_new(past, snapshot(before, now_ms)) != 0)
        return ST_NOMEM;
    if (before == NULL && json_object_set_new(document, "made_at", json_integer(now_ms)) != 0)
        return ST_NOMEM;
    trim(past, now_ms);
    return ST_OK;
}
