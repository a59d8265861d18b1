/* Messages about proposals: make one, list those that concern the caller, decide. */
#include "base/clock.h"
#include "base/json.h"
#include "base/json_in.h"
#include "keeper/deed.h"
#include "keeper/executive.h"
#include "keeper/proposal_kind.h"
#include "keeper/registry_parse.h"

#include <stdlib.h>

#define LIST_MAX 300
#define DAY_MS   ((int64_t)24 * 3600 * 1000)

bool proposal_is_person(const struct caller *c) {
    return !c->grant.is_key && !c->grant.is_job && !c->grant.must_change;
}

static enum status persons_only(struct error *e) {
    return error_set(e, ST_DENIED, "persons_only", "only a person's own session may do this");
}

static void make_tag(char tag[AUDIT_TAG_MAX], const char *what, uint64_t id, const json_t *d) {
    (void)snprintf(tag, AUDIT_TAG_MAX, "%s %llu %s %u", what, (unsigned long long)id,
                   proposal_text(d, "kind"), proposal_user(d, "user"));
}

static json_t *keep_keys(const json_t *from, const char *const *keys) {
    json_t *out = json_object();
    for (; *keys != NULL; keys++) {
        json_t *v = json_object_get(from, *keys);
        if (v == NULL || json_object_set_new(out, *keys, json_deep_copy(v)) == 0)
            continue;
        json_decref(out);
        return NULL;
    }
    return out;
}

static json_t *keep_items(const json_t *change) {
    static const char *const keys[] = {"kind", "id", "document", NULL};
    json_t *items = json_array(), *out = json_object();
    const json_t *item;
    size_t i;
    bool fine = out != NULL;
    json_array_foreach(json_object_get(change, "items"), i, item) {
        fine = fine && json_array_append_new(items, keep_keys(item, keys)) == 0;
    }
    fine = json_object_set_new(out, "items", items) == 0 && fine;
    if (fine)
        return out;
    json_decref(out);
    return NULL;
}

static enum status no_memory(json_t *change, struct error *e) {
    json_decref(change);
    return error_set(e, ST_NOMEM, "no_memory", "proposal");
}

/* Of the change what its kind knows, and no more: anybody may propose, and it is kept for a year. */
static enum status keep_change(const char *kind, const json_t *change, json_t **out, struct error *e) {
    static const char *const
        none[] = {NULL},
        *const grant[] = {"roles", "hours", "loan", NULL}, *const sign_on[] = {"provider", "document", NULL},
        *const scim[] = {"key", "document", NULL}, *const ldap[] = {"directory", "document", NULL},
        *const act[] = {"act", "object", "name", "label", "count", "records", "hours", NULL},
        *const access[] = {"object", "name", "label", "fields", "labels", "records", "hours", NULL};
    bool registry = strcmp(kind, "registry") == 0, provider = strcmp(kind, "sign_on") == 0;
    bool directory = strcmp(kind, "ldap") == 0;
    *out = registry ? keep_items(change)
                    : keep_keys(change, provider                      ? sign_on
                                        : strcmp(kind, "scim") == 0   ? scim
                                        : directory                   ? ldap
                                        : strcmp(kind, "grant") == 0  ? grant
                                        : strcmp(kind, "access") == 0 ? access
                                        : strcmp(kind, "act") == 0    ? act
                                                                      : none);
    bool asks = *out != NULL && strcmp(kind, "act") == 0, bound = json_object_get(*out, "records") != NULL;
    if (asks && json_object_set_new(*out, "bound", json_boolean(bound)) != 0)
        return no_memory(*out, e);
    char *text = *out == NULL ? NULL : json_print(*out, JSON_COMPACT);
    size_t most = registry || provider || directory ? PROPOSAL_DOCUMENT
                  : asks                            ? PROPOSAL_CHANGE + (size_t)32 * ALLOWANCE_RECORDS
                                                    : PROPOSAL_CHANGE;
    enum status s = ST_OK;
    if (text == NULL)
        s = error_set(e, ST_NOMEM, "no_memory", "proposal");
    else if (strlen(text) > most)
        s = error_set(e, ST_LIMIT, "document_too_large", "the change is too large for one proposal");
    free(text);
    if (s != ST_OK)
        json_decref(*out);
    return s;
}

