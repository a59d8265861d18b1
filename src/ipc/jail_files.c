#include "ipc/jail_files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Debian 12's header stops at ABI 2; these are from newer ones (Linux 6.2, 6.7, 6.12). */
#define RIGHT_TRUNCATE (1ull << 14) /* ABI 3 */
#define NET_TCP        3ull         /* ABI 4: bind and connect */
#define NET_BIND       1ull         /* of these, bind */
#define SCOPE_ALL      3ull         /* ABI 6: abstract sockets and signals out of the jail */

struct ruleset {
    uint64_t handled_fs;
    uint64_t handled_net;
    uint64_t scoped;
};

#define ON_FILES (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE)
#define READ     (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE                                                                                                \
    (READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | \
     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REFER)
#define ALL_OF_ABI_2 ((LANDLOCK_ACCESS_FS_REFER << 1) - 1)

static enum status make_ruleset(struct ruleset *r, bool connects, int *fd, struct error *e) {
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 2)
        return error_set(e, ST_UNAVAILABLE, "jail_landlock",
                         "this kernel offers no Landlock of at least ABI 2 (Linux 5.19); boot with "
                         "lsm=landlock,... or let the container use landlock_create_ruleset");
    *r = (struct ruleset){.handled_fs = ALL_OF_ABI_2};
    if (abi >= 3)
        r->handled_fs |= RIGHT_TRUNCATE;
    if (abi >= 4)
        r->handled_net = connects ? NET_BIND : NET_TCP;
    if (abi >= 6)
        r->scoped = SCOPE_ALL;
    long made = syscall(SYS_landlock_create_ruleset, r, sizeof *r, 0);
    if (made < 0)
        return error_set(e, ST_UNAVAILABLE, "jail_landlock", "cannot make a Landlock ruleset: errno %d",
                         errno);
    *fd = (int)made;
    return ST_OK;
}

static uint64_t rights_of(enum jail_right right, bool file, const struct ruleset *r) {
    uint64_t rights = READ;
    if (right == JAIL_WRITE)
        rights = WRITE | RIGHT_TRUNCATE;
    else if (right == JAIL_EXECUTE)
        rights = READ | LANDLOCK_ACCESS_FS_EXECUTE;
    if (file)
        rights &= ON_FILES | RIGHT_TRUNCATE;
    return rights & r->handled_fs;
}

static enum status add_path(int ruleset, const struct ruleset *r, const struct jail_path *path,
                            struct error *e) {
    int fd = open(path->path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return ST_OK;
    enum status st = ST_OK;
    struct stat s;
    struct landlock_path_beneath_attr rule = {.parent_fd = fd};
    if (fstat(fd, &s) == 0)
        rule.allowed_access = rights_of(path->right, !S_ISDIR(s.st_mode), r);
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
        st =
            error_set(e, ST_UNAVAILABLE, "jail_landlock", "cannot allow %.120s: errno %d", path->path, errno);
    close(fd);
    return st;
}

enum status jail_files_restrict(const struct jail_path *paths, size_t count, bool connects, struct error *e) {
    struct ruleset r = {0};
    int fd = -1;
    enum status st = make_ruleset(&r, connects, &fd, e);
    for (size_t i = 0; st == ST_OK && i < count; i++)
        st = add_path(fd, &r, &paths[i], e);
    if (st == ST_OK && syscall(SYS_landlock_restrict_self, fd, 0) != 0)
        st = error_set(e, ST_UNAVAILABLE, "jail_landlock", "cannot enter the Landlock jail: errno %d", errno);
    if (fd >= 0)
        close(fd);
    return st;
}
