/* What holds of a change of the company's document and of rules for sign-ins (for registry_put.c only). */
#ifndef KEDUN_KEEPER_REGISTRY_COMPANY_H
#define KEDUN_KEEPER_REGISTRY_COMPANY_H

#include "keeper/registry_executive.h"
#include "keeper/registry_table.h"

#include <jansson.h>

/* The company's document is written whole, so it says what it rests on: takes "version" out of it, which must
 * be that of the document as it stands (none yet: 0 or nothing). ST_INVALID "bad_document" (field "version"),
 * ST_CONFLICT "company_changed". */
MUST_CHECK enum status company_rests(const struct item *old, json_t *document, struct error *e);

/* What asks for less of high-risk acts takes two, and executives' roles are roles that there are. Networks
 * and hours do, whichever way they change, and they must let in who asks for them, from where he is and now;
 * so of two who agree each has been let in. `old` NULL: there is none. ST_DENIED "needs_second", ST_CONFLICT
 * "shuts_you_out", ST_INVALID "bad_document" (field "rights"). */
MUST_CHECK enum status company_check(const struct registry *r, const struct registry_writer *who,
                                     const struct item *old, const struct parsed_company *fresh,
                                     struct error *e);
/* The same of the rules of a role, which bind those who hold it; an executive role keeps its name, for the
 * register and people's documents say it (ST_CONFLICT "role_is_executive"). */
MUST_CHECK enum status role_check(const struct registry *r, const struct registry_writer *who,
                                  const struct item *old, const struct parsed_role *fresh, struct error *e);
/* A role that may see something says what of it: "masked" and "lookups", and "clear" where its ceiling is
 * clear. What is left out is nothing, which nobody means by leaving it out. ST_INVALID "role_without_budget".
 */
MUST_CHECK enum status role_says_budget(const json_t *document, const struct parsed_role *role,
                                        struct error *e);
/* What the register asks of a change that is `part` of executives' rights. ST_DENIED "needs_second", or as
 * keeper/need.h. */
MUST_CHECK enum status company_check_executives(const struct registry *r, const struct registry_writer *who,
                                                enum executive_part part, struct error *e);

#endif
