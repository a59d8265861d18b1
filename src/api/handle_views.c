/* Saved views. The owner's is sealed in a box of its own in the keeper, for a filter may hold a customer's
 * number; destroying the box destroys it. A shared one is a second copy for his department, without values on
 * sealed fields, and each reader gets only the fields that he knows of. */
#include "api/handlers.h"

#include "base/clock.h"
#include "base/json_in.h"
#include "record/where.h"

#include <stdio.h>
#include <stdlib.h>

#define VIEW_ITEM   "view"
#define SHARED_ITEM "shared_view"    /* of older versions: by the department that the owner had */
#define SHARED_BY   "view_shared_by" /* by the owner: it goes where he goes */
#define VIEWS_MOST  100
#define VIEW_BYTES  ((size_t)64 * 1024)
#define NAME_MOST   60
#define TREE_DEPTH  32
#define KEY_ROOM    80

/* Views are listed by object and owner, or department: the key begins with both. p is NULL: no memory. */
static struct slice key_of(struct caller *c, const struct object_def *o, uint32_t group,
                           const struct uuid *id) {
    char text[UUID_TEXT + 1] = "";
    if (id != NULL)
        uuid_format(id, text);
    return slice_from_string(arena_format(c->arena, "%05u/%010u/%s", (unsigned)o->id, (unsigned)group, text));
}

static enum status no_memory(struct error *e) {
    return error_set(e, ST_NOMEM, "no_memory", "view");
}

static enum status no_view(struct error *e) {
    return error_set(e, ST_NOT_FOUND, "not_found", "there is no such view");
}

/* ---- what may stand in it ---- */

/* jansson's copies leave out what there is no memory for, and say nothing. */
static json_t *whole_copy(const json_t *v) {
    json_t *copy = json_deep_copy(v);
    if (copy != NULL && json_equal(copy, v))
        return copy;
    json_decref(copy);
    return NULL;
}

/* `v`, whose reference it takes, put into `o` (either may be NULL for lack of memory); frees and clears *o
 * when that fails, so that no half of a view goes anywhere. */
static bool put_member(json_t **o, const char *key, json_t *v) {
    if (json_object_set_new(*o, key, v) == 0)
        return true;
    json_decref(*o);
    *o = NULL;
    return false;
}

static json_t *clean_tree(const struct access *a, const json_t *node, bool strip, unsigned depth);

static json_t *clean_list(const struct access *a, const json_t *nodes, bool strip, unsigned depth) {
    json_t *list = json_array();
    for (size_t i = 0; list != NULL && i < json_array_size(nodes); i++) {
        if (json_array_append_new(list, clean_tree(a, json_array_get(nodes, i), strip, depth)) == 0)
            continue;
        json_decref(list);
        list = NULL;
    }
    return list;
}

/* Field, operator and value, and nothing else that may have been written beside them: of a sealed field
 * `strip` takes the value. A leaf on a field that the reader does not know of is gone for him. */
static json_t *clean_leaf(const struct access *a, const json_t *node, const char *field, bool strip) {
    size_t index;
    const struct field_def *f = access_field(a, slice_from_string(field), &index);
    const char *op = json_string_value(json_object_get(node, "op"));
    const json_t *value = json_object_get(node, "value");
    if (f == NULL)
        return json_pack("{s:[]}", "and");
    json_t *leaf = json_object();
    if (!put_member(&leaf, "field", json_string(field)))
        return NULL;
    if (op != NULL && where_op_exists(slice_from_string(op)) && !put_member(&leaf, "op", json_string(op)))
        return NULL;
    if (strip && field_is_sealed(f))
        (void)put_member(&leaf, "value", json_null());
    else if (value != NULL)
        (void)put_member(&leaf, "value", whole_copy(value));
    return leaf;
}

/* This and what follows: NULL for lack of memory. */
static json_t *clean_tree(const struct access *a, const json_t *node, bool strip, unsigned depth) {
    static const char *const lists[] = {"and", "or"};
    const json_t *name = json_object_get(node, "field"), *kid = json_object_get(node, "not");
    if (depth > TREE_DEPTH || !json_is_object(node))
        return json_null();
    if (json_is_string(name))
        return clean_leaf(a, node, json_string_value(name), strip);
    json_t *out = json_object();
    if (kid != NULL && !put_member(&out, "not", clean_tree(a, kid, strip, depth + 1)))
        return NULL;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        kid = json_object_get(node, lists[i]);
        if (json_is_array(kid) && !put_member(&out, lists[i], clean_list(a, kid, strip, depth + 1)))
            return NULL;
    } /* a child's filter speaks of another object's fields: it is not shared */
    return out;
}

