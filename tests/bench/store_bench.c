/* Measures the store alone: bulk sets, grouped inserts, pages, searches. store_bench DIR ROWS
 * [writes|queries] Rows like a customer's: 20 columns, 6 sealed blobs of 60 bytes, 8 exact or ending terms,
 * 40 fragments (a third of the rows shares one triple, as company names share 有限公司). */
#include "base/clock.h"
#include "store/store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define OWN    20
#define SETS   1000
#define TERMS  8
#define WORDS  40
#define COMMON 3

static struct field_def fields[OWN];
static struct object_def customer = {.id = 1, .name = "customer", .fields = fields, .field_count = OWN};
static const struct object_def *const objects[] = {&customer};
static const struct object_set set_of = {.objects = objects, .count = 1, .version = 1};
static uint64_t seed = 42;

static uint64_t next_random(uint64_t *s) {
    *s += 0x9e3779b97f4a7c15u;
    uint64_t x = *s;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static void check(enum status st, const struct error *e) {
    if (st == ST_OK)
        return;
    (void)fprintf(stderr, "%s %s %s\n", status_name(st), e->code, e->detail);
    exit(1);
}

static uint16_t columns[OWN + 5];

static int64_t cpu_ns(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void row_make(struct arena *a, uint64_t *s, uint64_t n, struct write_op *ops) {
    struct cell *c = arena_array(a, OWN + 5, sizeof *c);
    struct term_change *t = arena_array(a, TERMS + WORDS, sizeof *t);
    struct uuid id = {{0}};
    for (size_t i = 0; i < 8; i++)
        id.b[i] = (uint8_t)((n + (1ull << 40)) >> (8 * (7 - i)));
    uint64_t r = next_random(s);
    memcpy(id.b + 8, &r, 8);
    c[0] = cell_int((int64_t)(r % 40));
    c[1] = cell_int((int64_t)(r % 12));
    c[2] = cell_int((int64_t)(r % 3));
    c[3] = cell_int((int64_t)(1700000000000 + n));
    struct slice own = arena_copy(a, slice_of(id.b, 16));
    c[4] = cell_bytes(own);
    for (size_t i = 0; i < OWN; i++) {
        uint8_t blob[60];
        for (size_t k = 0; k < sizeof blob; k += 8) {
            uint64_t x = next_random(s);
            memcpy(blob + k, &x, k + 8 > sizeof blob ? sizeof blob - k : 8);
        }
        if (i < 6)
            c[5 + i] = cell_bytes(arena_copy(a, slice_of(blob, sizeof blob)));
        else if (i < 12)
            c[5 + i] = cell_int((int64_t)(next_random(s) % 100000));
        else
            c[5 + i] =
                cell_text(slice_from_string(arena_format(a, "text %u", (unsigned)(next_random(s) % 5000))));
    }
    for (size_t i = 0; i < TERMS; i++)
        t[i] = (struct term_change){.field = (uint16_t)(100 + i / 2),
                                    .search = i % 2 == 0 ? SEARCH_EXACT : SEARCH_SUFFIX,
                                    .term = i % 2 == 0 ? next_random(s) : next_random(s) % 10000 * 7919};
    for (size_t i = 0; i < WORDS; i++) {
        uint64_t x = next_random(s);
        /* Zipf-like: half of them out of 2,000, the rest out of 500,000 */
        uint64_t v = i % 2 == 0 ? x % 2000 : x % 500000;
        if (i < COMMON && r % 10 < 3)
            v = 1000000 + i;
        t[TERMS + i] = (struct term_change){.field = 101, .search = SEARCH_FRAGMENT, .term = v * 2654435761u};
    }
    ops[0] = (struct write_op){.kind = WRITE_INSERT,
                               .object = &customer,
                               .record = id,
                               .columns = columns,
                               .cells = c,
                               .column_count = OWN + 5};
    ops[1] = (struct write_op){
        .kind = WRITE_TERMS, .object = &customer, .record = id, .terms = t, .term_count = TERMS + WORDS};
    ops[2] = (struct write_op){.kind = WRITE_SUBJECT_KEY, .record = id, .body = own, .epoch = 1};
    ops[3] = (struct write_op){.kind = WRITE_HISTORY, .object = &customer, .record = id, .body = own};
}

static void fill(struct store *s, uint64_t rows, uint64_t first) {
    struct arena a;
    arena_init(&a, (size_t)64 << 20, ARENA_PLAIN);
    int64_t begin = clock_monotonic_ns(), busy = 0, worst = 0, last = begin, cpu = cpu_ns();
    for (uint64_t n = 0; n < rows; n += SETS) {
        struct write_op *ops = arena_array(&a, SETS * 4, sizeof *ops);
        for (uint64_t i = 0; i < SETS; i++)
            row_make(&a, &seed, first + n + i, ops + i * 4);
        struct write_set set = {.ops = ops, .count = SETS * 4, .bulk = true};
        struct error e;
        int64_t t = clock_monotonic_ns();
        check(store_write(s, &set, NULL, &e), &e);
        t = clock_monotonic_ns() - t;
        busy += t;
        worst = t > worst ? t : worst;
        arena_reset(&a);
        if ((n + SETS) % 100000 == 0) {
            int64_t now = clock_monotonic_ns();
            (void)printf("  %llu: %.0f rows/s\n", (unsigned long long)(first + n + SETS),
                         100000e9 / (double)(now - last));
            (void)fflush(stdout);
            last = now;
        }
    }
    (void)printf("bulk: %.0f rows/s (store alone %.0f), CPU %.1f us a row, worst set %.1f ms\n",
                 (double)rows * 1e9 / (double)(clock_monotonic_ns() - begin),
                 (double)rows * 1e9 / (double)busy, (double)(cpu_ns() - cpu) / 1e3 / (double)rows,
                 (double)worst / 1e6);
    arena_free(&a);
}

static int64_t times[20000];

static int order(const void *x, const void *y) {
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return a < b ? -1 : a > b;
}

static void query_time(struct store_reader *r, const char *name, const struct store_select *q, size_t most) {
    struct arena a;
    arena_init(&a, (size_t)64 << 20, ARENA_PLAIN);
    size_t n = 0, rows_read = 0;
    int64_t begin = clock_monotonic_ns();
    for (; n < most && clock_monotonic_ns() - begin < 500000000; n++) {
        struct store_rows rows;
        struct error e;
        int64_t t = clock_monotonic_ns();
        check(store_query(r, q, &a, &rows, &e), &e);
        times[n] = clock_monotonic_ns() - t;
        rows_read = rows.count;
        arena_reset(&a);
    }
    qsort(times, n, sizeof *times, order);
    (void)printf("%-44s p50 %8.3f ms  p99 %8.3f ms  %7.0f/s  (%zu rows)\n", name, (double)times[n / 2] / 1e6,
                 (double)times[n * 99 / 100] / 1e6, (double)n * 1e9 / (double)(clock_monotonic_ns() - begin),
                 rows_read);
    (void)fflush(stdout);
    arena_free(&a);
}

static void queries(struct store_reader *r) {
    struct arena a;
    arena_init(&a, (size_t)1 << 20, ARENA_PLAIN);
    uint16_t wanted[OWN];
    for (size_t i = 0; i < OWN; i++)
        wanted[i] = columns[5 + i];
    struct store_select q = {.object = &customer,
                             .columns = wanted,
                             .column_count = OWN,
                             .filter = &pred_true,
                             .sort = {{FIELD_CREATED_AT, true}},
                             .sort_count = 1,
                             .limit = 50,
                             .with_key = true};
    struct cell many[64];
    for (int i = 0; i < 64; i++)
        many[i] = cell_int(i);
    query_time(r, "page, all", &q, 20000);
    q.filter = pred_compare(&a, PRED_EQ, FIELD_BRANCH, cell_int(1));
    query_time(r, "page, branch", &q, 20000);
    q.with_key = false;
    query_time(r, "page, branch, no keys", &q, 20000);
    q.with_key = true;
    q.filter = pred_compare(&a, PRED_EQ, FIELD_OWNER, cell_int(7));
    query_time(r, "page, owner", &q, 20000);
    q.filter = pred_in(&a, FIELD_DEPARTMENT, many, 8);
    query_time(r, "page, 8 departments", &q, 20000);
    q.filter = pred_in(&a, FIELD_DEPARTMENT, many, 16);
    query_time(r, "page, 16 departments", &q, 20000);
    q.filter = pred_in(&a, FIELD_OWNER, many, 64);
    query_time(r, "page, 64 owners", &q, 20000);
    q.filter = pred_or(&a, pred_compare(&a, PRED_EQ, FIELD_OWNER, cell_int(7)),
                       pred_in(&a, FIELD_DEPARTMENT, many, 3));
    query_time(r, "page, owner or 3 departments", &q, 20000);
    q.offset = 10000;
    q.filter = pred_in(&a, FIELD_DEPARTMENT, many, 8);
    query_time(r, "page, 8 departments, offset 10000", &q, 20000);
    q.filter = pred_compare(&a, PRED_EQ, FIELD_BRANCH, cell_int(1));
    query_time(r, "page, branch, offset 10000", &q, 20000);
    q.offset = 0;
    struct cell common[] = {cell_int(1000000 * 2654435761), cell_int(1000001 * 2654435761),
                            cell_int(1000002 * 2654435761)};
    struct cell half[] = {cell_int(2 * 2654435761)}, rare[] = {cell_int(400002 * 2654435761)},
                none[] = {cell_int(5)};
    struct cell mixed[] = {common[0], half[0]};
    const struct pred *scopes[] = {&pred_true, pred_compare(&a, PRED_EQ, FIELD_BRANCH, cell_int(1)),
                                   pred_compare(&a, PRED_EQ, FIELD_OWNER, cell_int(7))};
    const char *names[] = {"all", "branch", "owner"};
    for (int i = 0; i < 3; i++) {
        char label[64];
        struct {
            const char *name;
            struct cell *terms;
            size_t n;
        } cases[] = {{"30% x3", common, 3},
                     {"1%", half, 1},
                     {"rare", rare, 1},
                     {"none", none, 1},
                     {"30% and 1%", mixed, 2}};
        for (size_t k = 0; k < 5; k++) {
            q.filter =
                pred_and(&a, scopes[i], pred_terms(&a, 101, SEARCH_FRAGMENT, cases[k].terms, cases[k].n));
            (void)snprintf(label, sizeof label, "fragment %s, %s", cases[k].name, names[i]);
            q.sort[0] = (struct store_sort){FIELD_CREATED_AT, true};
            query_time(r, label, &q, 300);
            if (k < 2) {
                q.sort[0] = (struct store_sort){FIELD_UPDATED_AT, true};
                customer.default_sort_field = FIELD_UPDATED_AT;
                (void)snprintf(label, sizeof label, "fragment %s, %s, other sort", cases[k].name, names[i]);
                query_time(r, label, &q, 100);
            }
        }
    }
    q.sort[0] = (struct store_sort){FIELD_CREATED_AT, true};
    struct cell suffix[] = {cell_int(1234 * 7919)};
    q.filter = pred_and(&a, scopes[1], pred_terms(&a, 100, SEARCH_SUFFIX, suffix, 1));
    query_time(r, "last four digits, branch", &q, 2000);
    arena_free(&a);
}

struct client {
    struct store *s;
    pthread_t thread;
    uint64_t first, done;
    int64_t until;
};

static void *client_run(void *context) {
    struct client *c = context;
    struct arena a;
    arena_init(&a, (size_t)8 << 20, ARENA_PLAIN);
    uint64_t own = c->first;
    while (clock_monotonic_ns() < c->until) {
        struct write_op ops[4];
        row_make(&a, &own, c->first + c->done, ops);
        struct write_set set = {.ops = ops, .count = 4, .intent = c->first + c->done};
        struct error e;
        check(store_write(c->s, &set, NULL, &e), &e);
        c->done++;
        arena_reset(&a);
    }
    arena_free(&a);
    return NULL;
}

static void grouped(struct store *s, size_t n, uint64_t first) {
    struct client clients[64];
    uint64_t done = 0;
    int64_t cpu = cpu_ns();
    for (size_t i = 0; i < n; i++) {
        clients[i] =
            (struct client){.s = s, .first = first + i * 1000000, .until = clock_monotonic_ns() + 2000000000};
        if (pthread_create(&clients[i].thread, NULL, client_run, &clients[i]) != 0)
            exit(1);
    }
    for (size_t i = 0; i < n; i++) {
        (void)pthread_join(clients[i].thread, NULL);
        done += clients[i].done;
    }
    (void)printf("inserts of one, %zu threads: %.0f/s, CPU %.1f us each\n", n, (double)done / 2,
                 (double)(cpu_ns() - cpu) / 1e3 / (double)done);
}

int main(int argc, char **argv) {
    if (argc < 3)
        return 2;
    uint64_t rows = strtoull(argv[2], NULL, 10);
    for (uint16_t i = 0; i < OWN; i++) {
        fields[i] = (struct field_def){.id = (uint16_t)(100 + i), .type = VALUE_TEXT};
        columns[5 + i] = (uint16_t)(100 + i);
    }
    const uint16_t scope[] = {FIELD_OWNER, FIELD_DEPARTMENT, FIELD_BRANCH, FIELD_CREATED_AT, FIELD_SUBJECT};
    memcpy(columns, scope, sizeof scope);
    customer.default_sort_field = FIELD_UPDATED_AT;
    struct store *s = NULL;
    struct store_reader *r = NULL;
    struct error e;
    check(store_open(argv[1], STORE_SERVE, &set_of, &s, &e), &e);
    if (rows > 0)
        fill(s, rows, 0);
    check(store_reader_open(s, &r, &e), &e);
    if (argc > 3 && strcmp(argv[3], "queries") == 0)
        queries(r);
    if (argc > 3) {
        grouped(s, 1, 2000000000);
        grouped(s, 64, 3000000000);
    }
    store_reader_close(r);
    store_close(s);
    return 0;
}
