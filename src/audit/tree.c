#include "audit/tree.h"

#define BLOCK 256 /* leaves under one kept hash */

static enum status node_hash(struct hash *h, const uint8_t left[TREE_HASH], const uint8_t right[TREE_HASH],
                             uint8_t out[TREE_HASH]) {
    static const uint8_t prefix = 1;
    struct slice parts[] = {slice_of(&prefix, 1), slice_of(left, TREE_HASH), slice_of(right, TREE_HASH)};
    return hash_parts(h, parts, 3, out);
}

enum status tree_leaf_hash(struct hash *h, struct slice leaf, uint8_t out[TREE_HASH]) {
    static const uint8_t prefix = 0;
    struct slice parts[] = {slice_of(&prefix, 1), leaf};
    return hash_parts(h, parts, 2, out);
}

size_t tree_full_count(uint64_t size) {
    return (size_t)__builtin_popcountll(size);
}

enum status tree_append(struct tree *t, struct hash *h, const uint8_t leaf_hash[TREE_HASH]) {
    uint8_t node[TREE_HASH];
    memcpy(node, leaf_hash, TREE_HASH);
    size_t count = tree_full_count(t->size);
    /* Every one at the end of the size is a full subtree as large as what we carry. */
    for (uint64_t rest = t->size; rest & 1; rest >>= 1) {
        enum status s = node_hash(h, t->full[--count], node, node);
        if (s != ST_OK)
            return s;
    }
    memcpy(t->full[count], node, TREE_HASH);
    t->size++;
    return ST_OK;
}

enum status tree_root(const struct tree *t, struct hash *h, uint8_t out[TREE_HASH]) {
    size_t count = tree_full_count(t->size);
    if (count == 0)
        return hash_parts(h, NULL, 0, out);
    memcpy(out, t->full[count - 1], TREE_HASH);
    enum status s = ST_OK;
    for (size_t i = count - 1; i-- > 0 && s == ST_OK;)
        s = node_hash(h, t->full[i], out, out);
    return s;
}

struct tree_prover {
    struct tree_leaves leaves;
    struct hash *hash;
    uint8_t (*blocks)[TREE_HASH]; /* roots of full blocks, from the first on */
    uint64_t count;
    uint64_t room;
    uint8_t leaf[BLOCK][TREE_HASH];
};

struct tree_prover *tree_prover_new(struct tree_leaves leaves) {
    struct tree_prover *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->leaves = leaves;
    p->hash = hash_new();
    if (p->hash == NULL) {
        free(p);
        return NULL;
    }
    return p;
}

void tree_prover_free(struct tree_prover *p) {
    if (p == NULL)
        return;
    hash_free(p->hash);
    free(p->blocks);
    free(p);
}

/* Root over up to BLOCK leaves, read anew. */
static enum status small_root(struct tree_prover *p, uint64_t first, uint64_t n, uint8_t out[TREE_HASH]) {
    struct tree t = {0};
    enum status s = p->leaves.read(p->leaves.context, first, n, p->leaf[0]);
    for (uint64_t i = 0; i < n && s == ST_OK; i++)
        s = tree_append(&t, p->hash, p->leaf[i]);
    return s == ST_OK ? tree_root(&t, p->hash, out) : s;
}

static enum status make_room(struct tree_prover *p, uint64_t count) {
    if (count <= p->room)
        return ST_OK;
    uint64_t room = p->room < 64 ? 64 : p->room * 2;
    room = room < count ? count : room;
    void *blocks = room > SIZE_MAX / TREE_HASH ? NULL : realloc(p->blocks, (size_t)room * TREE_HASH);
    if (blocks == NULL)
        return ST_NOMEM;
    p->blocks = blocks;
    p->room = room;
    return ST_OK;
}

static enum status extend(struct tree_prover *p, uint64_t size) {
    enum status s = make_room(p, size / BLOCK);
    while (s == ST_OK && p->count < size / BLOCK) {
        s = small_root(p, p->count * BLOCK, BLOCK, p->blocks[p->count]);
        if (s == ST_OK)
            p->count++;
    }
    return s;
}

/* The largest power of two below n, n > 1. */
static uint64_t split(uint64_t n) {
    return (uint64_t)1 << (63 - __builtin_clzll(n - 1));
}

/* MTH(D[first : first + n]) of RFC 6962 section 2.1; `first` is a multiple of the subtree's power of two,
 * so that blocks never straddle. Recursion is as deep as the tree is high. */
static enum status range_root(struct tree_prover *p, uint64_t first, uint64_t n, uint8_t out[TREE_HASH]) {
    if (n == BLOCK && first / BLOCK < p->count) {
        memcpy(out, p->blocks[first / BLOCK], TREE_HASH);
        return ST_OK;
    }
    if (n <= BLOCK)
        return small_root(p, first, n, out);
    uint64_t k = split(n);
    uint8_t left[TREE_HASH], right[TREE_HASH];
    enum status s = range_root(p, first, k, left);
    if (s == ST_OK)
        s = range_root(p, first + k, n - k, right);
    return s == ST_OK ? node_hash(p->hash, left, right, out) : s;
}

enum status tree_prove_root(struct tree_prover *p, uint64_t size, uint8_t out[TREE_HASH]) {
    enum status s = extend(p, size);
    return s == ST_OK ? range_root(p, 0, size, out) : s;
}

