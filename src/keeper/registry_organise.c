#include "keeper/registry_organise.h"

#include "base/clock.h"
#include "base/json_in.h"

#define TREE_STEPS 64 /* so that a ring in the tree ends */

static json_int_t number(const json_t *object, const char *key) {
    return json_integer_value(json_object_get(object, key));
}

static const json_t *post_of(const json_t *document, json_int_t id) {
    const json_t *posts = json_object_get(document, "posts");
    for (size_t i = 0; i < json_array_size(posts); i++) {
        if (number(json_array_get(posts, i), "id") == id)
            return json_array_get(posts, i);
    }
    return NULL;
}

static json_int_t last_post(const json_t *document) {
    const json_t *posts = json_object_get(document, "posts");
    json_int_t last = 0;
    for (size_t i = 0; i < json_array_size(posts); i++) {
        json_int_t id = number(json_array_get(posts, i), "id");
        last = id > last && id <= UINT32_MAX ? id : last; /* more is no post's id */
    }
    return last;
}

/* Keys of posts that are gone. */
static enum status drop_roles(json_t *document) {
    const json_t *roles = json_object_get(document, "post_roles");
    json_t *kept = json_object();
    const json_t *posts = json_object_get(document, "posts");
    bool fine = kept != NULL;
    for (size_t i = 0; fine && i < json_array_size(posts); i++) {
        char key[24];
        (void)snprintf(key, sizeof key, "%lld", (long long)number(json_array_get(posts, i), "id"));
        json_t *names = json_object_get(roles, key);
        fine = names == NULL || json_object_set(kept, key, names) == 0;
    }
    fine = fine && json_object_set(document, "post_roles", kept) == 0;
    json_decref(kept);
    return fine ? ST_OK : ST_NOMEM;
}

enum status organise_posts(json_t *document, const json_t *old) {
    json_t *posts = json_object_get(document, "posts");
    json_int_t last = last_post(document), before = last_post(old);
    if (!json_is_array(posts))
        return ST_OK;
    last = before > last ? before : last;
    for (size_t i = 0; i < json_array_size(posts); i++) {
        json_t *post = json_array_get(posts, i);
        json_int_t id = number(post, "id");
        const json_t *was = id == 0 ? NULL : post_of(old, id);
        bool same = was != NULL && number(was, "department") == number(post, "department");
        if (!json_is_object(post) || same)
            continue;
        if (json_object_set_new(post, "id", json_integer(++last)) != 0)
            return ST_NOMEM;
    }
    return json_is_object(json_object_get(document, "post_roles")) ? drop_roles(document) : ST_OK;
}

static enum status keep_first(json_t *base, const json_t *before) {
    if (json_object_get(base, "first") != NULL)
        return ST_OK;
    bool moved = number(base, "parent") != number(before, "parent") ||
                 number(base, "branch") != number(before, "branch");
    if (!moved)
        return ST_OK;
    json_t *first =
        json_pack("{s:I, s:I}", "parent", number(before, "parent"), "branch", number(before, "branch"));
    return first != NULL && json_object_set_new(base, "first", first) == 0 ? ST_OK : ST_NOMEM;
}

/* What is merged stands below the other and is no branch. */
static enum status settle_merged(json_t *base) {
    json_int_t into = number(base, "merged_into");
    if (into == 0)
        return ST_OK;
    bool fine = json_object_set_new(base, "parent", json_integer(into)) == 0 &&
                json_object_set_new(base, "branch", json_integer(0)) == 0 &&
                json_object_set_new(base, "closed", json_false()) == 0;
    return fine ? ST_OK : ST_NOMEM;
}

