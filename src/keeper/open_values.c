#include "keeper/open.h"
#include "value/mask.h"
#include "value/recheck.h"
#include "value/versions.h"

void open_wipe(struct open_work *o) {
    explicit_bzero(o->subject_key, sizeof o->subject_key);
    explicit_bzero(o->class_key, sizeof o->class_key);
    o->subject_row = NULL;
    o->class_at = -1;
    o->keyed = false;
    aead_forget(o->w->tools.wrap);
    aead_forget(o->w->tools.value);
}

enum status open_subject(struct open_work *o, const struct keeper_row *row) {
    const struct keeper_row *last = o->subject_row;
    if (last == row || (last != NULL && uuid_equal(&last->subject, &row->subject) &&
                        slice_equal(last->wrapped_key, row->wrapped_key)))
        return ST_OK;
    o->subject_row = NULL;
    o->class_at = -1;
    o->keyed = false;
    enum status s = tools_unwrap(&o->w->tools, &row->subject, row->wrapped_key, o->subject_key);
    if (s == ST_OK)
        o->subject_row = row;
    return s;
}

static enum status open_class(struct open_work *o, uint8_t class) {
    if (o->class_at == class)
        return ST_OK;
    o->keyed = false;
    enum status s = o->class_at < 0 ? kdf_subject(o->w->tools.kdf, o->subject_key, class, o->class_key)
                                    : kdf_subject_again(o->w->tools.kdf, class, o->class_key);
    o->class_at = s == ST_OK ? class : -1;
    return s;
}

/* Into `to` (room for the sealed bytes). */
static enum status open_under(struct open_work *o, const struct keeper_row *row,
                              const struct catalogue_field *f, uint8_t class, struct slice sealed,
                              uint8_t *to, struct slice *plain) {
    struct field_version version;
    uint8_t aad[TOOLS_AAD];
    enum status s = versions_get(row->versions, f->field, &version);
    if (s == ST_OK)
        s = open_subject(o, row);
    if (s == ST_OK)
        s = open_class(o, class);
    if (s != ST_OK)
        return s;
    struct slice bound = tools_value_aad(o->q->object, row, f->field, version.writes, aad);
    const uint8_t *key = o->keyed ? NULL : o->class_key;
    s = aead_open_padded(o->w->tools.value, key, bound, sealed, to, plain);
    o->keyed = true;
    return s;
}

/* A class that was raised leaves values under the lower class's key until they are sealed again. */
static enum status open_one(struct open_work *o, const struct keeper_row *row,
                            const struct catalogue_field *f, struct slice sealed, uint8_t *to,
                            struct slice *plain) {
    enum status s = ST_CORRUPT;
    for (uint8_t class = f->class; s == ST_CORRUPT && class >= CLASS_PERSONAL; class --)
        s = open_under(o, row, f, class, sealed, to, plain);
    return s;
}

static enum status open_corrupt(struct error *e) {
    return error_set(
        e, ST_CORRUPT, "value_corrupt",
        "a sealed value does not hold: it was changed, is an older one, or belongs to another row or field");
}

/* Rows being checked: room for one opened value, wiped with the rest. */
struct dropping {
    struct open_work *o;
    size_t places[KEEPER_NEEDLES_MAX]; /* of each needle's field among the request's */
    struct buf room;
    struct arena a;
};

static enum status needle_places(struct dropping *d, struct error *e) {
    const struct open_work *o = d->o;
    for (size_t n = 0; n < o->q->needle_count; n++) {
        const struct keeper_needle *needle = &o->q->needles[n];
        size_t i = 0;
        while (i < o->q->field_count && o->q->fields[i] != needle->field)
            i++;
        bool sealed = i < o->q->field_count && o->fields[i].sealed;
        if (needle->group >= KEEPER_NEEDLES_MAX || (needle->field != 0 && !sealed))
            return error_set(e, ST_INVALID, "bad_needle",
                             "the needle's field is not a sealed one of the request");
        d->places[n] = i;
    }
    return ST_OK;
}

static enum status needle_holds(struct dropping *d, size_t row, size_t n, bool *holds, struct error *e) {
    struct open_work *o = d->o;
    const struct keeper_row *r = &o->q->rows[row];
    const struct keeper_needle *needle = &o->q->needles[n];
    *holds = needle->field == 0;
    struct slice sealed = *holds ? SLICE_NONE : o->q->sealed[open_cell(o, row, d->places[n])], plain;
    if (sealed.n == 0 || r->wrapped_key.n == 0)
        return ST_OK;
    const struct catalogue_field *f = &o->fields[d->places[n]].f;
    buf_reset(&d->room);
    arena_reset(&d->a);
    uint8_t *to = buf_reserve(&d->room, sealed.n);
    enum status s = to == NULL ? ST_NOMEM : open_one(o, r, f, sealed, to, &plain);
    d->room.n = to == NULL ? 0 : sealed.n;
    if (s == ST_CORRUPT)
        return open_corrupt(e);
    if (s == ST_OK)
        s = terms_recheck((enum value_type)f->type, (enum field_search)needle->search, plain, needle->text,
                          &d->a, holds);
    return s == ST_OK ? s : error_set(e, s, "needle", "the text cannot be looked for");
}

