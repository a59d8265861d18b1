/* JSON to drafts: the shape of objects/schema.json, key by key. What the words mean is link.c's business. */
#include "object/draft.h"

#include "base/json_in.h"

#include <stdarg.h>
#include <stdio.h>

#define LABEL_MAX 200  /* bytes */
#define HELP_MAX  1000 /* bytes */
#define TEXT_MAX  400  /* bytes of other strings */
#define NAMES_MAX 60   /* names in a list */

enum status draft_fail(struct error *e, const char *file, const char *path, const char *format, ...) {
    char reason[ERROR_DETAIL_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    return error_set(e, ST_INVALID, "definition_invalid", "%s: %s%s%s", file, path,
                     path[0] == '\0' ? "" : ": ", reason);
}

/* Where we are in a file. */
struct place {
    struct arena *arena;
    const char *file;
    const char *path; /* "" or "fields[3]" */
    struct error *e;
};

static enum status fail_at(const struct place *p, const char *key, const char *reason) {
    char path[160];
    (void)snprintf(path, sizeof path, "%s%s%s", p->path, p->path[0] == '\0' ? "" : ".", key);
    return draft_fail(p->e, p->file, path, "%s", reason);
}

/* ---- typed getters: absent leaves *out alone ---- */

static enum status get_text(const struct place *p, const json_t *o, const char *key, size_t most,
                            const char **out) {
    const json_t *v = json_object_get(o, key);
    if (v == NULL)
        return ST_OK;
    if (!json_is_string(v))
        return fail_at(p, key, "write a string in quotation marks");
    if (json_string_length(v) == 0)
        return fail_at(p, key, "is empty; write something or leave it out");
    if (json_string_length(v) > most)
        return fail_at(p, key, "is too long; shorten it");
    *out = arena_string(p->arena, slice_of(json_string_value(v), json_string_length(v)));
    return *out == NULL ? ST_NOMEM : ST_OK;
}

static enum status need_text(const struct place *p, const json_t *o, const char *key, size_t most,
                             const char **out) {
    if (json_object_get(o, key) == NULL)
        return fail_at(p, key, "is missing; add it");
    return get_text(p, o, key, most, out);
}

static enum status get_flag(const struct place *p, const json_t *o, const char *key, bool *out) {
    const json_t *v = json_object_get(o, key);
    if (v == NULL)
        return ST_OK;
    if (!json_is_boolean(v))
        return fail_at(p, key, "write true or false");
    *out = json_is_true(v);
    return ST_OK;
}

static enum status get_number(const struct place *p, const json_t *o, const char *key, int64_t most,
                              uint32_t *out) {
    const json_t *v = json_object_get(o, key);
    if (v == NULL)
        return ST_OK;
    if (!json_is_integer(v) || json_integer_value(v) < 1 || json_integer_value(v) > most)
        return fail_at(p, key, "write a whole number within its limits (objects/schema.json)");
    *out = (uint32_t)json_integer_value(v);
    return ST_OK;
}

static enum status need_id(const struct place *p, const json_t *o, uint16_t *out) {
    uint32_t id = 0;
    if (json_object_get(o, "id") == NULL)
        return fail_at(p, "id", "is missing; give a number that was never used before");
    enum status s = get_number(p, o, "id", UINT16_MAX, &id);
    *out = (uint16_t)id;
    return s;
}

/* A bound: an integer, or the value's external text; a JSON real would be rounded. */
static enum status get_bound(const struct place *p, const json_t *o, const char *key, const char **out) {
    const json_t *v = json_object_get(o, key);
    if (!json_is_integer(v)) {
        if (json_is_real(v))
            return fail_at(p, key,
                           "write a number with a fraction as a string, \"1.5\", so that it is exact");
        return get_text(p, o, key, TEXT_MAX, out);
    }
    *out = arena_format(p->arena, "%lld", (long long)json_integer_value(v));
    return *out == NULL ? ST_NOMEM : ST_OK;
}

static enum status known_keys(const struct place *p, const json_t *o, const char *const *keys) {
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)o, key, v) {
        bool known = false;
        for (size_t i = 0; keys[i] != NULL && !known; i++)
            known = strcmp(keys[i], key) == 0;
        if (!known)
            return fail_at(p, key, "is no key of a definition; see objects/schema.json or take it out");
    }
    return ST_OK;
}

