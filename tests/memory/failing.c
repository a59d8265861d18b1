#include "memory/failing.h"

#include <errno.h>
#include <execinfo.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __SANITIZE_ADDRESS__
#define REAL(name) __interceptor_##name
#else
#define REAL(name) __libc_##name
#endif

void *REAL(malloc)(size_t n);
void *REAL(calloc)(size_t count, size_t size);
void *REAL(realloc)(void *p, size_t n);

#define FRAMES 24

#ifdef __SANITIZE_ADDRESS__
/* The dynamic loader keeps a list of its own when a library that it opens lacks memory. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:_dl_map_object_deps\n";
}
#endif

static void *frames[FRAMES];
static int frame_count;
static atomic_bool armed, for_good;
static atomic_ulong calls, at;
static _Thread_local bool is_exempt;

void failing_arm(unsigned long n, bool from_then_on) {
    atomic_store(&calls, 0);
    frame_count = 0;
    atomic_store(&at, n);
    atomic_store(&for_good, from_then_on);
    atomic_store(&armed, true);
}

unsigned long failing_disarm(void) {
    atomic_store(&armed, false);
    return atomic_load(&calls);
}

#ifdef __SANITIZE_ADDRESS__
void __sanitizer_symbolize_pc(void *pc, const char *format, char *out, size_t room);
#endif

void failing_print_where(void) {
#ifdef __SANITIZE_ADDRESS__
    for (int i = 2; i < frame_count; i++) {
        char text[512];
        __sanitizer_symbolize_pc((char *)frames[i] - 1, "%f %S", text, sizeof text);
        (void)fprintf(stderr, "    %s\n", text);
    }
#else
    backtrace_symbols_fd(frames, frame_count, 2);
#endif
}

void failing_exempt(bool exempt) {
    is_exempt = exempt;
}

static bool fails(void) {
    if (!atomic_load(&armed) || is_exempt)
        return false;
    unsigned long now = atomic_fetch_add(&calls, 1) + 1, wanted = atomic_load(&at);
    bool hit = wanted > 0 && (now == wanted || (now > wanted && atomic_load(&for_good)));
    if (hit && now == wanted) {
        is_exempt = true; /* what follows may allocate */
        frame_count = backtrace(frames, FRAMES);
        is_exempt = false;
    }
    if (hit)
        errno = ENOMEM;
    return hit;
}

void *malloc(size_t n) {
    return fails() ? NULL : REAL(malloc)(n);
}

void *calloc(size_t count, size_t size) {
    return fails() ? NULL : REAL(calloc)(count, size);
}

void *realloc(void *p, size_t n) {
    return fails() ? NULL : REAL(realloc)(p, n);
}
