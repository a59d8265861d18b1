/* Obligations: what has to be done besides where only such a policy lets something happen.
 *
 * A permit says so by annotation, `@obligation("approval, second_factor:15")`: one or more, with commas, of
 *   reason             as the condition `context.reason`
 *   second_factor:N    as `context has second_factor_age && context.second_factor_age < N minutes`
 *   approval           as `context.approval`
 *   watermark          as `context.watermark`
 * Each becomes that condition when a set of policies is made, so all that reads policies knows it: a list, a
 * view and one decision agree, and to drop one widens. Where another permit without it lets the act pass, it
 * is not asked for; a forbid wins. A forbid says it as `unless { context.approval }`.
 *
 * An approval is not the engine's to have: policies are asked as if it were there, and once more as if not;
 * where they differ the engine tells the keeper with the seal, which lets it pass with approvals alone
 * (keeper/allowance.h). So of acts only that the keeper sees: delete, update, transfer, import, reveal. A
 * watermark of what shows: list, view, see, read, reveal. */
#ifndef KEDUN_POLICY_OBLIGATION_H
#define KEDUN_POLICY_OBLIGATION_H

#include "policy/model.h"

#define OBLIGATION             "obligation"
#define OBLIGATION_MINUTES_MAX 1440
#define OBLIGATION_APPROVED                                                                                  \
    (1u << ACT_DELETE | 1u << ACT_UPDATE | 1u << ACT_TRANSFER | 1u << ACT_IMPORT | 1u << ACT_REVEAL)
#define OBLIGATION_MARKED                                                                                    \
    (1u << ACT_LIST | 1u << ACT_VIEW | 1u << ACT_SEE | 1u << ACT_READ | 1u << ACT_REVEAL)

/* Makes conditions of the annotation. What it does not understand lets the permit never apply:
 * obligation_check refuses it before it is saved. ST_NOMEM. */
MUST_CHECK enum status obligation_add(struct policy *p, struct arena *a, struct error *e);

/* ST_INVALID "policy_obligation" with file, line and column: an unknown obligation, one of a forbid, or of an
 * act that can't have it. */
MUST_CHECK enum status obligation_check(const struct policy *p, struct error *e);

#endif
