#include "object/write.h"

#include "value/parse.h"

static const char *const class_names[CLASS_COUNT] = {"public", "internal", "personal", "sensitive"};

/* ---- pieces ---- */

static void write_label(struct json *j, const char *key, const struct label *label) {
    json_key(j, key);
    json_object_begin(j);
    json_key(j, "zh");
    json_cstring(j, label->zh == NULL ? "" : label->zh);
    json_key(j, "en");
    json_cstring(j, label->en == NULL ? "" : label->en);
    json_object_end(j);
}

static void write_text(struct json *j, const char *key, const char *text) {
    json_key(j, key);
    json_cstring(j, text);
}

static void write_flag(struct json *j, const char *key, bool flag) {
    if (!flag)
        return;
    json_key(j, key);
    json_bool(j, true);
}

static void write_search(struct json *j, const char *key, unsigned search) {
    static const char *const names[] = {"exact", "suffix", "words", "fragment"};
    json_key(j, key);
    json_array_begin(j);
    for (unsigned i = 0; i < 4; i++) {
        if ((search & (1U << i)) != 0)
            json_cstring(j, names[i]);
    }
    json_array_end(j);
}

/* An integer as a number, other types as their external text: exact either way. */
static void write_bound(struct json *j, const char *key, enum value_type type, int64_t bound) {
    char text[VALUE_NUMBER_TEXT];
    json_key(j, key);
    if (type == VALUE_INTEGER)
        json_int(j, bound);
    else
        json_text(j, slice_of(text, value_format_int(type, bound, text)));
}

static void write_choices(struct json *j, const struct field_def *f) {
    json_key(j, "choices");
    json_array_begin(j);
    for (size_t i = 0; i < f->choice_count; i++) {
        const struct choice *c = &f->choices[i];
        json_object_begin(j);
        write_text(j, "key", c->key);
        write_label(j, "label", &c->label);
        if (c->color != NULL)
            write_text(j, "color", c->color);
        write_flag(j, "retired", c->retired);
        json_object_end(j);
    }
    json_array_end(j);
}

static void write_when(struct json *j, const struct object_def *o, const struct field_def *f) {
    json_key(j, "required_when");
    json_object_begin(j);
    write_text(j, object_field_by_id(o, f->when_field)->name, f->when_value);
    json_object_end(j);
}

static void write_checks(struct json *j, const struct field_def *f) {
    json_key(j, "checks");
    json_array_begin(j);
    for (size_t i = 0; i < f->check_count; i++)
        json_cstring(j, f->checks[i]->name);
    json_array_end(j);
}

static void write_reference(struct json *j, const struct object_set *set, const struct field_def *f) {
    static const char *const rules[] = {"restrict", "clear", "cascade"};
    write_text(j, "reference", object_by_id(set, f->reference_object)->name);
    write_text(j, "on_delete", rules[f->on_delete]);
}

/* ---- definitions ---- */

static void write_rules(struct json *j, const struct object_def *o, const struct field_def *f) {
    if (f->when_field != 0)
        write_when(j, o, f);
    write_flag(j, "unique", f->unique);
    write_flag(j, "read_only", f->read_only);
    write_flag(j, "locked", f->locked);
    if (f->length_min != 0) {
        json_key(j, "length_min");
        json_int(j, f->length_min);
    }
    if (f->length_max != 0 && f->length_max != value_type_info(f->type)->most) {
        json_key(j, "length_max");
        json_int(j, f->length_max);
    }
    if (f->has_minimum)
        write_bound(j, "minimum", f->type, f->minimum);
    if (f->has_maximum)
        write_bound(j, "maximum", f->type, f->maximum);
    if (f->pattern != NULL)
        write_text(j, "pattern", f->pattern);
    if (f->check_count > 0)
        write_checks(j, f);
}

