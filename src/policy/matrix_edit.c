#include "policy/matrix.h"

#define PIECES_MAX 3
#define MADE_HERE  "matrix-"

/* A policy of the text to come: one that stands as it was, what is left of one, or a new one. */
struct item {
    size_t origin; /* index of the policy that it stands in the place of; set->count: behind all */
    bool changed, by_hand, gone;
    struct matrix_rule rule;
};

struct editor {
    const struct policy_set *set;
    const struct object_set *objects;
    struct arena *arena;
    struct item *items;
    size_t count;
    bool no_memory;
};

static const char *const classes[CLASS_COUNT] = {"public", "internal", "personal", "sensitive"};

/* ---- sets of names ---- */

static bool among(const struct slice *list, size_t count, struct slice name) {
    for (size_t i = 0; i < count; i++) {
        if (slice_equal(list[i], name))
            return true;
    }
    return false;
}

static struct matrix_names only(const struct slice *list, size_t count) {
    return (struct matrix_names){MATRIX_ONLY, list, count};
}

/* Of a list without the names, or of "except" with them besides. */
static struct matrix_names without(struct editor *x, const struct matrix_names *n, const struct slice *names,
                                   size_t count) {
    struct slice *list = arena_array(x->arena, n->count + count, sizeof *list);
    struct matrix_names out = {.kind = n->kind == MATRIX_EVERY ? MATRIX_EXCEPT : n->kind, .list = list};
    x->no_memory = x->no_memory || list == NULL;
    for (size_t i = 0; list != NULL && i < n->count; i++) {
        if (n->kind == MATRIX_EXCEPT || !among(names, count, n->list[i]))
            list[out.count++] = n->list[i];
    }
    for (size_t i = 0; list != NULL && n->kind != MATRIX_ONLY && i < count; i++) {
        if (!among(list, out.count, names[i]))
            list[out.count++] = names[i];
    }
    return out;
}

static struct matrix_names joined(struct editor *x, const struct matrix_names *a,
                                  const struct matrix_names *b) {
    struct slice *list = arena_array(x->arena, a->count + b->count, sizeof *list);
    struct matrix_names out = {.kind = MATRIX_ONLY, .list = list};
    x->no_memory = x->no_memory || list == NULL;
    for (size_t i = 0; list != NULL && i < a->count; i++)
        list[out.count++] = a->list[i];
    for (size_t i = 0; list != NULL && i < b->count; i++) {
        if (!among(list, out.count, b->list[i]))
            list[out.count++] = b->list[i];
    }
    return out;
}

static bool names_same(const struct matrix_names *a, const struct matrix_names *b) {
    if (a->kind != b->kind || a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!among(b->list, b->count, a->list[i]))
            return false;
    }
    return true;
}

static bool reaches_field(const struct matrix_rule *r, const struct field_def *f) {
    return matrix_names_have(&r->classes, slice_from_string(classes[f->class])) &&
           matrix_names_have(&r->fields, slice_from_string(f->name));
}

static bool reaches_any_field(const struct matrix_rule *r, const struct object_def *o) {
    for (size_t i = 0; i < o->field_count; i++) {
        if (!field_is_internal(&o->fields[i]) && reaches_field(r, &o->fields[i]))
            return true;
    }
    return false;
}

/* ---- items ---- */

static struct slice object_name(const struct matrix_change *c) {
    return slice_from_string(c->object->name);
}

static bool is_on_fields(uint32_t acts) {
    return (acts & MATRIX_FIELD_ACTS) != 0;
}

static bool id_is_taken(const struct editor *x, struct slice id) {
    for (size_t i = 0; i < x->count; i++) {
        if (!x->items[i].gone && slice_equal(x->items[i].rule.id, id))
            return true;
    }
    return false;
}

static struct slice free_id(struct editor *x, struct slice wanted) {
    struct slice id = wanted;
    for (unsigned n = 2; id.p != NULL && id_is_taken(x, id); n++)
        id = slice_from_string(arena_format(x->arena, "%.*s-%u", (int)wanted.n, (const char *)wanted.p, n));
    x->no_memory = x->no_memory || id.p == NULL;
    return id.p == NULL ? wanted : id;
}

static struct item *add_item(struct editor *x, size_t origin, const struct matrix_rule *rule) {
    if (x->count == POLICIES_MAX) {
        x->no_memory = true;
        return NULL;
    }
    struct item *i = &x->items[x->count];
    *i = (struct item){.origin = origin, .changed = true, .rule = *rule};
    i->rule.id = free_id(x, rule->id);
    x->count++;
    return i;
}

