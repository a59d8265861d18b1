/* Reads and writes that do less than was asked, or nothing because of a signal: preloaded (ld.so.preload, in
 * a mount namespace of the test's own) it makes one call in so many of keeper, engine, jobs and reader short,
 * and as many end with EINTR. What a call may honestly do: a file's and a stream's count may be short, a
 * message that carries descriptors, an eventfd and a look ahead (MSG_PEEK) may not. Nothing of the product.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define PARTS_MOST 16

/* In /mnt/short: what the test sets, and what was done. */
struct shared {
    uint64_t every; /* one call in so many; 0: none */
    uint64_t calls, shortened, interrupted;
};

static struct shared *shared;
static _Thread_local uint64_t state;

static bool is_role(void) {
    char text[4096];
    int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    long n = fd < 0 ? 0 : syscall(SYS_read, fd, text, sizeof text - 1);
    if (fd >= 0)
        (void)syscall(SYS_close, fd);
    if (n <= 0)
        return false;
    text[n] = '\0';
    const char *word = text + strlen(text) + 1;
    return word < text + n && strcmp(word, "--role") == 0;
}

__attribute__((constructor)) static void map_shared(void) {
    int fd = is_role() ? open("/mnt/short", O_RDWR | O_CLOEXEC) : -1;
    void *p = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p != MAP_FAILED)
        shared = p;
    if (fd >= 0)
        (void)syscall(SYS_close, fd);
}

/* xorshift64 (Marsaglia, "Xorshift RNGs", 2003). */
static uint64_t next(void) {
    if (state == 0) {
        struct timespec t;
        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        state = (uint64_t)t.tv_nsec * 2654435761u + (uint64_t)syscall(SYS_gettid) + 1;
    }
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static bool may_be_short(int fd) {
    struct stat s;
    return fstat(fd, &s) == 0 && (S_ISREG(s.st_mode) || S_ISSOCK(s.st_mode) || S_ISFIFO(s.st_mode));
}

/* How much of n is to be done; -1 with errno set: a signal came first. */
static ssize_t share_of(int fd, size_t n, bool whole) {
    uint64_t every = shared == NULL ? 0 : __atomic_load_n(&shared->every, __ATOMIC_RELAXED);
    if (every == 0 || n == 0 || !may_be_short(fd))
        return (ssize_t)n;
    __atomic_add_fetch(&shared->calls, 1, __ATOMIC_RELAXED);
    uint64_t r = next() % every;
    if (r == 1) {
        __atomic_add_fetch(&shared->interrupted, 1, __ATOMIC_RELAXED);
        errno = EINTR;
        return -1;
    }
    if (r != 0 || whole || n == 1)
        return (ssize_t)n;
    __atomic_add_fetch(&shared->shortened, 1, __ATOMIC_RELAXED);
    return (ssize_t)(1 + next() % (n - 1));
}

ssize_t read(int fd, void *to, size_t n) {
    ssize_t m = share_of(fd, n, false);
    return m < 0 ? m : syscall(SYS_read, fd, to, m);
}

ssize_t __read_chk(int fd, void *to, size_t n, size_t room);
ssize_t __read_chk(int fd, void *to, size_t n, size_t room) {
    (void)room;
    return read(fd, to, n);
}

ssize_t write(int fd, const void *from, size_t n) {
    ssize_t m = share_of(fd, n, false);
    return m < 0 ? m : syscall(SYS_write, fd, from, m);
}

ssize_t pread64(int fd, void *to, size_t n, off64_t at) {
    ssize_t m = share_of(fd, n, false);
    return m < 0 ? m : syscall(SYS_pread64, fd, to, m, at);
}

ssize_t pread(int fd, void *to, size_t n, off_t at) {
    return pread64(fd, to, n, at);
}

ssize_t __pread64_chk(int fd, void *to, size_t n, off64_t at, size_t room);
ssize_t __pread64_chk(int fd, void *to, size_t n, off64_t at, size_t room) {
    (void)room;
    return pread64(fd, to, n, at);
}

ssize_t pwrite64(int fd, const void *from, size_t n, off64_t at) {
    ssize_t m = share_of(fd, n, false);
    return m < 0 ? m : syscall(SYS_pwrite64, fd, from, m, at);
}

ssize_t pwrite(int fd, const void *from, size_t n, off_t at) {
    return pwrite64(fd, from, n, at);
}

ssize_t recv(int fd, void *to, size_t n, int flags) {
    ssize_t m = share_of(fd, n, (flags & (MSG_PEEK | MSG_WAITALL)) != 0);
    return m < 0 ? m : syscall(SYS_recvfrom, fd, to, m, flags, NULL, NULL);
}

ssize_t __recv_chk(int fd, void *to, size_t n, size_t room, int flags);
ssize_t __recv_chk(int fd, void *to, size_t n, size_t room, int flags) {
    (void)room;
    return recv(fd, to, n, flags);
}

ssize_t send(int fd, const void *from, size_t n, int flags) {
    ssize_t m = share_of(fd, n, false);
    return m < 0 ? m : syscall(SYS_sendto, fd, from, m, flags, NULL, 0);
}

/* The parts that hold the first m bytes, in `parts`; their number. */
static size_t first_parts(const struct iovec *from, size_t count, size_t m, struct iovec *parts) {
    size_t n = 0;
    for (; n < count && m > 0; n++) {
        parts[n] = from[n];
        if (parts[n].iov_len > m)
            parts[n].iov_len = m;
        m -= parts[n].iov_len;
    }
    return n;
}

static size_t length_of(const struct iovec *parts, size_t count) {
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += parts[i].iov_len;
    return n;
}

static ssize_t message(long call, int fd, const struct msghdr *m, int flags) {
    struct iovec parts[PARTS_MOST];
    size_t all = length_of(m->msg_iov, m->msg_iovlen);
    bool whole = m->msg_controllen > 0 || m->msg_iovlen > PARTS_MOST || (flags & MSG_PEEK) != 0;
    ssize_t n = share_of(fd, all, whole);
    if (n < 0 || (size_t)n == all)
        return n < 0 ? n : syscall(call, fd, m, flags);
    struct msghdr less = *m;
    less.msg_iov = parts;
    less.msg_iovlen = first_parts(m->msg_iov, m->msg_iovlen, (size_t)n, parts);
    return syscall(call, fd, &less, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags) {
    return message(SYS_sendmsg, fd, m, flags);
}

ssize_t recvmsg(int fd, struct msghdr *m, int flags) {
    return message(SYS_recvmsg, fd, m, flags);
}

ssize_t writev(int fd, const struct iovec *from, int count) {
    struct iovec parts[PARTS_MOST];
    size_t all = length_of(from, (size_t)count);
    ssize_t n = share_of(fd, all, count > PARTS_MOST);
    if (n < 0 || (size_t)n == all)
        return n < 0 ? n : syscall(SYS_writev, fd, from, count);
    return syscall(SYS_writev, fd, parts, first_parts(from, (size_t)count, (size_t)n, parts));
}
