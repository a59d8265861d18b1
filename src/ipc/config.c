#include "ipc/config.h"

#include "base/file.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#define CONFIG_FILE_MOST 65536

enum kind { TEXT, NUMBER, LEVEL };

struct key {
    const char *name;
    enum kind kind;
    size_t offset;
    const char *usual; /* default */
    int64_t least, most;
};

#define MEMBER(m) offsetof(struct config, m)
#define SHARED(d) KEDUN_SHARE_DIR "/" d

static const struct key keys[] = {
    {"listen", TEXT, MEMBER(listen), "127.0.0.1:8443", 0, 0},
    {"public_origin", TEXT, MEMBER(public_origin), "", 0, 0},
    {"tls_names", TEXT, MEMBER(tls_names), "localhost,127.0.0.1,::1", 0, 0},
    {"tls_certificate", TEXT, MEMBER(tls_certificate), "", 0, 0},
    {"tls_key", TEXT, MEMBER(tls_key), "", 0, 0},
    {"nginx", TEXT, MEMBER(nginx), "/usr/sbin/nginx", 0, 0},
    {"nginx_workers", NUMBER, MEMBER(nginx_workers), "1", 1, 64},
    {"body_kib", NUMBER, MEMBER(body_kib), "1024", 16, 16384},
    {"part_kib", NUMBER, MEMBER(part_kib), "4160", 64, 65536},
    {"part_connections", NUMBER, MEMBER(part_connections), "8", 1, 256},
    {"sign_ins_per_minute", NUMBER, MEMBER(sign_ins_per_minute), "300", 1, 60000},
    {"sign_in_burst", NUMBER, MEMBER(sign_in_burst), "60", 1, 10000},
    {"connections_per_address", NUMBER, MEMBER(connections_per_address), "512", 1, 65536},
    {"large_per_second", NUMBER, MEMBER(large_per_second), "5", 1, 10000},
    {"large_per_session", NUMBER, MEMBER(large_per_session), "2", 1, 10000},
    {"ui_dir", TEXT, MEMBER(ui_dir), KEDUN_UI_DIR, 0, 0},
    {"objects_dir", TEXT, MEMBER(objects_dir), SHARED("objects"), 0, 0},
    {"policies_dir", TEXT, MEMBER(policies_dir), SHARED("policies"), 0, 0},
    {"templates_dir", TEXT, MEMBER(templates_dir), SHARED("templates"), 0, 0},
    {"uid_base", NUMBER, MEMBER(uid_base), "61184", 1, 2000000000},
    {"engine_threads", NUMBER, MEMBER(engine_threads), "32", 1, 1024},
    {"log_level", LEVEL, MEMBER(log_level), "info", 0, 0},
};

#define KEY_COUNT (sizeof keys / sizeof keys[0])

static const struct key *find_key(const char *name) {
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    }
    return NULL;
}

/* A value ends up in nginx's configuration and in paths: no quotes, no control characters, nothing nginx
 * would read as a variable or the end of a directive. */
static bool text_is_plain(const char *s) {
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        if (c < 0x20 || c == 0x7f || strchr("\"'\\;{}$", *s) != NULL)
            return false;
    }
    return true;
}

static enum status set_text(struct config *c, const char *where, const struct key *k, const char *value,
                            struct error *e) {
    size_t n = strlen(value);
    if (n >= CONFIG_TEXT)
        return error_field(e, ST_INVALID, "config_value", k->name,
                           "%s: %s is longer than %d bytes; shorten it", where, k->name, CONFIG_TEXT - 1);
    if (!text_is_plain(value))
        return error_field(
            e, ST_INVALID, "config_value", k->name,
            "%s: %s holds a quote, backslash, semicolon, brace, dollar sign or control character; "
            "remove it",
            where, k->name);
    memcpy((char *)c + k->offset, value, n + 1);
    return ST_OK;
}

static enum status set_number(struct config *c, const char *where, const struct key *k, const char *value,
                              struct error *e) {
    int64_t v = 0;
    if (!slice_to_int(slice_from_string(value), &v) || v < k->least || v > k->most)
        return error_field(e, ST_INVALID, "config_value", k->name,
                           "%s: %s must be a whole number from %lld to %lld", where, k->name,
                           (long long)k->least, (long long)k->most);
    memcpy((char *)c + k->offset, &v, sizeof v);
    return ST_OK;
}

static enum status set_level(struct config *c, const char *where, const struct key *k, const char *value,
                             struct error *e) {
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (int64_t i = 0; i < 4; i++) {
        if (strcmp(names[i], value) == 0) {
            memcpy((char *)c + k->offset, &i, sizeof i);
            return ST_OK;
        }
    }
    return error_field(e, ST_INVALID, "config_value", k->name, "%s: %s must be debug, info, warn or error",
                       where, k->name);
}

enum status config_set(struct config *c, const char *where, const char *key, const char *value,
                       struct error *e) {
    const struct key *k = find_key(key);
    if (k == NULL)
        return error_field(e, ST_INVALID, "config_key", key,
                           "%s: there is no key %.40s; see docs/operations.md for those there are", where,
                           key);
    if (k->kind == TEXT)
        return set_text(c, where, k, value, e);
    return k->kind == NUMBER ? set_number(c, where, k, value, e) : set_level(c, where, k, value, e);
}

void config_init(struct config *c) {
    memset(c, 0, sizeof *c);
    for (size_t i = 0; i < KEY_COUNT; i++) {
        enum status st = config_set(c, "default", keys[i].name, keys[i].usual, NULL);
        if (st != ST_OK) /* only if built with an odd directory: then that key has to be given */
            log_warn("the default of %s is not usable", keys[i].name);
    }
}

