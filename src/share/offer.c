#include "share/offer.h"

#include "base/json_in.h"

#include <stdio.h>

#define DAY_MS    ((int64_t)24 * 3600 * 1000)
#define PAGE      200
#define LIST_MOST (2 * OFFERS_MOST)

static bool is_old(const struct store_item *item, int64_t now_ms) {
    return item->at_ms < now_ms - OFFER_DAYS * DAY_MS;
}

static enum status from_item(const struct store_item *item, struct arena *a, struct offer *out) {
    const char *dot = memchr(item->key.p, '.', item->key.n);
    int64_t department = 0, user = 0;
    json_t *body = NULL;
    *out = (struct offer){.at_ms = item->at_ms, .user = item->owner};
    if (item->key.n >= sizeof out->id || dot == NULL)
        return ST_CORRUPT;
    memcpy(out->id, item->key.p, item->key.n);
    size_t n = (size_t)(dot - (const char *)item->key.p);
    if (!slice_to_int(slice_of(item->key.p, n), &department) || department < 1 || department > UINT32_MAX ||
        !slice_to_int(slice_of(dot + 1, item->key.n - n - 1), &user) || user != (int64_t)item->owner)
        return ST_CORRUPT;
    out->department = (uint32_t)department;
    enum status s = json_read(item->body, 0, &body, NULL);
    const char *rule = s == ST_OK ? json_string_value(json_object_get(body, "rule")) : NULL;
    out->rule = rule == NULL ? SLICE_NONE : arena_copy(a, slice_from_string(rule));
    json_t *parsed = NULL; /* it is shown as it is */
    if (s == ST_OK)
        s = rule == NULL          ? ST_CORRUPT
            : out->rule.p == NULL ? ST_NOMEM
                                  : json_read(out->rule, 0, &parsed, NULL);
    json_decref(parsed);
    json_decref(body);
    return s == ST_OK || s == ST_NOMEM ? s : ST_CORRUPT;
}

/* One after the other, old ones too. */
static enum status list_items(struct store_reader *r, struct arena *a, struct store_item **out, size_t *n,
                              struct error *e) {
    struct slice after = SLICE_NONE;
    size_t got = PAGE;
    *n = 0;
    *out = arena_array(a, LIST_MOST, sizeof **out);
    if (*out == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "offers");
    while (got == PAGE && *n + PAGE <= LIST_MOST) {
        struct store_item *items;
        enum status s = store_item_list(r, SLICE(OFFER_ITEM), 0, after, PAGE, a, &items, &got, e);
        if (s != ST_OK)
            return s;
        for (size_t i = 0; i < got; i++)
            (*out)[(*n)++] = items[i];
        after = got == 0 ? after : items[got - 1].key;
    }
    return ST_OK;
}

enum status offer_list(struct store_reader *r, int64_t now_ms, struct arena *a, struct offer **out, size_t *n,
                       struct error *e) {
    struct store_item *items;
    size_t all;
    *n = 0;
    enum status s = list_items(r, a, &items, &all, e);
    *out = s == ST_OK ? arena_array(a, all + 1, sizeof **out) : NULL;
    if (s == ST_OK && *out == NULL)
        s = error_set(e, ST_NOMEM, "no_memory", "offers");
    for (size_t i = 0; s == ST_OK && i < all; i++) {
        if (is_old(&items[i], now_ms))
            continue;
        s = from_item(&items[i], a, &(*out)[*n]);
        *n += s == ST_OK;
        if (s == ST_CORRUPT) /* somebody wrote it into the database: it gives nothing, and stops no other */
            s = ST_OK;
        if (s != ST_OK)
            s = error_set(e, s, "no_memory", "offers");
    }
    return s;
}

enum status offer_get(struct store_reader *r, struct slice id, int64_t now_ms, struct arena *a,
                      struct offer *out, struct error *e) {
    struct store_item item;
    enum status s =
        id.n == 0 || id.n >= OFFER_KEY ? ST_NOT_FOUND : store_item_get(r, SLICE(OFFER_ITEM), id, a, &item, e);
    if (s == ST_NOT_FOUND || (s == ST_OK && is_old(&item, now_ms)))
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such offer");
    if (s == ST_OK) {
        s = from_item(&item, a, out);
        if (s != ST_OK)
            s = error_set(e, s, "corrupt", "an offer can't be read");
    }
    return s;
}

static struct write_op op_of(struct slice key, uint32_t user, int64_t at_ms, struct slice body) {
    return (struct write_op){.kind = WRITE_ITEM,
                             .item_kind = SLICE(OFFER_ITEM),
                             .key = key,
                             .body = body,
                             .actor = user,
                             .at_ms = at_ms};
}

static enum status remove_item(struct world *w, struct slice key, uint32_t user, struct error *e) {
    struct write_result result;
    struct write_op op = op_of(key, user, 0, SLICE("{}"));
    op.remove = true;
    struct write_set set = {.ops = &op, .count = 1};
    return world_commit(w, &set, &result, e);
}

static enum status make_room(struct world *w, struct store_reader *r, struct arena *a, const struct offer *o,
                             struct error *e) {
    struct store_item *items;
    size_t n, left = 0;
    enum status s = list_items(r, a, &items, &n, e);
    for (size_t i = 0; s == ST_OK && i < n; i++) {
        if (is_old(&items[i], o->at_ms))
            s = remove_item(w, items[i].key, items[i].owner, e);
        else
            left += !slice_is(items[i].key, o->id);
    }
    return s == ST_OK && left >= OFFERS_MOST ? error_set(e, ST_LIMIT, "too_many_offers", "offers") : s;
}

enum status offer_put(struct world *w, struct store_reader *r, struct arena *a, struct offer *o,
                      struct error *e) {
    struct buf body;
    struct write_result result;
    if (o->rule.n > OFFER_RULE)
        return error_field(e, ST_INVALID, "invalid", "cases", "too many cases");
    (void)snprintf(o->id, sizeof o->id, "%u.%u", o->department, o->user);
    enum status s = make_room(w, r, a, o, e);
    if (s != ST_OK)
        return s;
    buf_init(&body, 4 * OFFER_RULE, false);
    struct json j = json_to(&body);
    json_object_begin(&j);
    json_key(&j, "rule");
    json_text(&j, o->rule);
    json_object_end(&j);
    struct write_op op = op_of(slice_from_string(o->id), o->user, o->at_ms, buf_slice(&body));
    struct write_set set = {.ops = &op, .count = 1};
    s = body.failed ? error_set(e, ST_NOMEM, "no_memory", "offers") : world_commit(w, &set, &result, e);
    buf_free(&body);
    return s;
}

enum status offer_end(struct world *w, const struct offer *o, struct error *e) {
    return remove_item(w, slice_from_string(o->id), o->user, e);
}
