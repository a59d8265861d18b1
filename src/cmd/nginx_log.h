/* nginx's error lines, made fit for our log. nginx quotes what a client sent (its request line with the query
 * string, bad headers, file names made from the address) and appends `, client: …, request: "…"` to what it
 * says. */
#ifndef KEDUN_CMD_NGINX_LOG_H
#define KEDUN_CMD_NGINX_LOG_H

#include "base/buf.h"

/* Reads what is there on `fd` (non-blocking), logs whole lines. `pending` keeps the beginning of an
 * unfinished one. False at the end of the stream. */
bool nginx_log_drain(int fd, struct buf *pending);

/* Cleans one line in place (NUL-terminated): cuts from ", client: " on, drops nginx's own time stamp, and
 * replaces what stands between the first and the last double quote by "…" unless `trusted`, that is, before
 * the first client can have come (then quotes hold our own configuration's words). Returns where the text
 * starts. */
char *nginx_log_clean(char *line, bool trusted);

#endif
