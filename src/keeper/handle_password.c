/* Passwords against the company's rules, and what those rules are. */
#include "base/clock.h"
#include "base/json.h"
#include "base/json_in.h"
#include "base/log.h"
#include "keeper/breached.h"
#include "keeper/password_rules.h"
#include "keeper/registry_parse.h"
#include "keeper/state.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

/* The company's document, or NULL. */
static json_t *company(struct worker *w) {
    struct slice text;
    json_t *d = NULL;
    if (registry_document(w->state->registry, REGISTRY_COMPANY, 1, &w->arena, &text) &&
        json_read(text, 0, &d, NULL) != ST_OK)
        return NULL;
    return d;
}

/* A name's parts, and the whole of it. */
static void add_words(struct slice text, struct password_words *out) {
    size_t from = 0;
    if (text.n > 1 && out->count < PASSWORD_WORDS_MAX)
        out->word[out->count++] = text;
    for (size_t i = 0; i <= text.n; i++) {
        bool end =
            i == text.n || text.p[i] == ' ' || text.p[i] == '.' || text.p[i] == '-' || text.p[i] == '_';
        if (!end)
            continue;
        if (i - from > 1 && i - from < text.n && out->count < PASSWORD_WORDS_MAX)
            out->word[out->count++] = slice_of(text.p + from, i - from);
        from = i + 1;
    }
}

static bool breached(struct worker *w, struct slice password) {
    bool found = false;
    if (breached_find(w->state->config.state_dir, password, &found) != ST_OK)
        log_warn("event=breached_list_unreadable");
    return found;
}

const char *worker_password_due(struct worker *w, uint32_t user, struct slice password) {
    struct password_rules rules;
    registry_passwords(w->state->registry, &rules);
    if (breached(w, password))
        return "password breached";
    if (rules.days == 0)
        return "";
    int64_t age = clock_wall_ms() - credentials_set_at(w->state->credentials, user);
    return age >= rules.days * DAY_MS ? "password expired" : "";
}

static enum status check_fresh(struct worker *w, const struct principal *who, struct slice password,
                               const struct password_rules *rules, struct error *e) {
    struct password_words words = {.count = 0};
    add_words(slice_from_string(who->login), &words);
    add_words(slice_from_string(who->name), &words);
    json_t *d = company(w);
    password_rules_words(json_object_get(json_object_get(d, "sign_in"), "passwords"), &words);
    enum status s = password_rules_check(rules, &words, password, e);
    json_decref(d);
    if (s == ST_OK && breached(w, password))
        s = error_field(e, ST_INVALID, "password_breached", "new",
                        "it stands on the list of breached passwords");
    bool used = false;
    if (s == ST_OK)
        s = credentials_used_before(w->state->credentials, who->user, password, rules->history, &used, e);
    if (s == ST_OK && used)
        s = error_field(e, ST_INVALID, "password_used_before", "new", "it is or was one of this account");
    return s;
}

enum status handle_password_change(struct worker *w, struct args *in, struct args *out, struct error *e) {
    struct caller *c = &w->caller;
    if (!worker_is_person(w))
        return worker_persons_only(e);
    struct principal who = {.user = 0};
    struct password_rules rules;
    if (registry_principal(w->state->registry, c->grant.user, NULL, &who) != ST_OK)
        return error_set(e, ST_UNAUTHENTICATED, "unauthenticated", "the user is disabled");
    registry_passwords(w->state->registry, &rules);
    enum status s = worker_check_password(w, in, in->text, "old", "password_change", e);
    if (s == ST_OK)
        s = check_fresh(w, &who, in->second, &rules, e);
    if (s == ST_OK)
        s = worker_record(w, in, AUDIT_ADMIN, AUDIT_DONE, "password_change", e);
    if (s == ST_OK)
        s = credentials_set(w->state->credentials, c->grant.user, slice_from_string(who.login), in->second,
                            false, rules.history, e);
    if (s == ST_OK && sessions_end_user(w->state->sessions, c->grant.user, &c->session) != ST_OK)
        s = error_set(e, ST_IO, "session_store", "the other sessions could not be ended");
    struct session_change change = {.password_changed = true};
    return s == ST_OK ? sessions_rotate(w->state->sessions, &c->session, change, &out->token, e) : s;
}

/* ---- what the rules are ---- */

static void write_number(struct json *j, const char *key, int64_t n) {
    json_key(j, key);
    json_int(j, n);
}

static void write_time(struct json *j, const char *key, int64_t ms) {
    json_key(j, key);
    if (ms == 0)
        json_none(j);
    else
        json_time(j, ms);
}

