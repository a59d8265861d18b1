/* Approval of a high-risk act: so many records more than the register leaves free, or exactly these. */
#include "base/clock.h"
#include "base/json_in.h"
#include "keeper/proposal_kind.h"

#include <stdlib.h>

#define HOUR_MS          ((int64_t)3600 * 1000)
#define ID_DIGITS        32
#define PROPOSALS_NAMING 1000 /* that carry ids, of all people */

struct asked_act {
    enum high_risk_act act;
    uint32_t object, count, hours;
    struct uuid records[ALLOWANCE_RECORDS]; /* sorted */
    size_t record_count;
};

static const json_t *change_of(const json_t *document) {
    return json_object_get(document, "change");
}

static enum status bad(struct error *e, const char *key, const char *what) {
    return error_field(e, ST_INVALID, "bad_document", key, "%s", what);
}

static bool take_digit(char c, uint8_t *out) {
    if (c >= '0' && c <= '9')
        *out = (uint8_t)(c - '0');
    else if (c >= 'a' && c <= 'f')
        *out = (uint8_t)(c - 'a' + 10);
    else
        return false;
    return true;
}

static bool take_id(const char *digits, struct uuid *out) {
    uint8_t high, low;
    for (size_t i = 0; i < sizeof out->b; i++) {
        if (!take_digit(digits[2 * i], &high) || !take_digit(digits[2 * i + 1], &low))
            return false;
        out->b[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static int by_id(const void *a, const void *b) {
    return memcmp(a, b, sizeof(struct uuid));
}

/* The ids in one text, 32 digits each, no id twice. */
static bool take_records(const json_t *v, struct asked_act *out) {
    const char *text = json_string_value(v);
    size_t n = json_string_length(v);
    if (text == NULL || n == 0 || n % ID_DIGITS != 0 || n / ID_DIGITS > ALLOWANCE_RECORDS)
        return false;
    out->record_count = n / ID_DIGITS;
    for (size_t i = 0; i < out->record_count; i++) {
        if (!take_id(text + i * ID_DIGITS, &out->records[i]))
            return false;
    }
    qsort(out->records, out->record_count, sizeof *out->records, by_id);
    for (size_t i = 1; i < out->record_count; i++) {
        if (by_id(&out->records[i - 1], &out->records[i]) == 0)
            return false;
    }
    return true;
}

static bool take_number(const json_t *v, json_int_t least, json_int_t most, uint32_t *out) {
    json_int_t n = json_integer_value(v);
    *out = (uint32_t)n;
    return json_is_integer(v) && n >= least && n <= most;
}

static enum status parse_change(const json_t *change, struct asked_act *out, struct error *e) {
    const char *act = json_string_value(json_object_get(change, "act"));
    const json_t *records = json_object_get(change, "records");
    out->record_count = 0;
    if (act == NULL || !high_risk_find(act, &out->act))
        return bad(e, "act", "an act of the register");
    if (!take_number(json_object_get(change, "object"), 0, UINT16_MAX, &out->object))
        return bad(e, "object", "the number of an object, or 0");
    if (!take_number(json_object_get(change, "count"), 1, ALLOWANCE_COUNT, &out->count))
        return error_field(e, ST_INVALID, "bad_document", "count", "1 to %d records", ALLOWANCE_COUNT);
    if (!take_number(json_object_get(change, "hours"), 1, ALLOWANCE_HOURS, &out->hours))
        return error_field(e, ST_INVALID, "bad_document", "hours", "1 to %d hours", ALLOWANCE_HOURS);
    if (records == NULL)
        return ST_OK;
    bool fine = out->object != 0 && out->act != HIGH_RISK_IMPORT && take_records(records, out) &&
                out->record_count == out->count;
    return fine ? ST_OK : bad(e, "records", "as many ids of one object's records as `count` says");
}

static enum status may_have(struct worker *w, uint32_t user, struct error *e) {
    struct actor whom;
    if (registry_actor(w->state->registry, user, NULL, &whom) != ST_OK)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such user");
    return whom.duties == 0
               ? ST_OK
               : error_set(e, ST_DENIED, "duty_holder", "a duty's holder does nothing to customers' data");
}

/* Each may carry a thousand ids: few of one person, and not too many of all. */
static enum status has_room(struct worker *w, size_t records, struct error *e) {
    struct proposals *p = w->state->proposals;
    int64_t now = clock_wall_ms();
    size_t n = 0, naming = 0;
    (void)pthread_mutex_lock(&p->lock);
    for (size_t i = 0; i < p->count; i++) {
        const json_t *d = p->list[i].document;
        if (strcmp(proposal_text(d, "kind"), "act") != 0 || strcmp(proposal_state(d, now), "open") != 0)
            continue;
        n += proposal_user(d, "by") == w->caller.grant.user;
        naming += json_object_get(change_of(d), "records") != NULL;
    }
    (void)pthread_mutex_unlock(&p->lock);
    bool room = n < PROPOSALS_ACTS && (records == 0 || naming < PROPOSALS_NAMING);
    return room ? ST_OK
                : error_set(e, ST_LIMIT, "too_many_proposals",
                            "too many of yours stand open: withdraw some first");
}

enum status act_propose(struct worker *w, const json_t *document, char half[PROPOSAL_HALF + 1],
                        struct error *e) {
    uint32_t user = proposal_user(document, "user");
    struct asked_act *asked = arena_alloc(&w->arena, sizeof *asked);
    half[0] = '\0';
    if (asked == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "proposal");
    if (user != w->caller.grant.user)
        return error_set(e, ST_DENIED, "not_your_duty", "an approval is asked for by who needs it");
    enum status s = parse_change(change_of(document), asked, e);
    if (s == ST_OK)
        s = may_have(w, user, e);
    return s == ST_OK ? has_room(w, asked->record_count, e) : s;
}

/* Who leads him; where nobody does, a security administrator. */
bool act_may_decide(struct worker *w, const json_t *document) {
    uint32_t user = proposal_user(document, "user"), one;
    struct registry *r = w->state->registry;
    if (registry_decides_for(r, w->caller.grant.user, user))
        return true;
    return (w->caller.actor.duties & DUTY_SECURITY_ADMIN) != 0 && registry_deciders(r, user, &one, 1) == 0;
}

bool act_stands(struct worker *w, const json_t *document) {
    uint32_t by = proposal_user(document, "by");
    return by == proposal_user(document, "user") && may_have(w, by, NULL) == ST_OK;
}

/* As every grant, with what was asked for word for word; ids stay in the vault (keeper/allowance.h). */
static char *grant_text(const struct worker *w, const json_t *document, const struct asked_act *asked,
                        int64_t until) {
    static const char *const kept[] = {"act", "object", "name", "label", "count"};
    uint32_t user = proposal_user(document, "user"), by = w->caller.grant.user;
    uint32_t place = registry_home_of(w->state->registry, user);
    json_t *grant =
        grant_document(user, 0, json_array(), until, "act", proposal_text(document, "reason"), user);
    json_t *allow = json_pack("{s:b, s:O}", "bound", asked->record_count > 0, "proposal",
                              json_object_get(document, "id"));
    bool fine = grant != NULL && allow != NULL;
    for (size_t i = 0; fine && i < sizeof kept / sizeof kept[0]; i++) {
        json_t *v = json_object_get(change_of(document), kept[i]);
        fine = v == NULL || json_object_set_new(allow, kept[i], json_deep_copy(v)) == 0;
    }
    fine = fine && json_object_set(grant, "allow", allow) == 0 &&
           json_object_set_new(grant, "approved_by", json_integer((json_int_t)by)) == 0 &&
           json_object_set_new(grant, "department", json_integer((json_int_t)place)) == 0;
    char *text = fine ? json_print(grant, JSON_COMPACT) : NULL;
    json_decref(allow);
    json_decref(grant);
    return text;
}

enum status act_apply(struct worker *w, const json_t *document, const struct proposal_store *store,
                      char half[PROPOSAL_HALF + 1], struct error *e) {
    uint32_t user = proposal_user(document, "user");
    uint64_t id = (uint64_t)json_integer_value(json_object_get(document, "id"));
    struct asked_act *asked = arena_alloc(&w->arena, sizeof *asked);
    half[0] = '\0';
    if (asked == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "proposal");
    enum status s = parse_change(change_of(document), asked, e);
    int64_t until = clock_wall_ms() + (int64_t)asked->hours * HOUR_MS;
    if (s == ST_OK)
        s = may_have(w, user, e);
    if (s == ST_OK &&
        allowances_add(w->state->allowances, id, until, asked->records, asked->record_count) != ST_OK)
        s = error_set(e, ST_IO, "allowance_store", "the approval could not be stored");
    char *text = s == ST_OK ? grant_text(w, document, asked, until) : NULL;
    if (s == ST_OK && text == NULL)
        s = error_set(e, ST_NOMEM, "no_memory", "grant");
    if (s == ST_OK) {
        struct registry_writer who = {.user = user, .second = w->caller.grant.user, .grants = true};
        struct registry_change one = {REGISTRY_GRANT, 0, slice_from_string(text)};
        s = registry_put_all(w->state->registry, &who, &one, 1, &store->change, e);
    }
    free(text);
    return s;
}

enum status act_forget_records(json_t *document) {
    json_t *change = json_object_get(document, "change");
    if (strcmp(proposal_text(document, "kind"), "act") != 0 || json_object_get(change, "records") == NULL)
        return ST_OK;
    json_t *less = json_copy(change);
    if (less != NULL)
        (void)json_object_del(less, "records");
    return less != NULL && json_object_set_new(document, "change", less) == 0 ? ST_OK : ST_NOMEM;
}

static bool is_live(struct worker *w, const json_t *document, const struct asked_act *asked, uint64_t id) {
    struct registry_allowance list[ALLOWANCES_LIVE];
    size_t n =
        registry_allowances(w->state->registry, proposal_user(document, "user"), high_risk_name(asked->act),
                            (uint16_t)asked->object, list, ALLOWANCES_LIVE);
    for (size_t i = 0; i < n; i++) {
        if (list[i].proposal == id)
            return true;
    }
    return false;
}

enum status act_show_use(struct worker *w, json_t *document) {
    struct asked_act *asked;
    uint64_t id = (uint64_t)json_integer_value(json_object_get(document, "id"));
    if (strcmp(proposal_text(document, "kind"), "act") != 0 ||
        strcmp(proposal_text(document, "state"), "approved") != 0)
        return ST_OK;
    asked = calloc(1, sizeof *asked);
    if (asked == NULL || parse_change(change_of(document), asked, NULL) != ST_OK) {
        free(asked);
        return ST_NOMEM;
    }
    uint32_t used = allowances_used(w->state->allowances, id);
    json_int_t until = json_integer_value(json_object_get(document, "decided_at")) + asked->hours * HOUR_MS;
    json_t *use = json_pack("{s:I, s:I, s:I, s:b}", "used", (json_int_t)used, "left",
                            (json_int_t)(used < asked->count ? asked->count - used : 0), "until", until,
                            "live", is_live(w, document, asked, id) ? 1 : 0);
    free(asked);
    return use != NULL && json_object_set_new(document, "allowance", use) == 0 ? ST_OK : ST_NOMEM;
}
