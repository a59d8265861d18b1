#include "audit/entry.h"

#define VERSION 1

static const char *const act_names[AUDIT_ACT_END] = {
    [AUDIT_SIGN_IN] = "sign_in",   [AUDIT_SIGN_IN_FAILED] = "sign_in_failed",
    [AUDIT_SIGN_OUT] = "sign_out", [AUDIT_LIST] = "list",
    [AUDIT_VIEW] = "view",         [AUDIT_REVEAL] = "reveal",
    [AUDIT_SEARCH] = "search",     [AUDIT_LOOKUP] = "lookup",
    [AUDIT_CREATE] = "create",     [AUDIT_UPDATE] = "update",
    [AUDIT_DELETE] = "delete",     [AUDIT_RESTORE] = "restore",
    [AUDIT_LINK] = "link",         [AUDIT_IMPORT] = "import",
    [AUDIT_EXPORT] = "export",     [AUDIT_SHARE] = "share",
    [AUDIT_REFUSE] = "refuse",     [AUDIT_OUTCOME] = "outcome",
    [AUDIT_ADMIN] = "admin",       [AUDIT_POLICY] = "policy",
    [AUDIT_CONFIG] = "config",     [AUDIT_BUDGET] = "budget",
    [AUDIT_DESTROY] = "destroy",   [AUDIT_CHECKPOINT] = "checkpoint",
    [AUDIT_SYSTEM] = "system",
};

static const char *const outcome_names[AUDIT_OUTCOME_END] = {
    [AUDIT_DONE] = "done",     [AUDIT_PENDING] = "pending", [AUDIT_DENIED] = "denied",
    [AUDIT_FAILED] = "failed", [AUDIT_PARTIAL] = "partial",
};

const char *audit_act_name(uint8_t act) {
    return act < AUDIT_ACT_END ? act_names[act] : NULL;
}

const char *audit_outcome_name(uint8_t outcome) {
    return outcome < AUDIT_OUTCOME_END ? outcome_names[outcome] : NULL;
}

size_t audit_exceptions_length(size_t records, size_t fields) {
    return (records * fields + 7) / 8;
}

static bool tag_valid(struct slice tag) {
    if (tag.n > AUDIT_TAG_MAX)
        return false;
    for (size_t i = 0; i < tag.n; i++)
        if (tag.p[i] < 0x20 || tag.p[i] > 0x7e)
            return false;
    return tag.n == 0 || (tag.p[0] != ' ' && tag.p[tag.n - 1] != ' ');
}

static bool exceptions_valid(const struct audit_entry *e) {
    if (e->exceptions.n == 0)
        return true;
    size_t bits = e->record_count * e->field_count;
    if (e->exceptions.n > AUDIT_EXCEPTIONS_MAX || e->exceptions.n != (bits + 7) / 8)
        return false;
    return bits % 8 == 0 || e->exceptions.p[e->exceptions.n - 1] >> (bits % 8) == 0;
}

static size_t leaf_length(const struct audit_entry *e) {
    return 128 + e->tag.n + 16 * e->record_count + 3 * e->field_count + e->exceptions.n +
           (16 + AUDIT_COMMITMENT) * e->detail_count;
}

enum status audit_entry_check(const struct audit_entry *e) {
    if (audit_act_name(e->act) == NULL || audit_outcome_name(e->outcome) == NULL || !tag_valid(e->tag) ||
        e->record_count > AUDIT_RECORDS_MAX || e->field_count > AUDIT_FIELDS_MAX ||
        e->detail_count > AUDIT_DETAILS_MAX || !exceptions_valid(e) || leaf_length(e) > AUDIT_LEAF_MAX)
        return ST_INVALID;
    for (size_t i = 0; i < e->field_count; i++)
        if (e->fields[i].view > AUDIT_VIEW_MAX)
            return ST_INVALID;
    size_t side = 0;
    for (size_t i = 0; i < e->detail_count; i++) {
        if (e->details[i].sealed.n > AUDIT_SEALED_MAX)
            return ST_INVALID;
        side += 4 + e->details[i].sealed.n;
    }
    return side <= AUDIT_SIDE_MAX ? ST_OK : ST_INVALID;
}

/* leaf: version, seq, time, act, outcome, purpose, object, actor, session, request, client, intent,
 *       u8 length and tag, u16 count and records, u16 count and fields, u32 length and exceptions,
 *       u16 count and (subject, commitment). All numbers little-endian. */
