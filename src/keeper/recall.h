/* What one thread has lately made of common tokens: terms, and the weights of their parts.
 *
 * 会, 司 and 有限公司 stand in every other name, and a term costs two blocks of SHA-256 under the index's key
 * each time. Of the fragments and words of 100,000 customers four in five were made shortly before. Kept are
 * a token's name (parts.h: a keyed hash of index and token) and its term, never the token. Two tokens of one
 * name, one chance in 2^64 a pair, would share their term here as they do where a value's tokens are
 * compared; exact terms, which uniqueness trusts, are not kept. The keys of indexes do not change while a
 * keeper runs.
 *
 * A slot holds the last one that fell on it. 576 KiB a thread, touched as it fills. Not thread-safe. */
#ifndef KEDUN_KEEPER_RECALL_H
#define KEDUN_KEEPER_RECALL_H

#include "keeper/parts.h"

#define RECALL_TERMS   (1u << 14)
#define RECALL_WEIGHTS (1u << 12)

/* All zero: free. */
struct recall_term {
    uint64_t name, term;
    uint16_t level, part;
};

struct recall_weights {
    uint64_t name; /* 0: free */
    struct parts_weights weights;
};

struct recall {
    struct recall_term terms[RECALL_TERMS];
    struct recall_weights weights[RECALL_WEIGHTS];
};

struct recall *recall_new(void);    /* NULL when memory is out */
void recall_free(struct recall *r); /* wipes; NULL is fine */

/* Whether the term of a token's part is known. */
bool recall_term(const struct recall *r, uint64_t name, unsigned level, unsigned part, uint64_t *term);
/* Its slot is about to be looked at. */
void recall_fetch(const struct recall *r, uint64_t name, unsigned level);
void recall_put(struct recall *r, uint64_t name, unsigned level, unsigned part, uint64_t term);

/* As parts_choose. */
unsigned recall_choose(struct recall *r, uint64_t name, unsigned level, const struct uuid *record);

#endif
