#include "keeper/box.h"

#include "base/clock.h"
#include "crypto/random.h"
#include "keeper/state.h"

#define RECORD BOX_RECORD

static void put_le(uint8_t *to, uint64_t v, size_t n) {
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)(v >> (8 * i));
}

enum status box_make(struct vault *v, struct tools *t, uint32_t owner, bool passing, struct uuid *id) {
    uint8_t key[KEYRING_KEY], record[RECORD + 1] = {0};
    enum status s = uuid_new(id);
    if (s == ST_OK)
        s = crypto_random(key, sizeof key);
    put_le(record, owner, 4);
    if (s == ST_OK)
        s = aead_seal(t->other, t->keys->box, slice_of(id->b, sizeof id->b), slice_of(key, sizeof key),
                      record + 4);
    explicit_bzero(key, sizeof key);
    struct vault_change c = {VAULT_BOX, slice_of(id->b, sizeof id->b),
                             slice_of(record, passing ? RECORD + 1 : RECORD)};
    return s == ST_OK ? vault_commit(v, &c, 1) : s;
}

static enum status box_read(struct vault *v, uint32_t owner, const struct uuid *id, struct buf *record) {
    uint8_t mine[4];
    put_le(mine, owner, 4);
    enum status s = vault_get(v, VAULT_BOX, slice_of(id->b, sizeof id->b), record);
    if (s == ST_OK && record->n != RECORD && record->n != RECORD + 1)
        return ST_CORRUPT;
    return s == ST_OK && memcmp(record->p, mine, 4) != 0 ? ST_NOT_FOUND : s;
}

enum status box_key(struct vault *v, struct tools *t, uint32_t owner, const struct uuid *id,
                    uint8_t key[KEYRING_KEY]) {
    struct buf record;
    size_t n = 0;
    buf_init(&record, VAULT_VALUE_MAX, true);
    enum status s = box_read(v, owner, id, &record);
    if (s == ST_OK)
        s = aead_open(t->other, t->keys->box, slice_of(id->b, sizeof id->b),
                      slice_of(record.p + 4, RECORD - 4), key, &n);
    buf_free(&record);
    return s;
}

enum status box_destroy(struct vault *v, uint32_t owner, const struct uuid *id) {
    struct buf record;
    buf_init(&record, VAULT_VALUE_MAX, true);
    enum status s = box_read(v, owner, id, &record);
    buf_free(&record);
    struct vault_change c = {VAULT_BOX, slice_of(id->b, sizeof id->b), SLICE_NONE};
    return s == ST_OK ? vault_commit(v, &c, 1) : s;
}

struct sweep {
    int64_t before_ms;
    struct uuid old[BOX_SWEEP];
    size_t count;
};

/* A box's id bears the time when it was made (RFC 9562, version 7). */
static enum status find_old(void *context, struct slice key, struct slice value) {
    struct sweep *w = context;
    struct uuid id;
    if (value.n != RECORD + 1 || key.n != sizeof id.b || w->count == BOX_SWEEP)
        return ST_OK;
    memcpy(id.b, key.p, sizeof id.b);
    if (uuid_time_ms(&id) < w->before_ms)
        w->old[w->count++] = id;
    return ST_OK;
}

enum status box_sweep(struct vault *v, int64_t now_ms) {
    struct sweep w = {.before_ms = now_ms - BOX_KEPT_MS};
    struct vault_change changes[BOX_SWEEP];
    enum status s = vault_each(v, VAULT_BOX, find_old, &w);
    for (size_t i = 0; i < w.count; i++)
        changes[i] = (struct vault_change){VAULT_BOX, slice_of(w.old[i].b, sizeof w.old[i].b), SLICE_NONE};
    return s == ST_OK && w.count > 0 ? vault_commit(v, changes, w.count) : s;
}

struct slice box_aad(const struct uuid *id, uint8_t stream, uint64_t sequence, uint8_t out[BOX_AAD]) {
    memcpy(out, id->b, 16);
    out[16] = stream;
    put_le(out + 17, sequence, 8);
    return slice_of(out, BOX_AAD);
}

static enum status box_error(struct error *e, enum status s) {
    if (s == ST_NOT_FOUND)
        return error_set(e, s, "not_found", "there is no such box");
    if (s == ST_CORRUPT)
        return error_set(e, s, "box_corrupt",
                         "the chunk does not hold: it was changed, or belongs elsewhere");
    return error_set(e, s, "box_failed", "the box could not be used");
}

enum status handle_box_make(struct worker *w, struct args *in, struct args *out, struct error *e) {
    enum status s = box_sweep(w->state->vault, clock_wall_ms());
    if (s == ST_OK)
        s = box_make(w->state->vault, &w->tools, w->caller.grant.user, in->flag, &out->uuid);
    return s == ST_OK ? s : box_error(e, s);
}

enum status handle_box_destroy(struct worker *w, struct args *in, struct args *out, struct error *e) {
    (void)out;
    enum status s = box_destroy(w->state->vault, w->caller.grant.user, &in->uuid);
    return s == ST_OK ? s : box_error(e, s);
}

enum status handle_box_seal(struct worker *w, struct args *in, struct args *out, struct error *e) {
    uint8_t key[KEYRING_KEY], aad[BOX_AAD];
    enum status s = box_key(w->state->vault, &w->tools, w->caller.grant.user, &in->uuid, key);
    size_t n = in->text.n + AEAD_OVERHEAD;
    uint8_t *to = s == ST_OK ? buf_reserve(&w->scratch, n) : NULL;
    if (s == ST_OK)
        s = to == NULL ? ST_NOMEM
                       : aead_seal(w->tools.other, key, box_aad(&in->uuid, in->stream, in->number, aad),
                                   in->text, to);
    explicit_bzero(key, sizeof key);
    out->text = slice_of(to, n);
    return s == ST_OK ? s : box_error(e, s);
}

enum status handle_box_open(struct worker *w, struct args *in, struct args *out, struct error *e) {
    uint8_t key[KEYRING_KEY], aad[BOX_AAD];
    enum status s = box_key(w->state->vault, &w->tools, w->caller.grant.user, &in->uuid, key);
    uint8_t *to = s == ST_OK ? buf_reserve(&w->scratch, in->text.n + 1) : NULL;
    size_t n = 0;
    if (s == ST_OK)
        s = to == NULL ? ST_NOMEM
                       : aead_open(w->tools.other, key, box_aad(&in->uuid, in->stream, in->number, aad),
                                   in->text, to, &n);
    explicit_bzero(key, sizeof key);
    if (s != ST_OK)
        return box_error(e, s);
    w->scratch.n = n;
    out->text = slice_of(to, n);
    return ST_OK;
}
