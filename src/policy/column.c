#include "policy/column.h"

#include "base/uuid.h"
#include "policy/organise.h"
#include "value/type.h"

/* Of the system's fields, policies see where a record belongs and when it was made; raw counters and times of
 * change would tell of changes that the reader may not see. */
static bool system_field_is_open(uint16_t id) {
    return id == FIELD_OWNER || id == FIELD_DEPARTMENT || id == FIELD_BRANCH || id == FIELD_CREATED_AT;
}

static enum column_found column_of_type(const struct model *m, const struct field_def *f,
                                        struct column *out) {
    const struct object_def *target;
    switch (f->type) {
    case VALUE_USER:
        out->kind = COLUMN_NUMBER;
        out->type = SLICE("User");
        return COLUMN_FOUND;
    case VALUE_DEPARTMENT:
        out->kind = COLUMN_NUMBER;
        out->type = SLICE("Department");
        return COLUMN_FOUND;
    case VALUE_REFERENCE:
        out->kind = COLUMN_UUID;
        target = m->query->objects == NULL ? NULL : object_by_id(m->query->objects, f->reference_object);
        if (target == NULL)
            return COLUMN_MISSING;
        return model_type_name(target->name, m->query->arena, &out->type) == ST_OK ? COLUMN_FOUND
                                                                                   : COLUMN_NO_MEMORY;
    case VALUE_BOOLEAN:
        out->kind = COLUMN_BOOL;
        return COLUMN_FOUND;
    case VALUE_MULTI_CHOICE:
    case VALUE_TAG:
        out->kind = COLUMN_SET;
        return COLUMN_FOUND;
    default:
        out->kind = value_type_info(f->type) != NULL && value_type_info(f->type)->storage == KIND_INT
                        ? COLUMN_LONG
                        : COLUMN_TEXT;
        return COLUMN_FOUND;
    }
}

enum column_found model_column(const struct model *m, struct slice name, struct column *out) {
    const struct field_def *f = object_field(m->query->object, name);
    if (f == NULL || (f->id < FIELD_FIRST_OWN && !system_field_is_open(f->id)))
        return COLUMN_MISSING;
    *out = (struct column){.field = f, .type = SLICE_NONE};
    return field_is_sealed(f) ? COLUMN_SEALED : column_of_type(m, f, out);
}

static enum attribute_found text_set(struct slice text, struct arena *a, struct cedar_value *out) {
    size_t count = 1;
    for (size_t i = 0; i < text.n; i++)
        count += text.p[i] == VALUE_JOINER;
    struct cedar_value *items = arena_array(a, count, sizeof *items);
    if (items == NULL)
        return ATTRIBUTE_NO_MEMORY;
    size_t start = 0, n = 0;
    for (size_t i = 0; i <= text.n; i++) {
        if (i < text.n && text.p[i] != VALUE_JOINER)
            continue;
        items[n++] = cedar_string(slice_of(text.p + start, i - start));
        start = i + 1;
    }
    *out = cedar_set(items, n);
    return ATTRIBUTE_FOUND;
}

static enum attribute_found entity_value(const struct column *c, const struct cell *cell, struct arena *a,
                                         struct cedar_value *out) {
    char *text;
    if (c->kind == COLUMN_NUMBER) {
        text = arena_format(a, "%lld", (long long)cell->i);
    } else {
        struct uuid uuid = {.b = {0}};
        memcpy(uuid.b, cell->s.p, sizeof uuid.b);
        text = arena_alloc(a, UUID_TEXT + 1);
        if (text != NULL)
            uuid_format(&uuid, text);
    }
    *out = cedar_entity(c->type, slice_from_string(text));
    return text == NULL ? ATTRIBUTE_NO_MEMORY : ATTRIBUTE_FOUND;
}

enum attribute_found column_value(const struct column *c, const struct cell *cell, struct arena *a,
                                  struct cedar_value *out) {
    bool number = c->kind == COLUMN_LONG || c->kind == COLUMN_BOOL || c->kind == COLUMN_NUMBER;
    enum cell_kind kind = number ? CELL_INT : c->kind == COLUMN_UUID ? CELL_BYTES : CELL_TEXT;
    if (cell->kind != kind || (kind == CELL_BYTES && cell->s.n != sizeof(struct uuid)))
        return ATTRIBUTE_ABSENT;
    switch (c->kind) {
    case COLUMN_LONG:
        *out = cedar_long(cell->i);
        return ATTRIBUTE_FOUND;
    case COLUMN_BOOL:
        *out = cedar_bool(cell->i != 0);
        return ATTRIBUTE_FOUND;
    case COLUMN_TEXT:
        *out = cedar_string(cell->s);
        return ATTRIBUTE_FOUND;
    case COLUMN_SET:
        return text_set(cell->s, a, out);
    default:
        return entity_value(c, cell, a, out);
    }
}

static bool entity_cell(const struct column *c, const struct cedar_entity *e, struct arena *a,
                        struct cell *out) {
    if (!slice_equal(e->type, c->type))
        return false;
    if (c->kind == COLUMN_NUMBER) {
        uint32_t id;
        bool fine = organisation_number(e->id, &id);
        *out = cell_int(fine ? id : 0);
        return fine;
    }
    struct uuid uuid;
    char text[UUID_TEXT + 1];
    if (!uuid_parse(e->id, &uuid))
        return false;
    uuid_format(&uuid, text); /* entities are equal as text: only the canonical form names a record */
    *out = cell_bytes(arena_copy(a, slice_of(uuid.b, sizeof uuid.b)));
    return slice_is(e->id, text);
}

bool column_cell(const struct column *c, const struct cedar_value *value, struct arena *a, struct cell *out) {
    switch (c->kind) {
    case COLUMN_LONG:
        *out = cell_int(value->i);
        return value->kind == CEDAR_LONG;
    case COLUMN_BOOL:
        *out = cell_int(value->kind == CEDAR_BOOL && value->b);
        return value->kind == CEDAR_BOOL;
    case COLUMN_TEXT:
        if (value->kind == CEDAR_STRING) /* a copy: predicates outlive the policies they came from */
            *out = cell_text(arena_copy(a, value->s));
        return value->kind == CEDAR_STRING;
    case COLUMN_SET:
        return false;
    default:
        return value->kind == CEDAR_ENTITY && entity_cell(c, &value->entity, a, out);
    }
}
