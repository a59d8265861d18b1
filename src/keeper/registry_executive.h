/* Rights of executives: which changes of the registry concern somebody who holds, or comes to hold, one of
 * the roles that the company's register of high-risk acts names ("rights", keeper/high_risk.h).
 *
 * Who is an executive: by a role of his own, of a post that is not over (one that has not begun, too), or
 * given or lent for a time. What is asked of a change: EXECUTIVE_CHANGED  all that the register says. Of a
 * person: roles, roles of posts, posts (their dates, leads and reporting lines), department, departments led,
 * duties, a later end, the account opened again, its kind, sponsor and training, and the name and the mail by
 * which he signs in. A role for a time that is one of theirs, or is given to one of them. Of such a role
 *                      itself: everything but its label.
 *   EXECUTIVE_CLOSED   what shuts somebody out must not wait for a second person: an account that is
 * suspended or ended or ends earlier, the end of a role for a time by another hand than that of who has or
 * lent it. Only the reason is asked. Not concerned: a name, a mark of a directory or a provisioning key,
 * ended sessions and keys, departments that move (who comes above records by it takes two anyway), and
 * approvals of fields or acts for some hours. A provisioning key and a directory's schedule can give no
 * reason, show no factor and be no second person: they may close, and change nothing.
 */
#ifndef KEDUN_KEEPER_REGISTRY_EXECUTIVE_H
#define KEDUN_KEEPER_REGISTRY_EXECUTIVE_H

#include "keeper/high_risk.h"

enum executive_part { EXECUTIVE_NONE, EXECUTIVE_CLOSED, EXECUTIVE_CHANGED };

/* By his own roles or those of a post. */
bool executive_holds(const struct high_risk_rights *r, const json_t *person, int64_t now_ms);
/* Whole documents; `before` NULL: a new one. `timed`: he holds one of the roles for a time. */
enum executive_part executive_person(const struct high_risk_rights *r, const json_t *before,
                                     const json_t *after, bool timed, int64_t now_ms);
enum executive_part executive_role(const struct high_risk_rights *r, const json_t *before,
                                   const json_t *after);
/* `holder`: who gets it is an executive without it. */
enum executive_part executive_grant(const struct high_risk_rights *r, const json_t *before,
                                    const json_t *after, bool holder);

struct registry;
struct item;
/* The same of a document of the registry, `old` NULL: a new one. Under the registry's lock, or by its writer.
 */
enum executive_part executive_change(const struct registry *r, uint8_t kind, const struct item *old,
                                     const json_t *before, const json_t *after);

#endif
