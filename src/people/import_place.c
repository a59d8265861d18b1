#include "people/import_place.h"

#include "policy/organise.h"

enum status import_places_init(struct import_places *p, const struct directory *d, size_t rows,
                               struct arena *arena) {
    *p = (struct import_places){.d = d, .arena = arena, .room = rows + IMPORT_PATH_PARTS, .next = 1};
    p->most = p->room;
    p->made = arena_array(arena, p->room, sizeof *p->made);
    for (size_t i = 0; i < d->organisation.count; i++) {
        uint32_t id = d->organisation.departments[i].id;
        p->next = id >= p->next ? id + 1 : p->next;
    }
    return p->made == NULL ? ST_NOMEM : ST_OK;
}

static bool is_open(const struct department *d) {
    return !d->closed && d->home == d->id;
}

/* 0: there is none. */
static uint32_t child(const struct import_places *p, uint32_t parent, struct slice name) {
    const struct organisation *o = &p->d->organisation;
    for (size_t i = 0; i < o->count; i++) {
        const struct department *d = &o->departments[i];
        if (d->parent == parent && is_open(d) && slice_is(name, d->name))
            return d->id;
    }
    for (size_t i = 0; i < p->made_count; i++) {
        if (p->made[i].parent == parent && slice_is(name, p->made[i].name))
            return p->made[i].id;
    }
    return 0;
}

/* The one department at the top; 0: none or several. */
static uint32_t top(const struct import_places *p) {
    const struct organisation *o = &p->d->organisation;
    uint32_t found = 0;
    for (size_t i = 0; i < o->count; i++) {
        const struct department *d = &o->departments[i];
        if (d->parent != 0 || !is_open(d))
            continue;
        if (found != 0)
            return 0;
        found = d->id;
    }
    return found;
}

static struct slice next_part(struct slice *rest) {
    const uint8_t *at = memchr(rest->p, '/', rest->n);
    size_t n = at == NULL ? rest->n : (size_t)(at - rest->p);
    struct slice part = slice_of(rest->p, n);
    *rest = at == NULL ? SLICE_NONE : slice_of(at + 1, rest->n - n - 1);
    return slice_trim(part);
}

static uint32_t branch_above(const struct import_places *p, uint32_t id) {
    for (size_t i = 0; i < p->made_count; i++) {
        if (p->made[i].id == id)
            return p->made[i].branch;
    }
    return organisation_branch(&p->d->organisation, id);
}

static uint32_t make(struct import_places *p, uint32_t parent, struct slice name, bool branch) {
    const char *copy = arena_string(p->arena, name);
    if (copy == NULL || p->made_count >= p->most || name.n == 0 || name.n > 127)
        return 0;
    uint32_t id = p->next++;
    p->made[p->made_count++] = (struct import_place){
        .id = id, .parent = parent, .branch = branch ? id : branch_above(p, parent), .name = copy};
    return id;
}

static const char *by_number(const struct import_places *p, uint32_t id, uint32_t *out) {
    const struct department *d = organisation_find(&p->d->organisation, id);
    *out = id;
    return d == NULL ? "unknown_department" : is_open(d) ? NULL : "department_closed";
}

/* Where the path begins: below the one top, unless it names a top itself. */
static uint32_t start_of(const struct import_places *p, struct slice first) {
    return child(p, 0, first) != 0 ? 0 : top(p);
}

static const char *walk(struct import_places *p, struct slice path, bool makes, bool branch, uint32_t *id) {
    uint32_t number;
    struct slice rest = path;
    if (organisation_number(slice_trim(path), &number))
        return by_number(p, number, id);
    struct slice part = next_part(&rest);
    uint32_t at = start_of(p, part);
    for (size_t depth = 0;; depth++) {
        uint32_t below = child(p, at, part);
        if (below == 0 && makes && depth < IMPORT_PATH_PARTS)
            below = make(p, at, part, branch && rest.p == NULL);
        if (below == 0)
            return !makes                     ? "unknown_department"
                   : p->made_count >= p->most ? "too_many_departments"
                                              : "too_many_rows";
        at = below;
        if (rest.p == NULL)
            break;
        part = next_part(&rest);
    }
    *id = at;
    return NULL;
}

const char *import_place_find(struct import_places *p, struct slice path, uint32_t *id) {
    return walk(p, path, false, false, id);
}

const char *import_place_make(struct import_places *p, struct slice path, bool branch, uint32_t *id) {
    return walk(p, path, true, branch, id);
}
