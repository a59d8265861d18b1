#include "policy/matrix.h"

#include "policy/model.h"
#include "policy/within.h"

#define CELLS_MAX   4096
#define CELL_MAX    64 /* policies that speak of one cell */
#define RECORD_ACTS 11
#define FIELD_ACTS  4

static const enum act record_acts[RECORD_ACTS] = {ACT_LIST,   ACT_VIEW,     ACT_CREATE, ACT_UPDATE,
                                                  ACT_DELETE, ACT_RESTORE,  ACT_IMPORT, ACT_EXPORT,
                                                  ACT_REVEAL, ACT_TRANSFER, ACT_RESOLVE};
static const enum act field_acts[FIELD_ACTS] = {ACT_SEE, ACT_READ, ACT_WRITE, ACT_MATCH};
static const char *const classes[CLASS_COUNT] = {"public", "internal", "personal", "sensitive"};

/* A policy of the role or of everybody, as the matrix sees it. */
struct entry {
    const struct policy *policy;
    bool by_hand;
    struct matrix_rule rule;
};

struct show {
    const struct object_set *objects;
    struct arena *arena;
    struct entry *entries;
    size_t entry_count;
    /* Cells that differ, each the policies that speak of it: most cells are alike. */
    uint16_t (*cells)[CELL_MAX];
    size_t *sizes;
    size_t cell_count;
    struct parts parts;
    bool full;
};

static enum status take_entries(struct show *x, const struct policy_set *set, struct slice role) {
    x->entries = arena_array(x->arena, set->count, sizeof *x->entries);
    x->cells = arena_array(x->arena, CELLS_MAX, sizeof *x->cells);
    x->sizes = arena_array(x->arena, CELLS_MAX, sizeof *x->sizes);
    if (x->entries == NULL || x->cells == NULL || x->sizes == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < set->count && x->entry_count < UINT16_MAX; i++) {
        const struct policy *p = set->policies[i];
        bool his = p->principal.op == SCOPE_IN && slice_is(p->principal.entities[0].type, "Role") &&
                   role.n > 0 && slice_equal(p->principal.entities[0].id, role);
        bool everybodys = p->principal.op == SCOPE_ANY || p->principal.op == SCOPE_IS;
        if (!his && !everybodys)
            continue;
        struct entry *n = &x->entries[x->entry_count++];
        n->policy = p;
        n->by_hand = !matrix_read(p, x->objects, x->arena, &n->rule);
    }
    return ST_OK;
}

/* The number of the cell that these policies make. */
static size_t cell_number(struct show *x, const uint16_t *cell, size_t size) {
    for (size_t i = 0; i < x->cell_count; i++) {
        if (x->sizes[i] == size && memcmp(x->cells[i], cell, size * sizeof *cell) == 0)
            return i;
    }
    if (x->cell_count == CELLS_MAX) {
        x->full = true;
        return 0;
    }
    memcpy(x->cells[x->cell_count], cell, size * sizeof *cell);
    x->sizes[x->cell_count] = size;
    return x->cell_count++;
}

static size_t cell_at(struct show *x, const struct place *at) {
    uint16_t cell[CELL_MAX];
    size_t size = 0;
    for (size_t i = 0; i < x->entry_count; i++) {
        parts_of(x->entries[i].policy, at, &x->parts);
        if (x->parts.never)
            continue;
        if (size == CELL_MAX)
            x->full = true;
        else
            cell[size++] = (uint16_t)i;
    }
    return cell_number(x, cell, size);
}

static void put_acts(struct show *x, struct json *j, struct place at, const enum act *acts, size_t count) {
    for (size_t i = 0; i < count; i++) {
        at.act = acts[i];
        json_key(j, act_name(acts[i]));
        json_int(j, (int64_t)cell_at(x, &at));
    }
}

static void put_label(struct json *j, const struct label *label) {
    json_key(j, "label");
    json_object_begin(j);
    json_key(j, "zh");
    json_cstring(j, label->zh);
    json_key(j, "en");
    json_cstring(j, label->en);
    json_object_end(j);
}

static bool is_shown(const struct field_def *f) {
    return !field_is_internal(f) && !f->retired;
}

