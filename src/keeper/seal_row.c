#include "base/clock.h"
#include "crypto/random.h"
#include "keeper/seal.h"
#include "value/mask.h"

#include <stdlib.h>

/* One row in work. */
struct row_work {
    const struct keeper_seal_row *r;
    size_t row;
    bool has_key;
    uint8_t subject_key[KEYRING_KEY], class_key[KEYRING_KEY];
    int class_at;
    bool keyed;
    struct version_bump bumps[KEEPER_FIELDS_MAX * 2];
    size_t bump_count;
};

static enum status row_class(struct seal_work *s, struct row_work *r, uint8_t class) {
    if (r->class_at == class)
        return ST_OK;
    r->keyed = false;
    enum status st = r->class_at < 0 ? kdf_subject(s->w->tools.kdf, r->subject_key, class, r->class_key)
                                     : kdf_subject_again(s->w->tools.kdf, class, r->class_key);
    r->class_at = st == ST_OK ? class : -1;
    return st;
}

static const uint8_t *row_key(struct row_work *r) {
    const uint8_t *key = r->keyed ? NULL : r->class_key;
    r->keyed = true;
    return key;
}

static enum status check_old(struct seal_work *s, const struct keeper_seal_row *r, struct error *e) {
    if (r->old == NULL)
        return ST_OK;
    if (!uuid_equal(&r->old->record, &r->row.record) || !uuid_equal(&r->old->subject, &r->row.subject))
        return error_set(e, ST_INVALID, "another_row", "the row as it stands has another id or subject");
    if (tools_row_check(&s->w->tools, s->q->object, r->old) != ST_OK)
        return error_set(e, ST_CORRUPT, "row_corrupt",
                         "a row's owner, department, subject or versions were changed outside");
    return ST_OK;
}

/* The subject's key: a new one, or the one the row has; none is needed where no value is set. */
static enum status row_subject(struct seal_work *s, struct row_work *r, struct slice *wrapped,
                               struct error *e) {
    const struct keeper_row *row = &r->r->row;
    enum status st = ST_OK;
    *wrapped = SLICE_NONE;
    if (r->r->new_subject) {
        uint8_t *to = arena_alloc(&s->w->arena, KEEPER_WRAPPED_KEY);
        if (row->wrapped_key.n > 0)
            return error_set(e, ST_INVALID, "bad_subject", "a new subject has no key yet");
        st = to == NULL ? ST_NOMEM : crypto_random(r->subject_key, sizeof r->subject_key);
        if (st == ST_OK)
            st = tools_wrap(&s->w->tools, &row->subject, r->subject_key, to);
        *wrapped = slice_of(to, KEEPER_WRAPPED_KEY);
    } else if (row->wrapped_key.n > 0) {
        st = tools_unwrap(&s->w->tools, &row->subject, row->wrapped_key, r->subject_key);
    } else if (r->r->value_count > 0) {
        return error_set(e, ST_INVALID, "no_subject_key", "the subject was destroyed, or has no key yet");
    }
    if (st != ST_OK)
        return error_set(e, st, "subject_key",
                         "the subject's key cannot be used: it was changed or is another's");
    return ST_OK;
}

/* The value as it stands, under the key of one class, into s->plain; p == NULL: null. */
static enum status open_under(struct seal_work *s, struct row_work *r, const struct catalogue_field *f,
                              uint8_t class, struct slice sealed, struct slice *old) {
    *old = SLICE_NONE;
    if (sealed.n == 0)
        return ST_OK;
    if (r->r->old == NULL)
        return ST_INVALID;
    struct field_version version;
    uint8_t aad[TOOLS_AAD];
    buf_reset(&s->plain);
    uint8_t *to = buf_reserve(&s->plain, sealed.n);
    enum status st = to == NULL ? ST_NOMEM : versions_get(r->r->old->versions, f->field, &version);
    if (st == ST_OK)
        st = row_class(s, r, class);
    if (st != ST_OK)
        return st;
    s->plain.n = sealed.n;
    struct slice bound = tools_value_aad(s->q->object, r->r->old, f->field, version.writes, aad);
    return aead_open_padded(s->w->tools.value, row_key(r), bound, sealed, to, old);
}

/* A class that was raised leaves values under the lower class's key until they are sealed again. */
static enum status open_old(struct seal_work *s, struct row_work *r, const struct catalogue_field *f,
                            struct slice sealed, struct slice *old) {
    enum status st = ST_CORRUPT;
    for (uint8_t class = f->class; st == ST_CORRUPT && class >= CLASS_PERSONAL; class --)
        st = open_under(s, r, f, class, sealed, old);
    return st;
}