/* Needles come with those that are known to hold first, so that few values are opened for nothing. */
static enum status drop_one(struct dropping *d, size_t row, struct error *e) {
    const struct keeper_open *q = d->o->q;
    uint32_t wanted = 0, held = 0;
    for (size_t n = 0; n < q->needle_count; n++) {
        uint32_t group = (uint32_t)1 << q->needles[n].group;
        bool holds = false;
        wanted |= group;
        enum status s = (held & group) != 0 || (q->needle_rows[row] >> n & 1) == 0
                            ? ST_OK
                            : needle_holds(d, row, n, &holds, e);
        if (s != ST_OK)
            return s;
        held |= holds ? group : 0;
    }
    d->o->dropped[row] = held != wanted;
    d->o->kept += held == wanted;
    return ST_OK;
}

enum status open_drop(struct open_work *o, struct error *e) {
    struct dropping d = {.o = o};
    enum status s = needle_places(&d, e);
    if (s != ST_OK)
        return s;
    buf_init(&d.room, PROTOCOL_SEALED_MAX, true);
    arena_init(&d.a, (size_t)4 << 20, ARENA_SECRET);
    o->kept = 0;
    for (size_t i = 0; s == ST_OK && i < o->q->row_count; i++)
        s = drop_one(&d, i, e);
    buf_free(&d.room);
    arena_free(&d.a);
    return s;
}

static size_t cell_room(const struct open_work *o, size_t row, size_t field) {
    size_t cell = open_cell(o, row, field);
    return o->q->sealed[cell].n + (o->q->views[cell] == VIEW_MASKED ? MASK_ROOM : 0);
}

/* Opens and masks one cell at `to`, where there is its room; `used`: how much of that keeps the value. What a
 * mask covers is opened behind the mask's room and wiped at once. */
static enum status open_cell_value(struct open_work *o, size_t row, size_t field, uint8_t *to, size_t *used) {
    size_t cell = open_cell(o, row, field);
    const struct catalogue_field *f = &o->fields[field].f;
    struct slice plain, sealed = o->q->sealed[cell];
    bool masked = o->q->views[cell] == VIEW_MASKED;
    uint8_t *whole = masked ? to + MASK_ROOM : to;
    *used = masked ? 0 : sealed.n;
    enum status s = open_one(o, &o->q->rows[row], f, sealed, whole, &plain);
    if (s == ST_OK && masked) {
        *used = mask_apply((enum mask)f->mask, (enum value_type)f->type, plain, (char *)to);
        explicit_bzero(whole, (size_t)(plain.p - whole) + plain.n);
        plain = slice_of(to, *used);
    }
    o->values[cell] = s == ST_OK ? plain : SLICE_NONE;
    return s;
}

/* The row's values of one class come together: usually that is all of them. A failure shows when they are
 * opened. */
static void expect_values(struct open_work *o, size_t row) {
    struct slice sealed[TOOLS_EXPECT];
    size_t n = 0;
    uint8_t class = 0;
    for (size_t k = 0; k < o->q->field_count && n < TOOLS_EXPECT; k++) {
        if (!open_is_opened(o, row, k) || (n > 0 && o->fields[k].f.class != class))
            continue;
        class = o->fields[k].f.class;
        sealed[n++] = o->q->sealed[open_cell(o, row, k)];
    }
    if (n < 2 || open_subject(o, &o->q->rows[row]) != ST_OK || open_class(o, class) != ST_OK)
        return;
    o->keyed = aead_expect(o->w->tools.value, o->keyed ? NULL : o->class_key, sealed, n);
}

static enum status open_row_values(struct open_work *o, size_t row) {
    struct buf *scratch = &o->w->scratch;
    enum status s = ST_OK;
    expect_values(o, row);
    for (size_t k = 0; s == ST_OK && k < o->q->field_count; k++) {
        size_t used;
        if (!open_is_opened(o, row, k))
            continue;
        s = open_cell_value(o, row, k, scratch->p + scratch->n, &used);
        scratch->n += used; /* what is wiped later */
    }
    return s;
}

enum status open_values(struct open_work *o, struct error *e) {
    size_t total = 0;
    for (size_t i = 0; i < o->q->row_count; i++) {
        for (size_t k = 0; !o->dropped[i] && k < o->q->field_count; k++)
            total += open_is_opened(o, i, k) ? cell_room(o, i, k) : 0;
    }
    /* Once: growing would move what slices point to. */
    if (buf_reserve(&o->w->scratch, total) == NULL)
        return error_set(e, ST_LIMIT, "page_too_large",
                         "the page's values need too much memory: ask for fewer rows");
    enum status s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < o->q->row_count; i++) {
        if (i % TOOLS_EXPECT == 0)
            tools_expect(&o->w->tools, &o->q->rows[i], o->q->row_count - i);
        if (!o->dropped[i])
            s = open_row_values(o, i);
    }
    if (s == ST_CORRUPT)
        return open_corrupt(e);
    return s == ST_OK ? s : error_set(e, s, "open_failed", "the values could not be opened");
}
