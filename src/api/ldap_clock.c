#include "api/ldap_clock.h"

#include "base/clock.h"
#include "base/json_in.h"
#include "base/log.h"
#include "connect/outbound.h"
#include "keeper/client_ldap.h"
#include "people/directory.h"
#include "people/ldap_plan.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define LEAVE_S 2 /* how long a stop waits */

struct ldap_clock {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct keeper *keeper;
    const char *outbound;
    struct arena arena; /* of a run */
    bool stopping, ended;
};

/* One run: what came, and how it goes. */
struct run {
    struct ldap_clock *clock;
    struct uuid errand;
    struct ldap_question q;
    json_t *document, *read;
    uint64_t ends_left;
    const char *left_out; /* why nobody was suspended, though some have gone; NULL: it is as it should be */
};

/* ---- what it may do alone ---- */

static enum status take(struct run *r, struct error *e) {
    struct keeper_ldap_run said;
    enum status s = keeper_ldap_run(r->clock->keeper, &r->errand, &said, e);
    if (s != ST_OK)
        return s;
    if (json_read(said.document, 0, &r->document, NULL) != ST_OK ||
        json_read(said.read, 0, &r->read, NULL) != ST_OK)
        return error_set(e, ST_UNAVAILABLE, "ldap_refused", "what was read does not parse");
    r->q = (struct ldap_question){.directory = said.directory,
                                  .document = r->document,
                                  .read = r->read,
                                  .mail_guarded = said.mail_guarded};
    r->ends_left = said.ends_left;
    return ST_OK;
}

static bool applies(const struct run *r, const char *what) {
    const char *said = json_string_value(json_object_get(r->document, "apply"));
    return said != NULL && strcmp(said, what) == 0;
}

/* All who have gone, or nobody: more than a day may see, or everybody, is a sign that something is wrong. */
static enum status suspend_gone(struct run *r, const struct directory *d, struct ldap_plan *plan,
                                struct error *e) {
    size_t n = plan->gone_count;
    if (!applies(r, "all") || n == 0)
        return ST_OK;
    r->left_out = !ldap_names_anybody(r->read)                ? "ldap_empty"
                  : n > r->ends_left || n > LDAP_PLAN_SUSPEND ? "ldap_ends"
                                                              : NULL;
    uint32_t *users = arena_array(&r->clock->arena, n, sizeof *users);
    if (users == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "directory");
    for (size_t i = 0; i < n; i++)
        users[i] = plan->gone[i]->id;
    struct ldap_question q = r->q;
    q.suspend = users;
    q.suspend_count = n;
    return r->left_out != NULL ? ST_OK : ldap_plan_make(d, &q, &r->clock->arena, plan, e);
}

static enum status import(struct run *r, struct error *e) {
    struct directory *d = NULL;
    struct ldap_plan plan;
    if (!applies(r, "new") && !applies(r, "all_but_ends") && !applies(r, "all"))
        return ST_OK;
    enum status s = directory_load(r->clock->keeper, &d, e);
    if (s != ST_OK)
        return s;
    r->q.alone = true;
    r->q.only_new = applies(r, "new");
    s = ldap_plan_make(d, &r->q, &r->clock->arena, &plan, e);
    if (s == ST_OK)
        s = suspend_gone(r, d, &plan, e);
    if (s == ST_OK && plan.plan.document.p != NULL)
        s = keeper_ldap_run_import(r->clock->keeper, &r->errand, plan.plan.document, e);
    r->q.alone = r->q.only_new = false;
    directory_release(d);
    return s;
}

/* ---- what is left for a person ---- */

static json_t *reckon(struct run *r, struct error *e) {
    struct directory *d = NULL;
    struct ldap_plan plan = {.gone_count = 0};
    enum status s = directory_load(r->clock->keeper, &d, e);
    if (s == ST_OK)
        s = ldap_plan_make(d, &r->q, &r->clock->arena, &plan, e);
    if (d != NULL)
        directory_release(d);
    const size_t *n = plan.plan.totals;
    return s != ST_OK ? NULL
                      : json_pack("{s:I, s:I, s:I, s:I}", "added", (json_int_t)n[IMPORT_ADDED], "changed",
                                  (json_int_t)n[IMPORT_CHANGED], "gone", (json_int_t)plan.gone_count,
                                  "refused", (json_int_t)n[IMPORT_REFUSED]);
}

/* Also that nothing came of it. */
static enum status tell(struct run *r, json_t *pending, const char *code, struct error *e) {
    json_t *all = json_pack("{s:I, s:I, s:s, s:o*}", "people",
                            (json_int_t)json_array_size(json_object_get(r->read, "people")), "units",
                            (json_int_t)json_array_size(json_object_get(r->read, "units")), "error", code,
                            "pending", pending);
    char *text = all == NULL ? NULL : json_print(all, JSON_COMPACT);
    json_decref(all);
    enum status s = text == NULL
                        ? error_set(e, ST_NOMEM, "no_memory", "directory")
                        : keeper_ldap_run_end(r->clock->keeper, &r->errand, slice_from_string(text), e);
    free(text);
    return s;
}

