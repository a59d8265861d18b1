#include "store/sqlite/shared_map.h"

#include "store/sqlite/gather.h"

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME      "kedun"
#define END_SPARE 256 /* as SQLite: a damaged page may lead a little behind its end */

/* A file that is open. Its handle stays open as long: closing any handle of a file drops the process's locks
 * on it, SQLite's among them (POSIX fcntl). */
struct map {
    struct map *next;
    dev_t device;
    ino_t inode;
    int fd;
    unsigned users;
    uint8_t *bytes;
    _Atomic int64_t length;
};

/* Behind SQLite's own part of a file. */
struct file_end {
    struct map *map;      /* of a database; NULL: not mapped */
    struct gather gather; /* of a log */
    bool gathers;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct map *maps;                     /* under the lock */
static const sqlite3_io_methods *own_of_all; /* SQLite's table that `methods` was made from; under the lock */
static sqlite3_io_methods methods;
static const sqlite3_io_methods *own_of_logs; /* the same of `log_methods` */
static sqlite3_io_methods log_methods;
static sqlite3_vfs vfs, *own;
static int end_at;

static struct file_end *end_of(sqlite3_file *f) {
    return (struct file_end *)(void *)((uint8_t *)f + end_at);
}

static void length_read(struct map *m) {
    struct stat s;
    atomic_store(&m->length, fstat(m->fd, &s) == 0 ? (int64_t)s.st_size : 0);
}

/* ---- maps ---- */

static void map_free(struct map *m) {
    if (m->bytes != NULL)
        (void)munmap(m->bytes, (size_t)SHARED_MAP_BYTES);
    if (m->fd >= 0)
        (void)close(m->fd);
    free(m);
}

static struct map *map_make(const char *path, const struct stat *s) {
    struct map *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->device = s->st_dev;
    m->inode = s->st_ino;
    m->fd = open(path, O_RDONLY | O_CLOEXEC);
    void *at = MAP_FAILED;
    if (m->fd >= 0)
        at = mmap(NULL, (size_t)SHARED_MAP_BYTES, PROT_READ, MAP_SHARED | MAP_NORESERVE, m->fd, 0);
    m->bytes = at == MAP_FAILED ? NULL : at; /* then pages are read */
    length_read(m);
    m->next = maps;
    maps = m;
    return m;
}

static struct map *map_take(const char *path) {
    struct stat s;
    if (path == NULL || stat(path, &s) != 0)
        return NULL;
    struct map *m = maps;
    while (m != NULL && (m->device != s.st_dev || m->inode != s.st_ino))
        m = m->next;
    if (m == NULL)
        m = map_make(path, &s);
    if (m != NULL)
        m->users++;
    return m;
}

/* After the file itself was closed. */
static void map_leave(struct map *m) {
    struct map **at = &maps;
    if (m == NULL || --m->users > 0)
        return;
    while (*at != m)
        at = &(*at)->next;
    *at = m->next;
    map_free(m);
}

/* ---- methods ---- */

static int fetch(sqlite3_file *f, sqlite3_int64 offset, int amount, void **out) {
    struct map *m = end_of(f)->map;
    int64_t end = offset + amount + END_SPARE;
    *out = NULL;
    if (m->bytes == NULL || end > SHARED_MAP_BYTES)
        return SQLITE_OK;
    if (end > atomic_load(&m->length))
        length_read(m);
    if (end <= atomic_load(&m->length))
        *out = m->bytes + offset;
    return SQLITE_OK;
}

/* Without a page: SQLite wants the map dropped, for the file may be another length. */
static int unfetch(sqlite3_file *f, sqlite3_int64 offset, void *page) {
    (void)offset;
    if (page == NULL)
        length_read(end_of(f)->map);
    return SQLITE_OK;
}

static int close_file(sqlite3_file *f) {
    struct map *m = end_of(f)->map;
    (void)pthread_mutex_lock(&lock);
    int rc = own_of_all->xClose(f);
    map_leave(m);
    (void)pthread_mutex_unlock(&lock);
    return rc;
}

static void file_map(sqlite3_file *f, const char *path) {
    if (own_of_all == NULL && f->pMethods->iVersion >= 3) {
        own_of_all = f->pMethods;
        methods = *own_of_all;
        methods.xFetch = fetch;
        methods.xUnfetch = unfetch;
        methods.xClose = close_file;
    }
    if (f->pMethods != own_of_all)
        return;
    end_of(f)->map = map_take(path);
    if (end_of(f)->map != NULL)
        f->pMethods = &methods;
}

/* ---- methods of a log ---- */

static int log_flush(sqlite3_file *f) {
    return gather_flush(&end_of(f)->gather, f, own_of_logs);
}

static int log_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at) {
    struct file_end *end = end_of(f);
    return end->gathers ? gather_write(&end->gather, f, own_of_logs, p, n, at)
                        : own_of_logs->xWrite(f, p, n, at);
}

