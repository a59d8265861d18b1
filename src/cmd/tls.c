#include "cmd/tls.h"

#include "base/file.h"
#include "crypto/tls_ca.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define CA_DAYS       3650
#define SERVER_DAYS   397
#define RENEW_DAYS    30
#define NAMES_MOST    64
#define PEM_FILE_MOST 65536
#define PATH_ROOM     (CONFIG_TEXT + 32)

struct tls_paths {
    char ca_crt[PATH_ROOM], ca_key[PATH_ROOM], crt[PATH_ROOM], key[PATH_ROOM], names[PATH_ROOM];
};

static void fill_paths(struct tls_paths *p, const char *dir) {
    (void)snprintf(p->ca_crt, PATH_ROOM, "%s/tls/ca.crt", dir);
    (void)snprintf(p->ca_key, PATH_ROOM, "%s/tls/ca.key", dir);
    (void)snprintf(p->crt, PATH_ROOM, "%s/tls/server.crt", dir);
    (void)snprintf(p->key, PATH_ROOM, "%s/tls/server.key", dir);
    (void)snprintf(p->names, PATH_ROOM, "%s/tls/names", dir);
}

/* Splits in place at commas; blanks around names go. */
static size_t split_names(char *text, const char **names) {
    size_t count = 0;
    char *save = NULL;
    for (char *name = strtok_r(text, ", ", &save); name != NULL && count < NAMES_MOST;
         name = strtok_r(NULL, ", ", &save))
        names[count++] = name;
    return count;
}

static bool names_are(const char *path, const char *names) {
    struct arena a;
    struct slice text = SLICE_NONE;
    arena_init(&a, 4 * CONFIG_TEXT, ARENA_PLAIN);
    bool same = file_read(path, CONFIG_TEXT, &a, &text) == ST_OK && slice_is(text, names);
    arena_free(&a);
    return same;
}

static enum status make_own(const struct tls_paths *p, const struct config *c, struct error *e) {
    struct tls_files ca = {p->ca_crt, p->ca_key}, server = {p->crt, p->key};
    char text[CONFIG_TEXT];
    const char *names[NAMES_MOST];
    int days = 0;
    enum status st = ST_OK;
    if (access(p->ca_crt, F_OK) != 0 || access(p->ca_key, F_OK) != 0)
        st = tls_ca_create(&ca, "Kedun local authority", CA_DAYS, e);
    bool good = st == ST_OK && names_are(p->names, c->tls_names) && access(p->key, F_OK) == 0 &&
                tls_ca_days_left(p->crt, &days) == ST_OK && days >= RENEW_DAYS;
    if (st != ST_OK || good)
        return st;
    memcpy(text, c->tls_names, sizeof text);
    size_t count = split_names(text, names);
    if (count == 0)
        return error_field(e, ST_INVALID, "config_value", "tls_names",
                           "tls_names names nobody; give one at least");
    st = tls_ca_issue(&ca, &server, names, count, SERVER_DAYS, e);
    return st == ST_OK ? file_replace(p->names, slice_from_string(c->tls_names), 0644) : st;
}

static enum status copy_file(const char *from, const char *to, mode_t mode, struct error *e) {
    struct arena a;
    struct slice text = SLICE_NONE;
    arena_init(&a, PEM_FILE_MOST + 4096, ARENA_SECRET);
    enum status st = file_read(from, PEM_FILE_MOST, &a, &text);
    if (st == ST_OK)
        st = file_replace(to, text, mode);
    arena_free(&a);
    return st == ST_OK ? ST_OK
                       : error_set(e, st, "tls_files", "cannot copy %.120s into the data directory", from);
}

/* nginx may read its own two files only; a copy keeps its jail the same for every origin. */
static enum status take_given(const struct tls_paths *p, const struct config *c, struct error *e) {
    (void)unlink(p->names);
    enum status st = copy_file(c->tls_certificate, p->crt, 0444, e);
    return st == ST_OK ? copy_file(c->tls_key, p->key, 0400, e) : st;
}

enum status tls_prepare(const char *data_dir, const struct config *c, uid_t owner, gid_t group,
                        struct error *e) {
    struct tls_paths p = {0};
    fill_paths(&p, data_dir);
    enum status st = c->tls_certificate[0] != '\0' ? take_given(&p, c, e) : make_own(&p, c, e);
    if (st == ST_OK && chown(p.key, owner, group) != 0)
        st = error_set(e, ST_IO, "tls_files", "cannot give %.120s to nginx: errno %d", p.key, errno);
    return st;
}
