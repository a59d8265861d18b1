/* JSON in: a whole document as a tree in an arena, for policies, entities, requests and schemas as JSON.
 *
 * RFC 8259, with what matters here kept apart: a number is a long only when it is written as a whole number
 * that fits 64 bits; a string may hold U+0000; an object with the same name twice is refused, since two
 * readers could take it two ways. Invalid UTF-8 and unpaired surrogates are refused. */
#ifndef KEDUN_POLICY_DOCUMENT_H
#define KEDUN_POLICY_DOCUMENT_H

#include "base/arena.h"
#include "base/status.h"

#define DOCUMENT_DEPTH_MAX 2000
#define DOCUMENT_TEXT_MAX  ((size_t)64 * 1024 * 1024)

enum document_kind {
    DOCUMENT_NULL,
    DOCUMENT_BOOL,
    DOCUMENT_LONG,
    DOCUMENT_NUMBER, /* any other number; its value is not kept */
    DOCUMENT_STRING,
    DOCUMENT_ARRAY,
    DOCUMENT_OBJECT
};

struct document {
    enum document_kind kind;
    uint32_t line; /* where it begins, from 1 */
    bool b;
    int64_t i;
    struct slice s;
    const struct document *items; /* of an array; the values of an object */
    const struct slice *names;    /* of an object */
    size_t count;
};

/* One value and nothing behind it. ST_INVALID "bad_json" with file:line, ST_LIMIT, ST_NOMEM. */
MUST_CHECK enum status document_parse(struct slice text, const char *file, struct arena *a,
                                      const struct document **out, struct error *e);

/* NULL when it is no object or has no such name. */
const struct document *document_get(const struct document *object, const char *name);

/* The string's text; p == NULL when there is none of that name or it is no string. */
struct slice document_string(const struct document *object, const char *name);

/* The first name that is in none of `known` (ends with NULL); p == NULL when all are. */
struct slice document_unknown(const struct document *object, const char *const *known);

static inline bool document_is(const struct document *d, enum document_kind kind) {
    return d != NULL && d->kind == kind;
}

#endif
