/* Relative dates in filters: "today", "this_week" (from Monday), "last_7_days" … in China Standard Time
 * (UTC+8, the company's calendar), as half-open ranges. */
#ifndef KEDUN_RECORD_RELATIVE_H
#define KEDUN_RECORD_RELATIVE_H

#include "base/slice.h"

struct relative_range {
    int64_t from_day, below_day; /* days since 1970-01-01 */
    int64_t from_ms, below_ms;
};

/* False when there is no such name. */
bool relative_parse(struct slice name, int64_t now_ms, struct relative_range *out);

#endif
