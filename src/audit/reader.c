#include "audit/reader.h"

#include "audit/segment.h"

struct audit_reader {
    char directory[SEGMENT_PATH - 64];
    struct segment_reader segment;
    uint64_t next; /* seq of the next entry in the segment */
    uint64_t from;
    uint64_t limit;
    uint32_t batch;
    struct slice leaf;
};

static enum status enter(struct audit_reader *r, uint64_t first) {
    char path[SEGMENT_PATH];
    struct segment_reader fresh;
    if (!segment_path(r->directory, first, path))
        return ST_IO;
    enum status s = segment_open(&fresh, path);
    if (s != ST_OK)
        return s;
    if (fresh.header.first_seq != first) {
        segment_close(&fresh);
        return ST_CORRUPT;
    }
    segment_close(&r->segment);
    r->segment = fresh;
    r->next = first;
    r->batch = fresh.header.batch;
    return ST_OK;
}

static enum status find_segment(struct audit_reader *r) {
    struct arena a;
    arena_init(&a, 16u << 20, ARENA_PLAIN);
    uint64_t *firsts;
    size_t count, i = 0;
    enum status s = segment_list(r->directory, &a, &firsts, &count);
    if (s == ST_OK) {
        while (i + 1 < count && firsts[i + 1] <= r->from)
            i++;
        s = count == 0 || firsts[0] > r->from ? ST_NOT_FOUND : enter(r, firsts[i]);
    }
    arena_free(&a);
    return s;
}

enum status audit_reader_open(const char *directory, uint64_t from, struct audit_reader **out,
                              struct error *e) {
    *out = NULL;
    size_t n = strlen(directory);
    struct audit_reader *r = calloc(1, sizeof *r);
    if (r == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for reading the audit log");
    enum status s = n < sizeof r->directory && from > 0 ? ST_OK : ST_INVALID;
    if (s == ST_OK) {
        memcpy(r->directory, directory, n + 1);
        r->from = from;
        r->limit = UINT64_MAX;
        s = find_segment(r);
    }
    if (s != ST_OK) {
        free(r);
        return error_set(e, s, "audit_unreadable", "cannot read the audit log from there (%s)",
                         status_name(s));
    }
    *out = r;
    return ST_OK;
}

void audit_reader_close(struct audit_reader *r) {
    if (r == NULL)
        return;
    segment_close(&r->segment);
    free(r);
}

void audit_reader_limit(struct audit_reader *r, uint64_t seq) {
    r->limit = seq;
}

/* At the end of what the segment has: on to the next one, if it is there. */
static enum status go_on(struct audit_reader *r, enum status end) {
    enum status s = r->next == r->segment.header.first_seq ? ST_NOT_FOUND : enter(r, r->next);
    if (s != ST_NOT_FOUND || end == ST_NOT_FOUND)
        return s;
    /* A bad record at the very end may be one that is being written now. */
    uint64_t dirty;
    s = segment_judge_tail(&r->segment, r->batch, &dirty);
    return s == ST_OK ? ST_NOT_FOUND : s;
}

static enum status step(struct audit_reader *r, struct segment_record *record) {
    for (bool again = true;;) {
        if (r->next > r->limit)
            return ST_NOT_FOUND;
        enum status s = segment_next(&r->segment, record);
        if (s == ST_NOT_FOUND || s == ST_CORRUPT) {
            s = go_on(r, s);
            /* What was being written a moment ago may be whole and followed by more now. */
            if (s != ST_OK && (s != ST_CORRUPT || !again))
                return s;
            again = again && s == ST_OK;
            continue;
        }
        if (s != ST_OK)
            return s;
        if (record->seq != r->next)
            return ST_CORRUPT;
        r->next++;
        r->batch = record->batch;
        if (record->seq >= r->from)
            return ST_OK;
    }
}

enum status audit_reader_next(struct audit_reader *r, struct arena *a, struct audit_entry *out) {
    struct segment_record record;
    r->leaf = SLICE_NONE;
    enum status s = step(r, &record);
    if (s != ST_OK)
        return s;
    r->leaf = record.leaf;
    return audit_entry_decode(record.leaf, record.side, a, out);
}

struct slice audit_reader_leaf(const struct audit_reader *r) {
    return r->leaf;
}
