/* Access for a time that was asked for in place and approved (struct staff_access): fields of some records,
 * or of all that the person sees, in clear for him. It opens nothing that he does not list or open by his
 * own roles over his main post's place (not what colleagues lent), and
 * nothing that a policy forbids; the keeper's ceiling holds besides. For the person in his own session: not
 * for his keys and jobs. Ends by the clock. */
#ifndef KEDUN_RECORD_ACCESS_GIVEN_H
#define KEDUN_RECORD_ACCESS_GIVEN_H

#include "record/access_cache.h"

/* A hash of what is given now, for the key of the cache. */
uint64_t access_given_hash(const struct caller *c, const struct object_def *o, uint64_t seed);

/* Whether anything on the object is. */
bool access_is_given(const struct caller *c, const struct object_def *o);

/* Widens `fields` (one per field of the object) within what entry->access.acts lets him list or open. */
MUST_CHECK enum status access_add_given(const struct caller *c, struct access_entry *entry,
                                        const struct policy_query *q, struct field_view *fields,
                                        struct error *e);

/* What is given of the record, fields by their latest end: {"mobile": "<time>", …}. False: nothing, then
 * nothing is written. */
bool access_given_write(const struct caller *c, const struct object_def *o, const struct uuid *id,
                        const char *key, struct json *out);

/* The accesses of somebody that hold now and concern the record (NULL: any) and the field (NULL: any), as a
 * JSON array of {"id", "until", "reason", "approved_by", "all", "fields"}. */
void access_given_list(const struct directory *d, uint32_t user, int64_t now_ms, const struct object_def *o,
                       const struct field_def *field, const struct uuid *id, struct json *out);

#endif
