/* Measures the keeper alone: pages opened, rows sealed. keeper_bench DIR CASE [CONNECTIONS] [SECONDS]
 * Cases: page (50 customers x 12 columns, 4 sealed and masked), sales (the same, clear), create (one customer
 * a request), import (500 a request, 4 sealed values each). The keeper is a process of its own, without its
 * jail; its CPU time is printed by the unit of work, with system calls that wait (voluntary context switches)
 * and bytes written. DIR must be new. */
#include "base/clock.h"
#include "crypto/start.h"
#include "ipc/socket.h"
#include "keeper/client.h"
#include "keeper/server.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CUSTOMERS 5000
#define BATCH     500
#define PAGE      50
#define COLUMNS   12
#define SEALED    4

static const uint16_t columns[COLUMNS] = {101, 102, 103, 105, 113, 110, 111, 112, 116, 117, 118, 4};
static const uint16_t sealed_fields[SEALED] = {102, 103, 105, 113};
static char engine[128], admin[128];
static struct keeper_call call = {.purpose = PURPOSE_SALES};
static struct keeper_row rows[CUSTOMERS];
static struct slice values[CUSTOMERS][SEALED];
static struct arena kept;
static atomic_bool over;
static atomic_ulong units;

static void check(enum status st, const struct error *e) {
    if (st == ST_OK)
        return;
    (void)fprintf(stderr, "%s %s %s\n", status_name(st), e->code, e->detail);
    exit(1);
}

/* ---- the keeper's process ---- */

static void path_in(char out[128], const char *dir, const char *name) {
    (void)snprintf(out, 128, "%s/%s", dir, name);
}

static int ready_fd;

static void ready(void *context) {
    (void)context;
    (void)eventfd_write(ready_fd, 1);
}

static void keeper_main(const char *dir, int stop) {
    static char keys[128], audit[128], state[128];
    struct error e = {.status = ST_OK};
    struct keeper_config c = {.origin = "bench/audit",
                              .jobs_fd = -1,
                              .engine_uid = SOCKET_ANY_USER,
                              .jobs_uid = SOCKET_ANY_USER,
                              .admin_uid = SOCKET_ANY_USER,
                              .stop_fd = stop,
                              .ready = ready,
                              .password_cost = {64, 1, 1}};
    path_in(keys, dir, "keys");
    path_in(audit, dir, "audit");
    path_in(state, dir, "state");
    c.key_dir = keys;
    c.audit_dir = audit;
    c.state_dir = state;
    check(crypto_start(&e), &e);
    check(socket_listen(engine, &c.engine_fd, &e), &e);
    check(socket_listen(admin, &c.admin_fd, &e), &e);
    check(keeper_run(&c, &e), &e);
    exit(0);
}

static void put(struct keeper *k, uint8_t kind, const char *document) {
    struct error e = {.status = ST_OK};
    check(keeper_bootstrap(k, kind, 0, slice_from_string(document), &e), &e);
}

#define MANY    "{\"day\":1000000}"
#define BUDGETS "\"budget\":{\"clear\":" MANY ",\"masked\":" MANY ",\"lookups\":" MANY "}"

static void fill_registry(void) {
    struct keeper *k;
    struct error e = {.status = ST_OK};
    check(keeper_connect(admin, &k, &e), &e);
    put(k, REGISTRY_ROLE, "{\"name\":\"sales\",\"ceiling\":{\"personal\":\"clear\"}," BUDGETS "}");
    put(k, REGISTRY_COMPANY, "{" BUDGETS "}");
    put(k, REGISTRY_USER,
        "{\"login\":\"w\",\"name\":\"W\",\"roles\":[\"sales\"],\"password\":\"password-w\"}");
    static const struct {
        unsigned field, search, type;
    } own[SEALED] = {{102, 8, 23}, {103, 3, 12}, {105, 1, 14}, {113, 4, 24}};
    char document[200];
    for (size_t i = 0; i < SEALED; i++) {
        (void)snprintf(
            document, sizeof document,
            "{\"object\":1,\"field\":%u,\"class\":\"personal\",\"mask\":0,\"search\":%u,\"type\":%u}",
            own[i].field, own[i].search, own[i].type);
        put(k, REGISTRY_CATALOGUE, document);
    }
    for (size_t i = 0; i < COLUMNS; i++) {
        (void)snprintf(
            document, sizeof document,
            "{\"object\":1,\"field\":%u,\"class\":\"internal\",\"mask\":0,\"search\":0,\"type\":1}",
            columns[i]);
        if (columns[i] > 105 ? columns[i] != 113 : columns[i] == 101)
            put(k, REGISTRY_CATALOGUE, document);
    }
    check(keeper_bootstrap_end(k, &e), &e);
    keeper_close(k);
}

/* ---- the load ---- */

struct text {
    char name[32], mobile[32], mail[32], address[96];
};

