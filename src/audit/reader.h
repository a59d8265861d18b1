/* Reads entries in order from the files alone, while the log may be growing.
 *
 * In the process that owns the log, set the limit to audit_durable_seq(): what lies beyond may yet be cut.
 * A reader belongs to one thread. */
#ifndef KEDUN_AUDIT_READER_H
#define KEDUN_AUDIT_READER_H

#include "audit/entry.h"

struct audit_reader;

/* The next entry read will be `from` (at least 1). A `from` beyond the end is fine: there is nothing yet.
 * ST_NOT_FOUND when the directory or the segment that would hold it is missing, ST_NOMEM, ST_IO. */
MUST_CHECK enum status audit_reader_open(const char *directory, uint64_t from, struct audit_reader **out,
                                         struct error *e);
void audit_reader_close(struct audit_reader *r);

/* Entries past `seq` are not read; UINT64_MAX (the default) for no limit. */
void audit_reader_limit(struct audit_reader *r, uint64_t seq);

/* The next entry. Its slices point into the reader and hold until the next call; arrays come from `a`.
 * ST_NOT_FOUND at the end so far (call again later), ST_CORRUPT, ST_NOMEM, ST_IO. */
MUST_CHECK enum status audit_reader_next(struct audit_reader *r, struct arena *a, struct audit_entry *out);

/* The leaf bytes of the entry read last, as hashed into the tree. */
struct slice audit_reader_leaf(const struct audit_reader *r);

#endif
