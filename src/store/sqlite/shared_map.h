/* One map of a database file for all connections of a process: a VFS around SQLite's own ("unix").
 *
 * SQLite maps the file anew for each connection, 2 GiB of it at most, and drops the whole map whenever
 * another connection has committed. With 64 readers of 1.2 GB nearly every page was a page fault: a third of
 * a search, and a seventh of each page while others wrote. Here the file is mapped once, as far as it may
 * ever grow, and stays mapped until its last connection closes. On Linux a shared map and pwrite see the same
 * bytes, so there is nothing to drop.
 *
 * What lies behind the end of the file is never handed out: its length is known, looked up again when a page
 * lies behind it, and each time that SQLite would have dropped its map (a file could have been cut
 * meanwhile). Method table and fetching: https://www.sqlite.org/c3ref/io_methods.html, xFetch and xUnfetch.
 */
#ifndef KEDUN_STORE_SQLITE_SHARED_MAP_H
#define KEDUN_STORE_SQLITE_SHARED_MAP_H

#include <sqlite3.h>

/* Pages behind this are read, not mapped. */
#define SHARED_MAP_BYTES ((int64_t)1 << 36)

/* The VFS's name for sqlite3_open_v2; NULL: SQLite's own will do. Call it after sqlite3_config. */
const char *shared_map_vfs(void);

/* From now on this connection's writes to the write-ahead log are gathered (gather.h). Only where every
 * commit is synced, and once the log is open. */
void shared_map_gather(sqlite3 *db);

#endif