static enum status get_label(const struct place *p, const json_t *o, const char *key, size_t most,
                             bool required, struct label *out) {
    static const char *const keys[] = {"zh", "en", NULL};
    const json_t *v = json_object_get(o, key);
    if (v == NULL)
        return required ? fail_at(p, key, "is missing; add {\"zh\":…,\"en\":…}") : ST_OK;
    if (!json_is_object(v))
        return fail_at(p, key, "write {\"zh\":…,\"en\":…}");
    const char *path = arena_format(p->arena, "%s%s%s", p->path, p->path[0] == '\0' ? "" : ".", key);
    if (path == NULL)
        return ST_NOMEM;
    struct place in = {p->arena, p->file, path, p->e};
    enum status s = known_keys(&in, v, keys);
    if (s == ST_OK)
        s = need_text(&in, v, "zh", most, &out->zh);
    if (s == ST_OK)
        s = need_text(&in, v, "en", most, &out->en);
    return s;
}

static enum status get_names(const struct place *p, const json_t *o, const char *key, size_t most,
                             const char *const **out, size_t *count) {
    const json_t *v = json_object_get(o, key);
    if (v == NULL)
        return ST_OK;
    if (!json_is_array(v) || json_array_size(v) > most)
        return fail_at(p, key, "write a (shorter) list of names in quotation marks");
    const char **names = arena_array(p->arena, json_array_size(v), sizeof *names);
    if (names == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < json_array_size(v); i++) {
        const json_t *item = json_array_get(v, i);
        if (!json_is_string(item) || json_string_length(item) == 0 ||
            json_string_length(item) > OBJECT_NAME_MAX)
            return fail_at(p, key, "write a list of names in quotation marks");
        names[i] = arena_string(p->arena, slice_from_string(json_string_value(item)));
        if (names[i] == NULL)
            return ST_NOMEM;
    }
    *out = names;
    *count = json_array_size(v);
    return ST_OK;
}

/* ---- a field ---- */

static enum status read_choice(const struct place *field, const json_t *o, size_t index, struct choice *out) {
    static const char *const keys[] = {"key", "label", "color", "retired", NULL};
    char path[160];
    (void)snprintf(path, sizeof path, "%s.choices[%zu]", field->path, index);
    struct place p = {field->arena, field->file, path, field->e};
    if (!json_is_object(o))
        return fail_at(field, "choices", "write {\"key\":…,\"label\":{…}} for each");
    enum status s = known_keys(&p, o, keys);
    if (s == ST_OK)
        s = need_text(&p, o, "key", OBJECT_NAME_MAX, &out->key);
    if (s == ST_OK)
        s = get_label(&p, o, "label", LABEL_MAX, true, &out->label);
    if (s == ST_OK)
        s = get_text(&p, o, "color", OBJECT_NAME_MAX, &out->color);
    if (s == ST_OK)
        s = get_flag(&p, o, "retired", &out->retired);
    return s;
}

static enum status read_choices(const struct place *p, const json_t *o, struct field_def *f) {
    const json_t *v = json_object_get(o, "choices");
    if (v == NULL)
        return ST_OK;
    if (!json_is_array(v) || json_array_size(v) == 0 || json_array_size(v) > OBJECT_CHOICES_MAX)
        return fail_at(p, "choices", "write a list of 1 to 300 choices");
    struct choice *choices = arena_array(p->arena, json_array_size(v), sizeof *choices);
    if (choices == NULL)
        return ST_NOMEM;
    enum status s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < json_array_size(v); i++)
        s = read_choice(p, json_array_get(v, i), i, &choices[i]);
    f->choices = choices;
    f->choice_count = json_array_size(v);
    return s;
}