/* Copies a trimmed part of a line into a string; false when it does not fit. */
static bool copy_text(struct slice s, char *out, size_t room) {
    s = slice_trim(s);
    if (s.n >= room || (s.n > 0 && memchr(s.p, '\0', s.n) != NULL))
        return false;
    if (s.n > 0)
        memcpy(out, s.p, s.n);
    out[s.n] = '\0';
    return true;
}

static enum status read_line(struct slice line, const char *where, struct config *c, bool *seen,
                             struct error *e) {
    char key[64], value[CONFIG_TEXT * 2];
    const uint8_t *hash = line.n > 0 ? memchr(line.p, '#', line.n) : NULL;
    if (hash != NULL)
        line.n = (size_t)(hash - line.p);
    line = slice_trim(line);
    if (line.n == 0)
        return ST_OK;
    const uint8_t *equals = memchr(line.p, '=', line.n);
    if (equals == NULL)
        return error_set(e, ST_INVALID, "config_line",
                         "%s: not of the form `key = value`; write it so, or put # before", where);
    size_t at = (size_t)(equals - line.p);
    if (!copy_text(slice_of(line.p, at), key, sizeof key) ||
        !copy_text(slice_of(equals + 1, line.n - at - 1), value, sizeof value))
        return error_set(e, ST_INVALID, "config_line", "%s: the line is too long; shorten it", where);
    const struct key *k = find_key(key);
    if (k != NULL && seen[k - keys])
        return error_field(e, ST_INVALID, "config_twice", key, "%s: %s is given a second time; remove one",
                           where, key);
    if (k != NULL)
        seen[k - keys] = true;
    return config_set(c, where, key, value, e);
}

static enum status read_lines(const char *path, struct slice text, struct config *c, struct error *e) {
    bool seen[KEY_COUNT] = {false};
    unsigned number = 0;
    while (text.n > 0) {
        const uint8_t *end = memchr(text.p, '\n', text.n);
        size_t n = end == NULL ? text.n : (size_t)(end - text.p);
        char where[160];
        (void)snprintf(where, sizeof where, "%.120s:%u", path, ++number);
        enum status st = read_line(slice_of(text.p, n), where, c, seen, e);
        if (st != ST_OK)
            return st;
        size_t skip = end == NULL ? n : n + 1;
        text = slice_of(text.p + skip, text.n - skip);
    }
    return ST_OK;
}

enum status config_read(const char *path, struct config *c, struct error *e) {
    struct arena a;
    struct slice text = SLICE_NONE;
    arena_init(&a, CONFIG_FILE_MOST + 4096, ARENA_PLAIN);
    enum status st = file_read(path, CONFIG_FILE_MOST, &a, &text);
    if (st != ST_OK)
        st = error_set(e, st, "config_file",
                       "%.120s: cannot be read (%s); give the path of a readable file of at most 64 KiB",
                       path, status_name(st));
    else
        st = read_lines(path, text, c, e);
    arena_free(&a);
    return st;
}

bool config_split_address(const char *listen, char *address, uint16_t *port) {
    const char *colon = strrchr(listen, ':');
    int64_t number = 0;
    if (colon == NULL || !slice_to_int(slice_from_string(colon + 1), &number) || number < 1 || number > 65535)
        return false;
    struct slice host = slice_of(listen, (size_t)(colon - listen));
    bool six = host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
    if (six)
        host = slice_of(host.p + 1, host.n - 2);
    if (!copy_text(host, address, CONFIG_TEXT))
        return false;
    *port = (uint16_t)number;
    unsigned char binary[16];
    return inet_pton(six ? AF_INET6 : AF_INET, address, binary) == 1;
}

bool config_origin(const struct config *c, char *out, size_t room) {
    char address[CONFIG_TEXT];
    uint16_t port = 0;
    if (c->public_origin[0] != '\0')
        return copy_text(slice_from_string(c->public_origin), out, room);
    struct slice names = slice_from_string(c->tls_names);
    const uint8_t *comma = names.n == 0 ? NULL : memchr(names.p, ',', names.n);
    struct slice first = slice_trim(comma == NULL ? names : slice_of(names.p, (size_t)(comma - names.p)));
    if (!config_split_address(c->listen, address, &port))
        return false;
    int n = port == 443
                ? snprintf(out, room, "https://%.*s", (int)first.n, (const char *)first.p)
                : snprintf(out, room, "https://%.*s:%u", (int)first.n, (const char *)first.p, (unsigned)port);
    return first.n > 0 && n > 0 && (size_t)n < room;
}

static enum status check_readable(const char *key, const char *path, struct error *e) {
    if (path[0] == '\0' || access(path, R_OK) == 0)
        return ST_OK;
    return error_field(e, ST_INVALID, "config_value", key,
                       "%s = %.120s: not there or not readable; correct the path", key, path);
}

enum status config_check(const struct config *c, struct error *e) {
    char address[CONFIG_TEXT];
    uint16_t port;
    if (!config_split_address(c->listen, address, &port))
        return error_field(
            e, ST_INVALID, "config_value", "listen",
            "listen = %.80s: write a numeric address and a port, such as 127.0.0.1:8443 or [::1]:8443",
            c->listen);
    if ((c->tls_certificate[0] == '\0') != (c->tls_key[0] == '\0'))
        return error_field(e, ST_INVALID, "config_value", "tls_key",
                           "tls_certificate and tls_key belong together; give both or neither");
    enum status st = check_readable("tls_certificate", c->tls_certificate, e);
    if (st == ST_OK)
        st = check_readable("tls_key", c->tls_key, e);
    if (st == ST_OK && access(c->nginx, X_OK) != 0)
        st = error_field(e, ST_INVALID, "config_value", "nginx",
                         "nginx = %.120s: no such program; install Debian's nginx-light or correct the path",
                         c->nginx);
    return st;
}
