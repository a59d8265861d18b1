/* What stands beside the lines of a review so that its reader can judge: what a role gives, in the words of
 * the matrix; when each right was last used. The keeper knows neither: both are the engine's, and no part of
 * what is signed. */
#ifndef KEDUN_API_REVIEW_WORDS_H
#define KEDUN_API_REVIEW_WORDS_H

#include "api/engine.h"

#include <jansson.h>

/* Member "roles": {"<role>": [{"objects": [names] or null for all, "acts", "scope"}], …} for every role that
 * the lines name; fields' acts and forbids are not in it, policies written by hand neither ("by_hand": true
 * beside the list as an entry of its own). */
MUST_CHECK enum status review_write_roles(struct caller *c, const json_t *lines, struct json *j,
                                          struct error *e);

/* Member "access": [{"ref", "label", "fields": [labels], "records": 0 for all that he sees, "approved_by"}]
 * of the lines of that kind which hold. */
void review_write_access(struct caller *c, const json_t *lines, struct json *j);

/* Member "use": [{"user","kind","name","ref","last_used"}] of the lines' people, looked at for `days`; null:
 * not in that time. Null altogether while the index is being built. */
MUST_CHECK enum status review_write_use(struct engine *engine, struct caller *c, const json_t *lines,
                                        int64_t days, struct json *j, struct error *e);

#endif
