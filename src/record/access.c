#include "record/access.h"

#include "policy/implies.h"
#include "policy/model.h"
#include "record/access_cache.h"
#include "record/access_given.h"
#include "record/access_lent.h"

#include <stdlib.h>

#define ACCESS_MEMORY ((size_t)4 * 1024 * 1024)

static const enum act row_acts[] = {ACT_LIST,   ACT_VIEW,     ACT_UPDATE, ACT_DELETE, ACT_RESTORE, ACT_EXPORT,
                                    ACT_REVEAL, ACT_TRANSFER, ACT_CREATE, ACT_IMPORT, ACT_RESOLVE};

static struct access_key key_of(const struct caller *c, const struct object_def *o, unsigned supposed) {
    uint64_t h = map_hash(slice_from_string(c->context.purpose), 1);
    h = map_hash(slice_from_string(c->context.network), h);
    for (size_t i = 0; i < c->actor.role_count; i++)
        h = map_hash(slice_from_string(c->actor.roles[i]), h);
    h = access_lent_hash(&c->who, h);
    h = access_given_hash(c, o, h);
    int64_t hour = c->context.now_ms / 3600000;
    h = map_hash(slice_of(&hour, sizeof hour),
                 h + (access_has_reason(c) ? 1 : 0) + (uint64_t)c->actor.department * 7919);
    if (supposed != 0)
        h = map_hash(slice_of(&supposed, sizeof supposed), h);
    int64_t minutes = c->context.second_factor_age < 0 ? 0xffff : c->context.second_factor_age / 60;
    return (struct access_key){.epoch = c->world.epoch,
                               .context = h,
                               .user = c->actor.user,
                               .object = o->id,
                               .second_factor_minutes = (uint16_t)(minutes > 0xffff ? 0xffff : minutes)};
}

/* The best view on any record: not provably false somewhere. */
static uint8_t best_view(const struct field_view *v) {
    if (v->read != &pred_false && v->read->op != PRED_FALSE)
        return VIEW_CLEAR;
    return v->see->op != PRED_FALSE ? VIEW_MASKED : VIEW_HIDDEN;
}

/* His own views, what has been lent to him, and what he was given for a time. */
static enum status make_fields(struct caller *c, struct access_entry *entry, const struct policy_query *q,
                               const struct policy_context *acting, struct error *e) {
    struct access *a = &entry->access;
    struct policy_query writing = *q;
    const struct field_view *written = NULL;
    enum status s = policy_views(q, &a->fields, e);
    bool given = access_is_given(c, a->object), asked = access_has_reason(c) || entry->supposed != 0;
    writing.context = acting;
    if (s == ST_OK && asked)
        s = policy_views(&writing, &written, e);
    if (s != ST_OK || (c->who.lent_count == 0 && !given && !asked))
        return s;
    struct field_view *both = arena_array(&entry->arena, a->object->field_count, sizeof *both);
    if (both == NULL)
        return ST_NOMEM;
    memcpy(both, a->fields, a->object->field_count * sizeof *both);
    a->fields = both;
    for (size_t i = 0; asked && i < a->object->field_count; i++)
        both[i].write = written[i].write;
    s = access_add_lent(c, entry, acting, both, e);
    return s == ST_OK && given ? access_add_given(c, entry, q, both, e) : s;
}

static enum status compute_fields(struct caller *c, struct access_entry *entry, const struct policy_query *q,
                                  const struct policy_context *acting, struct error *e) {
    struct access *a = &entry->access;
    enum status s = make_fields(c, entry, q, acting, e);
    if (s != ST_OK)
        return s;
    /* Whatever he lists or opens: both lie within what either act gives him. */
    const struct pred *scope = pred_or(&entry->arena, a->acts[ACT_LIST], a->acts[ACT_VIEW]);
    if (scope == NULL)
        return ST_NOMEM;
    a->best = arena_alloc(&entry->arena, a->object->field_count);
    a->everywhere = arena_alloc(&entry->arena, a->object->field_count);
    a->alike = arena_array(&entry->arena, a->object->field_count, sizeof *a->alike);
    if (a->best == NULL || a->everywhere == NULL || a->alike == NULL)
        return ST_NOMEM;
    policy_views_alike(a->fields, a->object->field_count, a->alike);
    for (size_t i = 0; i < a->object->field_count; i++) {
        a->best[i] = best_view(&a->fields[i]);
        a->everywhere[i] = (uint8_t)policy_view_in(&a->fields[i], scope);
    }
    return ST_OK;
}

