#include "object/diff.h"

#include "value/parse.h"

static const char *const class_names[CLASS_COUNT] = {"public", "internal", "personal", "sensitive"};
static const char *const effect_names[] = {"none", "table", "column", "seal", "index", "check"};

static const struct change_info {
    const char *name;
    enum object_change_effect effect;
    bool refused;
} infos[CHANGE_KIND_END] = {
    [CHANGE_OBJECT_ADDED] = {"object_added", EFFECT_TABLE, false},
    [CHANGE_OBJECT_REMOVED] = {"object_removed", EFFECT_NONE, true},
    [CHANGE_OBJECT_ID] = {"object_id", EFFECT_NONE, true},
    [CHANGE_OBJECT_RENAMED] = {"object_renamed", EFFECT_NONE, false},
    [CHANGE_OBJECT_LABEL] = {"object_label", EFFECT_NONE, false},
    [CHANGE_OBJECT_LAYOUT] = {"object_layout", EFFECT_NONE, false},
    [CHANGE_OBJECT_SUBJECT] = {"object_subject", EFFECT_NONE, true},
    [CHANGE_OBJECT_PARENT] = {"object_parent", EFFECT_NONE, true},
    [CHANGE_FIELD_ADDED] = {"field_added", EFFECT_COLUMN, false},
    [CHANGE_FIELD_REMOVED] = {"field_removed", EFFECT_NONE, true},
    [CHANGE_FIELD_ID] = {"field_id", EFFECT_NONE, true},
    [CHANGE_FIELD_RENAMED] = {"field_renamed", EFFECT_NONE, false},
    [CHANGE_FIELD_LABEL] = {"field_label", EFFECT_NONE, false},
    [CHANGE_FIELD_TYPE] = {"field_type", EFFECT_NONE, true},
    [CHANGE_FIELD_CLASS_RAISED] = {"field_class_raised", EFFECT_SEAL, false},
    [CHANGE_FIELD_CLASS_LOWERED] = {"field_class_lowered", EFFECT_NONE, true},
    [CHANGE_FIELD_SEARCH] = {"field_search", EFFECT_INDEX, false},
    [CHANGE_FIELD_UNIQUE] = {"field_unique", EFFECT_CHECK, false},
    [CHANGE_FIELD_REQUIRED] = {"field_required", EFFECT_CHECK, false},
    [CHANGE_FIELD_RULES] = {"field_rules", EFFECT_CHECK, false},
    [CHANGE_FIELD_MASK] = {"field_mask", EFFECT_NONE, false},
    [CHANGE_FIELD_REFERENCE] = {"field_reference", EFFECT_NONE, true},
    [CHANGE_FIELD_CHOICES] = {"field_choices", EFFECT_NONE, false},
    [CHANGE_FIELD_CHOICE_REMOVED] = {"field_choice_removed", EFFECT_NONE, true},
    [CHANGE_FIELD_RETIRED] = {"field_retired", EFFECT_NONE, false},
    [CHANGE_FIELD_REVIVED] = {"field_revived", EFFECT_NONE, false},
};

const char *object_change_name(enum object_change_kind kind) {
    return infos[kind].name;
}

/* Collects the changes; grows by doubling in the arena. */
struct differ {
    struct arena *arena;
    struct object_diff *out;
    size_t room;
    bool failed;
    const struct object_def *old_object, *object; /* of the pair at hand; object NULL when removed */
};

static void note(struct differ *d, enum object_change_kind kind, const struct field_def *f, const char *from,
                 const char *to) {
    if (d->out->count == d->room) {
        size_t room = d->room == 0 ? 32 : d->room * 2;
        struct object_change *bigger = arena_array(d->arena, room, sizeof *bigger);
        if (bigger == NULL) {
            d->failed = true;
            return;
        }
        if (d->out->count > 0)
            memcpy(bigger, d->out->changes, d->out->count * sizeof *bigger);
        d->out->changes = bigger;
        d->room = room;
    }
    const struct object_def *o = d->object != NULL ? d->object : d->old_object;
    d->out->changes[d->out->count++] = (struct object_change){
        .kind = kind,
        .effect = infos[kind].effect,
        .refused = infos[kind].refused,
        .object = o->id,
        .field = f == NULL ? 0 : f->id,
        .object_name = o->name,
        .field_name = f == NULL ? NULL : f->name,
        .from = from,
        .to = to,
    };
    d->out->refused += infos[kind].refused;
}

/* NULL equals NULL only. */
static bool text_equal(const char *x, const char *y) {
    return x == y || (x != NULL && y != NULL && strcmp(x, y) == 0);
}

