#include "keeper/seal.h"

#include "keeper/high_risk_check.h"

#include <stdlib.h>

#define FIRST_OWN_FIELD 100 /* as in open.c */

enum status seal_field(struct seal_work *s, uint16_t field, struct catalogue_field *out, struct error *e) {
    for (size_t i = 0; i < s->field_count; i++) {
        if (s->fields[i].field == field) {
            *out = s->fields[i];
            return ST_OK;
        }
    }
    if (!registry_field(s->w->state->registry, s->q->object, field, out)) {
        if (field >= FIRST_OWN_FIELD || field == 0)
            return error_set(e, ST_DENIED, "unknown_field", "field %u of object %u is not in the catalogue",
                             field, s->q->object);
        *out = (struct catalogue_field){.object = s->q->object, .field = field, .class = CLASS_INTERNAL};
    }
    if (s->field_count < KEEPER_FIELDS_MAX)
        s->fields[s->field_count++] = *out;
    return ST_OK;
}

static bool act_may_seal(uint8_t act) {
    return act >= AUDIT_CREATE && act <= AUDIT_IMPORT;
}

static enum status check_request(struct worker *w, const struct seal_args *q, struct error *e) {
    const struct caller *c = &w->caller;
    if (!act_may_seal(q->act) || q->count == 0)
        return error_set(e, ST_INVALID, "bad_act", "no act that writes rows");
    if (c->actor.duties != 0)
        return error_set(e, ST_DENIED, "another_duty", "holders of a duty do not touch customers' data");
    if (c->grant.is_job && c->grant.object != q->object)
        return error_set(e, ST_DENIED, "another_object", "the job's token is for another object");
    struct budget_limits company;
    registry_company(w->state->registry, &company);
    return budget_charge_count(w->state->budgets, &c->actor, &company, BUDGET_WRITES, (uint32_t)q->count, e);
}

