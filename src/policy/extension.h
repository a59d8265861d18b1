/* Cedar's extension types: decimal, ipaddr, datetime, duration.
 *
 * Each function has a name, a number of arguments and a style (constructor `ip("…")` or method
 * `a.isInRange(b)`); the parser asks the table, the evaluator calls through it.
 * Source: docs.cedarpolicy.com, "Operators and functions" and RFC 80 of the Cedar project (datetime). */
#ifndef KEDUN_POLICY_EXTENSION_H
#define KEDUN_POLICY_EXTENSION_H

#include "policy/value.h"

#define EXTENSION_ARGUMENTS_MAX 2

struct extension {
    const char *name;
    bool method;
    unsigned arguments; /* the receiver of a method counts */
    /* False: an evaluation error (wrong type, bad text, overflow). */
    bool (*call)(const struct cedar_value *arguments, struct cedar_value *out);
};

/* NULL when there is none of that name. */
const struct extension *extension_find(struct slice name);

#endif
