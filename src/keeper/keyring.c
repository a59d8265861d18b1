#include "keeper/keyring.h"

#include "base/file.h"
#include "base/hex.h"
#include "crypto/kdf.h"
#include "crypto/random.h"
#include "crypto/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_ROOM 4096
#define HEX_TEXT  (2 * KEYRING_KEY)

static enum status read_key(int fd, const char *path, uint8_t key[KEYRING_KEY], struct error *e) {
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        return error_set(e, ST_IO, "key_file", "%s is no regular file", path);
    if ((info.st_mode & 077) != 0 || info.st_uid != geteuid())
        return error_set(e, ST_DENIED, "root_key_mode",
                         "%s must belong to the keeper's user and to nobody else: chmod 0400", path);
    char text[HEX_TEXT];
    enum status s = fd_read_all(fd, text, sizeof text);
    if (s == ST_OK && !hex_decode(slice_of(text, sizeof text), key, KEYRING_KEY))
        s = ST_CORRUPT;
    explicit_bzero(text, sizeof text);
    if (s != ST_OK)
        return error_set(e, ST_CORRUPT, "key_file", "%s does not hold %d hexadecimal digits", path, HEX_TEXT);
    return ST_OK;
}

static enum status write_key(const char *path, uint8_t key[KEYRING_KEY], struct error *e) {
    char text[HEX_TEXT + 2];
    if (crypto_random(key, KEYRING_KEY) != ST_OK)
        return error_set(e, ST_IO, "no_random", "the system gives no random bytes");
    hex_encode(slice_of(key, KEYRING_KEY), text);
    text[HEX_TEXT] = '\n';
    enum status s = file_replace(path, slice_of(text, HEX_TEXT + 1), 0400);
    explicit_bzero(text, sizeof text);
    return s == ST_OK ? ST_OK : error_set(e, s, "key_file", "cannot write %s: errno %d", path, errno);
}

/* Reads the key file, or makes it where there is none and `may_make`. */
static enum status load_key(const char *path, bool may_make, uint8_t key[KEYRING_KEY], struct error *e) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) {
        if (!may_make)
            return error_set(e, ST_NOT_FOUND, "root_key_missing",
                             "%s is missing, but there is state made with it: put the escrowed key back",
                             path);
        return write_key(path, key, e);
    }
    if (fd < 0)
        return error_set(e, ST_IO, "key_file", "cannot open %s: errno %d", path, errno);
    enum status s = read_key(fd, path, key, e);
    (void)close(fd);
    return s;
}

static enum status load_both(const char *key_dir, const char *state_dir, struct keyring *k, struct error *e) {
    char root[PATH_ROOM], epoch[PATH_ROOM];
    int n = snprintf(root, sizeof root, "%s/root.key", key_dir);
    int m = snprintf(epoch, sizeof epoch, "%s/epoch.key", state_dir);
    if (n < 0 || m < 0 || (size_t)n >= sizeof root || (size_t)m >= sizeof epoch)
        return error_set(e, ST_INVALID, "key_path", "the path of the keys is too long");
    if (file_make_directory(key_dir, 0700) != ST_OK || file_make_directory(state_dir, 0700) != ST_OK)
        return error_set(e, ST_IO, "key_dir", "cannot make %s or %s", key_dir, state_dir);
    bool has_root = access(root, F_OK) == 0;
    bool has_epoch = access(epoch, F_OK) == 0;
    enum status s = load_key(root, !has_epoch, k->root, e);
    /* The root key is durable before the epoch secret is: a crash between the two starts afresh. */
    if (s == ST_OK && has_root && !has_epoch) {
        char vault[PATH_ROOM];
        (void)snprintf(vault, sizeof vault, "%s/vault.log", state_dir);
        if (access(vault, F_OK) == 0)
            return error_set(e, ST_NOT_FOUND, "epoch_key_missing", "%s is missing: restore it", epoch);
    }
    return s == ST_OK ? load_key(epoch, true, k->epoch, e) : s;
}

static enum status derive_all(struct keyring *k) {
    const struct {
        const char *name;
        uint8_t *key;
    } names[] = {
        {"kedun row seal", k->row},
        {"kedun blind index", k->index},
        {"kedun vault", k->vault},
        {"kedun budgets", k->budget},
        {"kedun box", k->box},
        {"kedun audit signature", k->audit_seed},
        {"kedun audit detail", k->audit_detail},
        {"kedun look-up", k->lookup},
        {"kedun password", k->pepper},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        enum status s = kdf_named(k->root, names[i].name, names[i].key);
        if (s != ST_OK)
            return s;
    }
    return kdf_hkdf(slice_of(k->epoch, KEYRING_KEY), slice_of(k->root, KEYRING_KEY),
                    SLICE("kedun subject wrap"), k->wrap, KEYRING_KEY);
}

enum status keyring_open(const char *key_dir, const char *state_dir, struct keyring **out, struct error *e) {
    *out = NULL;
    struct keyring *k = secret_alloc(sizeof *k);
    if (k == NULL)
        return error_set(e, ST_NOMEM, "no_locked_memory",
                         "cannot lock memory for keys: raise the limit of locked memory (ulimit -l)");
    enum status s = load_both(key_dir, state_dir, k, e);
    if (s == ST_OK && derive_all(k) != ST_OK)
        s = error_set(e, ST_INTERNAL, "key_derivation", "keys cannot be derived");
    if (s != ST_OK) {
        secret_free(k);
        return s;
    }
    *out = k;
    return ST_OK;
}

void keyring_close(struct keyring *k) {
    secret_free(k);
}

enum status keyring_index_key(const struct keyring *k, uint16_t object, uint16_t field, uint8_t search,
                              uint8_t out[KEYRING_KEY]) {
    const uint8_t info[] = {'i',
                            'n',
                            'd',
                            'e',
                            'x',
                            (uint8_t)object,
                            (uint8_t)(object >> 8),
                            (uint8_t)field,
                            (uint8_t)(field >> 8),
                            search};
    return kdf_hkdf(SLICE_NONE, slice_of(k->index, KEYRING_KEY), slice_of(info, sizeof info), out,
                    KEYRING_KEY);
}