static enum status compute(struct caller *c, struct access_entry *entry, struct error *e) {
    struct access *a = &entry->access;
    struct policy_context looking = c->context;
    struct policy_query q = {.set = entry->world.policies,
                             .actor = &c->actor,
                             .organisation = &entry->world.directory->organisation,
                             .objects = entry->world.objects,
                             .object = a->object,
                             .context = &looking,
                             .arena = &entry->arena};
    access_withhold(entry->supposed, &looking);
    for (size_t i = 0; i < ACT_COUNT; i++)
        a->acts[i] = &pred_false;
    /* Acts that are asked for anew with what was given: here, whether he could once he gives it. */
    struct policy_context with_reason = looking, acting = looking;
    with_reason.has_reason = true;
    with_reason.second_factor_age = 0;
    acting.has_reason = access_has_reason(c) || (entry->supposed & SUPPOSE_REASON) != 0;
    if ((entry->supposed & SUPPOSE_FACTOR) != 0)
        acting.second_factor_age = entry->supposed >> SUPPOSE_AGE;
    for (size_t i = 0; i < sizeof row_acts / sizeof row_acts[0]; i++) {
        enum act act = row_acts[i];
        bool looks = act == ACT_LIST || act == ACT_VIEW || act == ACT_RESOLVE;
        q.context = act == ACT_REVEAL || act == ACT_EXPORT ? &with_reason : looks ? &looking : &acting;
        enum status s = policy_filter(&q, act, &a->acts[act], e);
        if (s != ST_OK)
            return s;
    }
    q.context = &looking;
    enum status s = compute_fields(c, entry, &q, &acting, e);
    a->may_create = a->acts[ACT_CREATE]->op != PRED_FALSE;
    a->may_import = a->acts[ACT_IMPORT]->op != PRED_FALSE;
    a->visible = a->may_create || a->acts[ACT_LIST]->op != PRED_FALSE || a->acts[ACT_VIEW]->op != PRED_FALSE;
    return s;
}

static bool lies_within(const struct field_view *a, const struct field_view *b) {
    return pred_implies(a->see, b->see) && pred_implies(a->read, b->read);
}

/* Does he see less without a watermark? */
static enum status find_mark(struct caller *c, struct access *a, struct error *e) {
    static const enum act acts[] = {ACT_LIST, ACT_VIEW, ACT_REVEAL};
    const struct access *plain;
    if ((policy_mentions(c->world.policies) & POLICY_MENTIONS_WATERMARK) == 0)
        return ST_OK;
    enum status s = access_without(c, a->object, SUPPOSE_UNMARKED, &plain, e);
    for (size_t i = 0; s == ST_OK && i < sizeof acts / sizeof acts[0]; i++)
        a->marked = a->marked || !pred_implies(a->acts[acts[i]], plain->acts[acts[i]]);
    for (size_t i = 0; s == ST_OK && i < a->object->field_count; i++)
        a->marked = a->marked || !lies_within(&a->fields[i], &plain->fields[i]);
    return s;
}

static enum status make(struct caller *c, const struct object_def *o, const struct access_key *key,
                        unsigned supposed, struct access_entry **out, struct error *e) {
    struct access_entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "access");
    arena_init(&entry->arena, ACCESS_MEMORY, ARENA_PLAIN);
    entry->key = *key;
    entry->references = 1;
    /* The entry outlives the request: it keeps its own hold on what it points into. */
    world_retain(&c->world, &entry->world);
    entry->access.object = o;
    entry->supposed = supposed;
    enum status s = compute(c, entry, e);
    if (s == ST_OK && supposed == 0)
        s = find_mark(c, &entry->access, e);
    if (s != ST_OK) {
        access_entry_release(entry);
        return s;
    }
    *out = entry;
    return ST_OK;
}

