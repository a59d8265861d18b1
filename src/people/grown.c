#include "people/grown.h"

#include "base/json_in.h"

#include <string.h>

struct grown {
    json_t *now, *then; /* documents; `then` is {} for somebody who was not there */
    json_t *roles, *duties, *leads, *grants;
    bool fresh;
    uint32_t department_then;
};

/* The state at a time is the first one that stood longer. */
static const json_t *state_at(const json_t *document, int64_t then_ms) {
    const json_t *past = json_object_get(document, "past");
    for (size_t i = 0; i < json_array_size(past); i++) {
        const json_t *one = json_array_get(past, i);
        if (json_integer_value(json_object_get(one, "until")) > then_ms)
            return one;
    }
    return document;
}

static bool has(const json_t *list, const json_t *value) {
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (json_equal(json_array_get(list, i), value))
            return true;
    }
    return false;
}

static bool gained(json_t *to, const json_t *now, const json_t *then) {
    bool fine = true;
    for (size_t i = 0; fine && i < json_array_size(now); i++) {
        json_t *v = json_array_get(now, i);
        if (!has(then, v) && !has(to, v))
            fine = json_array_append(to, v) == 0;
    }
    return fine;
}

/* All roles of a document, of whatever post. */
static json_t *all_roles(const json_t *document) {
    json_t *all = json_array(), *names;
    const char *post;
    bool fine = all != NULL && gained(all, json_object_get(document, "roles"), NULL);
    json_object_foreach(json_object_get(document, "post_roles"), post, names) {
        fine = fine && gained(all, names, NULL);
    }
    if (fine)
        return all;
    json_decref(all);
    return NULL;
}

/* Departments that he leads, by the list or by a post. */
static json_t *all_leads(const json_t *document) {
    json_t *all = json_array();
    const json_t *posts = json_object_get(document, "posts");
    bool fine = all != NULL && gained(all, json_object_get(document, "manages"), NULL);
    for (size_t i = 0; fine && i < json_array_size(posts); i++) {
        const json_t *post = json_array_get(posts, i);
        json_t *at = json_object_get(post, "department");
        if (json_is_true(json_object_get(post, "leads")) && at != NULL && !has(all, at))
            fine = json_array_append(all, at) == 0;
    }
    if (fine)
        return all;
    json_decref(all);
    return NULL;
}

static bool compare_lists(struct grown *g) {
    json_t *roles = all_roles(g->now), *before = all_roles(g->then), *leads = all_leads(g->now),
           *led = all_leads(g->then);
    bool fine = roles != NULL && before != NULL && leads != NULL && led != NULL;
    fine = fine && gained(g->roles, roles, before) && gained(g->leads, leads, led) &&
           gained(g->duties, json_object_get(g->now, "duties"), json_object_get(g->then, "duties"));
    json_decref(roles);
    json_decref(before);
    json_decref(leads);
    json_decref(led);
    return fine;
}

/* Rights for a time that run now and did not then. */
static bool compare_grants(struct grown *g, const struct directory *d, const struct staff *s, int64_t then_ms,
                           int64_t now_ms) {
    bool fine = true;
    for (size_t i = 0; fine && s->duties == 0 && i < d->grant_count; i++) {
        const struct staff_grant *one = &d->grants[i];
        json_t *document = NULL;
        if (one->user != s->id || one->ended || one->moved || one->until <= now_ms)
            continue;
        if (json_read(one->document, 0, &document, NULL) != ST_OK)
            return false;
        json_int_t since = json_integer_value(json_object_get(document, "since"));
        if (since > then_ms && since <= now_ms)
            fine = json_array_append_new(
                       g->grants,
                       json_pack("{s:I, s:I, s:I, s:I, s:O, s:O*}", "id", (json_int_t)one->id, "from",
                                 (json_int_t)one->from, "since", since, "until", (json_int_t)one->until,
                                 "roles", json_object_get(document, "roles"), "access",
                                 one->access ? json_object_get(document, "name") : NULL)) == 0;
        json_decref(document);
    }
    return fine;
}

