/* The store: rows of objects, their search terms, their history, and what must be written with them in one
 * transaction. The only place where SQL is. Back ends: sqlite/ (embedded), postgres/ (later).
 *
 * Values: a column holds what the cell says. Reference fields are CELL_BYTES of 16 (the target's UUID, as
 * FIELD_ID and FIELD_SUBJECT are), owner, department and branch CELL_INT, times CELL_INT in ms. Nulls sort
 * before all values (after them when descending), text bytewise.
 *
 * It knows nothing of people, policies or keys: it gets predicates and cells and keeps them. Sealed values
 * are opaque bytes to it. A caller outside record/ is a mistake (people, quality … go through record/).
 *
 * Threads: a `struct store` is shared; a `struct store_reader` belongs to one thread. Writes go through one
 * writer thread that commits groups; store_write blocks until the group is on disk. */
#ifndef KEDUN_STORE_STORE_H
#define KEDUN_STORE_STORE_H

#include "object/pred.h"

struct store;
struct store_reader;

enum store_mode {
    STORE_SERVE,    /* engine: readers and the writer thread */
    STORE_READ_ONLY /* jobs: readers only; writes travel to the engine (store/wire.h) */
};

/* Opens or makes DIR/kedun.db and brings its tables to `objects`. */
MUST_CHECK enum status store_open(const char *directory, enum store_mode mode,
                                  const struct object_set *objects, struct store **out, struct error *e);
/* Waits for the writer's queue to drain. */
void store_close(struct store *s);

/* Makes the tables, columns and indexes that `objects` has and the file lacks, in one transaction, with data
 * in place; readers go on. Never drops a column: a retired field keeps its values. STORE_SERVE only. */
MUST_CHECK enum status store_migrate(struct store *s, const struct object_set *objects, struct error *e);

MUST_CHECK enum status store_reader_open(struct store *s, struct store_reader **out, struct error *e);
void store_reader_close(struct store_reader *r);
#define STORE_DEADLINE_MS 5000
/* How long one call on this reader may take before it answers ST_LIMIT "too_slow"; STORE_DEADLINE_MS at
 * first. */
void store_reader_deadline(struct store_reader *r, uint32_t ms);

/* ---- reading ---- */

#define STORE_SORT_MAX    3
#define STORE_COLUMNS_MAX 260

struct store_sort {
    uint16_t column;
    bool descending;
};

struct store_select {
    const struct object_def *object;
    const uint16_t *columns; /* field ids, system ones included, in the order wanted */
    size_t column_count;
    const struct pred *filter; /* policy AND the caller's; never NULL */
    bool include_deleted, only_deleted;
    /* Ties end in FIELD_ID in the direction of the last sort column (ascending without one): a total order.
     */
    struct store_sort sort[STORE_SORT_MAX];
    size_t sort_count;
    const struct cell
        *after;      /* cursor: sort_count cells and FIELD_ID's of the last row seen; NULL: from the start */
    uint32_t offset; /* at most 10,000; not with `after` */
    uint32_t limit;  /* 1 to 1,000 */
    bool with_key;   /* also the subject's wrapped key */
};

struct store_row {
    const struct cell *cells; /* column_count, borrowed from the arena of the call */
    struct slice wrapped_key; /* with_key; empty when the subject's key is destroyed */
};

struct store_rows {
    struct store_row *rows;
    size_t count;
    bool more; /* there is at least one row behind the last */
};

/* All rows come from one snapshot. Memory: `arena`. Interrupted after the reader's deadline: ST_LIMIT
 * "too_slow". */
MUST_CHECK enum status store_query(struct store_reader *r, const struct store_select *q, struct arena *arena,
                                   struct store_rows *out, struct error *e);

/* Counts up to `most` (then *at_least is true). */
MUST_CHECK enum status store_count(struct store_reader *r, const struct object_def *o,
                                   const struct pred *filter, bool deleted, uint64_t most, uint64_t *count,
                                   bool *at_least, struct error *e);

/* Groups by one unsealed column: (value, rows) pairs, largest first, at most `most`. */
struct store_group {
    struct cell value;
    uint64_t count;
};
MUST_CHECK enum status store_group_by(struct store_reader *r, const struct object_def *o,
                                      const struct pred *filter, uint16_t column, size_t most,
                                      struct arena *arena, struct store_group **out, size_t *n,
                                      struct error *e);

/* Begins and ends a snapshot that several calls share (a page and its count). Optional. */
MUST_CHECK enum status store_snapshot(struct store_reader *r, struct error *e);
void store_snapshot_end(struct store_reader *r);