static enum status put_object(struct show *x, struct json *j, const struct object_def *o) {
    struct place at = {.object = slice_from_string(o->name)};
    if (model_type_name(o->name, x->arena, &at.type) != ST_OK)
        return ST_NOMEM;
    json_object_begin(j);
    json_key(j, "name");
    json_cstring(j, o->name);
    put_label(j, &o->label);
    json_key(j, "acts");
    json_object_begin(j);
    put_acts(x, j, at, record_acts, RECORD_ACTS);
    json_object_end(j);
    json_key(j, "fields");
    json_array_begin(j);
    for (size_t i = 0; i < o->field_count; i++) {
        const struct field_def *f = &o->fields[i];
        if (!is_shown(f))
            continue;
        at.field = slice_from_string(f->name);
        at.class = slice_from_string(classes[f->class]);
        json_object_begin(j);
        json_key(j, "name");
        json_cstring(j, f->name);
        put_label(j, &f->label);
        json_key(j, "class");
        json_text(j, at.class);
        put_acts(x, j, at, field_acts, FIELD_ACTS);
        json_object_end(j);
    }
    json_array_end(j);
    json_object_end(j);
    return ST_OK;
}

static void put_given(struct json *j, bool given, const char *name) {
    if (given) {
        json_key(j, name);
        json_bool(j, true);
    }
}

void matrix_put_terms(struct json *j, const struct matrix_terms *t) {
    json_key(j, "scope");
    json_cstring(j, matrix_scope_name(t->scope));
    if (t->people != 0) {
        json_key(j, "people");
        json_int(j, t->people);
    }
    if (t->hour_from > 0 || t->hour_to < 24) {
        json_key(j, "hours");
        json_array_begin(j);
        json_int(j, t->hour_from);
        json_int(j, t->hour_to);
        json_array_end(j);
    }
    if (t->weekdays != 0) {
        json_key(j, "weekdays");
        json_array_begin(j);
        for (int d = 0; d < 7; d++) {
            if (t->weekdays >> d & 1)
                json_int(j, d + 1);
        }
        json_array_end(j);
    }
    if (t->network.n > 0) {
        json_key(j, "network");
        json_text(j, t->network);
    }
    if (t->second_factor > 0) {
        json_key(j, "second_factor");
        json_int(j, t->second_factor);
    }
    put_given(j, t->reason, "reason");
    put_given(j, t->approval, "approval");
    put_given(j, t->watermark, "watermark");
}

static void put_cell(const struct show *x, struct json *j, size_t number) {
    json_array_begin(j);
    for (size_t i = 0; i < x->sizes[number]; i++) {
        const struct entry *n = &x->entries[x->cells[number][i]];
        json_object_begin(j);
        json_key(j, "policy");
        json_text(j, n->policy->id);
        json_key(j, "effect");
        json_cstring(j, n->policy->forbid ? "forbid" : "permit");
        json_key(j, "everybody");
        json_bool(j, n->policy->principal.op != SCOPE_IN);
        json_key(j, "by_hand");
        json_bool(j, n->by_hand);
        if (!n->by_hand)
            matrix_put_terms(j, &n->rule.terms);
        json_object_end(j);
    }
    json_array_end(j);
}

static void put_by_hand(const struct show *x, struct json *j) {
    json_key(j, "by_hand");
    json_array_begin(j);
    for (size_t i = 0; i < x->entry_count; i++) {
        const struct policy *p = x->entries[i].policy;
        if (!x->entries[i].by_hand)
            continue;
        json_object_begin(j);
        json_key(j, "policy");
        json_text(j, p->id);
        json_key(j, "line");
        json_int(j, p->line);
        json_key(j, "text");
        json_text(j, slice_of(p->source.p + p->from, p->to - p->from));
        json_key(j, "acts");
        json_array_begin(j);
        for (unsigned act = 0; act < ACT_COUNT; act++) {
            if (p->acts >> act & 1)
                json_cstring(j, act_name((enum act)act));
        }
        json_array_end(j);
        json_object_end(j);
    }
    json_array_end(j);
}

enum status matrix_show(const struct policy_set *set, const struct object_set *objects, struct slice role,
                        struct arena *a, struct json *j, struct error *e) {
    struct show *x = arena_alloc(a, sizeof *x);
    if (x == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "policies: no memory");
    *x = (struct show){.objects = objects, .arena = a};
    enum status s = take_entries(x, set, role);
    json_key(j, "objects");
    json_array_begin(j);
    for (size_t i = 0; i < objects->count && s == ST_OK; i++)
        s = put_object(x, j, objects->objects[i]);
    json_array_end(j);
    json_key(j, "cells");
    json_array_begin(j);
    for (size_t i = 0; i < x->cell_count; i++)
        put_cell(x, j, i);
    json_array_end(j);
    put_by_hand(x, j);
    if (s == ST_OK && x->full)
        return error_set(e, ST_LIMIT, "page_too_large", "too many policies speak of one cell");
    return s == ST_OK ? s : error_set(e, s, "no_memory", "policies: no memory");
}
