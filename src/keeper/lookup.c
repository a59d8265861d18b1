#include "keeper/match.h"
#include "keeper/state.h"
#include "value/terms.h"

#include "base/hex.h"

/* The log has a keyed hash of what was looked for: the same text is recognised, but not read. The terms leave
 * before the disk has the entry: what they find does not (worker.owed). */
static enum status lookup_entry(struct worker *w, const struct args *in, struct error *e) {
    uint8_t hash[16];
    char tag[2 * sizeof hash + 1];
    if (mac_one(w->tools.lookup, in->text, hash, sizeof hash) != ST_OK)
        return error_set(e, ST_INTERNAL, "lookup_hash", "the text could not be hashed");
    hex_encode(slice_of(hash, sizeof hash), tag);
    struct audit_field field = {in->field, in->view};
    struct audit_entry entry = worker_entry(w, in, AUDIT_LOOKUP, AUDIT_DONE);
    entry.object = in->object;
    entry.tag = slice_of(tag, sizeof tag - 1);
    entry.fields = &field;
    entry.field_count = 1;
    uint64_t seq;
    enum status s = ledger_append(w->state->ledger, &entry, &seq, e);
    if (s != ST_OK)
        return s;
    w->owed.from = w->owed.from == 0 ? seq : w->owed.from;
    w->owed.to = seq;
    return ST_OK;
}

/* All terms that a token may have; every one but the first says that it belongs to the one before. */
static enum status token_terms(struct worker *w, const struct args *in, struct slice token, uint64_t *terms,
                               size_t *n) {
    const struct parts_index index = {in->object, in->field, in->search};
    uint64_t name = parts_name(w->state->parts, &index, token);
    uint8_t levels;
    enum status s = ST_OK;
    parts_levels(w->state->parts, &name, 1, &levels);
    for (unsigned i = 0; i < PARTS_ALL && s == ST_OK; i++) {
        unsigned level = parts_level((uint8_t)(i + 1)), part = i + 1 - (1u << level);
        if ((levels >> level & 1) == 0)
            continue;
        s = tools_term_part(&w->tools, in->object, in->field, in->search, token, level, part, &terms[*n]);
        terms[*n] |= i > 0 ? KEEPER_TERM_OR : 0;
        ++*n;
    }
    return s;
}

static enum status lookup_terms(struct worker *w, const struct args *in, const struct term_query *q,
                                struct args *out) {
    struct keeper_term_list *lists = arena_array(&w->arena, q->n, sizeof *lists);
    enum status s = lists == NULL ? ST_NOMEM : ST_OK;
    for (size_t i = 0; s == ST_OK && i < q->n; i++) {
        uint64_t *terms = arena_array(&w->arena, q->any[i].n * PARTS_ALL, sizeof *terms);
        size_t n = 0;
        if (terms == NULL)
            return ST_NOMEM;
        for (size_t k = 0; s == ST_OK && k < q->any[i].n; k++)
            s = token_terms(w, in, q->any[i].terms[k], terms, &n);
        lists[i] = (struct keeper_term_list){terms, n};
    }
    out->lists = lists;
    out->list_count = q->n;
    return s;
}

static enum status lookup_decide(struct worker *w, const struct args *in, struct catalogue_field *f,
                                 struct term_query *q, struct error *e) {
    const struct caller *c = &w->caller;
    if (!registry_field(w->state->registry, in->object, in->field, f) || f->class < CLASS_PERSONAL)
        return error_set(e, ST_DENIED, "unknown_field", "no sealed field of this number");
    if (c->grant.is_job && c->grant.object != in->object)
        return error_set(e, ST_DENIED, "another_object", "the job's token is for another object");
    if (in->view > VIEW_CLEAR)
        return error_set(e, ST_INVALID, "bad_view", "no such view");
    enum status s = match_permitted(&c->actor, f, in->search, in->view, in->text, &w->arena, e);
    if (s == ST_OK)
        s = terms_for_query((enum value_type)f->type, (enum field_search)in->search, in->text, &w->arena, q,
                            e);
    if (s != ST_OK)
        return s;
    struct budget_limits company;
    registry_company(w->state->registry, &company);
    return budget_charge_count(w->state->budgets, &c->actor, &company, BUDGET_LOOKUPS, 1, e);
}

enum status handle_lookup(struct worker *w, struct args *in, struct args *out, struct error *e) {
    struct catalogue_field f;
    struct term_query q = {.n = 0};
    enum status s = ledger_ready(w->state->ledger, e);
    if (s != ST_OK)
        return s;
    s = lookup_decide(w, in, &f, &q, e);
    if (s == ST_DENIED || s == ST_LIMIT)
        return worker_refuse(w, in, "lookup", e);
    if (s == ST_OK)
        s = lookup_terms(w, in, &q, out);
    if (s != ST_OK)
        return e->status == s ? s : error_set(e, s, "lookup", "the text cannot be looked up");
    match_pay(&w->state->paid, w->caller.grant.user, (uint32_t)in->object << 16 | in->field, in->search,
              in->text);
    atomic_fetch_add(&w->state->counters.lookups, 1);
    return lookup_entry(w, in, e);
}
