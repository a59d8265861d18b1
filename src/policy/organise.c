#include "policy/organise.h"

const struct department *organisation_find(const struct organisation *o, uint32_t id) {
    size_t low = 0, high = o == NULL ? 0 : o->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct department *d = &o->departments[middle];
        if (d->id == id)
            return d;
        if (d->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* The bound ends the walk should somebody have made a department its own grandfather. */
size_t organisation_chain(const struct organisation *o, uint32_t id, uint32_t *out, size_t room) {
    size_t n = 0;
    while (n < room) {
        out[n++] = id;
        const struct department *d = organisation_find(o, id);
        if (d == NULL || d->parent == 0)
            break;
        id = d->parent;
    }
    return n;
}

bool organisation_below(const struct organisation *o, uint32_t id, uint32_t ancestor) {
    uint32_t chain[ORGANISATION_DEPTH_MAX];
    size_t n = organisation_chain(o, id, chain, ORGANISATION_DEPTH_MAX);
    for (size_t i = 0; i < n; i++) {
        if (chain[i] == ancestor)
            return true;
    }
    return false;
}

/* Whether exactly the records that bear this branch's number belong to it. */
static bool is_pure(const struct organisation *o, uint32_t id) {
    for (size_t i = 0; o->moved && i < o->count; i++) {
        const struct department *d = &o->departments[i];
        if ((d->branch == id) != (d->stamp == id))
            return false;
    }
    return true;
}

bool organisation_is_plain_branch(const struct organisation *o, uint32_t id) {
    const struct department *branch = organisation_find(o, id);
    if (branch == NULL || !branch->is_branch || !is_pure(o, id))
        return false;
    for (size_t i = 0; i < o->count; i++) {
        const struct department *d = &o->departments[i];
        if (d->is_branch && d != branch && organisation_below(o, d->id, id))
            return false;
    }
    return true;
}

uint32_t organisation_home(const struct organisation *o, uint32_t department) {
    const struct department *d = o->moved ? organisation_find(o, department) : NULL;
    return d == NULL ? department : d->home;
}

uint32_t organisation_branch(const struct organisation *o, uint32_t department) {
    const struct department *d = organisation_find(o, department);
    return d == NULL ? 0 : d->branch;
}

/* Departments whose records a value of the column stands for, into `out` (room: all departments and one). */
static size_t departments_of(const struct organisation *o, uint16_t column, const struct cell *value,
                             struct cell *out) {
    size_t n = 0;
    if (column == FIELD_DEPARTMENT)
        out[n++] = *value;
    for (size_t i = 0; value->kind == CELL_INT && i < o->count; i++) {
        const struct department *d = &o->departments[i];
        bool fits = column == FIELD_BRANCH ? (int64_t)d->branch == value->i
                                           : (int64_t)d->home == value->i && (int64_t)d->id != value->i;
        if (fits)
            out[n++] = cell_int(d->id);
    }
    return n;
}

static bool has_cell(const struct cell *cells, size_t n, const struct cell *one) {
    for (size_t i = 0; i < n; i++) {
        if (cells[i].kind == one->kind && cells[i].i == one->i)
            return true;
    }
    return false;
}

static bool all_pure(const struct organisation *o, const struct pred *p) {
    for (size_t i = 0; i < p->value_count; i++) {
        if (p->values[i].kind != CELL_INT || !is_pure(o, (uint32_t)p->values[i].i))
            return false;
    }
    return true;
}

/* column = or IN some values. */
static const struct pred *resolve_values(const struct organisation *o, struct arena *a,
                                         const struct pred *p) {
    if (p->column == FIELD_BRANCH && all_pure(o, p))
        return p;
    struct cell *all = arena_array(a, (o->count + 1) * (p->value_count + 1), sizeof *all);
    struct cell *one = arena_array(a, o->count + 1, sizeof *one);
    size_t n = 0;
    if (all == NULL || one == NULL)
        return NULL;
    for (size_t i = 0; i < p->value_count; i++) {
        size_t found = departments_of(o, p->column, &p->values[i], one);
        for (size_t k = 0; k < found; k++) {
            if (!has_cell(all, n, &one[k]))
                all[n++] = one[k];
        }
    }
    return pred_in(a, FIELD_DEPARTMENT, all, n);
}

static const struct pred *resolve_kids(const struct organisation *o, struct arena *a, const struct pred *p) {
    const struct pred **kids = arena_array(a, p->kid_count, sizeof(struct pred *));
    if (kids == NULL)
        return NULL;
    for (size_t i = 0; i < p->kid_count; i++) {
        kids[i] = organisation_resolve(o, a, p->kids[i]);
        if (kids[i] == NULL)
            return NULL;
    }
    if (p->op == PRED_AND || p->op == PRED_OR)
        return p->op == PRED_AND ? pred_all(a, kids, p->kid_count) : pred_any(a, kids, p->kid_count);
    return p->op == PRED_NOT ? pred_not(a, kids[0]) : pred_child(a, p->child_object, p->column, kids[0]);
}

const struct pred *organisation_resolve(const struct organisation *o, struct arena *a, const struct pred *p) {
    if (o == NULL || !o->moved || p == NULL)
        return p;
    if (p->kid_count > 0)
        return resolve_kids(o, a, p);
    if (p->column != FIELD_BRANCH && p->column != FIELD_DEPARTMENT)
        return p;
    if (p->op == PRED_EQ || p->op == PRED_IN)
        return resolve_values(o, a, p);
    if (p->op != PRED_NE || (p->column == FIELD_BRANCH && all_pure(o, p)))
        return p;
    return pred_not(a, resolve_values(o, a, p));
}

bool organisation_number(struct slice id, uint32_t *out) {
    if (id.n == 0 || id.n > 10 || (id.n > 1 && id.p[0] == '0'))
        return false;
    uint64_t v = 0;
    for (size_t i = 0; i < id.n; i++) {
        if (id.p[i] < '0' || id.p[i] > '9')
            return false;
        v = v * 10 + (uint64_t)(id.p[i] - '0');
    }
    *out = (uint32_t)v;
    return v <= UINT32_MAX;
}