static bool mask_differs(const struct catalogue_field *f, struct slice a, struct slice b) {
    char x[MASK_ROOM], y[MASK_ROOM];
    if ((a.p == NULL) != (b.p == NULL))
        return true;
    if (a.p == NULL)
        return false;
    size_t n = mask_apply((enum mask)f->mask, (enum value_type)f->type, a, x);
    size_t m = mask_apply((enum mask)f->mask, (enum value_type)f->type, b, y);
    bool differs = n != m || memcmp(x, y, n) != 0;
    explicit_bzero(x, sizeof x);
    explicit_bzero(y, sizeof y);
    return differs;
}

static bool same_text(struct slice a, struct slice b) {
    return (a.p == NULL) == (b.p == NULL) && slice_equal(a, b);
}

/* Compares with what stands: decides on `same`, on the version's bump and on terms. */
static enum status compare_value(struct seal_work *s, struct row_work *r, const struct keeper_value *v,
                                 size_t at, const struct catalogue_field *f) {
    struct slice old;
    enum status st = open_old(s, r, f, v->old_sealed, &old);
    if (st != ST_OK)
        return st;
    /* Who may not see the value must not learn by writing whether he guessed it: for him it always changes.
     */
    bool may_know =
        s->w->caller.actor.ceiling[f->class] >= VIEW_CLEAR || (old.p == NULL && v->fresh.p == NULL);
    s->out->same[at] = may_know && r->r->old != NULL && same_text(old, v->fresh);
    if (s->out->same[at])
        return ST_OK;
    if (r->r->old != NULL)
        r->bumps[r->bump_count++] = (struct version_bump){f->field, mask_differs(f, old, v->fresh)};
    return seal_terms(s, r->row, f, old, v->fresh);
}

static enum status compare_all(struct seal_work *s, struct row_work *r, struct error *e) {
    for (size_t i = 0; i < r->r->value_count; i++) {
        const struct keeper_value *v = &r->r->values[i];
        struct catalogue_field f;
        enum status st = seal_field(s, v->field, &f, e);
        if (st != ST_OK)
            return st;
        if (f.class < CLASS_PERSONAL)
            return error_set(e, ST_INVALID, "not_sealed", "field %u is not a sealed one", v->field);
        st = compare_value(s, r, v, s->next_value + i, &f);
        if (st == ST_CORRUPT)
            return error_set(
                e, st, "value_corrupt",
                "a sealed value does not hold: it was changed, is an older one, or belongs elsewhere");
        if (st != ST_OK)
            return error_set(e, st, st == ST_NOMEM ? "no_memory" : "bad_value",
                             "field %u: the value cannot be sealed", v->field);
    }
    return ST_OK;
}

static int by_field(const void *a, const void *b) {
    return (int)((const struct version_bump *)a)->field - (int)((const struct version_bump *)b)->field;
}

static enum status count_versions(struct seal_work *s, struct row_work *r, struct error *e) {
    struct slice *out = &s->out->versions[r->row];
    *out = SLICE_NONE;
    for (size_t i = 0; i < r->r->plain_count; i++) {
        struct catalogue_field f;
        enum status st = seal_field(s, r->r->plain_fields[i], &f, e);
        if (st == ST_OK && f.class >= CLASS_PERSONAL)
            st = error_set(e, ST_INVALID, "is_sealed", "field %u is a sealed one", f.field);
        if (st != ST_OK)
            return st;
        if (r->r->old != NULL)
            r->bumps[r->bump_count++] = (struct version_bump){f.field, true};
    }
    if (r->r->old == NULL)
        return ST_OK;
    qsort(r->bumps, r->bump_count, sizeof r->bumps[0], by_field);
    int64_t age = (clock_wall_ms() - uuid_time_ms(&r->r->row.record)) / 1000;
    uint32_t at = age < 0 ? 0 : age > UINT32_MAX ? UINT32_MAX : (uint32_t)age;
    buf_reset(&s->versions);
    enum status st = versions_bump(r->r->old->versions, r->bumps, r->bump_count, at, &s->versions);
    if (st == ST_OK && s->versions.n > 0)
        *out = arena_copy(&s->w->arena, buf_slice(&s->versions));
    if (st == ST_OK && s->versions.n > 0 && out->p == NULL)
        st = ST_NOMEM;
    return st == ST_OK
               ? st
               : error_set(e, st, "versions", "the row's versions cannot be counted (a field twice?)");
}

/* Seals `plain` at the counter that `versions` has for the field. */
static enum status seal_text(struct seal_work *s, struct row_work *r, const struct catalogue_field *f,
                             struct slice versions, struct slice plain, size_t at) {
    struct field_version version;
    uint8_t aad[TOOLS_AAD];
    enum status st = versions_get(versions, f->field, &version);
    if (st == ST_OK)
        st = row_class(s, r, f->class);
    size_t n = aead_padded_length(plain.n);
    uint8_t *to = st == ST_OK ? arena_alloc(&s->w->arena, n) : NULL;
    if (st != ST_OK || to == NULL)
        return st == ST_OK ? ST_NOMEM : st;
    struct slice bound = tools_value_aad(s->q->object, &r->r->row, f->field, version.writes, aad);
    s->out->sealed[at] = slice_of(to, n);
    return aead_seal_padded(s->w->tools.value, row_key(r), bound, plain, to);
}

