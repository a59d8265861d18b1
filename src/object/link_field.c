/* The rules of one field. What each type permits stands in one table. */
#include "object/draft.h"
#include "object/pattern.h"
#include "object/validate.h"
#include "value/parse.h"

#include <stdarg.h>
#include <stdio.h>

#define S_CODE (SEARCH_EXACT | SEARCH_SUFFIX)

/* What a type permits. `floor`: the lowest class, since the type itself names a person. `few`: so few values
 * that an index of sealed ones could be read by counting. */
static const struct type_rule {
    unsigned search;
    enum field_class floor;
    bool few, can_be_unique, sortable;
} rules[VALUE_TYPE_END] = {
    [VALUE_TEXT] = {S_CODE | SEARCH_WORDS | SEARCH_FRAGMENT, CLASS_PUBLIC, false, true, true},
    [VALUE_LONG_TEXT] = {SEARCH_WORDS, CLASS_PUBLIC, false, false, false},
    [VALUE_INTEGER] = {SEARCH_EXACT, CLASS_PUBLIC, true, true, true},
    [VALUE_DECIMAL] = {SEARCH_EXACT, CLASS_PUBLIC, true, false, true},
    [VALUE_MONEY] = {SEARCH_EXACT, CLASS_PUBLIC, true, false, true},
    [VALUE_DATE] = {SEARCH_EXACT, CLASS_PUBLIC, true, false, true},
    [VALUE_DATETIME] = {SEARCH_EXACT, CLASS_PUBLIC, true, false, true},
    [VALUE_BOOLEAN] = {SEARCH_EXACT, CLASS_PUBLIC, true, false, true},
    [VALUE_CHOICE] = {SEARCH_EXACT, CLASS_PUBLIC, true, false, true},
    [VALUE_MULTI_CHOICE] = {SEARCH_EXACT, CLASS_PUBLIC, true, false, false},
    [VALUE_PHONE] = {S_CODE, CLASS_PERSONAL, false, true, false},
    [VALUE_MOBILE] = {S_CODE, CLASS_PERSONAL, false, true, false},
    [VALUE_MAIL] = {SEARCH_EXACT | SEARCH_FRAGMENT, CLASS_PERSONAL, false, true, false},
    [VALUE_URL] = {SEARCH_EXACT | SEARCH_FRAGMENT, CLASS_PUBLIC, false, true, true},
    [VALUE_CN_RESIDENT_ID] = {S_CODE, CLASS_SENSITIVE, false, true, false},
    [VALUE_USCC] = {S_CODE, CLASS_PUBLIC, false, true, true},
    [VALUE_BANK_CARD] = {S_CODE, CLASS_SENSITIVE, false, true, false},
    [VALUE_REGION] = {SEARCH_EXACT, CLASS_PUBLIC, true, false, true},
    [VALUE_USER] = {SEARCH_EXACT, CLASS_PUBLIC, false, false, true},
    [VALUE_DEPARTMENT] = {SEARCH_EXACT, CLASS_PUBLIC, false, false, true},
    [VALUE_REFERENCE] = {SEARCH_EXACT, CLASS_PUBLIC, false, true, true},
    [VALUE_TAG] = {SEARCH_EXACT, CLASS_PUBLIC, true, false, false},
    [VALUE_PERSON_NAME] = {SEARCH_EXACT | SEARCH_FRAGMENT, CLASS_PERSONAL, false, false, false},
    [VALUE_ADDRESS] = {SEARCH_WORDS | SEARCH_FRAGMENT, CLASS_PERSONAL, false, false, false},
};

static const char *const class_names[CLASS_COUNT] = {"public", "internal", "personal", "sensitive"};

bool draft_type_sorts(enum value_type type) {
    return rules[type].sortable;
}

/* What is being linked. */
struct linking {
    struct arena *arena;
    const char *file, *path;
    struct field_draft *draft;
    struct field_def *f;
    const struct type_rule *rule;
    bool about_subject;
    struct error *e;
};

