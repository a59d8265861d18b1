/* API keys: made by their owner, shown once, listed and ended like the sessions that they are to the keeper.
 */
#include "api/handlers.h"
#include "api/session.h"

#include <stdlib.h>

HANDLER(api_key_make) {
    struct token token;
    struct uuid id;
    char text[64];
    struct json j = json_to(&reply->body);
    (void)engine;
    enum status s = keeper_api_key_make(c->keeper, &c->call, r->body, &token, &id, e);
    if (s != ST_OK)
        return s;
    session_format_token(&token, text);
    reply->status = 201;
    json_object_begin(&j);
    json_key(&j, "id");
    json_uuid(&j, &id);
    json_key(&j, "key");
    json_cstring(&j, text);
    json_object_end(&j);
    return ST_OK;
}

static void write_key(const struct keeper_session_info *key, struct json *j) {
    json_object_begin(j);
    json_key(j, "id");
    json_uuid(j, &key->id);
    json_key(j, "label");
    json_text(j, key->agent);
    json_key(j, "made_at");
    json_time(j, key->signed_in_at);
    json_key(j, "expires_at");
    json_time(j, key->expires_at);
    json_key(j, "used_at");
    if (key->seen_at > key->signed_in_at)
        json_time(j, key->seen_at);
    else
        json_none(j);
    json_object_end(j);
}

static int newest_first(const void *a, const void *b) {
    int64_t x = ((const struct keeper_session_info *)a)->signed_in_at,
            y = ((const struct keeper_session_info *)b)->signed_in_at;
    return x == y ? 0 : x < y ? 1 : -1;
}

/* The caller's own keys; with the security administrator's duty those of `user`. */
HANDLER(api_keys) {
    struct keeper_session_info *list;
    size_t n;
    int64_t user;
    struct json j = json_to(&reply->body);
    (void)engine;
    if (!http_query_number(r, "user", 1, UINT32_MAX, c->who.user, c->arena, &user))
        return error_set(e, ST_INVALID, "invalid", "user is a number");
    enum status s = keeper_session_list(c->keeper, &c->call, (uint32_t)user, c->arena, &list, &n, e);
    if (s != ST_OK)
        return s;
    qsort(list, n, sizeof *list, newest_first);
    json_object_begin(&j);
    json_key(&j, "items");
    json_array_begin(&j);
    for (size_t i = 0; i < n; i++) {
        if (list[i].is_key && !list[i].is_job)
            write_key(&list[i], &j);
    }
    json_array_end(&j);
    json_object_end(&j);
    return ST_OK;
}
