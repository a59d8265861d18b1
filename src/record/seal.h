/* From drafts to one exchange with the keeper and one transaction of the store: sealing, terms, unique
 * checks, history, idempotency. Creating, changing, deleting and importing share it. */
#ifndef KEDUN_RECORD_SEAL_H
#define KEDUN_RECORD_SEAL_H

#include "record/draft.h"

/* One row of the exchange. */
struct sealing {
    struct draft *draft;
    const struct page *old; /* its one row as it stands, all columns fetched; NULL: a new record */
    uint8_t act;            /* enum act, for history */
    bool delete_it, restore_it;
    /* made by seal_rows: */
    struct slice versions;
    uint8_t seal[KEEPER_ROW_SEAL];
    struct slice new_key; /* wrapped key of a new subject */
    struct slice *sealed; /* per field; p == NULL: null */
    bool *changed;        /* per field: the value differs from what stands */
    bool any_change;
    const struct keeper_term *terms;
    size_t term_count;
};

struct sealed_set {
    struct sealing *rows;
    size_t count;
    uint64_t intent;
};

/* Asks the keeper for everything; the intent is durable afterwards and must get an outcome. `audit_act`: what
 * the entry says. At most KEEPER_ROWS_MAX rows of one object. */
MUST_CHECK enum status seal_rows(struct caller *c, uint8_t audit_act, struct sealed_set *set,
                                 struct error *e);

/* A list of write operations in the caller's arena. What is the same for all rows of the set is made once. */
struct ops {
    struct write_op *items;
    uint32_t *row; /* which sealing each belongs to */
    size_t count, room;
    struct term_change *terms;  /* of the row that is being added, before they are counted */
    const struct pred **unique; /* per field: where its uniqueness holds; NULL: not asked for yet */
    /* Not NULL: rows that meet a conflict are left out and the others written (store.h, write_set.groups);
     * one element a row of the set, made by the caller. */
    uint32_t *refused;
};
/* With room for everything that the set's rows, at least one, may need. */
MUST_CHECK enum status ops_init(struct caller *c, const struct sealed_set *set, struct ops *out,
                                struct error *e);

/* Everything that belongs to row i: references, uniqueness, the row, its key, terms, history, idempotency. */
MUST_CHECK enum status ops_add_row(struct caller *c, const struct sealed_set *set, size_t i, uint64_t job,
                                   struct ops *ops, struct error *e);

/* Commits and tells the keeper the outcome. */
MUST_CHECK enum status ops_commit(struct caller *c, const struct sealed_set *set, const struct ops *ops,
                                  struct write_result *result, struct error *e);

#endif
