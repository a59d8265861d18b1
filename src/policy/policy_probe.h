/* Which policies can apply to a request, by the conditions of their `when`s.
 *
 * Many policies ask the same thing of a request and want another answer each: `principal.department ==
 * "d17"`,
 * `["customer", "lead"].contains(context.object)`, `principal.roles.contains("r3")`, `resource.amount > 700`.
 * What is asked is a probe: it is evaluated once a request, and only the policies that want the value found
 * are left. A condition counts only where all that stands before it can't err, or is a probe that did not err
 * just now: so passing a policy over hides no error of it, and where a probe errs all of its policies are
 * left. A policy all of whose conditions are probes that did not err, or were answered by the index
 * (policy_index.h), needs no evaluation any more. `unless { a || b }` is two conditions, not a and not b.
 * Source: the discrimination networks of production systems (C. Forgy, "Rete", Artificial Intelligence 19,
 * 1982). */
#ifndef KEDUN_POLICY_POLICY_PROBE_H
#define KEDUN_POLICY_POLICY_PROBE_H

#include "policy/eval.h"
#include "policy/policies.h"

#define PROBES_MAX      32
#define PROBE_LEAST     4  /* policies that a probe is worth its evaluation for */
#define PROBE_ROW_LEAST 32 /* policies that want a value, for a row of bits of it */

enum probe_form {
    PROBE_VALUE, /* the value is one of some */
    PROBE_ITEM,  /* the value is a set that holds one of some */
    PROBE_ORDER, /* a number below or above some bound */
    PROBE_TRUTH, /* a condition: true or false */
    PROBE_WITHIN /* an entity that is one of some, or below one */
};

struct probe_bound {
    int64_t low, high; /* inclusive; none when low is above high */
};

struct probe {
    const struct expr *of;
    enum probe_form form;
    bool negated;               /* its policies want it to be none of theirs */
    int after;                  /* the probe that must not have erred; -1: none */
    uint64_t *any;              /* a bit for each policy that this probe says nothing about */
    struct probe_bound *bounds; /* PROBE_ORDER: of each policy */
};

struct probe_slot {
    const struct cedar_value *value; /* NULL: free */
    uint32_t probe, first, count;    /* first: into next, + 1; how many */
    uint64_t *bits;                  /* the same as a bit each, where they are many; else NULL */
};

struct policy_probes {
    struct probe list[PROBES_MAX];
    size_t count;
    struct probe_slot *slots;
    size_t room, entry_count, words;
    uint32_t *next, *policy;
    uint64_t *whole; /* a bit for each policy all of whose conditions are probes, or answered by the index */
};

/* ST_NOMEM. */
MUST_CHECK enum status policy_probes_make(const struct policies *policies, struct arena *a,
                                          const struct policy_probes **out);

/* Takes bits of policies that can't apply away; `bits` are those that policy_index_ask left. `room`: x->words
 * words twice; the first come back with the policies whose conditions all hold, if their bit is left. */
void policy_probes_ask(const struct policy_probes *x, struct eval *v, uint64_t *bits, uint64_t *room);

/* A conjunct that wants an entity of the request to be one of some, or below one: `principal in Role::"a"`.
 */
struct probe_entities {
    const struct cedar_value *items; /* entities */
    size_t count;
};

/* The first such condition on `variable` of the policy, if nothing before it can err. */
bool policy_probe_entities(const struct policy *p, enum variable variable, struct probe_entities *out);

#endif
