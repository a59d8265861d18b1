/* A small base for the store's tests: customers (7) and their orders (8), in a directory of its own. */
#ifndef KEDUN_TESTS_UNIT_STORE_FIXTURE_H
#define KEDUN_TESTS_UNIT_STORE_FIXTURE_H

#include "store/store.h"
#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { F_NAME = 100, F_STATUS = 101, F_AMOUNT = 102, F_MOBILE = 103, F_TAGS = 104 };
enum { F_CUSTOMER = 100, F_TOTAL = 101 };

static const struct field_def fixture_customer_fields[] = {
    {.id = F_NAME, .name = "name", .type = VALUE_TEXT, .class = CLASS_INTERNAL, .search = SEARCH_FRAGMENT},
    {.id = F_STATUS, .name = "status", .type = VALUE_CHOICE, .class = CLASS_INTERNAL},
    {.id = F_AMOUNT, .name = "amount", .type = VALUE_MONEY, .class = CLASS_INTERNAL},
    {.id = F_MOBILE,
     .name = "mobile",
     .type = VALUE_MOBILE,
     .class = CLASS_PERSONAL,
     .search = SEARCH_EXACT | SEARCH_SUFFIX},
    {.id = F_TAGS, .name = "tags", .type = VALUE_TAG, .class = CLASS_INTERNAL},
};

static const struct field_def fixture_order_fields[] = {
    {.id = F_CUSTOMER, .name = "customer", .type = VALUE_REFERENCE, .reference_object = 7},
    {.id = F_TOTAL, .name = "total", .type = VALUE_MONEY},
};

static const struct object_def fixture_customer = {.id = 7,
                                                   .name = "customer",
                                                   .fields = fixture_customer_fields,
                                                   .field_count = 5,
                                                   .default_sort_field = F_NAME};
static const struct object_def fixture_order = {
    .id = 8, .name = "order", .fields = fixture_order_fields, .field_count = 2};

static const struct object_def *const fixture_objects[] = {&fixture_customer, &fixture_order};
static const struct object_set fixture_set = {.objects = fixture_objects, .count = 2, .version = 1};

struct fixture {
    char directory[64];
    struct store *store;
    struct store_reader *reader;
    struct arena arena;
};

static inline void fixture_open(struct fixture *f) {
    struct error e;
    assert_int_equal(store_open(f->directory, STORE_SERVE, &fixture_set, &f->store, &e), ST_OK);
    assert_int_equal(store_reader_open(f->store, &f->reader, &e), ST_OK);
}

static inline void fixture_close(struct fixture *f) {
    store_reader_close(f->reader);
    store_close(f->store);
}

static inline int fixture_setup(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    (void)snprintf(f->directory, sizeof f->directory, "/tmp/kedun-store-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    arena_init(&f->arena, (size_t)256 << 20, ARENA_PLAIN);
    fixture_open(f);
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state) {
    struct fixture *f = *state;
    fixture_close(f);
    arena_free(&f->arena);
    DIR *d = opendir(f->directory);
    for (struct dirent *x = readdir(d); x != NULL; x = readdir(d))
        (void)unlinkat(dirfd(d), x->d_name, 0);
    (void)closedir(d);
    (void)rmdir(f->directory);
    free(f);
    return 0;
}

/* A generator of its own, so that a failure can be run again. */
static inline uint64_t fixture_random(uint64_t *seed) {
    *seed += 0x9e3779b97f4a7c15u;
    uint64_t x = *seed;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* Ids in the order of their numbers. */
static inline struct uuid fixture_id(uint64_t n) {
    struct uuid u = {{0}};
    for (size_t i = 0; i < 8; i++)
        u.b[15 - i] = (uint8_t)(n >> (8 * i));
    u.b[6] = 0x70;
    u.b[8] |= 0x80;
    return u;
}

static inline struct cell fixture_id_cell(const struct uuid *u) {
    return cell_bytes(slice_of(u->b, sizeof u->b));
}

static inline enum status fixture_write(struct fixture *f, const struct write_op *ops, size_t n,
                                        struct error *e) {
    struct write_set set = {.ops = ops, .count = n};
    struct write_result result;
    return store_write(f->store, &set, &result, e);
}

#define FIXTURE_COLUMNS 9
static const uint16_t fixture_columns[FIXTURE_COLUMNS] = {FIELD_OWNER,      FIELD_DEPARTMENT, FIELD_BRANCH,
                                                          FIELD_CREATED_AT, FIELD_SUBJECT,    F_NAME,
                                                          F_STATUS,         F_AMOUNT,         F_MOBILE};

struct fixture_row {
    struct uuid id;
    struct cell cells[FIXTURE_COLUMNS];
};

/* Customer n: owner n % 10, department n % 5, branch n % 2; names and amounts repeat and are null at times.
 */
static inline void fixture_row_make(struct fixture *f, uint64_t n, struct fixture_row *out) {
    out->id = fixture_id(n);
    struct cell *c = out->cells;
    c[0] = cell_int((int64_t)(n % 10));
    c[1] = cell_int((int64_t)(n % 5));
    c[2] = cell_int((int64_t)(n % 2));
    c[3] = cell_int((int64_t)(1000 + n / 3));
    c[4] = cell_bytes(slice_of(out->id.b, 16));
    c[5] = n % 11 == 0 ? cell_null()
                       : cell_text(slice_from_string(arena_format(&f->arena, "name %d", (int)(n * 7 % 23))));
    c[6] = cell_text(n % 3 == 0 ? SLICE("new") : SLICE("old"));
    c[7] = n % 7 == 0 ? cell_null() : cell_int((int64_t)(n * 13 % 17));
    c[8] = cell_bytes(slice_from_string(arena_format(&f->arena, "sealed %d", (int)n)));
}

static inline struct write_op fixture_insert(const struct fixture_row *row) {
    return (struct write_op){.kind = WRITE_INSERT,
                             .object = &fixture_customer,
                             .record = row->id,
                             .columns = fixture_columns,
                             .cells = row->cells,
                             .column_count = FIXTURE_COLUMNS};
}

/* Customers from..to-1 in sets of 500. */
static inline void fixture_fill(struct fixture *f, uint64_t from, uint64_t to) {
    struct error e = {.detail = ""};
    while (from < to) {
        size_t n = to - from > 500 ? 500 : (size_t)(to - from);
        struct fixture_row *rows = arena_array(&f->arena, n, sizeof *rows);
        struct write_op *ops = arena_array(&f->arena, n, sizeof *ops);
        for (size_t i = 0; i < n; i++) {
            fixture_row_make(f, from + i, &rows[i]);
            ops[i] = fixture_insert(&rows[i]);
        }
        assert_int_equal(fixture_write(f, ops, n, &e), ST_OK);
        from += n;
    }
}

#endif