static enum status fail(const struct linking *l, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum status fail(const struct linking *l, const char *key, const char *format, ...) {
    char path[80], reason[ERROR_DETAIL_MAX];
    (void)snprintf(path, sizeof path, "%s.%s", l->path, key);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    return draft_fail(l->e, l->file, path, "%s", reason);
}

bool draft_name_is_legal(const char *name) {
    size_t n = strlen(name);
    if (n == 0 || n > OBJECT_NAME_MAX || name[0] < 'a' || name[0] > 'z')
        return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == n;
}

static bool stores_text(const struct field_def *f) {
    return value_type_info(f->type)->storage == KIND_TEXT;
}

static bool has_choices(const struct field_def *f) {
    return f->type == VALUE_CHOICE || f->type == VALUE_MULTI_CHOICE;
}

static bool is_link(const struct field_def *f) {
    return f->type == VALUE_REFERENCE || f->type == VALUE_USER || f->type == VALUE_DEPARTMENT;
}

static enum status link_name(const struct linking *l) {
    if (l->f->id < FIELD_FIRST_OWN)
        return fail(l, "id", "%u is kept for the system; use a number from 100 up", l->f->id);
    if (!draft_name_is_legal(l->f->name))
        return fail(l, "name", "use lower-case letters, digits and _, a letter first, 40 at most");
    size_t n;
    const struct field_def *sys = system_fields(&n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(sys[i].name, l->f->name) == 0)
            return fail(l, "name", "\"%s\" is the system's; choose another name", l->f->name);
    }
    return ST_OK;
}

static enum status link_class(const struct linking *l) {
    int class = -1;
    for (int i = 0; i < CLASS_COUNT; i++) {
        if (strcmp(class_names[i], l->draft->class_name) == 0)
            class = i;
    }
    if (class < 0)
        return fail(l, "class", "\"%s\" is no class; use public, internal, personal or sensitive",
                    l->draft->class_name);
    l->f->class = (enum field_class) class;
    enum field_class floor = l->rule->floor;
    if (l->f->type == VALUE_LONG_TEXT && l->about_subject && floor < CLASS_PERSONAL)
        floor = CLASS_PERSONAL;
    if (l->f->class < floor)
        return fail(l, "class", "the type %s is %s at least; raise the class", value_type_name(l->f->type),
                    class_names[floor]);
    if (!field_is_sealed(l->f))
        return ST_OK;
    if (!l->about_subject)
        return fail(l, "class",
                    "the object is nobody's data (subject none); lower the class or name a subject");
    if (is_link(l->f))
        return fail(l, "class", "a %s cannot be sealed; use public or internal", value_type_name(l->f->type));
    return ST_OK;
}

static enum status link_search(const struct linking *l) {
    if ((l->f->search & ~l->rule->search) != 0)
        return fail(l, "search", "a %s has no such search; see docs on types, or take it out",
                    value_type_name(l->f->type));
    if (l->f->search != 0 && field_is_sealed(l->f) && l->rule->few)
        return fail(l, "search",
                    "a sealed %s has so few values that an index would give them away; take it out",
                    value_type_name(l->f->type));
    if (!l->f->unique)
        return ST_OK;
    if (!l->rule->can_be_unique)
        return fail(l, "unique", "a %s cannot be unique; take it out", value_type_name(l->f->type));
    if ((l->f->search & SEARCH_EXACT) == 0)
        return fail(l, "unique", "needs the search \"exact\"; add it");
    return ST_OK;
}

static enum status link_length(const struct linking *l) {
    size_t most = value_type_info(l->f->type)->most;
    if (!stores_text(l->f) || has_choices(l->f) || is_link(l->f)) {
        if (l->f->length_min != 0 || l->f->length_max != 0)
            return fail(l, "length_max", "a %s has no length; take it out", value_type_name(l->f->type));
        return ST_OK;
    }
    if (l->f->length_max > most)
        return fail(l, "length_max", "a %s holds %zu characters at most", value_type_name(l->f->type), most);
    if (l->f->length_max == 0)
        l->f->length_max = (uint32_t)most;
    if (l->f->length_min > l->f->length_max)
        return fail(l, "length_min", "is above length_max; lower it");
    return ST_OK;
}

