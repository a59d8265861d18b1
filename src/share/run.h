/* What the runners of jobs share, and one runner's tools (for share/'s runners only). */
#ifndef KEDUN_SHARE_RUN_H
#define KEDUN_SHARE_RUN_H

#include "ipc/role.h"
#include "people/world_load.h"
#include "share/import.h"
#include "store/remote.h"

#include <pthread.h>

struct jobs {
    const struct role_env *env;
    const char *keeper_path;
    struct world_source source;
    struct store *store;
    struct world *world;
    struct remote_writer *writer;
    bool stopping; /* atomic: finish what is in hand */
};

static inline bool jobs_stopping(const struct jobs *j) {
    return __atomic_load_n(&j->stopping, __ATOMIC_RELAXED);
}

/* One thread's connections and memory. */
struct tools {
    struct keeper *keeper;
    struct store_reader *reader;
    struct arena arena; /* of a step, secret */
    struct token token; /* whose rights `who` are, as they were at asked_ns */
    struct principal who;
    int64_t asked_ns; /* 0: not asked yet */
};
MUST_CHECK enum status run_tools_open(struct jobs *j, struct tools *t, struct error *e);
void run_tools_close(struct tools *t);

/* A caller for one step: the job's person with the rights that he has now (the keeper is asked once a
 * second), in this world with the policies and people of now; give it back with caller_finish, then reset the
 * arena. Definitions stay those that the job began with. ST_UNAUTHENTICATED once his account or the job is
 * ended. */
MUST_CHECK enum status run_caller(struct tools *t, const struct world_view *view, const struct token *token,
                                  const struct principal *who, struct caller *out, struct error *e);

/* Worth another try after a pause: a process is being restarted, or somebody wrote in between. */
static inline bool run_may_retry(enum status s) {
    return s == ST_UNAVAILABLE || s == ST_RETRY;
}

/* One job of a kind, from its start or from where it was left. ST_OK: job->state says how it ended, or it is
 * to be left for the next start (still JOB_RUNNING: the system stops). Anything else: failed with e->code. */
MUST_CHECK enum status run_import(struct jobs *j, struct tools *t, struct job *job, const struct token *token,
                                  const struct principal *who, struct error *e);
MUST_CHECK enum status run_undo(struct jobs *j, struct tools *t, struct job *job, const struct token *token,
                                const struct principal *who, struct error *e);
MUST_CHECK enum status run_reseal(struct jobs *j, struct tools *t, struct job *job, const struct token *token,
                                  const struct principal *who, struct error *e);

MUST_CHECK enum status run_handover(struct jobs *j, struct tools *t, struct job *job,
                                    const struct token *token, const struct principal *who, struct error *e);

/* The order in which an import's batches are committed, and counted: the writer's callback waits until the
 * set ahead of the thread's has been told the engine, in one chain with it (store.h: write_set.chain), so
 * that the writer always has the next one at hand. When a set of a chain fails, those behind it are refused
 * by the writer and wait until all ahead of them are committed; a new chain begins there. */
struct turns {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    uint64_t now;          /* to be committed */
    uint64_t counted;      /* to be counted */
    uint64_t sent;         /* the next in the chain */
    uint64_t chain, place; /* newest; 0: none */
    bool linked;           /* it can be continued */
    bool broken;           /* atomic: something went wrong: nothing more is committed */
    uint32_t rows; /* atomic: how many a batch should have, so that its set holds the writer RUN_HOLD_US */
};
#define RUN_HOLD_US    12000 /* of its processor time; the commit's waiting for the disk comes on top */
#define RUN_ROWS_FIRST 64    /* the first ones meet cold pages */
#define RUN_ROWS_LEAST 64
#define RUN_ROWS_MOST  2000
/* How many rows the next sets should have, when `rows` rows have just held the writer so long: half of the
 * way at once to fewer, an eighth of it to more. */
uint32_t run_pace(uint32_t now, uint32_t rows, uint64_t held_us);
/* The thread's commits are of this turn; NULL: they wait for nobody. The first one that succeeds passes the
 * turn on. */
void run_set_turn(struct turns *turns, uint64_t turn);
/* There will be more commits in this turn: nobody else's come between. */
void run_keep_turn(void);
/* Waits for the turn unless it has been passed on. */
void run_wait_turn(struct turns *turns, uint64_t turn);
/* Passes it on unless it has been. */
void run_end_turn(struct turns *turns, uint64_t turn);
/* The same for counting. */
void run_wait_count(struct turns *turns, uint64_t turn);
void run_end_count(struct turns *turns);
/* world_write of the jobs process; context: struct jobs. */
enum status run_write(void *context, const struct write_set *set, struct write_result *result,
                      struct error *e);

#endif