/* The caller's words, and beside them what only the keeper says. Whom a change of the registry concerns its
 * items say: a name put beside them would keep that person from deciding, and stand in the log. */
static enum status make_document(const struct worker *w, const json_t *asked, json_t **out, struct error *e) {
    const char *reason = proposal_text(asked, "reason");
    const char *kind = proposal_text(asked, "kind");
    bool nobodys = strcmp(kind, "registry") == 0 || strcmp(kind, "sign_on") == 0 ||
                   strcmp(kind, "scim") == 0 || strcmp(kind, "ldap") == 0;
    json_t *change = NULL;
    json_int_t days = 7;
    const json_t *said = json_object_get(asked, "days");
    if (said != NULL)
        days = json_integer_value(said);
    if (days < 1 || days > PROPOSAL_DAYS)
        return error_field(e, ST_INVALID, "bad_document", "days", "days: 1 to %d", PROPOSAL_DAYS);
    if (strlen(reason) < 2 || strlen(reason) > PROPOSAL_REASON)
        return error_field(e, ST_INVALID, "reason_missing", "reason", "a reason of 2 to %d bytes",
                           PROPOSAL_REASON);
    int64_t now = clock_wall_ms();
    enum status s = keep_change(kind, json_object_get(asked, "change"), &change, e);
    if (s != ST_OK)
        return s;
    *out = json_pack(
        "{s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:o}", "kind", kind, "state", "open", "by",
        (json_int_t)w->caller.grant.user, "at", (json_int_t)now, "ends", (json_int_t)(now + days * DAY_MS),
        "user", (json_int_t)(nobodys ? 0 : proposal_user(asked, "user")), "reason", reason, "change", change);
    return *out == NULL ? error_set(e, ST_NOMEM, "no_memory", "proposal") : ST_OK;
}

static enum status store_new(struct worker *w, struct args *in, json_t *document, const char *half,
                             uint64_t *id, struct error *e) {
    struct proposals *p = w->state->proposals;
    char tag[AUDIT_TAG_MAX];
    (void)pthread_mutex_lock(&p->lock);
    make_tag(tag, "propose", p->last + 1, document);
    enum status s = worker_record(w, in, AUDIT_ADMIN, AUDIT_DONE, tag, e);
    if (s == ST_OK)
        s = proposal_add(p, document, half, w->caller.actor.duties != 0, id, e);
    else
        json_decref(document);
    (void)pthread_mutex_unlock(&p->lock);
    return s;
}

enum status handle_propose(struct worker *w, struct args *in, struct args *out, struct error *e) {
    json_t *asked = NULL, *document = NULL;
    char half[PROPOSAL_HALF + 1] = "";
    if (!proposal_is_person(&w->caller))
        return persons_only(e);
    enum status s = registry_parse_json(in->text, &asked, e);
    if (s == ST_OK)
        s = make_document(w, asked, &document, e);
    json_decref(asked);
    if (s != ST_OK)
        return s;
    const struct proposal_kind *kind = proposal_kind(proposal_text(document, "kind"));
    s = kind == NULL ? error_field(e, ST_INVALID, "bad_kind", "kind", "no such kind of proposal")
                     : kind->propose(w, document, half, e);
    if (s == ST_OK && executive_proposed(w, document) > 0)
        s = executive_factor(w, e);
    if (s != ST_OK) {
        char tag[AUDIT_TAG_MAX];
        make_tag(tag, "propose", 0, document);
        json_decref(document);
        return s == ST_DENIED ? worker_refuse(w, in, tag, e) : s;
    }
    s = store_new(w, in, document, half, &out->number, e);
    out->text = s == ST_OK ? arena_copy(&w->arena, slice_from_string(half)) : SLICE_NONE;
    explicit_bzero(half, sizeof half);
    return s;
}

bool proposal_may_decide(struct worker *w, const json_t *d) {
    uint32_t me = w->caller.grant.user;
    const struct proposal_kind *kind = proposal_kind(proposal_text(d, "kind"));
    return kind != NULL && proposal_is_person(&w->caller) && proposal_user(d, "by") != me &&
           proposal_user(d, "user") != me && kind->may_decide(w, d);
}