struct store_change {
    uint64_t id; /* 1, 2, 3 … within the record: counts hidden changes too, so never shown to a viewer */
    struct uuid record;
    uint32_t actor;
    int64_t at_ms;
    uint8_t act; /* enum act of policy */
    /* record/history.h's encoding: per field old and new value (sealed ones still sealed) and counters */
    struct slice body;
    struct slice wrapped_key;
};
/* One record's history, newest first, before change id `before` (0: from the newest). */
MUST_CHECK enum status store_history(struct store_reader *r, const struct object_def *o,
                                     const struct uuid *record, uint64_t before, uint32_t limit,
                                     struct arena *arena, struct store_change **out, size_t *n,
                                     struct error *e);

/* The wrapped key of one subject; ST_NOT_FOUND when destroyed or unknown. */
MUST_CHECK enum status store_subject_key(struct store_reader *r, const struct uuid *subject, uint8_t *out,
                                         size_t room, size_t *n, struct error *e);

/* Subjects' wrapped keys in subject order behind `after` (NULL: from the first): for a change of epoch. */
struct store_subject {
    struct uuid subject;
    uint64_t epoch;
    struct slice wrapped;
};
MUST_CHECK enum status store_subject_list(struct store_reader *r, const struct uuid *after, uint32_t limit,
                                          struct arena *arena, struct store_subject **out, size_t *n,
                                          struct error *e);

/* What an idempotency key did; ST_NOT_FOUND when it is unknown. */
struct store_outcome {
    uint32_t actor;
    uint16_t object;
    struct uuid record;
    int64_t at_ms;
    struct slice body;
};
MUST_CHECK enum status store_idempotency_get(struct store_reader *r, struct slice key, struct arena *arena,
                                             struct store_outcome *out, struct error *e);

/* ---- writing ---- */

#define STORE_OPS_MAX 20000

enum write_op_kind {
    WRITE_INSERT, /* a new row: object, record, columns; FIELD_REVISION becomes 1. The same id again:
                     ST_CONFLICT */
    WRITE_UPDATE, /* columns of a row whose FIELD_REVISION is still `revision` (else the set fails with
                     ST_RETRY, absent: ST_NOT_FOUND); the store adds 1 to it */
    WRITE_PURGE,  /* takes a row, its terms and its history away for good. `terms`: all terms that the row has
                     (the keeper computes them again: the store can't find a row's terms by the row) */
    WRITE_TERMS,  /* adds and removes search terms of a row; removing what is not there does nothing */
    WRITE_UNIQUE, /* no other row visible through `filter` may have term values[0]; else ST_CONFLICT. A row
                     beyond `filter` is no conflict but is put on the stewards' queue */
    WRITE_EXISTS, /* the row must be there, alive and pass `filter` (a reference's target); else ST_CONFLICT
                   */
    WRITE_SUBJECT_KEY, /* a new subject's wrapped key: record = the subject, body, epoch */
    WRITE_HISTORY, /* one change of a row; with `revision` above 0 the body of that change (its id) anew */
    WRITE_IDEMPOTENCY, /* key hash -> record and outcome; the same key again fails with ST_CONFLICT
                          "idempotency_replay" */
    WRITE_ITEM, /* puts (or with `remove` deletes) an item: item_kind, key, body, actor = owner, at_ms */
    WRITE_SUBJECT_REWRAP,  /* another wrapping of a key that is there: record, body, epoch; else ST_NOT_FOUND
                            */
    WRITE_SUBJECT_DESTROY, /* forgets a subject's key (none there is fine) */
};

struct term_change {
    uint16_t field;
    uint8_t search; /* enum field_search */
    bool remove;
    uint64_t term;
};

struct write_op {
    enum write_op_kind kind;
    const struct object_def *object;
    struct uuid record;
    const uint16_t *columns;
    const struct cell *cells;
    size_t column_count;
    int64_t revision;
    const struct term_change *terms; /* WRITE_TERMS; WRITE_UNIQUE: one, the exact term */
    size_t term_count;
    const struct pred *filter;
    struct slice key;  /* WRITE_IDEMPOTENCY, WRITE_ITEM, and the unique field's name for messages */
    struct slice body; /* WRITE_SUBJECT_KEY, WRITE_HISTORY, WRITE_IDEMPOTENCY, WRITE_ITEM */
    uint32_t actor;
    uint8_t act;
    int64_t at_ms;
    struct slice item_kind; /* WRITE_ITEM */
    bool remove;            /* WRITE_ITEM */
    uint64_t epoch;         /* WRITE_SUBJECT_KEY, _REWRAP */
    uint32_t group;         /* of a set with groups: which one the op belongs to */
};

