/* Writes DIR/nginx/nginx.conf, anew at every start: nobody edits it. What it holds nginx to:
 *
 *  - No request and no reply in a file: bodies fit the memory buffer or are refused (413), bodies without
 *    Content-Length are refused (411), replies are held in memory; its jail lets it write its pid file only.
 *  - One way in: /api/ and the health pages go to the engine by FastCGI over run/fastcgi.sock, on connections
 * that are kept; everything else is the built UI with a strict content security policy. /metrics answers
 * loopback only.
 *  - Limits: sizes, times, requests at a time and sign-ins for each address, large bodies for each address
 *    and each session, parts of uploads at a time.
 *  - No access log; the error log goes through cmd/nginx_log.h, which takes out what a client sent.
 *
 * FastCGI parameters: CONTENT_LENGTH, REQUEST_METHOD, DOCUMENT_URI (decoded, normalised), QUERY_STRING,
 * CONTENT_TYPE, REMOTE_ADDR, REQUEST_ID (32 hex digits), and every header as HTTP_*. The engine answers with
 * `Status:` and headers, a blank line, the body. Refusals by nginx itself under /api/ are problem documents
 * like the engine's (code, status, title, request_id). */
#ifndef KEDUN_CMD_NGINX_CONF_H
#define KEDUN_CMD_NGINX_CONF_H

#include "base/buf.h"
#include "ipc/config.h"

/* Puts the configuration's text. */
void nginx_conf_put(struct buf *out, const char *data_dir, const struct config *c);

MUST_CHECK enum status nginx_conf_write(const char *data_dir, const struct config *c, struct error *e);

#endif
