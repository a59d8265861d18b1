/* Copies the write-ahead log home, in a thread of its own, so that no commit waits for it.
 *
 * Passive after CHECKPOINT_PAGES more, and CHECKPOINT_SECONDS after a commit in any case: while a single page
 * is in the log, readers look there for each page that they read (a tenth of a query); what many commits of
 * bulk work write again and again goes home once. When the log grows past CHECKPOINT_FULL all the same (bulk
 * work without a pause, readers without one), the thread copies what there is, again until some
 * CHECKPOINT_HOLD_PAGES are left, then holds the writer back between two groups (checkpoint_pass) while it
 * copies these and waits CHECKPOINT_HOLD_MS for the readers, so that the log begins anew; in vain, it tries
 * again when the log has grown by as much. SQLite's own lock would not do: a writer without a pause never
 * leaves it long enough.
 *
 * The log's file is emptied when nothing was written for CHECKPOINT_IDLE_SECONDS, and every
 * CHECKPOINT_EMPTY_SECONDS in any case: pages that are home stay in it else, with what was deleted since. */
#ifndef KEDUN_STORE_SQLITE_CHECKPOINT_H
#define KEDUN_STORE_SQLITE_CHECKPOINT_H

#include "store/sqlite/connection.h"

#define CHECKPOINT_PAGES         16000 /* 64 MiB */
#define CHECKPOINT_SECONDS       1
#define CHECKPOINT_FULL          32000 /* 128 MiB */
#define CHECKPOINT_IDLE_SECONDS  3
#define CHECKPOINT_EMPTY_SECONDS 60
#define CHECKPOINT_EMPTY_MS      20 /* the most that writers wait for it */
#define CHECKPOINT_HOLD_MS       50
#define CHECKPOINT_HOLD_PAGES    500

struct checkpoint;

MUST_CHECK enum status checkpoint_start(const char *path, struct checkpoint **out, struct error *e);
void checkpoint_stop(struct checkpoint *k);
/* The log has so many pages now. Any thread, never blocks for long. */
void checkpoint_notify(struct checkpoint *k, int pages);
/* The writer's, before it begins a transaction: waits while the checkpointer wants the log to itself. */
void checkpoint_pass(struct checkpoint *k);
/* Copies everything and empties the log's file; waits for readers and the writer. ST_UNAVAILABLE: they did
 * not pause. */
MUST_CHECK enum status checkpoint_truncate(const char *path, struct error *e);

#endif
