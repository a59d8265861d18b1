/* A handover: the records of one person on their way to others, one job an object; what belongs to customers
 * goes after the customers, and with them. Before a slice is moved the job keeps where its rows were (a
 * journal of ids and places, no values), so that all of it can be given back: what somebody else has by then
 * stays.
 *
 * Kept: item "handover" ID {"from","at","rule","jobs":[…],"undo":[…]}, each {"object","job"}, written by the
 * engine alone; items "handover_rows" JOB/UUID: a slice's rows, written by the job and sealed by the keeper
 * in the handover's box (passing: what it moved can be given back for some thirty days), bound to their key:
 * who can write to the database can take a slice away, not change to whom it gives rows back. The jobs' plans
 * name the box. */
#ifndef KEDUN_SHARE_HANDOVER_H
#define KEDUN_SHARE_HANDOVER_H

#include "record/handover.h"
#include "share/job.h"

#define HANDOVER_ITEM    "handover"
#define HANDOVER_JOURNAL "handover_rows"
#define HANDOVER_OBJECTS 64

struct handover_part {
    uint16_t object;
    struct uuid job;
};

struct handover {
    struct uuid id;
    uint32_t owner, from;
    int64_t at_ms;
    struct slice rule; /* JSON, as it was asked for */
    struct handover_part jobs[HANDOVER_OBJECTS], undo[HANDOVER_OBJECTS];
    size_t job_count, undo_count;
};

/* ST_NOT_FOUND also for somebody else's. */
MUST_CHECK enum status handover_get(struct store_reader *r, const struct uuid *id, uint32_t owner,
                                    struct arena *a, struct handover *out, struct error *e);
MUST_CHECK enum status handover_put(struct world *w, const struct handover *h, struct error *e);
/* Oldest first; of one owner, or of all with 0. Slices live in the arena. */
MUST_CHECK enum status handover_list(struct store_reader *r, uint32_t owner, uint32_t most, struct arena *a,
                                     struct handover **out, size_t *n, struct error *e);

/* {"from": user, "within": bool, "department": number, "to": [users], "field": name, "cases":
 * [{"value","to"}]}; the field is looked up in the object and left out where it has none. ST_INVALID
 * "invalid" with the member's name. Slices live in the arena. */
MUST_CHECK enum status handover_read_rule(struct slice json, const struct object_def *object, struct arena *a,
                                          struct handover_rule *out, struct error *e);

/* The box that a handover's plan, as JSON, names; false: none, it is of a version that sealed nothing. */
bool handover_box(struct slice plan, struct uuid *box);
/* What a handing back goes by: the job that moved the rows, and its box. */
#define HANDBACK_PLAN (2 * UUID_TEXT + 2)
void handback_plan(const struct uuid *job, const struct uuid *box, char out[HANDBACK_PLAN]);
bool handback_read_plan(struct slice plan, struct uuid *job, struct uuid *box);

/* The journal of one job: slices of rows in any order, the next one behind *position (empty at first). *more
 * false: that was the last. ST_CORRUPT "journal_changed": this one is not as it was written; *position is
 * behind it. */
MUST_CHECK enum status handover_journal_put(struct caller *c, const struct uuid *job, const struct uuid *box,
                                            const struct handover_row *rows, size_t count, struct error *e);
MUST_CHECK enum status handover_journal_next(struct caller *c, const struct uuid *job, const struct uuid *box,
                                             struct slice *position, struct handover_row **rows,
                                             size_t *count, bool *more, struct error *e);

#endif
