#include "audit/verify.h"

#include "audit/checkpoint.h"
#include "audit/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define NOTES_WINDOW (64u << 10)
#define ENTRY_MEMORY (4u << 20)

struct verifier {
    const char *directory;
    const uint8_t *public_key;
    struct hash *hash;
    struct arena scratch;
    struct tree tree;
    uint32_t batch;
    struct audit_report *report;
    struct error *error;
    int notes_fd; /* -1: no checkpoints */
    uint8_t notes[NOTES_WINDOW];
    size_t notes_at, notes_n;
    bool have_note;
    struct checkpoint note; /* the next one to be met; its slices are not kept */
    bool have_kept;
    struct checkpoint kept;
};

static enum status blame(struct verifier *v, const char *code, const char *what) {
    if (v->report->bad_seq == 0)
        v->report->bad_seq = v->tree.size + 1;
    return error_set(v->error, ST_CORRUPT, code, "%s (at entry %llu)", what,
                     (unsigned long long)v->report->bad_seq);
}

static enum status fill_notes(struct verifier *v) {
    memmove(v->notes, v->notes + v->notes_at, v->notes_n - v->notes_at);
    v->notes_n -= v->notes_at;
    v->notes_at = 0;
    while (v->notes_n < sizeof v->notes) {
        ssize_t n = read(v->notes_fd, v->notes + v->notes_n, sizeof v->notes - v->notes_n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ST_IO;
        if (n == 0)
            break;
        v->notes_n += (size_t)n;
    }
    return ST_OK;
}

/* Moves on to the next checkpoint; `size` may not fall. */
static enum status next_note(struct verifier *v) {
    uint64_t before = v->have_note ? v->note.size : 0;
    v->have_note = false;
    if (v->notes_fd < 0)
        return ST_OK;
    if (v->notes_n - v->notes_at < CHECKPOINT_TEXT) {
        enum status s = fill_notes(v);
        if (s != ST_OK)
            return s;
    }
    struct slice text = slice_of(v->notes + v->notes_at, v->notes_n - v->notes_at);
    enum status s = checkpoint_next(&text, &v->note);
    if (s == ST_NOT_FOUND)
        return ST_OK;
    if (s != ST_OK || checkpoint_check(&v->note, v->public_key) != ST_OK || v->note.size < before)
        return blame(v, "audit_checkpoint_bad",
                     "a checkpoint is malformed, out of order or not signed by this key");
    v->notes_at = v->notes_n - text.n;
    v->have_note = true;
    return ST_OK;
}

static enum status root_is(struct verifier *v, const uint8_t want[TREE_HASH], const char *code,
                           const char *what) {
    uint8_t root[TREE_HASH];
    enum status s = tree_root(&v->tree, v->hash, root);
    if (s != ST_OK)
        return s;
    if (memcmp(root, want, TREE_HASH) == 0)
        return ST_OK;
    v->report->bad_seq = v->tree.size;
    return blame(v, code, what);
}

/* Compares with every head that was signed over just the entries so far. */
static enum status meet_heads(struct verifier *v) {
    enum status s = ST_OK;
    while (s == ST_OK && v->have_note && v->note.size == v->tree.size) {
        s = root_is(v, v->note.root, "audit_root_mismatch",
                    "the entries are not those that a checkpoint was signed over");
        if (s == ST_OK) {
            v->report->checkpoints++;
            v->report->signed_until = v->note.size;
            s = next_note(v);
        }
    }
    if (s == ST_OK && v->have_kept && v->kept.size == v->tree.size)
        s = root_is(v, v->kept.root, "audit_head_mismatch",
                    "the entries are not those that the kept head was signed over");
    return s;
}

static enum status take_record(struct verifier *v, const struct segment_record *record) {
    struct audit_entry entry;
    if (record->seq != v->tree.size + 1)
        return blame(v, "audit_gap", "an entry is missing or out of its place");
    if (record->batch < v->batch || record->batch > v->batch + 1 ||
        (record->batch != v->batch) != record->first)
        return blame(v, "audit_gap", "the batches are out of order");
    arena_reset(&v->scratch);
    enum status s = audit_entry_decode(record->leaf, record->side, &v->scratch, &entry);
    if (s == ST_CORRUPT)
        return blame(v, "audit_record_bad", "an entry is malformed");
    uint8_t leaf_hash[TREE_HASH];
    if (s == ST_OK)
        s = tree_leaf_hash(v->hash, record->leaf, leaf_hash);
    if (s == ST_OK)
        s = tree_append(&v->tree, v->hash, leaf_hash);
    if (s != ST_OK)
        return s;
    v->batch = record->batch;
    v->report->entries++;
    v->report->wiped_sides += record->side_wiped ? 1 : 0;
    return meet_heads(v);
}

static enum status enter_segment(struct verifier *v, uint64_t first, struct segment_reader *r) {
    char path[SEGMENT_PATH];
    if (!segment_path(v->directory, first, path))
        return ST_IO;
    enum status s = segment_open(r, path);
    if (s == ST_CORRUPT)
        return blame(v, "audit_segment_bad", "a segment's header is malformed");
    if (s != ST_OK)
        return s;
    if (r->header.first_seq != first || first != v->tree.size + 1)
        return blame(v, "audit_gap", "a segment is missing, renamed or cut short");
    v->batch = r->header.batch;
    return root_is(v, r->header.root, "audit_root_mismatch",
                   "a segment names another root for what came before");
}

/* What stands behind the last good record of a segment. */
static enum status judge_end(struct verifier *v, struct segment_reader *r, enum status end, bool last) {
    if (end == ST_CORRUPT && !last)
        return blame(v, "audit_record_bad", "an entry's checksum does not hold");
    uint64_t dirty;
    enum status s = segment_judge_tail(r, v->batch, &dirty);
    if (s == ST_CORRUPT || (s == ST_OK && dirty > 0 && (!last || v->have_note)))
        return blame(v, "audit_record_bad", "an entry's checksum does not hold");
    v->report->torn_bytes = dirty;
    return s;
}

static enum status walk_segment(struct verifier *v, uint64_t first, bool last) {
    struct segment_reader r = {0};
    enum status s = enter_segment(v, first, &r), end = ST_OK;
    while (s == ST_OK && end == ST_OK) {
        struct segment_record record;
        end = segment_next(&r, &record);
        if (end == ST_OK)
            s = take_record(v, &record);
    }
    if (s == ST_OK)
        s = end == ST_NOT_FOUND || end == ST_CORRUPT ? judge_end(v, &r, end, last) : end;
    segment_close(&r);
    return s;
}

static enum status walk(struct verifier *v, const uint64_t *firsts, size_t count) {
    enum status s = next_note(v);
    for (size_t i = 0; i < count && s == ST_OK; i++)
        s = walk_segment(v, firsts[i], i + 1 == count);
    if (s != ST_OK)
        return s;
    if (v->have_note)
        return blame(v, "audit_truncated", "the log ends before what a checkpoint was signed over");
    if (v->have_kept && v->kept.size > v->tree.size)
        return blame(v, "audit_truncated", "the log ends before what the kept head was signed over");
    return tree_root(&v->tree, v->hash, v->report->root);
}

static enum status take_kept(struct verifier *v, struct slice kept_head) {
    if (kept_head.n == 0)
        return ST_OK;
    if (checkpoint_next(&kept_head, &v->kept) != ST_OK || checkpoint_check(&v->kept, v->public_key) != ST_OK)
        return blame(v, "audit_checkpoint_bad", "the kept head is malformed or not signed by this key");
    v->have_kept = true;
    return ST_OK;
}

static enum status open_notes(struct verifier *v) {
    char path[SEGMENT_PATH];
    int n = snprintf(path, sizeof path, "%s/checkpoints", v->directory);
    if (n <= 0 || (size_t)n >= sizeof path)
        return ST_INVALID;
    v->notes_fd = open(path, O_RDONLY | O_CLOEXEC);
    return v->notes_fd < 0 && errno != ENOENT ? ST_IO : ST_OK;
}

static enum status run(struct verifier *v, struct slice kept_head) {
    struct arena names;
    arena_init(&names, 16u << 20, ARENA_PLAIN);
    uint64_t *firsts;
    size_t count;
    enum status s = take_kept(v, kept_head);
    if (s == ST_OK)
        s = open_notes(v);
    if (s == ST_OK)
        s = segment_list(v->directory, &names, &firsts, &count);
    if (s == ST_OK && count == 0)
        s = ST_NOT_FOUND;
    if (s == ST_OK)
        s = walk(v, firsts, count);
    arena_free(&names);
    return s;
}

enum status audit_verify(const char *directory, const uint8_t public_key[32], struct slice kept_head,
                         struct audit_report *report, struct error *e) {
    *report = (struct audit_report){0};
    struct verifier *v = calloc(1, sizeof *v);
    if (v == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the verifier");
    v->directory = directory;
    v->public_key = public_key;
    v->report = report;
    v->error = e;
    v->notes_fd = -1;
    arena_init(&v->scratch, ENTRY_MEMORY, ARENA_PLAIN);
    v->hash = hash_new();
    enum status s = v->hash == NULL ? ST_NOMEM : run(v, kept_head);
    if (s != ST_OK && s != ST_CORRUPT)
        (void)error_set(e, s, "audit_unreadable", "the audit log could not be read (%s)", status_name(s));
    if (v->notes_fd >= 0)
        (void)close(v->notes_fd);
    arena_free(&v->scratch);
    hash_free(v->hash);
    free(v);
    return s;
}
