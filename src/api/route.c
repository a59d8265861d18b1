#include "api/route.h"

/* Cuts the next segment (without its slash) off `rest`. */
static struct slice segment(struct slice *rest) {
    if (rest->n > 0 && rest->p[0] == '/') {
        rest->p++;
        rest->n--;
    }
    size_t n = 0;
    while (n < rest->n && rest->p[n] != '/')
        n++;
    struct slice part = slice_of(rest->p, n);
    rest->p += n;
    rest->n -= n;
    return part;
}

static bool matches(const char *pattern, struct http_request *r) {
    struct slice want = slice_from_string(pattern), have = r->path;
    r->parameter_count = 0;
    while (want.n > 0 && have.n > 0) {
        struct slice w = segment(&want), h = segment(&have);
        if (w.n > 0 && w.p[0] == '{') {
            if (h.n == 0 || r->parameter_count == HTTP_SEGMENTS)
                return false;
            r->parameters[r->parameter_count++] = h; /* nginx has decoded the path */
        } else if (!slice_equal(w, h)) {
            return false;
        }
    }
    return want.n == 0 && have.n == 0;
}

const struct route *route_find(struct http_request *r, bool *other_method) {
    *other_method = false;
    for (size_t i = 0; i < route_count; i++) {
        if (!matches(routes[i].pattern, r))
            continue;
        if (slice_is(r->method, routes[i].method))
            return &routes[i];
        *other_method = true;
    }
    return NULL;
}
