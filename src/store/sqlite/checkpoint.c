#include "store/sqlite/checkpoint.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct checkpoint {
    struct connection *c;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake, go;
    int pages;    /* of the log when a commit told last; 0: none since it was looked at */
    int home;     /* of these, known to be home */
    int full;     /* the log is to begin anew when it is longer */
    bool holding; /* the writer is to wait */
    bool held;    /* it does */
    bool stop;
    bool left;          /* the log's file holds pages, all of them home: the thread's own */
    int64_t emptied_ns; /* when its file was emptied last; the thread's own */
};

#define PASSES 4 /* before the writer is held */

enum { STOP = 0, EMPTY = -1 };

/* Pages written since. A log that has begun anew is shorter than what is home. */
static int pages_new(const struct checkpoint *k) {
    return k->pages < k->home ? k->pages : k->pages - k->home;
}

/* Commits that come one by one are waited for a while, and go home together: a page that many of them write
 * goes home once. */
static void wait_more(struct checkpoint *k) {
    struct timespec end;
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += CHECKPOINT_SECONDS;
    int rc = 0;
    while (!k->stop && pages_new(k) < CHECKPOINT_PAGES && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&k->wake, &k->lock, &end);
}

/* For the first commit; when what is left in the log could go, not for ever. */
static int wait_first(struct checkpoint *k) {
    struct timespec end;
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += CHECKPOINT_IDLE_SECONDS;
    int rc = 0;
    while (!k->stop && k->pages == 0 && rc != ETIMEDOUT)
        rc = k->left ? pthread_cond_timedwait(&k->wake, &k->lock, &end)
                     : pthread_cond_wait(&k->wake, &k->lock);
    return k->stop ? STOP : k->pages > 0 ? k->pages : EMPTY;
}

/* STOP, EMPTY, or how many pages the log has. */
static int checkpoint_wait(struct checkpoint *k) {
    (void)pthread_mutex_lock(&k->lock);
    int what = wait_first(k);
    if (what > 0) {
        wait_more(k);
        what = k->stop ? STOP : k->pages;
        k->pages = 0;
    }
    (void)pthread_mutex_unlock(&k->lock);
    return what;
}

/* What a reader held back is tried again, unless a commit has asked meanwhile. */
static void ask_again(struct checkpoint *k, int pages) {
    (void)pthread_mutex_lock(&k->lock);
    if (k->pages == 0)
        k->pages = pages;
    (void)pthread_mutex_unlock(&k->lock);
}

static void set_home(struct checkpoint *k, int home) {
    (void)pthread_mutex_lock(&k->lock);
    k->home = home;
    (void)pthread_mutex_unlock(&k->lock);
}

/* Old pages stay in the log's file until others are written over them: what was deleted since is still to be
 * read there. Emptying it takes the writer's place for CHECKPOINT_EMPTY_MS at most; when readers don't pause
 * it is tried again. */
