/* An import: an uploaded file on its way to records. The item of the store is written by the engine alone;
 * how far the work is stands in its jobs (share/job.h).
 *
 * On the disk, DIR/uploads/<import id>/: p0, p1 … the file's parts, r0, r1 … the rejected rows, all sealed by
 * the keeper for the owner alone, in two boxes: one for the parts, destroyed when the job is over, one for
 * what is kept (name, rejected rows) until the import is purged. */
#ifndef KEDUN_SHARE_IMPORT_H
#define KEDUN_SHARE_IMPORT_H

#include "share/decode.h"
#include "share/job.h"

#define IMPORT_ITEM       "import"
#define IMPORT_PART       ((size_t)1024 * 1024)
#define IMPORT_SIZE_MAX   ((uint64_t)4 << 30)
#define IMPORT_NAME_MAX   200
#define IMPORT_OPEN_MAX   20                  /* of one person, not yet over: their files wait or are read */
#define IMPORT_OPEN_BYTES ((uint64_t)8 << 30) /* what these may come to, as they were announced */
/* Left on the disk for everything else: a fiftieth of it, but no more than this. */
#define IMPORT_DISK_SHARE 50
#define IMPORT_DISK_LEFT  ((uint64_t)4 << 30)
#define IMPORT_KEPT_MS    (30 * 24 * 3600 * (int64_t)1000)
#define IMPORT_SEALED_MAX (IMPORT_PART * 2 + 256) /* of one file on the disk */

/* Streams within the boxes. */
enum import_stream { STREAM_PARTS = 1, STREAM_REJECTS = 2, STREAM_NAME = 3, STREAM_JOURNAL = 4 };

struct import {
    struct uuid id;
    uint32_t owner;
    uint16_t object;
    uint64_t size;
    int64_t created_at;
    struct uuid parts_box, kept_box;
    struct slice name; /* sealed */
    uint8_t encoding, delimiter;
    bool header;
    struct uuid job, undo; /* nil: none yet */
};

static inline uint64_t import_parts(const struct import *i) {
    return (i->size + IMPORT_PART - 1) / IMPORT_PART;
}

/* ST_NOT_FOUND also for somebody else's. */
MUST_CHECK enum status import_get(struct store_reader *r, const struct uuid *id, uint32_t owner,
                                  struct arena *a, struct import *out, struct error *e);
/* Of one owner, newest first, at most `most`. */
MUST_CHECK enum status import_list(struct store_reader *r, uint32_t owner, size_t most, struct arena *a,
                                   struct import **out, size_t *n, struct error *e);
/* Of everybody, made before that time, at most `most`. */
MUST_CHECK enum status import_list_old(struct store_reader *r, int64_t before_ms, uint32_t most,
                                       struct arena *a, struct import **out, size_t *n, struct error *e);
/* Its files, its jobs, itself. The boxes' keys stay with the keeper until their owner's data is destroyed;
 * without the files they open nothing. */
MUST_CHECK enum status import_forget(struct world *w, const char *data_dir, const struct import *i,
                                     struct arena *a, struct error *e);
MUST_CHECK enum status import_put(struct world *w, const struct import *i, struct error *e);

/* A new one of the caller's: boxes, name, directory. */
MUST_CHECK enum status import_make(struct caller *c, const char *data_dir, uint16_t object, struct slice name,
                                   uint64_t size, struct import *out, struct error *e);
/* Its file's name in the arena; empty when the box is gone. */
struct slice import_name(struct caller *c, const struct import *i);

/* ---- its files ---- */

/* 'p': parts, 'r': rejected rows. NULL: no memory. */
char *import_path(struct arena *a, const char *data_dir, const struct uuid *id, char kind, uint64_t n);

/* ST_LIMIT "disk_low" when the disk has not room for so many bytes more and for what must stay free. */
MUST_CHECK enum status import_room(const char *data_dir, uint64_t bytes, struct error *e);
/* ST_INVALID "part_size" unless `bytes` is as long as part n must be; asks import_room. */
MUST_CHECK enum status import_write_part(struct caller *c, const char *data_dir, const struct import *i,
                                         uint64_t n, struct slice bytes, struct error *e);
/* The part in clear, borrowed from the keeper's connection until its next call. */
MUST_CHECK enum status import_read_part(struct keeper *k, const struct keeper_call *call,
                                        const char *data_dir, const struct import *i, uint64_t n,
                                        struct arena *a, struct slice *out, struct error *e);
bool import_is_complete(struct arena *a, const char *data_dir, const struct import *i);
/* Files and their key. */
MUST_CHECK enum status import_destroy_parts(struct keeper *k, const struct keeper_call *call,
                                            const char *data_dir, const struct import *i, struct arena *a,
                                            struct error *e);
#endif
