#include "keeper/high_risk_check.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

#define OWNER_FIELD     2   /* as in every object */
#define FIRST_OWN_FIELD 100 /* as in open.c */

static enum budget_counter counter_of(enum high_risk_act act) {
    static const enum budget_counter counters[HIGH_RISK_ACTS] = {
        BUDGET_DELETES, BUDGET_UPDATES, BUDGET_TRANSFERS, BUDGET_IMPORTS, BUDGET_REVEALS};
    return counters[act];
}

/* How old the second factor is, or was when the job was begun; -1: none. */
static int64_t factor_age(const struct caller *c) {
    int64_t at = c->grant.second_factor_at, now = c->grant.is_job ? c->signed_in_at : clock_wall_ms();
    return at == 0 ? -1 : now > at ? now - at : 0;
}

/* Rows that one act is about to be done to. */
struct deed_rows {
    enum high_risk_act act;
    uint16_t object;
    const struct uuid *records; /* where an approval may be asked for */
    size_t count;
    bool reason, earlier; /* given; with the start of the job */
};

/* "high_risk delete 21", then for a second act " transfer 101"; with " r" where the reason stands in the
 * job's beginning and " p7" where it went by the approval of that proposal. */
static void put_tag(char tag[AUDIT_TAG_MAX], const struct deed_rows *d, uint32_t day, uint64_t proposal) {
    char one[AUDIT_TAG_MAX], by[32] = "";
    size_t n = strlen(tag);
    if (proposal != 0)
        (void)snprintf(by, sizeof by, " p%llu", (unsigned long long)proposal);
    (void)snprintf(one, sizeof one, "%s%s %u%s%s", n == 0 ? "high_risk " : " ", high_risk_name(d->act),
                   (unsigned)day, d->earlier ? " r" : "", by);
    if (n + strlen(one) < AUDIT_TAG_MAX)
        memcpy(tag + n, one, strlen(one) + 1);
}

/* ST_DENIED: no approval covers what is beyond the number; `look`: none is used yet. */
static enum status approve(struct worker *w, const struct deed_rows *d, uint32_t above, uint32_t day,
                           bool look, uint64_t *proposal) {
    uint32_t beyond = day - above < d->count ? day - above : (uint32_t)d->count;
    struct allowance_use use = {.user = w->caller.grant.user,
                                .act = d->act,
                                .object = d->object,
                                .records = d->records,
                                .count = d->count,
                                .beyond = beyond,
                                .look = look};
    /* An approval is a person's: his key, and what it began, goes without. */
    return w->caller.grant.is_key ? ST_DENIED
                                  : allowances_take(w->state->allowances, w->state->registry, &use, proposal);
}

/* Nothing is counted that is refused; ST_LIMIT leaves in `need` what is missing. */
static enum status count(struct worker *w, const struct deed_rows *d, const struct high_risk_terms *t,
                         struct need *need, uint32_t *day, uint64_t *proposal) {
    enum budget_counter which = counter_of(d->act);
    uint32_t user = w->caller.grant.user, n = (uint32_t)d->count;
    bool met = !need_is_any(need);
    enum status s = budget_count_above(w->state->budgets, user, which, n, t->above, met && !t->approval, day);
    if (s != ST_LIMIT || !t->approval)
        return s;
    s = approve(w, d, t->above, *day, !met, proposal);
    need->approval = s == ST_DENIED;
    need->object = d->object;
    if (s != ST_OK || !met)
        return s == ST_OK || s == ST_DENIED ? ST_LIMIT : s;
    return budget_count_above(w->state->budgets, user, which, n, t->above, true, day);
}

static enum status check(struct worker *w, const struct high_risk *r, const struct deed_rows *d, char *tag,
                         struct error *e) {
    const struct high_risk_terms *t = &r->acts[d->act];
    struct need need = high_risk_missing(r, d->act, d->reason || d->earlier, factor_age(&w->caller));
    uint32_t day = 0;
    uint64_t proposal = 0;
    /* One at a time, so that two at once are not both within the number. */
    if (t->approval)
        (void)pthread_mutex_lock(&w->state->allowances->lock);
    enum status s = count(w, d, t, &need, &day, &proposal);
    if (t->approval)
        (void)pthread_mutex_unlock(&w->state->allowances->lock);
    if (s == ST_LIMIT) {
        need.count = day;
        return need_refuse(&need, e);
    }
    if (s == ST_IO)
        return error_set(e, s, "allowance_store", "the use of an approval could not be stored");
    if (s == ST_OK && high_risk_asks(t) && day > t->above)
        put_tag(tag, d, day, proposal);
    return s == ST_OK ? s : error_set(e, s, "no_memory", "no memory to count");
}

