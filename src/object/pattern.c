#include "object/pattern.h"

#include <locale.h>
#include <regex.h>
#include <stdlib.h>

struct object_pattern {
    regex_t code;
};

/* One for the process: characters must be UTF-8 whatever LANG says. Never freed. */
static locale_t pattern_locale(void) {
    static locale_t made;
    locale_t l = __atomic_load_n(&made, __ATOMIC_ACQUIRE);
    if (l != (locale_t)0)
        return l;
    l = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t none = (locale_t)0;
    if (l != (locale_t)0 &&
        !__atomic_compare_exchange_n(&made, &none, l, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        freelocale(l);
        l = none;
    }
    return l;
}

/* The largest count of one {n,m}; moves *p behind it. 0: not a count we take. */
static unsigned long repeat_count(const char **p) {
    unsigned long most = 1, n = 0;
    for (const char *c = *p + 1;; c++) {
        if (*c >= '0' && *c <= '9') {
            n = n * 10 + (unsigned long)(*c - '0');
            if (n > PATTERN_REPEAT_MAX)
                return 0;
        } else if (*c == ',' || *c == '}') {
            most = n > most ? n : most;
            n = 0;
            *p = c;
            if (*c == '}')
                return most;
        } else {
            return 0;
        }
    }
}

/* NULL when the pattern is harmless to compile and to run, else what is wrong with it. */
static const char *pattern_fault(const char *text) {
    unsigned long product = 1;
    bool in_bracket = false;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '[' && !in_bracket) {
            in_bracket = true;
            p += p[1] == '^';
            p += p[1] == ']';
        } else if (in_bracket && *p == '[' && p[1] == ':' && strstr(p + 2, ":]") != NULL) {
            p = strstr(p + 2, ":]") + 1;
        } else if (in_bracket && *p == '[' && (p[1] == '.' || p[1] == '=')) {
            return "collating elements are not permitted; write the characters";
        } else if (*p == ']') {
            in_bracket = false;
        } else if (!in_bracket && *p == '\\') {
            if (p[1] >= '1' && p[1] <= '9')
                return "back-references are not permitted; write the pattern without";
            p += p[1] != '\0';
        } else if (!in_bracket && *p == '{') {
            unsigned long count = repeat_count(&p);
            if (count == 0 || (product *= count) > PATTERN_REPEAT_MAX)
                return "repetitions multiply to too much; use smaller counts, + or length_max";
        }
    }
    return NULL;
}

enum status pattern_compile(const char *text, struct object_pattern **out, struct error *e) {
    *out = NULL;
    if (text[0] == '\0' || strlen(text) > PATTERN_MAX)
        return error_set(e, ST_INVALID, "bad_pattern", "is empty or longer than %d bytes; shorten it",
                         PATTERN_MAX);
    const char *fault = pattern_fault(text);
    if (fault != NULL)
        return error_set(e, ST_INVALID, "bad_pattern", "%s", fault);
    locale_t utf8 = pattern_locale();
    struct object_pattern *p = calloc(1, sizeof *p);
    if (p == NULL || utf8 == (locale_t)0) {
        free(p);
        return ST_NOMEM;
    }
    locale_t before = uselocale(utf8);
    int rc = regcomp(&p->code, text, REG_EXTENDED);
    (void)uselocale(before);
    if (rc != 0) {
        char why[100] = "";
        (void)regerror(rc, &p->code, why, sizeof why);
        free(p);
        return error_set(e, ST_INVALID, "bad_pattern", "is no POSIX extended regular expression: %s", why);
    }
    *out = p;
    return ST_OK;
}

void pattern_free(struct object_pattern *p) {
    if (p == NULL)
        return;
    regfree(&p->code);
    free(p);
}

bool pattern_matches(const struct object_pattern *p, struct slice value) {
    char text[PATTERN_VALUE_MAX + 1];
    if (value.n > PATTERN_VALUE_MAX || (value.n > 0 && memchr(value.p, '\0', value.n) != NULL))
        return false;
    if (value.n > 0)
        memcpy(text, value.p, value.n);
    text[value.n] = '\0';
    locale_t before = uselocale(pattern_locale());
    /* Leftmost-longest: if the whole value can match, this is the match. Anchoring by adding ^( )$ would not
     * do: glibc takes "a)|(b" for balanced then. */
    regmatch_t at;
    bool matches = regexec(&p->code, text, 1, &at, 0) == 0 && at.rm_so == 0 && at.rm_eo == (regoff_t)value.n;
    (void)uselocale(before);
    explicit_bzero(text, value.n);
    return matches;
}
