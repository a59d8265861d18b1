/* Copies the write-ahead log home, in a thread of its own, so that no commit waits for it.
 *
 * Passive from CHECKPOINT_PAGES on, and CHECKPOINT_SECONDS after a commit in any case: while a single page is
 * in the log, readers look there for each page that they read (a tenth of a query). When the log grows past
 * CHECKPOINT_FULL all the same (readers that never pause), the thread waits for the readers and holds writers
 * back for that moment: the log's size stays bounded.
 *
 * The log's file is emptied when nothing was written for CHECKPOINT_IDLE_SECONDS, and every
 * CHECKPOINT_EMPTY_SECONDS in any case: pages that are home stay in it else, with what was deleted since. */
#ifndef KEDUN_STORE_SQLITE_CHECKPOINT_H
#define KEDUN_STORE_SQLITE_CHECKPOINT_H

#include "store/sqlite/connection.h"

#define CHECKPOINT_PAGES         2000 /* 8 MiB */
#define CHECKPOINT_SECONDS       1
#define CHECKPOINT_FULL          32000 /* 128 MiB */
#define CHECKPOINT_IDLE_SECONDS  3
#define CHECKPOINT_EMPTY_SECONDS 60
#define CHECKPOINT_EMPTY_MS      20 /* the most that writers wait for it */

struct checkpoint;

MUST_CHECK enum status checkpoint_start(const char *path, struct checkpoint **out, struct error *e);
void checkpoint_stop(struct checkpoint *k);
/* The log has so many pages now. Any thread, never blocks for long. */
void checkpoint_notify(struct checkpoint *k, int pages);
/* Copies everything and empties the log's file; waits for readers and the writer. ST_UNAVAILABLE: they did
 * not pause. */
MUST_CHECK enum status checkpoint_truncate(const char *path, struct error *e);

#endif
