/* Status codes and explained errors.
 *
 * Every function that can fail returns an `enum status` that the compiler insists on being looked at.
 * A function that can explain itself takes a `struct error *` as its last argument (NULL is allowed) and
 * fills it on failure. `code` is stable, machine readable, and is what the API and the UI translate;
 * `detail` is for people and logs and must never contain a customer's value. */
#ifndef KEDUN_BASE_STATUS_H
#define KEDUN_BASE_STATUS_H

enum status {
    ST_OK = 0,
    ST_INVALID,         /* the caller's input is wrong: 400 / 422 */
    ST_UNAUTHENTICATED, /* no live session: 401 */
    ST_DENIED,          /* policy or ceiling says no: 403 */
    ST_NOT_FOUND,       /* absent, or not to be known of: 404 */
    ST_CONFLICT,        /* version or unique conflict: 409 */
    ST_LIMIT,           /* a budget, rate or size is used up: 429 / 413 */
    ST_RETRY,           /* somebody else wrote in between; the same act may succeed now */
    ST_UNAVAILABLE,     /* a process we depend on is away: 503 */
    ST_NOMEM,
    ST_IO,
    ST_CORRUPT, /* a seal, checksum or format does not hold */
    ST_INTERNAL
};

#define MUST_CHECK __attribute__((warn_unused_result))

#define ERROR_CODE_MAX   48
#define ERROR_FIELD_MAX  64
#define ERROR_DETAIL_MAX 256

struct error {
    enum status status;
    char code[ERROR_CODE_MAX];     /* e.g. "budget_exhausted" */
    char field[ERROR_FIELD_MAX];   /* API name of the offending field, or "" */
    char detail[ERROR_DETAIL_MAX]; /* free of customers' values */
};

/* Fills `e` (when not NULL) and returns `status`, so that `return error_set(e, ST_X, "code", "why %d", n);`
 * works. */
enum status error_set(struct error *e, enum status status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same with the field that is to blame. */
enum status error_field(struct error *e, enum status status, const char *code, const char *field,
                        const char *format, ...) __attribute__((format(printf, 5, 6)));

#ifdef __clang_analyzer__
/* The static analyzer does not see across files that both return the status they are given. */
static inline enum status error_same(enum status returned, enum status given) {
    (void)returned;
    return given;
}
#define error_set(e, status, ...)   error_same((error_set)((e), (status), __VA_ARGS__), (status))
#define error_field(e, status, ...) error_same((error_field)((e), (status), __VA_ARGS__), (status))
#endif

/* "invalid", "denied" …: for logs. Static storage. */
const char *status_name(enum status status);

#endif
