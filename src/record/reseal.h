/* Values in place after their field's class was raised: in rows and in their histories, what stood in clear
 * is sealed, what was sealed under a lower class is sealed under the new one. Versions do not change: nobody
 * changed a value. */
#ifndef KEDUN_RECORD_RESEAL_H
#define KEDUN_RECORD_RESEAL_H

#include "record/caller.h"

/* `f` is the field as it shall be; the keeper's catalogue must have its new class already. All rows, deleted
 * ones too; a row that somebody changes meanwhile is taken again. `clear_only`: only what still stands in
 * clear (the second pass). */
MUST_CHECK enum status reseal_field(struct caller *c, const struct object_def *o, const struct field_def *f,
                                    bool clear_only, struct error *e);

#endif