/* `whole`: with the ids of the records that an act is bound to. */
static enum status write_one(struct worker *w, struct json *j, const json_t *d, bool decide, bool whole,
                             int64_t now) {
    json_t *shown = json_copy((json_t *)(uintptr_t)d);
    char *text = NULL;
    bool news = proposal_is_news(d, w->caller.grant.user, now);
    (void)json_object_del(shown, "seen"); /* whether he looked is nobody else's */
    if (shown != NULL && json_object_set_new(shown, "news", json_boolean(news)) == 0 &&
        (whole || act_forget_records(shown) == ST_OK) && act_show_use(w, shown) == ST_OK &&
        json_object_set_new(shown, "may_decide", json_boolean(decide)) == 0 &&
        json_object_set_new(shown, "state", json_string(proposal_state(d, now))) == 0)
        text = json_print(shown, JSON_COMPACT);
    json_decref(shown);
    if (text == NULL)
        return ST_NOMEM;
    json_raw(j, slice_from_string(text));
    free(text);
    return ST_OK;
}

/* What the ids of an act are shown for: to look at the records with one's own eyes. */
static enum status write_named(struct worker *w, uint64_t id, struct json *j) {
    const struct proposal *p = proposal_find(w->state->proposals, id);
    int64_t now = clock_wall_ms();
    if (p == NULL)
        return ST_OK;
    const json_t *d = p->document;
    bool decide = strcmp(proposal_state(d, now), "open") == 0 && proposal_may_decide(w, d);
    bool mine = proposal_user(d, "by") == w->caller.grant.user;
    return decide || mine ? write_one(w, j, d, decide, true, now) : ST_OK;
}

/* Newest first: one's own, those about oneself, those that one may decide; a duty's holder sees all. */
enum status handle_proposals(struct worker *w, struct args *in, struct args *out, struct error *e) {
    struct proposals *p = w->state->proposals;
    struct json j = json_to(&w->scratch);
    int64_t now = clock_wall_ms();
    uint32_t me = w->caller.grant.user;
    size_t n = 0;
    enum status s = ST_OK;
    json_array_begin(&j);
    (void)pthread_mutex_lock(&p->lock);
    if (in->number != 0)
        s = write_named(w, in->number, &j);
    for (size_t i = in->number != 0 ? 0 : p->count;
         s == ST_OK && i-- > 0 && n < LIST_MAX && w->scratch.n < PROTOCOL_JSON_MAX / 2;) {
        const json_t *d = p->list[i].document;
        bool open = strcmp(proposal_state(d, now), "open") == 0, decide = open && proposal_may_decide(w, d);
        bool mine = proposal_user(d, "by") == me || proposal_user(d, "user") == me;
        bool shown = in->flag ? decide : decide || mine || w->caller.actor.duties != 0;
        if (shown) {
            s = write_one(w, &j, d, decide, false, now);
            n++;
        }
    }
    (void)pthread_mutex_unlock(&p->lock);
    json_array_end(&j);
    out->text = buf_slice(&w->scratch);
    return s == ST_OK && !w->scratch.failed ? ST_OK : error_set(e, ST_NOMEM, "no_memory", "proposals");
}

static enum status may_end(struct worker *w, const json_t *d, bool approve, struct error *e) {
    if (strcmp(proposal_state(d, clock_wall_ms()), "open") != 0)
        return error_set(e, ST_CONFLICT, "proposal_closed", "it has been decided, or its time is over");
    bool own = proposal_user(d, "by") == w->caller.grant.user;
    if (own && approve)
        return error_set(e, ST_DENIED, "own_proposal", "nobody approves his own proposal");
    if (!own && !proposal_may_decide(w, d))
        return error_set(e, ST_DENIED, "not_your_duty", "this proposal is others' to decide");
    const struct proposal_kind *kind = proposal_kind(proposal_text(d, "kind"));
    if (approve && (kind == NULL || !kind->stands(w, d)))
        return error_set(e, ST_CONFLICT, "proposer_duty_gone", "its proposer may not propose it any more");
    return ST_OK;
}

