#include "api/settler.h"

#include "base/clock.h"
#include "base/log.h"
#include "record/settle.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct settler {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct keeper *keeper;
    struct store *store;
    bool stopping;
};

/* What fails (the keeper is away, the disk full) is tried again the next time. */
static void settle(struct settler *s) {
    struct error e = {.status = ST_OK};
    size_t n = 0;
    if (record_settle_left(s->keeper, s->store, &n, &e) != ST_OK)
        log_debug("settler: %s", e.code);
    if (n > 0)
        log_info("settled %zu writes whose outcome had not been told", n);
}

static bool wait_turn(struct settler *s) {
    int64_t at = clock_monotonic_ns() + SETTLER_S * (int64_t)1000000000;
    struct timespec t = {.tv_sec = at / 1000000000, .tv_nsec = at % 1000000000};
    int late = 0;
    (void)pthread_mutex_lock(&s->lock);
    while (!s->stopping && late == 0)
        late = pthread_cond_clockwait(&s->changed, &s->lock, CLOCK_MONOTONIC, &t);
    bool stopping = s->stopping;
    (void)pthread_mutex_unlock(&s->lock);
    return !stopping;
}

static void *settler_run(void *argument) {
    struct settler *s = argument;
    while (wait_turn(s))
        settle(s);
    return NULL;
}

static void settler_free(struct settler *s) {
    keeper_close(s->keeper);
    (void)pthread_cond_destroy(&s->changed);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

enum status settler_start(struct engine *engine, struct settler **out, struct error *e) {
    struct settler *s = calloc(1, sizeof *s);
    if (s == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "settler");
    s->store = engine->store;
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_cond_init(&s->changed, NULL);
    enum status st = keeper_connect(engine->keeper_path, &s->keeper, e);
    if (st == ST_OK && pthread_create(&s->thread, NULL, settler_run, s) != 0)
        st = error_set(e, ST_NOMEM, "no_thread", "a thread can't be started");
    if (st != ST_OK) {
        settler_free(s);
        return st;
    }
    *out = s;
    return ST_OK;
}

void settler_stop(struct settler *s) {
    if (s == NULL)
        return;
    (void)pthread_mutex_lock(&s->lock);
    s->stopping = true;
    (void)pthread_cond_signal(&s->changed);
    (void)pthread_mutex_unlock(&s->lock);
    (void)pthread_join(s->thread, NULL);
    settler_free(s);
}
