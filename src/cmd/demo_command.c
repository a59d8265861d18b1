#include "base/clock.h"
#include "cmd/command.h"
#include "cmd/demo_company.h"
#include "cmd/demo_csv.h"
#include "cmd/demo_fill.h"
#include "cmd/demo_truth.h"
#include "cmd/init_options.h"
#include "cmd/init_registry.h"
#include "people/world_load.h"

#include <inttypes.h>
#include <stdio.h>

#define CHINA_MS ((int64_t)8 * 3600 * 1000)

struct demo {
    struct command_options options;
    char config_path[CONFIG_TEXT];
    struct demo_plan plan;
    struct demo_filled filled;
};

/* Before the first record, so that no demo base can ever be taken for a real one. */
static enum status stamp(const struct demo *d, struct world *world, struct error *e) {
    char body[96];
    struct write_result result;
    (void)snprintf(body, sizeof body, "{\"seed\":%" PRIu64 ",\"customers\":%" PRIu64 "}", d->plan.seed,
                   d->plan.customers);
    struct write_op op = {.kind = WRITE_ITEM,
                          .item_kind = SLICE(STORE_ITEM_STAMP),
                          .key = SLICE("demo"),
                          .body = slice_from_string(body),
                          .at_ms = clock_wall_ms()};
    struct write_set set = {.ops = &op, .count = 1};
    return world_commit(world, &set, &result, e);
}

static enum status fill(struct demo *d, const struct tool_keeper *t, struct error *e) {
    struct world_source from = {.database = t->db,
                                .objects_dir = d->options.config.objects_dir,
                                .policies_dir = d->options.config.policies_dir,
                                .mode = STORE_SERVE};
    struct store *store = NULL;
    struct world *world = NULL;
    enum status s = world_load(t->admin, &from, &store, &world, e);
    if (s == ST_OK)
        s = stamp(d, world, e);
    if (s == ST_OK)
        s = keeper_bootstrap_end(t->admin, e);
    if (s == ST_OK)
        s = store_alone(store, e);
    if (s == ST_OK)
        s = demo_fill(&d->plan, t->engine_socket, world, &d->filled, e);
    if (world != NULL)
        world_free(world);
    if (store != NULL)
        store_close(store);
    return s;
}

static enum status make(struct demo *d, struct error *e) {
    struct tool_keeper t;
    enum status s = tool_keeper_start(&d->options, &t, e);
    if (s != ST_OK)
        return s;
    s = init_registry_empty(t.admin, t.dir, e);
    if (s == ST_OK)
        s = init_registry_fill(t.admin, &d->options.config, e);
    if (s == ST_OK)
        s = demo_company_put(&t, e);
    if (s == ST_OK)
        s = fill(d, &t, e);
    if (s == ST_OK)
        s = demo_truth_write(&d->plan, t.dir, e);
    tool_keeper_stop(&t);
    return s;
}

static void report(const struct demo *d, int64_t took_ms) {
    uint64_t all = 0;
    for (size_t i = 0; i < DEMO_OBJECTS; i++)
        all += d->filled.written[i];
    (void)printf("演示公司已建立 The demo company stands: %" PRIu64 " records in %.1f s\n ", all,
                 (double)took_ms / 1000);
    for (size_t i = 0; i < DEMO_OBJECTS; i++)
        (void)printf(" %s %" PRIu64, demo_shapes[i].object, d->filled.written[i]);
    (void)printf("\n");
    if (d->filled.refused > 0)
        (void)printf("  refused: %" PRIu64 ", first because of %s %s: %s\n", d->filled.refused,
                     d->filled.first_refusal.field, d->filled.first_refusal.code,
                     d->filled.first_refusal.detail);
    demo_people_print(stdout);
}

/* The history ends with yesterday. */
static int64_t history_start(int64_t now) {
    int64_t today = (now + CHINA_MS) / DEMO_DAY_MS * DEMO_DAY_MS - CHINA_MS;
    return today - DEMO_SPAN_DAYS * DEMO_DAY_MS;
}

struct wishes {
    const char *customers, *seed, *leads, *csv, *rows, *encoding, *people, *bare;
};

static bool read_plan(const struct wishes *w, struct demo_plan *plan) {
    int64_t customers = 20000, seed = 1, leads;
    if (!own_option_number("customers", w->customers, 1, DEMO_CUSTOMERS_MAX, &customers) ||
        !own_option_number("seed", w->seed, 0, INT32_MAX, &seed))
        return false;
    leads = customers / 10;
    if (!own_option_number("leads", w->leads, 0, DEMO_CUSTOMERS_MAX, &leads))
        return false;
    *plan = (struct demo_plan){.seed = (uint64_t)seed,
                               .customers = (uint64_t)customers,
                               .leads = (uint64_t)leads,
                               .bare = w->bare != NULL,
                               .start_ms = history_start(clock_wall_ms())};
    return true;
}

static int make_csv(const struct wishes *w, const struct demo_plan *plan) {
    struct error e = {0};
    int64_t rows = 1000;
    enum demo_encoding encoding;
    if (!own_option_number("rows", w->rows, 1, DEMO_CUSTOMERS_MAX, &rows))
        return EXIT_USAGE;
    if (!demo_encoding_by_name(w->encoding, &encoding)) {
        (void)fprintf(stderr, "kedun: --encoding takes utf-8, utf-8-bom or gb18030\n");
        return EXIT_USAGE;
    }
    if (demo_csv_write(plan, (uint64_t)rows, encoding, w->csv, &e) == ST_OK)
        return EXIT_FINE;
    (void)fprintf(stderr, "kedun: %s\n", e.detail);
    return EXIT_FAILED;
}

int command_demo(int argc, char **argv) {
    static struct demo d;
    struct wishes w = {.encoding = "utf-8"};
    struct error e = {0};
    const struct own_option own[] = {{"customers", &w.customers, false}, {"seed", &w.seed, false},
                                     {"leads", &w.leads, false},         {"csv", &w.csv, false},
                                     {"rows", &w.rows, false},           {"encoding", &w.encoding, false},
                                     {"people", &w.people, true},        {"bare", &w.bare, true}};
    if (!own_options_take(&argc, argv, own, sizeof own / sizeof own[0]) || !read_plan(&w, &d.plan))
        return EXIT_USAGE;
    if (!command_options_read(argc, argv, &d.options, d.config_path, sizeof d.config_path))
        return EXIT_CONFIG;
    if (w.people != NULL) {
        demo_people_print(stdout);
        return EXIT_FINE;
    }
    if (w.csv != NULL)
        return make_csv(&w, &d.plan);
    if (d.options.data == NULL) {
        (void)fprintf(stderr, "kedun: demo needs --data DIR\n");
        return EXIT_USAGE;
    }
    log_setup("demo", (enum log_level)d.options.config.log_level);
    int64_t begin = clock_wall_ms();
    if (make(&d, &e) != ST_OK) {
        (void)fprintf(stderr, "kedun: %s\n", e.detail);
        return EXIT_FAILED;
    }
    report(&d, clock_wall_ms() - begin);
    return d.filled.refused == 0 ? EXIT_FINE : EXIT_FAILED;
}