static const struct access *held_before(const struct caller *c, const struct object_def *o,
                                        unsigned supposed) {
    for (size_t i = 0; i < c->held_count; i++) {
        if (c->held[i]->access.object == o && c->held[i]->supposed == supposed)
            return &c->held[i]->access;
    }
    return NULL;
}

static enum status get(struct caller *c, const struct object_def *o, unsigned supposed,
                       const struct access **out, struct error *e) {
    *out = held_before(c, o, supposed);
    if (*out != NULL)
        return ST_OK;
    if (c->held_count == CALLER_HELD_MAX) {
        return error_set(e, ST_LIMIT, "too_many_objects", "one request touches at most %d objects",
                         CALLER_HELD_MAX);
    }
    struct access_cache *cache = world_access_cache(c->world.world);
    struct access_key key = key_of(c, o, supposed);
    struct access_entry *entry = access_cache_find(cache, &key);
    if (entry == NULL) {
        enum status s = make(c, o, &key, supposed, &entry, e);
        if (s != ST_OK)
            return s;
        access_cache_add(cache, entry);
    }
    c->held[c->held_count++] = entry;
    *out = &entry->access;
    return ST_OK;
}

enum status access_get(struct caller *c, const struct object_def *o, const struct access **out,
                       struct error *e) {
    return get(c, o, 0, out, e);
}

enum status access_suppose(struct caller *c, const struct object_def *o, unsigned supposed,
                           const struct access **out, struct error *e) {
    return get(c, o, policy_asks(c->world.policies) ? supposed : 0, out, e);
}

enum status access_without(struct caller *c, const struct object_def *o, enum suppose what,
                           const struct access **out, struct error *e) {
    unsigned mention = what == SUPPOSE_UNAPPROVED ? POLICY_MENTIONS_APPROVAL : POLICY_MENTIONS_WATERMARK;
    bool spoken = (policy_mentions(c->world.policies) & mention) != 0;
    return get(c, o, spoken ? what : 0, out, e);
}

enum status access_object(struct caller *c, struct slice name, const struct access **out, struct error *e) {
    const struct object_def *o = object_find(c->world.objects, name);
    if (o != NULL) {
        enum status s = access_get(c, o, out, e);
        if (s != ST_OK)
            return s;
        if ((*out)->visible)
            return ST_OK;
    }
    return error_set(e, ST_NOT_FOUND, "unknown_object", "there is no such object");
}

const struct field_def *access_field(const struct access *a, struct slice name, size_t *index) {
    const struct field_def *f = object_field(a->object, name);
    if (f == NULL)
        return NULL;
    size_t i = (size_t)(f - a->object->fields);
    if (a->best[i] == VIEW_HIDDEN && a->fields[i].write->op == PRED_FALSE)
        return NULL;
    *index = i;
    return f;
}

bool access_may_filter(const struct access *a, size_t i) {
    return a->everywhere[i] == VIEW_CLEAR && !field_is_sealed(&a->object->fields[i]);
}

size_t access_act_names(struct caller *c, const struct access *a, const char *names[ACCESS_ACTS]) {
    static const enum act acts[ACCESS_ACTS] = {ACT_LIST,     ACT_VIEW,    ACT_CREATE, ACT_UPDATE,
                                               ACT_DELETE,   ACT_RESTORE, ACT_IMPORT, ACT_EXPORT,
                                               ACT_TRANSFER, ACT_REVEAL,  ACT_RESOLVE};
    size_t n = 0;
    const struct access *best;
    if (access_suppose(c, a->object, SUPPOSE_ALL, &best, NULL) == ST_OK)
        a = best;
    for (size_t i = 0; i < ACCESS_ACTS; i++) {
        if (a->acts[acts[i]]->op != PRED_FALSE)
            names[n++] = act_name(acts[i]);
    }
    return n;
}
