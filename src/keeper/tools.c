#include "keeper/tools.h"

enum status tools_init(struct tools *t, const struct keyring *keys) {
    *t = (struct tools){.keys = keys};
    t->wrap = aead_new(AEAD_AES_GCM);
    t->value = aead_new(AEAD_AES_GCM);
    t->other = aead_new(AEAD_AES_GCM);
    t->kdf = kdf_new();
    t->row = mac_new(slice_of(keys->row, KEYRING_KEY));
    t->lookup = mac_new(slice_of(keys->lookup, KEYRING_KEY));
    t->hash = hash_new();
    t->recall = recall_new();
    if (t->wrap == NULL || t->value == NULL || t->other == NULL || t->kdf == NULL || t->row == NULL ||
        t->lookup == NULL || t->hash == NULL || t->recall == NULL) {
        tools_free(t);
        return ST_NOMEM;
    }
    return ST_OK;
}

void tools_free(struct tools *t) {
    aead_free(t->wrap);
    aead_free(t->value);
    aead_free(t->other);
    kdf_free(t->kdf);
    mac_free(t->row);
    mac_free(t->lookup);
    hash_free(t->hash);
    recall_free(t->recall);
    for (size_t i = 0; i < TOOLS_INDEXES; i++)
        mac_free(t->indexes[i].mac);
    *t = (struct tools){.keys = NULL};
}

/* The wrapping key never changes under a running keeper: its schedule is made once. */
static const uint8_t *wrap_key(struct tools *t) {
    const uint8_t *key = t->wrap_keyed ? NULL : t->keys->wrap;
    t->wrap_keyed = true;
    return key;
}

enum status tools_wrap(struct tools *t, const struct uuid *subject, const uint8_t key[KEYRING_KEY],
                       uint8_t out[KEEPER_WRAPPED_KEY]) {
    return aead_seal(t->wrap, wrap_key(t), slice_of(subject->b, sizeof subject->b),
                     slice_of(key, KEYRING_KEY), out);
}

enum status tools_unwrap(struct tools *t, const struct uuid *subject, struct slice wrapped,
                         uint8_t key[KEYRING_KEY]) {
    size_t n = 0;
    if (wrapped.n != KEEPER_WRAPPED_KEY)
        return ST_CORRUPT;
    enum status s =
        aead_open(t->wrap, wrap_key(t), slice_of(subject->b, sizeof subject->b), wrapped, key, &n);
    return s == ST_OK && n != KEYRING_KEY ? ST_CORRUPT : s;
}

void tools_expect(struct tools *t, const struct keeper_row *rows, size_t count) {
    struct slice wrapped[TOOLS_EXPECT];
    count = count < TOOLS_EXPECT ? count : TOOLS_EXPECT;
    for (size_t i = 0; i < count; i++)
        wrapped[i] = rows[i].wrapped_key;
    /* Unless expected, the next one has its key. */
    t->wrap_keyed = aead_expect(t->wrap, wrap_key(t), wrapped, count);
}

static void put_le(uint8_t *to, uint32_t v, size_t n) {
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)(v >> (8 * i));
}

enum status tools_row_seal(struct tools *t, uint16_t object, const struct keeper_row *row,
                           uint8_t out[KEEPER_ROW_SEAL]) {
    uint8_t fixed[2 + 16 + 16 + 12];
    put_le(fixed, object, 2);
    memcpy(fixed + 2, row->record.b, 16);
    memcpy(fixed + 18, row->subject.b, 16);
    put_le(fixed + 34, row->owner, 4);
    put_le(fixed + 38, row->department, 4);
    put_le(fixed + 42, row->branch, 4);
    const struct slice parts[] = {slice_of(fixed, sizeof fixed), row->versions};
    return mac_compute(t->row, parts, 2, out, KEEPER_ROW_SEAL);
}

enum status tools_row_check(struct tools *t, uint16_t object, const struct keeper_row *row) {
    uint8_t seal[KEEPER_ROW_SEAL];
    enum status s = tools_row_seal(t, object, row, seal);
    if (s == ST_OK && (row->seal.n != sizeof seal || !crypto_equal(seal, row->seal.p, sizeof seal)))
        s = ST_CORRUPT;
    return s;
}

struct slice tools_value_aad(uint16_t object, const struct keeper_row *row, uint16_t field, uint32_t writes,
                             uint8_t out[TOOLS_AAD]) {
    memcpy(out, row->subject.b, 16);
    put_le(out + 16, object, 2);
    memcpy(out + 18, row->record.b, 16);
    put_le(out + 34, field, 2);
    put_le(out + 36, writes, 4);
    return slice_of(out, TOOLS_AAD);
}

static struct mac *tools_index(struct tools *t, uint16_t object, uint16_t field, uint8_t search) {
    uint32_t name = (uint32_t)object << 16 | field;
    for (size_t i = 0; i < TOOLS_INDEXES && t->indexes[i].mac != NULL; i++) {
        if (t->indexes[i].object_field == name && t->indexes[i].search == search)
            return t->indexes[i].mac;
    }
    uint8_t key[KEYRING_KEY];
    if (keyring_index_key(t->keys, object, field, search, key) != ST_OK)
        return NULL;
    struct mac *fresh = mac_new(slice_of(key, sizeof key));
    explicit_bzero(key, sizeof key);
    struct tools_index *slot = &t->indexes[t->next_index];
    if (fresh == NULL)
        return NULL;
    mac_free(slot->mac);
    *slot = (struct tools_index){name, search, fresh};
    t->next_index = (t->next_index + 1) % TOOLS_INDEXES;
    return fresh;
}

/* Tokens are UTF-8 behind a tag, so none has the byte 0xff: what a part adds can't be another token's. */
enum status tools_term_part(struct tools *t, uint16_t object, uint16_t field, uint8_t search,
                            struct slice token, unsigned level, unsigned part, uint64_t *term) {
    struct mac *m = tools_index(t, object, field, search);
    const uint8_t end[] = {0xff, (uint8_t)level, (uint8_t)part};
    const struct slice all[] = {token, slice_of(end, sizeof end)};
    uint8_t out[8];
    if (m == NULL)
        return ST_NOMEM;
    enum status s = mac_compute(m, all, level == 0 ? 1 : 2, out, sizeof out);
    uint64_t v = 0;
    for (size_t i = 0; i < 8; i++)
        v |= (uint64_t)out[i] << (8 * i);
    v &= INT64_MAX;
    *term = v == 0 ? 1 : v;
    return s;
}

enum status tools_term(struct tools *t, uint16_t object, uint16_t field, uint8_t search, struct slice token,
                       uint64_t *term) {
    return tools_term_part(t, object, field, search, token, 0, 0, term);
}
