#include "crypto/gcm.h"

#include "crypto/block.h"

#include <endian.h>
#include <openssl/modes.h>

#define BLOCK BLOCK_SIZE
#define READY 64 /* blocks encrypted at once: hash key, tag masks and a kilobyte of key stream */

/* Encrypted blocks of one nonce, in place. Block 0 is that of zeros (the hash key is its encryption), block n
 * > 0 the nonce's with counter n. */
struct run {
    uint32_t nonce[3];
    uint32_t from, count;
    uint32_t at; /* in `ready` */
};

struct gcm {
    struct block *cipher;
    GCM128_CONTEXT *mode;
    bool keyed, broken;
    struct run now;
    struct run expected[GCM_EXPECT];
    size_t next, end; /* of those expected: what may still come */
    uint32_t most;    /* blocks in `ready` since it was wiped */
    _Alignas(BLOCK) uint8_t ready[READY][BLOCK];
};

/* A block is stored at once: AES would wait for one that is stored in pieces. */
typedef uint32_t block_words __attribute__((vector_size(BLOCK)));

static void put_blocks(block_words *to, const struct run *r) {
    for (uint32_t i = 0; i < r->count; i++)
        to[i] = (block_words){r->nonce[0], r->nonce[1], r->nonce[2], htobe32(r->from + i)};
    if (r->from == 0)
        to[0] = (block_words){0};
}

static void encrypt_ready(struct gcm *g, const block_words *blocks, uint32_t count) {
    if (!block_encrypt(g->cipher, blocks, g->ready, count)) {
        memset(g->ready, 0, sizeof g->ready);
        g->broken = true;
    }
    g->most = count > g->most ? count : g->most;
}

/* The blocks at hand from `from` on; what was expected gives way. */
static void make_ready(struct gcm *g, uint32_t from, uint32_t count) {
    block_words blocks[READY];
    g->now.from = from;
    g->now.count = count;
    g->now.at = 0;
    g->next = g->end = 0;
    put_blocks(blocks, &g->now);
    encrypt_ready(g, blocks, count);
}

/* Encrypted block n, and how many follow it in place. */
static const uint8_t *ready_from(struct gcm *g, uint32_t n, size_t want, size_t *have) {
    struct run *r = &g->now;
    if (n < r->from || n - r->from >= r->count)
        make_ready(g, n, want < READY ? (uint32_t)want : READY);
    *have = r->count - (n - r->from);
    return g->ready[r->at + n - r->from];
}

static uint32_t block_number(const uint8_t block[BLOCK]) {
    uint32_t counter;
    memcpy(&counter, block + GCM_NONCE, sizeof counter);
    return be32toh(counter);
}

/* modes.h's callback for the hash key, the tag's mask and the end of a text that is no whole block. */
static void one_block(const unsigned char in[BLOCK], unsigned char out[BLOCK], const void *key) {
    union {
        const void *in;
        struct gcm *g;
    } same = {.in = key};
    size_t have;
    memcpy(out, ready_from(same.g, block_number(in), 1, &have), BLOCK);
}

/* And for whole blocks of text. */
static void many_blocks(const unsigned char *in, unsigned char *out, size_t blocks, const void *key,
                        const unsigned char first[BLOCK]) {
    union {
        const void *in;
        struct gcm *g;
    } same = {.in = key};
    uint32_t n = block_number(first);
    while (blocks > 0) {
        size_t have;
        const uint8_t *stream = ready_from(same.g, n, blocks, &have);
        have = have < blocks ? have : blocks;
        for (size_t i = 0; i < have * BLOCK; i += sizeof(uint64_t)) {
            uint64_t text, key_stream; /* by words: out may be in */
            memcpy(&text, in + i, sizeof text);
            memcpy(&key_stream, stream + i, sizeof key_stream);
            text ^= key_stream;
            memcpy(out + i, &text, sizeof text);
        }
        in += have * BLOCK;
        out += have * BLOCK;
        n += (uint32_t)have;
        blocks -= have;
    }
}

struct gcm *gcm_new(void) {
    struct gcm *g = calloc(1, sizeof *g);
    if (g == NULL)
        return NULL;
    g->cipher = block_new();
    if (g->cipher == NULL) {
        free(g);
        return NULL;
    }
    return g;
}

void gcm_free(struct gcm *g) {
    if (g == NULL)
        return;
    block_free(g->cipher);
    CRYPTO_gcm128_release(g->mode);
    explicit_bzero(g, sizeof *g);
    free(g);
}

static bool set_key(struct gcm *g, const uint8_t *key) {
    g->keyed = block_set_key(g->cipher, key);
    return g->keyed;
}

