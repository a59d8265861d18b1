/* Which rows a whole filter found, remembered: somebody who may see one of a hundred of his scope's records
 * would have a hundred looked at for each that his page shows. A list is made when its pages had as many
 * rows judged (judged.h) as the scope has, so that it costs no more than they did, one of them
 * SHORTLIST_DEAR; afterwards pages are picked (pick.h) out of it.
 *
 * It may hold rows that the filter no longer finds: picking decides each anew. It must not lack any, so what
 * may have come since is added: the rows whose stamps (facts.h) are beyond the clock that the list's reader
 * asked before his snapshot, 64 to a stamp, and those behind the last row that there was. When that is more
 * than SHORTLIST_MORE, a list is made anew. Bounded by SHORTLISTS and the rows of each; what was not used
 * longest goes first. */
#ifndef KEDUN_STORE_SQLITE_SHORTLIST_H
#define KEDUN_STORE_SQLITE_SHORTLIST_H

#include "store/sqlite/query.h"

#define SHORTLISTS     128
#define SHORTLIST_DEAR 1000   /* rows judged for one page */
#define SHORTLIST_WALK 200000 /* rows judged to make a list; a longer scope has none */
#define SHORTLIST_ROWS 20000
#define SHORTLIST_MORE 8192

struct shortlists;

struct shortlists *shortlists_new(void);
void shortlists_free(struct shortlists *s);

/* Within the call's snapshot, for a plan with q->plan.judged that pick_fits: the page's rows out of the
 * filter's list; *done is false: there is none, walk. */
MUST_CHECK enum status shortlist_read(struct query *q, bool *done);
/* After such a walk, in the same snapshot: makes the list when the walk was dear. */
MUST_CHECK enum status shortlist_make(struct query *q);

#endif
