/* The guarded path to records. Everything that shows, finds or changes one goes through here, whoever asks:
 * API, import, jobs, command line. Each function decides by policy, compiles the decision into the query,
 * opens values through the keeper (which records first), and writes the caller's JSON.
 *
 * JSON shapes are those of docs/api.md. Output goes into `out` only when ST_OK is returned.
 * Common errors: ST_NOT_FOUND for what the caller may not know of, ST_DENIED, ST_LIMIT "budget_exhausted",
 * ST_IO "audit_unwritable", ST_UNAVAILABLE "keeper_away". */
#ifndef KEDUN_RECORD_RECORD_H
#define KEDUN_RECORD_RECORD_H

#include "record/access.h"

#include <jansson.h>

/* Several bad fields at once: `errors` (may be NULL) receives each; the status is then ST_INVALID
 * "invalid_fields". */
#define FIELD_ERRORS_MAX 64
struct field_errors {
    struct error items[FIELD_ERRORS_MAX];
    size_t count;
};

#define RECORD_PAGE_MAX   200
#define RECORD_OFFSET_MAX 10000

struct record_query {
    struct slice object;
    const struct json_t *where; /* where-tree, or NULL */
    bool in_url;                /* then a filter on a sealed field is refused */
    struct slice search;        /* the search box, or empty (never from a URL) */
    struct slice fields;        /* comma separated names; empty: the object's list fields */
    struct slice sort;          /* comma separated, - for descending; empty: the object's default */
    uint32_t limit, page;       /* page from 1; 0: none */
    struct slice cursor;
    bool count, deleted;
    struct slice group_by; /* then groups instead of items */
};

MUST_CHECK enum status record_query(struct caller *c, const struct record_query *q, struct json *out,
                                    struct error *e);

/* One record with `_acts`; *version for the ETag. */
MUST_CHECK enum status record_get(struct caller *c, struct slice object, const struct uuid *id,
                                  struct json *out, uint64_t *version, struct error *e);

/* Writes take the caller's idempotency key, if he sent one (caller.h). *replayed: the act had been done
 * before; the record as it now stands is written. */
struct record_written {
    struct uuid id;
    uint64_t version;
    bool replayed;
};
MUST_CHECK enum status record_create(struct caller *c, struct slice object, const struct json_t *body,
                                     struct json *out, struct record_written *done,
                                     struct field_errors *errors, struct error *e);
/* expected: the viewer's version from If-Match. ST_CONFLICT "version_conflict" writes {"current":…} into
 * `out`. */
MUST_CHECK enum status record_update(struct caller *c, struct slice object, const struct uuid *id,
                                     uint64_t expected, const struct json_t *body, struct json *out,
                                     struct record_written *done, struct field_errors *errors,
                                     struct error *e);
MUST_CHECK enum status record_delete(struct caller *c, struct slice object, const struct uuid *id,
                                     uint64_t expected, struct error *e);
MUST_CHECK enum status record_restore(struct caller *c, struct slice object, const struct uuid *id,
                                      struct json *out, struct record_written *done, struct error *e);
MUST_CHECK enum status record_reveal(struct caller *c, struct slice object, const struct uuid *id,
                                     const struct json_t *fields, struct slice reason, struct json *out,
                                     struct error *e);
/* `before`: how many of the visible changes were shown already (not a number of the change: that would count
 * hidden ones). */
MUST_CHECK enum status record_history(struct caller *c, struct slice object, const struct uuid *id,
                                      uint32_t before, uint32_t limit, struct json *out, struct error *e);
/* A place in a timeline: behind everything of that time whose id is below. */
struct timeline_place {
    int64_t at_ms;
    struct uuid id;
};
/* What "next" said, or a time; empty: the newest. */
bool timeline_place_parse(struct slice text, struct timeline_place *out);
/* `kinds`: comma separated object names; empty: all. */
MUST_CHECK enum status record_timeline(struct caller *c, struct slice object, const struct uuid *id,
                                       const struct timeline_place *before, struct slice kinds,
                                       uint32_t limit, struct json *out, struct error *e);
MUST_CHECK enum status record_suggest(struct caller *c, struct slice text, uint32_t limit, struct json *out,
                                      struct error *e);
/* Metadata of the objects that the caller may know of; object empty: all. */
MUST_CHECK enum status record_metadata(struct caller *c, struct slice object, struct json *out,
                                       struct error *e);

/* Many new records at once (import, demo): up to 1,000. One intent, one transaction for the good ones.
 * `rows[i]` holds external text per column of `fields`; SLICE_NONE: absent. */
struct record_batch {
    const struct object_def *object;
    const struct field_def *const *fields;
    size_t field_count;
    const struct slice *cells; /* row_count × field_count */
    size_t row_count;
    const uint32_t *owners;    /* per row, or NULL: the caller */
    const int64_t *created_at; /* per row ms, or NULL: now */
    const struct uuid *ids;    /* per row, or NULL: fresh */
    uint64_t job;              /* marks the rows for undo; 0: none */
    bool dry_run;              /* check only */
};
struct record_batch_error {
    size_t row;
    struct error error;
};
struct record_batch_result {
    struct uuid *ids;                  /* per row; nil where refused */
    struct record_batch_error *errors; /* at most 4 a row, ordered by row */
    size_t error_count;
    size_t written;
};
MUST_CHECK enum status record_create_batch(struct caller *c, const struct record_batch *b,
                                           struct record_batch_result *out, struct error *e);
/* Takes rows that job `job` made and nobody changed since into the recycle bin: up to `most` a call, in id
 * order behind `after` (NULL: from the first). *last: where the next call goes on while *more. */
MUST_CHECK enum status record_undo_job(struct caller *c, const struct object_def *object, uint64_t job,
                                       const struct uuid *after, uint32_t most, struct uuid *last,
                                       size_t *undone, size_t *kept, bool *more, struct error *e);
/* Deletes whatever version stands (undo, bulk); ST_DENIED, ST_NOT_FOUND, ST_CONFLICT as record_delete. */
MUST_CHECK enum status record_delete_any(struct caller *c, const struct access *a, const struct uuid *id,
                                         struct error *e);
/* The same for a row that the caller's own import made: the right to import suffices. */
MUST_CHECK enum status record_delete_imported(struct caller *c, const struct access *a, const struct uuid *id,
                                              struct error *e);

#endif
