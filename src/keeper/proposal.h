/* Proposals: changes that need a second person.
 *
 * Somebody proposes (kind, reason, the change itself, how long it stands open); another person who may
 * decide, never the proposer and never the person concerned, approves or refuses. What is approved is applied
 * at that moment, under all the rules of its kind as they stand then: for kinds that change the registry the
 * documents and the proposal's new state are one transaction of the vault. Nothing is applied by time or by
 * itself. Every step is an entry of the audit log ("propose 7 password 12", "approve 7 password 12" …).
 *
 * Kinds (keeper/proposal_kind.c, one row each):
 *   registry   change {"items": [{"kind": "user"|"department"|"role"|"company"|"catalogue", "id",
 * "document"}]}, at most REGISTRY_BATCH_MAX. System or security administrator; decided by another one, and by
 * one of another duty where it touches a duty's holder (then an auditor may decide too). The two together may
 * what either may. password   change {}; `user` gets a one-time password of two halves: the proposer is told
 * the first, who approves the second, so neither can sign in with it alone; the person must then choose a new
 *              one. System administrator; decided by a security administrator (a duty's holder: by somebody
 *              of another duty than the proposer's).
 *   grant      change {"roles": [names], "hours": 1..2160}: roles for `user` until so long after approval.
 *              The person himself, his department's leader or the security administrator; decided by
 *              another security administrator, or by a leader where each role allows it ("by_leader"). With
 *              "loan": true the proposer's own roles during his leave, decided by a security administrator.
 *   access     change {"object", "fields": [numbers], "records": [ids], "hours": 1..720} and
 *              what they are called ("name", "label", "labels"): fields of these records (none named: of all
 *              that he sees) in clear for himself. Not
 *              beyond his roles' ceiling. Decided by who leads him, or by whom such a leader on leave lent
 * his roles.
 *   act        change {"act", "object": number or 0 for any, "count": 1..1,000,000, "records": ids of 32
 * digits in one text, none or 1,000 at most, "hours": 1..72} and what the object is called ("name", "label"):
 * an approval of a high-risk act for himself (keeper/allowance.h). Decided by who leads him as kind access;
 * where nobody does, by a security administrator. Once it is closed its ids are forgotten; "bound" says that
 * there were some.
 *   sign_on    change {"provider": number or 0 for a new one, "document"}: keeper/sign_on.h.
 * Security administrator; decided by a holder of another duty. scim       change {"key": number or 0 for a
 * new one, "document"}: keeper/scim.h. System administrator; decided by a holder of another duty.
 *
 * What changes an executive's rights (keeper/registry_executive.h) asks both for the second factor that the
 * register names; where that takes two, "registry" is decided by one of another duty, "grant" by no leader.
 *
 * To use it for something else (say, publishing policies): either make the change a registry document, so
 * that kind "registry" does all; or add a row to the table of proposal_kind.c with its four functions.
 * Callers outside the keeper use keeper_propose, keeper_proposals and keeper_decide of client.h.
 *
 * Stored as JSON: {"id", "kind", "state": "open"|"approved"|"refused"|"withdrawn"|"expired", "by", "at",
 * "ends", "user", "reason", "change", "decided_by", "decided_at", "note", "seen": true once its proposer
 * looked at what became of it}; times in ms. A secret half stands beside it while it is open and is in no
 * list. Of `change` only the keys above are kept. At most PROPOSALS_MAX, the last PROPOSALS_RESERVED for
 * holders of a duty; closed ones go after a year, or when their proposer has more than PROPOSALS_KEPT, or
 * when there is no room: the oldest first, and before all others those that nobody decided. The audit log
 * keeps them all. */
#ifndef KEDUN_KEEPER_PROPOSAL_H
#define KEDUN_KEEPER_PROPOSAL_H

#include "keeper/registry.h"

#include <jansson.h>
#include <pthread.h>

#define PROPOSALS_MAX      10000
#define PROPOSALS_RESERVED 1000
#define PROPOSALS_OPEN     20                /* open ones of one person */
#define PROPOSALS_KEPT     50                /* closed ones of one person */
#define PROPOSALS_ACTS     5                 /* open ones of kind "act" of one person */
#define PROPOSALS_DUTY     10                /* times as many for the holder of a duty */
#define PROPOSAL_CHANGE    ((size_t)4 << 10) /* bytes of a change that anybody may propose */
#define PROPOSAL_DAYS      30                /* open at most, 7 unless said */
#define PROPOSAL_REASON    500               /* bytes, at least 2 */
#define PROPOSAL_KEPT_MS   (366 * 24 * 3600 * (int64_t)1000)
#define PROPOSAL_HALF      11                 /* characters of half a one-time password */
#define PROPOSAL_DOCUMENT  ((size_t)60 << 10) /* bytes of an administrator's change */

struct proposal {
    uint64_t id;
    json_t *document;
    char half[PROPOSAL_HALF + 1]; /* empty unless it is a password's */
};

struct proposals {
    pthread_mutex_t lock; /* held by whoever looks at or changes proposals, deciding included */
    struct vault *vault;
    struct proposal *list; /* by id */
    size_t count, room;
    uint64_t last;
};

MUST_CHECK enum status proposals_open(struct vault *v, struct proposals **out, struct error *e);
void proposals_close(struct proposals *p);

/* All of these under the lock. */
struct proposal *proposal_find(struct proposals *p, uint64_t id);
/* Takes over `document`, gives it its id and stores it. `duty`: its proposer holds one. ST_LIMIT
 * "too_many_proposals", ST_IO. */
MUST_CHECK enum status proposal_add(struct proposals *p, json_t *document, const char *half, bool duty,
                                    uint64_t *id, struct error *e);
/* What the vault shall hold once `next` is the document; the buffers outlive the commit. */
struct proposal_store {
    uint8_t key[8];
    struct buf value;
    struct vault_change change;
};
MUST_CHECK enum status proposal_render(uint64_t id, const char *half, const json_t *next,
                                       struct proposal_store *out);
void proposal_store_free(struct proposal_store *s);
/* Takes over `next`; the secret half goes. */
void proposal_take(struct proposal *p, json_t *next);

uint32_t proposal_user(const json_t *document, const char *key);
const char *proposal_text(const json_t *document, const char *key);
/* Its state now: an open one whose time is over has expired. */
const char *proposal_state(const json_t *document, int64_t now_ms);

#endif
