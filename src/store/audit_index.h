/* The audit explorer's index: a derived file of its own (DIR/audit-index.db), never the truth. The log is. It
 * may lag (it says how far it is) and is built anew when it is missing, damaged or of another format. One
 * writer (jobs), any number of readers; a handle belongs to one thread.
 *
 * An entry keeps what the explorer lists: the leaf's numbers, its fields, its first AUDIT_INDEX_RECORDS
 * records; every record that the entry names (the subjects too) leads back to it. Sealed details stay in the
 * log. */
#ifndef KEDUN_STORE_AUDIT_INDEX_H
#define KEDUN_STORE_AUDIT_INDEX_H

#include "audit/entry.h"
#include "keeper/high_risk_tag.h"

#define AUDIT_INDEX_RECORDS 100
#define AUDIT_INDEX_BATCH   1500 /* entries a transaction */
#define AUDIT_INDEX_PAGE    200

struct audit_index;

/* `build`: makes the file, a fresh one when it is unusable. Else ST_NOT_FOUND when there is none yet. */
MUST_CHECK enum status audit_index_open(const char *directory, bool build, struct audit_index **out,
                                        struct error *e);
void audit_index_close(struct audit_index *x);
/* A file that was found damaged: the next audit_index_open with `build` begins anew. */
void audit_index_remove(const char *directory);

/* The newest entry in it; 0: none. */
MUST_CHECK enum status audit_index_last(struct audit_index *x, uint64_t *seq, struct error *e);

/* Adds entries behind the newest, in order; at most AUDIT_INDEX_BATCH. All or nothing. */
MUST_CHECK enum status audit_index_add(struct audit_index *x, const struct audit_entry *entries, size_t count,
                                       struct error *e);

/* A short step of the index's upkeep, in a transaction of its own; *more: there is another to do. */
MUST_CHECK enum status audit_index_merge(struct audit_index *x, bool *more, struct error *e);

/* What is not to be filtered by stays zero (empty). */
struct audit_index_query {
    int64_t from_ms, below_ms;
    uint32_t actor;
    bool by_actor; /* then actor counts, 0 too */
    uint8_t act, outcome;
    uint16_t object;
    const struct uuid *record;
    uint64_t seq;    /* just this entry */
    uint64_t before; /* entries with lower numbers */
    uint32_t limit;  /* 1 to AUDIT_INDEX_PAGE */
};

struct audit_index_row {
    struct audit_entry entry; /* records: the first ones; no exceptions; details without commitment */
    size_t record_count;      /* in the entry itself */
    struct uuid subject;      /* of its first detail */
    bool has_detail;
};

/* Newest first. *more: there are older ones that fit. Memory: the arena. */
MUST_CHECK enum status audit_index_find(struct audit_index *x, const struct audit_index_query *q,
                                        struct arena *arena, struct audit_index_row **out, size_t *count,
                                        bool *more, struct error *e);

/* ---- high-risk acts ---- */

/* One that went beyond the register's free number. */
struct audit_deed {
    uint64_t id;  /* for `before`; newer ones are higher */
    uint64_t seq; /* its entry; one entry may have several */
    int64_t at;
    uint32_t actor;
    uint16_t object; /* 0: none */
    uint64_t records;
    bool reason;     /* stands in this very entry */
    uint8_t outcome; /* that of the intent where it is told */
    struct high_risk_tagged what;
};
/* What is not to be filtered by stays zero (empty). */
struct audit_deed_query {
    int64_t from_ms, below_ms;
    uint32_t actor;
    bool by_actor;
    struct slice act;
    uint16_t object;
    uint64_t before; /* lower ids */
    uint32_t limit;  /* 1 to AUDIT_INDEX_PAGE */
};
/* Newest first. *more: there are older ones that fit. Memory: the arena. */
MUST_CHECK enum status audit_index_deeds(struct audit_index *x, const struct audit_deed_query *q,
                                         struct arena *arena, struct audit_deed **out, size_t *count,
                                         bool *more, struct error *e);

/* ---- how often ---- */

/* What somebody did on a day, or over days (then `day` is the last one), with records of an object (0: of
 * none). A refused act counts as AUDIT_REFUSE only. `records`: those that the entries showed or changed,
 * repeated ones as often as they came. */
struct audit_tally {
    uint32_t actor;
    int32_t day; /* since 1970, days of the company's clock (UTC+8) */
    uint8_t act;
    uint16_t object;
    uint64_t entries, records;
};
static inline int32_t audit_day(int64_t ms) {
    return (int32_t)((ms + (int64_t)8 * 3600000) / 86400000);
}

#define AUDIT_TALLY_MOST   200000
#define AUDIT_TALLY_ACTORS 500
struct audit_tally_query {
    const uint32_t *actors;
    size_t actor_count; /* 1 to AUDIT_TALLY_ACTORS */
    int32_t from_day;
    bool by_day, by_object;
};
/* By actor, then day, then act. ST_LIMIT "too_many_rows". Memory: the arena. */
MUST_CHECK enum status audit_index_tally(struct audit_index *x, const struct audit_tally_query *q,
                                         struct arena *arena, struct audit_tally **out, size_t *count,
                                         struct error *e);

/* How many different records of an object somebody's acts since then named. */
struct audit_distinct {
    uint16_t object;
    bool at_least; /* an entry named more than the index keeps */
    uint64_t records;
};
MUST_CHECK enum status audit_index_distinct(struct audit_index *x, uint32_t actor, int64_t from_ms,
                                            struct audit_distinct *out, size_t room, size_t *count,
                                            struct error *e);

#endif
