#include "keeper/people.h"

#include "base/map.h"
#include "crypto/random.h"

#include <stdlib.h>

#define ROOM_LEAST 64
#define ROOM_MOST  ((size_t)1 << 23)

static const uint32_t window_seconds[WINDOWS] = {60, 3600, 86400};

void windows_turn(struct windows *w, uint32_t now) {
    for (size_t i = 0; i < WINDOWS; i++) {
        uint32_t start = now - now % window_seconds[i];
        if (start > w->start[i]) {
            w->start[i] = start;
            w->used[i] = 0;
        }
    }
}

size_t windows_exceeded(const struct windows *w, const uint32_t add[WINDOWS], const struct limits *limits) {
    const uint32_t most[WINDOWS] = {limits->minute, limits->hour, limits->day};
    for (size_t i = 0; i < WINDOWS; i++) {
        if (most[i] != LIMIT_NONE && add[i] > 0 && (uint64_t)w->used[i] + add[i] > most[i])
            return i;
    }
    return WINDOWS;
}

/* Ids are mostly random already, but the engine makes them: a seed of our own keeps it from choosing
 * collisions. */
static size_t people_home(const struct people *p, const uint8_t id[16]) {
    return (size_t)map_hash(slice_of(id, 16), p->seed) & (p->room - 1);
}

/* Whether the slot is that of `id`, or free. */
static bool slot_fits(const struct person_slot *s, const uint64_t id[2]) {
    uint64_t has[2];
    memcpy(has, s->id, sizeof has);
    return ((has[0] ^ id[0]) | (has[1] ^ id[1])) == 0 || (has[0] | has[1]) == 0;
}

static struct person_slot *people_find(struct people *p, const uint8_t id[16]) {
    uint64_t words[2];
    memcpy(words, id, sizeof words);
    size_t at = people_home(p, id);
    while (!slot_fits(&p->slots[at], words))
        at = (at + 1) & (p->room - 1);
    return &p->slots[at];
}

void people_prefetch(const struct people *p, const struct uuid *id) {
    const struct person_slot *s = &p->slots[people_home(p, id->b)];
    __builtin_prefetch(s, 1);
    __builtin_prefetch(&s->seen, 1);
}

static enum status people_rebuild(struct people *p, size_t room) {
    struct people fresh = {.room = room, .seed = p->seed, .windows = p->windows};
    if (fresh.seed == 0 && crypto_random(&fresh.seed, sizeof fresh.seed) != ST_OK)
        return ST_IO;
    fresh.slots = calloc(room, sizeof *fresh.slots);
    if (fresh.slots == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < p->room; i++) {
        if (p->slots[i].seen == 0 || p->slots[i].seen < p->windows.start[WINDOWS - 1])
            continue;
        *people_find(&fresh, p->slots[i].id) = p->slots[i];
        fresh.filled++;
    }
    free(p->slots);
    *p = fresh;
    return ST_OK;
}

enum status people_reserve(struct people *p, size_t n) {
    if ((p->filled + n) * 2 <= p->room)
        return ST_OK;
    size_t live = 0;
    for (size_t i = 0; i < p->room; i++)
        live += p->slots[i].seen != 0 && p->slots[i].seen >= p->windows.start[WINDOWS - 1];
    size_t room = ROOM_LEAST;
    while ((live + n) * 3 > room) /* a third: so that the next rebuild is far */
        room *= 2;
    return room > ROOM_MOST ? ST_LIMIT : people_rebuild(p, room);
}

struct person_undo people_see(struct people *p, const struct uuid *id, uint32_t now, uint32_t add[WINDOWS]) {
    struct person_slot *s = people_find(p, id->b);
    if (memcmp(s->id, id->b, 16) != 0) {
        memcpy(s->id, id->b, 16);
        p->filled++;
    }
    struct person_undo undo = {p, (size_t)(s - p->slots), s->seen};
    for (size_t i = 0; i < WINDOWS; i++)
        add[i] += s->seen < p->windows.start[i] && now >= p->windows.start[i];
    s->seen = now > s->seen ? now : s->seen;
    return undo;
}

void people_free(struct people *p) {
    free(p->slots);
    *p = (struct people){.slots = NULL};
}
