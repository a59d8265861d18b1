/* The register of high-risk acts: what the company asks for before much is done. It is the member "high_risk"
 * of the company's document, so the security administrator changes it, and what loosens it takes two
 * (registry_put.c):
 *   {"delete": {"above": 20, "reason": true, "second_factor_minutes": 15, "approval": true}, "update": …,
 *    "transfer": …, "import": …, "reveal": …,
 *    "rights": {"roles": ["boss"], "reason": true, "second_factor_minutes": 15, "approval": true}}
 * All may be missing: nothing is asked then. `above` (0 to 1,000,000, 0 unless said): how many records of a
 * day (UTC) somebody may do this to unasked. His sessions, keys and jobs count together, objects too, so many
 * small bites count as a large one; a write that is tried again counts again. The keeper counts the rows that
 * it seals: a change of owner by the owner in the row as it stands, whatever the act is called. Single bytes
 * of truth that only the engine has: that a row is deleted (a change otherwise), or new by an import.
 *
 * "rights" counts nothing: its roles, 1 to 32 that there are, are the executives', and each change of what
 * one of them may do is asked for it (keeper/registry_executive.h).
 *
 * What is missing is told as keeper/need.h. An API key can show no factor and has no approval. A job goes by
 * what was given when it was begun; an approval (keeper/allowance.h) is looked at with each write.
 */
#ifndef KEDUN_KEEPER_HIGH_RISK_H
#define KEDUN_KEEPER_HIGH_RISK_H

#include "keeper/need.h"

#include <jansson.h>

enum high_risk_act {
    HIGH_RISK_DELETE,
    HIGH_RISK_UPDATE,
    HIGH_RISK_TRANSFER,
    HIGH_RISK_IMPORT,
    HIGH_RISK_REVEAL,
    HIGH_RISK_ACTS
};
const char *high_risk_name(enum high_risk_act act);

struct high_risk_terms {
    bool reason, approval;
    uint16_t minutes; /* the second factor is younger; 0: not asked */
    uint32_t above;
};

#define ALLOWANCE_RECORDS 1000 /* that one approval may be bound to (keeper/allowance.h) */

#define HIGH_RISK_RIGHTS "rights" /* as the act is called: in the register, in tags, in what is missing */
#define EXECUTIVE_ROLES  32

/* What is asked of who changes an executive's rights. */
struct high_risk_rights {
    char roles[EXECUTIVE_ROLES][40];
    size_t role_count;            /* 0: nobody is an executive */
    struct high_risk_terms terms; /* above: 0 */
};

struct high_risk {
    struct high_risk_terms acts[HIGH_RISK_ACTS];
    struct high_risk_rights rights;
};

/* False for a name that is no act of the register. */
bool high_risk_find(const char *name, enum high_risk_act *out);

/* `member` may be NULL. ST_INVALID "bad_document" with the act to blame. */
MUST_CHECK enum status high_risk_parse(const json_t *member, struct high_risk *out, struct error *e);
/* Does `fresh` ask for less than `old` of anybody? */
bool high_risk_loosens(const struct high_risk *old, const struct high_risk *fresh);
static inline bool high_risk_asks(const struct high_risk_terms *t) {
    return t->reason || t->approval || t->minutes > 0;
}
bool high_risk_is_executive(const struct high_risk_rights *r, const char *role);
/* Whether anything is asked of anybody who changes an executive's rights. */
static inline bool high_risk_asks_rights(const struct high_risk_rights *r) {
    return r->role_count > 0 && high_risk_asks(&r->terms);
}
/* Of such a change; as below, an approval left aside. */
struct need high_risk_missing_rights(const struct high_risk_rights *r, bool reason, int64_t age);
/* What is missing of reason and factor (an approval is found by counting); `age` of the second factor in ms,
 * -1: none was shown. */
struct need high_risk_missing(const struct high_risk *r, enum high_risk_act act, bool reason, int64_t age);

#endif
