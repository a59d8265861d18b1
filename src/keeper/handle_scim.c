/* Messages of provisioning keys (keeper/scim.h): their administration by people, and what they do. */
#include "base/clock.h"
#include "base/json_in.h"
#include "keeper/registry_parse.h"
#include "keeper/state.h"

static bool is_administrator(const struct worker *w, unsigned duties) {
    return worker_is_person(w) && (w->caller.actor.duties & duties) != 0;
}

enum status handle_scim_list(struct worker *w, struct args *in, struct args *out, struct error *e) {
    (void)in;
    if (!is_administrator(w, DUTY_SYSTEM_ADMIN | DUTY_SECURITY_ADMIN | DUTY_AUDITOR)) {
        (void)error_set(e, ST_DENIED, "not_your_duty", "provisioning keys are the administrators'");
        return worker_refuse(w, in, "scim list", e);
    }
    enum status s = scim_list(w->state->scim, &w->scratch, e);
    out->text = buf_slice(&w->scratch);
    return s;
}

enum status handle_scim_draw(struct worker *w, struct args *in, struct args *out, struct error *e) {
    char tag[AUDIT_TAG_MAX];
    (void)snprintf(tag, sizeof tag, "scim draw %u", in->number32);
    if (!is_administrator(w, DUTY_SYSTEM_ADMIN)) {
        (void)error_set(e, ST_DENIED, "not_your_duty", "provisioning keys are the system administrator's");
        return worker_refuse(w, in, tag, e);
    }
    enum status s = worker_record(w, in, AUDIT_ADMIN, AUDIT_DONE, tag, e);
    return s == ST_OK ? scim_draw(w->state->scim, in->number32, w->caller.grant.user, &out->token, e) : s;
}

enum status handle_scim_end(struct worker *w, struct args *in, struct args *out, struct error *e) {
    char tag[AUDIT_TAG_MAX];
    (void)out;
    (void)snprintf(tag, sizeof tag, "scim end %u", in->number32);
    if (!is_administrator(w, DUTY_SYSTEM_ADMIN | DUTY_SECURITY_ADMIN)) {
        (void)error_set(e, ST_DENIED, "not_your_duty", "the system or the security administrator ends a key");
        return worker_refuse(w, in, tag, e);
    }
    enum status s = worker_record(w, in, AUDIT_ADMIN, AUDIT_DONE, tag, e);
    return s == ST_OK ? scim_end(w->state->scim, in->number32, e) : s;
}

/* ---- what a key does ---- */

/* The key becomes the caller: who drew it is the actor, its own id the session. */
static enum status enter(struct worker *w, const struct args *in, struct scim_key *key, struct error *e) {
    struct actor by;
    enum status s = scim_find(w->state->scim, &in->call, clock_wall_ms(), key, e);
    if (s != ST_OK)
        return s;
    if (registry_actor(w->state->registry, key->by, NULL, &by) != ST_OK ||
        (by.duties & DUTY_SYSTEM_ADMIN) == 0)
        return error_set(e, ST_UNAUTHENTICATED, "unauthenticated",
                         "who drew the key is no system administrator any more: another one draws it anew");
    w->caller =
        (struct caller){.call = in->call, .session = key->uuid, .grant = {.user = key->by, .is_key = true}};
    w->has_caller = true;
    return ST_OK;
}

enum status handle_scim_enter(struct worker *w, struct args *in, struct args *out, struct error *e) {
    struct scim_key key;
    enum status s = enter(w, in, &key, e);
    if (s != ST_OK)
        return s;
    out->number32 = key.id;
    out->number = registry_version(w->state->registry);
    return ST_OK;
}

static struct registry_writer writer_of(const struct scim_key *key, const struct args *in) {
    return (struct registry_writer){.user = key->by,
                                    .duties = DUTY_SYSTEM_ADMIN,
                                    .grants = true, /* whose ends come with a suspension */
                                    .scim = true,
                                    .trusts_mail = key->trusts_mail,
                                    .expect = in->number};
}

/* What the log says of a change, and what it costs the person. */
struct named {
    const char *what;
    bool closes, counts; /* ends the account's use; is one of the day's ends: a sign-in name that was taken
                            away shuts somebody out, too */
};

static struct named name_change(struct worker *w, const struct args *in, const json_t *asked) {
    struct slice text;
    json_t *old = NULL;
    if (in->user == 0)
        return (struct named){.what = "make"};
    if (!registry_document(w->state->registry, REGISTRY_USER, in->user, &w->arena, &text) ||
        json_read(text, 0, &old, NULL) != ST_OK)
        return (struct named){.what = "change"};
    const json_t *disabled = json_object_get(asked, "disabled"), *login = json_object_get(asked, "login");
    bool was = json_is_true(json_object_get(old, "disabled"));
    bool closes = json_is_true(disabled) && !was;
    bool renames = login != NULL && !json_equal(login, json_object_get(old, "login"));
    json_decref(old);
    return (struct named){.what = closes                           ? "suspend"
                                  : json_is_false(disabled) && was ? "resume"
                                  : renames                        ? "rename"
                                                                   : "change",
                          .closes = closes,
                          .counts = closes || renames};
}

static enum status put(struct worker *w, struct args *in, const struct scim_key *key,
                       const struct named *change, const char *tag, struct args *out, struct error *e) {
    struct registry_writer who = writer_of(key, in);
    who.counted = change->counts;
    enum status s =
        worker_close(w, in, &who, in->text, change->closes ? SLICE("suspended") : SLICE_NONE, tag, e);
    out->number32 = in->user;
    if (s == ST_OK && change->closes && sessions_end_user(w->state->sessions, in->user, NULL) != ST_OK)
        s = error_set(e, ST_IO, "session_store", "the user's sessions could not be ended");
    return s;
}

static enum status refuse_count(struct worker *w, const struct args *in, const char *tag, struct error *e) {
    return e->status == ST_LIMIT ? worker_refuse(w, in, tag, e) : e->status;
}

enum status handle_scim_put(struct worker *w, struct args *in, struct args *out, struct error *e) {
    struct scim_key key;
    json_t *asked = NULL;
    char tag[AUDIT_TAG_MAX];
    enum status s = enter(w, in, &key, e);
    if (s == ST_OK)
        s = registry_parse_json(in->text, &asked, e);
    if (s != ST_OK)
        return s;
    struct named change = name_change(w, in, asked);
    json_decref(asked);
    (void)snprintf(tag, sizeof tag, "scim %u %s %u", key.id, change.what, in->user);
    if (change.counts || in->user == 0)
        s = scim_count(w->state->scim, key.id, change.counts, clock_wall_ms(), e);
    return s == ST_OK ? put(w, in, &key, &change, tag, out, e) : refuse_count(w, in, tag, e);
}

enum status handle_scim_leave(struct worker *w, struct args *in, struct args *out, struct error *e) {
    struct scim_key key;
    struct slice text;
    char tag[AUDIT_TAG_MAX];
    (void)out;
    enum status s = enter(w, in, &key, e);
    if (s != ST_OK)
        return s;
    (void)snprintf(tag, sizeof tag, "scim %u leave %u", key.id, in->user);
    if (!registry_document(w->state->registry, REGISTRY_USER, in->user, &w->arena, &text))
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such user");
    s = scim_count(w->state->scim, key.id, true, clock_wall_ms(), e);
    if (s != ST_OK)
        return refuse_count(w, in, tag, e);
    struct registry_writer who = writer_of(&key, in);
    who.leaving = true;
    in->text = SLICE("{\"note\":\"SCIM\"}");
    return worker_leave(w, in, &who, tag, e);
}