static void write_passwords(struct worker *w, struct json *j) {
    struct password_rules r;
    registry_passwords(w->state->registry, &r);
    int64_t at = credentials_set_at(w->state->credentials, w->caller.grant.user);
    json_key(j, "passwords");
    json_object_begin(j);
    json_key(j, "profile");
    json_cstring(j, r.profile == PASSWORD_DENGBAO3 ? "dengbao3" : "modern");
    write_number(j, "least", r.least);
    write_number(j, "kinds", r.kinds);
    write_number(j, "days", r.days);
    write_number(j, "history", r.history);
    write_number(j, "failures", r.failures);
    write_number(j, "lock_minutes", r.lock_minutes);
    write_time(j, "changed_at", at);
    write_time(j, "expires_at", r.days == 0 || at == 0 ? 0 : at + r.days * DAY_MS);
    json_object_end(j);
}

static void write_breached(struct worker *w, struct json *j) {
    struct breached_state b;
    breached_look(w->state->config.state_dir, &b);
    json_key(j, "breached");
    json_object_begin(j);
    json_key(j, "present");
    json_bool(j, b.present);
    json_key(j, "damaged");
    json_bool(j, b.damaged);
    write_number(j, "size", (int64_t)b.size);
    write_time(j, "changed_at", b.changed_at);
    json_object_end(j);
}

/* With the version that a change of it has to name: read first, so that it is never newer than the text. */
static void write_company(struct worker *w, struct json *j) {
    uint64_t version = registry_item_version(w->state->registry, REGISTRY_COMPANY, 1);
    json_t *d = company(w);
    char *text = NULL;
    if (d != NULL && json_object_set_new(d, "version", json_integer((json_int_t)version)) == 0)
        text = json_print(d, JSON_COMPACT);
    json_decref(d);
    json_key(j, "company");
    if (text == NULL)
        json_none(j);
    else
        json_raw(j, slice_from_string(text));
    free(text);
}

static void write_alarms(struct worker *w, struct json *j) {
    struct alarm list[ALARMS_MAX];
    char network[64];
    size_t n = alarms_list(w->state->alarms, list);
    json_key(j, "alarms");
    json_array_begin(j);
    for (size_t i = 0; i < n; i++) {
        alarm_network(&list[i], network);
        json_object_begin(j);
        write_number(j, "id", list[i].id);
        json_key(j, "kind");
        json_cstring(j, alarm_kind_name(list[i].kind));
        json_key(j, "network");
        json_cstring(j, network);
        write_time(j, "at", list[i].at);
        write_number(j, "logins", list[i].logins);
        write_number(j, "tries", list[i].tries);
        json_object_end(j);
    }
    json_array_end(j);
}

/* {"passwords": {…, "changed_at", "expires_at"}}; with a duty {"company": document, "breached": {…},
 * "alarms": […]} too. */
enum status handle_sign_in_state(struct worker *w, struct args *in, struct args *out, struct error *e) {
    struct json j = json_to(&w->scratch);
    (void)in;
    if (!worker_is_person(w))
        return worker_persons_only(e);
    json_object_begin(&j);
    write_passwords(w, &j);
    if (w->caller.actor.duties != 0 && !w->caller.grant.must_change) {
        write_company(w, &j);
        write_breached(w, &j);
        write_alarms(w, &j);
    }
    json_object_end(&j);
    out->text = buf_slice(&w->scratch);
    return w->scratch.failed ? error_set(e, ST_NOMEM, "no_memory", "no memory for the answer") : ST_OK;
}

/* ---- alarms ---- */

void worker_alarm(struct worker *w, const struct args *in, const struct alarm *raised) {
    char tag[AUDIT_TAG_MAX * 2], network[64];
    alarm_network(raised, network);
    (void)snprintf(tag, sizeof tag, "alarm %u %s %s", raised->id, alarm_kind_name(raised->kind), network);
    log_warn("event=sign_in_alarm alarm=%u kind=%s logins=%u", raised->id, alarm_kind_name(raised->kind),
             raised->logins);
    if (worker_record(w, in, AUDIT_SYSTEM, AUDIT_DONE, tag, NULL) != ST_OK)
        log_error("event=audit_unwritable");
}

enum status handle_alarm_close(struct worker *w, struct args *in, struct args *out, struct error *e) {
    char tag[AUDIT_TAG_MAX];
    (void)out;
    (void)snprintf(tag, sizeof tag, "alarm_close %u", in->number32);
    if (!worker_is_person(w) || (w->caller.actor.duties & DUTY_SECURITY_ADMIN) == 0) {
        (void)error_set(e, ST_DENIED, "not_your_duty", "alarms are the security administrator's");
        return worker_refuse(w, in, tag, e);
    }
    enum status s = worker_record(w, in, AUDIT_ADMIN, AUDIT_DONE, tag, e);
    if (s == ST_OK && (s = alarms_close_one(w->state->alarms, in->number32)) != ST_OK)
        s = s == ST_NOT_FOUND ? error_set(e, s, "not_found", "there is no such alarm")
                              : error_set(e, s, "vault_write", "the alarm could not be closed");
    return s;
}