/* Names with or without "-" that he knows of. */
static json_t *clean_names(const struct access *a, const json_t *names) {
    json_t *out = json_array();
    size_t index;
    for (size_t i = 0; out != NULL && i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (name == NULL ||
            access_field(a, slice_from_string(name[0] == '-' ? name + 1 : name), &index) == NULL)
            continue;
        if (json_array_append_new(out, json_string(name)) != 0) {
            json_decref(out);
            out = NULL;
        }
    }
    return out;
}

static json_t *clean_view(const struct access *a, const json_t *view, bool strip) {
    const json_t *where = json_object_get(view, "where");
    json_t *out = json_object();
    if (put_member(&out, "name", json_incref(json_object_get(view, "name"))) &&
        put_member(&out, "fields", clean_names(a, json_object_get(view, "fields"))) &&
        put_member(&out, "sort", clean_names(a, json_object_get(view, "sort"))))
        (void)put_member(&out, "where", json_is_object(where) ? clean_tree(a, where, strip, 0) : json_null());
    return out;
}

static enum status check(const json_t *view, struct error *e) {
    const char *name = json_string_value(json_object_get(view, "name"));
    const json_t *where = json_object_get(view, "where");
    if (name == NULL || name[0] == '\0' || strlen(name) > NAME_MOST * 4)
        return error_field(e, ST_INVALID, "required", "name", "a view needs a name of at most 60 characters");
    if (where != NULL && !json_is_object(where) && !json_is_null(where))
        return error_field(e, ST_INVALID, "bad_filter", "where", "where is a tree");
    return ST_OK;
}

/* ---- the store ---- */

static enum status put_item(struct caller *c, const char *kind, struct slice key, struct slice body,
                            bool remove, struct error *e) {
    struct write_op op = {.kind = WRITE_ITEM,
                          .item_kind = slice_from_string(kind),
                          .key = key,
                          .body = body,
                          .remove = remove,
                          .actor = c->who.user,
                          .at_ms = clock_wall_ms()};
    struct write_set set = {.ops = &op, .count = 1};
    struct write_result result;
    if (key.p == NULL)
        return no_memory(e);
    return world_commit(c->world.world, &set, &result, e);
}

static enum status open_view(struct caller *c, const struct store_item *item, struct uuid *box, json_t **out,
                             struct error *e) {
    struct slice plain;
    if (item->body.n < 16)
        return error_set(e, ST_CORRUPT, "corrupt", "a saved view can't be read");
    memcpy(box->b, item->body.p, 16);
    enum status s = keeper_box_open(c->keeper, &c->call, box, 1, 0,
                                    slice_of(item->body.p + 16, item->body.n - 16), &plain, e);
    if (s != ST_OK)
        return s;
    s = json_read(plain, 0, out, NULL);
    if (s == ST_NOMEM)
        return error_set(e, s, "no_memory", "view");
    return s != ST_OK ? error_set(e, ST_CORRUPT, "corrupt", "a saved view can't be read") : ST_OK;
}

static enum status seal_view(struct caller *c, const struct uuid *box, struct slice key, const json_t *view,
                             struct error *e) {
    struct slice sealed;
    char *text = json_print(view, JSON_COMPACT);
    size_t n = text == NULL ? 0 : strlen(text);
    if (n == 0)
        return error_set(e, ST_NOMEM, "no_memory", "view");
    if (n > VIEW_BYTES) {
        free(text);
        return error_set(e, ST_LIMIT, "too_large", "the view is too large");
    }
    enum status s = keeper_box_seal(c->keeper, &c->call, box, 1, 0, slice_of(text, n), &sealed, e);
    uint8_t *body = s == ST_OK ? arena_alloc(c->arena, 16 + sealed.n) : NULL;
    free(text);
    if (s != ST_OK)
        return s;
    if (body == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "view");
    memcpy(body, box->b, 16);
    memcpy(body + 16, sealed.p, sealed.n);
    return put_item(c, VIEW_ITEM, key, slice_of(body, 16 + sealed.n), false, e);
}

