/* When bulk work may have the writer: sets in bulk and indexing, between those that people wait for.
 *
 * People come first. While one waits, bulk work has a turn every WRITER_SLICE_NS; while people write all the
 * time, so that between two of their groups nobody waits for a moment, it has a tenth of the time. Times are
 * of the monotonic clock, in nanoseconds. */
#ifndef KEDUN_STORE_SQLITE_TURNS_H
#define KEDUN_STORE_SQLITE_TURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TURNS_WINDOW_NS 100000000
#define TURNS_BUSY_SETS 10        /* in two windows: people write all the time */
#define TURNS_SHARE     9         /* then bulk work rests so many times as long as it held the writer, */
#define TURNS_REST_NS   200000000 /* but not longer */

struct writer_turns {
    int64_t interactive_ns; /* when people's sets were taken last */
    int64_t bulk_ended_ns;
    int64_t bulk_held_ns; /* the writer, the last time; the commit with it */
    int64_t window_ns;    /* when the present window began */
    size_t sets, sets_before;
};

/* Nobody has come yet. */
void turns_init(struct writer_turns *t);
void turns_interactive(struct writer_turns *t, int64_t now, size_t sets);
void turns_bulk(struct writer_turns *t, int64_t now, int64_t held_ns);

/* Nobody but bulk work for WRITER_ALONE_AFTER_NS. */
bool turns_alone(const struct writer_turns *t, int64_t now);
/* From when on bulk work may begin; `waits`: somebody else waits now. */
int64_t turns_next(const struct writer_turns *t, int64_t now, bool waits);

#endif
