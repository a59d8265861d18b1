#include "keeper/replay.h"

#include "audit/reader.h"
#include "base/clock.h"
#include "base/log.h"
#include "keeper/high_risk_check.h"

#define DAY_MS ((int64_t)86400 * 1000)

/* A page's entry names records and, behind them, subjects; which fields were shown, and by which view. All of
 * them are charged with all kinds of the entry: at worst a little too much. */
static enum status replay_people(struct keeper_state *s, const struct audit_entry *entry, struct arena *a) {
    uint8_t what = 0;
    for (size_t i = 0; i < entry->field_count; i++) {
        struct catalogue_field f;
        bool shown = entry->fields[i].view == VIEW_MASKED || entry->fields[i].view == VIEW_CLEAR;
        if (shown && registry_field(s->registry, entry->object, entry->fields[i].field, &f) &&
            f.class >= CLASS_PERSONAL)
            what |= budget_bit(f.class, entry->fields[i].view);
    }
    struct budget_person *people = arena_array(a, entry->record_count, sizeof *people);
    if (people == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < entry->record_count; i++)
        people[i] = (struct budget_person){entry->records[i], what};
    if (what == 0 || entry->record_count == 0)
        return ST_OK;
    return budget_replay_people(s->budgets, entry->actor, people, entry->record_count,
                                (uint32_t)(entry->time_ms / 1000), a);
}

static enum status replay_entry(struct keeper_state *s, const struct audit_entry *entry, struct arena *a) {
    if (entry->act == AUDIT_OUTCOME) {
        ledger_settle(s->ledger, entry->intent);
        return ST_OK;
    }
    if (entry->outcome == AUDIT_PENDING) {
        enum status st =
            budget_replay_count(s->budgets, entry->actor, BUDGET_WRITES, (uint32_t)entry->record_count,
                                (uint32_t)(entry->time_ms / 1000));
        if (st == ST_OK)
            st = high_risk_replay(s, entry);
        if (st != ST_OK)
            return st;
        /* What the keeper does to its own vault (keeper/deed.h) names no record. */
        bool own = entry->record_count == 0 && (entry->act == AUDIT_ADMIN || entry->act == AUDIT_POLICY);
        return own ? ledger_note_own(s->ledger, entry->seq, entry->actor)
                   : ledger_note(s->ledger, entry->seq, entry->actor);
    }
    if (entry->outcome != AUDIT_DONE)
        return ST_OK;
    if (entry->act == AUDIT_LOOKUP)
        return budget_replay_count(s->budgets, entry->actor, BUDGET_LOOKUPS, 1,
                                   (uint32_t)(entry->time_ms / 1000));
    enum status st = high_risk_replay(s, entry);
    return st == ST_OK ? replay_people(s, entry, a) : st;
}

static uint64_t anchor_of(const struct audit_entry *entry) {
    int64_t v = 0;
    if (entry->act != AUDIT_CHECKPOINT || !slice_starts_with(entry->tag, SLICE("vault ")))
        return 0;
    return slice_to_int(slice_of(entry->tag.p + 6, entry->tag.n - 6), &v) && v > 0 ? (uint64_t)v : 0;
}

static enum status replay_log(struct keeper_state *s, struct budget_cover *cover, struct error *e) {
    struct audit_reader *r = NULL;
    uint64_t last = ledger_durable(s->ledger);
    if (cover->seq >= last)
        return ST_OK;
    enum status st = audit_reader_open(ledger_directory(s->ledger), cover->seq + 1, &r, e);
    if (st != ST_OK)
        return st;
    audit_reader_limit(r, last);
    struct arena a;
    arena_init(&a, (size_t)64 << 20, ARENA_PLAIN);
    int64_t since = clock_wall_ms() - DAY_MS;
    uint64_t n = 0;
    for (;; n++) {
        struct audit_entry entry;
        arena_reset(&a);
        st = audit_reader_next(r, &a, &entry);
        if (st != ST_OK)
            break;
        uint64_t anchor = anchor_of(&entry);
        cover->anchor = anchor > cover->anchor ? anchor : cover->anchor;
        /* Older than every window: only intents matter. */
        if (entry.time_ms >= since || entry.act == AUDIT_OUTCOME || entry.outcome == AUDIT_PENDING)
            st = replay_entry(s, &entry, &a);
        if (st != ST_OK)
            break;
    }
    arena_free(&a);
    audit_reader_close(r);
    log_info("event=audit_replayed entries=%llu", (unsigned long long)n);
    return st == ST_NOT_FOUND ? ST_OK
                              : error_set(e, st, "audit_replay", "the audit log could not be replayed");
}

enum status replay_start(struct keeper_state *s, struct error *e) {
    struct arena a;
    struct budget_cover cover = {.seq = 0};
    arena_init(&a, (size_t)160 << 20, ARENA_SECRET);
    enum status st = budget_load(s->budgets, s->config.state_dir, s->keys->budget, &a, &cover);
    bool beyond = st == ST_OK && cover.seq > ledger_durable(s->ledger);
    if (beyond)
        st = error_set(e, ST_CORRUPT, "audit_shortened",
                       "the audit log ends before the entry that the budgets cover: restore it");
    else if (st == ST_CORRUPT)
        st = error_set(e, st, "budgets_corrupt",
                       "%s/budgets.bin does not hold: remove it to rebuild it from the audit log",
                       s->config.state_dir);
    for (size_t i = 0; st == ST_OK && i < cover.intent_count; i++)
        st = ledger_note(s->ledger, cover.intents[i], 0);
    if (st == ST_OK || st == ST_NOT_FOUND)
        st = replay_log(s, &cover, e);
    if (st == ST_OK && cover.anchor > vault_clock(s->vault))
        st = error_set(
            e, ST_CORRUPT, "vault_rolled_back",
            "the vault is older than the audit log says (%llu, seen %llu): restore the newest state",
            (unsigned long long)vault_clock(s->vault), (unsigned long long)cover.anchor);
    arena_free(&a);
    return st;
}

enum status replay_snapshot(struct keeper_state *s) {
    static uint64_t intents[LEDGER_INTENTS_MAX]; /* one caller: the timer, then the stop */
    struct budget_cover cover = {.seq = ledger_durable(s->ledger), .intents = intents};
    if (cover.seq == s->snapshot_seq)
        return ST_OK; /* every charge has its entry: nothing can have changed */
    cover.anchor = vault_clock(s->vault);
    cover.intent_count = ledger_snapshot_intents(s->ledger, cover.seq, intents, LEDGER_INTENTS_MAX);
    enum status st = budget_save(s->budgets, s->config.state_dir, s->keys->budget, &cover);
    if (st == ST_OK)
        s->snapshot_seq = cover.seq;
    return st;
}
