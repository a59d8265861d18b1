/* The same key twice does the act once. What is kept is the key's hash, a hash of key and
 * request together, and the record's id, nothing of its content: a replay reads the record anew under the
 * caller's rights. */
#ifndef KEDUN_RECORD_IDEMPOTENCY_H
#define KEDUN_RECORD_IDEMPOTENCY_H

#include "record/caller.h"

/* Was the caller's key used before? *found with the record. ST_INVALID "idempotency_mismatch" for another
 * request. Without a key: not found. */
MUST_CHECK enum status idempotency_find(struct caller *c, bool *found, struct uuid *record, struct error *e);

/* After a failed write (not ST_OK): has the same request, sent twice at a time, been done by its twin
 * meanwhile? Then the failure is the twin's success, whatever it looks like (a stale version, a value that
 * exists, a record that is gone). */
bool idempotency_raced(struct caller *c, enum status failure);

/* Fills a WRITE_IDEMPOTENCY. */
MUST_CHECK enum status idempotency_op(struct caller *c, struct write_op *op, struct error *e);

#endif
