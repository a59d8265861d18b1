#include "api/route.h"

/* Byte by byte, since nearly all patterns differ from the path in their first dozen: cutting both into
 * segments was a twentieth of what the engine does for one record. */
static bool matches(const char *pattern, struct http_request *r) {
    const uint8_t *p = r->path.p, *end = p + r->path.n;
    r->parameter_count = 0;
    for (; *pattern != '\0'; pattern++) {
        if (*pattern != '{') {
            if (p == end || *p++ != (uint8_t)*pattern)
                return false;
            continue;
        }
        const uint8_t *from = p;
        while (p < end && *p != '/')
            p++;
        if (p == from || r->parameter_count == HTTP_SEGMENTS)
            return false;
        r->parameters[r->parameter_count++] =
            slice_of(from, (size_t)(p - from)); /* nginx has decoded the path */
        while (*pattern != '}')
            pattern++;
    }
    return p == end;
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
