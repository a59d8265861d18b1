/* Predicates as SQL conditions. */
#ifndef KEDUN_STORE_SQLITE_COMPILE_H
#define KEDUN_STORE_SQLITE_COMPILE_H

#include "store/sqlite/sql.h"

/* Search terms inside a condition: as a list that is read first (few rows), or looked up for each row. */
enum compile_terms { TERMS_LISTED, TERMS_PROBED };

/* Writes `p` about the row of table o_OBJECT that is called tALIAS. ST_INVALID when the tree is malformed or
 * deeper than PRED_DEPTH_MAX. The values stay borrowed until the statement is prepared. */
MUST_CHECK enum status compile_pred(struct sql *s, uint16_t object, unsigned alias, const struct pred *p,
                                    enum compile_terms terms, struct error *e);

/* Field and kind of a PRED_TERMS as x_OBJECT's key. */
static inline int64_t compile_term_key(uint16_t field, unsigned search) {
    return (int64_t)field << 8 | (int64_t)search;
}

#endif
