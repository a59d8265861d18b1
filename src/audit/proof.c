#include "audit/proof.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct audit_prover {
    int fd;
    struct tree_prover *tree;
};

static enum status read_leaves(void *context, uint64_t first, uint64_t count, uint8_t *out) {
    struct audit_prover *p = context;
    return fd_read_at(p->fd, out, (size_t)count * TREE_HASH, first * TREE_HASH);
}

enum status audit_prover_open(const char *directory, struct audit_prover **out, struct error *e) {
    *out = NULL;
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/leaves.bin", directory);
    if (n <= 0 || (size_t)n >= sizeof path)
        return error_set(e, ST_INVALID, "audit_unreadable", "the directory's name is too long");
    struct audit_prover *p = calloc(1, sizeof *p);
    if (p == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for proofs");
    p->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    enum status s = p->fd >= 0 ? ST_OK : errno == ENOENT ? ST_NOT_FOUND : ST_IO;
    p->tree = tree_prover_new((struct tree_leaves){read_leaves, p});
    if (s == ST_OK && p->tree == NULL)
        s = ST_NOMEM;
    if (s != ST_OK) {
        audit_prover_close(p);
        return error_set(e, s, "audit_unreadable", "cannot read the log's leaf hashes (%s)", status_name(s));
    }
    *out = p;
    return ST_OK;
}

void audit_prover_close(struct audit_prover *p) {
    if (p == NULL)
        return;
    if (p->fd >= 0)
        (void)close(p->fd);
    tree_prover_free(p->tree);
    free(p);
}

enum status audit_prove_root(struct audit_prover *p, uint64_t size, uint8_t root[TREE_HASH]) {
    return tree_prove_root(p->tree, size, root);
}

enum status audit_prove_entry(struct audit_prover *p, uint64_t seq, uint64_t size, uint8_t leaf[TREE_HASH],
                              struct tree_proof *out) {
    if (seq == 0 || seq > size)
        return ST_INVALID;
    enum status s = read_leaves(p, seq - 1, 1, leaf);
    return s == ST_OK ? tree_prove_inclusion(p->tree, seq - 1, size, out) : s;
}

enum status audit_prove_growth(struct audit_prover *p, uint64_t old_size, uint64_t size,
                               struct tree_proof *out) {
    return tree_prove_consistency(p->tree, old_size, size, out);
}
