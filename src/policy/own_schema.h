/* The Cedar schema of Kedun's own world: people, roles, departments and acts as policy.h names them, and an
 * entity type for each object with those fields as attributes that policies may see.
 *
 * An attribute that may be empty is optional, so that a policy has to ask with `has` before it reads it: of a
 * record all but owner and created_at, of a person login is certain and department and branch are not. The
 * context is certain but for second_factor_age, for the acts on fields with field and class besides. */
#ifndef KEDUN_POLICY_OWN_SCHEMA_H
#define KEDUN_POLICY_OWN_SCHEMA_H

#include "object/object.h"
#include "policy/schema.h"
#include "policy/set.h"

/* For printing (schema_print.h). Lives in `a`, borrows names from `objects`. ST_NOMEM. */
MUST_CHECK enum status own_schema_source(const struct object_set *objects, struct arena *a,
                                         const struct schema_source **out);

/* The same, resolved. ST_INVALID "schema_twice" when two objects' names give one type; ST_NOMEM. */
MUST_CHECK enum status own_schema(const struct object_set *objects, struct arena *a,
                                  const struct schema **out, struct error *e);

/* All that is asked of a text before it may be saved: names and row filters (policy_check_reducible), and
 * strict validation against the schema. ST_INVALID "policy_not_valid" with file:line:column, the policy's id,
 * what is wrong and the expression, besides policy_check_reducible's codes. */
MUST_CHECK enum status policy_check(const struct policy_set *set, const struct object_set *objects,
                                    struct error *e);

#endif
