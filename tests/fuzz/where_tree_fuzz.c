/* Filters from anybody: a where-tree, the search box, or the body of a whole query. What is accepted stays
 * within the predicates' bounds, is a query that the store can answer, and finds exactly the rows that the
 * same tree finds in memory. Input: a byte of object, a byte of person and of what follows (bit 6: the search
 * box, bit 7: a query's body, bit 5: as if from the address bar), then JSON or text. */
#include "office/office.h"
#include "record/record.h"
#include "record/where.h"

#include <stdio.h>
#include <stdlib.h>

#define PEOPLE    3
#define CUSTOMERS 120
#define ROOM      ((size_t)96 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct office office;
static struct caller callers[PEOPLE];
static struct arena own, scratch;
static struct store_rows customers; /* all of them, in the order of their ids */
static uint16_t columns[STORE_COLUMNS_MAX];
static size_t column_count;

static void must(bool holds) {
    if (!holds)
        abort();
}

static const struct object_def *object_named(const struct caller *c, const char *name) {
    for (size_t i = 0; i < c->world.objects->count; i++) {
        if (strcmp(c->world.objects->objects[i]->name, name) == 0)
            return c->world.objects->objects[i];
    }
    abort();
}

static const struct field_def *field_named(const struct object_def *o, const char *name) {
    for (size_t i = 0; i < o->field_count; i++) {
        if (strcmp(o->fields[i].name, name) == 0)
            return &o->fields[i];
    }
    abort();
}

/* Values repeat and are missing in places, so that comparisons and nulls meet. */
static void fill_row(struct arena *a, size_t n, struct slice *cells) {
    static const char *const names[] = {"杭州西湖电子有限公司", "Acme Ltd", "成都测试", "", "上海大华"};
    static const char *const grades[] = {"a", "b", "", "d"};
    cells[0] = slice_from_string("company");
    cells[1] = slice_from_string(arena_format(a, "%s%zu", names[n % 4 == 3 ? 4 : n % 3], n % 7));
    cells[2] = slice_from_string(arena_format(a, "1380000%04zu", n));
    cells[3] = slice_from_string(grades[n % 4]);
    cells[4] = n % 5 == 0 ? SLICE("") : slice_from_string(arena_format(a, "%zu.50", n * 13 % 17));
    cells[5] = n % 3 == 0 ? SLICE("") : slice_from_string(arena_format(a, "%zu", n * 7 % 11));
    cells[6] = n % 2 == 0 ? SLICE("") : SLICE("老客户\x1f重点");
    cells[7] = n % 4 == 0 ? SLICE("") : SLICE("2026-01-02T03:04:05.000Z");
    cells[8] = n % 6 == 0 ? SLICE("王小明") : SLICE("");
}

static void fill_base(struct caller *c) {
    static const char *const names[] = {"customer_type", "name",      "mobile", "grade",
                                        "annual_amount", "employees", "tags",   "last_contact_at",
                                        "person_name"};
    const struct field_def *fields[9];
    struct slice *cells = arena_array(c->arena, (size_t)9 * CUSTOMERS, sizeof *cells);
    struct record_batch_result done;
    struct error e = {.status = ST_OK};
    struct record_batch b = {.object = object_named(c, "customer"),
                             .fields = fields,
                             .field_count = 9,
                             .cells = cells,
                             .row_count = CUSTOMERS};
    for (size_t i = 0; i < 9; i++)
        fields[i] = field_named(b.object, names[i]);
    for (size_t i = 0; i < CUSTOMERS; i++)
        fill_row(c->arena, i, cells + 9 * i);
    enum status s = record_create_batch(c, &b, &done, &e);
    if (s != ST_OK || done.written != CUSTOMERS) {
        (void)fprintf(stderr, "base: %s %s, %zu written\n", e.code, e.detail, done.written);
        abort();
    }
}

static void read_base(struct caller *c) {
    const struct object_def *o = object_named(c, "customer");
    struct error e;
    for (size_t i = 0; i < o->field_count; i++) {
        if (o->fields[i].id != FIELD_UPDATED_AT)
            columns[column_count++] = o->fields[i].id;
    }
    struct store_select q = {.object = o,
                             .columns = columns,
                             .column_count = column_count,
                             .filter = &pred_true,
                             .sort = {{.column = FIELD_ID}},
                             .sort_count = 1,
                             .limit = 1000};
    must(store_query(office.reader, &q, &own, &customers, &e) == ST_OK && customers.count == CUSTOMERS);
}

static void start(void) {
    static const char *const logins[PEOPLE] = {"head", "sales1", "service1"};
    if (own.limit > 0)
        return;
    arena_init(&own, ROOM, ARENA_SECRET);
    arena_init(&scratch, ROOM, ARENA_SECRET);
    office_open(&office);
    office_world(&office);
    for (size_t i = 0; i < PEOPLE; i++) {
        struct token token = office_sign_in(&office, logins[i]);
        office_caller(&office, &token, &own, &callers[i]);
    }
    fill_base(&callers[1]);
    read_base(&callers[0]);
}

