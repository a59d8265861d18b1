#include "audit/reader.h"
#include "base/clock.h"
#include "base/json.h"
#include "crypto/random.h"
#include "keeper/detail.h"
#include "keeper/high_risk_tag.h"
#include "keeper/state.h"

struct audit_entry worker_entry(const struct worker *w, const struct args *in, uint8_t act, uint8_t outcome) {
    struct audit_entry entry = {.act = act, .outcome = outcome, .purpose = in->call.purpose};
    memcpy(entry.request, in->call.request.b, sizeof entry.request);
    memcpy(entry.client, in->call.address, sizeof entry.client);
    if (w->has_caller) {
        entry.actor = w->caller.grant.user;
        memcpy(entry.session, w->caller.session.b, sizeof entry.session);
    }
    return entry;
}

enum status worker_reason(struct worker *w, const struct args *in, const struct uuid *subject,
                          struct slice wrapped, struct audit_entry *entry, struct audit_detail *why,
                          struct error *e) {
    uint8_t key[KEYRING_KEY];
    bool known = subject != NULL && !uuid_is_nil(subject) && wrapped.n > 0;
    if (in->text.n == 0)
        return ST_OK;
    enum status s = known ? tools_unwrap(&w->tools, subject, wrapped, key) : ST_OK;
    if (s == ST_OK)
        s = detail_seal(&w->tools, known ? subject : NULL, known ? key : NULL, in->text, &w->arena, why);
    explicit_bzero(key, sizeof key);
    entry->details = why;
    entry->detail_count = 1;
    return s == ST_OK ? s : error_set(e, s, "detail_seal", "the reason could not be sealed");
}

/* The first 64 printable bytes. */
static struct slice clean_tag(const char *tag) {
    size_t n = 0;
    while (n < AUDIT_TAG_MAX && tag[n] >= ' ' && tag[n] <= '~')
        n++;
    return slice_trim(slice_of(tag, n));
}

enum status worker_record(struct worker *w, const struct args *in, uint8_t act, uint8_t outcome,
                          const char *tag, struct error *e) {
    struct audit_entry entry = worker_entry(w, in, act, outcome);
    entry.tag = clean_tag(tag);
    return ledger_record(w->state->ledger, &entry, e);
}

enum status worker_refuse(struct worker *w, const struct args *in, const char *what, struct error *e) {
    struct error keep = *e;
    char tag[AUDIT_TAG_MAX * 2];
    (void)snprintf(tag, sizeof tag, "%s: %s", what, keep.code);
    enum status s = worker_record(w, in, AUDIT_REFUSE, AUDIT_DENIED, tag, e);
    if (s != ST_OK)
        return s;
    *e = keep;
    return keep.status;
}

/* Acts that only the keeper itself writes: nobody else may claim that they happened, nor that a high-risk act
 * was let pass. */
static bool is_keepers_own(uint8_t act) {
    switch (act) {
    case AUDIT_SIGN_IN:
    case AUDIT_SIGN_IN_FAILED:
    case AUDIT_SIGN_OUT:
    case AUDIT_REVEAL:
    case AUDIT_LOOKUP:
    case AUDIT_OUTCOME:
    case AUDIT_BUDGET:
    case AUDIT_CHECKPOINT:
        return true;
    default:
        return act == 0 || act >= AUDIT_ACT_END;
    }
}

enum status handle_record(struct worker *w, struct args *in, struct args *out, struct error *e) {
    (void)out;
    bool nameless = in->act == AUDIT_REFUSE || in->act == AUDIT_SYSTEM || in->act == AUDIT_CONFIG;
    if (!w->has_caller && !nameless)
        return error_set(e, ST_UNAUTHENTICATED, "unauthenticated", "this act needs a live session");
    if (is_keepers_own(in->act) || in->outcome == AUDIT_PENDING || high_risk_tag_is(in->text))
        return error_set(e, ST_INVALID, "bad_act", "this entry is the keeper's own to write");
    struct audit_entry entry = worker_entry(w, in, in->act, in->outcome);
    struct audit_detail detail;
    entry.object = in->object;
    entry.tag = in->text;
    entry.records = (const struct uuid *)in->third.p;
    entry.record_count = in->third.n / sizeof *entry.records;
    if (in->third.n % sizeof *entry.records != 0)
        return error_set(e, ST_INVALID, "bad_entry", "records are named by their ids");
    if (in->second.n > 0) {
        enum status s = detail_seal(&w->tools, NULL, NULL, in->second, &w->arena, &detail);
        if (s != ST_OK)
            return error_set(e, s, "detail_seal", "the detail could not be sealed");
        entry.details = &detail;
        entry.detail_count = 1;
    }
    if (audit_entry_check(&entry) != ST_OK)
        return error_set(e, ST_INVALID, "bad_entry", "the entry breaks a bound of the audit log");
    return ledger_record(w->state->ledger, &entry, e);
}

