/* Lays policies out anew: the same tokens and comments in the same order, other white space.
 *
 * Each policy by itself with a blank line before it; annotations on lines of their own; the scope on one line
 * if it only says principal, action, resource, else on three; a condition on one line if it fits, else broken
 * at its loosest operators and at the commas of its longest brackets. Comments stay at the token they stand
 * before or behind. Formatting twice changes nothing more. */
#ifndef KEDUN_POLICY_POLICY_FORMAT_H
#define KEDUN_POLICY_POLICY_FORMAT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"

#define POLICY_LINE_WIDTH 80
#define POLICY_INDENT     2

/* The text is parsed first: ST_INVALID "policy_syntax" when it is none. ST_NOMEM. */
MUST_CHECK enum status policy_format(struct slice text, const char *file, size_t width, size_t indent,
                                     struct arena *a, struct buf *out, struct error *e);

#endif
