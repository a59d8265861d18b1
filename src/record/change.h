/* One change of one record: update, delete or restore. Read what stands, decide, seal, commit; again from the
 * start when somebody else wrote in between. */
#ifndef KEDUN_RECORD_CHANGE_H
#define KEDUN_RECORD_CHANGE_H

#include "record/draft.h"

/* One change of one record: update, delete or restore. */
struct change {
    struct caller *c;
    const struct access *access;
    struct uuid id;
    enum act act;
    uint8_t audit_act;
    bool check_version;
    bool undoes_import; /* the caller's own import made the record: the right to import takes it back too */
    uint64_t expected;
    const json_t *body; /* update */
    struct field_errors *errors;
    struct page old;
    struct draft draft;
    struct error *e;
};

/* Reads and decides, writes nothing. */
MUST_CHECK enum status change_prepare(struct change *k);
/* All of it. */
MUST_CHECK enum status change_apply(struct change *k);

#endif
