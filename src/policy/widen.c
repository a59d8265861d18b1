#include "policy/widen.h"

#include "policy/same.h"
#include "policy/within.h"

/* Names that nothing has: an object, a field that is yet to come. */
#define YET_TO_COME SLICE("\x01")

static const char *const classes[CLASS_COUNT] = {"public", "internal", "personal", "sensitive"};

struct comparison {
    const struct policy_set *old, *fresh;
    const struct object_set *objects;
    struct arena *arena;
    struct slice *types; /* of the objects */
    struct widening *out;
    size_t room, count;
    /* The policies that must lie within one of `among`. */
    const struct policy_set *among;
    bool forbids;
    struct parts mine, other;
};

static bool is_field_act(enum act act) {
    return act == ACT_SEE || act == ACT_READ || act == ACT_WRITE || act == ACT_MATCH;
}

static bool is_act_on_no_record(enum act act) {
    return act == ACT_AUDIT || act == ACT_ADMINISTER;
}

static bool is_within_another(struct comparison *c, const struct policy *p, const struct place *at) {
    parts_of(p, at, &c->mine);
    if (c->mine.never)
        return true;
    for (size_t i = 0; i < c->among->by_act_count[at->act]; i++) {
        const struct policy *q = c->among->by_act[at->act][i];
        if (q->forbid != c->forbids)
            continue;
        parts_of(q, at, &c->other);
        if (policy_within(p, &c->mine, q, &c->other, at))
            return true;
    }
    return false;
}

static void tell(struct comparison *c, const struct policy *p, enum act act, const struct object_def *o,
                 const struct field_def *f, size_t fields) {
    if (c->count < c->room)
        c->out[c->count] =
            (struct widening){.policy = p, .act = act, .object = o, .field = f, .fields = fields};
    c->count++;
}

static void compare_fields(struct comparison *c, const struct policy *p, struct place *at,
                           const struct object_def *o) {
    const struct field_def *first = NULL;
    size_t fields = 0;
    for (size_t i = 0; o != NULL && i < o->field_count; i++) {
        const struct field_def *f = &o->fields[i];
        at->field = slice_from_string(f->name);
        at->class = slice_from_string(classes[f->class]);
        if (is_within_another(c, p, at))
            continue;
        first = first == NULL ? f : first;
        fields++;
    }
    at->field = YET_TO_COME;
    for (unsigned class = 0; class < CLASS_COUNT; class ++) {
        at->class = slice_from_string(classes[class]);
        fields += !is_within_another(c, p, at);
    }
    if (fields > 0)
        tell(c, p, at->act, o, first, fields);
}

static void compare_act(struct comparison *c, const struct policy *p, enum act act) {
    struct place at = {.act = act};
    if (is_act_on_no_record(act)) {
        if (!is_within_another(c, p, &at))
            tell(c, p, act, NULL, NULL, 0);
        return;
    }
    for (size_t i = 0; i <= c->objects->count; i++) {
        const struct object_def *o = i == c->objects->count ? NULL : c->objects->objects[i];
        at = (struct place){.act = act,
                            .object = o == NULL ? YET_TO_COME : slice_from_string(o->name),
                            .type = o == NULL ? YET_TO_COME : c->types[i]};
        if (is_field_act(act))
            compare_fields(c, p, &at, o);
        else if (!is_within_another(c, p, &at))
            tell(c, p, act, o, NULL, 0);
    }
}

static bool has_twin(const struct policy_set *set, const struct policy *p) {
    for (size_t i = 0; i < set->count; i++) {
        if (policy_same(set->policies[i], p))
            return true;
    }
    return false;
}

/* Each permit (or forbid) of `these` within one of `among`. */
static void compare(struct comparison *c, const struct policy_set *these, const struct policy_set *among,
                    bool forbids) {
    c->among = among;
    c->forbids = forbids;
    for (size_t i = 0; i < these->count; i++) {
        const struct policy *p = these->policies[i];
        if (p->forbid != forbids || has_twin(among, p))
            continue;
        for (unsigned act = 0; act < ACT_COUNT; act++) {
            if (p->acts >> act & 1)
                compare_act(c, p, (enum act)act);
        }
    }
}

enum status policy_widens(const struct policy_set *old, const struct policy_set *fresh,
                          const struct object_set *objects, struct arena *a, struct widening *out,
                          size_t room, size_t *count, struct error *e) {
    struct comparison *c = arena_alloc(a, sizeof *c);
    if (c == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "policies: no memory");
    *c = (struct comparison){
        .old = old, .fresh = fresh, .objects = objects, .arena = a, .out = out, .room = room};
    c->types = arena_array(a, objects->count, sizeof *c->types);
    enum status s = c->types == NULL ? ST_NOMEM : ST_OK;
    for (size_t i = 0; i < objects->count && s == ST_OK; i++)
        s = model_type_name(objects->objects[i]->name, a, &c->types[i]);
    if (s != ST_OK)
        return error_set(e, s, "no_memory", "policies: no memory");
    compare(c, fresh, old, false);
    compare(c, old, fresh, true);
    *count = c->count;
    return ST_OK;
}
