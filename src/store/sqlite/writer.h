/* The one thread that writes. Sets wait in two queues; a group of them shares one transaction and one sync.
 *
 * Interactive sets go first: a group takes what waits, up to WRITER_GROUP. Bulk sets get a group of their
 * own: as many as fit in WRITER_SLICE_ALONE_NS when no interactive set came for WRITER_ALONE_AFTER_NS, else
 * in half of WRITER_SLICE_NS; when, says turns.h. So an interactive set waits for one bulk set at most; how
 * long that held the writer is told (write_result.held_us), so that whoever makes bulk sets can make them
 * small enough (share/run.h). Indexing what bulk sets staged (staged.h) goes in slices of the same length,
 * shorter when somebody waits. A group that fails as a whole fails all its sets; the writer goes on. When the
 * sync of a commit fails, the sets are told ST_IO if what was written could be made undone, else
 * ST_UNAVAILABLE "commit_unknown". How long it was held by what is counted (holds.h). */
#ifndef KEDUN_STORE_SQLITE_WRITER_H
#define KEDUN_STORE_SQLITE_WRITER_H

#include "store/sqlite/checkpoint.h"
#include "store/store.h"

#define WRITER_GROUP          64
#define WRITER_SLICE_NS       20000000
#define WRITER_SLICE_ALONE_NS 100000000
#define WRITER_ALONE_AFTER_NS 5000000000 /* no interactive set for so long */
#define WRITER_SLICE_SOLE_NS  1000000000 /* after writer_alone */

struct writer;

struct places;
struct kept;
struct found;

/* Takes over `c`; moves `places` on around every commit, takes out of `kept` what it changes and marks it in
 * `found`. */
MUST_CHECK enum status writer_start(struct connection *c, struct checkpoint *k, struct places *places,
                                    struct kept *kept, struct found *found, struct writer **out,
                                    struct error *e);
/* Drains the queues, ends the thread, closes the connection. */
void writer_stop(struct writer *w);

MUST_CHECK enum status writer_write(struct writer *w, const struct write_set *set,
                                    struct write_result *result, struct error *e);

/* Something else that only the writer may do, outside of any transaction; waits like a bulk set. */
typedef enum status (*writer_task)(struct connection *c, void *context, struct error *e);
MUST_CHECK enum status writer_do(struct writer *w, writer_task task, void *context, struct error *e);

/* As store_intents_leave. The newest WRITER_LEFT of them are known: a set that is under way belongs to one of
 * as many connections as there are threads, so older ones have no set to come. */
#define WRITER_LEFT 32768
MUST_CHECK enum status writer_leave_intents(struct writer *w, const uint64_t *intents, size_t n,
                                            struct error *e);
/* The refusal of a set whose intent is settled. */
MUST_CHECK enum status writer_too_late(struct error *e);

/* From now on bulk sets have the writer for themselves (store_alone). */
MUST_CHECK enum status writer_alone(struct writer *w, struct error *e);

/* Lazy: with the next group. */
void writer_settle_intents(struct writer *w, uint64_t intent);
void writer_forget_keys(struct writer *w, int64_t before_ms);

#endif