void object_write_field(struct json *j, const struct object_set *set, const struct object_def *o,
                        const struct field_def *f) {
    json_object_begin(j);
    json_key(j, "id");
    json_int(j, f->id);
    write_text(j, "name", f->name);
    write_label(j, "label", &f->label);
    write_text(j, "type", value_type_name(f->type));
    write_text(j, "class", class_names[f->class]);
    if (f->search != 0)
        write_search(j, "search", f->search);
    write_flag(j, "required", f->required);
    write_rules(j, o, f);
    if (f->currency != NULL)
        write_text(j, "currency", f->currency);
    if (f->choice_count > 0)
        write_choices(j, f);
    if (f->type == VALUE_REFERENCE)
        write_reference(j, set, f);
    if (f->mask != MASK_DEFAULT)
        write_text(j, "mask", mask_name((enum mask)f->mask));
    if (f->default_value != NULL)
        write_text(j, "default", f->default_value);
    if (f->help.zh != NULL)
        write_label(j, "help", &f->help);
    write_flag(j, "retired", f->retired);
    json_object_end(j);
}

static void write_names(struct json *j, const char *key, const struct object_def *o, const uint16_t *ids,
                        size_t count) {
    json_key(j, key);
    json_array_begin(j);
    for (size_t i = 0; i < count; i++)
        json_cstring(j, object_field_by_id(o, ids[i])->name);
    json_array_end(j);
}

static void write_sort(struct json *j, const struct field_def *f, bool descending) {
    char sort[OBJECT_NAME_MAX + 2];
    (void)snprintf(sort, sizeof sort, "%s%s", descending ? "-" : "", f->name);
    write_text(j, "default_sort", sort);
}

static const char *subject_word(const struct object_def *o) {
    if (o->subject_field != 0)
        return object_field_by_id(o, o->subject_field)->name;
    return o->is_subject ? "self" : "none";
}

void object_write_definition(struct json *j, const struct object_set *set, const struct object_def *o) {
    json_object_begin(j);
    json_key(j, "id");
    json_int(j, o->id);
    write_text(j, "name", o->name);
    write_label(j, "label", &o->label);
    write_label(j, "label_plural", &o->label_plural);
    if (o->icon != NULL)
        write_text(j, "icon", o->icon);
    write_text(j, "subject", subject_word(o));
    if (o->parent_field != 0)
        write_text(j, "parent", object_field_by_id(o, o->parent_field)->name);
    write_flag(j, "timeline", o->timeline);
    write_names(j, "title_fields", o, o->title_fields, o->title_field_count);
    write_names(j, "list_fields", o, o->list_fields, o->list_field_count);
    write_sort(j, object_field_by_id(o, o->default_sort_field), o->default_sort_descending);
    json_key(j, "fields");
    json_array_begin(j);
    for (size_t i = 0; i < o->field_count; i++) {
        if (!field_is_system(&o->fields[i]))
            object_write_field(j, set, o, &o->fields[i]);
    }
    json_array_end(j);
    json_object_end(j);
}

/* ---- metadata ---- */

struct shown {
    struct json *j;
    const struct object_set *set;
    const struct object_def *o;
    const struct metadata_viewer *viewer;
};

static bool sight_of(const struct shown *m, const struct field_def *f, struct field_sight *out) {
    *out = (struct field_sight){.view = VIEW_HIDDEN};
    return f->id != FIELD_ID && !field_is_internal(f) && m->viewer->field(m->viewer->context, m->o, f, out);
}

static bool is_shown(const struct shown *m, const struct field_def *f) {
    struct field_sight ignored;
    return sight_of(m, f, &ignored);
}

static void null_or_bound(struct json *j, const char *key, const struct field_def *f, bool has,
                          int64_t bound) {
    if (has) {
        write_bound(j, key, f->type, bound);
    } else {
        json_key(j, key);
        json_none(j);
    }
}

static void null_or_text(struct json *j, const char *key, const char *text) {
    json_key(j, key);
    if (text == NULL)
        json_none(j);
    else
        json_cstring(j, text);
}

static void put_flag(struct json *j, const char *key, bool flag) {
    json_key(j, key);
    json_bool(j, flag);
}

static void meta_rules(const struct shown *m, const struct field_def *f) {
    struct json *j = m->j;
    put_flag(j, "required", f->required);
    const struct field_def *when = f->when_field == 0 ? NULL : object_field_by_id(m->o, f->when_field);
    if (when != NULL && is_shown(m, when)) {
        write_when(j, m->o, f);
    } else {
        json_key(j, "required_when");
        json_none(j);
    }
    put_flag(j, "unique", f->unique);
    put_flag(j, "read_only", f->read_only);
    put_flag(j, "locked", f->locked);
    put_flag(j, "retired", f->retired);
    put_flag(j, "system", field_is_system(f));
    json_key(j, "length_min");
    json_int(j, f->length_min);
    json_key(j, "length_max");
    if (f->length_max == 0)
        json_none(j);
    else
        json_int(j, f->length_max);
    null_or_bound(j, "minimum", f, f->has_minimum, f->minimum);
    null_or_bound(j, "maximum", f, f->has_maximum, f->maximum);
    null_or_text(j, "pattern", f->pattern);
    write_checks(j, f);
    null_or_text(j, "currency", f->currency);
    null_or_text(j, "default", f->default_value);
}

