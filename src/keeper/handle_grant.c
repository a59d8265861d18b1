/* Messages about rights for a time: lending one's roles while on leave, breaking the glass, ending and
 * reviewing, and leaving for good. What somebody asks for goes through proposals (keeper/proposal.h). */
#include "base/clock.h"
#include "base/json.h"
#include "base/json_in.h"
#include "keeper/deed.h"
#include "keeper/executive.h"
#include "keeper/proposal_kind.h"
#include "keeper/registry_parse.h"

#include <stdlib.h>

#define HOUR_MS    ((int64_t)3600 * 1000)
#define LEAVE_DAYS 90

static bool is_person(const struct caller *c) {
    return !c->grant.is_key && !c->grant.is_job && !c->grant.must_change;
}

static enum status persons_only(struct error *e) {
    return error_set(e, ST_DENIED, "persons_only", "only a person's own session may do this");
}

/* Stores documents of the registry under an intent of their own; ids of new ones are filled in. */
static enum status put_recorded(struct worker *w, struct args *in, const struct registry_writer *writer,
                                struct registry_change *changes, size_t n, const char *tag, struct error *e) {
    struct deed deed;
    struct registry_writer who = *writer;
    char whole[AUDIT_TAG_MAX];
    (void)snprintf(whole, sizeof whole, "%s", tag);
    executive_shown(w, &who);
    enum status s = executive_mark(w, &who, changes, n, whole, e);
    if (s == ST_OK)
        s = deed_begin(w, in, AUDIT_ADMIN, whole, &deed, e);
    if (s == ST_OK)
        s = deed_end(w, &deed, registry_put_all(w->state->registry, &who, changes, n, NULL, e), e);
    return s == ST_DENIED ? worker_refuse(w, in, tag, e) : s;
}

static enum status print_document(struct worker *w, json_t *document, struct slice *out, struct error *e) {
    char *text = document == NULL ? NULL : json_print(document, JSON_COMPACT);
    *out = text == NULL ? SLICE_NONE : arena_copy(&w->arena, slice_from_string(text));
    free(text);
    json_decref(document);
    return out->p != NULL ? ST_OK : error_set(e, ST_NOMEM, "no_memory", "document");
}

/* ---- lending and the glass ---- */

static enum status lend(struct worker *w, const json_t *asked, json_t **out, struct error *e) {
    uint32_t to = proposal_user(asked, "to"), me = w->caller.grant.user;
    int64_t until = json_integer_value(json_object_get(asked, "until")), now = clock_wall_ms();
    struct role_names names;
    struct actor whom;
    if (!registry_parse_names(json_object_get(asked, "roles"), &names) || names.count == 0)
        return error_field(e, ST_INVALID, "bad_document", "roles", "the roles to lend");
    if (!registry_has_roles(w->state->registry, me, &names))
        return error_field(e, ST_DENIED, "not_your_role", "roles", "one lends roles of one's own only");
    if (until <= now || until > now + LEAVE_DAYS * 24 * HOUR_MS)
        return error_field(e, ST_INVALID, "bad_document", "until", "a time within %d days", LEAVE_DAYS);
    if (to == me || registry_actor(w->state->registry, to, NULL, &whom) != ST_OK)
        return error_field(e, ST_INVALID, "bad_document", "to", "a colleague with a live account");
    if (whom.duties != 0)
        return error_set(e, ST_DENIED, "duty_holder", "a duty's holder gets no role of customers' data");
    *out = grant_document(to, me, json_deep_copy(json_object_get(asked, "roles")), until, "leave",
                          proposal_text(asked, "reason"), me);
    return ST_OK;
}

