/* The kinds of request that are tried with failing memory. In path, query and body '@' stands for the id of
 * the record that there is, '$' for its version, '#' for a number never used before, '~' for a time half a
 * year ahead. */
#ifndef KEDUN_TESTS_MEMORY_KINDS_H
#define KEDUN_TESTS_MEMORY_KINDS_H

#include <stddef.h>

enum person { NOBODY, SALES, LEADER, ADMIN, AUDITOR, STEWARD, SECURITY, PEOPLE };

/* What a write may change, looked up by a GET as somebody: the number at "count", the length of "items", or a
 * record's version. */
enum measure { MEASURE_NONE, MEASURE_COUNT, MEASURE_ITEMS, MEASURE_VERSION };

struct kind {
    const char *name;
    const char *method, *path, *query, *body, *if_match;
    enum person who;
    int expected; /* the status when nothing fails */
    /* A write: what it changes, by how much, and the request that brings it back (NULL: nothing does). */
    enum measure measure;
    const char *probe, *probe_query;
    int by;
    const char *undo_method, *undo_path, *undo_if_match;
    const char *content_type;
    int keyed;       /* sent with an Idempotency-Key: after an error it is sent again and must succeed */
    unsigned stride; /* above 0: only each so many-th allocation is tried, there are too many alike */
    int repeatable;  /* answers the same again and again */
};

extern const struct kind kinds[];
extern const size_t kind_count;

#endif