/* One more hash: the root over a range. */
static enum status add(struct tree_prover *p, struct tree_proof *out, uint64_t first, uint64_t n) {
    if (out->count == TREE_PROOF_MAX)
        return ST_INVALID;
    return range_root(p, first, n, out->hash[out->count++]);
}

static void turn_round(struct tree_proof *proof) {
    for (size_t i = 0, j = proof->count; i + 1 < j; i++) {
        uint8_t swap[TREE_HASH];
        j--;
        memcpy(swap, proof->hash[i], TREE_HASH);
        memcpy(proof->hash[i], proof->hash[j], TREE_HASH);
        memcpy(proof->hash[j], swap, TREE_HASH);
    }
}

/* PATH of RFC 6962 section 2.1.1, walked from the root and turned round. */
enum status tree_prove_inclusion(struct tree_prover *p, uint64_t index, uint64_t size,
                                 struct tree_proof *out) {
    out->count = 0;
    if (index >= size)
        return ST_INVALID;
    enum status s = extend(p, size);
    uint64_t first = 0, n = size;
    while (n > 1 && s == ST_OK) {
        uint64_t k = split(n);
        if (index - first < k) {
            s = add(p, out, first + k, n - k);
            n = k;
        } else {
            s = add(p, out, first, k);
            first += k;
            n -= k;
        }
    }
    turn_round(out);
    return s;
}

/* SUBPROOF of RFC 6962 section 2.1.2, likewise. */
enum status tree_prove_consistency(struct tree_prover *p, uint64_t old_size, uint64_t size,
                                   struct tree_proof *out) {
    out->count = 0;
    if (old_size == 0 || old_size > size)
        return ST_INVALID;
    enum status s = extend(p, size);
    uint64_t first = 0, n = size, m = old_size;
    bool whole = true; /* the old tree's root is what stands at `first`: known to the verifier */
    while (m < n && s == ST_OK) {
        uint64_t k = split(n);
        if (m <= k) {
            s = add(p, out, first + k, n - k);
            n = k;
        } else {
            s = add(p, out, first, k);
            first += k;
            n -= k;
            m -= k;
            whole = false;
        }
    }
    if (s == ST_OK && !whole)
        s = add(p, out, first, n);
    turn_round(out);
    return s;
}

enum status tree_verify_inclusion(struct hash *h, const uint8_t leaf_hash[TREE_HASH], uint64_t index,
                                  uint64_t size, const struct tree_proof *proof,
                                  const uint8_t root[TREE_HASH]) {
    if (index >= size || proof->count > TREE_PROOF_MAX)
        return ST_CORRUPT;
    uint64_t fn = index, sn = size - 1;
    uint8_t r[TREE_HASH];
    memcpy(r, leaf_hash, TREE_HASH);
    for (size_t i = 0; i < proof->count; i++) {
        const uint8_t *p = proof->hash[i];
        if (sn == 0)
            return ST_CORRUPT;
        bool left = (fn & 1) || fn == sn;
        enum status s = left ? node_hash(h, p, r, r) : node_hash(h, r, p, r);
        if (s != ST_OK)
            return s;
        while (left && !(fn & 1) && fn != 0) {
            fn >>= 1;
            sn >>= 1;
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && memcmp(r, root, TREE_HASH) == 0 ? ST_OK : ST_CORRUPT;
}

static enum status climb(struct hash *h, const struct tree_proof *proof, size_t at, uint64_t fn, uint64_t sn,
                         uint8_t fr[TREE_HASH], uint8_t sr[TREE_HASH]) {
    for (; at < proof->count; at++) {
        const uint8_t *c = proof->hash[at];
        if (sn == 0)
            return ST_CORRUPT;
        enum status s;
        if ((fn & 1) || fn == sn) {
            s = node_hash(h, c, fr, fr);
            if (s == ST_OK)
                s = node_hash(h, c, sr, sr);
            while (!(fn & 1) && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            s = node_hash(h, sr, c, sr);
        }
        if (s != ST_OK)
            return s;
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 ? ST_OK : ST_CORRUPT;
}

enum status tree_verify_consistency(struct hash *h, uint64_t old_size, const uint8_t old_root[TREE_HASH],
                                    uint64_t size, const uint8_t root[TREE_HASH],
                                    const struct tree_proof *proof) {
    if (old_size == 0 || old_size > size || proof->count > TREE_PROOF_MAX)
        return ST_CORRUPT;
    if (old_size == size)
        return proof->count == 0 && memcmp(old_root, root, TREE_HASH) == 0 ? ST_OK : ST_CORRUPT;
    uint64_t fn = old_size - 1, sn = size - 1;
    bool power = (old_size & (old_size - 1)) == 0;
    if (!power && proof->count == 0)
        return ST_CORRUPT;
    for (; fn & 1; fn >>= 1)
        sn >>= 1;
    uint8_t fr[TREE_HASH], sr[TREE_HASH];
    memcpy(fr, power ? old_root : proof->hash[0], TREE_HASH);
    memcpy(sr, fr, TREE_HASH);
    enum status s = climb(h, proof, power ? 0 : 1, fn, sn, fr, sr);
    if (s != ST_OK)
        return s;
    return memcmp(fr, old_root, TREE_HASH) == 0 && memcmp(sr, root, TREE_HASH) == 0 ? ST_OK : ST_CORRUPT;
}
