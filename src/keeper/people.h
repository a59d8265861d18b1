/* One table of people seen, and three windows over it (for budget files only). */
#ifndef KEDUN_KEEPER_PEOPLE_H
#define KEDUN_KEEPER_PEOPLE_H

#include "keeper/budget.h"

#define WINDOWS 3 /* minute, hour, day */

struct windows {
    uint32_t start[WINDOWS]; /* seconds since 1970 */
    uint32_t used[WINDOWS];
};

struct person_slot {
    uint8_t id[16];
    uint32_t seen; /* seconds since 1970; 0: free, or not seen after all */
};

struct people {
    struct person_slot *slots;
    size_t room, filled; /* room: a power of two */
    uint64_t seed;
    struct windows windows;
};

struct person_undo {
    struct people *table;
    size_t slot;
    uint32_t seen;
};

/* Moves windows that `now` has left behind; never backwards. */
void windows_turn(struct windows *w, uint32_t now);
/* The first window in which `add` more would pass the limit, or WINDOWS. */
size_t windows_exceeded(const struct windows *w, const uint32_t add[WINDOWS], const struct limits *limits);

/* Room for `n` more people; drops those last seen before today. ST_NOMEM, ST_LIMIT (tables are bounded). */
MUST_CHECK enum status people_reserve(struct people *p, size_t n);
/* Tells the processor that people_see comes next: a table of many people is not in its caches. */
void people_prefetch(const struct people *p, const struct uuid *id);
/* Marks as seen now (room was reserved), adds to `add` where it is new to a window; returns how to undo it.
 */
struct person_undo people_see(struct people *p, const struct uuid *id, uint32_t now, uint32_t add[WINDOWS]);
void people_free(struct people *p);

#endif