/* ---- what is found ---- */

static void lookup(const void *row, uint16_t column, struct cell *out) {
    const struct store_row *r = row;
    *out = cell_null();
    for (size_t i = 0; i < column_count; i++) {
        if (columns[i] == column)
            *out = r->cells[i];
    }
}

static size_t find_in_memory(const struct pred *p, struct slice *ids) {
    size_t n = 0;
    for (size_t i = 0; i < customers.count; i++) {
        struct cell id;
        if (pred_decide(p, lookup, &customers.rows[i]) != TRUTH_TRUE)
            continue;
        lookup(&customers.rows[i], FIELD_ID, &id);
        ids[n++] = id.s;
    }
    return n;
}

static void check_found(struct caller *c, const struct object_def *o, const struct pred *p) {
    static const uint16_t id_column[] = {FIELD_ID};
    struct slice ids[CUSTOMERS];
    struct store_rows rows;
    struct error e = {.status = ST_OK};
    struct store_select q = {.object = o,
                             .columns = id_column,
                             .column_count = 1,
                             .filter = p,
                             .sort = {{.column = FIELD_ID}},
                             .sort_count = 1,
                             .limit = 1000};
    enum status s = store_query(c->reader, &q, c->arena, &rows, &e);
    must(s == ST_OK || s == ST_LIMIT);
    if (s != ST_OK || !pred_is_local(p) || strcmp(o->name, "customer") != 0)
        return;
    size_t n = find_in_memory(p, ids);
    must(n == rows.count);
    for (size_t i = 0; i < n; i++)
        must(slice_equal(ids[i], rows.rows[i].cells[0].s));
}

static void run_tree(struct caller *c, const struct access *a, const json_t *tree, bool in_url) {
    struct where w = {.pred = NULL};
    struct error e;
    if (where_parse(c, a, tree, in_url, &w, &e) == ST_OK) {
        must(pred_within_limits(w.pred));
        check_found(c, a->object, w.pred);
    }
}

static void run_search(struct caller *c, const struct access *a, struct slice text) {
    struct where w = {.pred = NULL};
    struct error e;
    if (where_search(c, a, text, &w, &e) == ST_OK)
        check_found(c, a->object, w.pred);
}

static struct slice text_member(const json_t *body, const char *name) {
    const json_t *v = json_object_get(body, name);
    return json_is_string(v) ? slice_of(json_string_value(v), json_string_length(v)) : SLICE_NONE;
}

static void run_query(struct caller *c, const struct access *a, const json_t *body) {
    struct record_query q = {.object = slice_from_string(a->object->name),
                             .where = json_object_get(body, "where"),
                             .search = text_member(body, "search"),
                             .fields = text_member(body, "fields"),
                             .sort = text_member(body, "sort"),
                             .cursor = text_member(body, "cursor"),
                             .group_by = text_member(body, "group_by"),
                             .limit = (uint32_t)json_integer_value(json_object_get(body, "limit")),
                             .page = (uint32_t)json_integer_value(json_object_get(body, "page")),
                             .count = json_is_true(json_object_get(body, "count")),
                             .deleted = json_is_true(json_object_get(body, "deleted"))};
    struct buf b;
    struct error e = {.status = ST_OK};
    buf_init(&b, (size_t)8 << 20, true);
    struct json j = json_to(&b);
    enum status s = record_query(c, &q, &j, &e);
    must(s != ST_INTERNAL && s != ST_CORRUPT && s != ST_IO && s != ST_NOMEM);
    if (s == ST_OK) {
        json_t *reply = json_loadb((const char *)b.p, b.n, JSON_REJECT_DUPLICATES, NULL);
        must(!b.failed && json_is_object(reply));
        json_decref(reply);
    }
    buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct access *a;
    struct error e;
    start();
    if (size < 2)
        return 0;
    struct caller *c = &callers[(data[1] & 0x1f) % PEOPLE];
    const struct object_set *objects = c->world.objects;
    c->arena = &scratch;
    if (access_get(c, objects->objects[data[0] % objects->count], &a, &e) != ST_OK || !a->visible)
        return 0;
    struct slice text = slice_of(data + 2, size - 2);
    json_t *json =
        (data[1] & 0x40) != 0 ? NULL : json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
    if ((data[1] & 0x40) != 0)
        run_search(c, a, text);
    else if (json != NULL && (data[1] & 0x80) != 0)
        run_query(c, a, json);
    else if (json != NULL)
        run_tree(c, a, json, (data[1] & 0x20) != 0);
    json_decref(json);
    arena_reset(&scratch);
    return 0;
}
