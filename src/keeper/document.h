/* What the checks of documents that people propose have in common (directories, sign-on providers): they
 * answer ST_INVALID "bad_document" with the key to blame. */
#ifndef KEDUN_KEEPER_DOCUMENT_H
#define KEDUN_KEEPER_DOCUMENT_H

#include "base/status.h"

#include <jansson.h>
#include <stdbool.h>

enum status document_bad(struct error *e, const char *key, const char *why);

/* Text of 1 to `most` bytes without control characters. */
bool document_is_text(const json_t *v, size_t most);
/* Missing, true or false. */
bool document_is_flag(const json_t *v);
/* A whole number from 1 to `most`. */
bool document_is_number(const json_t *v, json_int_t most);
/* Missing, or 1 to `count` certificates in PEM of at most `most` bytes, each with its end, and no private
 * key. */
bool document_is_pem(const json_t *v, size_t most, size_t count);
/* An object without keys that are not in the list, which ends with NULL: a key that nobody reads would be a
 * wish that nobody grants. */
bool document_has_known_keys(const json_t *d, const char *const *known);
bool document_is_one_of(const char *value, const char *const *list);

#endif
