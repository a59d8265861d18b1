#include "keeper/policy_versions.h"

#include "base/clock.h"
#include "base/json.h"

#include <pthread.h>
#include <stdlib.h>

#define PART_MAX   ((size_t)64 << 10)
#define PARTS_MOST (POLICY_TEXT_MAX / PART_MAX)
#define KEY_SIZE   5
#define META_MAX   (64 + 2 * POLICY_NOTE_MAX)

struct policy_versions {
    pthread_mutex_t lock;
    struct vault *vault;
    struct policy_version **list; /* list[i] is number i + 1; notes are of the same allocation */
    size_t count;
    uint32_t in_force;
};

static void make_key(uint32_t number, uint8_t part, uint8_t out[KEY_SIZE]) {
    for (size_t i = 0; i < 4; i++)
        out[i] = (uint8_t)(number >> (8 * i));
    out[4] = part;
}

/* ---- the record of a version: part 0; its text is parts 1 … ---- */

static void put_meta(struct buf *b, const struct policy_version *v) {
    buf_put_u32(b, v->based_on);
    buf_put_u32(b, v->author);
    buf_put_u32(b, v->decided_by);
    buf_put_u64(b, (uint64_t)v->proposed_at);
    buf_put_u64(b, (uint64_t)v->decided_at);
    buf_put_u8(b, (uint8_t)v->state);
    buf_put_u8(b, v->widens);
    buf_put_u32(b, v->size);
    buf_put_slice(b, v->note);
    buf_put_slice(b, v->decision);
}

static struct policy_version *version_new(const struct policy_version *from) {
    struct policy_version *v = calloc(1, sizeof *v + from->note.n + from->decision.n);
    if (v == NULL)
        return NULL;
    *v = *from;
    uint8_t *text = (uint8_t *)(v + 1);
    if (from->note.n > 0)
        memcpy(text, from->note.p, from->note.n);
    if (from->decision.n > 0)
        memcpy(text + from->note.n, from->decision.p, from->decision.n);
    v->note = slice_of(text, from->note.n);
    v->decision = slice_of(text + from->note.n, from->decision.n);
    return v;
}

static bool read_meta(struct slice bytes, struct policy_version *v) {
    struct reader r = reader_of(bytes);
    v->based_on = reader_u32(&r);
    v->author = reader_u32(&r);
    v->decided_by = reader_u32(&r);
    v->proposed_at = (int64_t)reader_u64(&r);
    v->decided_at = (int64_t)reader_u64(&r);
    v->state = reader_u8(&r);
    v->widens = reader_u8(&r) != 0;
    v->size = reader_u32(&r);
    v->note = reader_slice(&r, POLICY_NOTE_MAX);
    v->decision = reader_slice(&r, POLICY_NOTE_MAX);
    return reader_done(&r) && v->state >= POLICY_WAITING && v->state <= POLICY_REJECTED;
}

/* Versions come in no order: each goes to its place. */
static enum status load_one(void *context, struct slice key, struct slice value) {
    struct policy_versions *p = context;
    struct reader k = reader_of(key);
    struct policy_version v = {.number = reader_u32(&k)};
    uint8_t part = reader_u8(&k);
    if (!reader_done(&k) || v.number == 0 || v.number > POLICY_VERSIONS_MAX)
        return ST_CORRUPT;
    if (part != 0)
        return ST_OK;
    if (!read_meta(value, &v))
        return ST_CORRUPT;
    p->list[v.number - 1] = version_new(&v);
    if (p->list[v.number - 1] == NULL)
        return ST_NOMEM;
    p->count = v.number > p->count ? v.number : p->count;
    if (v.state == POLICY_PUBLISHED &&
        (p->in_force == 0 || v.decided_at > p->list[p->in_force - 1]->decided_at ||
         (v.decided_at == p->list[p->in_force - 1]->decided_at && v.number > p->in_force)))
        p->in_force = v.number;
    return ST_OK;
}

enum status policy_versions_open(struct vault *v, struct policy_versions **out, struct error *e) {
    struct policy_versions *p = calloc(1, sizeof *p);
    struct policy_version **list = calloc(POLICY_VERSIONS_MAX, sizeof *list);
    if (p == NULL || list == NULL) {
        free(p);
        free(list);
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the policies' versions");
    }
    (void)pthread_mutex_init(&p->lock, NULL);
    p->vault = v;
    p->list = list;
    enum status s = vault_each(v, VAULT_POLICY, load_one, p);
    for (size_t i = 0; s == ST_OK && i < p->count; i++) {
        if (p->list[i] == NULL)
            s = ST_CORRUPT;
    }
    if (s != ST_OK) {
        policy_versions_close(p);
        return error_set(e, s, "policies_corrupt", "the policies' versions in the vault can't be read");
    }
    *out = p;
    return ST_OK;
}

void policy_versions_close(struct policy_versions *p) {
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->count; i++)
        free(p->list[i]);
    free(p->list);
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
}

