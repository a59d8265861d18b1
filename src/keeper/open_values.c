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
}

enum status open_subject(struct open_work *o, const struct keeper_row *row) {
    const struct keeper_row *last = o->subject_row;
    if (last != NULL && uuid_equal(&last->subject, &row->subject) &&
        slice_equal(last->wrapped_key, row->wrapped_key))
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

/* The field of the needle, and its place among the request's fields. */
static bool needle_place(const struct open_work *o, size_t *place) {
    for (size_t i = 0; i < o->q->field_count; i++) {
        if (o->q->fields[i] == o->q->needle_field) {
            *place = i;
            return o->fields[i].sealed;
        }
    }
    return false;
}

static enum status drop_one(struct open_work *o, size_t row, size_t place, struct buf *room, struct arena *a,
                            struct error *e) {
    const struct keeper_row *r = &o->q->rows[row];
    struct slice sealed = o->q->sealed[open_cell(o, row, place)], plain = SLICE_NONE;
    bool matches = false;
    enum status s = ST_OK;
    if (sealed.n > 0 && r->wrapped_key.n > 0) {
        buf_reset(room);
        arena_reset(a);
        uint8_t *to = buf_reserve(room, sealed.n);
        s = to == NULL ? ST_NOMEM : open_one(o, r, &o->fields[place].f, sealed, to, &plain);
        room->n = to == NULL ? 0 : sealed.n;
        if (s == ST_CORRUPT)
            return open_corrupt(e);
        if (s == ST_OK)
            s = terms_recheck((enum value_type)o->fields[place].f.type,
                              (enum field_search)o->q->needle_search, plain, o->q->needle, a, &matches);
    }
    o->dropped[row] = !matches;
    o->kept += matches;
    return s == ST_OK ? s : error_set(e, s, "needle", "the text cannot be looked for");
}

enum status open_drop(struct open_work *o, struct error *e) {
    size_t place;
    if (!needle_place(o, &place))
        return error_set(e, ST_INVALID, "bad_needle",
                         "the needle's field is not a sealed one of the request");
    struct buf room;
    struct arena a;
    buf_init(&room, PROTOCOL_SEALED_MAX, true);
    arena_init(&a, (size_t)4 << 20, ARENA_SECRET);
    enum status s = ST_OK;
    o->kept = 0;
    for (size_t i = 0; s == ST_OK && i < o->q->row_count; i++)
        s = drop_one(o, i, place, &room, &a, e);
    buf_free(&room);
    arena_free(&a);
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

static enum status open_row_values(struct open_work *o, size_t row) {
    struct buf *scratch = &o->w->scratch;
    enum status s = ST_OK;
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
        if (!o->dropped[i])
            s = open_row_values(o, i);
    }
    if (s == ST_CORRUPT)
        return open_corrupt(e);
    return s == ST_OK ? s : error_set(e, s, "open_failed", "the values could not be opened");
}
