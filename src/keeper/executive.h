/* Messages that may concern an executive's rights (keeper/registry_executive.h): what their callers show,
 * what their entries say (keeper/ only).
 *
 * An entry by which such rights changed has " high_risk rights N" at the end of its tag (N: of how many
 * people and roles), with " pID" behind it where proposal ID was approved by it, and the reason sealed in it.
 */
#ifndef KEDUN_KEEPER_EXECUTIVE_H
#define KEDUN_KEEPER_EXECUTIVE_H

#include "keeper/state.h"

/* The caller's reason (w->why) and second factor; that it is a key's or a schedule's. */
void executive_shown(const struct worker *w, struct registry_writer *who);
/* Before a change is recorded. Where it changes executives' rights it is checked as if it were written
 * (errors as of registry_put), so that what is refused is recorded as a refusal only; then its tag says so.
 */
MUST_CHECK enum status executive_mark(struct worker *w, const struct registry_writer *who,
                                      const struct registry_change *changes, size_t count,
                                      char tag[AUDIT_TAG_MAX], struct error *e);

/* ---- proposals ---- */

/* How many executives' rights it would change; 0 where nothing is asked of that. */
size_t executive_proposed(struct worker *w, const json_t *document);
/* The caller's second factor, of who proposes it as of who approves it. ST_DENIED as keeper/need.h. */
MUST_CHECK enum status executive_factor(struct worker *w, struct error *e);
/* Whether two people are asked for. */
bool executive_takes_two(struct worker *w);
void executive_tag(char tag[AUDIT_TAG_MAX], size_t count, uint64_t proposal);

#endif