static void meta_reference(const struct shown *m, const struct field_def *f) {
    const struct object_def *target =
        f->reference_object == 0 ? NULL : object_by_id(m->set, f->reference_object);
    bool known = target != NULL && m->viewer->object(m->viewer->context, target);
    null_or_text(m->j, "reference", known ? target->name : NULL);
}

static void meta_field(const struct shown *m, const struct field_def *f, const struct field_sight *sight) {
    struct json *j = m->j;
    json_object_begin(j);
    write_text(j, "name", f->name);
    json_key(j, "id");
    json_int(j, f->id);
    write_label(j, "label", &f->label);
    write_label(j, "help", &f->help);
    write_text(j, "type", value_type_name(f->type));
    write_text(j, "class", class_names[f->class]);
    write_search(j, "search", f->search);
    meta_rules(m, f);
    write_choices(j, f);
    meta_reference(m, f);
    write_text(j, "view",
               sight->view == VIEW_CLEAR    ? "clear"
               : sight->view == VIEW_MASKED ? "masked"
                                            : "hidden");
    put_flag(j, "writable", sight->writable);
    write_search(j, "matchable", sight->matchable);
    put_flag(j, "filterable", sight->filterable);
    put_flag(j, "sortable", sight->sortable);
    json_object_end(j);
}

static void meta_names(const struct shown *m, const char *key, const uint16_t *ids, size_t count) {
    json_key(m->j, key);
    json_array_begin(m->j);
    for (size_t i = 0; i < count; i++) {
        const struct field_def *f = object_field_by_id(m->o, ids[i]);
        if (is_shown(m, f))
            json_cstring(m->j, f->name);
    }
    json_array_end(m->j);
}

/* The default sort names a field; one that the viewer may not sort by is not told. */
static void meta_sort(const struct shown *m) {
    struct field_sight sight;
    const struct field_def *f = object_field_by_id(m->o, m->o->default_sort_field);
    if (sight_of(m, f, &sight) && sight.sortable)
        write_sort(m->j, f, m->o->default_sort_descending);
    else
        null_or_text(m->j, "default_sort", NULL);
}

static void meta_acts(const struct shown *m) {
    json_key(m->j, "acts");
    json_array_begin(m->j);
    for (size_t i = 0; i < m->viewer->act_count; i++)
        json_cstring(m->j, m->viewer->acts[i]);
    json_array_end(m->j);
}

static void meta_link(const struct shown *m, const char *key, uint16_t field) {
    const struct field_def *f = field == 0 ? NULL : object_field_by_id(m->o, field);
    null_or_text(m->j, key, f != NULL && is_shown(m, f) ? f->name : NULL);
}

void object_write_metadata(struct json *j, const struct object_set *set, const struct object_def *o,
                           const struct metadata_viewer *viewer) {
    struct shown m = {.j = j, .set = set, .o = o, .viewer = viewer};
    json_object_begin(j);
    write_text(j, "name", o->name);
    json_key(j, "id");
    json_int(j, o->id);
    write_label(j, "label", &o->label);
    write_label(j, "label_plural", &o->label_plural);
    null_or_text(j, "icon", o->icon);
    put_flag(j, "timeline", o->timeline);
    meta_link(&m, "subject", o->subject_field);
    meta_link(&m, "parent", o->parent_field);
    meta_names(&m, "title_fields", o->title_fields, o->title_field_count);
    meta_names(&m, "list_fields", o->list_fields, o->list_field_count);
    meta_sort(&m);
    meta_acts(&m);
    json_key(j, "fields");
    json_array_begin(j);
    for (size_t i = 0; i < o->field_count; i++) {
        struct field_sight sight;
        if (sight_of(&m, &o->fields[i], &sight))
            meta_field(&m, &o->fields[i], &sight);
    }
    json_array_end(j);
    json_object_end(j);
}