static bool label_equal(const struct label *x, const struct label *y) {
    return text_equal(x->zh, y->zh) && text_equal(x->en, y->en);
}

/* ---- a field ---- */

static bool checks_equal(const struct field_def *x, const struct field_def *y) {
    if (x->check_count != y->check_count)
        return false;
    for (size_t i = 0; i < x->check_count; i++) {
        if (x->checks[i] != y->checks[i])
            return false;
    }
    return true;
}

static bool rules_equal(const struct field_def *x, const struct field_def *y) {
    return text_equal(x->pattern, y->pattern) && text_equal(x->default_value, y->default_value) &&
           checks_equal(x, y) && x->length_min == y->length_min && x->length_max == y->length_max &&
           x->has_minimum == y->has_minimum && x->minimum == y->minimum && x->has_maximum == y->has_maximum &&
           x->maximum == y->maximum && x->read_only == y->read_only && x->locked == y->locked &&
           x->on_delete == y->on_delete;
}

static const struct choice *choice_find(const struct field_def *f, const char *key) {
    for (size_t i = 0; i < f->choice_count; i++) {
        if (strcmp(f->choices[i].key, key) == 0)
            return &f->choices[i];
    }
    return NULL;
}

static void diff_choices(struct differ *d, const struct field_def *x, const struct field_def *y) {
    bool changed = x->choice_count != y->choice_count;
    for (size_t i = 0; i < x->choice_count; i++) {
        const struct choice *old = &x->choices[i], *now = choice_find(y, old->key);
        if (now == NULL) {
            note(d, CHANGE_FIELD_CHOICE_REMOVED, y, old->key, NULL);
            continue;
        }
        if (!label_equal(&old->label, &now->label) || !text_equal(old->color, now->color) ||
            old->retired != now->retired || (i < y->choice_count && !text_equal(old->key, y->choices[i].key)))
            changed = true;
    }
    if (changed)
        note(d, CHANGE_FIELD_CHOICES, y, NULL, NULL);
}

static void diff_meaning(struct differ *d, const struct field_def *x, const struct field_def *y) {
    if (x->type != y->type)
        note(d, CHANGE_FIELD_TYPE, y, value_type_name(x->type), value_type_name(y->type));
    else if (!text_equal(x->currency, y->currency))
        note(d, CHANGE_FIELD_TYPE, y, x->currency, y->currency);
    if (x->reference_object != y->reference_object)
        note(d, CHANGE_FIELD_REFERENCE, y, NULL, NULL);
    if (x->class < y->class)
        note(d, CHANGE_FIELD_CLASS_RAISED, y, class_names[x->class], class_names[y->class]);
    if (x->class > y->class)
        note(d, CHANGE_FIELD_CLASS_LOWERED, y, class_names[x->class], class_names[y->class]);
}

static void diff_field(struct differ *d, const struct field_def *x, const struct field_def *y) {
    if (strcmp(x->name, y->name) != 0)
        note(d, CHANGE_FIELD_RENAMED, y, x->name, y->name);
    if (!label_equal(&x->label, &y->label) || !label_equal(&x->help, &y->help))
        note(d, CHANGE_FIELD_LABEL, y, NULL, NULL);
    diff_meaning(d, x, y);
    if (x->search != y->search)
        note(d, CHANGE_FIELD_SEARCH, y, NULL, NULL);
    if (x->unique != y->unique)
        note(d, CHANGE_FIELD_UNIQUE, y, x->unique ? "true" : "false", y->unique ? "true" : "false");
    if (x->required != y->required || x->when_field != y->when_field ||
        !text_equal(x->when_value, y->when_value))
        note(d, CHANGE_FIELD_REQUIRED, y, x->required ? "true" : "false", y->required ? "true" : "false");
    if (!rules_equal(x, y))
        note(d, CHANGE_FIELD_RULES, y, NULL, NULL);
    if (x->mask != y->mask)
        note(d, CHANGE_FIELD_MASK, y, mask_name((enum mask)x->mask), mask_name((enum mask)y->mask));
    diff_choices(d, x, y);
    if (x->retired != y->retired)
        note(d, y->retired ? CHANGE_FIELD_RETIRED : CHANGE_FIELD_REVIVED, y, NULL, NULL);
}