struct write_set {
    uint64_t
        intent; /* the keeper's intent that covers it; kept in the intent table until its outcome is logged */
    const struct write_op *ops;
    size_t count;
    bool scrub; /* then store_scrub: what the set removed is to be unreadable in the files */
    bool bulk;  /* may wait behind interactive writes; sliced so that the writer is held 20 ms at most */
    /* 0: all or nothing. Else the ops are in so many groups (one a new row; ops of a group stand together,
     * UNIQUE and EXISTS first, then INSERT, then the rest). A group whose UNIQUE, EXISTS or INSERT meets a
     * conflict is left out and the others go on: refused[group] becomes that op's index + 1, else it is 0.
     * The caller owns `refused`, one element a group. */
    uint32_t groups;
    uint32_t *refused;
    /* Not 0: sets of this chain (bulk) are committed in the order of their places, from 1 on, each behind the
     * one before it; whoever brings one need not wait for that. ST_RETRY "not_in_turn": the one before it
     * failed or did not come. */
    uint64_t chain, place;
};

struct write_result {
    size_t failed_op;     /* index, when the status is not ST_OK */
    size_t steward_items; /* uniqueness conflicts queued */
    uint64_t held_us;     /* processor time for which it held the writer: its share of its transaction's */
};

/* All or nothing, durable when it returns ST_OK. Checks (UNIQUE, EXISTS) see the ops before them in the set.
 * A uniqueness conflict beyond the filter is queued as an item of kind STORE_ITEM_UNIQUE, key
 * "OBJECT/FIELD/RECORD/OTHER" (numbers and UUIDs), without a body.
 * ST_IO and ST_LIMIT "disk_full" fail every set of the group; the writer goes on with the next.
 * ST_UNAVAILABLE "commit_unknown": the disk failed in the midst of the commit; the next commit or start
 * decides. Waits for its turn; may be called from any number of threads. STORE_SERVE only. */
MUST_CHECK enum status store_write(struct store *s, const struct write_set *set, struct write_result *result,
                                   struct error *e);

/* Whether an intent was committed, to settle what the log left open. */
MUST_CHECK enum status store_intent_committed(struct store_reader *r, uint64_t intent, bool *committed,
                                              struct error *e);
/* At start, when what the log left open has been settled and nobody writes yet: a set under an intent up to
 * this one comes too late (its outcome is told) and is refused with ST_UNAVAILABLE "intent_settled". */
void store_intents_refuse(struct store *s, uint64_t intent);
/* While others write: the same for these intents alone, of which then no set is under way any more; what
 * store_intent_committed says of them afterwards holds. Waits for its turn. At most STORE_LEFT_MOST. */
MUST_CHECK enum status store_intents_leave(struct store *s, const uint64_t *intents, size_t n,
                                           struct error *e);
#define STORE_LEFT_MOST 1024
/* Forgets intents up to and including `intent`, whose outcomes are in the log. Lazy: no sync of its own. */
void store_intents_settled(struct store *s, uint64_t intent);

/* Who calls it has the store for himself and writes in bulk: sets from several threads share longer
 * transactions, and the writer keeps more pages in memory (a quarter of a GiB at most). STORE_SERVE only. */
MUST_CHECK enum status store_alone(struct store *s, struct error *e);

/* From now on what searches need to know of rows is learnt in the background, so that the first ones are no
 * slower than later ones; called once, by who opened it. Nothing happens but for STORE_SERVE. */
MUST_CHECK enum status store_warm(struct store *s, struct error *e);
/* Rows read for that so far. */
uint64_t store_warmed(const struct store *s);

/* Forgets idempotency keys older than `before_ms`, in slices between other writes. Returns at once. */
void store_idempotency_forget(struct store *s, int64_t before_ms);

/* Makes what was removed unreadable in the files: copies the WAL home and truncates it (freed pages and
 * places in pages are overwritten when they are freed: secure_delete). Waits for readers and the writer. */
MUST_CHECK enum status store_scrub(struct store *s, struct error *e);

#define STORE_ITEM_UNIQUE "unique" /* the stewards' queue */
#define STORE_ITEM_STAMP  "stamp"  /* what the base is: key "demo" of a demo base */

/* ---- side tables: small named things (saved views, jobs, imports, stewards' queue), body opaque or JSON
 * ---- */

struct store_item {
    struct slice kind, key, body; /* key unique within kind; bytewise order */
    uint32_t owner;
    int64_t at_ms;
};
MUST_CHECK enum status store_item_get(struct store_reader *r, struct slice kind, struct slice key,
                                      struct arena *arena, struct store_item *out, struct error *e);
/* Items of a kind, of one owner (0: all), keys after `after`, in key order. */
MUST_CHECK enum status store_item_list(struct store_reader *r, struct slice kind, uint32_t owner,
                                       struct slice after, uint32_t limit, struct arena *arena,
                                       struct store_item **out, size_t *n, struct error *e);

#endif
