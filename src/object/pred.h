/* Predicates over one object's columns: what a policy reduces to, what a caller's filter is parsed to, what
 * the store compiles into a query, and what decides per row in memory. One tree for all four, so that a list
 * and a one-by-one decision cannot disagree.
 *
 * Three-valued like SQL: a comparison with null is unknown, and unknown at the root counts as false.
 * Nodes live in the caller's arena. Columns are field ids of object/object.h. */
#ifndef KEDUN_OBJECT_PRED_H
#define KEDUN_OBJECT_PRED_H

#include "object/object.h"

#define PRED_DEPTH_MAX 32
#define PRED_NODES_MAX 2000

enum cell_kind { CELL_NULL, CELL_INT, CELL_DOUBLE, CELL_TEXT, CELL_BYTES };

/* One stored value. Text and bytes are borrowed. */
struct cell {
    enum cell_kind kind;
    int64_t i;
    double d;
    struct slice s;
};

static inline struct cell cell_null(void) {
    return (struct cell){.kind = CELL_NULL};
}
static inline struct cell cell_int(int64_t i) {
    return (struct cell){.kind = CELL_INT, .i = i};
}
static inline struct cell cell_text(struct slice s) {
    return (struct cell){.kind = CELL_TEXT, .s = s};
}
static inline struct cell cell_bytes(struct slice s) {
    return (struct cell){.kind = CELL_BYTES, .s = s};
}

enum pred_op {
    PRED_TRUE,
    PRED_FALSE,
    PRED_AND, /* kids */
    PRED_OR,  /* kids */
    PRED_NOT, /* one kid */
    PRED_EQ,  /* column, values[0] */
    PRED_NE,
    PRED_LT,
    PRED_LE,
    PRED_GT,
    PRED_GE,
    PRED_IN,      /* column, values */
    PRED_IS_NULL, /* column */
    PRED_PREFIX,  /* text column begins with values[0] (case-sensitive) */
    PRED_HAS,     /* multi_choice/tag column contains the key values[0], which has no VALUE_JOINER in it */
    PRED_TERMS,   /* column's search index `kind` holds all of values (CELL_INT, hashed terms) */
    PRED_CHILD    /* some row of object `child_object` whose reference field `column` is this row satisfies
                     kids[0] */
};

struct pred {
    enum pred_op op;
    uint16_t column;
    uint16_t child_object;
    enum field_search search; /* PRED_TERMS */
    const struct cell *values;
    size_t value_count;
    const struct pred *const *kids;
    size_t kid_count;
};

extern const struct pred pred_true, pred_false;

/* Builders; NULL when the arena is out. They simplify: true/false fold, AND of AND flattens. NULL in gives
 * NULL. */
const struct pred *pred_and(struct arena *a, const struct pred *x, const struct pred *y);
const struct pred *pred_or(struct arena *a, const struct pred *x, const struct pred *y);
const struct pred *pred_not(struct arena *a, const struct pred *x);
const struct pred *pred_compare(struct arena *a, enum pred_op op, uint16_t column, struct cell value);
const struct pred *pred_in(struct arena *a, uint16_t column, const struct cell *values, size_t count);
const struct pred *pred_is_null(struct arena *a, uint16_t column);
/* All of `terms` (CELL_INT) must be in the column's index of this kind. */
const struct pred *pred_terms(struct arena *a, uint16_t column, enum field_search search,
                              const struct cell *terms, size_t count);
/* PRED_CHILD; `column` is the reference field of `child_object`, `kid` speaks of the child's columns. */
const struct pred *pred_child(struct arena *a, uint16_t child_object, uint16_t column,
                              const struct pred *kid);
/* AND and OR of a list: true and false when it is empty. */
const struct pred *pred_all(struct arena *a, const struct pred *const *list, size_t count);
const struct pred *pred_any(struct arena *a, const struct pred *const *list, size_t count);

enum truth { TRUTH_FALSE, TRUTH_TRUE, TRUTH_UNKNOWN };

/* The row's cell for a column; fills CELL_NULL for an absent one. */
typedef void (*pred_lookup)(const void *row, uint16_t column, struct cell *out);

/* Decides in memory. Numbers compare by value, text and bytes bytewise. A value has the stored kind of its
 * column: kinds that do not compare (text with a number, NaN) are unknown, and so is all below
 * PRED_DEPTH_MAX. PRED_TERMS and PRED_CHILD need the store: they answer TRUTH_UNKNOWN here, and pred_is_local
 * tells. */
enum truth pred_decide(const struct pred *p, pred_lookup lookup, const void *row);
bool pred_is_local(const struct pred *p);

/* At most PRED_DEPTH_MAX deep and PRED_NODES_MAX nodes, each value of an IN or TERMS counted as one. Whoever
 * builds a tree from a caller's text asks before using it. */
bool pred_within_limits(const struct pred *p);

/* Writes the columns of this row that `p` reads, ascending, each once (PRED_CHILD reads FIELD_ID). Returns
 * how many; room + 1 when they do not fit (OBJECT_FIELDS_MAX always does). */
size_t pred_columns(const struct pred *p, uint16_t *columns, size_t room);

#endif