static enum status auditors_only(struct worker *w, const struct args *in, const char *what, struct error *e) {
    if (w->has_caller && (w->caller.actor.duties & DUTY_AUDITOR) != 0)
        return ST_OK;
    if (!w->has_caller)
        return error_set(e, ST_UNAUTHENTICATED, "unauthenticated", "this needs a live session");
    (void)error_set(e, ST_DENIED, "not_your_duty", "the audit log is the auditor's");
    return worker_refuse(w, in, what, e);
}

static enum status put_frame(struct buf *out, const struct audit_reader *r, const struct audit_entry *entry) {
    struct slice leaf = audit_reader_leaf(r);
    if (out->n + leaf.n + 4 + AUDIT_SIDE_MAX > PROTOCOL_FRAMES_MAX)
        return ST_LIMIT;
    struct buf side;
    buf_init(&side, AUDIT_SIDE_MAX, false);
    audit_entry_put_side(&side, entry);
    buf_put_u32(out, (uint32_t)(8 + leaf.n + side.n));
    buf_put_slice(out, leaf);
    buf_put_slice(out, buf_slice(&side));
    bool failed = side.failed || out->failed;
    buf_free(&side);
    return failed ? ST_NOMEM : ST_OK;
}

void worker_stop_reading(struct worker *w) {
    audit_reader_close(w->reading);
    w->reading = NULL;
}

/* The explorer's index reads on where it stopped, several times a second: it keeps its reader, because
 * finding a place anew means reading the segment up to it. */
static enum status reading_from(struct worker *w, uint64_t from, struct error *e) {
    if (w->reading != NULL && w->reading_next == from)
        return ST_OK;
    worker_stop_reading(w);
    return audit_reader_open(ledger_directory(w->state->ledger), from, &w->reading, e);
}

enum status handle_audit_read(struct worker *w, struct args *in, struct args *out, struct error *e) {
    enum status s = w->door == DOOR_JOBS && !w->has_caller ? ST_OK : auditors_only(w, in, "audit_read", e);
    if (s != ST_OK)
        return s;
    uint64_t from = in->number == 0 ? 1 : in->number;
    out->number = from;
    if (from > ledger_durable(w->state->ledger))
        return ST_OK;
    s = reading_from(w, from, e);
    if (s != ST_OK)
        return s;
    struct audit_reader *r = w->reading;
    audit_reader_limit(r, ledger_durable(w->state->ledger));
    for (uint32_t i = 0; i < in->number32; i++) {
        struct audit_entry entry;
        s = audit_reader_next(r, &w->arena, &entry);
        if (s == ST_OK)
            s = put_frame(&w->scratch, r, &entry);
        if (s != ST_OK)
            break;
        out->number = entry.seq + 1;
    }
    w->reading_next = out->number;
    if (w->door != DOOR_JOBS || (s != ST_OK && s != ST_NOT_FOUND))
        worker_stop_reading(w);
    out->text = buf_slice(&w->scratch);
    bool fine = s == ST_OK || s == ST_NOT_FOUND || (s == ST_LIMIT && out->number > from);
    return fine ? ST_OK : error_set(e, s, "audit_read", "the audit log could not be read");
}

