#include "api/rights_take.h"

#include "api/session.h"
#include "base/json_in.h"
#include "keeper/need.h"

#include <stdlib.h>

static enum status gone(struct error *e) {
    return error_set(e, ST_NOT_FOUND, "right_gone", "he does not hold this right");
}

static struct slice text_in(const json_t *item, const char *key) {
    const json_t *v = json_object_get(item, key);
    return json_is_string(v) ? slice_of(json_string_value(v), json_string_length(v)) : SLICE_NONE;
}

static bool number_in(const json_t *item, const char *key, uint32_t *out) {
    const json_t *v = json_object_get(item, key);
    json_int_t n = json_integer_value(v);
    if (!json_is_integer(v) || n < 0 || n > UINT32_MAX)
        return false;
    *out = (uint32_t)n;
    return true;
}

bool right_read(const json_t *item, struct right *out) {
    static const char *const kinds[] = {"role", "post_role", "grant", "loan", "duty", "access"};
    bool known = false;
    *out = (struct right){.kind = text_in(item, "kind"), .name = text_in(item, "right")};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        known = known || slice_equal(out->kind, slice_from_string(kinds[i]));
    (void)number_in(item, "ref", &out->ref);
    return known && number_in(item, "user", &out->user) && out->name.n > 0 && out->name.n < 40;
}

static bool is_timed(const struct right *right) {
    return slice_equal(right->kind, SLICE("grant")) || slice_equal(right->kind, SLICE("loan")) ||
           slice_equal(right->kind, SLICE("access"));
}

static json_t *without(const json_t *names, struct slice name, struct slice instead, bool *found) {
    json_t *rest = json_array();
    bool fine = rest != NULL, there = false;
    *found = false;
    for (size_t i = 0; fine && i < json_array_size(names); i++) {
        json_t *one = json_array_get(names, i);
        const char *text = json_string_value(one);
        bool is_it = text != NULL && slice_equal(slice_from_string(text), name);
        *found = *found || is_it;
        there = there || (text != NULL && slice_equal(slice_from_string(text), instead));
        fine = is_it || json_array_append(rest, one) == 0;
    }
    if (fine && *found && instead.n > 0 && !there)
        fine = json_array_append_new(rest, json_stringn((const char *)instead.p, instead.n)) == 0;
    if (fine)
        return rest;
    json_decref(rest);
    return NULL;
}

/* The keys of his document that change. A duty and the role of the same name go together. */
static enum status change_of(const json_t *document, const struct right *right, json_t **out,
                             struct error *e) {
    bool duty = slice_equal(right->kind, SLICE("duty")), found, ignored;
    json_t *change = json_object(), *rest;
    *out = change;
    if (slice_equal(right->kind, SLICE("post_role"))) {
        char post[16];
        (void)snprintf(post, sizeof post, "%u", right->ref);
        json_t *all = json_deep_copy(json_object_get(document, "post_roles"));
        rest = without(json_object_get(all, post), right->name, right->instead, &found);
        if (json_object_set_new(all, post, rest) != 0 || json_object_set_new(change, "post_roles", all) != 0)
            return found ? error_set(e, ST_NOMEM, "no_memory", "right") : gone(e);
        return found ? ST_OK : gone(e);
    }
    rest = without(json_object_get(document, duty ? "duties" : "roles"), right->name,
                   duty ? SLICE("") : right->instead, &found);
    if (json_object_set_new(change, duty ? "duties" : "roles", rest) != 0)
        return error_set(e, ST_NOMEM, "no_memory", "right");
    if (!found)
        return gone(e);
    if (duty) {
        rest = without(json_object_get(document, "roles"), right->name, SLICE(""), &ignored);
        if (json_object_set_new(change, "roles", rest) != 0)
            return error_set(e, ST_NOMEM, "no_memory", "right");
    }
    return ST_OK;
}

static enum status print(struct caller *c, json_t *value, struct slice *out, struct error *e) {
    char *text = value == NULL ? NULL : json_print(value, JSON_COMPACT);
    *out = text == NULL ? SLICE_NONE : arena_copy(c->arena, slice_from_string(text));
    free(text);
    return out->p != NULL ? ST_OK : error_set(e, ST_NOMEM, "no_memory", "right");
}

static enum status propose(struct caller *c, uint32_t user, json_t *change, struct slice reason,
                           uint64_t *proposal, struct error *e) {
    struct slice text, secret;
    json_t *asked = json_pack("{s:s, s:s%, s:{s:[{s:s, s:I, s:O}]}}", "kind", "registry", "reason",
                              (const char *)reason.p, reason.n, "change", "items", "kind", "user", "id",
                              (json_int_t)user, "document", change);
    enum status s = print(c, asked, &text, e);
    json_decref(asked);
    return s == ST_OK ? keeper_propose(c->keeper, &c->call, text, proposal, &secret, e) : s;
}

