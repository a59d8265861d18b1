#include "connect/scim_patch.h"

#define PATCH_OP "urn:ietf:params:scim:api:messages:2.0:PatchOp"

enum act { ADD, REPLACE, REMOVE };

struct patch {
    enum act act;
    struct arena *arena;
    struct error *e;
};

static enum status no_memory(struct error *e) {
    return error_set(e, ST_NOMEM, "no_memory", "patch");
}

static enum status wrong(const struct patch *p, const char *code, const char *why) {
    return error_set(p->e, ST_INVALID, code, "%s", why);
}

bool scim_is_many(struct slice name) {
    static const char *const names[] = {"emails", "phoneNumbers", "ims",   "photos",          "addresses",
                                        "groups", "entitlements", "roles", "x509Certificates"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (scim_same(name, slice_from_string(names[i])))
            return true;
    }
    return false;
}

static bool is_read_only(struct slice name) {
    return scim_same(name, SLICE("id")) || scim_same(name, SLICE("meta")) ||
           scim_same(name, SLICE("schemas")) || scim_same(name, SLICE("groups"));
}

/* Under the name as it is written there already. Takes `value` over. */
static enum status set(const struct patch *p, json_t *object, struct slice name, json_t *value) {
    const char *key = NULL;
    (void)scim_member(object, name, &key);
    if (key == NULL)
        key = arena_string(p->arena, name);
    else
        key = arena_string(p->arena, slice_from_string(key)); /* its own text goes with the old value */
    if (key == NULL) {
        json_decref(value);
        return no_memory(p->e);
    }
    return value != NULL && json_object_set_new(object, key, value) == 0 ? ST_OK : no_memory(p->e);
}

static enum status drop(const struct patch *p, json_t *object, struct slice name) {
    const char *key = NULL;
    if (scim_member(object, name, &key) == NULL)
        return ST_OK;
    key = arena_string(p->arena, slice_from_string(key));
    if (key == NULL)
        return no_memory(p->e);
    (void)json_object_del(object, key);
    return ST_OK;
}

static enum status put(const struct patch *p, json_t *object, struct slice name, const json_t *value) {
    if (p->act == REMOVE || value == NULL || json_is_null(value))
        return drop(p, object, name);
    return set(p, object, name, json_deep_copy(value));
}

/* Member by member: what is not named stays (section 3.5.2.3, complex attributes). */
static enum status merge(const struct patch *p, json_t *into, const json_t *value) {
    const char *key;
    json_t *one;
    enum status s = ST_OK;
    json_object_foreach((json_t *)(uintptr_t)value, key, one) {
        if (s == ST_OK)
            s = put(p, into, slice_from_string(key), one);
    }
    return s;
}

/* ---- attributes with many values ---- */

static bool is_primary(const json_t *element) {
    return json_is_true(scim_member(element, SLICE("primary"), NULL));
}

/* One is primary at most (RFC 7643 section 2.4): what came last. */
static enum status keep_one_primary(const struct patch *p, json_t *array) {
    bool found = false;
    enum status s = ST_OK;
    for (size_t i = json_array_size(array); s == ST_OK && i-- > 0;) {
        json_t *one = json_array_get(array, i);
        if (is_primary(one) && found)
            s = set(p, one, SLICE("primary"), json_false());
        found = found || is_primary(one);
    }
    return s;
}

static enum status append(const struct patch *p, json_t *array, const json_t *value) {
    if (json_array_size(array) >= SCIM_ELEMENTS_MOST)
        return wrong(p, "scim_value", "an attribute has too many values");
    json_t *one =
        json_is_object(value) ? json_deep_copy(value) : json_pack("{s:o}", "value", json_deep_copy(value));
    for (size_t i = 0; one != NULL && i < json_array_size(array); i++) {
        if (json_equal(json_array_get(array, i), one)) { /* the same value a second time adds nothing */
            json_decref(one);
            return ST_OK;
        }
    }
    return json_array_append_new(array, one) == 0 ? ST_OK : no_memory(p->e);
}

