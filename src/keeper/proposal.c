#include "keeper/proposal.h"

#include "base/clock.h"
#include "base/json_in.h"

#include <stdlib.h>

#define DROPS 64 /* at one call */

uint32_t proposal_user(const json_t *document, const char *key) {
    json_int_t v = json_integer_value(json_object_get(document, key));
    return v > 0 && v <= UINT32_MAX ? (uint32_t)v : 0;
}

const char *proposal_text(const json_t *document, const char *key) {
    const char *text = json_string_value(json_object_get(document, key));
    return text == NULL ? "" : text;
}

const char *proposal_state(const json_t *document, int64_t now_ms) {
    const char *state = proposal_text(document, "state");
    bool over = json_integer_value(json_object_get(document, "ends")) <= now_ms;
    return strcmp(state, "open") == 0 && over ? "expired" : state;
}

static void proposal_free(struct proposal *p) {
    json_decref(p->document);
    explicit_bzero(p->half, sizeof p->half);
}

static enum status proposals_room(struct proposals *p) {
    if (p->count < p->room)
        return ST_OK;
    size_t room = p->room == 0 ? 64 : p->room * 2;
    struct proposal *grown = realloc(p->list, room * sizeof *grown);
    if (grown == NULL)
        return ST_NOMEM;
    p->list = grown;
    p->room = room;
    return ST_OK;
}

static enum status load_proposal(void *context, struct slice key, struct slice value) {
    struct proposals *p = context;
    struct reader k = reader_of(key), v = reader_of(value);
    struct proposal one = {.id = reader_u64(&k)};
    struct slice half = reader_slice(&v, PROPOSAL_HALF);
    if (!reader_done(&k) || v.failed)
        return ST_CORRUPT;
    if (half.n > 0)
        memcpy(one.half, half.p, half.n);
    struct slice text = reader_bytes(&v, v.n - v.at);
    enum status s = json_read(text, 0, &one.document, NULL);
    if (s == ST_OK)
        s = proposals_room(p);
    if (s != ST_OK) {
        json_decref(one.document);
        return s == ST_NOMEM ? s : ST_CORRUPT;
    }
    p->list[p->count++] = one;
    p->last = one.id > p->last ? one.id : p->last;
    return ST_OK;
}

static int by_id(const void *a, const void *b) {
    uint64_t x = ((const struct proposal *)a)->id, y = ((const struct proposal *)b)->id;
    return x < y ? -1 : x > y;
}

enum status proposals_open(struct vault *v, struct proposals **out, struct error *e) {
    *out = NULL;
    struct proposals *p = calloc(1, sizeof *p);
    if (p == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for proposals");
    (void)pthread_mutex_init(&p->lock, NULL);
    p->vault = v;
    enum status s = vault_each(v, VAULT_PROPOSAL, load_proposal, p);
    if (s != ST_OK) {
        proposals_close(p);
        return error_set(e, s, "proposals_corrupt", "the proposals in the vault do not parse");
    }
    if (p->count > 1)
        qsort(p->list, p->count, sizeof *p->list, by_id);
    *out = p;
    return ST_OK;
}

void proposals_close(struct proposals *p) {
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->count; i++)
        proposal_free(&p->list[i]);
    free(p->list);
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
}

struct proposal *proposal_find(struct proposals *p, uint64_t id) {
    for (size_t i = 0; i < p->count; i++) {
        if (p->list[i].id == id)
            return &p->list[i];
    }
    return NULL;
}

static void make_key(uint64_t id, uint8_t out[8]) {
    for (size_t i = 0; i < 8; i++)
        out[i] = (uint8_t)(id >> (8 * i));
}

enum status proposal_render(uint64_t id, const char *half, const json_t *next, struct proposal_store *out) {
    char *text = json_print(next, JSON_COMPACT);
    make_key(id, out->key);
    buf_init(&out->value, VAULT_VALUE_MAX, true);
    if (text == NULL)
        return ST_NOMEM;
    buf_put_slice(&out->value, slice_from_string(half));
    buf_put(&out->value, text, strlen(text));
    out->change = (struct vault_change){VAULT_PROPOSAL, slice_of(out->key, 8), buf_slice(&out->value)};
    free(text);
    return !out->value.failed ? ST_OK : out->value.no_memory ? ST_NOMEM : ST_LIMIT;
}

