/* The tables of a file, made from object definitions. Names are ids, so they survive renames:
 *   o_OBJECT   rows: system columns, then f_FIELD
 *   x_OBJECT   exact terms: (key = field << 8 | search, term, row), in that order on disk
 *   g_OBJECT   fragments, endings and words: postings.h
 *   p_OBJECT   the same of new rows, by row, until they stand in g_OBJECT: staged.h
 *   y_OBJECT   exact terms of new rows, by set, until they stand in x_OBJECT: young.h
 *   h_OBJECT   history: (row, id)
 * and for the whole base subject_key, idempotency, intent, item, meta.
 *
 * Indexes of o_OBJECT: i_OBJECT_SCOPE_SORT for scope 0 (all), owner, department, branch and the sorts
 * created_at and the object's default: living rows only, in the order of the standard pages, so that a page
 * is a read in index order. They end in deleted_at (null, one byte), which makes them cover the whole
 * condition. Owner, department and branch have one by id too: the order of whoever may not see every row's
 * time of creation. One index a reference (with deleted rows, for on-delete rules), one of the deleted rows,
 * one of an import's rows, by id. */
#ifndef KEDUN_STORE_SQLITE_SCHEMA_H
#define KEDUN_STORE_SQLITE_SCHEMA_H

#include "store/sqlite/sql.h"

/* 1: endings and words stood in x_OBJECT; moved when such a file is opened. 2: there was no y_OBJECT. */
#define SCHEMA_FORMAT 3

/* In one transaction of its own. */
MUST_CHECK enum status schema_apply(struct connection *c, const struct object_set *objects, struct error *e);

/* The columns that have an index per scope, most used first; returns how many (1 or 2). */
size_t schema_sorts(const struct object_def *o, uint16_t out[2]);

/* The scope columns: 0 (all), owner, department, branch. */
#define SCHEMA_SCOPES 4
extern const uint16_t schema_scopes[SCHEMA_SCOPES];

bool schema_is_reference(const struct object_def *o, uint16_t field);

/* Writes "i_OBJECT_SCOPE_SORT"; scope: a scope column or a reference field (then sort is FIELD_CREATED_AT).
 */
void schema_index_name(struct sql *s, uint16_t object, uint16_t scope, uint16_t sort);

#endif
