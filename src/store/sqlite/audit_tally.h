/* How often whom did what, by day: a table of the audit explorer's index that grows with it, so that a report
 * of months reads some hundred rows and not the log (for audit_index.c; the public part is in
 * store/audit_index.h).
 */
#ifndef KEDUN_STORE_SQLITE_AUDIT_TALLY_H
#define KEDUN_STORE_SQLITE_AUDIT_TALLY_H

#include "store/audit_index.h"
#include "store/sqlite/sql.h"

#define AUDIT_TALLY_TABLE                                                                                    \
    "CREATE TABLE IF NOT EXISTS tally(actor INTEGER, day INTEGER, act INTEGER, object INTEGER, "             \
    "entries INTEGER, records INTEGER, PRIMARY KEY(actor, day, act, object)) WITHOUT ROWID"

/* Within the transaction that adds the entries. `shown`: per entry, the records that count. */
MUST_CHECK enum status audit_tally_add(struct connection *c, struct sql *sql,
                                       const struct audit_entry *entries, const size_t *shown, size_t count,
                                       struct error *e);
MUST_CHECK enum status audit_tally_read(struct connection *c, struct sql *sql,
                                        const struct audit_tally_query *q, struct arena *a,
                                        struct audit_tally **out, size_t *count, struct error *e);
MUST_CHECK enum status audit_tally_distinct(struct connection *c, struct sql *sql, uint32_t actor,
                                            int64_t from_ms, struct audit_distinct *out, size_t room,
                                            size_t *count, struct error *e);

#endif
