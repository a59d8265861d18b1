/* One value as the API shows it (docs/api.md): typed JSON from a stored cell or from the keeper's text. */
#ifndef KEDUN_RECORD_RENDER_H
#define KEDUN_RECORD_RENDER_H

#include "record/caller.h"

struct titles;

/* An unsealed field. Masked: the string "***", since its mask shows nothing. */
void render_cell(const struct caller *c, const struct field_def *f, enum view view, struct cell cell,
                 const struct titles *titles, struct json *out);

/* A sealed field's canonical text from the keeper; p == NULL: null. A mask is always a string. */
void render_text(const struct caller *c, const struct field_def *f, enum view view, struct slice text,
                 struct json *out);

/* What a record's department and branch columns mean today (policy/organise.h); other fields' cells are as
 * they are. `department`: the record's own. */
struct cell render_place(const struct caller *c, const struct field_def *f, struct cell cell,
                         const struct cell *department);

#endif
