#include "api/http.h"

static int hex_digit(uint8_t c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

struct slice http_decode(struct slice s, bool plus, struct arena *a) {
    uint8_t *out = arena_alloc(a, s.n + 1);
    size_t n = 0;
    if (out == NULL)
        return SLICE_NONE;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '+' && plus) {
            out[n++] = ' ';
        } else if (s.p[i] == '%') {
            int high = i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1;
            int low = i + 2 < s.n ? hex_digit(s.p[i + 2]) : -1;
            if (i + 2 >= s.n || high < 0 || low < 0)
                return SLICE_NONE;
            out[n++] = (uint8_t)(high << 4 | low);
            i += 2;
        } else {
            out[n++] = s.p[i];
        }
    }
    return slice_of(out, n);
}

static struct slice before(struct slice *rest, uint8_t separator) {
    const uint8_t *at = rest->n == 0 ? NULL : memchr(rest->p, separator, rest->n);
    struct slice part = slice_of(rest->p, at == NULL ? rest->n : (size_t)(at - rest->p));
    size_t skip = at == NULL ? rest->n : part.n + 1;
    rest->p += skip;
    rest->n -= skip;
    return part;
}

struct slice http_query_value(const struct http_request *r, const char *name, struct arena *a) {
    struct slice rest = r->query;
    while (rest.n > 0) {
        struct slice value = before(&rest, '&');
        struct slice key = before(&value, '=');
        if (slice_is(key, name))
            return http_decode(value, true, a);
    }
    return SLICE_NONE;
}

bool http_query_flag(const struct http_request *r, const char *name, struct arena *a) {
    struct slice v = http_query_value(r, name, a);
    return slice_is(v, "true") || slice_is(v, "1");
}

bool http_query_number(const struct http_request *r, const char *name, int64_t least, int64_t most,
                       int64_t otherwise, struct arena *a, int64_t *out) {
    struct slice v = http_query_value(r, name, a);
    *out = otherwise;
    if (v.n == 0)
        return true;
    return slice_to_int(v, out) && *out >= least && *out <= most;
}

struct slice http_cookie(const struct http_request *r, const char *name) {
    struct slice rest = r->cookie;
    while (rest.n > 0) {
        struct slice value = before(&rest, ';');
        struct slice key = slice_trim(before(&value, '='));
        if (slice_is(key, name))
            return slice_trim(value);
    }
    return SLICE_NONE;
}

void http_header(struct http_reply *reply, const char *name, struct slice value) {
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] < 0x20 || value.p[i] == 0x7f)
            return;
    }
    buf_put_string(&reply->headers, name);
    buf_put_string(&reply->headers, ": ");
    buf_put(&reply->headers, value.p, value.n);
    buf_put_string(&reply->headers, "\r\n");
}

static const char *reason_of(int status) {
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {{200, "OK"},
                   {201, "Created"},
                   {202, "Accepted"},
                   {204, "No Content"},
                   {304, "Not Modified"},
                   {400, "Bad Request"},
                   {401, "Unauthorized"},
                   {403, "Forbidden"},
                   {404, "Not Found"},
                   {405, "Method Not Allowed"},
                   {408, "Request Timeout"},
                   {409, "Conflict"},
                   {412, "Precondition Failed"},
                   {413, "Content Too Large"},
                   {415, "Unsupported Media Type"},
                   {422, "Unprocessable Content"},
                   {428, "Precondition Required"},
                   {429, "Too Many Requests"},
                   {503, "Service Unavailable"}};
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "Internal Server Error";
}

/* "NAME NUMBER TEXT\r\n"; printf would take longer than all else here. */
static void put_line(struct buf *head, const char *name, uint64_t number, const char *text) {
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    buf_put_string(head, name);
    buf_put(head, digits + at, sizeof digits - at);
    if (text[0] != 0)
        buf_put_u8(head, ' ');
    buf_put_string(head, text);
    buf_put_string(head, "\r\n");
}

void http_put_head(struct buf *head, const struct http_reply *reply) {
    put_line(head, "Status: ", (uint64_t)reply->status, reason_of(reply->status));
    if (reply->content_type != NULL) {
        buf_put_string(head, "Content-Type: ");
        buf_put_string(head, reply->content_type);
        buf_put_string(head, "\r\n");
    }
    if (!reply->cacheable)
        buf_put_string(head, "Cache-Control: no-store\r\n");
    if (reply->status != 204)
        put_line(head, "Content-Length: ", reply->body.n, "");
    buf_put(head, reply->headers.p, reply->headers.n);
    buf_put_string(head, "\r\n");
}