static enum status put_many(const struct patch *p, json_t *object, struct slice name, const json_t *value) {
    json_t *array = scim_member(object, name, NULL);
    if (p->act == REMOVE || value == NULL || json_is_null(value))
        return drop(p, object, name);
    enum status s = ST_OK;
    if (p->act == REPLACE || !json_is_array(array))
        s = set(p, object, name, json_array());
    array = s == ST_OK ? scim_member(object, name, NULL) : NULL;
    size_t n = json_is_array(value) ? json_array_size(value) : 1;
    for (size_t i = 0; s == ST_OK && i < n; i++)
        s = append(p, array, json_is_array(value) ? json_array_get(value, i) : value);
    return s == ST_OK ? keep_one_primary(p, array) : s;
}

/* What a filter says that an element is: only "eq" joined by "and" make one. */
static enum status make_element(const struct patch *p, const struct scim_filter *f, json_t *element) {
    if (f->kind == SCIM_AND) {
        enum status s = make_element(p, f->left, element);
        return s == ST_OK ? make_element(p, f->right, element) : s;
    }
    if (f->kind != SCIM_COMPARE || f->compare != SCIM_EQ || f->attribute.sub.n > 0 ||
        (f->type != SCIM_TEXT && f->type != SCIM_BOOLEAN))
        return wrong(p, "scim_no_target", "no value fits the path's filter");
    json_t *value =
        f->type == SCIM_BOOLEAN ? json_boolean(f->truth) : json_stringn((const char *)f->text.p, f->text.n);
    return set(p, element, f->attribute.name, value);
}

static enum status put_element(const struct patch *p, json_t *element, const struct scim_path *path,
                               const json_t *value) {
    if (path->attribute.sub.n > 0)
        return put(p, element, path->attribute.sub, value);
    return json_is_object(value) ? merge(p, element, value)
                                 : wrong(p, "scim_value", "the value of such a path is an object");
}

static enum status add_element(const struct patch *p, json_t *container, const struct scim_path *path,
                               const json_t *value) {
    if (p->act == REMOVE)
        return ST_OK;
    if (p->act == REPLACE)
        return wrong(p, "scim_no_target", "no value fits the path's filter");
    json_t *element = json_object(), *list;
    enum status s = element == NULL ? no_memory(p->e) : make_element(p, path->filter, element);
    if (s == ST_OK)
        s = put_element(p, element, path, value);
    if (s == ST_OK) {
        list = json_pack("[O]", element);
        s = list == NULL ? no_memory(p->e) : put_many(p, container, path->attribute.name, list);
        json_decref(list);
    }
    json_decref(element);
    return s;
}

static enum status put_filtered(const struct patch *p, json_t *container, const struct scim_path *path,
                                const json_t *value) {
    json_t *array = scim_member(container, path->attribute.name, NULL);
    bool found = false;
    enum status s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < json_array_size(array);) {
        json_t *one = json_array_get(array, i);
        bool fits = scim_filter_matches(path->filter, one);
        found = found || fits;
        if (fits && p->act == REMOVE && path->attribute.sub.n == 0) {
            (void)json_array_remove(array, i);
            continue;
        }
        if (fits && json_is_object(one))
            s = put_element(p, one, path, value);
        i++;
    }
    return s != ST_OK || found ? s : add_element(p, container, path, value);
}

/* ---- one operation ---- */

static enum status put_sub(const struct patch *p, json_t *container, const struct scim_attribute *a,
                           const json_t *value) {
    json_t *target = scim_member(container, a->name, NULL);
    enum status s = ST_OK;
    if (json_is_array(target)) {
        for (size_t i = 0; s == ST_OK && i < json_array_size(target); i++) {
            if (json_is_object(json_array_get(target, i)))
                s = put(p, json_array_get(target, i), a->sub, value);
        }
        return s;
    }
    if (!json_is_object(target)) {
        if (p->act == REMOVE)
            return ST_OK;
        s = set(p, container, a->name, json_object());
        target = s == ST_OK ? scim_member(container, a->name, NULL) : NULL;
    }
    return s == ST_OK ? put(p, target, a->sub, value) : s;
}

static enum status put_attribute(const struct patch *p, json_t *container, const struct scim_path *path,
                                 const json_t *value) {
    const struct scim_attribute *a = &path->attribute;
    if (path->filter != NULL)
        return put_filtered(p, container, path, value);
    if (a->sub.n > 0)
        return put_sub(p, container, a, value);
    if (scim_is_many(a->name))
        return put_many(p, container, a->name, value);
    json_t *target = scim_member(container, a->name, NULL);
    return json_is_object(value) && json_is_object(target) && p->act != REMOVE
               ? merge(p, target, value)
               : put(p, container, a->name, value);
}

