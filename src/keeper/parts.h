/* Common search terms are split into parts, so that how often a term stands in the database says little.
 *
 * Who holds the database counts terms without any key, and 王 is commoner than 单 (docs/threat-model.md). So
 * the keeper watches how common the tokens are that it makes terms of. One that more than PARTS_SHARE of an
 * index's rows have is from then on one of 2 to PARTS_MOST terms, hashes of their own, of unequal size; which
 * of them a row has is decided by a keyed hash of its id. A look-up asks for all of them. Tokens that most
 * rows have stay more frequent than others: they say little of a row.
 *
 * A token's levels are the sets of parts that it ever had: 1, 2, 4, 8, 16 terms; rows written under an
 * earlier level keep their term. A token leaves a row by all the terms that it may have there; one that comes
 * and goes in the same write is left alone. Levels are in the vault before they are used; counts are not kept
 * over a restart: they begin anew, and judge when PARTS_ROWS rows have come again.
 *
 * Memory: 1 MiB for counts (heavy hitters; Misra and Gries 1982, a table with few places for each hash
 * instead of one list), 24 bytes a split token. Thread-safe. */
#ifndef KEDUN_KEEPER_PARTS_H
#define KEDUN_KEEPER_PARTS_H

#include "base/uuid.h"
#include "keeper/keyring.h"
#include "keeper/vault.h"

#define PARTS_LEVELS 5 /* level n: 1 << n terms */
#define PARTS_MOST   (1 << (PARTS_LEVELS - 1))
#define PARTS_ALL    ((1 << PARTS_LEVELS) - 1) /* terms of one token at most */
#define PARTS_SHARE  200                       /* one row in so many */
#define PARTS_ROWS   512                       /* between two looks at an index's counts */
#define PARTS_LEAST  8                         /* rows of a token that is judged */

struct parts;

struct parts_index {
    uint16_t object, field;
    uint8_t search;
};

/* ST_CORRUPT "parts_corrupt", ST_NOMEM. */
MUST_CHECK enum status parts_open(struct vault *v, const struct keyring *keys, struct parts **out,
                                  struct error *e);
void parts_close(struct parts *p);

/* A token's name in here: a keyed hash, never to leave the keeper. */
uint64_t parts_name(const struct parts *p, const struct parts_index *index, struct slice token);

/* The levels of tokens: bit n for level n; bit 0 is always set. */
void parts_levels(struct parts *p, const uint64_t *names, size_t count, uint8_t *levels);

/* A value with these tokens was added to an index. */
void parts_count(struct parts *p, const struct parts_index *index, const uint64_t *names, size_t count);
/* Looks at the counts when enough rows came, and puts new levels into the vault. A failure is logged: then
 * tokens stay whole until the next look, some rows later. */
void parts_settle(struct parts *p);

/* The level that new terms are made for, and the part of it that a record has. */
unsigned parts_level(uint8_t levels);
unsigned parts_choose(uint64_t name, unsigned level, const struct uuid *record);

/* The same in two steps, of which the first is dear and the same for all records. */
struct parts_weights {
    uint32_t sum;
    uint16_t level;
    uint16_t of[PARTS_MOST];
};
void parts_weigh(uint64_t name, unsigned level, struct parts_weights *out);
unsigned parts_pick(uint64_t name, const struct parts_weights *w, const struct uuid *record);

#endif
