#include "crypto/secret.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* In front of the block, on its first page: what secret_free needs. */
struct head {
    size_t inner;  /* bytes between the guards */
    size_t offset; /* of this head from the first inner byte */
    size_t n;
    size_t unused;
};

static size_t page_size(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

static bool protect(uint8_t *inner, size_t n) {
    if (mprotect(inner, n, PROT_READ | PROT_WRITE) != 0 || mlock(inner, n) != 0)
        return false;
    (void)madvise(inner, n, MADV_DONTDUMP);
    return madvise(inner, n, MADV_WIPEONFORK) == 0;
}

void *secret_alloc(size_t n) {
    size_t page = page_size();
    if (n > SIZE_MAX / 2)
        return NULL;
    size_t body = (n + 15) / 16 * 16;
    size_t inner_n = (body + sizeof(struct head) + page - 1) / page * page;
    uint8_t *whole = mmap(NULL, inner_n + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (whole == MAP_FAILED)
        return NULL;
    uint8_t *inner = whole + page;
    if (!protect(inner, inner_n)) {
        (void)munmap(whole, inner_n + 2 * page);
        return NULL;
    }
    uint8_t *p = inner + inner_n - body;
    struct head h = {.inner = inner_n, .offset = inner_n - body - sizeof(struct head), .n = body};
    memcpy(p - sizeof h, &h, sizeof h);
    return p;
}

void secret_free(void *p) {
    if (p == NULL)
        return;
    struct head h;
    memcpy(&h, (uint8_t *)p - sizeof h, sizeof h);
    /* In a forked child the head has been wiped with the rest; the pages go with the process. */
    if (h.inner == 0)
        return;
    uint8_t *inner = (uint8_t *)p - sizeof h - h.offset;
    explicit_bzero(p, h.n);
    (void)munlock(inner, h.inner);
    (void)munmap(inner - page_size(), h.inner + 2 * page_size());
}

size_t secret_lock_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0)
        return 0;
    return limit.rlim_cur == RLIM_INFINITY ? SIZE_MAX : (size_t)limit.rlim_cur;
}
