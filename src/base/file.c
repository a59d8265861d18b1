#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum status fd_write_all(int fd, struct slice content) {
    while (content.n > 0) {
        ssize_t n = write(fd, content.p, content.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ST_IO;
        content.p += n;
        content.n -= (size_t)n;
    }
    return ST_OK;
}

enum status fd_read_all(int fd, void *out, size_t n) {
    size_t got = 0;
    while (got < n) {
        ssize_t m = read(fd, (uint8_t *)out + got, n - got);
        if (m < 0 && errno == EINTR)
            continue;
        if (m == 0 && got == 0)
            return ST_NOT_FOUND;
        if (m <= 0)
            return ST_IO;
        got += (size_t)m;
    }
    return ST_OK;
}

enum status fd_read_at(int fd, void *out, size_t n, uint64_t offset) {
    size_t got = 0;
    while (got < n) {
        ssize_t m = pread(fd, (uint8_t *)out + got, n - got, (off_t)(offset + got));
        if (m < 0 && errno == EINTR)
            continue;
        if (m <= 0)
            return ST_IO;
        got += (size_t)m;
    }
    return ST_OK;
}

static enum status read_open_file(int fd, size_t most, struct arena *a, struct slice *out) {
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        return ST_IO;
    if ((uint64_t)info.st_size > most)
        return ST_LIMIT;
    size_t n = (size_t)info.st_size;
    uint8_t *p = arena_alloc(a, n + 1);
    if (p == NULL)
        return ST_NOMEM;
    if (n > 0 && fd_read_all(fd, p, n) != ST_OK)
        return ST_IO;
    *out = slice_of(p, n);
    return ST_OK;
}

enum status file_read(const char *path, size_t most, struct arena *a, struct slice *out) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ST_NOT_FOUND : ST_IO;
    enum status s = read_open_file(fd, most, a, out);
    (void)close(fd);
    return s;
}

enum status file_sync_directory(const char *path) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ST_IO;
    int failed = fsync(fd);
    (void)close(fd);
    return failed ? ST_IO : ST_OK;
}

static enum status sync_parent(const char *path) {
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return file_sync_directory(".");
    char parent[4096];
    size_t n = slash == path ? 1 : (size_t)(slash - path);
    if (n >= sizeof parent)
        return ST_IO;
    memcpy(parent, path, n);
    parent[n] = '\0';
    return file_sync_directory(parent);
}

enum status file_replace(const char *path, struct slice content, mode_t mode) {
    char fresh[4096];
    int n = snprintf(fresh, sizeof fresh, "%s.new", path);
    if (n < 0 || (size_t)n >= sizeof fresh)
        return ST_IO;
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return ST_IO;
    enum status s = fd_write_all(fd, content);
    if (s == ST_OK && fchmod(fd, mode) != 0)
        s = ST_IO;
    if (s == ST_OK && fsync(fd) != 0)
        s = ST_IO;
    if (close(fd) != 0)
        s = ST_IO;
    if (s == ST_OK && rename(fresh, path) != 0)
        s = ST_IO;
    if (s != ST_OK) {
        (void)unlink(fresh);
        return s;
    }
    return sync_parent(path);
}

enum status file_make_directory(const char *path, mode_t mode) {
    if (mkdir(path, mode) == 0)
        return ST_OK;
    struct stat info;
    return errno == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode) ? ST_OK : ST_IO;
}
