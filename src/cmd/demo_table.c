#include "cmd/demo_table.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>

#define CHINA_MS ((int64_t)8 * 3600 * 1000)
#define DAY_MS   ((int64_t)86400000)

const struct demo_shape demo_shapes[DEMO_OBJECTS] = {
    [DEMO_PRODUCT] = {"product", {"code", "name", "category", "unit", "price", "cost", "tax_rate"}},
    [DEMO_CUSTOMER] =
        {"customer", {"name",       "customer_type",   "person_name",    "mobile",    "phone",     "mail",
                      "short_name", "resident_id",     "uscc",           "bank_card", "bank_name", "industry",
                      "region",     "address",         "birth_date",     "gender",    "source",    "status",
                      "grade",      "annual_amount",   "credit_limit",   "website",   "employees", "tags",
                      "remark",     "last_contact_at", "next_contact_at"}},
    [DEMO_CONTACT] = {"contact",
                      {"customer", "person_name", "mobile", "phone", "mail", "position", "role", "gender",
                       "is_primary"}},
    [DEMO_LEAD] = {"lead",
                   {"company_name", "person_name", "mobile", "mail", "region", "industry", "source", "status",
                    "need", "expected_amount", "invalid_reason", "customer", "next_contact_at"}},
    [DEMO_OPPORTUNITY] = {"opportunity",
                          {"customer", "title", "stage", "amount", "probability", "expected_on", "source",
                           "lost_reason", "closed_on", "contact"}},
    [DEMO_QUOTE] = {"quote", {"customer", "number", "opportunity", "amount", "status", "valid_until"}},
    [DEMO_QUOTE_LINE] = {"quote_line", {"quote", "product", "quantity", "unit_price", "discount", "amount"}},
    [DEMO_CONTRACT] = {"contract",
                       {"customer", "number", "title", "opportunity", "amount", "status", "signed_on",
                        "starts_on", "ends_on", "contact"}},
    [DEMO_ORDER] = {"order",
                    {"customer", "number", "contract", "amount", "status", "ordered_at", "completed_at",
                     "channel", "delivery_address", "receiver", "receiver_mobile"}},
    [DEMO_ORDER_LINE] = {"order_line", {"order", "product", "quantity", "unit_price", "discount", "amount"}},
    [DEMO_PAYMENT] = {"payment",
                      {"order", "number", "amount", "paid_at", "method", "status", "payer_name",
                       "payer_account"}},
    [DEMO_FOLLOW_UP] = {"follow_up",
                        {"customer", "kind", "at", "content", "result", "next_at", "contact", "opportunity"}},
    [DEMO_TICKET] = {"ticket",
                     {"customer", "number", "title", "kind", "status", "priority", "channel", "solution",
                      "satisfaction", "due_at", "solved_at", "order"}},
    [DEMO_TASK] = {"task", {"customer", "title", "status", "priority", "kind", "due_at", "done_at"}},
};

void demo_tables_init(struct demo_tables *t, struct arena *arena) {
    *t = (struct demo_tables){.arena = arena};
}

static bool grow(struct demo_tables *t, struct demo_table *table) {
    size_t room = table->room == 0 ? 64 : table->room * 2;
    struct demo_row **rows = arena_array(t->arena, room, sizeof *rows);
    if (rows == NULL)
        return false;
    if (table->count > 0)
        memcpy(rows, table->rows, table->count * sizeof *rows);
    table->rows = rows;
    table->room = room;
    return true;
}

struct demo_row *demo_table_add(struct demo_tables *t, enum demo_object o, const struct uuid *id,
                                int64_t at_ms) {
    static _Thread_local struct demo_row thrown_away;
    struct demo_table *table = &t->of[o];
    struct demo_row *row = arena_alloc(t->arena, sizeof *row);
    if (row == NULL || (table->count == table->room && !grow(t, table))) {
        t->failed = true;
        return &thrown_away;
    }
    *row = (struct demo_row){.id = *id, .at_ms = at_ms};
    table->rows[table->count++] = row;
    return row;
}

void demo_put(struct demo_tables *t, enum demo_object o, struct demo_row *row, const char *column,
              const char *text) {
    if (text == NULL || text[0] == '\0')
        return;
    for (size_t i = 0; i < DEMO_COLUMNS && demo_shapes[o].columns[i] != NULL; i++) {
        if (strcmp(demo_shapes[o].columns[i], column) != 0)
            continue;
        row->cells[i] = arena_copy(t->arena, slice_from_string(text));
        if (row->cells[i].p != NULL)
            return;
    }
    t->failed = true; /* no memory, or a column that the shape does not have */
}

void demo_put_id(struct demo_tables *t, enum demo_object o, struct demo_row *row, const char *column,
                 const struct uuid *id) {
    char text[UUID_TEXT + 1];
    uuid_format(id, text);
    demo_put(t, o, row, column, text);
}

void demo_put_int(struct demo_tables *t, enum demo_object o, struct demo_row *row, const char *column,
                  int64_t v) {
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRId64, v);
    demo_put(t, o, row, column, text);
}

void demo_put_money(struct demo_tables *t, enum demo_object o, struct demo_row *row, const char *column,
                    int64_t fen) {
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRId64 ".%02d", fen / 100, (int)(fen % 100));
    demo_put(t, o, row, column, text);
}

void demo_put_time(struct demo_tables *t, enum demo_object o, struct demo_row *row, const char *column,
                   int64_t ms) {
    char text[CLOCK_TEXT + 1];
    clock_format(ms, text);
    demo_put(t, o, row, column, text);
}

void demo_put_day(struct demo_tables *t, enum demo_object o, struct demo_row *row, const char *column,
                  int64_t ms) {
    char text[16];
    int year;
    unsigned month, day;
    clock_date_from_days((ms + CHINA_MS) / DAY_MS, &year, &month, &day);
    (void)snprintf(text, sizeof text, "%04d-%02u-%02u", year, month, day);
    demo_put(t, o, row, column, text);
}
