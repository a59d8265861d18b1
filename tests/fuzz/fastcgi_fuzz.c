/* What comes through the door's socket, whole or cut: FastCGI's records, then address, query and cookie of
 * what they hold. First byte: where the peer's second packet begins. */
#include "api/fastcgi/fastcgi.h"
#include "api/route.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define SENT_MOST 60000 /* fits into the socket, so that nobody has to read meanwhile */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool within(struct slice part, const struct buf *in) {
    return part.n == 0 || (part.p >= in->p && part.p + part.n <= in->p + in->n);
}

static void look_at(struct http_request *r, const struct buf *in) {
    struct arena a;
    bool other_method;
    int64_t number;
    arena_init(&a, (size_t)1024 * 1024, ARENA_PLAIN);
    if (!within(r->method, in) || !within(r->path, in) || !within(r->query, in) || !within(r->body, in) ||
        !within(r->cookie, in) || r->method.n == 0 || r->path.n == 0)
        abort();
    const struct route *route = route_find(r, &other_method);
    if (route != NULL && r->parameter_count > HTTP_SEGMENTS)
        abort();
    (void)http_query_value(r, "q", &a);
    (void)http_query_flag(r, "count", &a);
    if (http_query_number(r, "limit", 1, 200, 50, &a, &number) && (number < 1 || number > 200))
        abort();
    if (!within(http_cookie(r, "kedun"), in))
        abort();
    arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int ends[2];
    if (size < 2 || size > SENT_MOST || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return 0;
    size_t cut = 1 + data[0] % (size - 1);
    struct buf in;
    struct http_request r;
    struct fastcgi f;
    buf_init(&in, FASTCGI_IN_MOST, false);
    bool sent = send(ends[0], data + 1, cut, MSG_NOSIGNAL) >= 0;
    enum status s = sent ? fastcgi_receive(ends[1], &in, &f) : ST_UNAVAILABLE;
    if (s == ST_RETRY) { /* goes on where it stood */
        sent = cut == size - 1 || send(ends[0], data + 1 + cut, size - 1 - cut, MSG_NOSIGNAL) >= 0;
        (void)shutdown(ends[0], SHUT_WR);
        s = sent ? fastcgi_receive(ends[1], &in, &f) : ST_UNAVAILABLE;
        if (s == ST_RETRY)
            abort();
    }
    if (s == ST_OK && fastcgi_request(&f, &r) == ST_OK)
        look_at(&r, &in);
    buf_free(&in);
    (void)close(ends[0]);
    (void)close(ends[1]);
    return 0;
}
