/* Patterns of definitions: POSIX extended regular expressions (POSIX.1-2017, XBD 9.4) over UTF-8, always
 * matched against the whole value.
 *
 * An administrator writes them, so they are bounded: at most PATTERN_MAX bytes, no back-references (matching
 * would take exponential time), and the counts of all {n,m} multiply to at most PATTERN_REPEAT_MAX (each one
 * copies its operand when compiled). A value longer than PATTERN_VALUE_MAX bytes does not match. */
#ifndef KEDUN_OBJECT_PATTERN_H
#define KEDUN_OBJECT_PATTERN_H

#include "base/slice.h"
#include "base/status.h"

#define PATTERN_MAX        200
#define PATTERN_REPEAT_MAX 2000
#define PATTERN_VALUE_MAX  4096

struct object_pattern;

/* ST_INVALID "bad_pattern" with the reason. */
MUST_CHECK enum status pattern_compile(const char *text, struct object_pattern **out, struct error *e);
void pattern_free(struct object_pattern *p); /* NULL is fine */
/* Thread-safe. */
bool pattern_matches(const struct object_pattern *p, struct slice value);

#endif