static enum status carry_out(struct run *r, struct error *e) {
    struct error uncounted = {.status = ST_OK};
    enum status s = outbound_run(r->clock->outbound, OUTBOUND_DIRECTORY, &r->errand, e);
    if (s == ST_OK)
        s = take(r, e);
    if (s != ST_OK)
        return tell(r, NULL, e->code, &uncounted) == ST_NOMEM ? ST_NOMEM : s;
    s = import(r, e);
    json_t *pending = reckon(r, &uncounted);
    const char *code = s != ST_OK ? e->code : r->left_out != NULL ? r->left_out : uncounted.code;
    enum status told = tell(r, pending, code, &uncounted);
    return s != ST_OK || told == ST_OK ? s : error_set(e, told, uncounted.code, "the run's end was not told");
}

/* True: there may be another one. */
static bool run_next(struct ldap_clock *c) {
    struct error e = {.status = ST_OK};
    struct run r = {.clock = c};
    uint32_t directory = 0;
    enum status s = keeper_ldap_due(c->keeper, &directory, &r.errand, &e);
    if (s == ST_OK && directory == 0)
        return false;
    if (s == ST_OK)
        s = carry_out(&r, &e);
    if (s != ST_OK)
        log_warn("event=directory_not_imported directory=%u why=%s", directory, e.code);
    json_decref(r.document);
    json_decref(r.read);
    keeper_forget(c->keeper);
    arena_reset(&c->arena);
    return s == ST_OK;
}

/* ---- the thread ---- */

static bool wait_turn(struct ldap_clock *c) {
    int64_t at = clock_monotonic_ns() + LDAP_CLOCK_S * (int64_t)1000000000;
    struct timespec t = {.tv_sec = at / 1000000000, .tv_nsec = at % 1000000000};
    int late = 0;
    (void)pthread_mutex_lock(&c->lock);
    while (!c->stopping && late == 0)
        late = pthread_cond_clockwait(&c->changed, &c->lock, CLOCK_MONOTONIC, &t);
    bool stopping = c->stopping;
    (void)pthread_mutex_unlock(&c->lock);
    return !stopping;
}

static void *clock_run(void *argument) {
    struct ldap_clock *c = argument;
    while (wait_turn(c)) {
        for (unsigned i = 0; i < 8 && run_next(c); i++)
            ;
    }
    (void)pthread_mutex_lock(&c->lock);
    c->ended = true;
    (void)pthread_cond_signal(&c->changed);
    (void)pthread_mutex_unlock(&c->lock);
    return NULL;
}

static void clock_free(struct ldap_clock *c) {
    keeper_close(c->keeper);
    arena_free(&c->arena);
    (void)pthread_cond_destroy(&c->changed);
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
}

enum status ldap_clock_start(struct engine *engine, struct ldap_clock **out, struct error *e) {
    struct ldap_clock *c = calloc(1, sizeof *c);
    if (c == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "directories' clock");
    (void)pthread_mutex_init(&c->lock, NULL);
    (void)pthread_cond_init(&c->changed, NULL);
    arena_init(&c->arena, (size_t)256 << 20, ARENA_SECRET);
    c->outbound = engine->outbound_path;
    enum status s = c->outbound == NULL ? error_set(e, ST_NOMEM, "no_memory", "path")
                                        : keeper_connect(engine->keeper_path, &c->keeper, e);
    if (s == ST_OK && pthread_create(&c->thread, NULL, clock_run, c) != 0)
        s = error_set(e, ST_NOMEM, "no_thread", "a thread can't be started");
    if (s != ST_OK) {
        clock_free(c);
        return s;
    }
    *out = c;
    return ST_OK;
}

/* ThreadSanitizer knows nothing of pthread_clockjoin_np, so the end is waited for by the condition. */
void ldap_clock_stop(struct ldap_clock *c) {
    if (c == NULL)
        return;
    struct timespec until;
    int late = 0;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += LEAVE_S;
    (void)pthread_mutex_lock(&c->lock);
    c->stopping = true;
    (void)pthread_cond_signal(&c->changed);
    while (!c->ended && late == 0)
        late = pthread_cond_clockwait(&c->changed, &c->lock, CLOCK_MONOTONIC, &until);
    bool ended = c->ended;
    (void)pthread_mutex_unlock(&c->lock);
    if (ended && pthread_join(c->thread, NULL) == 0)
        clock_free(c);
}
