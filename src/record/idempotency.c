#include "record/idempotency.h"

#include "crypto/hash.h"

#define KEY_MOST 64

/* `key` is bound to the person, so that nobody meets another's keys. The request may hold values that could
 * be guessed one by one from a plain hash: the caller's key, which is kept nowhere, is hashed in with it. */
static enum status hash_both(struct caller *c, uint8_t key[HASH_SIZE], uint8_t request[HASH_SIZE]) {
    uint8_t text[8 + KEY_MOST + HASH_SIZE] = {0};
    uint32_t user = c->who.user;
    size_t n = 8 + c->idempotency_key.n;
    if (c->idempotency_key.n > KEY_MOST)
        return ST_INVALID;
    memcpy(text, &user, sizeof user);
    memcpy(text + 8, c->idempotency_key.p, c->idempotency_key.n);
    enum status s = hash_once(slice_of(text, n), key);
    if (s == ST_OK)
        s = hash_once(c->idempotency_request, text + n);
    return s == ST_OK ? hash_once(slice_of(text, n + HASH_SIZE), request) : s;
}

static enum status bad_key(struct error *e, enum status s) {
    return error_set(e, s, "invalid", "Idempotency-Key takes 1 to 64 characters");
}

enum status idempotency_find(struct caller *c, bool *found, struct uuid *record, struct error *e) {
    uint8_t key[HASH_SIZE], request[HASH_SIZE];
    struct store_outcome before;
    *found = false;
    if (c->idempotency_key.n == 0)
        return ST_OK;
    enum status s = hash_both(c, key, request);
    if (s != ST_OK)
        return bad_key(e, s);
    s = store_idempotency_get(c->reader, slice_of(key, sizeof key), c->arena, &before, e);
    if (s == ST_NOT_FOUND)
        return ST_OK;
    if (s != ST_OK)
        return s;
    if (!slice_equal(before.body, slice_of(request, sizeof request))) {
        return error_set(e, ST_INVALID, "idempotency_mismatch", "the key stood for another request");
    }
    *found = true;
    *record = before.record;
    return ST_OK;
}

bool idempotency_raced(struct caller *c, enum status failure) {
    bool found;
    struct uuid record;
    bool may_be = failure == ST_CONFLICT || failure == ST_NOT_FOUND || failure == ST_RETRY;
    return may_be && idempotency_find(c, &found, &record, NULL) == ST_OK && found;
}

enum status idempotency_op(struct caller *c, struct write_op *op, struct error *e) {
    uint8_t *hashes = arena_alloc(c->arena, 2 * HASH_SIZE);
    if (hashes == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "idempotency");
    enum status s = hash_both(c, hashes, hashes + HASH_SIZE);
    if (s != ST_OK)
        return bad_key(e, s);
    op->key = slice_of(hashes, HASH_SIZE);
    op->body = slice_of(hashes + HASH_SIZE, HASH_SIZE);
    op->actor = c->who.user;
    op->at_ms = c->context.now_ms;
    return ST_OK;
}
