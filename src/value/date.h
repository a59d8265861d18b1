/* Dates and date-times as people write them. */
#ifndef KEDUN_VALUE_DATE_H
#define KEDUN_VALUE_DATE_H

#include "base/slice.h"

/* Years that are accepted: 1000 to 9999. */

/* Days since the epoch from 2024-01-02, 2024-1-2, 2024/01/02, 2024.1.2, 20240102 or 2024年1月2日 (digits in
 * ASCII, checked against the calendar). A day-first or month-first form is ambiguous and refused. */
bool date_parse(struct slice text, int64_t *days);

/* RFC 3339 with an offset, or a date as above, a space or T, and H:MM[:SS[.fff]] at `offset_minutes` east of
 * UTC; a date alone is its midnight there. */
bool date_parse_time(struct slice text, int offset_minutes, int64_t *ms);

/* "YYYY-MM-DD" and a NUL for the years 0 to 9999; false outside them. */
bool date_format(int64_t days, char out[11]);

/* The day it is at `ms` at that offset. */
int64_t date_of_ms(int64_t ms, int offset_minutes);

#endif
