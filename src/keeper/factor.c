#include "keeper/factor.h"

#include "base/hex.h"
#include "crypto/mac.h"
#include "crypto/otp.h"
#include "crypto/random.h"
#include "keeper/factor_record.h"
#include "keeper/factor_store.h"

#include <stdlib.h>

#define CODE_BYTES 15 /* of a recovery code: 120 bits, 24 characters of base32 */
#define CODE_TEXT  24
#define CODE_OLD   16 /* of codes that were given out before: good until they are renewed */
#define HOUR_MS    ((int64_t)3600 * 1000)

enum status factors_open(struct vault *v, const struct keyring *keys, struct factors **out, struct error *e) {
    struct factors *f = *out = calloc(1, sizeof *f);
    if (f == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for second factors");
    f->vault = v;
    f->keys = keys;
    (void)pthread_mutex_init(&f->lock, NULL);
    if (factor_pace_open(&f->pace) == ST_OK)
        return ST_OK;
    factors_close(f);
    *out = NULL;
    return error_set(e, ST_IO, "factor_store", "no randomness for second factors");
}

void factors_close(struct factors *f) {
    if (f == NULL)
        return;
    (void)pthread_mutex_destroy(&f->lock);
    free(f);
}

struct slice factor_key(uint32_t user, uint8_t out[4]) {
    for (size_t i = 0; i < 4; i++)
        out[i] = (uint8_t)(user >> (8 * i));
    return slice_of(out, 4);
}

enum status factor_read(struct factors *f, uint32_t user, struct factor_record *r) {
    uint8_t key[4];
    struct buf stored;
    memset(r, 0, sizeof *r);
    buf_init(&stored, VAULT_VALUE_MAX, true);
    enum status s = vault_get(f->vault, VAULT_FACTOR, factor_key(user, key), &stored);
    if (s == ST_OK && !factor_record_read(buf_slice(&stored), r))
        s = ST_CORRUPT;
    buf_free(&stored);
    return s == ST_NOT_FOUND ? ST_OK : s;
}

enum status factor_write(struct factors *f, uint32_t user, const struct factor_record *r) {
    uint8_t key[4];
    struct buf value;
    buf_init(&value, VAULT_VALUE_MAX, true);
    factor_record_write(&value, r);
    struct vault_change c = {VAULT_FACTOR, factor_key(user, key), buf_slice(&value)};
    enum status s = value.failed ? ST_NOMEM : vault_commit(f->vault, &c, 1);
    buf_free(&value);
    return s;
}

enum status factor_end(struct factors *f, struct factor_record *r, enum status s, struct error *e) {
    explicit_bzero(r, sizeof *r);
    (void)pthread_mutex_unlock(&f->lock);
    bool said = s == ST_OK || s == ST_DENIED || s == ST_LIMIT || s == ST_NOT_FOUND || s == ST_INVALID ||
                s == ST_CONFLICT;
    return said ? s : error_set(e, s, "factor_store", "the second factors could not be read or stored");
}

enum status factors_load(struct factors *f, uint32_t user, struct factor_record *out) {
    (void)pthread_mutex_lock(&f->lock);
    enum status s = factor_read(f, user, out);
    (void)pthread_mutex_unlock(&f->lock);
    return s;
}

enum status factors_has(struct factors *f, uint32_t user, bool *has) {
    struct factor_record r;
    enum status s = factors_load(f, user, &r);
    *has = s == ST_OK && (r.has_totp || r.passkey_count > 0);
    explicit_bzero(&r, sizeof r);
    return s;
}

enum status factors_totp_begin(struct factors *f, uint32_t user, int64_t now, uint8_t secret[FACTOR_SECRET],
                               struct error *e) {
    struct factor_record r;
    (void)pthread_mutex_lock(&f->lock);
    enum status s = factor_read(f, user, &r);
    if (s == ST_OK)
        s = crypto_random(r.fresh, sizeof r.fresh);
    if (s == ST_OK) {
        r.has_fresh = true;
        r.fresh_at = now;
        memcpy(secret, r.fresh, sizeof r.fresh);
        s = factor_write(f, user, &r);
    }
    return factor_end(f, &r, s, e);
}

/* Who tries which codes, and from where. */
struct trial {
    uint32_t user;
    struct slice code;
    const uint8_t *address;
    int64_t now;
};

/* A clock that was put back begins a new hour, too: nobody waits for a time that never comes. */
static bool hour_is_over(const struct factor_record *r, int64_t now) {
    return now - r->failed_at >= HOUR_MS || now < r->failed_at;
}

static enum status check_pace(struct factors *f, const struct factor_record *r, const struct trial *t,
                              struct error *e) {
    int64_t left = factor_pace_wait(factor_pace_of(&f->pace, t->user, t->address, t->now), t->now);
    if (r->fails >= FACTOR_HOUR && !hour_is_over(r, t->now) && r->failed_at + HOUR_MS - t->now > left)
        left = r->failed_at + HOUR_MS - t->now;
    if (left <= 0)
        return ST_OK;
    return error_set(e, ST_LIMIT, "sign_in_slow", "%lld", (long long)(left + 999) / 1000);
}

static enum status wrong(struct factors *f, struct factor_record *r, const struct trial *t, struct error *e) {
    struct factor_try *here = factor_pace_of(&f->pace, t->user, t->address, t->now);
    here->fails++;
    here->at = t->now;
    if (hour_is_over(r, t->now)) {
        r->fails = 0;
        r->failed_at = t->now;
    }
    r->fails = (uint16_t)(r->fails < UINT16_MAX ? r->fails + 1 : r->fails);
    enum status s = factor_write(f, t->user, r);
    return s == ST_OK ? error_set(e, ST_DENIED, "factor_wrong", "the code is not right, or was used before")
                      : s;
}

/* The hour's count stays: whoever signs in now and then must not give a stranger fresh tries by it. */
static void right(struct factors *f, const struct trial *t) {
    factor_pace_of(&f->pace, t->user, t->address, t->now)->fails = 0;
}

/* Letters and digits, in capitals; false when there are more than `room`. */
static bool plain_code(struct slice code, char *out, size_t room) {
    size_t n = 0;
    for (size_t i = 0; i < code.n; i++) {
        uint8_t c = code.p[i];
        if (c == ' ' || c == '-')
            continue;
        if (n == room)
            return false;
        out[n++] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    out[n] = '\0';
    return true;
}

/* The step whose code this is, beyond `after`; 0 for none. */
static uint64_t find_step(const uint8_t secret[FACTOR_SECRET], const char *code, int64_t now,
                          uint64_t after) {
    char want[OTP_DIGITS_MAX + 1];
    uint64_t found = 0, step = otp_step(now);
    for (uint64_t at = step - 1; at <= step + 1; at++) {
        if (otp_code(OTP_SHA1, slice_of(secret, FACTOR_SECRET), at, FACTOR_DIGITS, want) != ST_OK)
            return 0;
        if (crypto_equal(want, code, FACTOR_DIGITS) && at > after)
            found = at;
    }
    explicit_bzero(want, sizeof want);
    return found;
}

static enum status confirm(struct factors *f, struct factor_record *r, const struct trial *t,
                           struct error *e) {
    int64_t now = t->now;
    char plain[FACTOR_DIGITS + 1];
    if (!r->has_fresh || now - r->fresh_at > FACTOR_FRESH_MS || now < r->fresh_at)
        return error_set(e, ST_NOT_FOUND, "factor_not_begun", "no set-up is under way, or it took too long");
    enum status s = check_pace(f, r, t, e);
    if (s != ST_OK)
        return s;
    bool fits = plain_code(t->code, plain, FACTOR_DIGITS) && strlen(plain) == FACTOR_DIGITS;
    uint64_t step = fits ? find_step(r->fresh, plain, now, 0) : 0;
    if (step == 0)
        return wrong(f, r, t, e);
    memcpy(r->secret, r->fresh, sizeof r->secret);
    explicit_bzero(r->fresh, sizeof r->fresh);
    r->has_totp = true;
    r->has_fresh = false;
    r->totp_at = r->totp_used_at = now;
    r->last_step = step;
    right(f, t);
    return factor_write(f, t->user, r);
}

enum status factors_totp_confirm(struct factors *f, uint32_t user, struct slice code,
                                 const uint8_t address[16], int64_t now, struct error *e) {
    const struct trial t = {user, code, address, now};
    struct factor_record r;
    (void)pthread_mutex_lock(&f->lock);
    enum status s = factor_read(f, user, &r);
    if (s == ST_OK)
        s = confirm(f, &r, &t, e);
    return factor_end(f, &r, s, e);
}

static enum status recovery_mac(const struct factors *f, uint32_t user, const char *code,
                                uint8_t out[HASH_SIZE]) {
    uint8_t key[4];
    struct mac *m = mac_new(slice_of(f->keys->pepper, sizeof f->keys->pepper));
    const struct slice parts[] = {SLICE("kedun recovery code v1"), factor_key(user, key),
                                  slice_from_string(code)};
    enum status s = m == NULL ? ST_NOMEM : mac_compute(m, parts, 3, out, HASH_SIZE);
    mac_free(m);
    return s;
}

static bool take_totp(struct factor_record *r, const char *code, int64_t now) {
    uint64_t step =
        r->has_totp && strlen(code) == FACTOR_DIGITS ? find_step(r->secret, code, now, r->last_step) : 0;
    if (step == 0)
        return false;
    r->last_step = step;
    r->totp_used_at = now;
    return true;
}

static enum status take_recovery(const struct factors *f, uint32_t user, struct factor_record *r,
                                 const char *code, bool *good) {
    uint8_t mac[HASH_SIZE];
    *good = false;
    if (strlen(code) != CODE_TEXT && strlen(code) != CODE_OLD)
        return ST_OK;
    enum status s = recovery_mac(f, user, code, mac);
    for (size_t i = 0; s == ST_OK && i < r->recovery_count; i++) {
        if (!crypto_equal(mac, r->recovery[i], sizeof mac))
            continue;
        memcpy(r->recovery[i], r->recovery[--r->recovery_count], sizeof mac);
        *good = true;
        break;
    }
    return s;
}

static enum status check(struct factors *f, struct factor_record *r, enum factor_kind kind,
                         const struct trial *t, struct error *e) {
    char plain[CODE_TEXT + 1];
    enum status s = check_pace(f, r, t, e);
    if (s != ST_OK)
        return s;
    bool good = plain_code(t->code, plain, CODE_TEXT);
    if (good && kind == FACTOR_KIND_TOTP)
        good = take_totp(r, plain, t->now);
    else if (good)
        s = take_recovery(f, t->user, r, plain, &good);
    explicit_bzero(plain, sizeof plain);
    if (s != ST_OK)
        return s;
    if (!good)
        return wrong(f, r, t, e);
    right(f, t);
    return factor_write(f, t->user, r);
}

enum status factors_check(struct factors *f, uint32_t user, enum factor_kind kind, struct slice code,
                          const uint8_t address[16], int64_t now, struct error *e) {
    const struct trial t = {user, code, address, now};
    struct factor_record r;
    (void)pthread_mutex_lock(&f->lock);
    enum status s = factor_read(f, user, &r);
    if (s == ST_OK)
        s = check(f, &r, kind, &t, e);
    return factor_end(f, &r, s, e);
}

/* One code: shown in fours. */
static enum status draw_code(const struct factors *f, uint32_t user, char shown[FACTOR_RECOVERY_TEXT + 1],
                             uint8_t mac[HASH_SIZE]) {
    uint8_t bytes[CODE_BYTES];
    char text[CODE_TEXT + 1];
    enum status s = crypto_random(bytes, sizeof bytes);
    if (s != ST_OK)
        return s;
    base32_encode(slice_of(bytes, sizeof bytes), text);
    for (size_t i = 0, at = 0; i < CODE_TEXT; i++) {
        if (i > 0 && i % 4 == 0)
            shown[at++] = '-';
        shown[at++] = text[i];
    }
    shown[FACTOR_RECOVERY_TEXT] = '\0';
    s = recovery_mac(f, user, text, mac);
    explicit_bzero(bytes, sizeof bytes);
    explicit_bzero(text, sizeof text);
    return s;
}

enum status factors_recovery_make(struct factors *f, uint32_t user, int64_t now, struct factor_codes *out,
                                  struct error *e) {
    struct factor_record r;
    (void)pthread_mutex_lock(&f->lock);
    enum status s = factor_read(f, user, &r);
    for (size_t i = 0; s == ST_OK && i < FACTOR_RECOVERY; i++)
        s = draw_code(f, user, out->text[i], r.recovery[i]);
    if (s == ST_OK) {
        r.recovery_count = FACTOR_RECOVERY;
        r.recovery_at = now;
        s = factor_write(f, user, &r);
    }
    if (s != ST_OK)
        explicit_bzero(out, sizeof *out);
    return factor_end(f, &r, s, e);
}

static bool remove_passkey(struct factor_record *r, struct slice id) {
    for (size_t i = 0; i < r->passkey_count; i++) {
        if (!slice_equal(slice_of(r->passkeys[i].id, r->passkeys[i].id_n), id))
            continue;
        r->passkey_count--;
        memmove(&r->passkeys[i], &r->passkeys[i + 1], (r->passkey_count - i) * sizeof r->passkeys[0]);
        return true;
    }
    return false;
}

static bool remove_totp(struct factor_record *r) {
    bool had = r->has_totp;
    explicit_bzero(r->secret, sizeof r->secret);
    explicit_bzero(r->fresh, sizeof r->fresh);
    r->has_totp = r->has_fresh = false;
    return had;
}

enum status factors_remove(struct factors *f, uint32_t user, enum factor_kind kind, struct slice id,
                           bool keep_one, struct error *e) {
    struct factor_record r;
    (void)pthread_mutex_lock(&f->lock);
    enum status s = factor_read(f, user, &r);
    bool had = s == ST_OK && (kind == FACTOR_KIND_TOTP ? remove_totp(&r) : remove_passkey(&r, id));
    if (s == ST_OK && !had)
        s = error_set(e, ST_NOT_FOUND, "not_found", "there is no such second factor");
    bool none = !r.has_totp && r.passkey_count == 0;
    if (s == ST_OK && none && keep_one)
        s = error_set(e, ST_DENIED, "factor_demanded",
                      "your company demands a second factor: set up another one first");
    if (s == ST_OK && none) {
        r.recovery_count = 0;
        r.recovery_at = 0;
    }
    if (s == ST_OK)
        s = factor_write(f, user, &r);
    return factor_end(f, &r, s, e);
}

enum status factors_reset(struct factors *f, uint32_t user, struct error *e) {
    uint8_t key[4];
    struct factor_record r;
    (void)pthread_mutex_lock(&f->lock);
    enum status s = factor_read(f, user, &r);
    struct vault_change c[] = {{VAULT_FACTOR, factor_key(user, key), SLICE_NONE},
                               {VAULT_HANDLE, slice_of(r.handle, sizeof r.handle), SLICE_NONE}};
    if (s == ST_OK)
        s = vault_commit(f->vault, c, 2);
    return factor_end(f, &r, s, e);
}
