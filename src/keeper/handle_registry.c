#include "base/json_in.h"
#include "keeper/deed.h"
#include "keeper/executive.h"
#include "keeper/registry_parse.h"
#include "keeper/state.h"

#define LIST_BYTES ((size_t)3 << 20)
#define PUT_TRIES  8 /* when others change the registry in between */

enum status handle_registry_list(struct worker *w, struct args *in, struct args *out, struct error *e) {
    enum status s = registry_list(w->state->registry, in->number, LIST_BYTES, &w->arena, &out->items,
                                  &out->item_count, &out->second_number);
    return s == ST_OK ? s : error_set(e, s, "no_memory", "the registry could not be listed");
}

static const char *kind_name(uint8_t kind) {
    static const char *const names[] = {"?", "user", "department", "role", "company", "catalogue", "grant"};
    return names[kind < REGISTRY_KIND_END ? kind : 0];
}

/* A disabled user is out at once: his tokens die with the change. */
static enum status after_put(struct worker *w, uint8_t kind, uint32_t id, struct error *e) {
    struct actor actor;
    if (kind != REGISTRY_USER || registry_actor(w->state->registry, id, NULL, &actor) == ST_OK)
        return ST_OK;
    if (sessions_end_user(w->state->sessions, id, NULL) != ST_OK)
        return error_set(e, ST_IO, "session_store", "the user's sessions could not be stored as ended");
    return ST_OK;
}

/* Recorded before it takes effect: a change that the log does not know of can't be. Of a new item the entry
 * names the number that it will have. */
static enum status put_recorded(struct worker *w, struct args *in, struct args *out,
                                struct registry_writer *who, char tag[AUDIT_TAG_MAX], struct error *e) {
    struct deed deed;
    bool fresh = in->number32 == 0 && in->kind <= REGISTRY_ROLE;
    uint32_t id = fresh ? registry_next_id(w->state->registry, in->kind, &who->rests_on) : in->number32;
    const struct registry_change one = {in->kind, in->number32, in->text};
    (void)snprintf(tag, AUDIT_TAG_MAX, "%s %u", kind_name(in->kind), id);
    enum status s = executive_mark(w, who, &one, 1, tag, e);
    if (s == ST_OK)
        s = deed_begin(w, in, AUDIT_ADMIN, tag, &deed, e);
    if (s != ST_OK)
        return s;
    s = registry_put(w->state->registry, who, in->kind, in->number32, in->text, &out->number32, e);
    return deed_end(w, &deed, s, e);
}

enum status handle_registry_put(struct worker *w, struct args *in, struct args *out, struct error *e) {
    const struct caller *c = &w->caller;
    char tag[AUDIT_TAG_MAX];
    (void)snprintf(tag, sizeof tag, "%s %u", kind_name(in->kind), in->number32);
    struct registry_writer who = {
        .user = c->grant.user, .duties = c->actor.duties, .address = c->call.address};
    w->why = in->second;
    executive_shown(w, &who);
    bool person = !c->grant.is_key && !c->grant.is_job && !c->grant.must_change;
    bool sponsor = in->kind == REGISTRY_USER && in->number32 != 0 &&
                   registry_sponsor(w->state->registry, in->number32) == who.user;
    if (!person || (who.duties == 0 && !sponsor)) {
        (void)error_set(e, ST_DENIED, "not_your_duty", "the registry is the administrators'");
        return worker_refuse(w, in, tag, e);
    }
    /* The number of a new item stands in its entry before it is made: one at a time, or many of many who make
     * some at once would find it taken at each try. */
    static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;
    enum status s = ST_RETRY;
    if (in->number32 == 0)
        (void)pthread_mutex_lock(&making);
    for (unsigned i = 0; s == ST_RETRY && i < PUT_TRIES; i++)
        s = put_recorded(w, in, out, &who, tag, e);
    if (in->number32 == 0)
        (void)pthread_mutex_unlock(&making);
    if (s == ST_DENIED)
        return worker_refuse(w, in, tag, e);
    return s == ST_OK ? after_put(w, in->kind, out->number32, e) : s;
}

static enum status bootstrap_over(struct error *e) {
    return error_set(e, ST_DENIED, "bootstrap_over", "the registry is filled: sign in to change it");
}

/* Takes "password" and "must_change_password" out of a user's document. */
static enum status split_password(struct args *in, struct worker *w, struct slice *password,
                                  bool *must_change, struct error *e) {
    json_t *json = NULL;
    *password = SLICE_NONE;
    *must_change = false;
    enum status s = registry_parse_json(in->text, &json, e);
    if (s != ST_OK)
        return s;
    json_t *text = json_object_get(json, "password");
    if (json_is_string(text)) {
        struct slice found = slice_of(json_string_value(text), json_string_length(text));
        *password = arena_copy(&w->arena, found);
        *must_change = json_is_true(json_object_get(json, "must_change_password"));
    }
    (void)json_object_del(json, "password");
    (void)json_object_del(json, "must_change_password");
    char *rest = json_print(json, JSON_COMPACT);
    in->text = rest == NULL ? SLICE_NONE : arena_copy(&w->arena, slice_from_string(rest));
    free(rest);
    json_decref(json);
    return in->text.p == NULL ? error_set(e, ST_NOMEM, "no_memory", "no memory for the document") : ST_OK;
}

enum status handle_bootstrap(struct worker *w, struct args *in, struct args *out, struct error *e) {
    if (atomic_load(&w->state->bootstrapped)) {
        (void)bootstrap_over(e);
        return worker_refuse(w, in, "bootstrap", e);
    }
    struct slice password = SLICE_NONE;
    bool must_change = false;
    enum status s = in->kind == REGISTRY_USER ? split_password(in, w, &password, &must_change, e) : ST_OK;
    uint32_t made = 0;
    if (s == ST_OK)
        s = registry_put(w->state->registry, NULL, in->kind, in->number32, in->text, &made, e);
    struct principal who = {.user = 0};
    if (s == ST_OK && password.p != NULL && registry_principal(w->state->registry, made, NULL, &who) == ST_OK)
        s = credentials_set(w->state->credentials, made, slice_from_string(who.login), password, must_change,
                            0, e);
    out->number32 = made;
    return s;
}

enum status handle_bootstrap_end(struct worker *w, struct args *in, struct args *out, struct error *e) {
    (void)out;
    if (atomic_load(&w->state->bootstrapped)) {
        (void)bootstrap_over(e);
        return worker_refuse(w, in, "bootstrap_end", e);
    }
    char tag[AUDIT_TAG_MAX];
    (void)snprintf(tag, sizeof tag, "bootstrap_end registry %llu",
                   (unsigned long long)registry_version(w->state->registry));
    enum status s = worker_record(w, in, AUDIT_ADMIN, AUDIT_DONE, tag, e);
    if (s != ST_OK)
        return s;
    struct vault_change over = {VAULT_SETTING, SLICE("bootstrapped"), SLICE("1")};
    s = vault_commit(w->state->vault, &over, 1);
    if (s != ST_OK)
        return error_set(e, s, "vault_io", "the end of the bootstrap could not be stored");
    atomic_store(&w->state->bootstrapped, true);
    return ST_OK;
}

enum status handle_bootstrapped(struct worker *w, struct args *in, struct args *out, struct error *e) {
    (void)in;
    (void)e;
    out->flag = atomic_load(&w->state->bootstrapped);
    return ST_OK;
}
