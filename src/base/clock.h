/* Time. Wall time is UTC; durations use the monotonic clock, which no administrator can step. */
#ifndef KEDUN_BASE_CLOCK_H
#define KEDUN_BASE_CLOCK_H

#include "base/slice.h"

#include <pthread.h>

int64_t clock_wall_ms(void);      /* milliseconds since 1970-01-01T00:00:00Z */
int64_t clock_monotonic_ns(void); /* since some fixed point */
int64_t clock_thread_ns(void);    /* of processor time that the calling thread has had */

/* A condition whose timed waits go by the monotonic clock. 0, or as pthread_cond_init. */
int clock_condition_init(pthread_cond_t *condition);

#define CLOCK_TEXT 24 /* "2026-01-02T03:04:05.678Z" */
/* RFC 3339 in UTC with milliseconds, and a NUL. Years 0 to 9999; outside them "0000-…". */
void clock_format(int64_t ms, char out[CLOCK_TEXT + 1]);
/* RFC 3339 date-time (any offset, fraction of up to 9 digits) or date (midnight UTC). */
bool clock_parse(struct slice text, int64_t *ms);

/* Days since 1970-01-01 of a proleptic Gregorian date, and back (H. Hinnant, days_from_civil). */
int64_t clock_days_from_date(int year, unsigned month, unsigned day);
void clock_date_from_days(int64_t days, int *year, unsigned *month, unsigned *day);
/* "YYYY-MM-DD", checked against the calendar. */
bool clock_parse_date(struct slice text, int64_t *days);

#endif
