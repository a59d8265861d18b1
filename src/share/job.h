/* Long work: what somebody asked for, how far it is, how it ended. A job is an item of the store, made by the
 * engine, then written by the jobs process alone; wishes to cancel are items of their own, so that no two
 * writers share one. A job holds no customer's value and no token: the jobs process claims its token from the
 * keeper by the job's id and the hash of what it is to do (keeper_job_claim). */
#ifndef KEDUN_SHARE_JOB_H
#define KEDUN_SHARE_JOB_H

#include "record/caller.h"

#define JOB_ITEM        "job"
#define JOB_CANCEL_ITEM "job_cancel"
#define JOB_QUEUE_ITEM  "job_queue" /* of jobs that are not over: what the jobs process looks for */
#define JOB_ATTEMPTS    5           /* so often a job may die with its process before it is given up */

enum job_kind { JOB_IMPORT, JOB_UNDO, JOB_RESEAL, JOB_HANDOVER, JOB_HANDBACK, JOB_KINDS };
enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_DONE, JOB_CANCELLED, JOB_FAILED, JOB_STATES };

struct job_counts {
    uint64_t rows, imported, rejected, duplicates; /* duplicates are among the rejected */
    uint64_t undone, kept;
};

struct job {
    struct uuid id, import; /* import: of a handover and its undoing the handover */
    struct uuid after;      /* begins when that job is over; nil: at once */
    uint32_t owner;
    uint16_t object;
    uint8_t kind, state;
    uint64_t number; /* marks the rows that an import makes (FIELD_JOB) */
    int64_t queued_at, started_at, ended_at;
    uint64_t done, total; /* bytes of the file; of all others: rows */
    struct job_counts counts;
    uint64_t line;     /* rows up to this line are dealt with for certain: where a restart goes on */
    uint64_t chunks;   /* of rejected rows that are complete */
    uint64_t attempts; /* starts */
    char error[ERROR_CODE_MAX];
    struct slice
        plan; /* import: the mapping, JSON (share/mapping.h); share/handover.h: the rule, or what is undone */
};

static inline bool job_is_over(const struct job *j) {
    return j->state >= JOB_DONE;
}

const char *job_kind_name(uint8_t kind);
const char *job_state_name(uint8_t state);

/* Marks the rows of an import: from its job's id, so that it needs no counter. */
uint64_t job_number(const struct uuid *id);

/* ST_NOT_FOUND "not_found"; ST_CORRUPT. Slices live in the arena. */
MUST_CHECK enum status job_get(struct store_reader *r, const struct uuid *id, struct arena *a,
                               struct job *out, struct error *e);
MUST_CHECK enum status job_from_item(const struct store_item *item, struct arena *a, struct job *out);
/* A job that is over also leaves the queue. */
MUST_CHECK enum status job_put(struct world *w, const struct job *j, struct error *e);
/* The hash of what a job is to do: kind, object, owner, what it is about and its plan; not how far it is. The
 * keeper holds it from the moment of authorising, so that a job that was changed in the database is not run.
 */
MUST_CHECK enum status job_hash(const struct job *j, uint8_t out[JOB_PLAN]);
/* Takes everything that is kept of a job away. */
MUST_CHECK enum status job_forget(struct world *w, const struct uuid *id, struct error *e);

MUST_CHECK enum status job_cancel(struct world *w, const struct job *j, struct error *e);
MUST_CHECK enum status job_is_cancelled(struct store_reader *r, const struct uuid *id, struct arena *a,
                                        bool *out, struct error *e);

/* Engine: makes the job with the caller's right (his live session authorises it at the keeper) and queues it.
 * id, owner, state and times are filled here. */
MUST_CHECK enum status job_enqueue(struct caller *c, struct job *j, struct error *e);

/* The document of docs/api.md, "Imports and jobs". `title` gives an error code's words (NULL: none). */
typedef const char *(*job_title)(const char *code, enum language language);
void job_describe(const struct job *j, job_title title, enum language language, struct json *out);
void job_write_counts(const struct job *j, struct json *out);

/* One item of the store, as documents of this folder are kept. */
MUST_CHECK enum status job_item_put(struct world *w, struct slice kind, const struct uuid *key,
                                    uint32_t owner, int64_t at_ms, struct slice body, struct error *e);

#endif
