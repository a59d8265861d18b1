/* FastCGI 1.0 (fastcgi-archives.github.io, "FastCGI Specification", Open Market 1996), the responder's side,
 * as nginx speaks it: one request at a time on a connection that is kept for the next one. Every length is
 * counted in binary, and nginx has checked the HTTP; here only its own strict form is accepted.
 *
 * A request is a record BEGIN_REQUEST, the stream PARAMS (names and values) and the stream STDIN (the body),
 * each stream in records of 65,535 bytes at most and ended by an empty one. All of them carry the request's
 * id. Aborting, multiplexing and management records are not spoken: ST_INVALID. */
#ifndef KEDUN_API_FASTCGI_FASTCGI_H
#define KEDUN_API_FASTCGI_FASTCGI_H

#include "api/http.h"

#define FASTCGI_PATIENCE_MS 30000 /* for a peer that takes nothing of its reply */
#define FASTCGI_ID          1     /* what nginx calls every request; answered where none could be read */
/* Of one request with its records' heads. */
#define FASTCGI_IN_MOST (HTTP_HEADERS_MAX + HTTP_BODY_MAX + (size_t)64 * 1024)

/* How far a request has been read: offsets into its buffer. */
struct fastcgi_reading {
    enum { FASTCGI_BEGIN, FASTCGI_PARAMS, FASTCGI_BODY } stage;
    size_t at; /* where the next record begins */
    size_t params, params_n, body, body_n, length;
};

struct fastcgi {
    uint16_t id;
    bool keep; /* the connection is meant for more requests */
    struct slice params, body;
    struct fastcgi_reading reading;
};

/* Reads what has come of one request into `in` (the request borrows it) and never waits. ST_RETRY: it is not
 * whole yet; call again with the same `in` and `f` when more has come (in->n == 0: nothing has come, the
 * connection is as it was). With `in` empty a request begins. Only ST_OK and ST_RETRY leave the connection in
 * step: else answer, where somebody is there, and close. ST_INVALID on anything malformed, ST_LIMIT when too
 * large, ST_NOMEM, ST_UNAVAILABLE when the peer left. */
MUST_CHECK enum status fastcgi_receive(int fd, struct buf *in, struct fastcgi *f);

/* The first name and value of `rest`, which is cut; ST_INVALID when malformed. Ends with rest->n == 0. */
MUST_CHECK enum status fastcgi_param(struct slice *rest, struct slice *name, struct slice *value);

/* What the parameters say, in the engine's terms. */
MUST_CHECK enum status fastcgi_request(const struct fastcgi *f, struct http_request *out);

/* Writes status line, headers, body and the end of the request with one system call where the socket takes
 * it. */
MUST_CHECK enum status fastcgi_write(int fd, const struct fastcgi *f, const struct http_reply *reply,
                                     struct buf *head);

/* For replies that are sent bit by bit: `content` (65,535 bytes at most) as a record of the reply, which is
 * FASTCGI_HEAD bytes longer; returns how long. */
#define FASTCGI_HEAD 8
size_t fastcgi_write_part(uint8_t *out, uint16_t id, struct slice content);
/* What ends such a reply; without it nginx cuts the client off. Returns how long. */
#define FASTCGI_END (3 * FASTCGI_HEAD)
size_t fastcgi_write_end(uint8_t out[FASTCGI_END], uint16_t id);
/* Content of any length, sent and waited for; `last`: with the end. */
MUST_CHECK enum status fastcgi_send(int fd, uint16_t id, struct slice content, bool last);

#endif