enum status rights_keep_reason(struct caller *c, const char *what, uint32_t user, struct slice reason,
                               struct error *e) {
    char tag[AUDIT_TAG_MAX];
    (void)snprintf(tag, sizeof tag, "%.24s user %u for", what, user);
    return keeper_record(c->keeper, &c->call, AUDIT_ADMIN, AUDIT_DONE, 0, NULL, slice_from_string(tag),
                         reason, e);
}

static enum status take_role(struct caller *c, const struct right *right, struct slice reason,
                             enum take_outcome *outcome, uint64_t *proposal, struct error *e) {
    const struct staff *who = directory_staff(c->world.directory, right->user);
    json_t *document = NULL, *change = NULL;
    struct slice text;
    uint32_t id;
    if (who == NULL)
        return gone(e);
    if (json_read(who->document, 0, &document, NULL) != ST_OK)
        return error_set(e, ST_NOMEM, "no_memory", "right");
    enum status s = change_of(document, right, &change, e);
    json_decref(document);
    if (s == ST_OK)
        s = print(c, change, &text, e);
    if (s == ST_OK)
        s = rights_keep_reason(c, "take away", right->user, reason, e);
    if (s == ST_OK)
        s = keeper_registry_put(c->keeper, &c->call, REGISTRY_USER, right->user, text, &id, e);
    if (s == ST_DENIED && strcmp(e->code, "needs_second") == 0) {
        s = propose(c, right->user, change, reason, proposal, e);
        *outcome = TAKE_PROPOSED;
    }
    json_decref(change);
    return s;
}

bool rights_wants(enum status s, const struct error *e, size_t taken) {
    struct need need;
    return s == ST_DENIED && taken == 0 && need_read(e, &need);
}

enum status rights_take(struct caller *c, const struct right *right, struct slice reason,
                        enum take_outcome *outcome, uint64_t *proposal, struct error *e) {
    bool timed = is_timed(right);
    *outcome = TAKE_DONE;
    *proposal = 0;
    enum status s;
    c->call.reason = reason; /* one for all that is taken; an executive's rights may ask for it */
    if (slice_equal(right->kind, SLICE("key")))
        s = keeper_session_revoke(c->keeper, &c->call, &right->key, SLICE_NONE, e);
    else if (timed)
        s = keeper_grant_close(c->keeper, &c->call, right->ref, false, reason, e);
    else
        s = take_role(c, right, reason, outcome, proposal, e);
    if (s == ST_NOT_FOUND || (timed && s == ST_CONFLICT))
        s = gone(e);
    session_forget(&c->call.token);
    struct error ignored;
    enum status fresh = session_see_newest(c, s == ST_OK ? e : &ignored);
    return s == ST_OK ? fresh : s;
}

/* ---- what it would make of them ---- */

static enum status change_at(struct caller *c, uint32_t user, struct rights_changes *r, size_t *at,
                             struct error *e) {
    for (*at = 0; *at < r->count; (*at)++) {
        if (r->changes[*at].id == user)
            return ST_OK;
    }
    const struct staff *who = directory_staff(c->world.directory, user);
    if (who == NULL)
        return gone(e);
    json_t *keys = json_object(), *document = NULL;
    if (keys == NULL || json_read(who->document, 0, &document, NULL) != ST_OK) {
        json_decref(keys);
        return error_set(e, ST_NOMEM, "no_memory", "rights");
    }
    r->keys[r->count] = keys;
    r->documents[r->count] = document;
    r->changes[r->count] = (struct directory_change){REGISTRY_USER, user, keys};
    r->count++;
    return ST_OK;
}

enum status rights_changes_make(struct caller *c, const struct right *rights, size_t count,
                                struct rights_changes *out, struct error *e) {
    *out = (struct rights_changes){.count = 0};
    for (size_t i = 0; i < count && i < RIGHTS_AT_ONCE; i++) {
        json_t *change = NULL;
        size_t at;
        if (is_timed(&rights[i])) {
            out->timed++;
            continue;
        }
        enum status s = change_at(c, rights[i].user, out, &at, e);
        if (s == ST_OK)
            s = change_of(out->documents[at], &rights[i], &change, e);
        if (s == ST_OK && (json_object_update(out->documents[at], change) != 0 ||
                           json_object_update(out->keys[at], change) != 0))
            s = error_set(e, ST_NOMEM, "no_memory", "rights");
        json_decref(change);
        if (s != ST_OK && s != ST_NOT_FOUND)
            return s;
    }
    return ST_OK;
}

void rights_changes_free(struct rights_changes *r) {
    for (size_t i = 0; i < r->count; i++) {
        json_decref(r->keys[i]);
        json_decref(r->documents[i]);
    }
}
