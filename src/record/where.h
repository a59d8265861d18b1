/* A caller's filter (docs/api.md, where-tree) to a predicate. Only what he may filter by is accepted; a field
 * that he may not know of answers as an unknown one. */
#ifndef KEDUN_RECORD_WHERE_H
#define KEDUN_RECORD_WHERE_H

#include "record/access.h"
#include "record/needles.h"

#include <jansson.h>

#define WHERE_LEAVES_MAX 200
#define WHERE_IN_MAX     500

/* Fragments that bind the whole filter (under no OR, NOT or child) are checked again on the values. */
struct where {
    const struct pred *pred;
    struct needles needles;
};

/* `in_url`: then sealed fields are refused ("sealed_filter_in_url"). */
MUST_CHECK enum status where_parse(struct caller *c, const struct access *a, const struct json_t *tree,
                                   bool in_url, struct where *out, struct error *e);

/* The search box: what the text could be (number, ending, mail, name, pinyin) on every field that he may
 * match. */
MUST_CHECK enum status where_search(struct caller *c, const struct access *a, struct slice text,
                                    struct where *out, struct error *e);

/* External text of a field to its stored cell, for filters; reference fields from a UUID. */
MUST_CHECK enum status where_cell(struct caller *c, const struct field_def *f, struct slice text,
                                  struct cell *out, struct error *e);

/* Does some leaf have this operator? */
bool where_op_exists(struct slice op);

#endif
