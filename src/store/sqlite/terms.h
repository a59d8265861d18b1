/* How many rows the search terms of a filter have, and the cheapest way to use them.
 *
 * Few rows (an exact term's, or of postings so few that a walk would be longer) lead: they are read, tested
 * and sorted. Else the page's index is walked and each row is tested: a common term is met soon. Postings
 * (fragments, endings, words) are tested by the set of all rows that have them (term_sets.h); exact terms are
 * looked up row by row. */
#ifndef KEDUN_STORE_SQLITE_TERMS_H
#define KEDUN_STORE_SQLITE_TERMS_H

#include "store/sqlite/query.h"
#include "store/sqlite/term_sets.h"

#define TERMS_FEW TERM_SETS_FEW

struct terms_lead {
    const struct pred *term; /* an exact term with few rows; or NULL */
    struct row_set *rows;    /* of all parts that sets answer, or NULL */
    char *list;              /* the numbers of these rows, when they are few enough to lead; or NULL */
};

/* The sets alone; p->found is set for the plan's statements. */
MUST_CHECK enum status terms_find_sets(struct store_reader *r, struct plan *p, struct terms_lead *out,
                                       struct error *e);
/* Decides; p->found is set for the plan's statements. Free it when they are done. */
MUST_CHECK enum status terms_lead_make(struct store_reader *r, struct plan *p, size_t wanted,
                                       struct terms_lead *out, struct error *e);
void terms_lead_free(struct terms_lead *lead);

static inline bool terms_lead_is(const struct terms_lead *lead) {
    return lead->term != NULL || lead->list != NULL;
}

/* "SELECT t0.row AS row FROM … WHERE t0.row IN (<the leader's rows>) AND <condition>": without order. IN, for
 * a join makes SQLite fill a Bloom filter from the whole table when it takes the leader for long; no index
 * but the rows' numbers may be chosen. */
MUST_CHECK enum status terms_put_led(struct sql *s, const struct plan *p, const struct plan_segment *segment,
                                     const struct terms_lead *lead, struct error *e);

#endif
