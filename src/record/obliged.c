#include "record/obliged.h"

#include "keeper/high_risk.h"
#include "policy/implies.h"
#include "policy/truth.h"
#include "store/store.h"

#define COUNT_MOST 2000000

static const struct {
    enum act act;
    enum high_risk_act as;
} acts[] = {{ACT_DELETE, HIGH_RISK_DELETE},
            {ACT_UPDATE, HIGH_RISK_UPDATE},
            {ACT_TRANSFER, HIGH_RISK_TRANSFER},
            {ACT_IMPORT, HIGH_RISK_IMPORT},
            {ACT_REVEAL, HIGH_RISK_REVEAL}};
#define ACTS (sizeof acts / sizeof acts[0])

bool obliged_act(enum act act, enum high_risk_act *out) {
    for (size_t i = 0; i < ACTS; i++) {
        if (acts[i].act == act) {
            *out = acts[i].as;
            return true;
        }
    }
    return false;
}

enum status obliged_filter(struct caller *c, const struct access *a, enum act act, const struct pred **out,
                           struct error *e) {
    const struct access *plain;
    *out = &pred_false;
    if ((policy_mentions(c->world.policies) & POLICY_MENTIONS_APPROVAL) == 0)
        return ST_OK;
    enum status s = access_without(c, a->object, SUPPOSE_UNAPPROVED, &plain, e);
    if (s != ST_OK || pred_implies(a->acts[act], plain->acts[act]))
        return s;
    *out = pred_and(c->arena, a->acts[act], pred_complement(c->arena, plain->acts[act]));
    return *out == NULL ? error_set(e, ST_NOMEM, "no_memory", "approvals") : ST_OK;
}

enum status obliged_count(struct caller *c, const struct access *a, enum act act, const struct pred *these,
                          uint64_t *count, struct error *e) {
    const struct pred *obliged;
    bool at_least;
    *count = 0;
    enum status s = obliged_filter(c, a, act, &obliged, e);
    if (s != ST_OK || obliged->op == PRED_FALSE)
        return s;
    const struct pred *both = these == NULL ? NULL : pred_and(c->arena, these, obliged);
    return both == NULL ? error_set(e, ST_NOMEM, "no_memory", "approvals")
                        : store_count(c->reader, a->object, both, false, COUNT_MOST, count, &at_least, e);
}

static bool is_done(const struct sealing *s, enum act act) {
    bool moved = s->old != NULL && s->old->rows.rows[0].cells[PAGE_OWNER].i != s->draft->owner;
    return s->old != NULL && (act == ACT_TRANSFER ? moved : s->act == act);
}

/* Asked of the store and not of the row: what the filter looks at need not have been fetched. The row that is
 * written is the one that was read, or the write is tried anew (its revision). */
static enum status mark_rows(struct caller *c, const struct sealed_set *set, const struct pred *obliged,
                             const struct cell *ids, size_t n, uint8_t bit, struct keeper_seal_row *rows,
                             struct error *e) {
    static const uint16_t columns[] = {FIELD_ID};
    struct store_rows found;
    const struct pred *these = pred_in(c->arena, FIELD_ID, ids, n);
    struct store_select q = {.object = set->rows[0].draft->access->object,
                             .columns = columns,
                             .column_count = 1,
                             .limit = (uint32_t)n,
                             .include_deleted = true,
                             .filter = these == NULL ? NULL : pred_and(c->arena, these, obliged)};
    if (q.filter == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "approvals");
    enum status s = store_query(c->reader, &q, c->arena, &found, e);
    for (size_t i = 0; s == ST_OK && i < found.count; i++) {
        for (size_t k = 0; k < set->count; k++) {
            if (slice_equal(found.rows[i].cells[0].s, slice_of(rows[k].row.record.b, sizeof(struct uuid))))
                rows[k].approval |= bit;
        }
    }
    return s;
}

static enum status mark_old(struct caller *c, const struct sealed_set *set, size_t act,
                            struct keeper_seal_row *rows, struct error *e) {
    const struct pred *obliged;
    struct cell *ids = arena_array(c->arena, set->count, sizeof *ids);
    size_t n = 0;
    if (ids == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "approvals");
    for (size_t i = 0; i < set->count; i++) {
        if (is_done(&set->rows[i], acts[act].act))
            ids[n++] = cell_bytes(slice_of(rows[i].row.record.b, sizeof(struct uuid)));
    }
    if (n == 0)
        return ST_OK;
    enum status s = obliged_filter(c, set->rows[0].draft->access, acts[act].act, &obliged, e);
    return s != ST_OK || obliged->op == PRED_FALSE
               ? s
               : mark_rows(c, set, obliged, ids, n, (uint8_t)(1u << acts[act].as), rows, e);
}

/* All that a new row has is in its draft. */
static enum status mark_new(struct caller *c, const struct sealed_set *set, struct keeper_seal_row *rows,
                            struct error *e) {
    const struct pred *obliged;
    enum status s = obliged_filter(c, set->rows[0].draft->access, ACT_IMPORT, &obliged, e);
    for (size_t i = 0; s == ST_OK && i < set->count; i++) {
        struct draft_row row = {.draft = set->rows[i].draft, .page = NULL};
        if (set->rows[i].old == NULL && pred_decide(obliged, draft_lookup, &row) == TRUTH_TRUE)
            rows[i].approval |= 1u << HIGH_RISK_IMPORT;
    }
    return s;
}

enum status obliged_rows(struct caller *c, const struct sealed_set *set, bool imports,
                         struct keeper_seal_row *rows, struct error *e) {
    enum status s = ST_OK;
    if ((policy_mentions(c->world.policies) & POLICY_MENTIONS_APPROVAL) == 0)
        return ST_OK;
    if (imports)
        s = mark_new(c, set, rows, e);
    for (size_t i = 0; s == ST_OK && i < ACTS; i++)
        s = mark_old(c, set, i, rows, e);
    return s;
}
