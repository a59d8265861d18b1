#include "keeper/open.h"

#include "keeper/detail.h"
#include "keeper/high_risk_check.h"
#include "keeper/match.h"

/* Field ids below this are the system's (owner, department, times …): in every object, never sealed, and
 * known without an entry in the catalogue. */
#define FIRST_OWN_FIELD 100
#define REASON_ROWS     16

static bool act_may_open(uint8_t act) {
    return (act >= AUDIT_LIST && act <= AUDIT_SEARCH) || (act >= AUDIT_CREATE && act <= AUDIT_SHARE);
}

static enum status open_fields(struct open_work *o, struct error *e) {
    const struct keeper_open *q = o->q;
    o->fields = arena_array(&o->w->arena, q->field_count, sizeof *o->fields);
    if (o->fields == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the page");
    for (size_t i = 0; i < q->field_count; i++) {
        struct open_field *f = &o->fields[i];
        if (!registry_field(o->w->state->registry, q->object, q->fields[i], &f->f)) {
            if (q->fields[i] >= FIRST_OWN_FIELD)
                return error_set(e, ST_DENIED, "unknown_field",
                                 "field %u of object %u is not in the catalogue", q->fields[i], q->object);
            f->f =
                (struct catalogue_field){.object = q->object, .field = q->fields[i], .class = CLASS_INTERNAL};
        }
        f->sealed = f->f.class >= CLASS_PERSONAL;
        f->ceiling = o->w->caller.actor.ceiling[f->f.class];
    }
    return ST_OK;
}

static enum status check_cell(const struct open_work *o, size_t row, size_t field, struct error *e) {
    size_t cell = open_cell(o, row, field);
    const struct open_field *f = &o->fields[field];
    uint8_t view = o->q->views[cell];
    if (view > VIEW_CLEAR || (!f->sealed && o->q->sealed[cell].n > 0))
        return error_set(e, ST_INVALID, "bad_page", "a view or a sealed value is out of place");
    if (view > f->ceiling)
        return error_set(e, ST_DENIED, "above_ceiling",
                         "field %u: the roles' ceiling is lower than the view asked for", f->f.field);
    return ST_OK;
}

/* All cells of a row in one look; who is to blame is asked when one is. */
static bool row_is_fine(const struct open_work *o, size_t row) {
    const uint8_t *views = &o->q->views[open_cell(o, row, 0)];
    const struct slice *sealed = &o->q->sealed[open_cell(o, row, 0)];
    bool bad = false;
    for (size_t k = 0; k < o->q->field_count; k++) {
        const struct open_field *f = &o->fields[k];
        bad = bad || views[k] > VIEW_CLEAR || views[k] > f->ceiling || (!f->sealed && sealed[k].n > 0);
    }
    return !bad;
}

static enum status check_rows(const struct open_work *o, struct error *e) {
    enum status s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < o->q->row_count; i++) {
        for (size_t k = 0; s == ST_OK && !row_is_fine(o, i) && k < o->q->field_count; k++)
            s = check_cell(o, i, k, e);
        if (s == ST_OK && tools_row_check(&o->w->tools, o->q->object, &o->q->rows[i]) != ST_OK)
            s = error_set(e, ST_CORRUPT, "row_corrupt",
                          "a row's owner, department, subject or versions were changed outside");
    }
    return s;
}

static enum status check_request(struct open_work *o, struct error *e) {
    const struct keeper_open *q = o->q;
    const struct caller *c = &o->w->caller;
    if (!act_may_open(q->act))
        return error_set(e, ST_INVALID, "bad_act", "no act that opens rows");
    if (c->grant.is_job && c->grant.object != q->object)
        return error_set(e, ST_DENIED, "another_object", "the job's token is for another object");
    if (q->act == AUDIT_REVEAL && (slice_trim(q->reason).n == 0 || q->row_count > REASON_ROWS))
        return error_set(e, ST_INVALID, "reason_required",
                         "revealing needs a reason, and few rows at a time");
    if (q->reason.n > 0 && q->row_count > REASON_ROWS)
        return error_set(e, ST_INVALID, "bad_page", "a reason goes with at most %d rows", REASON_ROWS);
    enum status s = open_fields(o, e);
    return s == ST_OK ? check_rows(o, e) : s;
}

/* A needle is a look-up: paid for by keeper_lookup a moment ago, or now. */
static enum status pay_needle(struct open_work *o, const struct keeper_needle *needle, struct error *e) {
    const struct keeper_open *q = o->q;
    struct keeper_state *st = o->w->state;
    const struct actor *actor = &o->w->caller.actor;
    struct catalogue_field f;
    if (!registry_field(st->registry, q->object, needle->field, &f) || f.class < CLASS_PERSONAL)
        return error_set(e, ST_INVALID, "bad_needle", "the needle's field is not a sealed one");
    enum status s = match_permitted(actor, &f, needle->search, VIEW_CLEAR, needle->text, &o->w->arena, e);
    uint32_t name = (uint32_t)q->object << 16 | needle->field;
    if (s != ST_OK || match_is_paid(&st->paid, actor->user, name, needle->search, needle->text))
        return s;
    struct budget_limits company;
    registry_company(st->registry, &company);
    s = budget_charge_count(st->budgets, actor, &company, BUDGET_LOOKUPS, 1, e);
    if (s == ST_OK)
        match_pay(&st->paid, actor->user, name, needle->search, needle->text);
    return s;
}

