/* One request against policies and entities, by the language's rule: any forbid that holds denies, else any
 * permit that holds allows, else deny. A policy that errs does not hold; it is named among the errors.
 * Source: docs.cedarpolicy.com, "Authorization". */
#ifndef KEDUN_POLICY_AUTHORIZE_H
#define KEDUN_POLICY_AUTHORIZE_H

#include "policy/entity_store.h"
#include "policy/policies.h"
#include "policy/policy_index.h"
#include "policy/policy_probe.h"

struct cedar_request {
    struct cedar_entity principal, action, resource;
    struct cedar_value context; /* a record */
};

struct authorize_error {
    const struct policy *policy;
    enum fault fault;
    const struct expr *at;
};

struct authorize_answer {
    bool allowed;
    const struct policy **determining; /* those that decided: room for all policies, set by authorize_init */
    size_t determining_count;
    struct authorize_error *errors; /* room likewise */
    size_t error_count;
    const struct policy_index *index;
    const struct policy_probes *probes;
    uint64_t *candidates;
};

/* Room for the answers of these policies and an index of them, used again from request to request. ST_NOMEM.
 */
MUST_CHECK enum status authorize_init(struct authorize_answer *answer, const struct policies *policies,
                                      struct arena *a);

/* `scratch` holds sets and records that conditions make; it may be reset afterwards. ST_NOMEM only. */
MUST_CHECK enum status authorize(const struct policies *policies, const struct entities *entities,
                                 const struct cedar_request *request, struct arena *scratch,
                                 struct authorize_answer *answer);

/* {"principal", "action", "resource", "context"}: an entity each, as an object or as text (User::"a"); the
 * context may be missing. Other names are let be. With a schema the context is read by its types, and with
 * `check` the request must be one that the schema has. ST_INVALID "bad_request" …, ST_NOMEM. */
MUST_CHECK enum status request_from_json(const struct document *d, const char *file,
                                         const struct schema *schema, bool check, struct arena *a,
                                         struct cedar_request *out, struct error *e);

/* User::"a" with Cedar's escapes. */
MUST_CHECK enum status entity_from_text(struct slice text, const char *what, struct arena *a,
                                        struct cedar_entity *out, struct error *e);

#endif
