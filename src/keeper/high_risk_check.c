#include "keeper/high_risk_check.h"

#include "base/clock.h"

#include <stdio.h>

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

static enum status check(struct worker *w, enum high_risk_act act, size_t n, bool reason, char *tag,
                         struct error *e) {
    struct high_risk r;
    uint32_t day = 0;
    registry_high_risk(w->state->registry, &r);
    const struct high_risk_terms *t = &r.acts[act];
    bool given = reason || (w->caller.grant.is_job && w->caller.grant.has_reason);
    struct need need = high_risk_missing(&r, act, given, factor_age(&w->caller));
    enum status s = budget_count_above(w->state->budgets, w->caller.grant.user, counter_of(act), (uint32_t)n,
                                       t->above, !need_is_any(&need), &day);
    if (s == ST_LIMIT) {
        need.count = day;
        return need_refuse(&need, e);
    }
    if (s == ST_OK && tag != NULL && high_risk_asks(t) && day > t->above)
        (void)snprintf(tag, AUDIT_TAG_MAX, "high_risk %s %u", high_risk_name(act), day);
    return s == ST_OK ? s : error_set(e, s, "no_memory", "no memory to count");
}

/* More than its place changes. */
static bool writes_own(const struct keeper_seal_row *row) {
    bool own = row->value_count > 0;
    for (size_t i = 0; i < row->plain_count; i++)
        own = own || row->plain_fields[i] >= FIRST_OWN_FIELD;
    return own;
}

enum status high_risk_seal(struct worker *w, const struct args *in, char tag[AUDIT_TAG_MAX],
                           struct error *e) {
    const struct seal_args *q = &in->seal;
    size_t count[HIGH_RISK_ACTS] = {0};
    for (size_t i = 0; i < q->count; i++) {
        const struct keeper_row *old = q->rows[i].old;
        bool moved = old != NULL && old->owner != q->rows[i].row.owner;
        bool imported = old == NULL && (q->act == AUDIT_IMPORT || w->caller.grant.is_job);
        count[HIGH_RISK_TRANSFER] += moved;
        count[HIGH_RISK_IMPORT] += imported;
        count[HIGH_RISK_DELETE] += q->act == AUDIT_DELETE;
        count[HIGH_RISK_UPDATE] += old != NULL && q->act != AUDIT_DELETE && q->act != AUDIT_RESTORE &&
                                   (!moved || writes_own(&q->rows[i]));
    }
    enum status s = ST_OK;
    for (unsigned i = 0; s == ST_OK && i < HIGH_RISK_ACTS; i++) {
        if (count[i] > 0)
            s = check(w, (enum high_risk_act)i, count[i], in->text.n > 0, tag, e);
    }
    return s;
}

enum status high_risk_reveal(struct worker *w, const struct args *in, struct error *e) {
    return check(w, HIGH_RISK_REVEAL, in->open.row_count, in->open.reason.n > 0, NULL, e);
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
