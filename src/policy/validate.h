/* Policies against a schema: can any of them err for want of an attribute or by a wrong type, on any request
 * that the schema allows? Strict mode also wants compared things to be of one type and extension values to be
 * written out; permissive mode does not.
 * Source: docs.cedarpolicy.com, "Policy validation". */
#ifndef KEDUN_POLICY_VALIDATE_H
#define KEDUN_POLICY_VALIDATE_H

#include "policy/policies.h"
#include "policy/schema.h"

struct finding {
    const struct policy *policy;
    uint32_t line, column;
    const char *what;
    const struct expr *expr; /* NULL: the policy's scope or as a whole */
    bool warning;            /* the policy is valid, but it can apply to nothing */
};

struct findings {
    struct finding *list;
    size_t count, errors, room;
};

/* The policies are valid when out->errors is 0. At most one type error a policy is named. ST_NOMEM. */
MUST_CHECK enum status validate(const struct policies *policies, const struct schema *schema, bool strict,
                                struct arena *a, struct findings *out);

#endif