/* ---- taking a change's cells out of a rule ---- */

static bool touches(const struct item *i, const struct matrix_change *c) {
    const struct matrix_rule *r = &i->rule;
    if (i->gone || i->by_hand || r->forbid || r->role.p == NULL || !slice_equal(r->role, c->role) ||
        (r->acts & c->acts) == 0 || !matrix_names_have(&r->objects, object_name(c)))
        return false;
    if (!is_on_fields(c->acts)) /* a class or field in the condition errs where there is none */
        return r->classes.kind == MATRIX_EVERY && r->fields.kind == MATRIX_EVERY;
    for (size_t k = 0; k < c->field_count; k++) {
        const struct field_def *f = object_field(c->object, c->fields[k]);
        if (f != NULL && reaches_field(r, f))
            return true;
    }
    return false;
}

/* The whole of the change's cells lie in the rule. */
static bool holds_all(const struct matrix_rule *r, const struct matrix_change *c) {
    if ((c->acts & ~r->acts) != 0)
        return false;
    for (size_t k = 0; is_on_fields(c->acts) && k < c->field_count; k++) {
        const struct field_def *f = object_field(c->object, c->fields[k]);
        if (f != NULL && !reaches_field(r, f))
            return false;
    }
    return true;
}

/* What is left of a rule, as up to three rules: other objects, other acts on this one, other fields of it. */
static size_t split(struct editor *x, const struct matrix_rule *r, const struct matrix_change *c,
                    struct matrix_rule out[PIECES_MAX]) {
    struct slice *object = arena_alloc(x->arena, sizeof *object);
    size_t n = 0;
    if (object == NULL) {
        x->no_memory = true;
        return 0;
    }
    *object = object_name(c);
    out[n] = *r;
    out[n].by_type = false;
    out[n].objects = without(x, &r->objects, object, 1);
    n += out[n].objects.kind != MATRIX_ONLY || out[n].objects.count > 0;
    out[n] = *r;
    out[n].objects = only(object, 1);
    out[n].acts = r->acts & ~c->acts;
    n += out[n].acts != 0;
    if (!is_on_fields(c->acts))
        return n;
    out[n] = *r;
    out[n].objects = only(object, 1);
    out[n].acts = r->acts & c->acts;
    out[n].fields = without(x, &r->fields, c->fields, c->field_count);
    n += reaches_any_field(&out[n], c->object);
    return n;
}

/* Marks the grants that stand already; takes the others' cells out. */
static void take_out(struct editor *x, const struct matrix_change *c, bool *granted) {
    size_t count = x->count;
    for (size_t i = 0; i < count; i++) {
        if (!touches(&x->items[i], c))
            continue;
        struct matrix_rule r = x->items[i].rule, pieces[PIECES_MAX];
        bool stands = false;
        for (size_t g = 0; g < c->grant_count && !stands; g++) {
            stands = matrix_terms_same(&r.terms, &c->grants[g]) && holds_all(&r, c);
            granted[g] = granted[g] || stands;
        }
        if (stands)
            continue;
        size_t n = split(x, &r, c, pieces);
        x->items[i].changed = true;
        x->items[i].gone = n == 0;
        if (n > 0)
            x->items[i].rule = pieces[0];
        for (size_t k = 1; k < n; k++)
            (void)add_item(x, x->items[i].origin, &pieces[k]);
    }
}

/* ---- putting a grant in ---- */

/* Into a rule that the matrix made itself, where the two differ in one way only. */
static bool join(struct editor *x, struct matrix_rule *into, const struct matrix_rule *r) {
    bool same_objects = names_same(&into->objects, &r->objects), same_acts = into->acts == r->acts,
         same_fields = names_same(&into->fields, &r->fields);
    if (into->objects.kind != MATRIX_ONLY || is_on_fields(into->acts) != is_on_fields(r->acts))
        return false;
    if (same_objects && same_fields)
        into->acts |= r->acts;
    else if (same_objects && same_acts && into->fields.kind == MATRIX_ONLY && r->fields.kind == MATRIX_ONLY)
        into->fields = joined(x, &into->fields, &r->fields);
    else if (same_acts && same_fields)
        into->objects = joined(x, &into->objects, &r->objects);
    else
        return false;
    return true;
}

static bool is_open_to(const struct item *i, const struct matrix_rule *r) {
    return !i->gone && !i->by_hand && !i->rule.forbid && !i->rule.by_type &&
           slice_starts_with(i->rule.id, SLICE(MADE_HERE)) && i->rule.role.p != NULL &&
           slice_equal(i->rule.role, r->role) && i->rule.classes.kind == MATRIX_EVERY &&
           matrix_terms_same(&i->rule.terms, &r->terms);
}