static enum status read_search(const struct place *p, const json_t *o, struct field_def *f) {
    static const struct {
        const char *name;
        enum field_search bit;
    } kinds[] = {{"exact", SEARCH_EXACT},
                 {"suffix", SEARCH_SUFFIX},
                 {"words", SEARCH_WORDS},
                 {"fragment", SEARCH_FRAGMENT}};
    const char *const *names = NULL;
    size_t count = 0;
    enum status s = get_names(p, o, "search", 4, &names, &count);
    for (size_t i = 0; s == ST_OK && i < count; i++) {
        unsigned bit = 0;
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
            bit |= strcmp(kinds[k].name, names[i]) == 0 ? (unsigned)kinds[k].bit : 0U;
        if (bit == 0 || (f->search & bit) != 0)
            return fail_at(p, "search", "use exact, suffix, words, fragment, each once");
        f->search |= bit;
    }
    return s;
}

static enum status read_when(const struct place *p, const json_t *o, struct field_draft *f) {
    const json_t *v = json_object_get(o, "required_when");
    if (v == NULL)
        return ST_OK;
    if (!json_is_object(v) || json_object_size(v) != 1)
        return fail_at(p, "required_when", "write one condition, {\"field\":\"value\"}");
    const char *name = json_object_iter_key(json_object_iter((json_t *)v));
    f->when_name = arena_string(p->arena, slice_from_string(name));
    if (f->when_name == NULL)
        return ST_NOMEM;
    struct place in = {p->arena, p->file, arena_format(p->arena, "%s.required_when", p->path), p->e};
    return in.path == NULL ? ST_NOMEM : need_text(&in, v, name, TEXT_MAX, &f->def.when_value);
}

static enum status read_flags(const struct place *p, const json_t *o, struct field_def *f) {
    enum status s = get_flag(p, o, "required", &f->required);
    if (s == ST_OK)
        s = get_flag(p, o, "unique", &f->unique);
    if (s == ST_OK)
        s = get_flag(p, o, "read_only", &f->read_only);
    if (s == ST_OK)
        s = get_flag(p, o, "locked", &f->locked);
    if (s == ST_OK)
        s = get_flag(p, o, "retired", &f->retired);
    return s;
}

static enum status read_rules(const struct place *p, const json_t *o, struct field_draft *f) {
    enum status s = get_number(p, o, "length_min", VALUE_INPUT_MAX, &f->def.length_min);
    if (s == ST_OK)
        s = get_number(p, o, "length_max", VALUE_INPUT_MAX, &f->def.length_max);
    if (s == ST_OK)
        s = get_bound(p, o, "minimum", &f->minimum);
    if (s == ST_OK)
        s = get_bound(p, o, "maximum", &f->maximum);
    if (s == ST_OK)
        s = get_text(p, o, "pattern", TEXT_MAX, &f->def.pattern);
    if (s == ST_OK)
        s = get_names(p, o, "checks", OBJECT_CHECKS_MAX, &f->checks, &f->check_count);
    if (s == ST_OK)
        s = get_text(p, o, "currency", OBJECT_NAME_MAX, &f->def.currency);
    if (s == ST_OK)
        s = get_text(p, o, "default", TEXT_MAX, &f->def.default_value);
    if (s == ST_OK)
        s = read_when(p, o, f);
    return s == ST_OK ? read_choices(p, o, &f->def) : s;
}

static enum status read_field(const struct place *p, const json_t *o, struct field_draft *f) {
    static const char *const keys[] = {
        "id",       "name",          "label",     "help",       "type",       "class",     "search",
        "required", "required_when", "unique",    "locked",     "retired",    "read_only", "pattern",
        "checks",   "minimum",       "maximum",   "length_min", "length_max", "default",   "choices",
        "currency", "mask",          "on_delete", "reference",  NULL};
    if (!json_is_object(o))
        return draft_fail(p->e, p->file, p->path, "write an object {…}");
    enum status s = known_keys(p, o, keys);
    if (s == ST_OK)
        s = need_id(p, o, &f->def.id);
    if (s == ST_OK)
        s = need_text(p, o, "name", OBJECT_NAME_MAX, &f->def.name);
    if (s == ST_OK)
        s = get_label(p, o, "label", LABEL_MAX, true, &f->def.label);
    if (s == ST_OK)
        s = get_label(p, o, "help", HELP_MAX, false, &f->def.help);
    if (s == ST_OK)
        s = need_text(p, o, "type", OBJECT_NAME_MAX, &f->type);
    if (s == ST_OK)
        s = need_text(p, o, "class", OBJECT_NAME_MAX, &f->class_name);
    if (s == ST_OK)
        s = read_search(p, o, &f->def);
    if (s == ST_OK)
        s = read_flags(p, o, &f->def);
    if (s == ST_OK)
        s = get_text(p, o, "reference", OBJECT_NAME_MAX, &f->reference);
    if (s == ST_OK)
        s = get_text(p, o, "on_delete", OBJECT_NAME_MAX, &f->on_delete);
    if (s == ST_OK)
        s = get_text(p, o, "mask", OBJECT_NAME_MAX, &f->mask);
    return s == ST_OK ? read_rules(p, o, f) : s;
}