/* His department's copy follows the owner's: written where it is shared, removed where it is not. */
static enum status share(struct caller *c, const struct access *a, const struct uuid *id, const json_t *view,
                         struct error *e) {
    struct slice key = key_of(c, a->object, c->who.user, id);
    enum status gone =
        put_item(c, SHARED_ITEM, key_of(c, a->object, c->actor.department, id), SLICE(""), true, e);
    if (gone != ST_OK || !json_is_true(json_object_get(view, "shared")))
        return gone == ST_OK ? put_item(c, SHARED_BY, key, SLICE(""), true, e) : gone;
    json_t *copy = clean_view(a, view, true);
    char *text = json_print(copy, JSON_COMPACT);
    json_decref(copy);
    enum status s = text == NULL ? error_set(e, ST_NOMEM, "no_memory", "view")
                                 : put_item(c, SHARED_BY, key, slice_from_string(text), false, e);
    free(text);
    return s;
}

/* ---- answers ---- */

static enum status write_view(struct caller *c, const struct access *a, const json_t *view, struct slice id,
                              bool shared, bool own, struct json *j, struct error *e) {
    json_t *shown = own ? whole_copy(view) : clean_view(a, view, true);
    bool whole = json_object_set_new(shown, "id", json_stringn((const char *)id.p, id.n)) == 0 &&
                 json_object_set_new(shown, "shared", json_boolean(shared)) == 0 &&
                 json_object_set_new(shown, "own", json_boolean(own)) == 0;
    char *text = whole ? json_print(shown, JSON_COMPACT) : NULL;
    json_decref(shown);
    struct slice copy = text == NULL ? SLICE_NONE : arena_copy(c->arena, slice_from_string(text));
    free(text);
    if (copy.p == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "view");
    json_raw(j, copy);
    return ST_OK;
}

static struct slice id_in_key(struct slice key) {
    return key.n < UUID_TEXT ? SLICE("") : slice_of(key.p + key.n - UUID_TEXT, UUID_TEXT);
}

static enum status write_item(struct caller *c, const struct access *a, const struct store_item *item,
                              bool own, struct json *j, struct error *e) {
    struct uuid box;
    json_t *view = NULL;
    enum status s = ST_OK;
    if (own)
        s = open_view(c, item, &box, &view, e);
    else if (json_read(item->body, 0, &view, NULL) == ST_NOMEM)
        s = error_set(e, ST_NOMEM, "no_memory", "view");
    if (s == ST_OK && view != NULL) {
        bool shared = !own || json_is_true(json_object_get(view, "shared"));
        s = write_view(c, a, view, id_in_key(item->key), shared, own, j, e);
    }
    json_decref(view);
    return s;
}

static enum status write_list(struct caller *c, const struct access *a, const char *kind, uint32_t group,
                              bool own, struct json *j, struct error *e) {
    struct store_item *items;
    size_t n;
    struct slice prefix = key_of(c, a->object, group, NULL);
    if (prefix.p == NULL)
        return no_memory(e);
    enum status s = store_item_list(c->reader, slice_from_string(kind), own ? c->who.user : 0, prefix,
                                    VIEWS_MOST, c->arena, &items, &n, e);
    for (size_t i = 0; s == ST_OK && i < n && slice_starts_with(items[i].key, prefix); i++) {
        const struct staff *owner = directory_staff(c->world.directory, items[i].owner);
        bool here = owner != NULL && owner->department == c->actor.department;
        if (own || (items[i].owner != c->who.user && here))
            s = write_item(c, a, &items[i], own, j, e);
    }
    return s;
}

/* What those who stand in the caller's department today have shared. */
static enum status write_shared(struct caller *c, const struct access *a, struct json *j, struct error *e) {
    const struct directory *d = c->world.directory;
    enum status s = write_list(c, a, SHARED_ITEM, c->actor.department, false, j, e);
    for (size_t i = 0; s == ST_OK && i < d->staff_count; i++) {
        if (d->staff[i].department == c->actor.department && d->staff[i].id != c->who.user)
            s = write_list(c, a, SHARED_BY, d->staff[i].id, false, j, e);
    }
    return s;
}

HANDLER(api_views) {
    const struct access *a;
    struct json j = json_to(&reply->body);
    (void)engine;
    enum status s = access_object(c, r->parameters[0], &a, e);
    if (s != ST_OK)
        return s;
    json_object_begin(&j);
    json_key(&j, "items");
    json_array_begin(&j);
    s = write_list(c, a, VIEW_ITEM, c->who.user, true, &j, e);
    if (s == ST_OK)
        s = write_shared(c, a, &j, e);
    json_array_end(&j);
    json_object_end(&j);
    return s;
}

