/* Pages by common search terms: walks the page's index and keeps the rows that have the terms (terms.h says
 * when). */
#ifndef KEDUN_STORE_SQLITE_WALK_H
#define KEDUN_STORE_SQLITE_WALK_H

#include "store/sqlite/query.h"

MUST_CHECK enum status query_walk(struct query *q);

#endif