static void put_in(struct editor *x, const struct matrix_change *c, const struct matrix_terms *terms) {
    struct slice *object = arena_alloc(x->arena, sizeof *object);
    char *id =
        arena_format(x->arena, MADE_HERE "%.*s-%s", (int)c->role.n, (const char *)c->role.p, c->object->name);
    if (object == NULL || id == NULL) {
        x->no_memory = true;
        return;
    }
    *object = object_name(c);
    struct matrix_rule r = {.id = slice_from_string(id),
                            .role = c->role,
                            .acts = c->acts,
                            .objects = only(object, 1),
                            .terms = *terms};
    if (is_on_fields(c->acts))
        r.fields = only(c->fields, c->field_count);
    for (size_t i = 0; i < x->count; i++) {
        if (is_open_to(&x->items[i], &r) && join(x, &x->items[i].rule, &r)) {
            x->items[i].changed = true;
            return;
        }
    }
    (void)add_item(x, x->set->count, &r);
}

static enum status check_change(const struct matrix_change *c, struct error *e) {
    bool fields = is_on_fields(c->acts);
    bool fine = c->role.n > 0 && c->object != NULL && c->acts != 0 && c->grant_count <= MATRIX_GRANTS_MAX &&
                (!fields || ((c->acts & ~MATRIX_FIELD_ACTS) == 0 && c->field_count > 0));
    for (size_t i = 0; fields && fine && i < c->field_count; i++)
        fine = object_field(c->object, c->fields[i]) != NULL;
    for (size_t i = 0; fine && i < c->grant_count; i++)
        fine = c->grants[i].hour_from < c->grants[i].hour_to && c->grants[i].hour_to <= 24;
    return fine ? ST_OK
                : error_set(e, ST_INVALID, "policy_matrix",
                            "a change names a role, an object, acts and fields");
}

/* ---- the text ---- */

static enum status read_items(struct editor *x, struct error *e) {
    x->items = arena_array(x->arena, POLICIES_MAX, sizeof *x->items);
    if (x->items == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "policies: no memory");
    for (size_t i = 0; i < x->set->count; i++) {
        struct item *item = &x->items[x->count++];
        *item = (struct item){.origin = i};
        item->by_hand = !matrix_read(x->set->policies[i], x->objects, x->arena, &item->rule);
    }
    return ST_OK;
}

static void put_place(const struct editor *x, size_t origin, struct buf *out) {
    size_t n = 0;
    for (size_t i = 0; i < x->count; i++) {
        const struct item *item = &x->items[i];
        if (item->origin != origin || item->gone)
            continue;
        if (n++ > 0)
            buf_put_string(out, "\n\n");
        if (item->changed) {
            matrix_write(&item->rule, out);
            out->n -= out->n > 0; /* the line break behind it is the text's own */
        } else {
            const struct policy *p = x->set->policies[origin];
            buf_put(out, p->source.p + p->from, p->to - p->from);
        }
    }
}

static void put_all(const struct editor *x, struct buf *out) {
    struct slice text = x->set->text;
    size_t at = 0;
    for (size_t i = 0; i < x->set->count; i++) {
        const struct policy *p = x->set->policies[i];
        buf_put(out, text.p + at, p->from - at);
        put_place(x, i, out);
        at = p->to;
    }
    buf_put(out, text.p + at, text.n - at);
    size_t before = out->n;
    put_place(x, x->set->count, out);
    if (out->n > before)
        buf_put_u8(out, '\n');
}

enum status matrix_edit(const struct policy_set *set, const struct object_set *objects,
                        const struct matrix_change *changes, size_t count, struct arena *a, struct buf *out,
                        struct error *e) {
    struct editor x = {.set = set, .objects = objects, .arena = a};
    enum status s = read_items(&x, e);
    for (size_t i = 0; i < count && s == ST_OK; i++) {
        bool granted[MATRIX_GRANTS_MAX] = {false};
        s = check_change(&changes[i], e);
        if (s != ST_OK)
            return s;
        take_out(&x, &changes[i], granted);
        for (size_t g = 0; g < changes[i].grant_count; g++) {
            if (!granted[g])
                put_in(&x, &changes[i], &changes[i].grants[g]);
        }
    }
    if (s == ST_OK)
        put_all(&x, out);
    if (s == ST_OK && (x.no_memory || out->failed))
        return error_set(e, ST_NOMEM, "no_memory", "policies: no memory");
    return s;
}
