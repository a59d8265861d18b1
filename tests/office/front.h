/* The web server's side of FastCGI (src/api/fastcgi/fastcgi.h), as nginx plays it; for tests. */
#ifndef KEDUN_TESTS_FRONT_H
#define KEDUN_TESTS_FRONT_H

#include "base/buf.h"

#define FRONT_BEGIN  1
#define FRONT_ABORT  2
#define FRONT_END    3
#define FRONT_PARAMS 4
#define FRONT_STDIN  5
#define FRONT_STDOUT 6

/* One record, whatever it says; 65,535 bytes of content at most. */
void front_put_record(struct buf *out, uint8_t type, uint16_t id, struct slice content);
/* The record that begins a request of role responder. */
void front_put_begin(struct buf *out, uint16_t id, bool keep);
/* A stream in records of `most` bytes, with its end. */
void front_put_stream(struct buf *out, uint8_t type, uint16_t id, struct slice content, size_t most);
/* A name and a value, for a stream FRONT_PARAMS. */
void front_put_param(struct buf *params, const char *name, struct slice value);

/* The reply at the beginning of `raw` without its records' heads, into `reply` (reset before). False while it
 * is not whole; `used`: how many bytes it takes. */
bool front_take_reply(struct slice raw, struct buf *reply, size_t *used);

#endif
