#include "record/render.h"

#include "policy/organise.h"
#include "record/titles.h"
#include "value/parse.h"

static void render_joined(struct slice keys, struct json *out) {
    json_array_begin(out);
    while (keys.n > 0) {
        const uint8_t *at = memchr(keys.p, VALUE_JOINER, keys.n);
        size_t n = at == NULL ? keys.n : (size_t)(at - keys.p);
        json_text(out, slice_of(keys.p, n));
        keys.p += at == NULL ? n : n + 1;
        keys.n -= at == NULL ? n : n + 1;
    }
    json_array_end(out);
}

static void render_person(const struct caller *c, int64_t id, struct json *out) {
    const struct staff *s = directory_staff(c->world.directory, (uint32_t)id);
    json_object_begin(out);
    json_key(out, "id");
    json_int(out, id);
    json_key(out, "name");
    json_cstring(out, s == NULL ? "" : s->name);
    json_object_end(out);
}

static void render_department(const struct caller *c, int64_t id, struct json *out) {
    const struct department *d = directory_department(c->world.directory, (uint32_t)id);
    json_object_begin(out);
    json_key(out, "id");
    json_int(out, id);
    json_key(out, "name");
    json_cstring(out, d == NULL ? "" : d->name);
    json_object_end(out);
}

static void render_reference(const struct titles *titles, struct cell cell, struct json *out) {
    struct uuid id = {{0}};
    if (cell.s.n == 16)
        memcpy(id.b, cell.s.p, 16);
    struct slice title = titles == NULL ? SLICE_NONE : titles_find(titles, &id);
    json_object_begin(out);
    json_key(out, "id");
    json_uuid(out, &id);
    json_key(out, "title");
    if (title.p == NULL) {
        json_none(out);
    } else {
        json_text(out, title);
    }
    json_object_end(out);
}

static void render_int(const struct caller *c, const struct field_def *f, int64_t i, struct json *out) {
    char text[VALUE_NUMBER_TEXT];
    switch (f->type) {
    case VALUE_INTEGER:
        json_int(out, i);
        return;
    case VALUE_BOOLEAN:
        json_bool(out, i != 0);
        return;
    case VALUE_DATETIME:
        json_time(out, i);
        return;
    case VALUE_USER:
        render_person(c, i, out);
        return;
    case VALUE_DEPARTMENT:
        render_department(c, i, out);
        return;
    default:
        break;
    }
    size_t n = value_format_int(f->type, i, text);
    json_text(out, slice_of(text, n));
}

void render_cell(const struct caller *c, const struct field_def *f, enum view view, struct cell cell,
                 const struct titles *titles, struct json *out) {
    if (cell.kind == CELL_NULL) {
        json_none(out);
    } else if (view != VIEW_CLEAR) {
        json_cstring(out, "***");
    } else if (cell.kind == CELL_INT) {
        render_int(c, f, cell.i, out);
    } else if (f->type == VALUE_REFERENCE) {
        render_reference(titles, cell, out);
    } else if (cell.kind == CELL_BYTES) {
        json_none(out); /* being sealed at this moment, under a class that was just raised */
    } else if (f->type == VALUE_MULTI_CHOICE || f->type == VALUE_TAG) {
        render_joined(cell.s, out);
    } else {
        json_text(out, cell.s);
    }
}

void render_text(const struct caller *c, const struct field_def *f, enum view view, struct slice text,
                 struct json *out) {
    const struct value_type_info *info = value_type_info(f->type);
    int64_t i;
    if (text.p == NULL) {
        json_none(out);
    } else if (view != VIEW_CLEAR) {
        json_text(out, text);
    } else if (f->type == VALUE_MULTI_CHOICE || f->type == VALUE_TAG) {
        render_joined(text, out);
    } else if ((f->type == VALUE_INTEGER || f->type == VALUE_BOOLEAN || f->type == VALUE_USER ||
                f->type == VALUE_DEPARTMENT) &&
               info != NULL && slice_to_int(text, &i)) {
        render_int(c, f, i, out);
    } else {
        json_text(out, text);
    }
}

struct cell render_place(const struct caller *c, const struct field_def *f, struct cell cell,
                         const struct cell *department) {
    const struct organisation *o = &c->world.directory->organisation;
    if (!o->moved || cell.kind != CELL_INT || department->kind != CELL_INT)
        return cell;
    if (f->id == FIELD_DEPARTMENT)
        cell.i = organisation_home(o, (uint32_t)cell.i);
    if (f->id == FIELD_BRANCH)
        cell.i = organisation_branch(o, (uint32_t)department->i);
    return cell;
}