/* More than its place changes. */
static bool writes_own(const struct keeper_seal_row *row) {
    bool own = row->value_count > 0;
    for (size_t i = 0; i < row->plain_count; i++)
        own = own || row->plain_fields[i] >= FIRST_OWN_FIELD;
    return own;
}

static bool is_act(const struct worker *w, const struct seal_args *q, const struct keeper_seal_row *row,
                   enum high_risk_act act) {
    const struct keeper_row *old = row->old;
    bool moved = old != NULL && old->owner != row->row.owner;
    switch (act) {
    case HIGH_RISK_TRANSFER:
        return moved;
    case HIGH_RISK_IMPORT:
        return old == NULL && (q->act == AUDIT_IMPORT || w->caller.grant.is_job);
    case HIGH_RISK_DELETE:
        return q->act == AUDIT_DELETE;
    case HIGH_RISK_UPDATE:
        return old != NULL && q->act != AUDIT_DELETE && q->act != AUDIT_RESTORE &&
               (!moved || writes_own(row));
    default:
        return false;
    }
}

enum status high_risk_seal(struct worker *w, const struct args *in, char tag[AUDIT_TAG_MAX],
                           struct error *e) {
    const struct seal_args *q = &in->seal;
    const struct session_grant *g = &w->caller.grant;
    struct high_risk r;
    enum status s = ST_OK;
    registry_high_risk(w->state->registry, &r);
    for (unsigned i = 0; s == ST_OK && i < HIGH_RISK_ACTS; i++) {
        struct uuid *records = NULL;
        struct deed_rows d = {.act = (enum high_risk_act)i,
                              .object = q->object,
                              .reason = in->text.n > 0,
                              .earlier = in->text.n == 0 && g->is_job && g->has_reason};
        if (r.acts[i].approval && (records = arena_array(&w->arena, q->count, sizeof *records)) == NULL)
            return error_set(e, ST_NOMEM, "no_memory", "no memory to count");
        for (size_t k = 0; k < q->count; k++) {
            bool is = is_act(w, q, &q->rows[k], d.act);
            if (is && records != NULL)
                records[d.count] = q->rows[k].row.record;
            d.count += is;
        }
        d.records = records;
        if (d.count > 0)
            s = check(w, &r, &d, tag, e);
    }
    return s;
}

enum status high_risk_reveal(struct worker *w, const struct args *in, char tag[AUDIT_TAG_MAX],
                             struct error *e) {
    const struct keeper_open *q = &in->open;
    struct high_risk r;
    struct uuid *records = arena_array(&w->arena, q->row_count, sizeof *records);
    if (records == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory to count");
    for (size_t i = 0; i < q->row_count; i++)
        records[i] = q->rows[i].record;
    registry_high_risk(w->state->registry, &r);
    struct deed_rows d = {.act = HIGH_RISK_REVEAL,
                          .object = q->object,
                          .records = records,
                          .count = q->row_count,
                          .reason = q->reason.n > 0};
    return d.count == 0 ? ST_OK : check(w, &r, &d, tag, e);
}

static bool names_owner(const struct audit_entry *entry) {
    for (size_t i = 0; i < entry->field_count; i++) {
        if (entry->fields[i].field == OWNER_FIELD)
            return true;
    }
    return false;
}

static enum status replay(struct keeper_state *s, const struct audit_entry *entry, enum high_risk_act act) {
    return budget_replay_count(s->budgets, entry->actor, counter_of(act), (uint32_t)entry->record_count,
                               (uint32_t)(entry->time_ms / 1000));
}

enum status high_risk_replay(struct keeper_state *s, const struct audit_entry *entry) {
    bool intent = entry->outcome == AUDIT_PENDING;
    if (entry->actor == 0)
        return ST_OK;
    if (intent && entry->act == AUDIT_DELETE)
        return replay(s, entry, HIGH_RISK_DELETE);
    if (intent && entry->act == AUDIT_IMPORT)
        return replay(s, entry, HIGH_RISK_IMPORT);
    if (entry->outcome == AUDIT_DONE && entry->act == AUDIT_REVEAL)
        return replay(s, entry, HIGH_RISK_REVEAL);
    bool changes = intent && (entry->act == AUDIT_UPDATE || names_owner(entry)) && entry->act != AUDIT_CREATE;
    enum status st = changes ? replay(s, entry, HIGH_RISK_UPDATE) : ST_OK;
    return st == ST_OK && changes && names_owner(entry) ? replay(s, entry, HIGH_RISK_TRANSFER) : st;
}
