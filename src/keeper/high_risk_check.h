/* The register of high-risk acts at work (keeper/ only): rows are counted as they are sealed or revealed. */
#ifndef KEDUN_KEEPER_HIGH_RISK_CHECK_H
#define KEDUN_KEEPER_HIGH_RISK_CHECK_H

#include "keeper/high_risk.h"
#include "keeper/state.h"

/* Counts what a seal or a reveal does; ST_DENIED (keeper/need.h) when that makes too many of the day without
 * what the register asks for: then that is not counted. `tag`: "high_risk delete 21" where it was asked
 * for and given, for the act's entry (keeper/high_risk_tag.h); else left as it is, empty. An
 * approval is used by it, whatever becomes of the act. */
MUST_CHECK enum status high_risk_seal(struct worker *w, const struct args *in, char tag[AUDIT_TAG_MAX],
                                      struct error *e);
MUST_CHECK enum status high_risk_reveal(struct worker *w, const struct args *in, char tag[AUDIT_TAG_MAX],
                                        struct error *e);

/* The counts of an entry of the log, for the replay: at worst a little too much. */
MUST_CHECK enum status high_risk_replay(struct keeper_state *s, const struct audit_entry *entry);

#endif