static enum status seal_prepare(struct seal_work *s, struct error *e) {
    struct arena *a = &s->w->arena;
    size_t rows = s->q->count, values = s->q->value_count;
    for (size_t i = 0; i < rows; i++)
        s->row_field_room += s->q->rows[i].value_count + s->q->rows[i].plain_count;
    s->out->sealed = arena_array(a, values, sizeof *s->out->sealed);
    s->out->same = arena_array(a, values, sizeof *s->out->same);
    s->out->wrapped_keys = arena_array(a, rows, sizeof *s->out->wrapped_keys);
    s->out->versions = arena_array(a, rows, sizeof *s->out->versions);
    s->out->seals = arena_array(a, rows, sizeof *s->out->seals);
    s->row_fields = arena_array(a, s->row_field_room, sizeof *s->row_fields);
    if (s->out->sealed == NULL || s->out->same == NULL || s->out->wrapped_keys == NULL ||
        s->out->versions == NULL || s->out->seals == NULL || s->row_fields == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the rows");
    arena_init(&s->small, (size_t)8 << 20, ARENA_SECRET);
    buf_init(&s->plain, PROTOCOL_SEALED_MAX, true);
    buf_init(&s->versions, PROTOCOL_VERSIONS_MAX * 2, false);
    return ST_OK;
}

static void seal_release(struct seal_work *s) {
    arena_free(&s->small);
    buf_free(&s->plain);
    buf_free(&s->versions);
}

/* A set bit: this record did not write this field. */
static enum status intent_exceptions(struct seal_work *s, struct audit_entry *entry) {
    size_t bits = s->q->count * s->written_count;
    size_t n = audit_exceptions_length(s->q->count, s->written_count);
    if (s->row_field_count == bits)
        return ST_OK;
    uint8_t *map = arena_alloc(&s->w->arena, n);
    if (map == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < bits; i++)
        map[i / 8] |= (uint8_t)(1u << i % 8);
    for (size_t i = 0; i < s->row_field_count; i++) {
        size_t bit = (s->row_fields[i] >> 16) * s->written_count + (s->row_fields[i] & 0xffff);
        map[bit / 8] &= (uint8_t) ~(1u << bit % 8);
    }
    entry->exceptions = slice_of(map, n);
    return ST_OK;
}

/* Of one row: what was typed of a customer goes when he does. Of several it is nobody's. */
static enum status intent_reason(struct seal_work *s, const struct args *in, struct audit_entry *entry,
                                 struct audit_detail *why, struct error *e) {
    const struct keeper_row *row = &s->q->rows[0].row;
    struct slice wrapped = row->wrapped_key.n > 0 ? row->wrapped_key : s->out->wrapped_keys[0];
    return worker_reason(s->w, in, s->q->count == 1 ? &row->subject : NULL, wrapped, entry, why, e);
}

static enum status seal_intent(struct seal_work *s, const struct args *in, struct error *e) {
    struct arena *a = &s->w->arena;
    struct uuid *records = arena_array(a, s->q->count, sizeof *records);
    struct audit_field *fields = arena_array(a, s->written_count, sizeof *fields);
    if (records == NULL || fields == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the entry");
    for (size_t i = 0; i < s->q->count; i++)
        records[i] = s->q->rows[i].row.record;
    for (size_t i = 0; i < s->written_count; i++)
        fields[i] = (struct audit_field){s->written[i], AUDIT_VIEW_MAX};
    struct audit_entry entry = worker_entry(s->w, in, s->q->act, AUDIT_PENDING);
    entry.object = s->q->object;
    entry.tag = slice_from_string(s->tag);
    entry.records = records;
    entry.record_count = s->q->count;
    entry.fields = fields;
    entry.field_count = s->written_count;
    struct audit_detail why;
    if (intent_exceptions(s, &entry) != ST_OK)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the entry");
    enum status st = intent_reason(s, in, &entry, &why, e);
    if (st == ST_OK)
        st = ledger_intent(s->w->state->ledger, &entry, &s->out->intent, e);
    if (st == ST_OK)
        worker_took_intent(s->w, s->out->intent);
    return st;
}

typedef enum status seal_one(struct seal_work *s, size_t row, struct error *e);

static enum status seal_all(struct seal_work *s, const struct args *in, seal_one *one, struct error *e) {
    enum status st = seal_prepare(s, e);
    for (size_t i = 0; st == ST_OK && i < s->q->count; i++)
        st = one(s, i, e);
    if (st == ST_OK)
        st = seal_intent(s, in, e);
    parts_settle(s->w->state->parts);
    seal_release(s);
    return st;
}

static enum status check_reseal(struct worker *w, const struct seal_args *q, struct error *e) {
    if (q->act != AUDIT_CONFIG || q->count == 0)
        return error_set(e, ST_INVALID, "bad_act", "sealing again is a change of configuration");
    if ((w->caller.actor.duties & DUTY_SYSTEM_ADMIN) == 0)
        return error_set(e, ST_DENIED, "another_duty", "only a system administrator raises a class");
    if (w->caller.grant.is_job && w->caller.grant.object != q->object)
        return error_set(e, ST_DENIED, "another_object", "the job's token is for another object");
    return ST_OK;
}

static enum status answer(struct worker *w, struct args *in, struct args *out, seal_one *one,
                          enum status (*check)(struct worker *, const struct seal_args *, struct error *),
                          const char *what, struct error *e) {
    enum status st = ledger_ready(w->state->ledger, e);
    if (st != ST_OK)
        return st;
    struct seal_work *s = arena_alloc(&w->arena, sizeof *s);
    if (s == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the rows");
    s->w = w;
    s->q = &in->seal;
    s->out = &out->sealed;
    st = check(w, &in->seal, e);
    if (st == ST_OK && one == seal_row)
        st = high_risk_seal(w, in, s->tag, e);
    if (st == ST_OK)
        st = seal_all(s, in, one, e);
    if (st == ST_DENIED || st == ST_LIMIT || st == ST_CORRUPT)
        return worker_refuse(w, in, what, e);
    if (st != ST_OK)
        return st;
    atomic_fetch_add(&w->state->counters.sealed_rows, in->seal.count);
    out->seal.count = in->seal.count;
    out->seal.value_count = in->seal.value_count;
    return ST_OK;
}

enum status handle_seal(struct worker *w, struct args *in, struct args *out, struct error *e) {
    return answer(w, in, out, seal_row, check_request, "seal", e);
}

enum status handle_reseal(struct worker *w, struct args *in, struct args *out, struct error *e) {
    return answer(w, in, out, seal_again, check_reseal, "reseal", e);
}
