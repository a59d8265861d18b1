#include "watch/audit_indexer.h"

#include "base/clock.h"
#include "base/log.h"
#include "keeper/client.h"
#include "store/audit_index.h"

#include <poll.h>

#define PAUSE_MS      200 /* between batches: a fuller one costs less an entry */
#define MERGE_MS      100 /* of that for upkeep */
#define TROUBLE_MS    1000
#define FULL_BYTES    ((size_t)1 << 20) /* an answer of the keeper's may end here for want of room */
#define SCRATCH_BYTES ((size_t)64 * 1024 * 1024)

struct work {
    const struct audit_indexer *how;
    struct keeper *keeper;
    struct audit_index *index;
    struct arena arena;
    uint64_t next; /* entry to ask for */
};

static bool stopping(const struct audit_indexer *how) {
    return __atomic_load_n(how->stop, __ATOMIC_RELAXED);
}

/* One entry off the front of the frames. */
static enum status next_entry(struct reader *frames, struct arena *a, struct audit_entry *out) {
    struct reader frame = reader_of(reader_slice(frames, AUDIT_LEAF_MAX + AUDIT_SIDE_MAX + 8));
    struct slice leaf = reader_slice(&frame, AUDIT_LEAF_MAX);
    (void)reader_slice(&frame, AUDIT_SIDE_MAX); /* sealed details are not for the index */
    if (frames->failed || !reader_done(&frame))
        return ST_CORRUPT;
    return audit_entry_decode(leaf, SLICE_NONE, a, out);
}

static void forget_index(struct work *w) {
    audit_index_close(w->index);
    w->index = NULL;
}

/* A damaged file is made anew. */
static enum status index_said(struct work *w, enum status s) {
    if (s == ST_CORRUPT) {
        forget_index(w);
        audit_index_remove(w->how->directory);
    }
    return s;
}

static enum status open_all(struct work *w, struct error *e) {
    enum status s = ST_OK;
    if (w->keeper == NULL)
        s = keeper_connect(w->how->keeper_socket, &w->keeper, e);
    if (s != ST_OK || w->index != NULL)
        return s;
    s = audit_index_open(w->how->directory, true, &w->index, e);
    if (s == ST_OK)
        s = index_said(w, audit_index_last(w->index, &w->next, e));
    w->next++;
    return s;
}

/* *caught_up: that was all there is. */
static enum status step(struct work *w, bool *caught_up, struct error *e) {
    static struct audit_entry entries[AUDIT_INDEX_BATCH];
    const struct keeper_call nobody = {.purpose = PURPOSE_AUDIT};
    struct slice bytes;
    uint64_t next = w->next;
    size_t n = 0;
    enum status s = open_all(w, e);
    if (s == ST_OK)
        s = keeper_audit_read(w->keeper, &nobody, w->next, AUDIT_INDEX_BATCH, &bytes, &next, e);
    if (s != ST_OK)
        return s;
    struct reader frames = reader_of(bytes);
    while (s == ST_OK && frames.at < frames.n && n < AUDIT_INDEX_BATCH)
        s = next_entry(&frames, &w->arena, &entries[n++]);
    if (s != ST_OK)
        return error_set(e, s, "audit_index", "an entry can't be read");
    *caught_up = n < AUDIT_INDEX_BATCH && bytes.n < FULL_BYTES;
    if (n > 0)
        s = index_said(w, audit_index_add(w->index, entries, n, e));
    if (s == ST_OK)
        w->next = next;
    return s;
}

static enum status merge(struct work *w, struct error *e) {
    int64_t end = clock_monotonic_ns() + (int64_t)MERGE_MS * 1000000;
    enum status s = ST_OK;
    bool more = true;
    while (s == ST_OK && more && clock_monotonic_ns() < end && !stopping(w->how))
        s = index_said(w, audit_index_merge(w->index, &more, e));
    return s;
}

void audit_indexer_run(const struct audit_indexer *how) {
    struct work w = {.how = how};
    bool told = false;
    arena_init(&w.arena, SCRATCH_BYTES, ARENA_PLAIN);
    while (!stopping(how)) {
        struct error e = {.status = ST_OK};
        bool caught_up = true;
        enum status s = step(&w, &caught_up, &e);
        arena_reset(&w.arena);
        if (s == ST_OK)
            s = merge(&w, &e);
        if (s != ST_OK) {
            if (!told)
                log_warn("the audit explorer's index lags: %s %s", e.code, e.detail);
            forget_index(&w); /* a damaged file is found when it is opened anew */
        }
        told = s != ST_OK;
        if (caught_up || s != ST_OK)
            (void)poll(NULL, 0, s == ST_OK ? PAUSE_MS : TROUBLE_MS);
    }
    forget_index(&w);
    if (w.keeper != NULL)
        keeper_close(w.keeper);
    arena_free(&w.arena);
}
