#include "base/wipe.h"

#include "base/log.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uclean.h>

static void wipe_free(void *p) {
    if (p == NULL)
        return;
    explicit_bzero(p, malloc_usable_size(p));
    free(p);
}

static void *icu_alloc(const void *context, size_t n) {
    (void)context;
    return malloc(n);
}

/* No realloc: it could leave a copy behind. */
static void *icu_realloc(const void *context, void *p, size_t n) {
    (void)context;
    void *to = malloc(n);
    if (to == NULL || p == NULL)
        return to;
    size_t had = malloc_usable_size(p);
    memcpy(to, p, had < n ? had : n);
    wipe_free(p);
    return to;
}

static void icu_free(const void *context, void *p) {
    (void)context;
    wipe_free(p);
}

void wipe_libraries(void) {
    UErrorCode rc = U_ZERO_ERROR;
    u_setMemoryFunctions(NULL, icu_alloc, icu_realloc, icu_free, &rc);
    if (U_FAILURE(rc))
        log_warn("event=icu_memory_not_wiped");
}