uint32_t policy_versions_in_force(struct policy_versions *p) {
    (void)pthread_mutex_lock(&p->lock);
    uint32_t number = p->in_force;
    (void)pthread_mutex_unlock(&p->lock);
    return number;
}

static size_t part_count(size_t size) {
    return (size + PART_MAX - 1) / PART_MAX;
}

enum status policy_versions_text(struct policy_versions *p, uint32_t *number, struct buf *out) {
    (void)pthread_mutex_lock(&p->lock);
    if (*number == 0)
        *number = p->in_force;
    bool known = *number > 0 && *number <= p->count && p->list[*number - 1]->size > 0;
    enum status s = known ? ST_OK : ST_NOT_FOUND;
    size_t parts = known ? part_count(p->list[*number - 1]->size) : 0;
    for (size_t i = 0; s == ST_OK && i < parts; i++) {
        uint8_t key[KEY_SIZE];
        make_key(*number, (uint8_t)(i + 1), key);
        s = vault_get(p->vault, VAULT_POLICY, slice_of(key, sizeof key), out);
    }
    (void)pthread_mutex_unlock(&p->lock);
    return s == ST_OK && out->failed ? ST_NOMEM : s;
}

/* ---- the list ---- */

static void put_number(struct json *j, const char *key, int64_t v) {
    json_key(j, key);
    if (v == 0)
        json_none(j);
    else
        json_int(j, v);
}

static void put_time(struct json *j, const char *key, int64_t ms) {
    json_key(j, key);
    if (ms == 0)
        json_none(j);
    else
        json_time(j, ms);
}

static void put_version(struct json *j, const struct policy_version *v, uint32_t in_force) {
    static const char *const states[] = {"", "waiting", "published", "rejected"};
    json_object_begin(j);
    json_key(j, "number");
    json_int(j, v->number);
    put_number(j, "based_on", v->based_on);
    put_number(j, "author", v->author);
    put_number(j, "decided_by", v->decided_by);
    put_time(j, "proposed_at", v->proposed_at);
    put_time(j, "decided_at", v->decided_at);
    json_key(j, "state");
    json_cstring(j, states[v->state]);
    json_key(j, "in_force");
    json_bool(j, v->number == in_force);
    json_key(j, "widens");
    json_bool(j, v->widens);
    json_key(j, "size");
    json_int(j, v->size);
    json_key(j, "note");
    json_text(j, v->note);
    json_key(j, "decision");
    json_text(j, v->decision);
    json_object_end(j);
}

enum status policy_versions_list(struct policy_versions *p, size_t most, struct buf *out) {
    struct json j = json_to(out);
    (void)pthread_mutex_lock(&p->lock);
    json_array_begin(&j);
    for (size_t i = p->count; i > 0 && most > 0; i--, most--)
        put_version(&j, p->list[i - 1], p->in_force);
    json_array_end(&j);
    (void)pthread_mutex_unlock(&p->lock);
    return out->failed ? ST_NOMEM : ST_OK;
}

/* ---- changes ---- */

struct batch {
    struct vault_change changes[2 + PARTS_MOST * 2];
    uint8_t keys[2 + PARTS_MOST * 2][KEY_SIZE];
    size_t count;
};

static void batch_add(struct batch *b, uint32_t number, uint8_t part, struct slice value) {
    make_key(number, part, b->keys[b->count]);
    b->changes[b->count] = (struct vault_change){VAULT_POLICY, slice_of(b->keys[b->count], KEY_SIZE), value};
    b->count++;
}

static void batch_add_text(struct batch *b, uint32_t number, struct slice text) {
    for (size_t i = 0; i < part_count(text.n); i++) {
        size_t n = text.n - i * PART_MAX < PART_MAX ? text.n - i * PART_MAX : PART_MAX;
        batch_add(b, number, (uint8_t)(i + 1), slice_of(text.p + i * PART_MAX, n));
    }
}

/* The oldest text that is kept beyond the bound, to go with the same commit. */
static struct policy_version *text_to_forget(const struct policy_versions *p) {
    if (p->count < POLICY_TEXTS_KEPT)
        return NULL;
    struct policy_version *v = p->list[p->count - POLICY_TEXTS_KEPT];
    return v->size == 0 || v->number == p->in_force || v->state == POLICY_WAITING ? NULL : v;
}

