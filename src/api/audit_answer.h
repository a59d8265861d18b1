/* What the answers from the audit explorer's index share. */
#ifndef KEDUN_API_AUDIT_ANSWER_H
#define KEDUN_API_AUDIT_ANSWER_H

#include "api/handlers.h"
#include "store/audit_index.h"

/* ST_NOT_FOUND: it is just being built. */
MUST_CHECK enum status audit_answer_open(struct engine *engine, struct caller *c, struct audit_index **out,
                                         struct error *e);

/* {"id","name"} or null for the system itself. */
void audit_answer_person(const struct caller *c, uint32_t id, struct json *j);

/* Member "label": {"zh","en"}, or null for NULL. */
void audit_answer_label(const struct label *label, struct json *j);

/* "allowed", "pending" …; NULL for an unknown number. */
const char *audit_answer_outcome(uint8_t outcome);

/* The members "indexed_to" and, from the keeper, "head": how far the log reaches. */
MUST_CHECK enum status audit_answer_reach(struct caller *c, uint64_t indexed_to, struct json *j,
                                          struct error *e);

/* False: it is no time. Not given: *out stays. */
bool audit_answer_time(const struct http_request *r, const char *name, struct arena *a, int64_t *out);

#endif
