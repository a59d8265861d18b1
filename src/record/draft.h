/* A record as somebody wants it: values per field, parsed, checked by the definition and by policy. One for
 * forms, API and import. */
#ifndef KEDUN_RECORD_DRAFT_H
#define KEDUN_RECORD_DRAFT_H

#include "object/validate.h"
#include "record/page.h"
#include "record/record.h"

struct draft {
    const struct access *access;
    struct field_input *inputs; /* per field of the object; FIELD_GIVEN: to be written */
    uint32_t owner, department, branch;
    int64_t created_at; /* ms */
    struct uuid id, subject;
    bool new_subject;
    struct slice wrapped_key; /* of an existing subject */
};

MUST_CHECK enum status draft_init(struct caller *c, const struct access *a, struct draft *out,
                                  struct error *e);

/* Of a record that stands, page's only row: its id, owner, place, subject and key. */
void draft_start(struct draft *d, const struct page *page);

/* Reads the members of a JSON body. Unknown and hidden fields answer alike. */
MUST_CHECK enum status draft_read_json(struct caller *c, struct draft *d, const struct json_t *body,
                                       struct field_errors *errors, struct error *e);

/* One field from external text (a CSV cell). */
MUST_CHECK enum status draft_read_text(struct caller *c, struct draft *d, size_t field_index,
                                       struct slice text, struct error *e);

/* The draft as predicates look at it: given values, else those of the row that stands (page may be NULL). */
struct draft_row {
    const struct draft *draft;
    const struct page *page;
};
void draft_lookup(const void *row, uint16_t column, struct cell *out);

/* Owner's department and branch from the directory; ST_INVALID "reference_missing" for an unknown owner. */
MUST_CHECK enum status draft_place(struct caller *c, struct draft *d, uint32_t owner, struct error *e);

/* Policy on a new record: the act (create or import) and write on every given field. */
MUST_CHECK enum status draft_permit_new(struct caller *c, struct draft *d, enum act act,
                                        struct field_errors *errors, struct error *e);

/* The definition's rules; collects into `errors`, then ST_INVALID "invalid_fields". */
MUST_CHECK enum status draft_validate(struct draft *d, bool creating, struct field_errors *errors,
                                      struct error *e);

/* The stored cell of a given, unsealed field. */
MUST_CHECK enum status draft_cell(struct caller *c, const struct field_def *f, const struct value *v,
                                  struct cell *out);
/* The canonical text of a given, sealed field; p == NULL for null. */
MUST_CHECK enum status draft_text(struct caller *c, const struct field_def *f, const struct value *v,
                                  struct slice *out);

/* Adds one; what does not fit is dropped. Returns ST_INVALID always, for `return`. */
enum status field_errors_add(struct field_errors *errors, const struct error *one);

#endif
