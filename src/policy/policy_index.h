/* Which policies can apply to a request at all, by the entities that their scopes name.
 *
 * Each policy is filed under the entities that its scopes of the principal, the action and the resource name;
 * it can only apply when one of each is the request's or above it. Those that name none there are always
 * candidates. A scope that stands among a policy's conditions counts like one in its head where
 * nothing before it can err (policy_probe.h). Built once; asking takes no memory. */
#ifndef KEDUN_POLICY_POLICY_INDEX_H
#define KEDUN_POLICY_POLICY_INDEX_H

#include "policy/eval.h"
#include "policy/policies.h"

struct index_slot {
    const struct cedar_entity *entity; /* NULL: free */
    uint32_t first, count;             /* into next, + 1; how many */
    uint64_t *bits;                    /* the same as a bit each, where they are many; else NULL */
};

struct policy_index {
    struct index_slot *slots[3]; /* of the principal, the action, the resource */
    uint64_t *any[3];            /* a bit for each policy that names none there */
    uint64_t *open;   /* a bit for each policy whose head says no more than what it is filed under */
    bool named[3];    /* some policy is not among any[] */
    uint32_t *next;   /* an entry (a policy under an entity) filed under the same entity, + 1 */
    uint32_t *policy; /* of an entry */
    size_t entry_count, room, words;
};

/* ST_NOMEM. */
MUST_CHECK enum status policy_index_make(const struct policies *policies, struct arena *a,
                                         const struct policy_index **out);

/* A bit for each policy that may apply, in the first index->words of `bits`, which has room for twice as
 * many. `request`: principal, action, resource. */
void policy_index_ask(const struct policy_index *index, const struct entities *entities,
                      const struct cedar_entity *const request[3], uint64_t *bits);

/* The head of a policy that policy_index_ask left. */
bool policy_index_head(const struct policy_index *index, const struct eval *v, const struct policy *p,
                       size_t at);

#endif
