/* High-risk acts that were let pass, of the audit explorer's index: a small table of the entries that carry
 * their tag (keeper/high_risk_tag.h), so that a page of them reads no log (for audit_index.c; the public part
 * is in store/audit_index.h). An act's number is eight times its entry's and its place in the tag: newest
 * first is by falling number. */
#ifndef KEDUN_STORE_SQLITE_AUDIT_DEEDS_H
#define KEDUN_STORE_SQLITE_AUDIT_DEEDS_H

#include "store/audit_index.h"
#include "store/sqlite/sql.h"

#define AUDIT_DEEDS_TABLE                                                                                    \
    "CREATE TABLE IF NOT EXISTS deed(id INTEGER PRIMARY KEY, at INTEGER, actor INTEGER, act TEXT, "          \
    "object INTEGER, day INTEGER, records INTEGER, reason INTEGER, job INTEGER, outcome INTEGER, more "      \
    "INTEGER, "                                                                                              \
    "approvals BLOB)"
#define AUDIT_DEEDS_BY_ACTOR "CREATE INDEX IF NOT EXISTS deed_actor ON deed(actor)"
#define AUDIT_DEEDS_BY_ACT   "CREATE INDEX IF NOT EXISTS deed_act ON deed(act)"

/* Within the transaction that adds the entries: a tagged one, or the outcome of one. */
MUST_CHECK enum status audit_deeds_add(struct connection *c, struct sql *sql, const struct audit_entry *entry,
                                       struct error *e);
MUST_CHECK enum status audit_deeds_read(struct connection *c, struct sql *sql,
                                        const struct audit_deed_query *q, struct arena *a,
                                        struct audit_deed *out, size_t *count, bool *more, struct error *e);

#endif