/* The hash key's table, out of block 0. */
static bool set_hash_key(struct gcm *g) {
    if (g->mode == NULL)
        g->mode = CRYPTO_gcm128_new(g, one_block);
    else
        CRYPTO_gcm128_init(g->mode, g, one_block);
    return g->mode != NULL;
}

/* What is left is key stream; the schedules stay for the next value. */
static void wipe_ready(struct gcm *g) {
    explicit_bzero(g->ready, g->most * BLOCK);
    g->next = g->end = 0;
    g->now.count = g->most = 0;
}

void gcm_forget(struct gcm *g) {
    wipe_ready(g);
}

static uint32_t stream_blocks(size_t text) {
    return (uint32_t)((text + BLOCK - 1) / BLOCK);
}

bool gcm_expect(struct gcm *g, const uint8_t *key, const struct gcm_value *values, size_t count) {
    block_words blocks[READY];
    uint32_t at = 1;
    wipe_ready(g);
    g->broken = false;
    if (key != NULL ? !set_key(g, key) : !g->keyed)
        return false;
    for (size_t i = 0; i < count && i < GCM_EXPECT && at < READY; i++) {
        struct run *r = &g->expected[g->end];
        if (values[i].n > (READY - at - 1) * BLOCK)
            break;
        *r = (struct run){.from = 1, .count = 1 + stream_blocks(values[i].n), .at = at};
        memcpy(r->nonce, values[i].nonce, GCM_NONCE);
        put_blocks(blocks + at, r);
        at += r->count;
        g->end++;
    }
    g->now = (struct run){.from = 0, .count = 1, .at = 0};
    put_blocks(blocks, &g->now);
    encrypt_ready(g, blocks, at);
    g->keyed = !g->broken && (key == NULL || set_hash_key(g));
    return g->keyed;
}

/* Whether the value of this nonce was expected: it is at hand then. */
static bool take_expected(struct gcm *g, const uint8_t nonce[GCM_NONCE], size_t text) {
    for (size_t i = g->next; i < g->end; i++) {
        const struct run *r = &g->expected[i];
        if (memcmp(r->nonce, nonce, GCM_NONCE) != 0 || r->count != 1 + stream_blocks(text))
            continue;
        g->now = *r;
        g->next = i + 1;
        return true;
    }
    return false;
}

static bool start(struct gcm *g, const uint8_t *key, const uint8_t nonce[GCM_NONCE], struct slice aad,
                  size_t text) {
    size_t blocks = 2 + (text + BLOCK - 1) / BLOCK;
    g->broken = false;
    if (key != NULL ? !set_key(g, key) : !g->keyed)
        return false;
    if (key != NULL || !take_expected(g, nonce, text)) {
        memcpy(g->now.nonce, nonce, GCM_NONCE);
        make_ready(g, 0, blocks < READY ? (uint32_t)blocks : READY);
    }
    if (key != NULL && !set_hash_key(g)) {
        g->keyed = false;
        return false;
    }
    CRYPTO_gcm128_setiv(g->mode, nonce, GCM_NONCE);
    return aad.n == 0 || CRYPTO_gcm128_aad(g->mode, aad.p, aad.n) == 0;
}

static bool finish(struct gcm *g, bool fine) {
    if (g->next == g->end)
        wipe_ready(g);
    if (!fine || g->broken)
        g->keyed = false;
    return fine && !g->broken;
}

bool gcm_seal(struct gcm *g, const uint8_t *key, const uint8_t nonce[GCM_NONCE], struct slice aad,
              struct slice plain, uint8_t *out, uint8_t tag[GCM_TAG]) {
    bool fine =
        start(g, key, nonce, aad, plain.n) &&
        (plain.n == 0 || CRYPTO_gcm128_encrypt_ctr32(g->mode, plain.p, out, plain.n, many_blocks) == 0);
    if (fine)
        CRYPTO_gcm128_tag(g->mode, tag, GCM_TAG);
    return finish(g, fine);
}

enum gcm_result gcm_open(struct gcm *g, const uint8_t *key, const uint8_t nonce[GCM_NONCE], struct slice aad,
                         struct slice text, const uint8_t tag[GCM_TAG], uint8_t *out) {
    bool fine = start(g, key, nonce, aad, text.n) &&
                (text.n == 0 || CRYPTO_gcm128_decrypt_ctr32(g->mode, text.p, out, text.n, many_blocks) == 0);
    bool same = fine && CRYPTO_gcm128_finish(g->mode, tag, GCM_TAG) == 0; /* in constant time */
    if (!finish(g, fine))
        return GCM_BROKEN;
    return same ? GCM_FINE : GCM_FORGED;
}