static void diff_fields(struct differ *d, const struct object_def *x, const struct object_def *y) {
    for (size_t i = 0; i < y->field_count; i++) {
        const struct field_def *now = &y->fields[i], *old = object_field_by_id(x, now->id);
        const struct field_def *same_name = object_field(x, slice_from_string(now->name));
        if (old != NULL)
            diff_field(d, old, now);
        else if (same_name != NULL && object_field_by_id(y, same_name->id) == NULL)
            note(d, CHANGE_FIELD_ID, now, NULL, NULL);
        else
            note(d, CHANGE_FIELD_ADDED, now, NULL, value_type_name(now->type));
    }
    for (size_t i = 0; i < x->field_count; i++) {
        const struct field_def *old = &x->fields[i];
        if (object_field_by_id(y, old->id) == NULL && object_field(y, slice_from_string(old->name)) == NULL)
            note(d, CHANGE_FIELD_REMOVED, old, NULL, NULL);
    }
}

/* ---- an object ---- */

static bool ids_equal(const uint16_t *x, size_t xn, const uint16_t *y, size_t yn) {
    return xn == yn && (xn == 0 || memcmp(x, y, xn * sizeof *x) == 0);
}

static bool layout_equal(const struct object_def *x, const struct object_def *y) {
    return ids_equal(x->title_fields, x->title_field_count, y->title_fields, y->title_field_count) &&
           ids_equal(x->list_fields, x->list_field_count, y->list_fields, y->list_field_count) &&
           x->default_sort_field == y->default_sort_field &&
           x->default_sort_descending == y->default_sort_descending && text_equal(x->icon, y->icon) &&
           x->timeline == y->timeline;
}

static void diff_object(struct differ *d, const struct object_def *x, const struct object_def *y) {
    d->old_object = x;
    d->object = y;
    if (strcmp(x->name, y->name) != 0)
        note(d, CHANGE_OBJECT_RENAMED, NULL, x->name, y->name);
    if (!label_equal(&x->label, &y->label) || !label_equal(&x->label_plural, &y->label_plural))
        note(d, CHANGE_OBJECT_LABEL, NULL, NULL, NULL);
    if (x->subject_field != y->subject_field || x->is_subject != y->is_subject)
        note(d, CHANGE_OBJECT_SUBJECT, NULL, NULL, NULL);
    if (x->parent_field != y->parent_field)
        note(d, CHANGE_OBJECT_PARENT, NULL, NULL, NULL);
    if (!layout_equal(x, y))
        note(d, CHANGE_OBJECT_LAYOUT, NULL, NULL, NULL);
    diff_fields(d, x, y);
}

static void diff_missing(struct differ *d, const struct object_set *from, const struct object_set *to,
                         const struct object_def *y) {
    const struct object_def *same = object_find(from, slice_from_string(y->name));
    bool moved = same != NULL && object_by_id(to, same->id) == NULL;
    d->object = y;
    note(d, moved ? CHANGE_OBJECT_ID : CHANGE_OBJECT_ADDED, NULL, NULL, NULL);
}

enum status object_diff(const struct object_set *from, const struct object_set *to, struct arena *arena,
                        struct object_diff *out) {
    *out = (struct object_diff){.changes = NULL};
    struct differ d = {.arena = arena, .out = out};
    for (size_t i = 0; i < to->count; i++) {
        const struct object_def *now = to->objects[i], *old = object_by_id(from, now->id);
        if (old != NULL)
            diff_object(&d, old, now);
        else
            diff_missing(&d, from, to, now);
    }
    d.object = NULL;
    for (size_t i = 0; i < from->count; i++) {
        d.old_object = from->objects[i];
        if (object_by_id(to, d.old_object->id) == NULL &&
            object_find(to, slice_from_string(d.old_object->name)) == NULL)
            note(&d, CHANGE_OBJECT_REMOVED, NULL, NULL, NULL);
    }
    return d.failed ? ST_NOMEM : ST_OK;
}

/* ---- the plan ---- */

static void write_word(struct json *j, const char *key, const char *word) {
    json_key(j, key);
    if (word == NULL)
        json_none(j);
    else
        json_cstring(j, word);
}

void object_diff_write_members(struct json *j, const struct object_diff *diff) {
    json_key(j, "changes");
    json_array_begin(j);
    for (size_t i = 0; i < diff->count; i++) {
        const struct object_change *c = &diff->changes[i];
        json_object_begin(j);
        write_word(j, "kind", object_change_name(c->kind));
        write_word(j, "effect", effect_names[c->effect]);
        json_key(j, "refused");
        json_bool(j, c->refused);
        write_word(j, "object", c->object_name);
        write_word(j, "field", c->field_name);
        write_word(j, "from", c->from);
        write_word(j, "to", c->to);
        json_object_end(j);
    }
    json_array_end(j);
    json_key(j, "refused");
    json_int(j, (int64_t)diff->refused);
}

void object_diff_write(struct json *j, const struct object_diff *diff) {
    json_object_begin(j);
    object_diff_write_members(j, diff);
    json_object_end(j);
}
