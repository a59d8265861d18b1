#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void error_fill(struct error *e, enum status status, const char *code, const char *field) {
    memset(e, 0, sizeof *e);
    e->status = status;
    (void)snprintf(e->code, sizeof e->code, "%s", code);
    (void)snprintf(e->field, sizeof e->field, "%s", field);
}

enum status(error_set)(struct error *e, enum status status, const char *code, const char *format, ...) {
    if (e != NULL) {
        error_fill(e, status, code, "");
        va_list args;
        va_start(args, format);
        (void)vsnprintf(e->detail, sizeof e->detail, format, args);
        va_end(args);
    }
    return status;
}

enum status(error_field)(struct error *e, enum status status, const char *code, const char *field,
                         const char *format, ...) {
    if (e != NULL) {
        error_fill(e, status, code, field);
        va_list args;
        va_start(args, format);
        (void)vsnprintf(e->detail, sizeof e->detail, format, args);
        va_end(args);
    }
    return status;
}

const char *status_name(enum status status) {
    static const char *const names[] = {"ok",       "invalid", "unauthenticated", "denied",      "not_found",
                                        "conflict", "limit",   "retry",           "unavailable", "no_memory",
                                        "io",       "corrupt", "internal"};
    size_t n = sizeof names / sizeof names[0];
    return (size_t)status < n ? names[status] : "unknown";
}