static enum status break_glass(struct worker *w, const json_t *asked, json_t **out, struct error *e) {
    json_int_t hours = json_integer_value(json_object_get(asked, "hours"));
    uint32_t me = w->caller.grant.user;
    struct role_names names;
    struct role_terms terms;
    if (!registry_parse_names(json_object_get(asked, "roles"), &names) || names.count != 1)
        return error_field(e, ST_INVALID, "bad_document", "roles", "one role");
    if (!registry_role_terms(w->state->registry, names.name[0], &terms) || terms.break_glass_hours == 0)
        return error_field(e, ST_DENIED, "not_for_emergency", "roles", "no such role in an emergency");
    if (hours < 1 || hours > (json_int_t)terms.break_glass_hours)
        return error_field(e, ST_INVALID, "bad_document", "hours", "1 to %u hours", terms.break_glass_hours);
    if (!registry_has_own_role(w->state->registry, me))
        return error_field(e, ST_DENIED, "not_for_emergency", "roles", "for staff with a role of their own");
    *out =
        grant_document(me, 0, json_deep_copy(json_object_get(asked, "roles")),
                       clock_wall_ms() + hours * HOUR_MS, "break_glass", proposal_text(asked, "reason"), me);
    return ST_OK;
}

enum status handle_grant_make(struct worker *w, struct args *in, struct args *out, struct error *e) {
    json_t *asked = NULL, *document = NULL;
    if (!is_person(&w->caller))
        return persons_only(e);
    enum status s = registry_parse_json(in->text, &asked, e);
    if (s != ST_OK)
        return s;
    bool glass = strcmp(proposal_text(asked, "why"), "break_glass") == 0;
    const char *reason = proposal_text(asked, "reason");
    char tag[AUDIT_TAG_MAX];
    (void)snprintf(tag, sizeof tag, "%s %u", glass ? "break_glass" : "lend", proposal_user(asked, "to"));
    if (w->caller.actor.duties != 0)
        s = error_set(e, ST_DENIED, "duty_holder", "a duty's holder has no roles to lend or take");
    else if (strlen(reason) < 2 || strlen(reason) > PROPOSAL_REASON)
        s = error_field(e, ST_INVALID, "reason_missing", "reason", "a reason of 2 to %d bytes",
                        PROPOSAL_REASON);
    else
        s = glass ? break_glass(w, asked, &document, e) : lend(w, asked, &document, e);
    w->why = arena_copy(&w->arena, slice_from_string(reason));
    json_decref(asked);
    if (s != ST_OK)
        return s == ST_DENIED ? worker_refuse(w, in, tag, e) : s;
    struct registry_writer who = {.user = w->caller.grant.user, .grants = true};
    struct registry_change one = {.kind = REGISTRY_GRANT};
    s = print_document(w, document, &one.document, e);
    if (s == ST_OK)
        s = put_recorded(w, in, &who, &one, 1, tag, e);
    out->number32 = one.id;
    return s;
}

/* ---- ending and reviewing ---- */

static enum status may_change(const struct worker *w, const json_t *d, bool review, struct error *e) {
    uint32_t me = w->caller.grant.user, user = proposal_user(d, "user");
    unsigned duties = w->caller.actor.duties;
    bool may;
    if (review)
        may = (duties & (DUTY_SECURITY_ADMIN | DUTY_AUDITOR)) != 0;
    else
        may = me == user || me == proposal_user(d, "from") || (duties & DUTY_SECURITY_ADMIN) != 0 ||
              registry_leads(w->state->registry, me, user);
    if (!may)
        return error_set(e, ST_DENIED, "not_your_duty", "this grant is others' to end or review");
    const json_t *done = json_object_get(d, review ? "review" : "ended");
    if (json_is_object(done))
        return error_set(e, ST_CONFLICT, "grant_closed", "that has been done");
    return ST_OK;
}

static enum status mark(struct worker *w, uint32_t id, const char *key, struct slice note,
                        struct registry_change *out, struct error *e) {
    struct slice text;
    json_t *d = NULL;
    if (!registry_document(w->state->registry, REGISTRY_GRANT, id, &w->arena, &text) ||
        json_read(text, 0, &d, NULL) != ST_OK)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such grant");
    json_t *done = json_pack("{s:I, s:I, s:s%}", "by", (json_int_t)w->caller.grant.user, "at",
                             (json_int_t)clock_wall_ms(), "note", (const char *)note.p, note.n);
    if (done == NULL || json_object_set_new(d, key, done) != 0) {
        json_decref(d);
        return error_set(e, ST_INVALID, "bad_document", "the note is no text");
    }
    *out = (struct registry_change){.kind = REGISTRY_GRANT, .id = id};
    return print_document(w, d, &out->document, e);
}

