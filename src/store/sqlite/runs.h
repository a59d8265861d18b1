/* Postings (a record and a number) kept as sorted runs, for many postings of which few are ever asked for: a
 * log-structured merge (O'Neil, Cheng, Gawlick, O'Neil: The Log-Structured Merge-Tree, 1996; tiers as in
 * Bigtable).
 *
 * What is added at once becomes one run of blocks (run_block.h), so that writing it costs its pages alone,
 * wherever its records fall. RUNS_FAN runs of a level are merged into one of the next in short steps; a step
 * is a transaction, so a crash leaves the runs as they were before it. Runs follow each other: all numbers of
 * one lie behind those of the runs before it. So there are some RUNS_FAN to a level, levels grow with the
 * logarithm of what was added, and a look-up reads a block or two of each.
 *
 * Tables of the caller's file: posting_run (level; state, enum run_state; target: the run that it is merged
 * into; low and high, its numbers; done: the last record that a merge has written) and posting_block. */
#ifndef KEDUN_STORE_SQLITE_RUNS_H
#define KEDUN_STORE_SQLITE_RUNS_H

#include "store/sqlite/run_block.h"
#include "store/sqlite/sql.h"

#define RUNS_FAN  12
#define RUNS_STEP 96 /* blocks that a step writes, or removes */

struct runs {
    struct connection *c; /* borrowed */
    struct sql *sql;
};

/* Makes the tables when they are missing. */
MUST_CHECK enum status runs_prepare(const struct runs *r, struct error *e);

/* One run more, within the caller's transaction: sorts `postings` and leaves out doubles. Every number is
 * above all that were added before. */
MUST_CHECK enum status runs_add(const struct runs *r, struct posting *postings, size_t count,
                                struct error *e);

/* One step of merging, in a transaction of its own: at most RUNS_STEP blocks, or one record's. *more: there
 * is another to do. ST_CORRUPT: a block is damaged. */
MUST_CHECK enum status runs_merge(const struct runs *r, bool *more, struct error *e);

/* The record's numbers below `below`, highest first, at most `room`. The caller holds a snapshot over the
 * calls for one answer. */
MUST_CHECK enum status runs_find(const struct runs *r, const struct uuid *record, uint64_t below,
                                 uint64_t *out, size_t room, size_t *count, struct error *e);

#endif
