#include "keeper/registry_second.h"

#include "base/json_in.h"
#include "keeper/registry_organise.h"

#include <stdio.h>
#include <string.h>

static json_int_t number(const json_t *object, const char *key) {
    return json_integer_value(json_object_get(object, key));
}

/* Missing or null: without end. */
static json_int_t end_of(const json_t *post) {
    json_int_t until = number(post, "until");
    return until == 0 ? INT64_MAX : until;
}

static bool manages(const json_t *document, json_int_t department) {
    const json_t *list = json_object_get(document, "manages");
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (json_integer_value(json_array_get(list, i)) == department)
            return true;
    }
    return false;
}

/* All that time, by the list or by one post. */
static bool led(const json_t *before, json_int_t department, json_int_t from, json_int_t until) {
    const json_t *posts = json_object_get(before, "posts");
    bool found = manages(before, department);
    for (size_t i = 0; i < json_array_size(posts) && !found; i++) {
        const json_t *p = json_array_get(posts, i);
        found = json_is_true(json_object_get(p, "leads")) && number(p, "department") == department &&
                number(p, "from") <= from && end_of(p) >= until;
    }
    return found;
}

static bool leads_more(const json_t *before, const json_t *after) {
    const json_t *list = json_object_get(after, "manages"), *posts = json_object_get(after, "posts");
    bool more = false;
    for (size_t i = 0; i < json_array_size(list) && !more; i++)
        more = !led(before, json_integer_value(json_array_get(list, i)), 0, INT64_MAX);
    for (size_t i = 0; i < json_array_size(posts) && !more; i++) {
        const json_t *p = json_array_get(posts, i);
        more = json_is_true(json_object_get(p, "leads")) &&
               !led(before, number(p, "department"), number(p, "from"), end_of(p));
    }
    return more;
}

static bool has_roles(const json_t *document, json_int_t post) {
    char key[24];
    (void)snprintf(key, sizeof key, "%lld", (long long)post);
    return json_array_size(json_object_get(json_object_get(document, "post_roles"), key)) > 0;
}

/* Roles of a post hold from its first day to its last. */
static bool posts_hold_longer(const json_t *before, const json_t *after) {
    const json_t *old = json_object_get(before, "posts"), *posts = json_object_get(after, "posts");
    for (size_t i = 0; i < json_array_size(posts); i++) {
        const json_t *p = json_array_get(posts, i);
        for (size_t k = 0; k < json_array_size(old); k++) {
            const json_t *was = json_array_get(old, k);
            if (number(was, "id") == number(p, "id") && has_roles(before, number(p, "id")) &&
                has_roles(after, number(p, "id")) &&
                (end_of(p) > end_of(was) || number(p, "from") < number(was, "from")))
                return true;
        }
    }
    return false;
}

static bool is_partner(const json_t *document) {
    const char *kind = json_string_value(json_object_get(document, "kind"));
    return kind != NULL && strcmp(kind, "partner") == 0;
}

bool second_opens_more(const json_t *before, const json_t *after) {
    return (is_partner(before) && !is_partner(after)) || leads_more(before, after) ||
           posts_hold_longer(before, after);
}

/* ---- changes that are proposed ---- */

static bool department_moves(const struct registry *r, const struct item *old, json_t **json) {
    union parsed parsed;
    return organise_department(slice_of(old->document, old->document_n), json, NULL) == ST_OK &&
           registry_parse(REGISTRY_DEPARTMENT, *json, &parsed, NULL) == ST_OK &&
           organise_widens(r, old, &parsed.department);
}

static bool user_opens_more(const struct item *old, json_t *change) {
    json_t *before = NULL;
    if (old != NULL && json_read(slice_of(old->document, old->document_n), 0, &before, NULL) != ST_OK)
        return true; /* no memory to tell: then as if it did */
    json_t *after = before == NULL ? json_object() : json_copy(before);
    bool more = after == NULL || json_object_update(after, change) != 0 || second_opens_more(before, after);
    json_decref(after);
    json_decref(before);
    return more;
}

bool registry_moves(struct registry *r, const struct registry_change *changes, size_t count) {
    bool moves = false;
    (void)pthread_rwlock_rdlock(&r->lock);
    for (size_t i = 0; i < count && !moves; i++) {
        const struct item *old = registry_find(r, changes[i].kind, changes[i].id);
        json_t *json = NULL;
        if ((changes[i].kind != REGISTRY_DEPARTMENT && changes[i].kind != REGISTRY_USER) ||
            registry_parse_json(changes[i].document, &json, NULL) != ST_OK)
            continue;
        if (changes[i].kind == REGISTRY_USER)
            moves = user_opens_more(old, json);
        else
            moves = old != NULL && department_moves(r, old, &json);
        json_decref(json);
    }
    (void)pthread_rwlock_unlock(&r->lock);
    return moves;
}