static void empty_log(struct checkpoint *k) {
    (void)sqlite3_busy_timeout(k->c->db, CHECKPOINT_EMPTY_MS);
    int rc = sqlite3_wal_checkpoint_v2(k->c->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    (void)sqlite3_busy_timeout(k->c->db, CONNECTION_BUSY_MS);
    if (rc == SQLITE_OK) {
        k->left = false;
        k->full = CHECKPOINT_FULL;
        set_home(k, 0);
        k->emptied_ns = clock_monotonic_ns();
    }
}

/* Until the writer has ended its group and waits; one without work holds nothing, and is not waited for long.
 */
static void hold_writer(struct checkpoint *k) {
    struct timespec end;
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += CHECKPOINT_SECONDS;
    int rc = 0;
    (void)pthread_mutex_lock(&k->lock);
    k->holding = true;
    while (!k->held && !k->stop && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&k->wake, &k->lock, &end);
    (void)pthread_mutex_unlock(&k->lock);
}

static void let_writer_go(struct checkpoint *k) {
    (void)pthread_mutex_lock(&k->lock);
    k->holding = false;
    (void)pthread_cond_broadcast(&k->go);
    (void)pthread_mutex_unlock(&k->lock);
}

/* How many pages a commit has told of beyond those that are home. */
static int pages_left(struct checkpoint *k, int home) {
    (void)pthread_mutex_lock(&k->lock);
    int left = k->pages > home ? k->pages - home : 0;
    (void)pthread_mutex_unlock(&k->lock);
    return left;
}

/* What was written while the long part was copied is copied by further passes, until little is left for the
 * moment in which the writer waits. */
static int begin_anew(struct checkpoint *k, int *in_log, int *home) {
    int rc = SQLITE_OK;
    for (int pass = 0; rc == SQLITE_OK && pass < PASSES && pages_left(k, *home) > CHECKPOINT_HOLD_PAGES;
         pass++)
        rc = sqlite3_wal_checkpoint_v2(k->c->db, NULL, SQLITE_CHECKPOINT_PASSIVE, in_log, home);
    if (rc != SQLITE_OK)
        return rc;
    (void)sqlite3_busy_timeout(k->c->db, CHECKPOINT_HOLD_MS);
    hold_writer(k);
    rc = sqlite3_wal_checkpoint_v2(k->c->db, NULL, SQLITE_CHECKPOINT_RESTART, in_log, home);
    let_writer_go(k);
    (void)sqlite3_busy_timeout(k->c->db, CONNECTION_BUSY_MS);
    k->full = rc == SQLITE_OK ? CHECKPOINT_FULL : *in_log + CHECKPOINT_FULL;
    return rc;
}

static void bring_home(struct checkpoint *k) {
    int in_log = 0, home = 0;
    int rc = sqlite3_wal_checkpoint_v2(k->c->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &home);
    if (rc == SQLITE_OK && in_log > k->full)
        rc = begin_anew(k, &in_log, &home);
    if (rc == SQLITE_OK || rc == SQLITE_BUSY)
        set_home(k, home < 0 ? 0 : home);
    if (rc != SQLITE_OK && rc != SQLITE_BUSY)
        log_warn("store: a checkpoint failed (%d); the next commit tries again", rc);
    else if (rc == SQLITE_BUSY || home < in_log)
        ask_again(k, 1);
    else
        k->left = true;
}

static void *checkpoint_run(void *context) {
    struct checkpoint *k = context;
    int what;
    while ((what = checkpoint_wait(k)) != STOP) {
        if (what > 0)
            bring_home(k);
        bool due = clock_monotonic_ns() - k->emptied_ns > (int64_t)CHECKPOINT_EMPTY_SECONDS * 1000000000;
        if (what == EMPTY || (k->left && due))
            empty_log(k);
    }
    return NULL;
}

enum status checkpoint_start(const char *path, struct checkpoint **out, struct error *e) {
    struct checkpoint *k = calloc(1, sizeof *k);
    if (k == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the checkpointer");
    k->emptied_ns = clock_monotonic_ns();
    k->full = CHECKPOINT_FULL;
    k->pages = 1; /* what the last process left, and what was written before now */
    enum status st = connection_open(path, CONNECTION_CHECKPOINT, &k->c, e);
    if (st == ST_OK &&
        (pthread_mutex_init(&k->lock, NULL) != 0 || clock_condition_init(&k->wake) != 0 ||
         pthread_cond_init(&k->go, NULL) != 0 || pthread_create(&k->thread, NULL, checkpoint_run, k) != 0))
        st = error_set(e, ST_INTERNAL, "store_internal", "the checkpointer did not start");
    if (st != ST_OK) {
        connection_close(k->c);
        free(k);
        return st;
    }
    *out = k;
    return ST_OK;
}

void checkpoint_stop(struct checkpoint *k) {
    if (k == NULL)
        return;
    (void)pthread_mutex_lock(&k->lock);
    k->stop = true;
    (void)pthread_cond_signal(&k->wake);
    (void)pthread_mutex_unlock(&k->lock);
    (void)pthread_join(k->thread, NULL);
    (void)pthread_cond_destroy(&k->wake);
    (void)pthread_cond_destroy(&k->go);
    (void)pthread_mutex_destroy(&k->lock);
    connection_close(k->c);
    free(k);
}

void checkpoint_pass(struct checkpoint *k) {
    (void)pthread_mutex_lock(&k->lock);
    while (k->holding) {
        k->held = true;
        (void)pthread_cond_signal(&k->wake);
        (void)pthread_cond_wait(&k->go, &k->lock);
    }
    k->held = false;
    (void)pthread_mutex_unlock(&k->lock);
}

void checkpoint_notify(struct checkpoint *k, int pages) {
    (void)pthread_mutex_lock(&k->lock);
    bool first = k->pages == 0;
    k->pages = pages;
    if (first || pages_new(k) >= CHECKPOINT_PAGES)
        (void)pthread_cond_signal(&k->wake);
    (void)pthread_mutex_unlock(&k->lock);
}

enum status checkpoint_truncate(const char *path, struct error *e) {
    struct connection *c = NULL;
    enum status st = connection_open(path, CONNECTION_CHECKPOINT, &c, e);
    if (st != ST_OK)
        return st;
    int rc = sqlite3_wal_checkpoint_v2(c->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (rc != SQLITE_OK)
        st = connection_failed(c, rc, e);
    connection_close(c);
    return st;
}
