/* Changes of search terms that wait to be written in the order of their tables. */
#ifndef KEDUN_STORE_SQLITE_PENDING_H
#define KEDUN_STORE_SQLITE_PENDING_H

#include "store/sqlite/sql.h"
#include "store/store.h"

/* Exact terms of one set. A uniqueness check looks in here too. */
struct pending_term {
    uint16_t object;
    bool remove;
    uint32_t order, next; /* next: of the same bucket, plus 1 */
    int64_t key, term, row;
};

struct pending_terms {
    struct pending_term *list;
    size_t count, room;
    uint32_t *buckets; /* index + 1 of the newest */
    size_t bucket_count;
};

void pending_terms_free(struct pending_terms *p);
void pending_terms_clear(struct pending_terms *p);
MUST_CHECK enum status pending_terms_add(struct pending_terms *p, struct pending_term term);
/* The newest change of (object, key, term) older than `before` (0: any), or 0: a place to go on from. */
uint32_t pending_terms_find(const struct pending_terms *p, uint16_t object, int64_t key, int64_t term,
                            uint32_t before);
/* In the order of their tables. */
void pending_terms_sort(struct pending_terms *p);
/* Writes them, sorted, into x_OBJECT and clears. */
MUST_CHECK enum status pending_terms_write(struct pending_terms *p, struct connection *c, struct sql *s,
                                           struct error *e);

/* Fragments, endings and words of one group. */
struct pending_posting {
    uint16_t object;
    bool remove;
    uint32_t order;
    int64_t row, term; /* term: postings.h's number */
};

struct pending_postings {
    struct pending_posting *list;
    size_t count, room;
};

void pending_postings_free(struct pending_postings *p);
MUST_CHECK enum status pending_postings_add(struct pending_postings *p, struct pending_posting posting);
/* Writes the net change per chunk and term into g_OBJECT, in its order, and clears. */
MUST_CHECK enum status pending_postings_write(struct pending_postings *p, struct connection *c, struct sql *s,
                                              struct error *e);

/* Adds places to entries of g_OBJECT: begins as {.c, .sql}, one statement for all entries of an object. */
struct entry_adder {
    struct connection *c;
    struct sql *sql;
    sqlite3_stmt *statement;
    uint16_t object;
};
/* places: postings.h's list, ascending. */
MUST_CHECK enum status entry_add(struct entry_adder *a, uint16_t object, int64_t chunk, int64_t term,
                                 struct slice places, struct error *e);
void entry_adder_end(struct entry_adder *a);

#endif