enum status handle_grant_close(struct worker *w, struct args *in, struct args *out, struct error *e) {
    (void)out;
    struct slice text;
    struct registry_change one;
    json_t *d = NULL;
    char tag[AUDIT_TAG_MAX];
    if (!is_person(&w->caller))
        return persons_only(e);
    (void)snprintf(tag, sizeof tag, "%s %u", in->flag ? "grant_review" : "grant_end", in->number32);
    if (!registry_document(w->state->registry, REGISTRY_GRANT, in->number32, &w->arena, &text) ||
        json_read(text, 0, &d, NULL) != ST_OK)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such grant");
    enum status s = may_change(w, d, in->flag, e);
    json_decref(d);
    if (s != ST_OK)
        return s == ST_DENIED ? worker_refuse(w, in, tag, e) : s;
    struct slice note = in->text.n == 0 ? SLICE("-") : in->text;
    w->why = in->second.n > 0 ? in->second : in->text;
    s = mark(w, in->number32, in->flag ? "review" : "ended", note, &one, e);
    struct registry_writer who = {.user = w->caller.grant.user, .grants = true};
    return s == ST_OK ? put_recorded(w, in, &who, &one, 1, tag, e) : s;
}

/* ---- leaving ---- */

static enum status leaver(struct worker *w, const struct args *in, struct registry_change *out,
                          struct error *e) {
    json_t *asked = NULL;
    enum status s = registry_parse_json(in->text, &asked, e);
    if (s != ST_OK)
        return s;
    json_t *d = json_pack("{s:b, s:{s:I, s:I, s:I, s:s}}", "disabled", 1, "left", "at",
                          (json_int_t)clock_wall_ms(), "by", (json_int_t)w->caller.grant.user, "to",
                          (json_int_t)proposal_user(asked, "to"), "note", proposal_text(asked, "note"));
    if (w->why.n == 0)
        w->why = arena_copy(&w->arena, slice_from_string(proposal_text(asked, "note")));
    json_decref(asked);
    *out = (struct registry_change){.kind = REGISTRY_USER, .id = in->user};
    return print_document(w, d, &out->document, e);
}

enum status worker_close(struct worker *w, struct args *in, const struct registry_writer *who,
                         struct slice document, struct slice note, const char *tag, struct error *e) {
    struct registry_change changes[REGISTRY_BATCH_MAX] = {
        {.kind = REGISTRY_USER, .id = in->user, .document = document}};
    uint32_t grants[REGISTRY_BATCH_MAX - 1];
    enum status s = ST_OK;
    size_t n =
        note.n == 0 ? 0 : registry_grants_of(w->state->registry, in->user, grants, REGISTRY_BATCH_MAX - 1);
    for (size_t i = 0; s == ST_OK && i < n; i++)
        s = mark(w, grants[i], "ended", note, &changes[i + 1], e);
    if (s == ST_OK)
        s = put_recorded(w, in, who, changes, n + 1, tag, e);
    if (s == ST_OK)
        in->user = changes[0].id;
    return s;
}

/* Account, password, second factors, sessions, keys, jobs, grants and lent roles end in one act; nothing he
 * proposed or that was proposed for him can be approved any more. */
