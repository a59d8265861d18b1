#include "cmd/data_dir.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_ROOM (DATA_DIR_MOST + 64)

static void path_below(const char *dir, const char *name, char out[PATH_ROOM]) {
    (void)snprintf(out, PATH_ROOM, name[0] == '\0' ? "%s%s" : "%s/%s", dir, name);
}

/* Every folder on the way must let other users pass, for the roles are other users. */
static enum status check_reachable(const char *dir, struct error *e) {
    char at[PATH_MAX];
    (void)snprintf(at, sizeof at, "%s", dir);
    for (char *slash = strrchr(at, '/'); slash != NULL && slash != at; slash = strrchr(at, '/')) {
        struct stat s;
        *slash = '\0';
        if (stat(at, &s) == 0 && (s.st_mode & S_IXOTH) == 0)
            return error_set(
                e, ST_INVALID, "data_dir_unreachable",
                "started as root, the roles run as users of their own, who may not pass through %s; "
                "use a directory such as /var/lib/kedun, or start as another user than root",
                at);
    }
    return ST_OK;
}

enum status data_dir_resolve(const char *given, char *out, struct error *e) {
    char real[PATH_MAX];
    enum status st = file_make_directory(given, 0711);
    if (st != ST_OK || realpath(given, real) == NULL)
        return error_set(e, ST_IO, "data_dir", "cannot make the data directory %s; does its parent exist?",
                         given);
    if (strpbrk(real, "\"'\\;{}$ \t\n") != NULL)
        return error_set(
            e, ST_INVALID, "data_dir_name",
            "the path of the data directory holds a blank, quote, semicolon, brace, backslash or dollar "
            "sign, which nginx's configuration can't carry; choose another");
    if (strlen(real) > DATA_DIR_MOST)
        return error_set(e, ST_INVALID, "data_dir_too_long",
                         "the path of the data directory has more than %d bytes; choose a shorter one",
                         DATA_DIR_MOST);
    memcpy(out, real, strlen(real) + 1);
    return geteuid() == 0 ? check_reachable(out, e) : ST_OK;
}

static uid_t walk_uid;
static gid_t walk_gid;
static mode_t walk_mode; /* bits that files get in addition */

static int own_one(const char *path, const struct stat *s, int type, struct FTW *where) {
    (void)where;
    if ((s->st_uid != walk_uid || s->st_gid != walk_gid) && lchown(path, walk_uid, walk_gid) != 0)
        return -1;
    if (type != FTW_F || !S_ISREG(s->st_mode) || (s->st_mode & walk_mode) == walk_mode)
        return 0;
    return chmod(path, (s->st_mode | walk_mode) & 0777);
}

/* Walks with nftw, which follows no link here; one directory is prepared at a time. */
static enum status own_all(const char *path, uid_t uid, gid_t gid, mode_t mode) {
    walk_uid = uid;
    walk_gid = gid;
    walk_mode = mode & 0060; /* a folder that a group shares shares its files too */
    return nftw(path, own_one, 16, FTW_PHYS | FTW_MOUNT) == 0 ? ST_OK : ST_IO;
}

static enum status prepare_one(const char *dir, const struct role_directory *d, const struct config *c,
                               struct error *e) {
    char path[PATH_ROOM];
    path_below(dir, d->name, path);
    enum status st = file_make_directory(path, d->mode & 0777);
    if (st == ST_OK && geteuid() == 0 && d->owner != ROLE_COUNT)
        st = own_all(path, role_uid(c, d->owner), role_gid(c, d->owner), d->mode);
    if (st == ST_OK && chmod(path, d->mode) != 0)
        st = ST_IO;
    if (st != ST_OK)
        return error_set(e, st, "data_dir", "cannot prepare %s: errno %d; does it belong to another user?",
                         path, errno);
    return ST_OK;
}

enum status data_dir_prepare(const char *dir, const struct config *c, struct error *e) {
    for (size_t i = 0; i < ROLE_DIRECTORIES; i++) {
        enum status st = prepare_one(dir, &role_directories[i], c, e);
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

enum status data_dir_lock(const char *dir, int *fd, struct error *e) {
    char path[PATH_ROOM];
    path_below(dir, "run", path);
    enum status st = file_make_directory(path, 0711);
    if (st != ST_OK)
        return error_set(e, st, "data_dir", "cannot make %s", path);
    path_below(dir, "run/lock", path);
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock < 0)
        return error_set(e, ST_IO, "data_dir_lock", "cannot open %s: errno %d", path, errno);
    if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
        close(lock);
        return error_set(e, ST_CONFLICT, "data_dir_in_use",
                         "%s is in use by another kedun; stop that one first", dir);
    }
    *fd = lock;
    return ST_OK;
}

enum status data_dir_listen(const char *dir, const struct config *c, int fds[ROLE_SOCKETS], struct error *e) {
    for (size_t i = 0; i < ROLE_SOCKETS; i++) {
        char name[64], path[PATH_ROOM];
        (void)snprintf(name, sizeof name, "run/%s.sock", role_sockets[i].name);
        path_below(dir, name, path);
        enum status st = socket_listen(path, &fds[i], e);
        if (st != ST_OK)
            return st;
        if (chown(path, role_uid(c, role_sockets[i].peer), role_gid(c, role_sockets[i].peer)) != 0)
            return error_set(e, ST_IO, "data_dir", "cannot give %s to its user: errno %d", path, errno);
    }
    return ST_OK;
}

/* Looks at names only: whether the people are in there is the keeper's to say. */
enum status data_dir_initialised(const char *dir, struct error *e) {
    static const char *const needed[] = {"keys/root.key", "db/kedun.db"};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        char path[PATH_MAX];
        (void)snprintf(path, sizeof path, "%s/%s", dir, needed[i]);
        if (access(path, F_OK) != 0)
            return error_set(
                e, ST_INVALID, "not_initialised",
                "%.70s is not initialised: call kedun init --data DIR first, or kedun demo --data DIR for a "
                "demo company",
                dir);
    }
    return ST_OK;
}
