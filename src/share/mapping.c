#include "share/mapping.h"

static enum status bad(struct error *e, const char *why) {
    return error_set(e, ST_INVALID, "bad_mapping", "%s", why);
}

static enum status add_field(const struct access *a, struct slice name, uint16_t column, struct mapping *out,
                             struct error *e) {
    char text[ERROR_FIELD_MAX] = "";
    memcpy(text, name.p, name.n < sizeof text - 1 ? name.n : sizeof text - 1);
    size_t index;
    const struct field_def *f = access_field(a, name, &index);
    if (f == NULL)
        return error_field(e, ST_INVALID, "unknown_field", text, "there is no such field");
    if (f->id == FIELD_OWNER) {
        out->owner_column = column;
        return ST_OK;
    }
    if (f->read_only || f->retired || field_is_system(f))
        return error_field(e, ST_INVALID, "read_only", text, "this field can't be imported");
    for (size_t i = 0; i < out->count; i++) {
        if (out->fields[i] == f)
            return error_field(e, ST_INVALID, "bad_mapping", text, "two columns go into this field");
    }
    if (out->count == MAPPING_FIELDS_MAX)
        return bad(e, "too many columns are mapped");
    out->fields[out->count] = f;
    out->columns[out->count++] = column;
    return ST_OK;
}

static enum status read_columns(const struct access *a, const json_t *list, struct mapping *out,
                                struct error *e) {
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const json_t *column = json_object_get(one, "column"), *field = json_object_get(one, "field");
        if (json_is_null(field) || (json_is_string(field) && json_string_length(field) == 0))
            continue; /* a column that is left out */
        if (!json_is_integer(column) || !json_is_string(field))
            return bad(e, "each entry needs a column's number and a field's name");
        json_int_t n = json_integer_value(column);
        if (n < 0 || n >= CSV_COLUMNS_MAX)
            return bad(e, "there is no such column");
        enum status s =
            add_field(a, slice_of(json_string_value(field), json_string_length(field)), (uint16_t)n, out, e);
        if (s != ST_OK)
            return s;
    }
    return out->count > 0 ? ST_OK : bad(e, "no column goes into a field");
}

static uint32_t owner_number(const json_t *owner) {
    json_int_t n = json_integer_value(owner);
    return n > 0 && n <= UINT32_MAX ? (uint32_t)n : 0;
}

static enum status read_owner(const struct caller *c, const json_t *owner, struct mapping *out,
                              struct error *e) {
    out->owner = c->who.user;
    if (owner == NULL || json_is_null(owner) || slice_is(slice_from_string(json_string_value(owner)), "me"))
        return ST_OK;
    if (json_is_string(owner))
        out->owner = mapping_person(c->world.directory, slice_from_string(json_string_value(owner)));
    else
        out->owner = owner_number(owner);
    const struct staff *s = directory_staff(c->world.directory, out->owner);
    if (s == NULL || s->disabled)
        return error_field(e, ST_INVALID, "reference_missing", "owner", "there is no such person");
    return ST_OK;
}

enum status mapping_read_options(const json_t *plan, struct mapping *out, struct error *e) {
    const json_t *header = json_object_get(plan, "header"), *delimiter = json_object_get(plan, "delimiter");
    const json_t *encoding = json_object_get(plan, "encoding");
    if (json_is_boolean(header))
        out->header = json_is_true(header);
    if (json_is_string(encoding)) {
        enum encoding named = encoding_by_name(slice_from_string(json_string_value(encoding)));
        if (named == ENCODING_END)
            return bad(e, "encoding is auto, utf-8 or gb18030");
        out->encoding = (uint8_t)named;
    }
    if (json_is_string(delimiter)) {
        struct slice d = slice_from_string(json_string_value(delimiter));
        if (!slice_is(d, "auto") && !slice_is(d, "tab") && !slice_is(d, ",") && !slice_is(d, ";") &&
            !slice_is(d, "\t"))
            return bad(e, "delimiter is auto, a comma, a semicolon or tab");
        out->delimiter = slice_is(d, "auto") ? 0 : slice_is(d, "tab") ? '\t' : d.p[0];
    }
    return ST_OK;
}

enum status mapping_read(struct caller *c, const struct object_def *object, const json_t *plan,
                         struct mapping *out, struct error *e) {
    const struct access *a;
    out->object = object;
    out->count = 0;
    out->owner_column = MAPPING_NO_COLUMN;
    enum status s = access_get(c, object, &a, e);
    if (s != ST_OK)
        return s;
    if (!a->may_import)
        return error_set(e, ST_DENIED, "denied", "policy does not let you import these records");
    s = read_columns(a, json_object_get(plan, "mapping"), out, e);
    if (s == ST_OK)
        s = read_owner(c, json_object_get(plan, "owner"), out, e);
    return s == ST_OK ? mapping_read_options(plan, out, e) : s;
}

/* ---- cells ---- */

static bool same_word(struct slice a, const char *b) {
    return b != NULL && slice_is(a, b);
}

static struct slice choice_key(const struct field_def *f, struct slice word) {
    for (size_t i = 0; i < f->choice_count; i++) {
        const struct choice *c = &f->choices[i];
        if (same_word(word, c->label.zh) || same_word(word, c->label.en) || same_word(word, c->key))
            return slice_from_string(c->key);
    }
    return word;
}