static uint8_t row_what(const struct open_work *o, size_t row) {
    uint8_t what = 0;
    for (size_t k = 0; k < o->q->field_count; k++) {
        if (open_is_opened(o, row, k))
            what |= budget_bit(o->fields[k].f.class, o->q->views[open_cell(o, row, k)]);
    }
    return what;
}

static enum status charge_people(struct open_work *o, struct error *e) {
    struct arena *a = &o->w->arena;
    struct budget_person *people = arena_array(a, o->q->row_count, sizeof *people);
    size_t n = 0;
    o->what = arena_alloc(a, o->q->row_count);
    if (people == NULL || o->what == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the page");
    for (size_t i = 0; i < o->q->row_count; i++) {
        o->what[i] = o->dropped[i] ? 0 : row_what(o, i);
        if (o->what[i] != 0)
            people[n++] = (struct budget_person){o->q->rows[i].subject, o->what[i]};
    }
    if (n == 0)
        return ST_OK;
    struct budget_limits company;
    registry_company(o->w->state->registry, &company);
    return budget_charge_people(o->w->state->budgets, &o->w->caller.actor, &company, people, n, a, e);
}

/* ---- the entry ---- */

struct page_entry {
    struct uuid *records;
    size_t record_count, row_records;
    struct audit_field *fields;
    uint16_t *places; /* of each audit field in the request */
    size_t field_count;
    bool alike;
};

/* Records of the rows that are shown, and behind them the people they speak of where those are others. */
static void entry_records(const struct open_work *o, struct page_entry *p) {
    for (size_t i = 0; i < o->q->row_count; i++) {
        if (!o->dropped[i])
            p->records[p->record_count++] = o->q->rows[i].record;
    }
    p->row_records = p->record_count;
    for (size_t i = 0; i < o->q->row_count; i++) {
        const struct keeper_row *r = &o->q->rows[i];
        bool there = o->dropped[i] || uuid_equal(&r->subject, &r->record) || o->what[i] == 0;
        for (size_t k = p->row_records; !there && k < p->record_count; k++)
            there = uuid_equal(&p->records[k], &r->subject);
        if (!there)
            p->records[p->record_count++] = r->subject;
    }
}

/* Do all rows show the same: the usual page? */
static bool rows_are_alike(const struct open_work *o) {
    size_t n = o->q->field_count;
    for (size_t i = 0; i < o->q->row_count; i++) {
        if (o->dropped[i] || memcmp(o->q->views + i * n, o->q->views, n) != 0)
            return false;
    }
    return o->q->row_count > 0;
}

/* Each field once for each view by which some row shows it. */
static void entry_fields(const struct open_work *o, struct page_entry *p) {
    size_t rows = p->alike ? 1 : o->q->row_count;
    for (size_t k = 0; k < o->q->field_count; k++) {
        bool seen[VIEW_CLEAR + 1] = {false};
        for (size_t i = 0; i < rows; i++) {
            if (!o->dropped[i])
                seen[o->q->views[open_cell(o, i, k)]] = true;
        }
        for (unsigned v = VIEW_MASKED; v <= VIEW_CLEAR; v++) {
            if (!seen[v])
                continue;
            p->places[p->field_count] = (uint16_t)k;
            p->fields[p->field_count++] = (struct audit_field){o->q->fields[k], (uint8_t)v};
        }
    }
}

/* A set bit: this record did not show this field by this view. */
static bool entry_exceptions(const struct open_work *o, const struct page_entry *p, uint8_t *bits) {
    size_t bit = 0, record = 0;
    bool any = false;
    if (p->alike && p->record_count == p->row_records)
        return false;
    for (size_t i = 0; i < o->q->row_count; i++) {
        for (size_t f = 0; !o->dropped[i] && f < p->field_count; f++, bit++) {
            bool shown = o->q->views[open_cell(o, i, p->places[f])] == p->fields[f].view;
            bits[bit / 8] |= (uint8_t)(!shown << bit % 8);
            any = any || !shown;
        }
        record += !o->dropped[i];
    }
    for (; record < p->record_count; record++) {
        for (size_t f = 0; f < p->field_count; f++, bit++)
            bits[bit / 8] |= (uint8_t)(1u << bit % 8);
        any = any || p->field_count > 0;
    }
    return any;
}

static enum status entry_details(struct open_work *o, struct audit_entry *entry, struct error *e) {
    struct audit_detail *details = arena_array(&o->w->arena, o->q->row_count, sizeof *details);
    enum status s = details == NULL ? ST_NOMEM : ST_OK;
    for (size_t i = 0; s == ST_OK && i < o->q->row_count; i++) {
        const struct keeper_row *r = &o->q->rows[i];
        bool live = r->wrapped_key.n > 0;
        if (o->dropped[i])
            continue;
        if (live)
            s = open_subject(o, r);
        if (s == ST_OK)
            s = detail_seal(&o->w->tools, live ? &r->subject : NULL, live ? o->subject_key : NULL,
                            o->q->reason, &o->w->arena, &details[entry->detail_count++]);
        o->class_at = -1; /* the derivation context holds the detail's subject now */
        o->keyed = false;
    }
    entry->details = details;
    return s == ST_OK ? s : error_set(e, s, "detail_seal", "the reason could not be sealed");
}

static enum status append_entry(struct open_work *o, uint64_t *seq, struct error *e) {
    struct arena *a = &o->w->arena;
    struct page_entry p = {.records = arena_array(a, o->q->row_count * 2, sizeof *p.records),
                           .fields = arena_array(a, o->q->field_count * 2, sizeof *p.fields),
                           .places = arena_array(a, o->q->field_count * 2, sizeof *p.places)};
    if (p.records == NULL || p.fields == NULL || p.places == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the entry");
    p.alike = rows_are_alike(o);
    entry_records(o, &p);
    entry_fields(o, &p);
    size_t n = audit_exceptions_length(p.record_count, p.field_count);
    uint8_t *bits = arena_alloc(a, n);
    if (bits == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the entry");
    struct audit_entry entry = worker_entry(o->w, o->in, o->q->act, AUDIT_DONE);
    entry.object = o->q->object;
    entry.tag = slice_from_string(o->tag);
    entry.records = p.records;
    entry.record_count = p.record_count;
    entry.fields = p.fields;
    entry.field_count = p.field_count;
    if (entry_exceptions(o, &p, bits))
        entry.exceptions = slice_of(bits, n);
    enum status s = o->q->reason.n > 0 ? entry_details(o, &entry, e) : ST_OK;
    return s == ST_OK ? ledger_append(o->w->state->ledger, &entry, seq, e) : s;
}

static void put_mark(char tag[AUDIT_TAG_MAX]) {
    static const char mark[] = "watermark";
    size_t n = strlen(tag), from = n == 0 ? 0 : n + 1;
    if (from + sizeof mark > AUDIT_TAG_MAX)
        return;
    if (n > 0)
        tag[n] = ' ';
    memcpy(tag + from, mark, sizeof mark);
}

/* Everything that may refuse, before anything is opened. */
static enum status open_decide(struct open_work *o, struct error *e) {
    enum status s = check_request(o, e);
    if (s != ST_OK)
        return s;
    o->dropped = arena_array(&o->w->arena, o->q->row_count, sizeof *o->dropped);
    o->values = arena_array(&o->w->arena, o->q->row_count * o->q->field_count, sizeof *o->values);
    if (o->dropped == NULL || o->values == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the page");
    o->kept = o->q->row_count;
    for (size_t i = 0; s == ST_OK && i < o->q->needle_count; i++) {
        if (o->q->needles[i].field != 0)
            s = pay_needle(o, &o->q->needles[i], e);
    }
    if (s == ST_OK && o->q->needle_count > 0)
        s = open_drop(o, e);
    if (s == ST_OK && o->q->act == AUDIT_REVEAL)
        s = high_risk_reveal(o->w, o->in, o->tag, e);
    if (o->q->watermark)
        put_mark(o->tag);
    return s == ST_OK ? charge_people(o, e) : s;
}

static bool is_refusal(enum status s) {
    return s == ST_DENIED || s == ST_LIMIT || s == ST_CORRUPT;
}

enum status handle_open(struct worker *w, struct args *in, struct args *out, struct error *e) {
    enum status s = ledger_ready(w->state->ledger, e);
    if (s != ST_OK)
        return s;
    struct open_work o = {.w = w, .in = in, .q = &in->open, .class_at = -1};
    uint64_t seq = 0;
    s = open_decide(&o, e);
    if (s == ST_OK)
        s = open_values(&o, e);
    if (s == ST_OK)
        s = append_entry(&o, &seq, e);
    open_wipe(&o);
    if (is_refusal(s))
        return worker_refuse(w, in, "open", e);
    if (s == ST_OK)
        s = ledger_wait(w->state->ledger, seq, e); /* only now may anything leave */
    if (s != ST_OK)
        return s;
    atomic_fetch_add(&w->state->counters.opened_rows, o.kept);
    out->opened = (struct keeper_opened){.values = o.values, .dropped = o.dropped, .entry = seq};
    out->opened_rows = o.q->row_count;
    out->opened_fields = o.q->field_count;
    return ST_OK;
}