void audit_entry_put_leaf(struct buf *out, const struct audit_entry *e) {
    buf_put_u8(out, VERSION);
    buf_put_u64(out, e->seq);
    buf_put_u64(out, (uint64_t)e->time_ms);
    buf_put_u8(out, e->act);
    buf_put_u8(out, e->outcome);
    buf_put_u8(out, e->purpose);
    buf_put_u16(out, e->object);
    buf_put_u32(out, e->actor);
    buf_put(out, e->session, 16);
    buf_put(out, e->request, 16);
    buf_put(out, e->client, 16);
    buf_put_u64(out, e->intent);
    buf_put_u8(out, (uint8_t)e->tag.n);
    buf_put(out, e->tag.p, e->tag.n);
    buf_put_u16(out, (uint16_t)e->record_count);
    buf_put(out, e->records, e->record_count * sizeof(struct uuid));
    buf_put_u16(out, (uint16_t)e->field_count);
    for (size_t i = 0; i < e->field_count; i++) {
        buf_put_u16(out, e->fields[i].field);
        buf_put_u8(out, e->fields[i].view);
    }
    buf_put_slice(out, e->exceptions);
    buf_put_u16(out, (uint16_t)e->detail_count);
    for (size_t i = 0; i < e->detail_count; i++) {
        buf_put(out, e->details[i].subject.b, 16);
        buf_put(out, e->details[i].commitment, AUDIT_COMMITMENT);
    }
}

/* side: for every detail u32 length and the sealed bytes. */
void audit_entry_put_side(struct buf *out, const struct audit_entry *e) {
    for (size_t i = 0; i < e->detail_count; i++)
        buf_put_slice(out, e->details[i].sealed);
}

uint64_t audit_entry_peek_seq(struct slice leaf) {
    struct reader r = reader_of(leaf);
    if (reader_u8(&r) != VERSION)
        return 0;
    uint64_t seq = reader_u64(&r);
    return r.failed ? 0 : seq;
}

static void read_fixed(struct reader *r, struct audit_entry *e) {
    e->seq = reader_u64(r);
    e->time_ms = (int64_t)reader_u64(r);
    e->act = reader_u8(r);
    e->outcome = reader_u8(r);
    e->purpose = reader_u8(r);
    e->object = reader_u16(r);
    e->actor = reader_u32(r);
    reader_copy(r, e->session, 16);
    reader_copy(r, e->request, 16);
    reader_copy(r, e->client, 16);
    e->intent = reader_u64(r);
    e->tag = reader_bytes(r, reader_u8(r));
}

static enum status read_lists(struct reader *r, struct arena *a, struct audit_entry *e) {
    e->record_count = reader_u16(r);
    if (e->record_count > AUDIT_RECORDS_MAX)
        return ST_CORRUPT;
    e->records = (const struct uuid *)reader_bytes(r, e->record_count * sizeof(struct uuid)).p;
    e->field_count = reader_u16(r);
    if (r->failed || e->field_count > AUDIT_FIELDS_MAX)
        return ST_CORRUPT;
    struct audit_field *fields = arena_array(a, e->field_count, sizeof *fields);
    if (fields == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < e->field_count; i++) {
        fields[i].field = reader_u16(r);
        fields[i].view = reader_u8(r);
    }
    e->fields = fields;
    e->exceptions = reader_slice(r, AUDIT_EXCEPTIONS_MAX);
    return r->failed ? ST_CORRUPT : ST_OK;
}

static enum status read_details(struct reader *leaf, struct slice side_bytes, struct arena *a,
                                struct audit_entry *e) {
    e->detail_count = reader_u16(leaf);
    if (leaf->failed || e->detail_count > AUDIT_DETAILS_MAX)
        return ST_CORRUPT;
    struct audit_detail *details = arena_array(a, e->detail_count, sizeof *details);
    if (details == NULL)
        return ST_NOMEM;
    struct reader side = reader_of(side_bytes);
    for (size_t i = 0; i < e->detail_count; i++) {
        reader_copy(leaf, details[i].subject.b, 16);
        reader_copy(leaf, details[i].commitment, AUDIT_COMMITMENT);
        if (side_bytes.n > 0)
            details[i].sealed = reader_slice(&side, AUDIT_SEALED_MAX);
    }
    e->details = details;
    return reader_done(leaf) && reader_done(&side) ? ST_OK : ST_CORRUPT;
}

enum status audit_entry_decode(struct slice leaf, struct slice side, struct arena *a,
                               struct audit_entry *out) {
    *out = (struct audit_entry){0};
    if (leaf.n > AUDIT_LEAF_MAX || side.n > AUDIT_SIDE_MAX)
        return ST_CORRUPT;
    struct reader r = reader_of(leaf);
    if (reader_u8(&r) != VERSION)
        return ST_CORRUPT;
    read_fixed(&r, out);
    enum status s = read_lists(&r, a, out);
    if (s == ST_OK)
        s = read_details(&r, side, a, out);
    if (s == ST_OK && (out->seq == 0 || audit_entry_check(out) != ST_OK))
        s = ST_CORRUPT;
    return s;
}
