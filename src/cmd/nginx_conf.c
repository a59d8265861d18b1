#include "cmd/nginx_conf.h"

#include "base/file.h"

#include <stdio.h>
#include <sys/resource.h>

/* A body of the very limit must fit with room to spare: HTTP/2 may end it with a frame of its own, for which
 * nginx would want a file when the buffer is full. */
#define BODY_SPARE_KIB 64

#define CONF_MOST 65536

/* Bodies of 100,000 bytes and more cost the engine tens of milliseconds each before it can refuse them. So
 * many may be there at a time from one address, and of one session, most waiting unread; how many a second go
 * on is configured, less for a session than for an address, which may be an office. */
#define LARGE_WAITING         32
#define LARGE_SESSION_WAITING 8

/* What tells sessions and keys apart here: not enough of a token to stand for it. */
#define TOKEN_BEGIN "[^; \t]{8}"

#define CONNECTIONS_MOST 20480 /* idle ones cost some 20 KB each once TLS is agreed on */
#define CONNECTIONS_LESS 512
#define FILES_SPARE      1024

#define ENGINE_IDLE 256 /* connections to the engine that a worker keeps */

/* Of one worker: as many as there can be files. Past that the ones that were idle longest are closed. */
static long long connections(void) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur < CONNECTIONS_LESS + FILES_SPARE)
        return CONNECTIONS_LESS;
    long long n = (long long)files.rlim_cur - FILES_SPARE;
    return files.rlim_cur == RLIM_INFINITY || n > CONNECTIONS_MOST ? CONNECTIONS_MOST : n;
}

static void put_main(struct buf *b, const char *dir, const struct config *c) {
    buf_put_format(b,
                   "# Written by kedun at every start.\n"
                   "daemon off;\n"
                   "master_process on;\n"
                   "worker_processes %lld;\n"
                   "worker_shutdown_timeout 5s;\n"
                   "pid %s/nginx/run/nginx.pid;\n"
                   "error_log stderr error;\n"
                   "events { worker_connections %lld; }\n"
                   "http {\n",
                   (long long)c->nginx_workers, dir, connections());
}

static void put_types(struct buf *b) {
    buf_put_string(
        b, "types {\n"
           " text/html html; text/css css; text/plain txt; application/javascript js mjs;\n"
           " application/json json map; application/manifest+json webmanifest; application/wasm wasm;\n"
           " image/svg+xml svg; image/png png; image/jpeg jpg jpeg; image/webp webp; image/x-icon ico;\n"
           " font/woff2 woff2; font/woff woff; font/ttf ttf;\n"
           "}\n"
           "default_type application/octet-stream;\n"
           "charset utf-8;\n"
           "charset_types text/css text/plain application/javascript application/json;\n");
}