static enum status save(struct caller *c, const struct access *a, const struct uuid *id,
                        const struct uuid *box, json_t *view, struct json *j, struct error *e) {
    char text[UUID_TEXT + 1];
    uuid_format(id, text);
    enum status s = check(view, e);
    if (s == ST_OK)
        s = seal_view(c, box, key_of(c, a->object, c->who.user, id), view, e);
    if (s == ST_OK)
        s = share(c, a, id, view, e);
    bool shared = json_is_true(json_object_get(view, "shared"));
    return s == ST_OK ? write_view(c, a, view, slice_from_string(text), shared, true, j, e) : s;
}

/* The members that a view has, of what the client sent; what it did not send stays. */
static enum status take_members(json_t *view, const json_t *body, struct error *e) {
    static const char *const members[] = {"name", "shared", "fields", "sort", "where"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        json_t *v = json_object_get(body, members[i]);
        if (v != NULL && json_object_set(view, members[i], v) != 0)
            return no_memory(e);
    }
    return view == NULL ? no_memory(e) : ST_OK;
}

static enum status room_for_one(struct caller *c, const struct access *a, struct error *e) {
    struct store_item *items;
    size_t n;
    struct slice prefix = key_of(c, a->object, c->who.user, NULL);
    if (prefix.p == NULL)
        return no_memory(e);
    enum status s = store_item_list(c->reader, SLICE(VIEW_ITEM), c->who.user, prefix, VIEWS_MOST, c->arena,
                                    &items, &n, e);
    return s == ST_OK && n == VIEWS_MOST ? error_set(e, ST_LIMIT, "too_large", "at most %d views", VIEWS_MOST)
                                         : s;
}

HANDLER(api_view_save) {
    const struct access *a;
    struct uuid id, box;
    struct json j = json_to(&reply->body);
    (void)engine;
    enum status s = access_object(c, r->parameters[0], &a, e);
    if (s == ST_OK)
        s = check(r->json, e);
    if (s == ST_OK)
        s = room_for_one(c, a, e);
    if (s == ST_OK && uuid_new(&id) != ST_OK)
        s = error_set(e, ST_IO, "internal", "no random bytes");
    if (s == ST_OK)
        s = keeper_box_make(c->keeper, &c->call, &box, e);
    if (s != ST_OK)
        return s;
    json_t *view = json_pack("{s:b, s:[], s:[], s:n}", "shared", 0, "fields", "sort", "where");
    s = take_members(view, r->json, e);
    if (s == ST_OK)
        s = save(c, a, &id, &box, view, &j, e);
    json_decref(view);
    reply->status = 201;
    return s;
}

static enum status find_own(struct caller *c, const struct http_request *r, const struct access **a,
                            struct uuid *id, struct store_item *item, struct error *e) {
    enum status s = access_object(c, r->parameters[0], a, e);
    if (s == ST_OK && !uuid_parse(r->parameters[1], id))
        s = no_view(e);
    if (s != ST_OK)
        return s;
    struct slice key = key_of(c, (*a)->object, c->who.user, id);
    if (key.p == NULL)
        return no_memory(e);
    s = store_item_get(c->reader, SLICE(VIEW_ITEM), key, c->arena, item, e);
    return s == ST_NOT_FOUND ? no_view(e) : s;
}

HANDLER(api_view_change) {
    const struct access *a;
    struct uuid id, box;
    struct store_item item;
    json_t *view = NULL;
    struct json j = json_to(&reply->body);
    (void)engine;
    enum status s = find_own(c, r, &a, &id, &item, e);
    if (s == ST_OK)
        s = open_view(c, &item, &box, &view, e);
    if (s == ST_OK)
        s = take_members(view, r->json, e);
    if (s == ST_OK)
        s = save(c, a, &id, &box, view, &j, e);
    json_decref(view);
    return s;
}

HANDLER(api_view_delete) {
    const struct access *a;
    struct uuid id, box;
    struct store_item item;
    (void)engine;
    enum status s = find_own(c, r, &a, &id, &item, e);
    if (s == ST_OK)
        s = put_item(c, VIEW_ITEM, key_of(c, a->object, c->who.user, &id), SLICE(""), true, e);
    if (s == ST_OK)
        s = put_item(c, SHARED_ITEM, key_of(c, a->object, c->actor.department, &id), SLICE(""), true, e);
    if (s == ST_OK)
        s = put_item(c, SHARED_BY, key_of(c, a->object, c->who.user, &id), SLICE(""), true, e);
    if (s == ST_OK && item.body.n >= 16) {
        memcpy(box.b, item.body.p, 16);
        s = keeper_box_destroy(c->keeper, &c->call, &box, e);
    }
    if (s == ST_OK)
        reply->status = 204;
    return s;
}