static enum status find_detail(struct worker *w, struct args *in, struct args *out, struct error *e) {
    struct audit_reader *r = NULL;
    enum status s = in->number == 0 || in->number > ledger_durable(w->state->ledger)
                        ? error_set(e, ST_NOT_FOUND, "not_found", "there is no such entry")
                        : audit_reader_open(ledger_directory(w->state->ledger), in->number, &r, e);
    if (s != ST_OK)
        return s;
    struct audit_entry entry;
    s = audit_reader_next(r, &w->arena, &entry);
    if (s == ST_OK && entry.detail_count == 0)
        s = ST_NOT_FOUND;
    if (s == ST_OK)
        s = detail_open(&w->tools, &entry.details[0], in->text, &w->scratch, &out->text);
    audit_reader_close(r);
    return s == ST_OK ? s
                      : error_set(e, s, s == ST_NOT_FOUND ? "not_found" : "detail_open",
                                  "the entry has no detail that opens with this key");
}

enum status handle_audit_detail(struct worker *w, struct args *in, struct args *out, struct error *e) {
    enum status s = auditors_only(w, in, "audit_detail", e);
    char tag[AUDIT_TAG_MAX];
    (void)snprintf(tag, sizeof tag, "audit_detail %llu", (unsigned long long)in->number);
    if (s == ST_OK)
        s = worker_record(w, in, AUDIT_VIEW, AUDIT_DONE, tag, e);
    return s == ST_OK ? find_detail(w, in, out, e) : s;
}

enum status handle_audit_head(struct worker *w, struct args *in, struct args *out, struct error *e) {
    enum status s = auditors_only(w, in, "audit_head", e);
    char *text = s == ST_OK ? arena_alloc(&w->arena, AUDIT_CHECKPOINT_TEXT + 1) : NULL;
    if (s != ST_OK)
        return s;
    s = text == NULL ? ST_NOMEM : ledger_head(w->state->ledger, text);
    if (s != ST_OK)
        return error_set(e, s, "audit_head", "there is no signed head");
    out->text = slice_from_string(text);
    return ST_OK;
}

enum status handle_budgets(struct worker *w, struct args *in, struct args *out, struct error *e) {
    (void)in;
    budget_json(w->state->budgets, &w->caller.actor, &w->scratch);
    out->text = buf_slice(&w->scratch);
    return w->scratch.failed ? error_set(e, ST_NOMEM, "no_memory", "no memory for the budgets") : ST_OK;
}

void worker_took_intent(struct worker *w, uint64_t intent) {
    ledger_leave(w->state->ledger, w->intent);
    w->intent = intent;
}

enum status handle_outcome(struct worker *w, struct args *in, struct args *out, struct error *e) {
    (void)out;
    return ledger_outcome_told(w->state->ledger, in->number, in->flag, e);
}

enum status handle_open_intents(struct worker *w, struct args *in, struct args *out, struct error *e) {
    size_t room = in->number32 > LEDGER_INTENTS_MAX ? LEDGER_INTENTS_MAX : in->number32;
    out->numbers = arena_array(&w->arena, room, sizeof *out->numbers);
    if (out->numbers == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the intents");
    out->number_count = ledger_open_intents(w->state->ledger, in->flag, out->numbers, room);
    return ST_OK;
}

enum status handle_health(struct worker *w, struct args *in, struct args *out, struct error *e) {
    (void)in;
    struct keeper_state *s = w->state;
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {
        {"audit_durable_seq", ledger_durable(s->ledger)},
        {"registry_version", registry_version(s->registry)},
        {"sessions", sessions_count(s->sessions)},
        {"connections", atomic_load(&s->counters.connections)},
        {"requests", atomic_load(&s->counters.requests)},
        {"refused", atomic_load(&s->counters.refused)},
        {"opened_rows", atomic_load(&s->counters.opened_rows)},
        {"sealed_rows", atomic_load(&s->counters.sealed_rows)},
        {"lookups", atomic_load(&s->counters.lookups)},
        {"uptime_s", (uint64_t)((clock_wall_ms() - s->started_at) / 1000)},
    };
    struct json j = json_to(&w->scratch);
    json_object_begin(&j);
    json_key(&j, "audit_writable");
    json_bool(&j, !ledger_failed(s->ledger));
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        json_key(&j, numbers[i].name);
        json_int(&j, (int64_t)numbers[i].value);
    }
    json_object_end(&j);
    out->text = buf_slice(&w->scratch);
    return w->scratch.failed ? error_set(e, ST_NOMEM, "no_memory", "no memory for the counters") : ST_OK;
}
