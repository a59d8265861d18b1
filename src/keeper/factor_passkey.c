#include "keeper/factor_passkey.h"

#include "base/utf8.h"
#include "crypto/random.h"
#include "keeper/factor_store.h"

static bool is_zero(const uint8_t handle[FACTOR_HANDLE]) {
    static const uint8_t zeros[FACTOR_HANDLE];
    return memcmp(handle, zeros, FACTOR_HANDLE) == 0;
}

/* The record and the way back from the handle, in one transaction. */
static enum status draw_handle(struct factors *f, uint32_t user, struct factor_record *r) {
    uint8_t key[4];
    struct buf value;
    enum status s = crypto_random(r->handle, sizeof r->handle);
    if (s != ST_OK)
        return s;
    buf_init(&value, VAULT_VALUE_MAX, true);
    factor_record_write(&value, r);
    struct vault_change c[] = {
        {VAULT_FACTOR, factor_key(user, key), buf_slice(&value)},
        {VAULT_HANDLE, slice_of(r->handle, sizeof r->handle), slice_of(key, sizeof key)}};
    s = value.failed ? ST_NOMEM : vault_commit(f->vault, c, 2);
    buf_free(&value);
    return s;
}

enum status factors_handle(struct factors *f, uint32_t user, uint8_t out[FACTOR_HANDLE], struct error *e) {
    struct factor_record r;
    (void)pthread_mutex_lock(&f->lock);
    enum status s = factor_read(f, user, &r);
    if (s == ST_OK && is_zero(r.handle))
        s = draw_handle(f, user, &r);
    memcpy(out, r.handle, FACTOR_HANDLE);
    return factor_end(f, &r, s, e);
}

enum status factors_by_handle(struct factors *f, const uint8_t handle[FACTOR_HANDLE], uint32_t *user) {
    struct buf value;
    buf_init(&value, 16, false);
    enum status s = vault_get(f->vault, VAULT_HANDLE, slice_of(handle, FACTOR_HANDLE), &value);
    struct reader r = reader_of(buf_slice(&value));
    *user = s == ST_OK ? reader_u32(&r) : 0;
    buf_free(&value);
    return s;
}

static struct factor_passkey *find(struct factor_record *r, struct slice id) {
    for (size_t i = 0; i < r->passkey_count; i++) {
        if (slice_equal(slice_of(r->passkeys[i].id, r->passkeys[i].id_n), id))
            return &r->passkeys[i];
    }
    return NULL;
}

static enum status add(struct factors *f, uint32_t user, struct factor_record *r,
                       const struct webauthn_made *made, struct slice name, int64_t now, struct error *e) {
    if (name.n == 0 || name.n > FACTOR_NAME_MAX || !utf8_valid(name) || memchr(name.p, 0, name.n) != NULL)
        return error_field(e, ST_INVALID, "required", "name", "a name of 1 to %d bytes", FACTOR_NAME_MAX);
    if (find(r, made->id) != NULL)
        return error_set(e, ST_CONFLICT, "passkey_known", "this passkey is one of yours already");
    if (r->passkey_count == FACTOR_PASSKEYS || made->id.n > FACTOR_ID_MAX)
        return error_set(e, ST_LIMIT, "too_many_passkeys", "at most %d passkeys", FACTOR_PASSKEYS);
    struct factor_passkey *p = &r->passkeys[r->passkey_count++];
    *p = (struct factor_passkey){.id_n = (uint16_t)made->id.n,
                                 .key = made->key,
                                 .counter = made->counter,
                                 .synced = made->synced,
                                 .made_at = now};
    memcpy(p->id, made->id.p, made->id.n);
    memcpy(p->name, name.p, name.n);
    return factor_write(f, user, r);
}

enum status factors_passkey_add(struct factors *f, uint32_t user, const struct webauthn_made *made,
                                struct slice name, int64_t now, struct error *e) {
    struct factor_record r;
    (void)pthread_mutex_lock(&f->lock);
    enum status s = factor_read(f, user, &r);
    if (s == ST_OK)
        s = add(f, user, &r, made, slice_trim(name), now, e);
    return factor_end(f, &r, s, e);
}

static enum status check(struct factors *f, uint32_t user, struct factor_record *r,
                         const struct webauthn_party *party, struct slice challenge,
                         const struct passkey_answer *a, int64_t now, struct error *e) {
    uint32_t counter = 0;
    struct factor_passkey *p = find(r, a->id);
    if (p == NULL)
        return error_set(e, ST_DENIED, "passkey_refused", "nobody's passkey");
    enum status s =
        webauthn_assert(party, challenge, &p->key, a->client, a->authenticator, a->signature, &counter, e);
    if (s != ST_OK)
        return s;
    if ((counter != 0 || p->counter != 0) && counter <= p->counter)
        return error_set(e, ST_DENIED, "passkey_refused", "the counter did not grow: there may be a copy");
    p->counter = counter;
    p->used_at = now;
    return factor_write(f, user, r);
}

enum status factors_passkey_check(struct factors *f, uint32_t user, const struct webauthn_party *party,
                                  struct slice challenge, const struct passkey_answer *answer, int64_t now,
                                  struct error *e) {
    struct factor_record r;
    (void)pthread_mutex_lock(&f->lock);
    enum status s = factor_read(f, user, &r);
    if (s == ST_OK)
        s = check(f, user, &r, party, challenge, answer, now, e);
    return factor_end(f, &r, s, e);
}