static enum status put_path(const struct patch *p, json_t *resource, const struct scim_path *path,
                            const json_t *value) {
    json_t *container = resource;
    struct slice urn = SLICE(SCIM_ENTERPRISE);
    if (!path->attribute.enterprise)
        return put_attribute(p, container, path, value);
    if (path->attribute.name.n == 0 && p->act == REMOVE)
        return drop(p, resource, urn);
    if (path->attribute.name.n == 0 && !json_is_object(value))
        return wrong(p, "scim_value", "the value of an extension is an object");
    if (!json_is_object(scim_member(resource, urn, NULL))) {
        enum status s = set(p, resource, urn, json_object());
        if (s != ST_OK)
            return s;
    }
    container = scim_member(resource, urn, NULL);
    return path->attribute.name.n == 0 ? merge(p, container, value)
                                       : put_attribute(p, container, path, value);
}

/* Without a path the value's keys say what is meant (section 3.5.2.1); what may not be written is passed over
 * there, as a whole resource has it too. */
static enum status put_members(const struct patch *p, json_t *resource, const json_t *value) {
    const char *key;
    json_t *one;
    enum status s = ST_OK;
    if (p->act == REMOVE)
        return wrong(p, "scim_no_target", "a removal needs a path");
    if (!json_is_object(value))
        return wrong(p, "scim_value", "without a path the value is an object");
    json_object_foreach((json_t *)(uintptr_t)value, key, one) {
        struct scim_path path;
        if (s == ST_OK)
            s = scim_path_parse(slice_from_string(key), p->arena, &path, p->e);
        if (s == ST_OK && !is_read_only(path.attribute.name))
            s = put_path(p, resource, &path, one);
    }
    return s;
}

static bool read_act(const json_t *op, enum act *out) {
    static const char *const names[] = {"add", "replace", "remove"};
    for (size_t i = 0; json_is_string(op) && i < 3; i++) {
        *out = (enum act)i;
        if (scim_same(slice_of(json_string_value(op), json_string_length(op)), slice_from_string(names[i])))
            return true;
    }
    return false;
}

static enum status apply_one(json_t *resource, const json_t *operation, struct arena *a, struct error *e) {
    struct patch p = {.arena = a, .e = e};
    struct scim_path path;
    const json_t *where = scim_member(operation, SLICE("path"), NULL),
                 *value = scim_member(operation, SLICE("value"), NULL);
    if (!read_act(scim_member(operation, SLICE("op"), NULL), &p.act))
        return wrong(&p, "scim_syntax", "op is add, replace or remove");
    if (p.act != REMOVE && value == NULL)
        return wrong(&p, "scim_value", "the operation has no value");
    if (where == NULL || json_is_null(where))
        return put_members(&p, resource, value);
    if (!json_is_string(where))
        return wrong(&p, "scim_path", "path is a text");
    enum status s =
        scim_path_parse(slice_of(json_string_value(where), json_string_length(where)), a, &path, e);
    if (s == ST_OK && !path.attribute.enterprise && is_read_only(path.attribute.name))
        s = wrong(&p, "scim_mutability", "this attribute is read-only");
    return s == ST_OK ? put_path(&p, resource, &path, value) : s;
}

enum status scim_patch_apply(json_t *resource, const json_t *body, struct arena *a, struct error *e) {
    const struct patch p = {.arena = a, .e = e};
    const json_t *operations = scim_member(body, SLICE("Operations"), NULL),
                 *schemas = scim_member(body, SLICE("schemas"), NULL);
    bool named = false;
    for (size_t i = 0; i < json_array_size(schemas); i++) {
        const char *urn = json_string_value(json_array_get(schemas, i));
        named = named || (urn != NULL && scim_same(slice_from_string(urn), SLICE(PATCH_OP)));
    }
    size_t n = json_array_size(operations);
    if (!named)
        return wrong(&p, "scim_syntax", "schemas names " PATCH_OP);
    if (n == 0 || n > SCIM_PATCH_MOST)
        return wrong(&p, "scim_syntax", "Operations: 1 to 100");
    enum status s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < n; i++)
        s = apply_one(resource, json_array_get(operations, i), a, e);
    return s;
}
