/* Schemas written in either of their syntaxes. */
#ifndef KEDUN_POLICY_SCHEMA_PRINT_H
#define KEDUN_POLICY_SCHEMA_PRINT_H

#include "base/buf.h"
#include "policy/schema_source.h"

/* As text. ST_INVALID "schema_no_text" for what only JSON can say (a shape that is a common type's name, an
 * entity type hidden behind a common type of its name); ST_NOMEM when out has failed. */
MUST_CHECK enum status schema_to_text(const struct schema_source *s, struct buf *out, struct error *e);

/* As JSON. ST_NOMEM when out has failed. */
MUST_CHECK enum status schema_to_json(const struct schema_source *s, struct buf *out);

#endif
