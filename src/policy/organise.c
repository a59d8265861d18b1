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

bool organisation_is_plain_branch(const struct organisation *o, uint32_t id) {
    const struct department *branch = organisation_find(o, id);
    if (branch == NULL || !branch->is_branch)
        return false;
    for (size_t i = 0; i < o->count; i++) {
        const struct department *d = &o->departments[i];
        if (d->is_branch && d != branch && organisation_below(o, d->id, id))
            return false;
    }
    return true;
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
