/* Files: whole reads, durable replacement, exact reads and writes. */
#ifndef KEDUN_BASE_FILE_H
#define KEDUN_BASE_FILE_H

#include "base/arena.h"
#include "base/status.h"

#include <sys/types.h>

/* The whole file, NUL-terminated behind; ST_NOT_FOUND, ST_LIMIT past `most`, ST_IO. */
MUST_CHECK enum status file_read(const char *path, size_t most, struct arena *a, struct slice *out);

/* Writes to PATH.new, syncs it, renames it over PATH and syncs the directory. */
MUST_CHECK enum status file_replace(const char *path, struct slice content, mode_t mode);

/* All of it, past EINTR and short counts. */
MUST_CHECK enum status fd_write_all(int fd, struct slice content);
/* Exactly n bytes; ST_NOT_FOUND at a clean end before the first byte, ST_IO otherwise. */
MUST_CHECK enum status fd_read_all(int fd, void *out, size_t n);
/* Exactly n bytes that stand at an offset; ST_IO when the file ends before. */
MUST_CHECK enum status fd_read_at(int fd, void *out, size_t n, uint64_t offset);

/* mkdir -p of one level with this mode; fine if it is there as a directory. */
MUST_CHECK enum status file_make_directory(const char *path, mode_t mode);

MUST_CHECK enum status file_sync_directory(const char *path);

#endif
