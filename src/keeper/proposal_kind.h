/* The kinds of proposals: who may propose and decide, what is checked, what an approval does (keeper/ only).
 */
#ifndef KEDUN_KEEPER_PROPOSAL_KIND_H
#define KEDUN_KEEPER_PROPOSAL_KIND_H

#include "keeper/proposal.h"
#include "keeper/state.h"

struct proposal_kind {
    const char *name;
    /* Whether the caller may propose this; also that the change is in shape and would pass as things stand.
     * `half`: filled where the proposer gets a secret. */
    enum status (*propose)(struct worker *w, const json_t *document, char half[PROPOSAL_HALF + 1],
                           struct error *e);
    /* Whether the caller may decide, apart from being neither proposer nor concerned. */
    bool (*may_decide)(struct worker *w, const json_t *document);
    /* Whether the proposer, as things stand now, might still propose it: without, nobody may approve. */
    bool (*stands)(struct worker *w, const json_t *document);
    /* Does it, and commits `store` with it or after it. `half` in: the proposer's; out: the decider's. */
    enum status (*apply)(struct worker *w, const json_t *document, const struct proposal_store *store,
                         char half[PROPOSAL_HALF + 1], struct error *e);
};

/* The changes of a proposal of kind "registry", REGISTRY_BATCH_MAX at most. */
MUST_CHECK enum status proposal_items(struct worker *w, const json_t *document, struct registry_change *out,
                                      size_t *n, struct error *e);

/* A session of a person's own, who may act. */
bool proposal_is_person(const struct caller *c);
/* May the caller decide it, were it open? */
bool proposal_may_decide(struct worker *w, const json_t *document);
/* Did others close this proposal of the user's, or its time, since he looked (30 days at most)? */
bool proposal_is_news(const json_t *document, uint32_t user, int64_t now_ms);

/* NULL for a name that is none. */
const struct proposal_kind *proposal_kind(const char *name);

/* A grant's document: roles for `user` from now on. Takes over `roles`; NULL when memory is out. */
json_t *grant_document(uint32_t user, uint32_t from, json_t *roles, int64_t until_ms, const char *why,
                       const char *reason, uint32_t by);

/* Kind "access" (proposal_access.c). */
MUST_CHECK enum status access_propose(struct worker *w, const json_t *document, char half[PROPOSAL_HALF + 1],
                                      struct error *e);
bool access_may_decide(struct worker *w, const json_t *document);
bool access_stands(struct worker *w, const json_t *document);
MUST_CHECK enum status access_apply(struct worker *w, const json_t *document,
                                    const struct proposal_store *store, char half[PROPOSAL_HALF + 1],
                                    struct error *e);

/* Kind "act" (proposal_act.c). */
MUST_CHECK enum status act_propose(struct worker *w, const json_t *document, char half[PROPOSAL_HALF + 1],
                                   struct error *e);
bool act_may_decide(struct worker *w, const json_t *document);
bool act_stands(struct worker *w, const json_t *document);
MUST_CHECK enum status act_apply(struct worker *w, const json_t *document, const struct proposal_store *store,
                                 char half[PROPOSAL_HALF + 1], struct error *e);
/* Of a copy of a proposal: the ids of an act's records go (its `change` becomes a copy); others stay as they
 * are. ST_NOMEM. */
MUST_CHECK enum status act_forget_records(json_t *document);
/* Adds {"used", "left", "until", "live"} as "allowance" to the copy of an act that was approved. ST_NOMEM. */
MUST_CHECK enum status act_show_use(struct worker *w, json_t *document);

#endif
