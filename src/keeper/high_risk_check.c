#include "keeper/high_risk_check.h"

#include "base/clock.h"
#include "keeper/high_risk_tag.h"

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
    const bool *wanted;         /* per row: policy asks for one */
    size_t count, wanted_count;
    bool reason, earlier; /* given; with the start of the job */
};

#define TAG_SECOND 24 /* of a tag: room for what a second act puts behind the first */

/* What is let pass beyond the number. */
static void put_tag(char tag[AUDIT_TAG_MAX], const struct deed_rows *d, uint32_t day,
                    const struct allowances_taken *taken) {
    struct high_risk_tagged one = {
        .act = slice_from_string(high_risk_name(d->act)), .day = day, .reason = d->earlier};
    while (one.approval_count < taken->count && one.approval_count < HIGH_RISK_TAG_APPROVALS) {
        one.approvals[one.approval_count] = taken->proposals[one.approval_count];
        one.approval_count++;
    }
    one.more = (uint32_t)(taken->count - one.approval_count);
    high_risk_tag_put(tag, &one, d->act == HIGH_RISK_UPDATE ? TAG_SECOND : 0);
}

/* ST_DENIED: approvals don't cover what policy wants one for and what is beyond the number; `look`: none is
 * used yet. */
static enum status approve(struct worker *w, const struct deed_rows *d, uint32_t beyond, bool look,
                           struct allowances_taken *taken) {
    size_t others = d->count - d->wanted_count;
    struct allowance_use use = {.user = w->caller.grant.user,
                                .act = d->act,
                                .object = d->object,
                                .records = d->records,
                                .wanted = d->wanted,
                                .count = d->count,
                                .free = beyond < d->count ? d->count - beyond : 0,
                                .look = look};
    use.free = use.free < others ? use.free : others;
    /* An approval is a person's: his key, and what it began, goes without. */
    return w->caller.grant.is_key ? ST_DENIED
                                  : allowances_take(w->state->allowances, w->state->registry, &use, taken);
}

/* Nothing is counted that is refused; ST_LIMIT leaves in `need` what is missing. */
static enum status count(struct worker *w, const struct deed_rows *d, const struct high_risk_terms *t,
                         struct need *need, uint32_t *day, struct allowances_taken *taken) {
    enum budget_counter which = counter_of(d->act);
    uint32_t user = w->caller.grant.user, n = (uint32_t)d->count;
    bool met = !need_is_any(need), wanted = d->wanted_count > 0;
    taken->count = 0;
    enum status s = budget_count_above(w->state->budgets, user, which, n, wanted ? 0 : t->above,
                                       met && !t->approval && !wanted, day);
    if (s != ST_LIMIT || (!t->approval && !wanted))
        return s;
    if (*day <= t->above || !high_risk_asks(t)) { /* policy alone asks */
        need->reason = need->counted = false;
        need->minutes = 0;
        met = true;
    }
    s = approve(w, d, t->approval && *day > t->above ? *day - t->above : 0, !met, taken);
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
    bool approval = t->approval || d->wanted_count > 0;
    uint32_t day = 0;
    struct allowances_taken taken;
    /* One at a time, so that two at once are not both within the number. */
    if (approval)
        (void)pthread_mutex_lock(&w->state->allowances->lock);
    enum status s = count(w, d, t, &need, &day, &taken);
    if (approval)
        (void)pthread_mutex_unlock(&w->state->allowances->lock);
    if (s == ST_LIMIT) {
        need.count = need.counted ? day : (uint32_t)d->wanted_count;
        return need_refuse(&need, e);
    }
    if (s == ST_IO)
        return error_set(e, s, "allowance_store", "the use of an approval could not be stored");
    if (s == ST_OK && (taken.count > 0 || (high_risk_asks(t) && day > t->above)))
        put_tag(tag, d, day, &taken);
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

static bool wants(const struct seal_args *q) {
    bool any = false;
    for (size_t k = 0; k < q->count; k++)
        any = any || q->rows[k].approval != 0;
    return any;
}

/* The rows that an act is done to, or that the engine says an approval of it is wanted for. */
static enum status gather(struct worker *w, const struct seal_args *q, bool records, struct deed_rows *d) {
    struct uuid *ids = !records ? NULL : arena_array(&w->arena, q->count, sizeof *ids);
    bool *wanted = !records ? NULL : arena_array(&w->arena, q->count, sizeof *wanted);
    if (records && (ids == NULL || wanted == NULL))
        return ST_NOMEM;
    for (size_t k = 0; k < q->count; k++) {
        bool asked = (q->rows[k].approval >> d->act & 1) != 0;
        if (!asked && !is_act(w, q, &q->rows[k], d->act))
            continue;
        if (records) {
            ids[d->count] = q->rows[k].row.record;
            wanted[d->count] = asked;
        }
        d->count++;
        d->wanted_count += asked;
    }
    d->records = ids;
    d->wanted = wanted;
    return ST_OK;
}

enum status high_risk_seal(struct worker *w, const struct args *in, char tag[AUDIT_TAG_MAX],
                           struct error *e) {
    const struct seal_args *q = &in->seal;
    const struct session_grant *g = &w->caller.grant;
    struct high_risk r;
    enum status s = ST_OK;
    bool wanted = wants(q);
    registry_high_risk(w->state->registry, &r);
    for (unsigned i = 0; s == ST_OK && i < HIGH_RISK_ACTS; i++) {
        struct deed_rows d = {.act = (enum high_risk_act)i,
                              .object = q->object,
                              .reason = in->text.n > 0,
                              .earlier = in->text.n == 0 && g->is_job && g->has_reason};
        if (gather(w, q, wanted || r.acts[i].approval, &d) != ST_OK)
            return error_set(e, ST_NOMEM, "no_memory", "no memory to count");
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
    bool *wanted = arena_array(&w->arena, q->row_count, sizeof *wanted);
    if (records == NULL || wanted == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory to count");
    for (size_t i = 0; i < q->row_count; i++) {
        records[i] = q->rows[i].record;
        wanted[i] = q->approval;
    }
    registry_high_risk(w->state->registry, &r);
    struct deed_rows d = {.act = HIGH_RISK_REVEAL,
                          .object = q->object,
                          .records = records,
                          .wanted = wanted,
                          .count = q->row_count,
                          .wanted_count = q->approval ? q->row_count : 0,
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