static void customer_make(struct text *t, struct keeper_value out[SEALED], size_t n) {
    static const char *const family[] = {"王", "李", "张", "刘", "陈", "欧阳", "杨", "黄"};
    static const char *const given[] = {"伟", "芳", "秀英", "敏", "静", "建国", "丽", "强"};
    (void)snprintf(t->name, sizeof t->name, "%s%s", family[n % 8], given[n / 8 % 8]);
    (void)snprintf(t->mobile, sizeof t->mobile, "+86138%08zu", n % 100000000);
    (void)snprintf(t->mail, sizeof t->mail, "person%zu@example.cn", n);
    (void)snprintf(t->address, sizeof t->address, "浙江省杭州市西湖区文三路%zu号", n % 900);
    const char *const texts[SEALED] = {t->name, t->mobile, t->mail, t->address};
    for (size_t i = 0; i < SEALED; i++)
        out[i] = (struct keeper_value){sealed_fields[i], slice_from_string(texts[i]), SLICE_NONE};
}

static void batch_make(struct arena *a, size_t first, size_t n, struct keeper_seal_row **out) {
    static const uint16_t plain[] = {2, 3, 4, 101, 110, 111, 112, 116};
    struct keeper_seal_row *r = arena_array(a, n, sizeof *r);
    for (size_t i = 0; i < n; i++) {
        struct keeper_value *v = arena_array(a, SEALED, sizeof *v);
        customer_make(arena_alloc(a, sizeof(struct text)), v, first + i);
        r[i] = (struct keeper_seal_row){.row = {.owner = 1, .department = 1, .branch = 1},
                                        .new_subject = true,
                                        .values = v,
                                        .value_count = SEALED,
                                        .plain_fields = plain,
                                        .plain_count = 8};
        if (uuid_new(&r[i].row.record) != ST_OK)
            exit(1);
        r[i].row.subject = r[i].row.record;
    }
    *out = r;
}

static void seal(struct keeper *k, struct arena *a, uint8_t act, size_t first, size_t n,
                 struct keeper_seal_row *r, struct keeper_sealed *s) {
    struct error e = {.status = ST_OK};
    (void)first;
    check(keeper_seal_rows(k, &call, act, 1, r, n, a, s, &e), &e);
    check(keeper_outcome(k, s->intent, true, &e), &e);
}

static void keep(size_t first, size_t n, const struct keeper_seal_row *r, const struct keeper_sealed *s) {
    for (size_t i = 0; i < n; i++) {
        struct keeper_row *row = &rows[first + i];
        *row = r[i].row;
        row->wrapped_key = arena_copy(&kept, s->wrapped_keys[i]);
        row->versions = arena_copy(&kept, s->versions[i]);
        row->seal = arena_copy(&kept, slice_of(s->seals[i], KEEPER_ROW_SEAL));
        for (size_t v = 0; v < SEALED; v++)
            values[first + i][v] = arena_copy(&kept, s->sealed[i * SEALED + v]);
    }
}

static void fill_customers(struct keeper *k) {
    struct arena a;
    arena_init(&a, (size_t)64 << 20, ARENA_PLAIN);
    for (size_t at = 0; at < CUSTOMERS; at += BATCH) {
        struct keeper_seal_row *r;
        struct keeper_sealed s;
        struct error e = {.status = ST_OK};
        arena_reset(&a);
        batch_make(&a, at, BATCH, &r);
        check(keeper_seal_rows(k, &call, AUDIT_IMPORT, 1, r, BATCH, &a, &s, &e), &e);
        keep(at, BATCH, r, &s);
        check(keeper_outcome(k, s.intent, true, &e), &e);
    }
    arena_free(&a);
}

static void open_page(struct keeper *k, struct arena *a, size_t first, uint8_t view) {
    struct slice *cells = arena_array(a, PAGE * COLUMNS, sizeof *cells);
    uint8_t views[PAGE * COLUMNS];
    for (size_t i = 0; i < PAGE; i++) {
        for (size_t c = 0; c < COLUMNS; c++)
            views[i * COLUMNS + c] = c >= 1 && c <= SEALED ? view : VIEW_CLEAR;
        for (size_t v = 0; v < SEALED; v++)
            cells[i * COLUMNS + 1 + v] = values[first + i][v];
    }
    struct keeper_open q = {.act = AUDIT_LIST,
                            .object = 1,
                            .fields = columns,
                            .field_count = COLUMNS,
                            .rows = &rows[first],
                            .row_count = PAGE,
                            .views = views,
                            .sealed = cells};
    struct keeper_opened out;
    struct error e = {.status = ST_OK};
    check(keeper_open_rows(k, &call, &q, a, &out, &e), &e);
}

static const char *which;

static void *load_main(void *seed) {
    struct keeper *k;
    struct arena a;
    struct error e = {.status = ST_OK};
    size_t at = (size_t)(uintptr_t)seed * 977;
    arena_init(&a, (size_t)64 << 20, ARENA_PLAIN);
    check(keeper_connect(engine, &k, &e), &e);
    bool import = strcmp(which, "import") == 0, create = strcmp(which, "create") == 0;
    struct arena made;
    arena_init(&made, (size_t)64 << 20, ARENA_PLAIN);
    struct keeper_seal_row *batch;
    batch_make(&made, at, BATCH, &batch);
    while (!atomic_load(&over)) {
        struct keeper_sealed s;
        at = (at * 6364136223846793005u + 1442695040888963407u);
        arena_reset(&a);
        if (import)
            seal(k, &a, AUDIT_IMPORT, 0, BATCH, batch, &s);
        else if (create)
            seal(k, &a, AUDIT_CREATE, 0, 1, batch, &s);
        else
            open_page(k, &a, (at >> 33) % (CUSTOMERS - PAGE),
                      strcmp(which, "page") == 0 ? VIEW_MASKED : VIEW_CLEAR);
        atomic_fetch_add(&units, import ? BATCH : 1);
    }
    keeper_close(k);
    arena_free(&a);
    arena_free(&made);
    return NULL;
}

