#include "keeper/session_record.h"

#define RECORD_VERSION 2 /* 1: without a job's plan */

static void put_string(struct buf *out, const char *s, size_t room) {
    buf_put_slice(out, slice_of(s, strnlen(s, room - 1)));
}

static void get_string(struct reader *r, char *out, size_t room) {
    struct slice s = reader_slice(r, room - 1);
    if (s.n > 0 && memchr(s.p, 0, s.n) != NULL)
        r->failed = true;
    if (s.n > 0)
        memcpy(out, s.p, s.n);
    out[s.n] = '\0';
}

void session_write(struct buf *out, const struct session *s) {
    const struct session_grant *g = &s->grant;
    buf_put_u8(out, RECORD_VERSION);
    buf_put(out, s->hash, sizeof s->hash);
    buf_put_u64(out, (uint64_t)s->signed_in_at);
    buf_put_u64(out, (uint64_t)s->seen_at);
    buf_put_u32(out, g->user);
    buf_put_u8(
        out, (uint8_t)(g->is_key | g->is_job << 1 | g->must_change << 2 | g->step << 3 | g->has_reason << 7));
    buf_put(out, g->job.b, sizeof g->job.b);
    buf_put_u16(out, g->object);
    buf_put_u64(out, (uint64_t)g->expires_at);
    buf_put_u64(out, (uint64_t)g->second_factor_at);
    buf_put(out, g->address, sizeof g->address);
    put_string(out, g->agent, sizeof g->agent);
    buf_put_u8(out, (uint8_t)g->roles.count);
    for (size_t i = 0; i < g->roles.count; i++)
        put_string(out, g->roles.name[i], sizeof g->roles.name[i]);
    buf_put_u8(out, (uint8_t)g->network_count);
    for (size_t i = 0; i < g->network_count; i++) {
        buf_put(out, g->networks[i].address, sizeof g->networks[i].address);
        buf_put_u8(out, g->networks[i].bits);
    }
    buf_put_u8(out, g->has_plan);
    buf_put(out, g->plan, sizeof g->plan);
}

bool session_read(struct slice record, struct session *s) {
    struct reader r = reader_of(record);
    struct session_grant *g = &s->grant;
    uint8_t version = reader_u8(&r);
    if (version != 1 && version != RECORD_VERSION)
        return false;
    reader_copy(&r, s->hash, sizeof s->hash);
    s->signed_in_at = (int64_t)reader_u64(&r);
    s->seen_at = s->stored_seen_at = (int64_t)reader_u64(&r);
    g->user = reader_u32(&r);
    uint8_t flags = reader_u8(&r);
    g->is_key = flags & 1;
    g->is_job = flags >> 1 & 1;
    g->must_change = flags >> 2 & 1;
    g->step = flags >> 3 & 0xf;
    g->has_reason = flags >> 7;
    reader_copy(&r, g->job.b, sizeof g->job.b);
    g->object = reader_u16(&r);
    g->expires_at = (int64_t)reader_u64(&r);
    g->second_factor_at = (int64_t)reader_u64(&r);
    reader_copy(&r, g->address, sizeof g->address);
    get_string(&r, g->agent, sizeof g->agent);
    g->roles.count = reader_u8(&r);
    if (g->roles.count > KEEPER_ROLES_MAX)
        return false;
    for (size_t i = 0; i < g->roles.count; i++)
        get_string(&r, g->roles.name[i], sizeof g->roles.name[i]);
    g->network_count = reader_u8(&r);
    if (g->network_count > SESSION_NETWORKS)
        return false;
    for (size_t i = 0; i < g->network_count; i++) {
        reader_copy(&r, g->networks[i].address, sizeof g->networks[i].address);
        g->networks[i].bits = reader_u8(&r);
        if (g->networks[i].bits > 128)
            return false;
    }
    uint8_t has_plan = version > 1 ? reader_u8(&r) : 0;
    g->has_plan = has_plan == 1;
    if (version > 1)
        reader_copy(&r, g->plan, sizeof g->plan);
    return reader_done(&r) && has_plan <= 1 && g->step < SIGN_IN_STEP_END;
}
