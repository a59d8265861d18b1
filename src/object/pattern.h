/* Patterns of definitions: ICU regular expressions (UTS #18), the dialect nearest to what browsers run with
 * the flag u, so that a form and the server agree. Always matched against the whole value; characters are
 * Unicode's. (POSIX expressions of glibc know no ranges such as [一-龥] in a locale that is always there.)
 *
 * An administrator writes them and anybody's value meets them, so they are bounded: PATTERN_MAX bytes of
 * pattern, PATTERN_VALUE_MAX bytes of value, PATTERN_STEPS of matching (ICU's unit, some 10,000 steps of its
 * machine) and PATTERN_STACK bytes of backtracking. A value past a bound does not match. */
#ifndef KEDUN_OBJECT_PATTERN_H
#define KEDUN_OBJECT_PATTERN_H

#include "base/slice.h"
#include "base/status.h"

#define PATTERN_MAX       200
#define PATTERN_VALUE_MAX 4096
#define PATTERN_STEPS     20
#define PATTERN_STACK     (256 * 1024)

struct object_pattern;

/* ST_INVALID "bad_pattern" with the reason. */
MUST_CHECK enum status pattern_compile(const char *text, struct object_pattern **out, struct error *e);
void pattern_free(struct object_pattern *p); /* NULL is fine */
/* Thread-safe. */
bool pattern_matches(const struct object_pattern *p, struct slice value);

#endif