/* ---- the measure ---- */

struct sample {
    uint64_t cpu_ns, voluntary, involuntary, writes, bytes;
    int64_t at_ns;
    unsigned long units;
};

static uint64_t number_in(const char *path, const char *name) {
    FILE *f = fopen(path, "re");
    char line[256];
    uint64_t v = 0;
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0)
            v = strtoull(line + strlen(name), NULL, 10);
    }
    if (f != NULL)
        (void)fclose(f);
    return v;
}

static void sample(pid_t pid, struct sample *s) {
    char path[600];
    clockid_t clock;
    struct timespec t = {0};
    *s = (struct sample){.at_ns = clock_monotonic_ns(), .units = atomic_load(&units)};
    if (clock_getcpuclockid(pid, &clock) == 0 && clock_gettime(clock, &t) == 0)
        s->cpu_ns = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
    (void)snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *d = opendir(path);
    for (struct dirent *x = d == NULL ? NULL : readdir(d); x != NULL; x = readdir(d)) {
        (void)snprintf(path, sizeof path, "/proc/%d/task/%s/status", (int)pid, x->d_name);
        s->voluntary += number_in(path, "voluntary_ctxt_switches:");
        s->involuntary += number_in(path, "nonvoluntary_ctxt_switches:");
    }
    if (d != NULL)
        (void)closedir(d);
    (void)snprintf(path, sizeof path, "/proc/%d/io", (int)pid);
    s->writes = number_in(path, "syscw:");
    s->bytes = number_in(path, "wchar:");
}

static void report(const struct sample *a, const struct sample *b, int connections) {
    double n = (double)(b->units - a->units), s = (double)(b->at_ns - a->at_ns) / 1e9;
    n = n < 1 ? 1 : n;
    (void)printf("%s connections=%d units=%.0f rate=%.0f/s keeper_us=%.1f switches=%.2f forced=%.2f "
                 "writes=%.2f written=%.0f\n",
                 which, connections, n, n / s, (double)(b->cpu_ns - a->cpu_ns) / 1e3 / n,
                 (double)(b->voluntary - a->voluntary) / n, (double)(b->involuntary - a->involuntary) / n,
                 (double)(b->writes - a->writes) / n, (double)(b->bytes - a->bytes) / n);
}

static void measure(pid_t pid, int connections, int seconds) {
    pthread_t threads[256];
    struct sample from, to;
    for (int i = 0; i < connections; i++) {
        if (pthread_create(&threads[i], NULL, load_main, (void *)(uintptr_t)(i + 1)) != 0)
            exit(1);
    }
    (void)usleep(300000);
    sample(pid, &from);
    (void)usleep((useconds_t)seconds * 1000000);
    sample(pid, &to);
    atomic_store(&over, true);
    for (int i = 0; i < connections; i++)
        (void)pthread_join(threads[i], NULL);
    report(&from, &to, connections);
}

static void sign_in(struct keeper *k) {
    struct error e = {.status = ST_OK};
    struct token token;
    struct principal who;
    check(keeper_sign_in(k, &call, SLICE("w"), SLICE("password-w"), SLICE("bench"), &token, &who, &e), &e);
    call.token = token;
}

int main(int argc, char **argv) {
    if (argc < 3 || mkdir(argv[1], 0700) != 0) {
        (void)fprintf(stderr, "keeper_bench NEW_DIR page|sales|create|import [CONNECTIONS] [SECONDS]\n");
        return 2;
    }
    which = argv[2];
    int connections = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 8;
    int seconds = argc > 4 ? (int)strtol(argv[4], NULL, 10) : 4;
    path_in(engine, argv[1], "engine.sock");
    path_in(admin, argv[1], "admin.sock");
    int stop = eventfd(0, EFD_CLOEXEC);
    ready_fd = eventfd(0, EFD_CLOEXEC);
    pid_t pid = fork();
    if (pid == 0)
        keeper_main(argv[1], stop);
    eventfd_t n;
    struct error e = {.status = ST_OK};
    struct keeper *k;
    (void)eventfd_read(ready_fd, &n);
    arena_init(&kept, (size_t)64 << 20, ARENA_PLAIN);
    check(crypto_start(&e), &e);
    fill_registry();
    check(keeper_connect(engine, &k, &e), &e);
    sign_in(k);
    fill_customers(k);
    measure(pid, connections > 256 ? 256 : connections, seconds);
    keeper_close(k);
    (void)eventfd_write(stop, 1);
    int status;
    return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : 1;
}