static enum status link_bound(const struct linking *l, const char *key, const char *text, bool *has,
                              int64_t *out) {
    if (text == NULL)
        return ST_OK;
    if (stores_text(l->f) || l->f->type == VALUE_BOOLEAN || is_link(l->f))
        return fail(l, key, "a %s has no bounds; take it out", value_type_name(l->f->type));
    struct value v;
    enum status s = value_parse(l->f->type, slice_from_string(text), NULL, l->arena, &v, NULL);
    if (s == ST_NOMEM)
        return s;
    if (s != ST_OK || v.kind != KIND_INT)
        return fail(l, key, "is no %s; write it as a user would", value_type_name(l->f->type));
    *has = true;
    *out = v.i;
    return ST_OK;
}

static enum status link_bounds(const struct linking *l) {
    enum status s = link_bound(l, "minimum", l->draft->minimum, &l->f->has_minimum, &l->f->minimum);
    if (s == ST_OK)
        s = link_bound(l, "maximum", l->draft->maximum, &l->f->has_maximum, &l->f->maximum);
    if (s == ST_OK && l->f->has_minimum && l->f->has_maximum && l->f->minimum > l->f->maximum)
        return fail(l, "minimum", "is above maximum; lower it");
    return s;
}

static enum status link_currency(const struct linking *l) {
    const char *c = l->f->currency;
    if (l->f->type != VALUE_MONEY)
        return c == NULL ? ST_OK : fail(l, "currency", "only money has a currency; take it out");
    if (c == NULL || strlen(c) != 3 || strspn(c, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
        return fail(l, "currency", "write the three letters of ISO 4217, such as CNY");
    return ST_OK;
}

static enum status link_choices(const struct linking *l) {
    struct field_def *f = l->f;
    if (!has_choices(f))
        return f->choice_count == 0 ? ST_OK : fail(l, "choices", "only choice and multi_choice have choices");
    if (f->choice_count == 0)
        return fail(l, "choices", "are missing; add at least one");
    struct slice *keys = arena_array(l->arena, f->choice_count, sizeof *keys);
    if (keys == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < f->choice_count; i++) {
        const char *key = f->choices[i].key;
        if (strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(key))
            return fail(l, "choices", "[%zu].key: use lower-case letters, digits and _", i);
        for (size_t k = 0; k < i; k++) {
            if (strcmp(f->choices[k].key, key) == 0)
                return fail(l, "choices", "[%zu].key: \"%s\" is there twice; rename one", i, key);
        }
        if (!f->choices[i].retired)
            keys[f->choice_key_count++] = slice_from_string(key);
    }
    f->choice_keys = keys;
    return f->choice_key_count > 0 ? ST_OK
                                   : fail(l, "choices", "are all retired; keep one or retire the field");
}

static enum status link_checks(const struct linking *l) {
    const struct value_check **checks = arena_array(l->arena, l->draft->check_count, sizeof *checks);
    if (checks == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < l->draft->check_count; i++) {
        const char *name = l->draft->checks[i];
        checks[i] = value_check_find(slice_from_string(name));
        if (checks[i] == NULL)
            return fail(l, "checks", "\"%s\" is no check; see value/check.h for their names", name);
        if (!value_check_fits(checks[i], l->f->type))
            return fail(l, "checks", "\"%s\" does not fit a %s; take it out", name,
                        value_type_name(l->f->type));
    }
    l->f->checks = checks;
    l->f->check_count = l->draft->check_count;
    return ST_OK;
}

static enum status link_pattern(const struct linking *l) {
    if (l->f->pattern == NULL)
        return ST_OK;
    if (!stores_text(l->f) || has_choices(l->f) || is_link(l->f) || l->f->type == VALUE_TAG)
        return fail(l, "pattern", "a %s has no pattern; take it out", value_type_name(l->f->type));
    struct error why;
    struct object_pattern *code = NULL;
    enum status s = pattern_compile(l->f->pattern, &code, &why);
    l->f->pattern_code = code;
    return s == ST_INVALID ? fail(l, "pattern", "%.150s", why.detail) : s;
}

static enum status link_mask(const struct linking *l) {
    if (l->draft->mask == NULL)
        return ST_OK;
    enum mask mask = mask_by_name(slice_from_string(l->draft->mask));
    if (mask == MASK_END)
        return fail(l, "mask", "\"%s\" is no mask; see objects/schema.json for their names", l->draft->mask);
    if (!mask_fits(mask, l->f->type))
        return fail(l, "mask", "\"%s\" does not fit a %s; take it out", l->draft->mask,
                    value_type_name(l->f->type));
    l->f->mask = (uint16_t)mask;
    return ST_OK;
}

static enum status link_default(const struct linking *l) {
    if (l->f->default_value == NULL)
        return ST_OK;
    if (is_link(l->f) || l->f->unique)
        return fail(l, "default", "a link or a unique field has no default; take it out");
    struct value v;
    struct validate_clock clock = {0};
    struct error why;
    enum status s =
        object_parse_field(l->f, slice_from_string(l->f->default_value), &clock, l->arena, &v, &why);
    if (s == ST_INVALID)
        return fail(l, "default", "breaks the field's own rules (%s); change it", why.code);
    return s;
}

static enum status link_on_delete(const struct linking *l) {
    const char *name = l->draft->on_delete;
    if (l->f->type != VALUE_REFERENCE) {
        if (l->draft->reference != NULL || name != NULL)
            return fail(l, "reference", "only the type reference has a target; take it out");
        return ST_OK;
    }
    if (l->draft->reference == NULL)
        return fail(l, "reference", "is missing; name the object");
    if (name == NULL || strcmp(name, "restrict") == 0) {
        l->f->on_delete = ON_DELETE_RESTRICT;
    } else if (strcmp(name, "clear") == 0) {
        l->f->on_delete = ON_DELETE_CLEAR;
    } else if (strcmp(name, "cascade") == 0) {
        l->f->on_delete = ON_DELETE_CASCADE;
    } else {
        return fail(l, "on_delete", "use restrict, clear or cascade");
    }
    if (l->f->required && l->f->on_delete == ON_DELETE_CLEAR)
        return fail(l, "on_delete", "a required field cannot be cleared; use restrict or cascade");
    return ST_OK;
}

static enum status link_required(const struct linking *l) {
    if (l->f->retired && (l->f->required || l->draft->when_name != NULL))
        return fail(l, "retired", "a retired field cannot be required; take required out");
    if (l->f->required && l->draft->when_name != NULL)
        return fail(l, "required_when", "the field is required always; take one of the two out");
    return ST_OK;
}

enum status link_field(struct arena *a, const char *file, const char *path, struct field_draft *f,
                       bool about_subject, struct error *e) {
    static enum status (*const steps[])(const struct linking *) = {
        link_name,   link_class, link_search,  link_length,  link_bounds,    link_currency, link_choices,
        link_checks, link_mask,  link_pattern, link_default, link_on_delete, link_required};
    struct linking l = {.arena = a,
                        .file = file,
                        .path = path,
                        .draft = f,
                        .f = &f->def,
                        .e = e,
                        .about_subject = about_subject};
    f->def.type = value_type_by_name(slice_from_string(f->type));
    if (f->def.type == VALUE_NONE)
        return fail(&l, "type", "\"%s\" is no type; see objects/schema.json for their names", f->type);
    l.rule = &rules[f->def.type];
    enum status s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < sizeof steps / sizeof steps[0]; i++)
        s = steps[i](&l);
    return s;
}