enum status organise_department(struct slice old, json_t **document, struct error *e) {
    const char *key;
    json_t *value, *before = NULL, *base = old.p == NULL ? json_object() : NULL;
    enum status s = ST_OK;
    if (old.p != NULL)
        s = json_read(old, 0, &before, NULL);
    if (s == ST_OK && before != NULL)
        base = json_deep_copy(before);
    if (base == NULL)
        s = ST_NOMEM;
    json_object_foreach(*document, key, value) {
        if (s == ST_OK && strcmp(key, "first") != 0 && json_object_set(base, key, value) != 0)
            s = ST_NOMEM;
    }
    if (s == ST_OK)
        s = settle_merged(base);
    if (s == ST_OK && before != NULL)
        s = keep_first(base, before);
    json_decref(before);
    json_decref(*document);
    *document = base;
    return s == ST_OK ? s : error_set(e, ST_NOMEM, "no_memory", "department");
}

static bool stands_above(const struct registry *r, uint32_t above, uint32_t of) {
    for (unsigned step = 0; of != 0 && step < TREE_STEPS; step++) {
        if (of == above)
            return true;
        const struct item *d = registry_find(r, REGISTRY_DEPARTMENT, of);
        of = d == NULL ? 0 : d->parsed.department.parent;
    }
    return false;
}

/* The nearest branch from `at` upwards. */
static uint32_t branch_from(const struct registry *r, uint32_t at) {
    for (unsigned step = 0; at != 0 && step < TREE_STEPS; step++) {
        const struct item *d = registry_find(r, REGISTRY_DEPARTMENT, at);
        if (d == NULL || d->parsed.department.branch == at)
            return d == NULL ? 0 : at;
        at = d->parsed.department.parent;
    }
    return 0;
}

bool organise_widens(const struct registry *r, const struct item *old,
                     const struct parsed_department *fresh) {
    const struct parsed_department *was = &old->parsed.department;
    if (fresh->merged_into != was->merged_into)
        return true;
    if (fresh->parent == was->parent && (fresh->branch == old->id) == (was->branch == old->id))
        return false;
    if (fresh->parent != 0 && !stands_above(r, fresh->parent, was->parent))
        return true;
    uint32_t before = was->branch == old->id ? old->id : branch_from(r, was->parent);
    uint32_t after = fresh->branch == old->id ? old->id : branch_from(r, fresh->parent);
    return before != after;
}

static bool is_used(const struct registry *r, uint32_t id) {
    int64_t now = clock_wall_ms();
    bool used = false;
    for (size_t i = 0; i < r->count && !used; i++) {
        const struct item *x = r->items[i];
        const union parsed *p = &x->parsed;
        if (x->kind == REGISTRY_DEPARTMENT)
            used = p->department.parent == id && !p->department.closed && p->department.merged_into == 0;
        else if (x->kind == REGISTRY_USER && user_is_live(&p->user, now)) {
            used = p->user.post_count == 0 && registry_home(r, p->user.department) == id;
            for (size_t k = 0; k < p->user.post_count; k++) {
                const struct parsed_post *post = &p->user.posts[k];
                bool over = post->until != 0 && post->until <= now;
                used = used || (!over && registry_home(r, post->department) == id);
            }
        }
    }
    return used;
}

enum status organise_check(const struct registry *r, const struct item *old,
                           const struct parsed_department *fresh, struct error *e) {
    const struct parsed_department *was = &old->parsed.department;
    if (fresh->closed && !was->closed && is_used(r, old->id))
        return error_field(e, ST_CONFLICT, "department_in_use", "closed",
                           "it has people or departments: move or merge them first");
    if (was->merged_into != 0 && fresh->merged_into != was->merged_into)
        return error_field(e, ST_CONFLICT, "department_merged", "merged_into",
                           "a merge can't be undone: make a new department and move people");
    if (fresh->merged_into == 0 || fresh->merged_into == was->merged_into)
        return ST_OK;
    const struct item *into = registry_find(r, REGISTRY_DEPARTMENT, fresh->merged_into);
    if (into == NULL || into == old || into->parsed.department.closed ||
        into->parsed.department.merged_into != 0)
        return error_field(e, ST_INVALID, "bad_document", "merged_into", "another department that is open");
    return ST_OK;
}
