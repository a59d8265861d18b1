/* Rejected rows: kept sealed for the owner, in chunks, until the import is purged; handed out as CSV.
 *
 * A chunk in clear: rows, each u64 line (0: the file's header), u16 cells (u32 length and bytes each), u8
 * errors (slice field, slice code each). */
#ifndef KEDUN_SHARE_REJECTS_H
#define KEDUN_SHARE_REJECTS_H

#include "share/batch.h"
#include "share/import.h"

#define REJECTS_SEND ((size_t)256 * 1024) /* a chunk is closed past that */
#define REJECTS_MOST (REJECTS_SEND + CSV_ROW_MAX + CSV_COLUMNS_MAX * 4 + 4096)

struct rejects {
    struct keeper *keeper;
    const struct keeper_call *call;
    const char *data_dir;
    const struct import *import;
    uint64_t chunks; /* complete ones on the disk */
    struct buf rows;
};

void rejects_init(struct rejects *r);
void rejects_free(struct rejects *r);
void rejects_add_header(struct rejects *r, const struct csv_row *row);
/* Adds one; writes a chunk when there is enough. */
MUST_CHECK enum status rejects_add(struct rejects *r, const struct batch_row *row, struct error *e);
/* Writes what is gathered; afterwards `chunks` says it all. */
MUST_CHECK enum status rejects_flush(struct rejects *r, struct error *e);

/* One chunk as CSV lines behind `out` (spreadsheet-safe: a cell that begins with = + - @ tab, CR or NUL gets
 * a ' before it). `title` puts an error's words. The first column is the line's number, the second the
 * reasons.
 */
typedef void (*rejects_title)(struct buf *out, struct slice field, struct slice code, const void *context);
MUST_CHECK enum status rejects_write_csv(struct slice chunk, rejects_title title, const void *context,
                                         struct buf *out);

/* Appends one CSV cell, quoted where needed and safe to open in a spreadsheet. */
void rejects_put_cell(struct buf *out, struct slice cell);

#endif