/* Commits version `v` (a new one where it is past the end) and puts it in its place. */
static enum status store_version(struct policy_versions *p, const struct policy_version *v, struct slice text,
                                 struct error *e) {
    struct policy_version *fresh = version_new(v), *old = text.n > 0 ? text_to_forget(p) : NULL;
    struct batch b = {.count = 0};
    struct buf meta, old_meta;
    buf_init(&meta, META_MAX, false);
    buf_init(&old_meta, META_MAX, false);
    put_meta(&meta, v);
    batch_add(&b, v->number, 0, buf_slice(&meta));
    batch_add_text(&b, v->number, text);
    if (old != NULL) {
        for (size_t i = 0; i < part_count(old->size); i++)
            batch_add(&b, old->number, (uint8_t)(i + 1), SLICE_NONE);
        struct policy_version without = *old;
        without.size = 0;
        put_meta(&old_meta, &without);
        batch_add(&b, old->number, 0, buf_slice(&old_meta));
    }
    enum status s = fresh == NULL || meta.failed || old_meta.failed
                        ? ST_NOMEM
                        : vault_commit(p->vault, b.changes, b.count);
    buf_free(&meta);
    buf_free(&old_meta);
    if (s != ST_OK) {
        free(fresh);
        return error_set(e, s, "vault_io", "the policies' version could not be stored");
    }
    if (old != NULL)
        old->size = 0;
    free(p->list[v->number - 1]);
    p->list[v->number - 1] = fresh;
    p->count = v->number > p->count ? v->number : p->count;
    if (v->state == POLICY_PUBLISHED)
        p->in_force = v->number;
    return ST_OK;
}

static enum status check_proposal(const struct policy_versions *p, const struct policy_proposal *q,
                                  struct error *e) {
    size_t waiting = 0;
    for (size_t i = 0; i < p->count; i++)
        waiting += p->list[i]->state == POLICY_WAITING;
    if (q->text.n == 0 || q->text.n > POLICY_TEXT_MAX || q->note.n > POLICY_NOTE_MAX)
        return error_set(e, ST_INVALID, "invalid", "a text of 1 to %zu bytes, a note of %d at most",
                         POLICY_TEXT_MAX, POLICY_NOTE_MAX);
    if (q->based_on != p->in_force)
        return error_set(e, ST_CONFLICT, "policy_moved", "version %u is in force now", p->in_force);
    if (waiting >= POLICY_WAITING_MAX || p->count >= POLICY_VERSIONS_MAX)
        return error_set(e, ST_LIMIT, "too_many_proposals", "at most %d proposals wait", POLICY_WAITING_MAX);
    return ST_OK;
}

/* Never before the one that it follows, whatever the clock does. */
static int64_t time_of_decision(const struct policy_versions *p) {
    int64_t now = clock_wall_ms(), last = p->in_force == 0 ? 0 : p->list[p->in_force - 1]->decided_at;
    return now > last ? now : last + 1;
}

enum status policy_versions_propose(struct policy_versions *p, const struct policy_proposal *q,
                                    uint32_t *number, bool *published, struct error *e) {
    (void)pthread_mutex_lock(&p->lock);
    enum status s = check_proposal(p, q, e);
    if (s == ST_OK) {
        bool at_once = q->author == 0 || !q->widens;
        struct policy_version v = {.number = (uint32_t)p->count + 1,
                                   .based_on = q->based_on,
                                   .author = q->author,
                                   .proposed_at = clock_wall_ms(),
                                   .decided_at = at_once ? time_of_decision(p) : 0,
                                   .state = at_once ? POLICY_PUBLISHED : POLICY_WAITING,
                                   .widens = q->widens,
                                   .size = (uint32_t)q->text.n,
                                   .note = q->note,
                                   .decision = SLICE("")};
        s = store_version(p, &v, q->text, e);
        *number = v.number;
        *published = at_once;
    }
    (void)pthread_mutex_unlock(&p->lock);
    return s;
}

static enum status check_decision(const struct policy_versions *p, uint32_t who, uint32_t number,
                                  bool approve, struct error *e) {
    const struct policy_version *v = number == 0 || number > p->count ? NULL : p->list[number - 1];
    if (v == NULL)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such version");
    if (v->state != POLICY_WAITING)
        return error_set(e, ST_CONFLICT, "policy_decided", "this proposal has been decided on");
    if (approve && v->author == who)
        return error_set(e, ST_DENIED, "own_proposal", "nobody approves his own proposal");
    if (approve && v->based_on != p->in_force)
        return error_set(e, ST_CONFLICT, "policy_moved", "version %u is in force now: propose it anew",
                         p->in_force);
    return ST_OK;
}

enum status policy_versions_decide(struct policy_versions *p, uint32_t who, uint32_t number, bool approve,
                                   struct slice why, struct error *e) {
    if (why.n > POLICY_NOTE_MAX)
        return error_set(e, ST_INVALID, "invalid", "a note of %d bytes at most", POLICY_NOTE_MAX);
    (void)pthread_mutex_lock(&p->lock);
    enum status s = check_decision(p, who, number, approve, e);
    if (s == ST_OK) {
        struct policy_version v = *p->list[number - 1];
        v.state = approve ? POLICY_PUBLISHED : POLICY_REJECTED;
        v.decided_by = who;
        v.decided_at = time_of_decision(p);
        v.decision = why;
        s = store_version(p, &v, SLICE_NONE, e);
    }
    (void)pthread_mutex_unlock(&p->lock);
    return s;
}