static enum status seal_value(struct seal_work *s, struct row_work *r, const struct keeper_value *v,
                              size_t at) {
    struct catalogue_field f;
    s->out->sealed[at] = SLICE_NONE;
    if (s->out->same[at] || v->fresh.p == NULL)
        return ST_OK;
    enum status st = seal_field(s, v->field, &f, NULL);
    return st == ST_OK ? seal_text(s, r, &f, s->out->versions[r->row], v->fresh, at) : st;
}

/* The entry names a field once for all rows; which row wrote it is kept beside. */
static enum status note_written(struct seal_work *s, size_t row, uint16_t field) {
    size_t place = 0;
    while (place < s->written_count && s->written[place] != field)
        place++;
    if (place == s->written_count) {
        if (s->written_count == AUDIT_FIELDS_MAX)
            return ST_LIMIT;
        s->written[s->written_count++] = field;
    }
    if (s->row_field_count == s->row_field_room)
        return ST_INTERNAL;
    s->row_fields[s->row_field_count++] = (uint32_t)row << 16 | (uint32_t)place;
    return ST_OK;
}

static enum status note_row(struct seal_work *s, const struct row_work *r) {
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < r->r->value_count; i++) {
        if (!s->out->same[s->next_value + i])
            st = note_written(s, r->row, r->r->values[i].field);
    }
    for (size_t i = 0; st == ST_OK && i < r->r->plain_count; i++)
        st = note_written(s, r->row, r->r->plain_fields[i]);
    return st;
}

static enum status seal_row_inner(struct seal_work *s, struct row_work *r, struct error *e) {
    enum status st = check_old(s, r->r, e);
    if (st == ST_OK)
        st = row_subject(s, r, &s->out->wrapped_keys[r->row], e);
    if (st == ST_OK)
        st = compare_all(s, r, e);
    if (st == ST_OK)
        st = count_versions(s, r, e);
    if (st != ST_OK)
        return st;
    for (size_t i = 0; st == ST_OK && i < r->r->value_count; i++)
        st = seal_value(s, r, &r->r->values[i], s->next_value + i);
    struct keeper_row next = r->r->row;
    next.versions = s->out->versions[r->row];
    if (st == ST_OK)
        st = tools_row_seal(&s->w->tools, s->q->object, &next, s->out->seals[r->row]);
    if (st == ST_OK)
        st = note_row(s, r);
    return st == ST_OK ? st : error_set(e, st, "seal_failed", "the row could not be sealed");
}

enum status seal_row(struct seal_work *s, size_t row, struct error *e) {
    struct row_work r = {.r = &s->q->rows[row], .row = row, .class_at = -1};
    enum status st = seal_row_inner(s, &r, e);
    explicit_bzero(r.subject_key, sizeof r.subject_key);
    explicit_bzero(r.class_key, sizeof r.class_key);
    s->next_value += r.r->value_count;
    return st;
}

static enum status again_inner(struct seal_work *s, struct row_work *r, size_t at, struct error *e) {
    const struct keeper_value *v = r->r->value_count == 1 ? &r->r->values[0] : NULL;
    struct catalogue_field f;
    struct slice plain, wrapped;
    if (v == NULL || r->r->old == NULL)
        return error_set(e, ST_INVALID, "bad_reseal", "one value of a row that stands is sealed again");
    enum status st = check_old(s, r->r, e);
    if (st == ST_OK)
        st = row_subject(s, r, &wrapped, e);
    if (st == ST_OK)
        st = seal_field(s, v->field, &f, e);
    if (st != ST_OK)
        return st;
    if (f.class < CLASS_PERSONAL)
        return error_set(e, ST_INVALID, "not_sealed", "field %u is not a sealed one", v->field);
    plain = v->fresh;
    if (plain.p == NULL)
        st = open_old(s, r, &f, v->old_sealed, &plain);
    if (st == ST_OK && plain.p != NULL)
        st = seal_terms(s, r->row, &f, SLICE_NONE, plain);
    if (st == ST_OK && plain.p != NULL)
        st = seal_text(s, r, &f, r->r->old->versions, plain, at);
    if (st == ST_OK)
        st = note_written(s, r->row, v->field);
    return st == ST_OK ? st
                       : error_set(e, st, "value_corrupt", "a value does not hold and can't be sealed again");
}

enum status seal_again(struct seal_work *s, size_t row, struct error *e) {
    struct row_work r = {.r = &s->q->rows[row], .row = row, .class_at = -1};
    enum status st = again_inner(s, &r, s->next_value, e);
    explicit_bzero(r.subject_key, sizeof r.subject_key);
    explicit_bzero(r.class_key, sizeof r.class_key);
    s->next_value += r.r->value_count;
    return st;
}
