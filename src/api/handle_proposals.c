/* What takes two people, and roles for a time: the keeper's messages as an API. */
#include "api/access_request.h"
#include "api/act_request.h"
#include "api/handlers.h"
#include "api/session.h"
#include "base/clock.h"
#include "base/json_in.h"

static void write_secret(struct json *j, struct slice secret) {
    json_key(j, "secret");
    if (secret.n == 0)
        json_none(j);
    else
        json_text(j, secret);
}

HANDLER(api_proposals) {
    struct slice list;
    struct json j = json_to(&reply->body);
    (void)engine;
    bool waiting = http_query_flag(r, "to_decide", c->arena);
    enum status s = keeper_proposals(c->keeper, &c->call, waiting, &list, e);
    if (s != ST_OK)
        return s;
    json_object_begin(&j);
    json_key(&j, "items");
    json_raw(&j, list);
    json_object_end(&j);
    return ST_OK;
}

static enum status news(struct caller *c, uint64_t until, struct http_reply *reply, struct error *e) {
    struct keeper_news found;
    struct json j = json_to(&reply->body);
    enum status s = keeper_news(c->keeper, &c->call, until, &found, e);
    if (s != ST_OK)
        return s;
    json_object_begin(&j);
    json_key(&j, "unread");
    json_int(&j, (int64_t)found.unread);
    json_key(&j, "to_decide");
    json_int(&j, found.to_decide);
    json_object_end(&j);
    return ST_OK;
}

HANDLER(api_news) {
    (void)engine;
    (void)r;
    return news(c, 0, reply, e);
}

HANDLER(api_news_seen) {
    const json_t *until = json_object_get(r->json, "until");
    (void)engine;
    if (!json_is_integer(until) || json_integer_value(until) <= 0)
        return error_field(
            e, ST_INVALID, "invalid", "until",
            "until is the newest decided_at (or ends, where expired) that was looked at, in ms");
    return news(c, (uint64_t)json_integer_value(until), reply, e);
}

HANDLER(api_proposal_make) {
    struct slice secret;
    uint64_t id;
    struct json j = json_to(&reply->body);
    struct slice document = r->body;
    const char *kind = json_string_value(json_object_get(r->json, "kind"));
    bool access = kind != NULL && strcmp(kind, "access") == 0;
    bool act = kind != NULL && strcmp(kind, "act") == 0;
    (void)engine;
    enum status s = access ? access_request_translate(c, r, &document, e)
                    : act  ? act_request_translate(c, r, &document, e)
                           : ST_OK;
    if (s == ST_OK)
        s = keeper_propose(c->keeper, &c->call, document, &id, &secret, e);
    if (s != ST_OK)
        return s;
    reply->status = 201;
    json_object_begin(&j);
    json_key(&j, "id");
    json_int(&j, (int64_t)id);
    write_secret(&j, secret);
    if (access || act) {
        json_key(&j, "deciders");
        access_request_deciders(c, &j);
    }
    json_object_end(&j);
    return ST_OK;
}

static struct slice note_of(const struct http_request *r) {
    const json_t *v = json_object_get(r->json, "note");
    return json_is_string(v) ? slice_of(json_string_value(v), json_string_length(v)) : SLICE_NONE;
}

HANDLER(api_proposal_decide) {
    struct slice secret;
    int64_t id;
    struct json j = json_to(&reply->body);
    const json_t *approve = json_object_get(r->json, "approve");
    (void)engine;
    if (!slice_to_int(r->parameters[0], &id) || id <= 0)
        return error_set(e, ST_NOT_FOUND, "not_found", "no such proposal");
    if (!json_is_boolean(approve))
        return error_field(e, ST_INVALID, "invalid", "approve", "approve is true or false");
    enum status s =
        keeper_decide(c->keeper, &c->call, (uint64_t)id, json_is_true(approve), note_of(r), &secret, e);
    session_forget(&c->call.token);
    if (s != ST_OK)
        return s;
    json_object_begin(&j);
    write_secret(&j, secret);
    json_object_end(&j);
    return ST_OK;
}

HANDLER(api_grant_make) {
    uint32_t id;
    struct json j = json_to(&reply->body);
    (void)engine;
    enum status s = keeper_grant_make(c->keeper, &c->call, r->body, &id, e);
    session_forget(&c->call.token);
    if (s != ST_OK)
        return s;
    reply->status = 201;
    json_object_begin(&j);
    json_key(&j, "id");
    json_int(&j, id);
    json_object_end(&j);
    return ST_OK;
}

static enum status grant_close(struct caller *c, const struct http_request *r, bool review,
                               struct http_reply *reply, struct error *e) {
    int64_t id;
    if (!slice_to_int(r->parameters[0], &id) || id <= 0 || id > UINT32_MAX)
        return error_set(e, ST_NOT_FOUND, "not_found", "no such grant");
    enum status s = keeper_grant_close(c->keeper, &c->call, (uint32_t)id, review, note_of(r), e);
    session_forget(&c->call.token);
    if (s == ST_OK)
        reply->status = 204;
    return s;
}

HANDLER(api_grant_end) {
    (void)engine;
    return grant_close(c, r, false, reply, e);
}

HANDLER(api_grant_review) {
    (void)engine;
    return grant_close(c, r, true, reply, e);
}

/* The document; "moved" where it gives nothing any more because he stands elsewhere. */
static void write_grant(const struct staff_grant *g, struct arena *a, struct json *j) {
    const char *more =
        g->moved && g->document.n > 2
            ? arena_format(a, "%.*s,\"moved\":true}", (int)g->document.n - 1, (const char *)g->document.p)
            : NULL;
    json_raw(j, more == NULL ? g->document : slice_from_string(more));
}

/* Newest first: one's own and lent ones; a leader his people's, a duty's holder all. */
HANDLER(api_grants) {
    enum status s = session_see_newest(c, e);
    if (s != ST_OK)
        return s;
    const struct directory *d = c->world.directory;
    bool open = http_query_flag(r, "to_review", c->arena), live = http_query_flag(r, "live", c->arena);
    int64_t now = clock_wall_ms();
    struct json j = json_to(&reply->body);
    (void)engine;
    json_object_begin(&j);
    json_key(&j, "items");
    json_array_begin(&j);
    for (size_t i = d->grant_count; i-- > 0;) {
        const struct staff_grant *g = &d->grants[i];
        bool mine = g->user == c->who.user || g->from == c->who.user;
        if (!mine && c->who.duties == 0 && !directory_leads(d, c->who.user, g->user))
            continue;
        if ((open && (!g->glass || g->reviewed)) || (live && (g->ended || g->moved || g->until <= now)))
            continue;
        write_grant(g, c->arena, &j);
    }
    json_array_end(&j);
    json_object_end(&j);
    return ST_OK;
}
