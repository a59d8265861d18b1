/* Where the pages of long lists begin: a page by number skips OFFSET rows at some 30 ns each, so the row
 * before a page is remembered when it was seen, and the next reader of that page seeks it as a cursor would.
 *
 * A place holds for one state of the base: the writer moves the version on around every commit, and a reader
 * uses and leaves places only when his snapshot is that of one version. The filter is still part of the
 * query, so a place can only choose where in the caller's own list a page begins. Thread-safe; one to a
 * store. */
#ifndef KEDUN_STORE_SQLITE_PLACES_H
#define KEDUN_STORE_SQLITE_PLACES_H

#include "object/pred.h"
#include "store/store.h"

#define PLACES_OFFSET_LEAST 100 /* shorter skips cost less than looking */
#define PLACES_CELL_BYTES   40  /* longer sort values are not remembered */

struct places;

/* NULL: no memory. */
struct places *places_new(void);
void places_free(struct places *p);

/* The writer's, around each commit. */
void places_commit_begins(struct places *p);
void places_commit_ended(struct places *p);

/* False while a commit is under way. A snapshot taken between two calls that give the same version is that
 * version's. */
bool places_version(struct places *p, uint64_t *version);

/* A list and how many of its rows lie before the place. */
struct place_key {
    uint64_t list[2];
    uint64_t version;
    uint32_t offset;
};

/* Names a list by the text of its query and what is bound to it. */
void places_name_list(const struct places *p, struct slice sql, const struct cell *binds, size_t count,
                      struct place_key *out);

/* Copies the sort values and id of the row before the place; false: not known. `bytes` lends texts their
 * room. */
bool places_find(struct places *p, const struct place_key *key, struct cell *cells, size_t count,
                 uint8_t bytes[][PLACES_CELL_BYTES]);
void places_put(struct places *p, const struct place_key *key, const struct cell *cells, size_t count);

#endif
