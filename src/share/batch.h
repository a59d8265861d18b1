/* Some hundred rows of a file on their way into records: gathered from the reader, then tried at once. */
#ifndef KEDUN_SHARE_BATCH_H
#define KEDUN_SHARE_BATCH_H

#include "share/mapping.h"

#define BATCH_ROWS       500
#define BATCH_BYTES      ((size_t)768 * 1024) /* of cells: the keeper's and the writer's messages hold 4 MiB */
#define BATCH_ERRORS_ROW 4

struct batch_row {
    uint64_t line;
    enum csv_problem problem;
    const struct slice *cells; /* all of the file's, in the batch's memory */
    size_t count;
    /* after batch_run: */
    bool written, duplicate;
    struct error errors[BATCH_ERRORS_ROW];
    size_t error_count;
};

struct batch {
    struct arena arena; /* of the cells, secret */
    struct batch_row *rows;
    size_t count, bytes;
    uint64_t last_line;
    uint64_t seen; /* bytes of the file that were read when it was filled */
};

MUST_CHECK enum status batch_init(struct batch *b);
void batch_reset(struct batch *b);
void batch_free(struct batch *b);

MUST_CHECK enum status batch_add(struct batch *b, const struct csv_row *row);
bool batch_is_full(const struct batch *b);

struct batch_job {
    struct uuid id;  /* of the job: with the line it makes the record's id, so that a repeated row is known */
    uint64_t number; /* marks the rows */
    bool dry_run;
};

/* Decides, seals and commits; says of each row what became of it. Rows that stood there already under their
 * id count as written. Memory: the caller's arena. Fails only when nothing is known of some rows; then it may
 * be called again. */
MUST_CHECK enum status batch_run(struct caller *c, const struct mapping *m, const struct batch_job *job,
                                 struct batch *b, struct error *e);

/* The record's id of a line: version 7 with the job's time, then the line, then a hash of both. */
MUST_CHECK enum status batch_record_id(const struct uuid *job, uint64_t line, struct uuid *out);

#endif
