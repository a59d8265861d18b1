#include "keeper/detail.h"

#include "crypto/random.h"

/* The key of a detail; the subject itself is the associated data. */
static enum status detail_key(struct tools *t, const uint8_t *subject_key, uint8_t key[KEYRING_KEY]) {
    if (subject_key != NULL)
        return kdf_subject(t->kdf, subject_key, DETAIL_CLASS, key);
    memcpy(key, t->keys->audit_detail, KEYRING_KEY);
    return ST_OK;
}

enum status detail_seal(struct tools *t, const struct uuid *subject, const uint8_t *subject_key,
                        struct slice text, struct arena *a, struct audit_detail *out) {
    uint8_t key[KEYRING_KEY];
    size_t n = DETAIL_SALT + text.n;
    uint8_t *plain = arena_alloc(a, n), *sealed = arena_alloc(a, aead_padded_length(n));
    *out = (struct audit_detail){.sealed = slice_of(sealed, aead_padded_length(n))};
    if (plain == NULL || sealed == NULL)
        return ST_NOMEM;
    if (subject != NULL)
        out->subject = *subject;
    enum status s = crypto_random(plain, DETAIL_SALT);
    memcpy(plain + DETAIL_SALT, text.p, text.n);
    struct slice whole = slice_of(plain, n);
    if (s == ST_OK)
        s = hash_parts(t->hash, &whole, 1, out->commitment);
    if (s == ST_OK)
        s = detail_key(t, subject_key, key);
    if (s == ST_OK)
        s = aead_seal_padded(t->other, key, slice_of(out->subject.b, sizeof out->subject.b), whole, sealed);
    explicit_bzero(key, sizeof key);
    return s;
}

enum status detail_open(struct tools *t, const struct audit_detail *d, struct slice wrapped, struct buf *out,
                        struct slice *text) {
    uint8_t subject_key[KEYRING_KEY], key[KEYRING_KEY];
    bool nobody = uuid_is_nil(&d->subject);
    struct slice plain = SLICE_NONE;
    enum status s = nobody ? ST_OK : tools_unwrap(t, &d->subject, wrapped, subject_key);
    if (s == ST_OK)
        s = detail_key(t, nobody ? NULL : subject_key, key);
    uint8_t *to = s == ST_OK ? buf_reserve(out, d->sealed.n + 1) : NULL;
    if (s == ST_OK)
        s = to == NULL ? ST_NOMEM
                       : aead_open_padded(t->other, key, slice_of(d->subject.b, sizeof d->subject.b),
                                          d->sealed, to, &plain);
    explicit_bzero(subject_key, sizeof subject_key);
    explicit_bzero(key, sizeof key);
    if (s == ST_OK && plain.n < DETAIL_SALT)
        s = ST_CORRUPT;
    if (s != ST_OK)
        return s;
    out->n += d->sealed.n;
    *text = slice_of(plain.p + DETAIL_SALT, plain.n - DETAIL_SALT);
    return ST_OK;
}
