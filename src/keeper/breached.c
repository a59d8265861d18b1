#include "keeper/breached.h"

#include "crypto/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIGITS ((size_t)2 * HASH_SHA1_SIZE)
#define BLOCK  256 /* more than two lines */

static int open_list(const char *state_dir, struct stat *info) {
    char path[512];
    int n = snprintf(path, sizeof path, "%s/%s", state_dir, BREACHED_FILE);
    if (n < 0 || (size_t)n >= sizeof path)
        return -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && (fstat(fd, info) != 0 || !S_ISREG(info->st_mode))) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static bool is_line(const char *p, size_t n) {
    if (n < DIGITS)
        return false;
    for (size_t i = 0; i < DIGITS; i++) {
        bool hex =
            (p[i] >= '0' && p[i] <= '9') || (p[i] >= 'A' && p[i] <= 'F') || (p[i] >= 'a' && p[i] <= 'f');
        if (!hex)
            return false;
    }
    return n == DIGITS || p[DIGITS] == ':' || p[DIGITS] == '\n' || p[DIGITS] == '\r';
}

struct line {
    off_t start, next;
    char digits[DIGITS];
};

/* The first line that begins at `at` or behind it. ST_NOT_FOUND: none does. */
static enum status line_from(int fd, off_t at, off_t size, struct line *out) {
    char block[BLOCK];
    off_t from = at > 0 ? at - 1 : 0;
    ssize_t got = pread(fd, block, sizeof block, from);
    if (got < 0)
        return ST_IO;
    const char *p = block, *end = block + got;
    if (at > 0) {
        const char *newline = memchr(block, '\n', (size_t)got);
        if (newline == NULL)
            return from + got >= size ? ST_NOT_FOUND : ST_CORRUPT;
        p = newline + 1;
    }
    if (p == end)
        return ST_NOT_FOUND;
    if (!is_line(p, (size_t)(end - p)))
        return ST_CORRUPT;
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    memcpy(out->digits, p, DIGITS);
    out->start = from + (p - block);
    out->next = newline == NULL ? size : from + (newline + 1 - block);
    return ST_OK;
}

/* The two differ in case at most. */
static int compare(const char *a, const char *b) {
    for (size_t i = 0; i < DIGITS; i++) {
        int x = a[i] | 0x20, y = b[i] | 0x20; /* a digit has that bit already */
        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}

static enum status search(int fd, off_t size, const char *want, bool *found) {
    off_t low = 0, high = size; /* the line, if any, begins in [low, high) */
    while (low < high) {
        struct line l = {.start = 0};
        off_t middle = low + (high - low) / 2;
        enum status s = line_from(fd, middle, size, &l);
        if (s != ST_OK && s != ST_NOT_FOUND)
            return s;
        if (s == ST_NOT_FOUND || l.start >= high) {
            high = middle;
            continue;
        }
        int order = compare(l.digits, want);
        if (order == 0) {
            *found = true;
            return ST_OK;
        }
        if (order < 0)
            low = l.next;
        else
            high = middle;
    }
    return ST_OK;
}

void breached_look(const char *state_dir, struct breached_state *out) {
    struct stat info;
    struct line l;
    *out = (struct breached_state){.present = false};
    int fd = open_list(state_dir, &info);
    if (fd < 0)
        return;
    out->present = true;
    out->size = (uint64_t)info.st_size;
    out->changed_at = (int64_t)info.st_mtim.tv_sec * 1000;
    out->damaged = line_from(fd, 0, info.st_size, &l) != ST_OK;
    (void)close(fd);
}

enum status breached_find(const char *state_dir, struct slice password, bool *found) {
    struct stat info;
    uint8_t hash[HASH_SHA1_SIZE];
    char want[DIGITS + 1];
    *found = false;
    int fd = open_list(state_dir, &info);
    if (fd < 0)
        return errno == ENOENT ? ST_OK : ST_IO;
    enum status s = hash_sha1(password, hash);
    for (size_t i = 0; i < sizeof hash; i++)
        (void)snprintf(want + 2 * i, 3, "%02x", hash[i]);
    if (s == ST_OK)
        s = search(fd, info.st_size, want, found);
    (void)close(fd);
    explicit_bzero(hash, sizeof hash);
    explicit_bzero(want, sizeof want);
    return s;
}