/* Bytes of a separator at the beginning: , ; | or 、 ， ； */
static size_t separator(struct slice s) {
    static const char *const wide[] = {"、", "，", "；"};
    if (s.p[0] == ',' || s.p[0] == ';' || s.p[0] == '|' || s.p[0] == '\n')
        return 1;
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        if (slice_starts_with(s, slice_from_string(wide[i])))
            return 3;
    }
    return 0;
}

static struct slice choice_keys(struct caller *c, const struct field_def *f, struct slice cell) {
    struct buf out;
    struct slice whole = cell;
    buf_init(&out, CSV_CELL_MAX * 4, true);
    while (cell.n > 0) {
        size_t n = 0, cut = 0;
        while (n < cell.n && (cut = separator(slice_of(cell.p + n, cell.n - n))) == 0)
            n++;
        struct slice key = choice_key(f, slice_trim(slice_of(cell.p, n)));
        if (key.n > 0 && out.n > 0)
            buf_put_u8(&out, VALUE_JOINER);
        buf_put(&out, key.p, key.n);
        cell = slice_of(cell.p + n + cut, cell.n - n - cut);
    }
    struct slice copy = out.failed || out.n == 0 ? SLICE_NONE : arena_copy(c->arena, buf_slice(&out));
    bool lost = out.failed || (out.n > 0 && copy.p == NULL);
    buf_free(&out);
    return lost ? whole : copy; /* no memory: better a refused row than one without this value */
}

uint32_t mapping_person(const struct directory *d, struct slice cell) {
    int64_t number;
    uint32_t named = 0;
    if (slice_to_int(cell, &number) && number > 0 && number <= UINT32_MAX)
        return directory_staff(d, (uint32_t)number) == NULL ? 0 : (uint32_t)number;
    for (size_t i = 0; i < d->staff_count; i++) {
        if (slice_is(cell, d->staff[i].login))
            return d->staff[i].id;
    }
    for (size_t i = 0; i < d->staff_count; i++) {
        if (!slice_is(cell, d->staff[i].name))
            continue;
        if (named != 0)
            return 0;
        named = d->staff[i].id;
    }
    return named;
}

struct slice mapping_cell(struct caller *c, const struct mapping *m, size_t k, struct slice cell) {
    const struct field_def *f = m->fields[k];
    struct slice text = slice_trim(cell);
    if (text.n == 0)
        return SLICE_NONE;
    if (f->type == VALUE_CHOICE)
        return choice_key(f, text);
    if (f->type == VALUE_MULTI_CHOICE)
        return choice_keys(c, f, text);
    if (f->type == VALUE_USER) {
        uint32_t person = mapping_person(c->world.directory, text);
        char *number = person == 0 ? NULL : arena_format(c->arena, "%u", person);
        return number == NULL ? text : slice_from_string(number);
    }
    return text;
}

/* ---- suggestions ---- */

/* Without blanks, stars and brackets' content; ASCII in lower case. */
static struct slice plain_header(struct caller *c, struct slice s) {
    uint8_t *out = arena_alloc(c->arena, s.n + 1);
    size_t n = 0;
    if (out == NULL)
        return SLICE_NONE;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t ch = s.p[i];
        if (ch == '(' || slice_starts_with(slice_of(s.p + i, s.n - i), SLICE("（")))
            break;
        if (ch == ' ' || ch == '*' || ch == '_' || ch == '-' || ch == '\t')
            continue;
        out[n++] = ch >= 'A' && ch <= 'Z' ? (uint8_t)(ch - 'A' + 'a') : ch;
    }
    return slice_of(out, n);
}

static bool usable(const struct access *a, const struct field_def *f) {
    size_t index;
    return !f->read_only && !f->retired && (!field_is_system(f) || f->id == FIELD_OWNER) &&
           access_field(a, slice_from_string(f->name), &index) != NULL;
}

enum likeness { UNLIKE, ALIKE, SAME };

/* 身份证 is like 身份证号码: two Chinese characters or six letters at least. */
static enum likeness likeness(struct slice want, struct slice have) {
    if (slice_equal(want, have))
        return SAME;
    struct slice small = want.n < have.n ? want : have, large = want.n < have.n ? have : want;
    return small.n >= 6 && memmem(large.p, large.n, small.p, small.n) != NULL ? ALIKE : UNLIKE;
}

const struct field_def *mapping_suggest(struct caller *c, const struct object_def *object,
                                        struct slice header) {
    const struct access *a;
    const struct field_def *like = NULL;
    struct error ignored;
    bool several = false;
    struct slice want = plain_header(c, header);
    if (want.n == 0 || access_get(c, object, &a, &ignored) != ST_OK)
        return NULL;
    for (size_t i = 0; i < object->field_count; i++) {
        const struct field_def *f = &object->fields[i];
        const char *const words[] = {f->name, f->label.zh, f->label.en};
        for (size_t w = 0; w < 3 && usable(a, f); w++) {
            if (words[w] == NULL)
                continue;
            enum likeness how = likeness(want, plain_header(c, slice_from_string(words[w])));
            if (how == SAME)
                return f;
            several = several || (how == ALIKE && like != NULL && like != f);
            like = how == ALIKE ? f : like;
        }
    }
    return several ? NULL : like;
}
