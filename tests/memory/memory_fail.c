/* Fails the n-th allocation of the whole program, for every n until one is not reached any more, on each kind
 * of request (kinds.c): in the engine's threads, the base's writer and the keeper alike. Each answer must be
 * that of a success or an honest 5xx problem; what a write changes stands afterwards as before or as
 * acknowledged, and what was refused can be done again; the next request is answered as ever; no descriptor
 * is lost, and no memory (in a build with AddressSanitizer). At the end the audit log still verifies.
 *   memory_fail [--every K] [--for-good] [--from N] [KIND …]
 * --every K: only each K-th n. --for-good: the n-th and all behind it until the request is answered. */
#include "audit/verify.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/log.h"
#include "memory/failing.h"
#include "memory/kinds.h"
#include "office/office.h"

#include <dirent.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define MOST_SHOWN   3       /* findings told of one kind */
#define PATIENCE     120     /* seconds: a request that takes longer hangs */
#define TRIES_MOST   1000000 /* no request has so many allocations */
#define READERS_MORE 4
#define HALF_A_YEAR  (180 * 86400)

#ifdef __SANITIZE_ADDRESS__
int __lsan_do_recoverable_leak_check(void);
#else
static int __lsan_do_recoverable_leak_check(void) {
    return 0;
}
#endif

struct lab {
    struct office office;
    struct token people[PEOPLE];
    char record[64];
    unsigned serial;
    struct buf reply;
    char path[256], body[1024], if_match[32];
};

struct descriptors {
    size_t base, others;
};

struct tally {
    unsigned long tried, done, refused, silent, findings;
};

static struct lab lab;
static unsigned long every = 1, from = 1;
static bool for_good;

static void give_up(const char *what) {
    (void)fprintf(stderr, "memory_fail: %s\n%.*s\n", what, (int)lab.reply.n, (const char *)lab.reply.p);
    exit(2);
}

/* ---- asking ---- */

static long measure_of(const struct kind *k);

static void put_in(const char *template, char *out, size_t room) {
    size_t n = 0;
    time_t ahead = time(NULL) + HALF_A_YEAR;
    struct tm day;
    for (const char *p = template; *p != '\0' && n + 80 < room; p++) {
        if (*p == '@')
            n += (size_t)snprintf(out + n, room - n, "%s", lab.record);
        else if (*p == '#')
            n += (size_t)snprintf(out + n, room - n, "%08u", lab.serial);
        else if (*p == '~')
            n += strftime(out + n, room - n, "%Y-%m-%dT00:00:00.000Z", gmtime_r(&ahead, &day));
        else
            out[n++] = *p;
    }
    out[n] = '\0';
}

static bool ask(enum person who, const char *method, const char *path, const char *query, const char *body,
                const char *if_match, const char *key) {
    struct office_request r = {.method = method,
                               .path = lab.path,
                               .query = query,
                               .token = who == NOBODY ? NULL : &lab.people[who],
                               .if_match = if_match,
                               .idempotency_key = key};
    put_in(path, lab.path, sizeof lab.path);
    if (body != NULL) {
        put_in(body, lab.body, sizeof lab.body);
        r.body = slice_from_string(lab.body);
    }
    (void)alarm(PATIENCE);
    bool answered = office_ask(&lab.office, &r, &lab.reply);
    (void)alarm(0);
    return answered;
}

static json_t *reply_json(void) {
    struct slice body = office_body(&lab.reply);
    return json_loadb((const char *)body.p, body.n, 0, NULL);
}

static long version_now(void) {
    long version = 0;
    if (ask(SALES, "GET", "/api/v1/records/customer/@", NULL, NULL, NULL, NULL) &&
        office_status(&lab.reply) == 200) {
        json_t *json = reply_json();
        version = (long)json_integer_value(json_object_get(json, "_version"));
        json_decref(json);
    }
    return version;
}

/* If-Match as the table has it. */
static const char *match_of(const char *template) {
    if (template == NULL)
        return NULL;
    if (strcmp(template, "$") != 0)
        return template;
    (void)snprintf(lab.if_match, sizeof lab.if_match, "%ld", version_now());
    return lab.if_match;
}

static bool ask_kind(const struct kind *k, const char *if_match) {
    char key[32];
    (void)snprintf(key, sizeof key, "memory-%u", lab.serial);
    return ask(k->who, k->method, k->path, k->query, k->body, if_match, k->keyed ? key : NULL);
}

static long measure_of(const struct kind *k) {
    long n = -1;
    if (k->measure == MEASURE_NONE)
        return 0;
    if (!ask(k->who, "GET", k->probe, k->probe_query, NULL, NULL, NULL) || office_status(&lab.reply) != 200)
        give_up("a probe was not answered");
    json_t *json = reply_json();
    if (k->measure == MEASURE_COUNT)
        n = (long)json_integer_value(json_object_get(json_object_get(json, "count"), "value"));
    else if (k->measure == MEASURE_ITEMS)
        n = (long)json_array_size(json_object_get(json, "items"));
    else
        n = (long)json_integer_value(json_object_get(json, "_version"));
    json_decref(json);
    return n;
}