static int log_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at) {
    int rc = log_flush(f);
    return rc == SQLITE_OK ? own_of_logs->xRead(f, p, n, at) : rc;
}

static int log_sync(sqlite3_file *f, int flags) {
    int rc = log_flush(f);
    return rc == SQLITE_OK ? own_of_logs->xSync(f, flags) : rc;
}

static int log_truncate(sqlite3_file *f, sqlite3_int64 size) {
    int rc = log_flush(f);
    return rc == SQLITE_OK ? own_of_logs->xTruncate(f, size) : rc;
}

static int log_size(sqlite3_file *f, sqlite3_int64 *out) {
    int rc = log_flush(f);
    return rc == SQLITE_OK ? own_of_logs->xFileSize(f, out) : rc;
}

static int log_close(sqlite3_file *f) {
    int rc = log_flush(f), closed = own_of_logs->xClose(f);
    gather_free(&end_of(f)->gather);
    return rc == SQLITE_OK ? closed : rc;
}

static void file_log(sqlite3_file *f) {
    if (own_of_logs == NULL) {
        own_of_logs = f->pMethods;
        log_methods = *own_of_logs;
        log_methods.xWrite = log_write;
        log_methods.xRead = log_read;
        log_methods.xSync = log_sync;
        log_methods.xTruncate = log_truncate;
        log_methods.xFileSize = log_size;
        log_methods.xClose = log_close;
    }
    if (f->pMethods == own_of_logs)
        f->pMethods = &log_methods;
}

static int open_file(sqlite3_vfs *v, const char *path, sqlite3_file *f, int flags, int *flags_out) {
    (void)v;
    (void)pthread_mutex_lock(&lock);
    int rc = own->xOpen(own, path, f, flags, flags_out);
    *end_of(f) = (struct file_end){.map = NULL};
    if (rc == SQLITE_OK && (flags & SQLITE_OPEN_MAIN_DB) != 0)
        file_map(f, path);
    else if (rc == SQLITE_OK && (flags & SQLITE_OPEN_WAL) != 0)
        file_log(f);
    (void)pthread_mutex_unlock(&lock);
    return rc;
}

static void make(void) {
    own = sqlite3_vfs_find("unix");
    if (own == NULL)
        return;
    int step = (int)alignof(struct file_end);
    end_at = (own->szOsFile + step - 1) / step * step;
    vfs = *own;
    vfs.pNext = NULL;
    vfs.zName = NAME;
    vfs.szOsFile = end_at + (int)sizeof(struct file_end);
    vfs.xOpen = open_file;
    if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK)
        own = NULL;
}

const char *shared_map_vfs(void) {
    (void)pthread_once(&once, make);
    return own == NULL ? NULL : NAME;
}

void shared_map_gather(sqlite3 *db) {
    sqlite3_file *log = NULL;
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK && log != NULL &&
        log->pMethods == &log_methods)
        end_of(log)->gathers = true;
}
