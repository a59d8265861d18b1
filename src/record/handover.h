/* Rows that go from one owner to others, many at a time: the records of somebody who leaves, and back again.
 * The guarded path of any change: the caller sees the row, may change it and may transfer it, the keeper
 * records and seals first, history says who moved it. A row that the caller may not move stays where it is.
 */
#ifndef KEDUN_RECORD_HANDOVER_H
#define KEDUN_RECORD_HANDOVER_H

#include "record/record.h"

#define HANDOVER_ROWS  200 /* of a slice */
#define HANDOVER_TO    50
#define HANDOVER_CASES 200

/* A row's text that begins with `value` (a region's number), or its department or branch as a number. */
struct handover_case {
    struct slice value;
    uint32_t to;
};

/* Who gets what: what hangs on a record (a contact, an order on its customer) goes to whom that went; else
 * the first case that fits; else those in `to`, in turn. */
struct handover_rule {
    uint32_t from;
    bool within; /* only records of departments that the caller leads: of somebody who went elsewhere */
    uint32_t department; /* only records of this one, not of those below it; 0: of any */
    uint32_t to[HANDOVER_TO];
    size_t to_count;
    uint16_t field; /* of the cases; 0: none */
    struct handover_case cases[HANDOVER_CASES];
    size_t case_count;
    uint64_t turn; /* moves on with every row that is dealt out in turn */
};

/* One row's way, forth as it is found, back as it was kept. */
struct handover_row {
    struct uuid id;
    uint32_t owner;                              /* who has it now, or it is not moved */
    uint32_t next, next_department, next_branch; /* who gets it, and its place */
    uint32_t department, branch;                 /* its place before */
};

/* How far an object's records hang below those that hang on nothing: these are to go first, so that the
 * others find who got them. */
#define HANDOVER_DEPTH 8
unsigned record_handover_depth(const struct object_set *objects, const struct object_def *o);

/* Rows of rule->from that the caller may move, in id order behind `after` (NULL: from the first), each with
 * who gets it; at most `most` (HANDOVER_ROWS) are looked at. *kept: those that he may not. *last: where the
 * next call goes on while *more. ST_INVALID "reference_missing": a receiver is gone. */
MUST_CHECK enum status record_handover_find(struct caller *c, const struct object_def *object,
                                            struct handover_rule *rule, const struct uuid *after,
                                            uint32_t most, struct handover_row **rows, size_t *count,
                                            struct uuid *last, size_t *kept, bool *more, struct error *e);
/* Moves them, at most HANDOVER_ROWS; *kept counts those that have gone, belong to somebody else by now or are
 * not the caller's to move. A row that `next` has already is neither. Fails only when nothing is known of
 * some; then it may be called again. */
MUST_CHECK enum status record_handover_move(struct caller *c, const struct object_def *object,
                                            const struct handover_row *rows, size_t count, size_t *moved,
                                            size_t *kept, struct error *e);
/* How many rows of rule->from's the caller sees. */
MUST_CHECK enum status record_handover_held(struct caller *c, const struct object_def *object,
                                            const struct handover_rule *rule, uint64_t *count,
                                            struct error *e);
/* The same; 0 of an object that he may transfer nothing of. */
MUST_CHECK enum status record_handover_count(struct caller *c, const struct object_def *object,
                                             const struct handover_rule *rule, uint64_t *count,
                                             struct error *e);

/* How many of those that this moves policy lets `act` (update, transfer) pass on with an approval alone. */
MUST_CHECK enum status record_handover_obliged(struct caller *c, const struct object_def *object,
                                               const struct handover_rule *rule, enum act act,
                                               uint64_t *count, struct error *e);

#endif