static void undo(const struct kind *k) {
    const char *match = match_of(k->undo_if_match);
    if (!ask(k->who, k->undo_method, k->undo_path, NULL, NULL, match, NULL) ||
        office_status(&lab.reply) >= 300)
        give_up("what was done could not be taken back");
}

/* ---- judging ---- */

static void finding(const struct kind *k, unsigned long n, struct tally *t, const char *what, int status) {
    if (t->findings++ >= MOST_SHOWN)
        return;
    struct slice body = office_body(&lab.reply);
    (void)fprintf(stderr, "  %s, allocation %lu: %s (status %d): %.*s\n", k->name, n, what, status,
                  (int)(body.n > 300 ? 300 : body.n), (const char *)body.p);
    failing_print_where();
}

/* 5xx with a problem document that names a code. */
static bool is_honest_refusal(int status) {
    json_t *json = reply_json();
    bool is = status >= 500 && json_is_string(json_object_get(json, "code"));
    json_decref(json);
    return is;
}

/* A bulk reply is a success of the request whatever became of its items: count those that were made. */
static long bulk_made(void) {
    json_t *json = reply_json();
    long made = 0;
    const json_t *items = json_object_get(json, "items");
    for (size_t i = 0; i < json_array_size(items); i++)
        made += json_integer_value(json_object_get(json_array_get(items, i), "status")) == 201;
    json_decref(json);
    return made;
}

static struct slice kept_body; /* what a repeatable request answers, in memory of its own */

static bool answers_as_ever(const struct kind *k) {
    if (!ask_kind(k, match_of(k->if_match)) || office_status(&lab.reply) != k->expected)
        return false;
    return !k->repeatable || slice_equal(office_body(&lab.reply), kept_body);
}

static void keep_body(void) {
    struct slice body = office_body(&lab.reply);
    free((void *)(uintptr_t)kept_body.p);
    void *copy = malloc(body.n + 1);
    if (copy == NULL)
        give_up("no memory");
    memcpy(copy, body.p, body.n);
    kept_body = slice_of(copy, body.n);
}

/* What stands now is what stood, or what was acknowledged; afterwards all is again as the next try wants it.
 */
static void judge_state(const struct kind *k, unsigned long n, struct tally *t, long before, bool done,
                        long by) {
    long after = measure_of(k);
    bool changed = after != before;
    if (k->measure == MEASURE_NONE)
        return;
    if (done ? after != before + by : changed && after != before + k->by)
        finding(k, n, t, done ? "acknowledged and not so" : "refused and half done", (int)(after - before));
    if (!done && k->keyed) {
        bool answered = ask_kind(k, NULL);
        if (!answered || office_status(&lab.reply) != k->expected || measure_of(k) != before + k->by)
            finding(k, n, t, "sent again it was not done once", office_status(&lab.reply));
    }
    if (changed && k->undo_method != NULL)
        undo(k);
}

/* False when the n-th allocation was not reached. */
static bool try_one(const struct kind *k, unsigned long n, struct tally *t) {
    lab.serial++;
    const char *match = match_of(k->if_match);
    long before = measure_of(k);
    failing_arm(n, for_good);
    bool answered = ask_kind(k, match);
    bool hit = failing_disarm() >= n;
    int status = office_status(&lab.reply);
    bool done = answered && status == k->expected && status < 400;
    long by = done && strcmp(k->name, "bulk_create") == 0 ? bulk_made() : k->by;
    t->tried++;
    if (!answered)
        t->silent++;
    else if (status == k->expected)
        t->done++;
    else if (is_honest_refusal(status))
        t->refused++;
    else
        finding(k, n, t, "neither a success nor an honest refusal", status);
    if (!hit && status != k->expected)
        finding(k, n, t, "nothing failed, and yet it is not answered as ever", status);
    if (done && k->repeatable && !slice_equal(office_body(&lab.reply), kept_body))
        finding(k, n, t, "answered, but not as ever", status);
    judge_state(k, n, t, before, done && by == k->by, by);
    if (k->measure == MEASURE_NONE && !answers_as_ever(k))
        finding(k, n, t, "the next request was not answered as ever", office_status(&lab.reply));
    return hit;
}

/* Of the base's file, or of all else. */
static size_t open_descriptors(bool base) {
    size_t n = 0;
    DIR *d = opendir("/proc/self/fd");
    struct dirent *entry;
    while (d != NULL && (entry = readdir(d)) != NULL) {
        char at[256] = "";
        if (readlinkat(dirfd(d), entry->d_name, at, sizeof at - 1) > 0)
            n += (strstr(at, "/kedun.db") != NULL) == base;
    }
    if (d != NULL)
        (void)closedir(d);
    return n;
}

static struct descriptors descriptors_now(void) {
    return (struct descriptors){.base = open_descriptors(true), .others = open_descriptors(false)};
}

/* The store opens a connection where two threads read for the first time at once (a request and the engine's
 * own work), and keeps it: READERS_MORE of them are no loss. One a failure would be more. */
