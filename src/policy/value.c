#include "policy/value.h"

bool cedar_entity_equal(const struct cedar_entity *a, const struct cedar_entity *b) {
    return slice_equal(a->id, b->id) && slice_equal(a->type, b->type);
}

static bool set_holds_all(const struct cedar_value *set, const struct cedar_value *of) {
    for (size_t i = 0; i < of->set.count; i++) {
        if (!cedar_set_contains(set, &of->set.items[i]))
            return false;
    }
    return true;
}

static bool record_equal(const struct cedar_value *a, const struct cedar_value *b) {
    if (a->record.count != b->record.count)
        return false;
    for (size_t i = 0; i < a->record.count; i++) {
        const struct cedar_value *other = cedar_record_get(b, a->record.pairs[i].name);
        if (other == NULL || !cedar_equal(&a->record.pairs[i].value, other))
            return false;
    }
    return true;
}

static bool ip_equal(const struct cedar_ip *a, const struct cedar_ip *b) {
    return a->v6 == b->v6 && a->prefix == b->prefix && memcmp(a->address, b->address, a->v6 ? 16 : 4) == 0;
}

bool cedar_equal(const struct cedar_value *a, const struct cedar_value *b) {
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case CEDAR_BOOL:
        return a->b == b->b;
    case CEDAR_STRING:
        return slice_equal(a->s, b->s);
    case CEDAR_ENTITY:
        return cedar_entity_equal(&a->entity, &b->entity);
    case CEDAR_SET:
        return a->set.count == b->set.count && set_holds_all(a, b);
    case CEDAR_RECORD:
        return record_equal(a, b);
    case CEDAR_IP:
        return ip_equal(&a->ip, &b->ip);
    default:
        return a->i == b->i;
    }
}

bool cedar_set_contains(const struct cedar_value *set, const struct cedar_value *item) {
    for (size_t i = 0; i < set->set.count; i++) {
        if (cedar_equal(&set->set.items[i], item))
            return true;
    }
    return false;
}

struct cedar_value cedar_set(struct cedar_value *items, size_t count) {
    struct cedar_value set = {.kind = CEDAR_SET, .set = {.items = items, .count = 0}};
    for (size_t i = 0; i < count; i++) {
        if (!cedar_set_contains(&set, &items[i]))
            items[set.set.count++] = items[i];
    }
    return set;
}

const struct cedar_value *cedar_record_get(const struct cedar_value *record, struct slice name) {
    for (size_t i = 0; i < record->record.count; i++) {
        if (slice_equal(record->record.pairs[i].name, name))
            return &record->record.pairs[i].value;
    }
    return NULL;
}

/* The usual two-pointer walk: after a mismatch, let the last wildcard swallow one byte more. Bytes will do:
 * UTF-8 text never matches in the middle of a character. */
bool cedar_like(struct slice text, struct slice pattern) {
    size_t t = 0, p = 0, star = SIZE_MAX, resume = 0;
    while (t < text.n) {
        if (p < pattern.n && pattern.p[p] == CEDAR_WILDCARD) {
            star = p++;
            resume = t;
        } else if (p < pattern.n && pattern.p[p] == text.p[t]) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == CEDAR_WILDCARD)
        p++;
    return p == pattern.n;
}

const char *cedar_kind_name(enum cedar_kind kind) {
    static const char *const names[] = {"bool",   "long",    "string", "entity",   "set",
                                        "record", "decimal", "ipaddr", "datetime", "duration"};
    return names[kind];
}
