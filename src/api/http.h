/* A request and its reply, as handlers see them. Slices of a request borrow the connection's buffer. */
#ifndef KEDUN_API_HTTP_H
#define KEDUN_API_HTTP_H

#include "base/json.h"
#include "record/record.h"

#define HTTP_HEADERS_MAX ((size_t)32 * 1024) /* bytes of the request's parameters */
#define HTTP_BODY_MAX    ((size_t)5 * 1024 * 1024)
#define HTTP_REPLY_MAX   ((size_t)64 * 1024 * 1024)
#define HTTP_SEGMENTS    8

struct route;      /* api/route.h */
struct door_visit; /* api/door.h */

struct http_request {
    const struct route *route; /* what answers it, once it was found */
    struct slice method, path, query, content_type, cookie, authorization, csrf, if_match, idempotency_key,
        reason, accept_language, user_agent, remote_address, request_id;
    struct slice body;
    struct slice parameters[HTTP_SEGMENTS]; /* what the route's {…} stand for, in order */
    size_t parameter_count;
    int fd;                         /* for handlers that stream (http_reply.streamed) */
    uint16_t stream_id;             /* of its records (fastcgi/fastcgi.h) */
    bool keep;                      /* the connection is meant for more requests */
    const struct door_visit *visit; /* the connection (api/door.h), for handlers that lend it */
    uint32_t scim_key;              /* of a provisioning client's request, once it is known */
    struct json_t *json;            /* the body, parsed, for routes that take JSON */
};

struct http_reply {
    int status;
    const char *content_type;
    struct buf headers; /* more header lines, each ending in CRLF */
    struct buf body;
    bool cacheable;             /* without it: Cache-Control: no-store */
    struct field_errors errors; /* what a handler found wrong, for the problem document */
    bool streamed;              /* the handler answers by itself on the connection */
    bool ended;                 /* ... and to the end, so that it can be kept */
    bool lent;                  /* ... or somebody has it who gives it back (door_return) */
};

/* One value of the query string, percent-decoded into the arena; SLICE_NONE when absent. */
struct slice http_query_value(const struct http_request *r, const char *name, struct arena *a);
/* "true"/"1". */
bool http_query_flag(const struct http_request *r, const char *name, struct arena *a);
/* A number from the query string within bounds, or `otherwise` when absent; false when it is no such number.
 */
bool http_query_number(const struct http_request *r, const char *name, int64_t least, int64_t most,
                       int64_t otherwise, struct arena *a, int64_t *out);
/* Percent-decoding (+ is a space only in a query); p == NULL when malformed or memory is out. */
struct slice http_decode(struct slice s, bool plus, struct arena *a);
/* A cookie by name; SLICE_NONE when absent. */
struct slice http_cookie(const struct http_request *r, const char *name);
/* Adds "Name: value\r\n"; a value with a control character is dropped. */
void http_header(struct http_reply *reply, const char *name, struct slice value);
/* Status line and headers as nginx takes them from a FastCGI or SCGI server, with the blank line. */
void http_put_head(struct buf *head, const struct http_reply *reply);

#endif