static bool descriptors_lost(const struct descriptors *before) {
    struct descriptors now = descriptors_now();
    return now.others > before->others || now.base > before->base + READERS_MORE;
}

static bool run_kind(const struct kind *k) {
    struct tally t = {.tried = 0};
    bool undone_first = k->by > 0 && k->undo_method != NULL;
    if (undone_first)
        undo(k);
    for (int warm = 0; warm < 2 && k->measure == MEASURE_NONE; warm++) { /* what is cached is cached */
        if (!ask_kind(k, match_of(k->if_match)) || office_status(&lab.reply) != k->expected)
            give_up(k->name);
    }
    keep_body();
    struct descriptors before = descriptors_now();
    unsigned long n = from;
    unsigned long step = k->stride > every ? k->stride : every;
    while (n < TRIES_MOST && try_one(k, n, &t))
        n += step;
    if (undone_first)
        (void)ask_kind(k, NULL);
    if (descriptors_lost(&before))
        finding(k, n, &t, "descriptors were lost", 0);
    if (__lsan_do_recoverable_leak_check() != 0)
        finding(k, n, &t, "memory was lost", 0);
    (void)printf(
        "%s %-14s up to %lu: %lu tried, %lu answered, %lu refused, %lu without a reply, %lu findings\n",
        t.findings == 0 ? "ok  " : "FAIL", k->name, n, t.tried, t.done, t.refused, t.silent, t.findings);
    (void)fflush(stdout);
    return t.findings == 0;
}

/* ---- the whole ---- */

static void make_record(void) {
    lab.serial = 1;
    if (!ask(SALES, "POST", "/api/v1/records/customer", NULL,
             "{\"customer_type\":\"company\",\"name\":\"杭州西湖有限公司\",\"mobile\":\"13800000001\","
             "\"resident_id\":"
             "\"11010519491231002X\",\"grade\":\"a\",\"annual_amount\":\"12.50\"}",
             NULL, NULL) ||
        office_status(&lab.reply) != 201)
        give_up("the base was not made");
    json_t *json = reply_json();
    (void)snprintf(lab.record, sizeof lab.record, "%s", json_string_value(json_object_get(json, "id")));
    json_decref(json);
}

static void hangs(int signal) {
    (void)signal;
    (void)fprintf(stderr, "memory_fail: %s %s hangs\n", lab.path, lab.body);
    failing_print_where();
    abort();
}

static void start(void) {
    static const char *const logins[PEOPLE] = {NULL,      "sales1",  "leader",  "sysadmin",
                                               "auditor", "steward", "secadmin"};
    office_open(&lab.office);
    (void)signal(SIGALRM, hangs);
    log_setup("memory", LOG_ERROR + 1); /* every refusal is one: thousands */
    buf_init(&lab.reply, (size_t)64 << 20, true);
    for (size_t i = SALES; i < PEOPLE; i++)
        lab.people[i] = office_sign_in(&lab.office, logins[i]);
    office_engine_start(&lab.office, 1);
    make_record();
}

static bool log_is_sound(void) {
    struct arena a;
    struct slice text;
    struct audit_report report;
    struct error e = {.status = ST_OK};
    uint8_t key[32];
    char path[160];
    arena_init(&a, 4096, ARENA_PLAIN);
    (void)snprintf(path, sizeof path, "%s/public.key", lab.office.audit_dir);
    enum status s = file_read(path, 4096, &a, &text);
    if (s == ST_OK && !hex_decode(slice_trim(text), key, sizeof key))
        s = ST_CORRUPT;
    if (s == ST_OK)
        s = audit_verify(lab.office.audit_dir, key, SLICE_NONE, &report, &e);
    arena_free(&a);
    (void)printf("%s the audit log verifies: %s %s\n", s == ST_OK ? "ok  " : "FAIL", e.code, e.detail);
    return s == ST_OK;
}

static bool wanted(const struct kind *k, int argc, char **argv) {
    bool named = false, any = false;
    for (int i = 1; i < argc; i++) {
        any = any || (argv[i][0] >= 'a' && argv[i][0] <= 'z');
        named = named || strcmp(argv[i], k->name) == 0;
    }
    return named || !any;
}

int main(int argc, char **argv) {
    unsigned passed = 0, failed = 0;
    failing_exempt(true);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--every") == 0 && i + 1 < argc)
            every = strtoul(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--from") == 0 && i + 1 < argc)
            from = strtoul(argv[i + 1], NULL, 10);
        for_good = for_good || strcmp(argv[i], "--for-good") == 0;
    }
    start();
    for (size_t i = 0; i < kind_count; i++) {
        if (wanted(&kinds[i], argc, argv))
            *(run_kind(&kinds[i]) ? &passed : &failed) += 1;
    }
    office_engine_stop(&lab.office);
    *(log_is_sound() ? &passed : &failed) += 1;
    office_close(&lab.office);
    buf_free(&lab.reply);
    free((void *)(uintptr_t)kept_body.p);
    (void)printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
