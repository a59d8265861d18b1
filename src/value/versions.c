#include "value/versions.h"

#define FIELD_MOST 65535u

/* Takes the next entry off `r`; `last` is the field before it. A writer leaves only entries that a bump made.
 */
static enum status take(struct reader *r, uint32_t last, struct field_version *out) {
    uint64_t delta = reader_varint(r);
    uint64_t writes = reader_varint(r);
    uint64_t writes_at = reader_varint(r);
    uint64_t masked = reader_varint(r);
    uint64_t masked_at = reader_varint(r);
    if (r->failed || delta == 0 || delta > FIELD_MOST - last)
        return ST_CORRUPT;
    if (writes < 2 || writes > UINT32_MAX || writes_at > UINT32_MAX)
        return ST_CORRUPT;
    if (masked < 1 || masked > writes || masked_at > UINT32_MAX)
        return ST_CORRUPT;
    *out = (struct field_version){.field = (uint16_t)(last + delta),
                                  .writes = (uint32_t)writes,
                                  .masked = (uint32_t)masked,
                                  .writes_at = (uint32_t)writes_at,
                                  .masked_at = (uint32_t)masked_at};
    return ST_OK;
}

enum status versions_get(struct slice list, uint16_t field, struct field_version *out) {
    *out = (struct field_version){.field = field, .writes = 1, .masked = 1};
    if (list.n > VERSIONS_MAX)
        return ST_CORRUPT;
    struct reader r = reader_of(list);
    uint32_t last = 0;
    while (r.at < r.n) {
        struct field_version v;
        enum status s = take(&r, last, &v);
        if (s != ST_OK)
            return s;
        last = v.field;
        if (v.field == field)
            *out = v;
    }
    return ST_OK;
}

static void put(struct buf *out, uint32_t *last, const struct field_version *v) {
    buf_put_varint(out, v->field - *last);
    buf_put_varint(out, v->writes);
    buf_put_varint(out, v->writes_at);
    buf_put_varint(out, v->masked);
    buf_put_varint(out, v->masked_at);
    *last = v->field;
}

static enum status bump(struct field_version *v, bool masked, uint32_t at) {
    if (v->writes == UINT32_MAX)
        return ST_LIMIT;
    v->writes++;
    v->writes_at = at;
    if (masked) {
        v->masked++;
        v->masked_at = at;
    }
    return ST_OK;
}

/* Writes the bumps of fields below `until` as entries of their own. */
static enum status put_new(const struct version_bump **b, const struct version_bump *end, uint32_t until,
                           uint32_t at, uint32_t *last, struct buf *out) {
    for (; *b < end && (*b)->field < until; (*b)++) {
        struct field_version v = {.field = (*b)->field, .writes = 1, .masked = 1};
        enum status s = bump(&v, (*b)->masked, at);
        if (s != ST_OK)
            return s;
        put(out, last, &v);
    }
    return ST_OK;
}

static bool ascending(const struct version_bump *bumps, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (bumps[i].field <= (i == 0 ? 0 : bumps[i - 1].field))
            return false;
    }
    return true;
}

enum status versions_bump(struct slice list, const struct version_bump *bumps, size_t count, uint32_t at,
                          struct buf *out) {
    if (!ascending(bumps, count))
        return ST_INVALID;
    if (list.n > VERSIONS_MAX)
        return ST_CORRUPT;
    struct reader r = reader_of(list);
    const struct version_bump *b = bumps, *end = bumps + count;
    uint32_t read = 0, written = 0;
    size_t start = out->n;
    while (r.at < r.n) {
        struct field_version v;
        enum status s = take(&r, read, &v);
        if (s == ST_OK)
            s = put_new(&b, end, v.field, at, &written, out);
        if (s == ST_OK && b < end && b->field == v.field)
            s = bump(&v, (b++)->masked, at);
        if (s != ST_OK)
            return s;
        read = v.field;
        put(out, &written, &v);
    }
    enum status s = put_new(&b, end, FIELD_MOST + 1, at, &written, out);
    if (s != ST_OK)
        return s;
    if (out->failed)
        return ST_NOMEM;
    return out->n - start > VERSIONS_MAX ? ST_LIMIT : ST_OK;
}

/* The best view of a field that the viewer was given, hidden when it isn't among his. */
static uint8_t view_of(uint16_t field, const uint16_t *fields, const uint8_t *views, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (fields[i] == field)
            return views[i];
    }
    return VIEW_HIDDEN;
}

enum status versions_seen(struct slice list, const uint16_t *fields, const uint8_t *views, size_t count,
                          uint64_t *version, uint32_t *at) {
    *version = 1;
    *at = 0;
    if (list.n > VERSIONS_MAX)
        return ST_CORRUPT;
    struct reader r = reader_of(list);
    uint32_t last = 0;
    while (r.at < r.n) {
        struct field_version v;
        enum status s = take(&r, last, &v);
        if (s != ST_OK)
            return s;
        last = v.field;
        uint8_t view = view_of(v.field, fields, views, count);
        if (view == VIEW_HIDDEN)
            continue;
        *version += (view == VIEW_CLEAR ? v.writes : v.masked) - 1;
        uint32_t seen = view == VIEW_CLEAR ? v.writes_at : v.masked_at;
        *at = seen > *at ? seen : *at;
    }
    return ST_OK;
}