void proposal_store_free(struct proposal_store *s) {
    buf_free(&s->value);
}

void proposal_take(struct proposal *p, json_t *next) {
    proposal_free(p);
    p->document = next;
}

static bool drop_at(struct proposals *p, size_t i) {
    uint8_t key[8];
    make_key(p->list[i].id, key);
    struct vault_change gone = {VAULT_PROPOSAL, slice_of(key, 8), SLICE_NONE};
    if (vault_commit_lazy(p->vault, &gone, 1) != ST_OK)
        return false;
    proposal_free(&p->list[i]);
    memmove(&p->list[i], &p->list[i + 1], (p->count - i - 1) * sizeof *p->list);
    p->count--;
    return true;
}

/* The oldest ones go after a year, a few at a time. */
static void drop_old(struct proposals *p, int64_t now) {
    for (size_t n = 0; p->count > 0 && n < DROPS; n++) {
        json_int_t ends = json_integer_value(json_object_get(p->list[0].document, "ends"));
        if (ends + PROPOSAL_KEPT_MS > now || !drop_at(p, 0))
            return;
    }
}

static bool is_open(const json_t *d, int64_t now) {
    return strcmp(proposal_state(d, now), "open") == 0;
}

static bool is_decided(const json_t *d) {
    const char *state = proposal_text(d, "state");
    return strcmp(state, "approved") == 0 || strcmp(state, "refused") == 0;
}

/* The oldest closed one of a proposer's (0: of anybody's) goes, first those that nobody decided. */
static bool give_way(struct proposals *p, uint32_t by, int64_t now) {
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < p->count; i++) {
            const json_t *d = p->list[i].document;
            bool his = by == 0 || proposal_user(d, "by") == by;
            if (his && !is_open(d, now) && (pass == 1 || !is_decided(d)))
                return drop_at(p, i);
        }
    }
    return false;
}

/* Whether one more of this proposer's may stand; closed ones give way to it. */
static bool make_room(struct proposals *p, uint32_t by, bool duty, int64_t now) {
    size_t open = 0, closed = 0, times = duty ? PROPOSALS_DUTY : 1;
    size_t most = duty ? PROPOSALS_MAX : PROPOSALS_MAX - PROPOSALS_RESERVED;
    drop_old(p, now);
    for (size_t i = 0; i < p->count; i++) {
        const json_t *d = p->list[i].document;
        bool his = proposal_user(d, "by") == by;
        open += his && is_open(d, now);
        closed += his && !is_open(d, now);
    }
    if (open >= PROPOSALS_OPEN * times)
        return false;
    for (size_t n = 0; n < DROPS && closed > PROPOSALS_KEPT * times && give_way(p, by, now); n++)
        closed--;
    for (size_t n = 0; n < DROPS && p->count >= most && give_way(p, 0, now); n++)
        continue;
    return p->count < most;
}

enum status proposal_add(struct proposals *p, json_t *document, const char *half, bool duty, uint64_t *id,
                         struct error *e) {
    int64_t now = clock_wall_ms();
    struct proposal_store store = {.value = {0}};
    struct proposal one = {.id = p->last + 1, .document = document};
    enum status s = make_room(p, proposal_user(document, "by"), duty, now) ? proposals_room(p) : ST_LIMIT;
    if (s == ST_LIMIT) {
        json_decref(document);
        return error_set(e, s, "too_many_proposals", "too many proposals stand open: decide some first");
    }
    (void)snprintf(one.half, sizeof one.half, "%s", half);
    if (s == ST_OK && json_object_set_new(document, "id", json_integer((json_int_t)one.id)) != 0)
        s = ST_NOMEM;
    if (s == ST_OK) {
        s = proposal_render(one.id, half, document, &store);
        if (s == ST_OK)
            s = vault_commit(p->vault, &store.change, 1);
        proposal_store_free(&store);
    }
    if (s != ST_OK) {
        proposal_free(&one);
        return error_set(e, s, s == ST_LIMIT ? "document_too_large" : "proposal_store",
                         "the proposal could not be stored");
    }
    p->list[p->count++] = one;
    *id = p->last = one.id;
    return ST_OK;
}
