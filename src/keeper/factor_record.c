#include "keeper/factor_record.h"

#define RECORD_VERSION 1

static void put_i64(struct buf *out, int64_t v) {
    buf_put_u64(out, (uint64_t)v);
}

static int64_t get_i64(struct reader *r) {
    return (int64_t)reader_u64(r);
}

static void put_short(struct buf *out, const void *p, size_t n) {
    buf_put_u16(out, (uint16_t)n);
    buf_put(out, p, n);
}

/* At most `room` bytes; how many there are. */
static uint16_t get_short(struct reader *r, void *out, size_t room) {
    uint16_t n = reader_u16(r);
    if (n > room)
        r->failed = true;
    if (!r->failed)
        reader_copy(r, out, n);
    return r->failed ? 0 : n;
}

static void put_passkey(struct buf *out, const struct factor_passkey *p) {
    put_short(out, p->id, p->id_n);
    buf_put_u16(out, (uint16_t)p->key.algorithm);
    put_short(out, p->key.first, p->key.first_n);
    put_short(out, p->key.second, p->key.second_n);
    buf_put_u32(out, p->counter);
    buf_put_u8(out, p->synced);
    put_short(out, p->name, strnlen(p->name, FACTOR_NAME_MAX));
    put_i64(out, p->made_at);
    put_i64(out, p->used_at);
}

static void get_passkey(struct reader *r, struct factor_passkey *p) {
    p->id_n = get_short(r, p->id, sizeof p->id);
    p->key.algorithm = (int16_t)reader_u16(r);
    p->key.first_n = get_short(r, p->key.first, sizeof p->key.first);
    p->key.second_n = get_short(r, p->key.second, sizeof p->key.second);
    p->counter = reader_u32(r);
    uint8_t synced = reader_u8(r);
    p->synced = synced == 1;
    uint16_t n = get_short(r, p->name, FACTOR_NAME_MAX);
    if (memchr(p->name, 0, n) != NULL || synced > 1)
        r->failed = true;
    p->made_at = get_i64(r);
    p->used_at = get_i64(r);
}

void factor_record_write(struct buf *out, const struct factor_record *r) {
    buf_put_u8(out, RECORD_VERSION);
    buf_put_u8(out, (uint8_t)(r->has_totp | r->has_fresh << 1));
    buf_put(out, r->secret, sizeof r->secret);
    buf_put(out, r->fresh, sizeof r->fresh);
    put_i64(out, r->fresh_at);
    put_i64(out, r->totp_at);
    put_i64(out, r->totp_used_at);
    buf_put_u64(out, r->last_step);
    put_i64(out, r->recovery_at);
    buf_put_u8(out, (uint8_t)r->recovery_count);
    for (size_t i = 0; i < r->recovery_count; i++)
        buf_put(out, r->recovery[i], sizeof r->recovery[i]);
    buf_put_u16(out, r->fails);
    put_i64(out, r->failed_at);
    buf_put(out, r->handle, sizeof r->handle);
    buf_put_u8(out, (uint8_t)r->passkey_count);
    for (size_t i = 0; i < r->passkey_count; i++)
        put_passkey(out, &r->passkeys[i]);
}

static void get_totp(struct reader *r, struct factor_record *out) {
    uint8_t flags = reader_u8(r);
    out->has_totp = flags & 1;
    out->has_fresh = flags >> 1 & 1;
    reader_copy(r, out->secret, sizeof out->secret);
    reader_copy(r, out->fresh, sizeof out->fresh);
    out->fresh_at = get_i64(r);
    out->totp_at = get_i64(r);
    out->totp_used_at = get_i64(r);
    out->last_step = reader_u64(r);
    if (flags > 3)
        r->failed = true;
}

bool factor_record_read(struct slice bytes, struct factor_record *out) {
    struct reader r = reader_of(bytes);
    memset(out, 0, sizeof *out);
    if (reader_u8(&r) != RECORD_VERSION)
        return false;
    get_totp(&r, out);
    out->recovery_at = get_i64(&r);
    out->recovery_count = reader_u8(&r);
    if (out->recovery_count > FACTOR_RECOVERY)
        return false;
    for (size_t i = 0; i < out->recovery_count; i++)
        reader_copy(&r, out->recovery[i], sizeof out->recovery[i]);
    out->fails = reader_u16(&r);
    out->failed_at = get_i64(&r);
    reader_copy(&r, out->handle, sizeof out->handle);
    out->passkey_count = reader_u8(&r);
    if (out->passkey_count > FACTOR_PASSKEYS)
        return false;
    for (size_t i = 0; i < out->passkey_count; i++)
        get_passkey(&r, &out->passkeys[i]);
    return reader_done(&r);
}