/* 64 steps at most, so that a ring in the tree ends. */
static bool is_above(const struct directory *d, uint32_t department, uint32_t above) {
    for (unsigned step = 0; department != 0 && step < 64; step++) {
        if (department == above)
            return true;
        const struct department *one = directory_department(d, department);
        department = one == NULL ? 0 : one->parent;
    }
    return false;
}

/* Where he stood then is known of a main post or of who had no posts. */
static uint32_t stood_in(const json_t *state) {
    const json_t *posts = json_object_get(state, "posts");
    uint32_t first = 0;
    for (size_t i = 0; i < json_array_size(posts); i++) {
        const json_t *post = json_array_get(posts, i);
        uint32_t at = (uint32_t)json_integer_value(json_object_get(post, "department"));
        if (json_is_true(json_object_get(post, "main")))
            return at;
        first = first == 0 ? at : first;
    }
    return first != 0 ? first : (uint32_t)json_integer_value(json_object_get(state, "department"));
}

static bool write_one(struct json *j, const char *key, const json_t *value) {
    char *text = json_print(value, JSON_COMPACT);
    json_key(j, key);
    json_raw(j, text == NULL ? SLICE("[]") : slice_from_string(text));
    free(text);
    return text != NULL;
}

static bool write_grown(const struct grown *g, const struct directory *d, const struct staff *s,
                        struct json *j) {
    bool moved =
        !g->fresh && g->department_then != 0 && s->department != 0 && g->department_then != s->department;
    json_object_begin(j);
    json_key(j, "user");
    json_int(j, s->id);
    json_key(j, "name");
    json_cstring(j, s->name);
    json_key(j, "login");
    json_cstring(j, s->login);
    json_key(j, "department");
    json_int(j, s->department);
    json_key(j, "fresh");
    json_bool(j, g->fresh);
    bool fine = write_one(j, "roles", g->roles) && write_one(j, "duties", g->duties) &&
                write_one(j, "leads", g->leads) && write_one(j, "grants", g->grants);
    json_key(j, "moved");
    if (moved) {
        json_object_begin(j);
        json_key(j, "from");
        json_int(j, g->department_then);
        json_key(j, "to");
        json_int(j, s->department);
        json_key(j, "wider");
        json_bool(j, is_above(d, g->department_then, s->department));
        json_object_end(j);
    } else {
        json_none(j);
    }
    json_object_end(j);
    return fine;
}

enum status grown_write(const struct directory *d, const struct staff *s, int64_t then_ms, int64_t now_ms,
                        struct json *j, bool *written) {
    struct grown g = {
        .roles = json_array(), .duties = json_array(), .leads = json_array(), .grants = json_array()};
    *written = false;
    bool fine = g.roles != NULL && g.duties != NULL && g.leads != NULL && g.grants != NULL &&
                json_read(s->document, 0, &g.now, NULL) == ST_OK;
    if (fine) {
        g.then = (json_t *)(uintptr_t)state_at(g.now, then_ms);
        g.fresh = json_is_true(json_object_get(g.then, "made"));
        g.department_then = stood_in(g.then);
        fine = compare_lists(&g) && compare_grants(&g, d, s, then_ms, now_ms);
    }
    bool wider = fine && !g.fresh && g.department_then != s->department &&
                 is_above(d, g.department_then, s->department) && g.department_then != 0;
    if (fine && (json_array_size(g.roles) + json_array_size(g.duties) + json_array_size(g.leads) +
                         json_array_size(g.grants) >
                     0 ||
                 wider)) {
        fine = write_grown(&g, d, s, j);
        *written = fine;
    }
    json_decref(g.roles);
    json_decref(g.duties);
    json_decref(g.leads);
    json_decref(g.grants);
    json_decref(g.now);
    return fine ? ST_OK : ST_NOMEM;
}