static void put_no_files(struct buf *b, const char *dir) {
    static const char *const kinds[] = {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        buf_put_format(b, "%s_temp_path %s/nginx/none;\n", kinds[i], dir);
    buf_put_string(b, "client_body_in_file_only off;\n"
                      "fastcgi_max_temp_file_size 0;\n");
}

/* $large_who: whose a large body is, read as the engine does (api/session.c, http_cookie), or a made-up
 * second token would be another allowance: "Bearer " to the letter goes before the cookie, the first cookie
 * of the name counts, with blanks around it. $large_scim likewise (api/scim.c): the scheme in any letters. */
static void put_senders(struct buf *b) {
    buf_put_string(
        b, "map $http_content_length $large { default ''; '~^[0-9]{6,}$' $binary_remote_addr; }\n"
           "map $http_content_length $large_body { default 0; '~^[0-9]{6,}$' 1; }\n"
           "map \"$large_body:$http_cookie\" $large_session { default ''; "
           "'~^1:(?:(?!\\s*__Host-kedun\\s*=)[^;]*;)*\\s*__Host-kedun\\s*=\\s*(?<session_begin>" TOKEN_BEGIN
           ")' $session_begin; }\n"
           "map \"$large_body:$http_authorization\" $large_who { default $large_session; "
           "'~^1:Bearer (?<key_begin>" TOKEN_BEGIN ")' $key_begin; }\n"
           "map \"$large_body:$http_authorization\" $large_scim { default ''; "
           "'~*^1:Bearer\\s+(?<scim_begin>" TOKEN_BEGIN ")' $scim_begin; }\n");
}

static void put_limits(struct buf *b, const struct config *c) {
    buf_put_format(b,
                   "server_tokens off;\n"
                   "access_log off;\n"
                   "log_not_found off;\n"
                   "sendfile on;\n"
                   "tcp_nopush on;\n"
                   "keepalive_timeout 75s;\n"
                   "keepalive_requests 100000;\n"
                   "client_header_timeout 10s;\n"
                   "client_body_timeout 10s;\n"
                   "send_timeout 30s;\n"
                   "reset_timedout_connection on;\n"
                   "client_header_buffer_size 2k;\n"
                   "large_client_header_buffers 4 8k;\n"
                   "client_max_body_size %lldk;\n"
                   "client_body_buffer_size %lldk;\n",
                   (long long)c->body_kib, (long long)c->body_kib + BODY_SPARE_KIB);
    buf_put_format(b,
                   "map $request_method $sign_in { default ''; POST $binary_remote_addr; }\n"
                   "map \"$request_method:$http_content_length\" $unmeasured { default 0; "
                   "'~^(POST|PUT|PATCH):$' 1; }\n"
                   "map $http_transfer_encoding $chunked { default 1; '' 0; }\n"
                   "map $http_sec_fetch_site $foreign { default 1; '' 0; same-origin 0; none 0; }\n"
                   "map $upstream_http_cache_control $caching { default ''; '' no-store; }\n"
                   "map $status $retry_after { default ''; 503 1; }\n"
                   "limit_req_zone $sign_in zone=sign_in:1m rate=%lldr/m;\n"
                   "limit_req_zone $large zone=large:1m rate=%lldr/s;\n"
                   "limit_req_zone $large_who zone=large_session:1m rate=%lldr/s;\n"
                   "limit_req_zone $large_scim zone=large_scim:1m rate=%lldr/s;\n"
                   "limit_conn_zone $binary_remote_addr zone=address:4m;\n"
                   "limit_conn_zone $server_port zone=parts:64k;\n"
                   "limit_conn_zone $large zone=large_now:1m;\n"
                   "limit_req_status 429;\n"
                   "limit_conn_status 429;\n"
                   "limit_conn address %lld;\n",
                   (long long)c->sign_ins_per_minute, (long long)c->large_per_second,
                   (long long)c->large_per_session, (long long)c->large_per_session,
                   (long long)c->connections_per_address);
}

/* deferred (TCP_DEFER_ACCEPT, set in nginx_start.c): nginx takes a connection when its first bytes are there,
 * then agrees on TLS with it at once: one such in each turn of its loop, with everybody's requests in
 * between. Without it nginx takes connections as they are made, and those that then speak all at once are all
 * served in one turn, a millisecond each: five hundred were half a second in which nobody else was answered.
 */
static void put_tls(struct buf *b, const char *dir, const struct config *c) {
    buf_put_format(b,
                   "server {\n"
                   "listen %s ssl http2 default_server deferred;\n"
                   "server_name _;\n"
                   "ssl_certificate %s/tls/server.crt;\n"
                   "ssl_certificate_key %s/tls/server.key;\n"
                   "ssl_protocols TLSv1.2 TLSv1.3;\n"
                   "ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                   "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                   "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;\n"
                   "ssl_prefer_server_ciphers off;\n"
                   "ssl_session_cache shared:tls:4m;\n"
                   "ssl_session_timeout 1h;\n"
                   "ssl_session_tickets off;\n"
                   "recursive_error_pages on;\n",
                   c->listen, dir, dir);
}

/* add_header in a location replaces those of the levels above, so each location repeats them all. */
static void put_headers(struct buf *b) {
    buf_put_string(
        b, "add_header Content-Security-Policy \"default-src 'self'; script-src 'self'; style-src 'self'; "
           "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; object-src 'none'; base-uri "
           "'none'; "
           "form-action 'self'; frame-ancestors 'none'\" always;\n"
           "add_header Strict-Transport-Security \"max-age=31536000\" always;\n"
           "add_header X-Content-Type-Options nosniff always;\n"
           "add_header X-Frame-Options DENY always;\n"
           "add_header Referrer-Policy no-referrer always;\n"
           "add_header Cross-Origin-Opener-Policy same-origin always;\n"
           "add_header Cross-Origin-Resource-Policy same-origin always;\n"
           "add_header Permissions-Policy \"camera=(), microphone=(), geolocation=(), usb=(), payment=(), "
           "clipboard-read=(), display-capture=()\" always;\n");
}

/* nginx keeps connections to the engine from one request to the next. `anew`: one for one request. */
static void put_upstream(struct buf *b, const char *dir) {
    buf_put_format(b,
                   "upstream engine {\nserver unix:%s/run/fastcgi.sock;\nkeepalive %d;\n"
                   "keepalive_requests 1000000;\nkeepalive_time 1d;\n}\n"
                   "upstream anew {\nserver unix:%s/run/fastcgi.sock;\n}\n",
                   dir, ENGINE_IDLE, dir);
}

/* The length first: it is looked for before all else. A body goes on as it comes: nginx bounds the pause
 * between two reads of it, the engine how long it may take altogether (api/door.h). */
static void put_fastcgi(struct buf *b, bool kept) {
    static const char *const variables[] = {
        "CONTENT_LENGTH $content_length", "REQUEST_METHOD $request_method", "DOCUMENT_URI $document_uri",
        "QUERY_STRING $query_string",     "CONTENT_TYPE $content_type",     "REMOTE_ADDR $remote_addr",
        "REQUEST_ID $request_id",
    };
    buf_put_string(b, kept ? "fastcgi_pass engine;\nfastcgi_keep_conn on;\n" : "fastcgi_pass anew;\n");
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        buf_put_format(b, "fastcgi_param %s;\n", variables[i]);
    buf_put_string(b, "fastcgi_request_buffering off;\n"
                      "fastcgi_buffer_size 32k;\n"
                      "fastcgi_buffers 64 16k;\n"
                      "fastcgi_busy_buffers_size 64k;\n"
                      "fastcgi_connect_timeout 5s;\n"
                      "fastcgi_send_timeout 10s;\n"
                      "fastcgi_next_upstream off;\n"
                      "add_header Cache-Control $caching always;\n");
    put_headers(b);
}

struct refusal {
    int status;
    const char *code;
    const char *title;
};

static const struct refusal refusals[] = {
    {400, "bad_request", "The request is malformed"},
    {403, "foreign", "This may not be asked from there"},
    {405, "method_not_allowed", "The method is not allowed here"},
    {408, "request_timeout", "The request took too long to arrive"},
    {411, "length_required", "A body needs a Content-Length"},
    {413, "body_too_large", "The body is too large"},
    {414, "uri_too_long", "The address is too long"},
    {429, "too_many_requests", "Too many requests at a time"},
    {500, "internal", "The request could not be handled"},
    {502, "unavailable", "The server is starting or restarting"},
    {503, "unavailable", "The server is starting or restarting"},
    {504, "timeout", "The request took too long to answer"},
};

#define REFUSALS (sizeof refusals / sizeof refusals[0])

static void put_refusal(struct buf *b, const struct refusal *r, int answer) {
    buf_put_format(b,
                   "return %d '{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"code\":\"%s\","
                   "\"request_id\":\"$request_id\"}\\n';\n",
                   answer, r->title, answer, r->code);
}

/* A connection broke before there was an answer: the engine ended meanwhile. What only reads is asked once
 * more, of the next engine, for which a new connection waits; a write may have been done. */
static void put_second_try(struct buf *b, const struct refusal *r) {
    buf_put_string(b, "location @refusal_502 {\ndefault_type application/problem+json;\n"
                      "fastcgi_read_timeout 60s;\nerror_page 502 503 = @refusal_503;\n"
                      "error_page 504 = @refusal_504;\n"
                      "add_header Retry-After $retry_after always;\n"
                      "if ($request_method !~ ^(GET|HEAD)$) {\n");
    put_refusal(b, r, 503);
    buf_put_string(b, "}\n");
    put_fastcgi(b, false);
    buf_put_string(b, "}\n");
}

static void put_refusal_pages(struct buf *b) {
    for (size_t i = 0; i < REFUSALS; i++) {
        const struct refusal *r = &refusals[i];
        if (r->status == 502) {
            put_second_try(b, r);
            continue;
        }
        buf_put_format(b,
                       "location @refusal_%d {\ndefault_type application/problem+json;\n"
                       "add_header Cache-Control no-store always;\n%s",
                       r->status, r->status == 503 ? "add_header Retry-After 1 always;\n" : "");
        put_headers(b);
        put_refusal(b, r, r->status);
        buf_put_string(b, "}\n");
    }
}

/* Inside every location that leads to the engine. $foreign: a browser says that another site's page asks
 * (W3C Fetch Metadata); programs don't send the header, and an address typed in says "none". */
static void put_engine(struct buf *b) {
    for (size_t i = 0; i < REFUSALS; i++)
        buf_put_format(b, "error_page %d = @refusal_%d;\n", refusals[i].status, refusals[i].status);
    buf_put_string(b, "if ($foreign) { return 403; }\n"
                      "if ($unmeasured) { return 411; }\n"
                      "if ($chunked) { return 411; }\n");
    put_fastcgi(b, true);
}

static void put_api(struct buf *b, const struct config *c) {
    /* limit_conn of a location replaces those of the levels above. */
    buf_put_format(b,
                   "location /api/ {\nfastcgi_read_timeout 60s;\nlimit_req zone=large burst=%d;\n"
                   "limit_req zone=large_session burst=%d;\n"
                   "limit_conn address %lld;\nlimit_conn large_now %d;\n",
                   LARGE_WAITING, LARGE_SESSION_WAITING, (long long)c->connections_per_address,
                   LARGE_WAITING);
    put_engine(b);
    /* No expression below may take its addresses, which have dots. */
    buf_put_format(b,
                   "}\nlocation ^~ /scim/ {\nfastcgi_read_timeout 60s;\nlimit_req zone=large burst=%d;\n"
                   "limit_req zone=large_scim burst=%d;\n"
                   "limit_conn address %lld;\nlimit_conn large_now %d;\n",
                   LARGE_WAITING, LARGE_SESSION_WAITING, (long long)c->connections_per_address,
                   LARGE_WAITING);
    put_engine(b);
    buf_put_format(
        b,
        "}\nlocation = /api/v1/session {\nclient_max_body_size 16k;\nlimit_req zone=sign_in burst=%lld "
        "nodelay;\nfastcgi_read_timeout 60s;\n",
        (long long)c->sign_in_burst);
    put_engine(b);
    buf_put_format(b,
                   "}\nlocation ~ ^/api/v1/imports/[^/]+/parts(/|$) {\n"
                   "limit_conn parts %lld;\nclient_max_body_size %lldk;\nclient_body_buffer_size %lldk;\n"
                   "client_body_timeout 30s;\nfastcgi_read_timeout 60s;\n",
                   (long long)c->part_connections, (long long)c->part_kib,
                   (long long)c->part_kib + BODY_SPARE_KIB);
    put_engine(b);
    buf_put_string(b, "}\nlocation ~ ^/api/v1/jobs/[^/]+/events$ {\nfastcgi_buffering off;\n"
                      "fastcgi_read_timeout 1h;\n");
    put_engine(b);
    buf_put_string(b, "}\nlocation ~ ^/(healthz|readyz)$ {\nfastcgi_read_timeout 10s;\n");
    put_engine(b);
    buf_put_string(
        b, "}\nlocation = /metrics {\nallow 127.0.0.1;\nallow ::1;\ndeny all;\nfastcgi_read_timeout 10s;\n");
    put_engine(b);
    buf_put_string(b, "}\n");
}

static void put_pages(struct buf *b, const struct config *c) {
    buf_put_format(b,
                   "root %s;\n"
                   "gzip_static on;\n"
                   "gzip_vary on;\n"
                   "location ~ /\\. { return 404; }\n"
                   "location / {\ntry_files /index.html =404;\nadd_header Cache-Control no-cache always;\n",
                   c->ui_dir);
    put_headers(b);
    /* A file is served when it is there and of a kind that the pages have; no other name is answered with a
     * page that a cache in between might take for it. */
    buf_put_string(b, "}\nlocation ~ ^/[^/]+\\.(html|svg|png|ico|webmanifest|txt)$ {\n"
                      "try_files $uri =404;\nadd_header Cache-Control no-cache;\n");
    put_headers(b);
    buf_put_string(
        b, "}\nlocation ~ ^/(?!api/|assets/).*\\.[^/]*$ { return 404; }\n"
           "location ~ ^/assets/(?!.*\\.(js|css|svg|png|jpg|webp|ico|woff2|wasm|json)$) { return 404; }\n"
           "location /assets/ {\ntry_files $uri =404;\n"
           "add_header Cache-Control \"public, max-age=31536000, immutable\";\n");
    put_headers(b);
    buf_put_string(b, "}\n");
}

void nginx_conf_put(struct buf *out, const char *data_dir, const struct config *c) {
    put_main(out, data_dir, c);
    put_types(out);
    put_no_files(out, data_dir);
    put_senders(out);
    put_limits(out, c);
    put_upstream(out, data_dir);
    put_tls(out, data_dir, c);
    put_headers(out);
    put_api(out, c);
    put_refusal_pages(out);
    put_pages(out, c);
    buf_put_string(out, "}\n}\n");
}

enum status nginx_conf_write(const char *data_dir, const struct config *c, struct error *e) {
    char path[CONFIG_TEXT];
    struct buf b;
    (void)snprintf(path, sizeof path, "%s/nginx/nginx.conf", data_dir);
    buf_init(&b, CONF_MOST, false);
    nginx_conf_put(&b, data_dir, c);
    enum status st = b.failed ? ST_NOMEM : file_replace(path, buf_slice(&b), 0644);
    buf_free(&b);
    return st == ST_OK ? ST_OK : error_set(e, st, "nginx_conf", "cannot write %.120s", path);
}
