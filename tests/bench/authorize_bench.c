/* One decision of the language's own (`kedun policy authorize`), without I/O: 1,000 policies that differ by
 * one form of condition each time, a hierarchy 10 deep, three roles. Medians of a thread that does nothing
 * else. authorize_bench [FORM]: that one alone, ten times as often, for a profiler. */
#include "base/buf.h"
#include "base/clock.h"
#include "policy/authorize.h"

#include <stdio.h>
#include <stdlib.h>

#define ROUNDS   2001
#define POLICIES 1000
#define LEVELS   10

struct form {
    const char *name;
    const char *of[4]; /* in turn; %u: 0 to 49 */
};

#define HEAD "(principal, action, resource) when { "
static const struct form forms[] = {
    {"scope",
     {"(principal in Role::\"r%u\", action == Action::\"view\", resource) when { context.hour > 2 }"}},
    {"role in when", {HEAD "principal in Role::\"r%u\" && context.hour > 2 }"}},
    {"principal's text", {HEAD "principal.dept == \"d%u\" && context.hour > 2 }"}},
    {"resource's text", {HEAD "resource.kind == \"d%u\" && principal.level > 3 }"}},
    {"owner", {HEAD "resource.owner == User::\"u%u\" && context.hour > 2 }"}},
    {"resource in", {HEAD "context.hour > 2 && resource in Department::\"l%u\" }"}},
    {"bounds", {HEAD "principal.level > %u && resource.kind == \"d7\" }"}},
    {"bounds of the hour", {HEAD "context.hour > 30 && principal.level > %u }"}},
    {"unless", {"(principal, action, resource) unless { principal in Role::\"r%u\" || context.hour > 2 }"}},
    {"set", {HEAD "principal.groups.contains(\"d%u\") && context.hour > 2 }"}},
    {"one of two", {HEAD "[\"d%u\", \"none\"].contains(principal.dept) && resource.owner == principal }"}},
    {"four in turn",
     {"(principal in Role::\"r%u\", action, resource) when { context.hour > 2 }",
      HEAD "principal.dept == \"d%u\" && context.hour > 2 }",
      HEAD "principal.level > %u && context.hour > 2 }",
      HEAD "resource.kind == \"d%u\" && context.hour > 2 }"}},
};

static void must(enum status s, const struct error *e) {
    if (s == ST_OK)
        return;
    (void)fprintf(stderr, "%s %s\n", e->code, e->detail);
    exit(1);
}

static int by_time(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static struct slice text_of(const struct form *f, struct buf *text) {
    size_t count = 1;
    while (count < 4 && f->of[count] != NULL)
        count++;
    for (unsigned i = 0; i < POLICIES; i++) {
        buf_put_format(text, "%s", i % 10 == 9 ? "forbid" : "permit");
        buf_put_format(text, f->of[i % count], i / (unsigned)count % 50);
        buf_put_format(text, ";\n");
    }
    return buf_slice(text);
}

static void put_entities(struct buf *out) {
    buf_put_format(out, "[");
    for (unsigned i = 0; i < LEVELS; i++) {
        buf_put_format(out, "{\"uid\":{\"type\":\"Department\",\"id\":\"l%u\"},\"attrs\":{},\"parents\":[",
                       i);
        if (i > 0)
            buf_put_format(out, "{\"type\":\"Department\",\"id\":\"l%u\"}", i - 1);
        buf_put_format(out, "]},");
    }
    buf_put_format(out, "{\"uid\":{\"type\":\"Thing\",\"id\":\"t\"},\"attrs\":{\"kind\":\"d7\",\"owner\":"
                        "{\"__entity\":{\"type\":\"User\",\"id\":\"u7\"}}},\"parents\":["
                        "{\"type\":\"Department\",\"id\":\"l9\"}]},"
                        "{\"uid\":{\"type\":\"User\",\"id\":\"u7\"},\"attrs\":{\"dept\":\"d7\",\"level\":25,"
                        "\"groups\":[\"d7\",\"d8\"]},\"parents\":[{\"type\":\"Role\",\"id\":\"r7\"},"
                        "{\"type\":\"Role\",\"id\":\"r107\"},{\"type\":\"Role\",\"id\":\"r207\"},"
                        "{\"type\":\"Department\",\"id\":\"l9\"}]}]");
}

static void measure(const struct form *f, const struct entity_store *store, unsigned rounds) {
    static int64_t times[ROUNDS * 10];
    struct arena a, scratch;
    struct policies p;
    struct authorize_answer answer;
    struct error e = {0};
    struct buf text;
    struct cedar_pair hour = {SLICE("hour"), {.kind = CEDAR_LONG, .i = 9}};
    struct cedar_request q = {.principal = {SLICE("User"), SLICE("u7")},
                              .action = {SLICE("Action"), SLICE("view")},
                              .resource = {SLICE("Thing"), SLICE("t")},
                              .context = {.kind = CEDAR_RECORD}};
    q.context.record.pairs = &hour;
    q.context.record.count = 1;
    arena_init(&a, (size_t)64 << 20, ARENA_PLAIN);
    arena_init(&scratch, (size_t)1 << 20, ARENA_PLAIN);
    buf_init(&text, (size_t)1 << 20, false);
    must(policies_from_text(text_of(f, &text), f->name, &a, &p, &e), &e);
    must(authorize_init(&answer, &p, &a), &e);
    for (unsigned i = 0; i < rounds; i++) {
        arena_reset(&scratch);
        int64_t from = clock_monotonic_ns();
        must(authorize(&p, &store->entities, &q, &scratch, &answer), &e);
        times[i] = clock_monotonic_ns() - from;
    }
    size_t middle = rounds / 2, high = (size_t)rounds * 99 / 100;
    qsort(times, rounds, sizeof *times, by_time);
    (void)printf("%-20s median %8.2f us, one in a hundred above %8.2f us; %s, %zu decide, %zu err\n", f->name,
                 (double)times[middle] / 1e3, (double)times[high] / 1e3, answer.allowed ? "allow" : "deny",
                 answer.determining_count, answer.error_count);
    buf_free(&text);
    arena_free(&scratch);
    arena_free(&a);
}

int main(int argc, char **argv) {
    struct arena a;
    struct buf text;
    struct entity_store store;
    struct error e = {0};
    arena_init(&a, (size_t)1 << 20, ARENA_PLAIN);
    buf_init(&text, (size_t)1 << 20, false);
    put_entities(&text);
    must(entity_store_from_json(buf_slice(&text), "entities", NULL, &a, &store, &e), &e);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (argc < 2 || strcmp(argv[1], forms[i].name) == 0)
            measure(&forms[i], &store, argc < 2 ? ROUNDS : ROUNDS * 10);
    }
    buf_free(&text);
    arena_free(&a);
    return 0;
}