/* ---- an object ---- */

static enum status read_fields(const struct place *p, const json_t *o, struct object_draft *out) {
    const json_t *v = json_object_get(o, "fields");
    if (!json_is_array(v) || json_array_size(v) == 0 || json_array_size(v) > OBJECT_OWN_FIELDS_MAX)
        return fail_at(p, "fields", "write a list of at least one field");
    out->field_count = json_array_size(v);
    out->fields = arena_array(p->arena, out->field_count, sizeof *out->fields);
    if (out->fields == NULL)
        return ST_NOMEM;
    enum status s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < out->field_count; i++) {
        char path[40];
        (void)snprintf(path, sizeof path, "fields[%zu]", i);
        struct place in = {p->arena, p->file, path, p->e};
        s = read_field(&in, json_array_get(v, i), &out->fields[i]);
    }
    return s;
}

static enum status read_layout(const struct place *p, const json_t *o, struct object_draft *out) {
    enum status s = get_names(p, o, "title_fields", NAMES_MAX, &out->title, &out->title_count);
    if (s == ST_OK)
        s = get_names(p, o, "list_fields", NAMES_MAX, &out->list, &out->list_count);
    if (s == ST_OK)
        s = get_text(p, o, "default_sort", OBJECT_NAME_MAX + 1, &out->sort);
    if (s == ST_OK)
        s = get_text(p, o, "icon", OBJECT_NAME_MAX, &out->def.icon);
    return s == ST_OK ? get_flag(p, o, "timeline", &out->def.timeline) : s;
}

enum status object_read(struct arena *a, const char *file, const json_t *root, struct object_draft *out,
                        struct error *e) {
    static const char *const keys[] = {"$schema",     "id",           "name",   "label",    "label_plural",
                                       "icon",        "subject",      "parent", "timeline", "title_fields",
                                       "list_fields", "default_sort", "fields", NULL};
    struct place p = {a, file, "", e};
    *out = (struct object_draft){.file = arena_string(a, slice_from_string(file))};
    if (out->file == NULL)
        return ST_NOMEM;
    if (!json_is_object(root))
        return draft_fail(e, file, "", "write one object {…}");
    enum status s = known_keys(&p, root, keys);
    if (s == ST_OK)
        s = need_id(&p, root, &out->def.id);
    if (s == ST_OK)
        s = need_text(&p, root, "name", OBJECT_NAME_MAX, &out->def.name);
    if (s == ST_OK)
        s = get_label(&p, root, "label", LABEL_MAX, true, &out->def.label);
    if (s == ST_OK)
        s = get_label(&p, root, "label_plural", LABEL_MAX, true, &out->def.label_plural);
    if (s == ST_OK)
        s = need_text(&p, root, "subject", OBJECT_NAME_MAX, &out->subject);
    if (s == ST_OK)
        s = get_text(&p, root, "parent", OBJECT_NAME_MAX, &out->parent);
    if (s == ST_OK)
        s = read_layout(&p, root, out);
    return s == ST_OK ? read_fields(&p, root, out) : s;
}

enum status object_parse_json(const char *file, struct slice text, json_t **out, struct error *e) {
    json_error_t at;
    if (text.n > OBJECT_FILE_MAX)
        return draft_fail(e, file, "", "is larger than 1 MiB; split the object");
    enum status s = json_read(text, JSON_REJECT_DUPLICATES, out, &at);
    if (s == ST_NOMEM)
        return error_set(e, s, "no_memory", "definition");
    if (s != ST_OK)
        return draft_fail(e, file, "", "line %d, column %d: %.120s", at.line, at.column, at.text);
    return ST_OK;
}