enum status worker_leave(struct worker *w, struct args *in, const struct registry_writer *who,
                         const char *tag, struct error *e) {
    struct registry_change leaving;
    enum status s = leaver(w, in, &leaving, e);
    if (s == ST_OK)
        s = worker_close(w, in, who, leaving.document, SLICE("leave"), tag, e);
    if (s != ST_OK)
        return s;
    proposals_withdraw(w, in->user);
    if (sign_on_unlink(w->state->sign_on, in->user, 0, NULL) == ST_IO)
        return error_set(e, ST_IO, "sign_on_store", "the links to providers could not be taken away");
    /* Whoever opens the account again gives nothing back with it: a new password takes two. */
    if (credentials_forget(w->state->credentials, in->user) != ST_OK ||
        factors_reset(w->state->factors, in->user, NULL) != ST_OK)
        return error_set(e, ST_IO, "credential_store", "the password could not be taken away");
    return sessions_end_user(w->state->sessions, in->user, NULL) == ST_OK
               ? ST_OK
               : error_set(e, ST_IO, "session_store", "the user's sessions could not be stored as ended");
}

enum status handle_leave(struct worker *w, struct args *in, struct args *out, struct error *e) {
    (void)out;
    char tag[AUDIT_TAG_MAX];
    struct slice text;
    w->why = in->second;
    (void)snprintf(tag, sizeof tag, "leave %u", in->user);
    if (!is_person(&w->caller) || (w->caller.actor.duties & DUTY_SYSTEM_ADMIN) == 0) {
        (void)error_set(e, ST_DENIED, "not_your_duty", "accounts are the system administrator's");
        return worker_refuse(w, in, tag, e);
    }
    if (!registry_document(w->state->registry, REGISTRY_USER, in->user, &w->arena, &text))
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such user");
    struct registry_writer who = {
        .user = w->caller.grant.user, .duties = w->caller.actor.duties, .grants = true};
    return worker_leave(w, in, &who, tag, e);
}

/* ---- how an account stands ---- */

static enum status write_seen(void *context, struct slice key, struct slice value) {
    struct json *j = context;
    struct reader k = reader_of(key), v = reader_of(value);
    uint32_t user = reader_u32(&k);
    uint64_t at = reader_u64(&v);
    if (!reader_done(&k) || !reader_done(&v))
        return ST_CORRUPT;
    json_array_begin(j);
    json_int(j, user);
    json_int(j, (int64_t)at);
    json_array_end(j);
    return ST_OK;
}

static enum status write_sessions(struct worker *w, uint32_t user, struct json *j) {
    struct keeper_session_info *list;
    size_t n, kinds[3] = {0};
    enum status s = sessions_list(w->state->sessions, user, &w->caller.session, &w->arena, &list, &n);
    for (size_t i = 0; s == ST_OK && i < n; i++)
        kinds[list[i].is_job ? 2 : list[i].is_key ? 1 : 0]++;
    static const char *const names[] = {"sessions", "keys", "jobs"};
    for (size_t i = 0; i < 3; i++) {
        json_key(j, names[i]);
        json_int(j, (int64_t)kinds[i]);
    }
    return s;
}

/* {"seen": [[user, ms] …], "past_from": ms} of everybody, or with a user his sessions', keys' and jobs'
 * numbers too. */
enum status handle_person_state(struct worker *w, struct args *in, struct args *out, struct error *e) {
    struct json j = json_to(&w->scratch);
    bool own = in->user == w->caller.grant.user;
    if (!own && w->caller.actor.duties == 0) {
        (void)error_set(e, ST_DENIED, "not_your_duty", "others' accounts are the administrators'");
        return worker_refuse(w, in, "person_state", e);
    }
    enum status s = ST_OK;
    json_object_begin(&j);
    if (in->user != 0)
        s = write_sessions(w, in->user, &j);
    json_key(&j, "seen");
    json_array_begin(&j);
    if (s == ST_OK && (in->user == 0 || !own))
        s = vault_each(w->state->vault, VAULT_SEEN, write_seen, &j);
    json_array_end(&j);
    json_key(&j, "past_from");
    json_int(&j, w->state->past_from);
    json_object_end(&j);
    out->text = buf_slice(&w->scratch);
    return s == ST_OK && !w->scratch.failed ? ST_OK : error_set(e, ST_NOMEM, "no_memory", "accounts");
}
