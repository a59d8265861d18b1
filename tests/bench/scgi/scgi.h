/* The SCGI protocol (python.ca/scgi/protocol.txt): one request a connection, a netstring of NUL-separated
 * headers and a body of CONTENT_LENGTH bytes. nginx has checked the HTTP; here only its own strict form is
 * accepted. */
#ifndef KEDUN_BENCH_SCGI_H
#define KEDUN_BENCH_SCGI_H

#include "api/http.h"

#define SCGI_PATIENCE_MS 30000 /* for a peer that neither sends nor takes anything */

/* Reads one request into `in` (kept by the caller; the request borrows it). ST_INVALID on anything malformed,
 * ST_LIMIT when too large, ST_NOMEM, ST_UNAVAILABLE when the peer left or was too slow. */
MUST_CHECK enum status scgi_read(int fd, struct buf *in, struct http_request *out);

/* Parses a whole request already in memory; the fuzz target's door. */
MUST_CHECK enum status scgi_parse_headers(struct slice headers, struct http_request *out,
                                          size_t *content_length);

/* Writes status line, headers and body with one system call where the socket takes it. */
MUST_CHECK enum status scgi_write(int fd, const struct http_reply *reply, struct buf *head);

#endif