static enum status decide(struct worker *w, struct args *in, struct proposal *p, char *half,
                          struct error *e) {
    bool own = proposal_user(p->document, "by") == w->caller.grant.user;
    const char *state = in->flag ? "approved" : own ? "withdrawn" : "refused";
    json_t *next = json_copy(p->document);
    struct proposal_store store = {.value = {0}};
    if (next == NULL || act_forget_records(next) != ST_OK ||
        json_object_set_new(next, "state", json_string(state)) != 0 ||
        json_object_set_new(next, "decided_by", json_integer((json_int_t)w->caller.grant.user)) != 0 ||
        json_object_set_new(next, "decided_at", json_integer((json_int_t)clock_wall_ms())) != 0 ||
        json_object_set_new(next, "note", json_stringn((const char *)in->text.p, in->text.n)) != 0) {
        json_decref(next);
        return error_set(e, ST_INVALID, "bad_document", "the note is no text");
    }
    memcpy(half, p->half, sizeof p->half);
    enum status s = proposal_render(p->id, "", next, &store);
    if (s != ST_OK)
        s = error_set(e, s, "no_memory", "proposal");
    else if (in->flag)
        s = proposal_kind(proposal_text(next, "kind"))->apply(w, p->document, &store, half, e);
    else if (vault_commit(w->state->vault, &store.change, 1) != ST_OK)
        s = error_set(e, ST_IO, "proposal_store", "the decision could not be stored");
    proposal_store_free(&store);
    if (s == ST_OK)
        proposal_take(p, next);
    else
        json_decref(next);
    return s;
}

/* Recorded before it takes effect, as every change of the registry. */
static enum status decide_recorded(struct worker *w, struct args *in, struct proposal *p, char *half,
                                   struct error *e) {
    char tag[AUDIT_TAG_MAX];
    struct deed deed;
    make_tag(tag, in->flag ? "approve" : "refuse", p->id, p->document);
    enum status s = may_end(w, p->document, in->flag, e);
    size_t executives = s == ST_OK && in->flag ? executive_proposed(w, p->document) : 0;
    if (executives > 0)
        s = executive_factor(w, e);
    if (s != ST_OK)
        return s == ST_DENIED ? worker_refuse(w, in, tag, e) : s;
    if (executives > 0) {
        executive_tag(tag, executives, p->id);
        w->why = arena_copy(&w->arena, slice_from_string(proposal_text(p->document, "reason")));
    }
    s = deed_begin(w, in, AUDIT_ADMIN, tag, &deed, e);
    if (s != ST_OK)
        return s;
    s = decide(w, in, p, half, e);
    s = deed_end(w, &deed, s, e);
    return s == ST_DENIED ? worker_refuse(w, in, tag, e) : s;
}

enum status handle_decide(struct worker *w, struct args *in, struct args *out, struct error *e) {
    struct proposals *all = w->state->proposals;
    char half[PROPOSAL_HALF + 1] = "";
    if (!proposal_is_person(&w->caller))
        return persons_only(e);
    (void)pthread_mutex_lock(&all->lock);
    struct proposal *p = proposal_find(all, in->number);
    enum status s = p == NULL ? error_set(e, ST_NOT_FOUND, "not_found", "there is no such proposal")
                              : decide_recorded(w, in, p, half, e);
    (void)pthread_mutex_unlock(&all->lock);
    out->text = s == ST_OK && in->flag ? arena_copy(&w->arena, slice_from_string(half)) : SLICE_NONE;
    explicit_bzero(half, sizeof half);
    return s;
}

/* Whatever of his stands open is over: nobody may approve it any more. */
void proposals_withdraw(struct worker *w, uint32_t user) {
    struct proposals *all = w->state->proposals;
    (void)pthread_mutex_lock(&all->lock);
    for (size_t i = 0; i < all->count; i++) {
        struct proposal *p = &all->list[i];
        struct proposal_store store = {.value = {0}};
        bool his = proposal_user(p->document, "by") == user || proposal_user(p->document, "user") == user;
        if (!his || strcmp(proposal_text(p->document, "state"), "open") != 0)
            continue;
        json_t *next = json_copy(p->document);
        if (next != NULL && act_forget_records(next) == ST_OK &&
            json_object_set_new(next, "state", json_string("withdrawn")) == 0 &&
            proposal_render(p->id, "", next, &store) == ST_OK &&
            vault_commit(w->state->vault, &store.change, 1) == ST_OK) {
            proposal_take(p, next);
            next = NULL;
        }
        proposal_store_free(&store);
        json_decref(next);
    }
    (void)pthread_mutex_unlock(&all->lock);
}
