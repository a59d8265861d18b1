/* Rows of the demo company before they are written: external text per column, as an import would have it. */
#ifndef KEDUN_CMD_DEMO_TABLE_H
#define KEDUN_CMD_DEMO_TABLE_H

#include "base/arena.h"
#include "base/status.h"
#include "base/uuid.h"

/* In the order in which they are written: what is referred to comes first. */
enum demo_object {
    DEMO_PRODUCT,
    DEMO_CUSTOMER,
    DEMO_CONTACT,
    DEMO_LEAD,
    DEMO_OPPORTUNITY,
    DEMO_QUOTE,
    DEMO_QUOTE_LINE,
    DEMO_CONTRACT,
    DEMO_ORDER,
    DEMO_ORDER_LINE,
    DEMO_PAYMENT,
    DEMO_FOLLOW_UP,
    DEMO_TICKET,
    DEMO_TASK,
    DEMO_OBJECTS
};

#define DEMO_COLUMNS 32

struct demo_shape {
    const char *object;
    const char *columns[DEMO_COLUMNS]; /* fields' API names; NULL ends */
};
extern const struct demo_shape demo_shapes[DEMO_OBJECTS];

/* Who makes the rows. */
enum demo_maker { MAKER_OWNER, MAKER_AGENT, MAKER_STEWARD };

struct demo_row {
    struct uuid id;
    int64_t at_ms;
    struct slice cells[DEMO_COLUMNS];
};

struct demo_table {
    struct demo_row **rows; /* in the arena */
    size_t count, room;
};

struct demo_tables {
    struct arena *arena;
    struct demo_table of[DEMO_OBJECTS];
    bool failed; /* memory ran out: nothing may be written */
};

void demo_tables_init(struct demo_tables *t, struct arena *arena);

/* A new row; never NULL (with memory out it is one that is thrown away). */
struct demo_row *demo_table_add(struct demo_tables *t, enum demo_object o, const struct uuid *id,
                                int64_t at_ms);

/* Sets a column by name. The text is copied; empty text leaves the field out. */
void demo_put(struct demo_tables *t, enum demo_object o, struct demo_row *row, const char *column,
              const char *text);
void demo_put_id(struct demo_tables *t, enum demo_object o, struct demo_row *row, const char *column,
                 const struct uuid *id);
void demo_put_int(struct demo_tables *t, enum demo_object o, struct demo_row *row, const char *column,
                  int64_t v);
/* fen as yuan with two digits. */
void demo_put_money(struct demo_tables *t, enum demo_object o, struct demo_row *row, const char *column,
                    int64_t fen);
/* RFC 3339, and the day in China. */
void demo_put_time(struct demo_tables *t, enum demo_object o, struct demo_row *row, const char *column,
                   int64_t ms);
void demo_put_day(struct demo_tables *t, enum demo_object o, struct demo_row *row, const char *column,
                  int64_t ms);

#endif
