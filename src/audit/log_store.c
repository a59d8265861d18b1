#include "audit/log_store.h"

#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK     (4u << 20)         /* allocated in advance */
#define LEAF_RUN  4096               /* leaf hashes written at once while rebuilding */
#define LEAVES    ((size_t)64 << 10) /* bytes of leaf hashes kept, besides those of one batch */
#define LEAF_MOST ((size_t)16 << 20)
#define TAIL_READ (8 * CHECKPOINT_TEXT)

static bool path_in(const struct log_store *s, const char *name, char out[SEGMENT_PATH]) {
    int n = snprintf(out, SEGMENT_PATH, "%s/%s", s->directory, name);
    return n > 0 && n < SEGMENT_PATH;
}

static int open_in(const struct log_store *s, const char *name, int flags) {
    char path[SEGMENT_PATH];
    return path_in(s, name, path) ? open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
}

static enum status write_at(int fd, struct slice bytes, uint64_t offset) {
    while (bytes.n > 0) {
        ssize_t n = pwrite(fd, bytes.p, bytes.n, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ST_IO;
        bytes = slice_of(bytes.p + n, bytes.n - (size_t)n);
        offset += (size_t)n;
    }
    return ST_OK;
}

static void close_fd(int *fd) {
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* Room for `end` bytes. Where the file system can't allocate, the file simply grows by writing. */
static enum status allocate(struct log_store *s, uint64_t end) {
    if (end <= s->allocated)
        return ST_OK;
    uint64_t want = (end + CHUNK - 1) / CHUNK * CHUNK;
    if (fallocate(s->fd, 0, (off_t)s->allocated, (off_t)(want - s->allocated)) == 0)
        s->allocated = want;
    else if (errno != EOPNOTSUPP && errno != ENOSYS)
        return ST_IO;
    return ST_OK;
}

/* Opens a segment for writing behind `offset` and forgets what lies there. */
static enum status use_segment(struct log_store *s, uint64_t first, uint64_t start, uint64_t offset) {
    char path[SEGMENT_PATH];
    if (!segment_path(s->directory, first, path))
        return ST_IO;
    s->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (s->fd < 0 || ftruncate(s->fd, (off_t)offset) != 0)
        return ST_IO;
    s->segment_first = first;
    s->segment_start = start;
    s->offset = s->allocated = offset;
    if (allocate(s, offset + 1) != ST_OK || fsync(s->fd) != 0)
        return ST_IO;
    return ST_OK;
}

static enum status new_segment(struct log_store *s, const struct log_head *head, struct hash *hash) {
    struct segment_header header = {
        .first_seq = head->tree.size + 1, .batch = head->batch, .tree = head->tree};
    struct buf bytes;
    buf_init(&bytes, SEGMENT_HEAD_MAX, false);
    enum status st = tree_root(&head->tree, hash, header.root);
    segment_put_header(&bytes, &header);
    char path[SEGMENT_PATH];
    if (st == ST_OK && (bytes.failed || !segment_path(s->directory, header.first_seq, path)))
        st = ST_IO;
    if (st == ST_OK)
        st = file_replace(path, buf_slice(&bytes), 0600);
    if (st == ST_OK)
        st = use_segment(s, header.first_seq, bytes.n, bytes.n);
    buf_free(&bytes);
    return st;
}

static enum status put_leaves(struct log_store *s) {
    enum status st = write_at(s->leaves_fd, buf_slice(&s->leaves), s->leaves_end);
    if (st != ST_OK)
        return st;
    s->leaves_end += s->leaves.n;
    buf_reset(&s->leaves);
    return ST_OK;
}

enum status log_store_put_leaves(struct log_store *s) {
    (void)pthread_mutex_lock(&s->leaves_mutex);
    enum status st = put_leaves(s);
    (void)pthread_mutex_unlock(&s->leaves_mutex);
    return st;
}

/* Room for the leaves of a batch, before it is written: afterwards nothing may fail. */
static enum status make_room(struct log_store *s, size_t n) {
    (void)pthread_mutex_lock(&s->leaves_mutex);
    enum status st = s->leaves.n >= LEAVES ? put_leaves(s) : ST_OK;
    if (st == ST_OK && buf_reserve(&s->leaves, n) == NULL)
        st = ST_NOMEM;
    (void)pthread_mutex_unlock(&s->leaves_mutex);
    return st;
}

static void keep_leaves(struct log_store *s, struct slice leaves) {
    (void)pthread_mutex_lock(&s->leaves_mutex);
    buf_put(&s->leaves, leaves.p, leaves.n);
    (void)pthread_mutex_unlock(&s->leaves_mutex);
}

static enum status roll(struct log_store *s, const struct log_head *head, struct hash *hash) {
    if (log_store_put_leaves(s) != ST_OK)
        return ST_IO;
    if (ftruncate(s->fd, (off_t)s->offset) != 0 || fsync(s->fd) != 0 || fsync(s->leaves_fd) != 0)
        return ST_IO;
    close_fd(&s->fd);
    return new_segment(s, head, hash);
}

enum status log_store_write(struct log_store *s, struct slice batch, struct slice leaves,
                            const struct log_head *before, struct hash *hash) {
    enum status st = ST_OK;
    if (s->offset > s->segment_start && s->offset + batch.n > s->segment_bytes)
        st = roll(s, before, hash);
    if (st == ST_OK)
        st = allocate(s, s->offset + batch.n);
    if (st == ST_OK)
        st = make_room(s, leaves.n);
    if (st == ST_OK)
        st = write_at(s->fd, batch, s->offset);
    if (st == ST_OK && fdatasync(s->fd) != 0)
        st = ST_IO;
    if (st != ST_OK)
        return st;
    s->offset += batch.n;
    if (s->offset > s->allocated)
        s->allocated = s->offset;
    keep_leaves(s, leaves);
    return ST_OK;
}

/* After a failed sync the cache may call pages clean that never reached the disk: so the last page of what
 * was synced, which shared a block with what failed, is written again before the cut is synced. */
static enum status rewrite_last_page(int fd, uint64_t offset) {
    uint8_t page[4096];
    size_t n = offset % sizeof page;
    uint64_t at = offset - n;
    if (fd_read_at(fd, page, n, at) != ST_OK)
        return ST_IO;
    return write_at(fd, slice_of(page, n), at);
}

enum status log_store_cut(struct log_store *s, const struct log_head *head, struct hash *hash) {
    char path[SEGMENT_PATH];
    close_fd(&s->fd);
    if (!segment_path(s->directory, s->segment_first, path))
        return ST_IO;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT && s->segment_first == head->tree.size + 1)
        return new_segment(s, head, hash);
    if (fd < 0)
        return ST_IO;
    enum status st = rewrite_last_page(fd, s->offset);
    if (st == ST_OK && (ftruncate(fd, (off_t)s->offset) != 0 || fsync(fd) != 0))
        st = ST_IO;
    (void)close(fd);
    if (st != ST_OK)
        return st;
    /* A segment without records is simply made again: the new one has its name. */
    return new_segment(s, head, hash);
}

/* --- recovery --- */

struct leaf_run {
    struct log_store *store;
    uint64_t first; /* index of the first leaf held */
    size_t count;
    uint8_t hash[LEAF_RUN][TREE_HASH];
};

static enum status run_flush(struct leaf_run *r) {
    enum status st =
        write_at(r->store->leaves_fd, slice_of(r->hash, r->count * TREE_HASH), r->first * TREE_HASH);
    r->first += r->count;
    r->count = 0;
    return st;
}

/* Reads one segment from its head to its last good record; `head` ends behind it. The reader stays open
 * and stands where the records end (*end says why). */
static enum status scan(struct log_store *s, uint64_t first, struct hash *hash, struct segment_reader *reader,
                        struct log_head *head, enum status *end) {
    char path[SEGMENT_PATH];
    uint8_t root[TREE_HASH];
    if (!segment_path(s->directory, first, path))
        return ST_IO;
    enum status st = segment_open(reader, path);
    if (st != ST_OK)
        return st;
    *head = (struct log_head){.tree = reader->header.tree, .batch = reader->header.batch};
    st = tree_root(&head->tree, hash, root);
    if (st == ST_OK &&
        (reader->header.first_seq != first || memcmp(root, reader->header.root, TREE_HASH) != 0))
        st = ST_CORRUPT;
    struct leaf_run *run = calloc(1, sizeof *run);
    if (run == NULL)
        return ST_NOMEM;
    run->store = s;
    run->first = head->tree.size;
    while (st == ST_OK) {
        struct segment_record record;
        *end = segment_next(reader, &record);
        if (*end != ST_OK)
            break;
        if (record.seq != head->tree.size + 1) {
            st = ST_CORRUPT;
            break;
        }
        st = tree_leaf_hash(hash, record.leaf, run->hash[run->count]);
        if (st == ST_OK)
            st = tree_append(&head->tree, hash, run->hash[run->count]);
        head->batch = record.batch;
        if (st == ST_OK && ++run->count == LEAF_RUN)
            st = run_flush(run);
    }
    if (st == ST_OK)
        st = run_flush(run);
    free(run);
    return st != ST_OK || *end == ST_NOT_FOUND || *end == ST_CORRUPT ? st : *end;
}

/* A head signed over just these entries must have their root. */
static enum status compare_with_newest(struct log_store *s, const struct log_head *head, struct hash *hash) {
    if (s->checkpointed > head->tree.size)
        return ST_CORRUPT;
    if (s->checkpointed == 0 || s->checkpointed < head->tree.size)
        return ST_OK;
    struct slice text = slice_from_string(s->newest);
    struct checkpoint c;
    uint8_t root[TREE_HASH];
    enum status st = checkpoint_next(&text, &c);
    if (st == ST_OK)
        st = tree_root(&head->tree, hash, root);
    return st == ST_OK && memcmp(root, c.root, TREE_HASH) != 0 ? ST_CORRUPT : st;
}

static enum status recover_last(struct log_store *s, uint64_t first, struct hash *hash,
                                struct log_head *head) {
    struct segment_reader reader = {0};
    enum status end = ST_OK;
    uint64_t dirty = 0;
    enum status st = scan(s, first, hash, &reader, head, &end);
    if (st == ST_OK)
        st = segment_judge_tail(&reader, head->batch, &dirty);
    uint64_t offset = reader.offset, start = reader.header.length;
    segment_close(&reader);
    /* Before anything is cut: what a head was signed over had been acknowledged. */
    if (st == ST_OK)
        st = compare_with_newest(s, head, hash);
    if (st != ST_OK)
        return st;
    if (dirty > 0)
        log_warn("event=audit_tail_cut segment=%llu bytes=%llu", (unsigned long long)first,
                 (unsigned long long)dirty);
    st = use_segment(s, first, start, offset);
    if (st == ST_OK && ftruncate(s->leaves_fd, (off_t)(head->tree.size * TREE_HASH)) != 0)
        st = ST_IO;
    return st;
}

/* Leaf hashes of earlier segments that leaves.bin lacks. */
static enum status rebuild_leaves(struct log_store *s, const uint64_t *firsts, size_t count,
                                  struct hash *hash) {
    struct stat info;
    if (fstat(s->leaves_fd, &info) != 0)
        return ST_IO;
    uint64_t have = (uint64_t)info.st_size / TREE_HASH;
    enum status st = ST_OK;
    for (size_t i = 0; i + 1 < count && st == ST_OK; i++) {
        if (firsts[i + 1] - 1 <= have)
            continue;
        struct segment_reader reader = {0};
        struct log_head head;
        enum status end = ST_OK;
        st = scan(s, firsts[i], hash, &reader, &head, &end);
        segment_close(&reader);
        if (st == ST_OK && (end != ST_NOT_FOUND || head.tree.size + 1 != firsts[i + 1]))
            st = ST_CORRUPT;
    }
    return st;
}

/* The end of the last whole note in `tail`, 0 for none. A note ends with the line that begins with a dash. */
static size_t note_end(struct slice tail) {
    static const char mark[] = "\n\n\xe2\x80\x94 ";
    size_t end = 0;
    const uint8_t *from = tail.p, *to = tail.p + tail.n;
    for (;;) {
        const uint8_t *at = memmem(from, (size_t)(to - from), mark, sizeof mark - 1);
        const uint8_t *line = at == NULL ? NULL : memchr(at + 2, '\n', (size_t)(to - at) - 2);
        if (line == NULL)
            return end;
        end = (size_t)(line - tail.p) + 1;
        from = line;
    }
}

/* Reads the newest note and cuts a half-written one. */
static enum status recover_checkpoints(struct log_store *s) {
    uint8_t tail[TAIL_READ];
    struct stat info;
    if (fstat(s->checkpoints_fd, &info) != 0)
        return ST_IO;
    size_t n = info.st_size < (off_t)sizeof tail ? (size_t)info.st_size : sizeof tail;
    uint64_t at = (uint64_t)info.st_size - n;
    if (fd_read_at(s->checkpoints_fd, tail, n, at) != ST_OK)
        return ST_IO;
    size_t end = note_end(slice_of(tail, n));
    size_t start = end == 0 ? 0 : note_end(slice_of(tail, end - 1));
    if (n - end > CHECKPOINT_TEXT)
        return ST_CORRUPT;
    if (end < n && (ftruncate(s->checkpoints_fd, (off_t)(at + end)) != 0 || fsync(s->checkpoints_fd) != 0))
        return ST_IO;
    if (end == 0)
        return ST_OK;
    struct slice text = slice_of(tail + start, end - start);
    struct checkpoint c;
    if (text.n > CHECKPOINT_TEXT || checkpoint_next(&text, &c) != ST_OK || text.n != 0)
        return ST_CORRUPT;
    memcpy(s->newest, c.text.p, c.text.n);
    s->newest[c.text.n] = '\0';
    s->checkpointed = c.size;
    return ST_OK;
}

static enum status open_files(struct log_store *s, struct error *e) {
    if (file_make_directory(s->directory, 0700) != ST_OK)
        return error_set(e, ST_IO, "audit_unwritable", "cannot make the directory of the audit log");
    s->lock_fd = open_in(s, "lock", O_RDWR | O_CREAT);
    if (s->lock_fd < 0)
        return error_set(e, ST_IO, "audit_unwritable", "cannot open the audit log's lock file");
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return error_set(e, ST_UNAVAILABLE, "audit_locked", "another process has the audit log open");
    s->leaves_fd = open_in(s, "leaves.bin", O_RDWR | O_CREAT);
    s->checkpoints_fd = open_in(s, "checkpoints", O_RDWR | O_CREAT | O_APPEND);
    if (s->leaves_fd < 0 || s->checkpoints_fd < 0 || file_sync_directory(s->directory) != ST_OK)
        return error_set(e, ST_IO, "audit_unwritable", "cannot open the files of the audit log");
    /* All that it comes to need but after the largest batches: a log that has no memory while it writes has
     * failed, and two such within a second leave it so until the second is over. */
    if (buf_reserve(&s->leaves, 2 * LEAVES) == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the audit log");
    return ST_OK;
}

static enum status recover(struct log_store *s, struct hash *hash, struct log_head *head) {
    struct arena a;
    arena_init(&a, 16u << 20, ARENA_PLAIN);
    uint64_t *firsts;
    size_t count;
    *head = (struct log_head){0};
    enum status st = segment_list(s->directory, &a, &firsts, &count);
    if (st == ST_OK)
        st = recover_checkpoints(s);
    if (st == ST_OK)
        st = rebuild_leaves(s, firsts, count, hash);
    if (st == ST_OK && count > 0)
        st = recover_last(s, firsts[count - 1], hash, head);
    else if (st == ST_OK && s->checkpointed > 0)
        st = ST_CORRUPT;
    else if (st == ST_OK)
        st = new_segment(s, head, hash);
    arena_free(&a);
    return st;
}

enum status log_store_open(struct log_store *s, const char *directory, uint64_t segment_bytes,
                           struct hash *hash, struct log_head *head, struct error *e) {
    *s = (struct log_store){.lock_fd = -1, .fd = -1, .leaves_fd = -1, .checkpoints_fd = -1};
    buf_init(&s->leaves, LEAVES + LEAF_MOST, false);
    (void)pthread_mutex_init(&s->leaves_mutex, NULL);
    s->segment_bytes = segment_bytes;
    int n = snprintf(s->directory, sizeof s->directory, "%s", directory);
    if (n <= 0 || (size_t)n >= sizeof s->directory)
        return error_set(e, ST_INVALID, "audit_bad_options", "the directory's name is empty or too long");
    enum status st = open_files(s, e);
    if (st == ST_OK) {
        st = recover(s, hash, head);
        if (st == ST_CORRUPT)
            (void)error_set(
                e, st, "audit_corrupt",
                "the audit log is damaged or shorter than its signed head; run `kedun audit verify`");
        else if (st != ST_OK)
            (void)error_set(e, st, "audit_unreadable", "cannot read or continue the audit log (%s)",
                            status_name(st));
    }
    if (st == ST_OK)
        s->leaves_end = head->tree.size * TREE_HASH;
    else
        log_store_close(s);
    return st;
}

void log_store_close(struct log_store *s) {
    /* What was allocated in advance goes back; failure costs only room. */
    if (s->fd >= 0 && ftruncate(s->fd, (off_t)s->offset) != 0)
        log_warn("event=audit_truncate_failed errno=%d", errno);
    if (s->leaves.n > 0 && log_store_put_leaves(s) != ST_OK)
        log_warn("event=audit_leaves status=unwritten"); /* the next start makes them again */
    buf_free(&s->leaves);
    (void)pthread_mutex_destroy(&s->leaves_mutex);
    close_fd(&s->fd);
    close_fd(&s->leaves_fd);
    close_fd(&s->checkpoints_fd);
    close_fd(&s->lock_fd);
}

enum status log_store_put_checkpoint(struct log_store *s, const char *note, uint64_t size) {
    enum status st = fd_write_all(s->checkpoints_fd, slice_from_string(note));
    if (st != ST_OK || fdatasync(s->checkpoints_fd) != 0)
        return ST_IO;
    (void)snprintf(s->newest, sizeof s->newest, "%s", note);
    s->checkpointed = size;
    return ST_OK;
}
