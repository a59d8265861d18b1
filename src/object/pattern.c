#include "object/pattern.h"

#include <stdlib.h>
#include <unicode/uregex.h>
#include <unicode/ustring.h>

struct object_pattern {
    URegularExpression
        *code; /* never matched with: a match works on a clone, which shares what is compiled */
};

static URegularExpression *pattern_open(const char *text, UErrorCode *rc) {
    UChar wide[PATTERN_MAX + 1];
    int32_t n = 0;
    UParseError at;
    u_strFromUTF8(wide, PATTERN_MAX, &n, text, -1, rc);
    URegularExpression *code = uregex_open(wide, n, UREGEX_ERROR_ON_UNKNOWN_ESCAPES, &at, rc);
    if (U_SUCCESS(*rc))
        return code;
    uregex_close(code);
    return NULL;
}

enum status pattern_compile(const char *text, struct object_pattern **out, struct error *e) {
    *out = NULL;
    if (text[0] == '\0' || strlen(text) > PATTERN_MAX)
        return error_set(e, ST_INVALID, "bad_pattern", "is empty or longer than %d bytes; shorten it",
                         PATTERN_MAX);
    struct object_pattern *p = calloc(1, sizeof *p);
    if (p == NULL)
        return ST_NOMEM;
    UErrorCode rc = U_ZERO_ERROR;
    p->code = pattern_open(text, &rc);
    if (p->code == NULL) {
        free(p);
        return rc == U_MEMORY_ALLOCATION_ERROR
                   ? ST_NOMEM
                   : error_set(e, ST_INVALID, "bad_pattern", "is no regular expression (%s); correct it",
                               u_errorName(rc));
    }
    *out = p;
    return ST_OK;
}

void pattern_free(struct object_pattern *p) {
    if (p == NULL)
        return;
    uregex_close(p->code);
    free(p);
}

bool pattern_matches(const struct object_pattern *p, struct slice value) {
    UChar wide[PATTERN_VALUE_MAX + 1];
    int32_t n = 0;
    UErrorCode rc = U_ZERO_ERROR;
    if (value.n > PATTERN_VALUE_MAX)
        return false;
    u_strFromUTF8(wide, PATTERN_VALUE_MAX, &n, value.n == 0 ? "" : (const char *)value.p, (int32_t)value.n,
                  &rc);
    URegularExpression *mine = uregex_clone(p->code, &rc);
    uregex_setTimeLimit(mine, PATTERN_STEPS, &rc); /* a clone does not inherit limits */
    uregex_setStackLimit(mine, PATTERN_STACK, &rc);
    uregex_setText(mine, wide, n, &rc);
    bool matches = uregex_matches(mine, -1, &rc) && U_SUCCESS(rc);
    uregex_close(mine);
    explicit_bzero(wide, sizeof wide);
    return matches;
}
