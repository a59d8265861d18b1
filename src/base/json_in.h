/* JSON in: jansson's parser, but for what it does when memory runs out: up to 2.14 it goes on reading a token
 * whose buffer could not grow, past the buffer's end. Here the first allocation that fails ends the parse,
 * and all that the parse had allocated is given back. jansson wipes what it frees. json_loadb and its like
 * are called nowhere else (tools/check-house). */
#ifndef KEDUN_BASE_JSON_IN_H
#define KEDUN_BASE_JSON_IN_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"

#include <jansson.h>

/* The text of a value, to be freed with free(), NULL for lack of memory: for json_dumps, which passes over a
 * key that it has no memory for. `flags` as json_dumps has them. */
char *json_print(const json_t *value, size_t flags);

/* The text of an object with these members of `from` alone, those that it has, in the order of `names`;
 * SLICE_NONE for lack of memory: never without one of them. */
struct slice json_members(struct arena *a, const json_t *from, const char *const *names, size_t count);

/* Any JSON value, of which the caller holds the reference; *out is NULL on failure. `flags` as json_loadb has
 * them; `why` (may be NULL) says where the text is wrong. ST_INVALID, ST_NOMEM. */
MUST_CHECK enum status json_read(struct slice text, size_t flags, json_t **out, json_error_t *why);

#endif
