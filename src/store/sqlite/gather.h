/* Writes to a write-ahead log, gathered: SQLite writes each page of a commit by two calls (header and page);
 * here what stands together becomes one.
 *
 * What is gathered lies in memory until the next sync, a read, or a write elsewhere: whoever uses it flushes
 * before each of these. SQLite tells other connections of frames after the sync of their commit only
 * (synchronous=FULL), and none of them reads beyond what it was told of. A write that fails is told at the
 * flush, and what was gathered is given up: SQLite then takes the transaction back. */
#ifndef KEDUN_STORE_SQLITE_GATHER_H
#define KEDUN_STORE_SQLITE_GATHER_H

#include <sqlite3.h>
#include <stdint.h>

#define GATHER_BYTES 0x1ffff /* the most that SQLite's own xWrite takes (os_unix.c, seekAndWriteFd) */

/* Zeros: nothing gathered. One thread at a time. */
struct gather {
    uint8_t *bytes; /* made by the first write */
    int count;
    int64_t at; /* in the file */
};

/* Both as xWrite; `own` are the file's own methods. */
int gather_write(struct gather *g, sqlite3_file *f, const sqlite3_io_methods *own, const void *p, int n,
                 int64_t at);
int gather_flush(struct gather *g, sqlite3_file *f, const sqlite3_io_methods *own);
void gather_free(struct gather *g);

#endif
