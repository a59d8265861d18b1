#include "record/world.h"

#include "store/wire.h"

#include "object/set.h"
#include "record/access_cache.h"

#include <pthread.h>

struct world {
    pthread_mutex_t lock; /* held only to copy or swap pointers */
    struct world_view now;
    struct store *store;
    world_write write;
    void *write_context;
    struct access_cache *cache;
};

enum status world_new(struct store *store, world_write write, void *write_context, struct world **out) {
    struct world *w = calloc(1, sizeof *w);
    if (w == NULL)
        return ST_NOMEM;
    if (access_cache_new(&w->cache) != ST_OK) {
        free(w);
        return ST_NOMEM;
    }
    (void)pthread_mutex_init(&w->lock, NULL);
    w->store = store;
    w->write = write;
    w->write_context = write_context;
    w->now.world = w;
    *out = w;
    return ST_OK;
}

static void view_retain(const struct world_view *view) {
    if (view->objects != NULL)
        object_set_retain(view->objects);
    if (view->policies != NULL)
        policy_retain(view->policies);
    if (view->directory != NULL)
        __atomic_add_fetch(&view->directory->references, 1, __ATOMIC_RELAXED);
}

void world_leave(struct world_view *view) {
    if (view->objects != NULL)
        object_set_release(view->objects);
    if (view->policies != NULL)
        policy_release(view->policies);
    if (view->directory != NULL)
        directory_release(view->directory);
    *view = (struct world_view){.world = view->world};
}

void world_enter(struct world *w, struct world_view *view) {
    (void)pthread_mutex_lock(&w->lock);
    *view = w->now;
    view_retain(view);
    (void)pthread_mutex_unlock(&w->lock);
}

void world_retain(const struct world_view *view, struct world_view *copy) {
    view_retain(view);
    *copy = *view;
}

void world_set_objects(struct world *w, struct object_set *objects) {
    (void)pthread_mutex_lock(&w->lock);
    struct object_set *old = w->now.objects;
    w->now.objects = objects;
    w->now.epoch++;
    (void)pthread_mutex_unlock(&w->lock);
    if (old != NULL)
        object_set_release(old);
}

void world_set_policies(struct world *w, struct policy_set *policies) {
    (void)pthread_mutex_lock(&w->lock);
    struct policy_set *old = w->now.policies;
    w->now.policies = policies;
    w->now.epoch++;
    (void)pthread_mutex_unlock(&w->lock);
    if (old != NULL)
        policy_release(old);
}

void world_set_directory(struct world *w, struct directory *directory) {
    (void)pthread_mutex_lock(&w->lock);
    struct directory *old = w->now.directory;
    w->now.directory = directory;
    w->now.epoch++;
    (void)pthread_mutex_unlock(&w->lock);
    if (old != NULL)
        directory_release(old);
}

void world_free(struct world *w) {
    if (w == NULL)
        return;
    access_cache_free(w->cache);
    world_leave(&w->now);
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
}

struct store *world_store(const struct world *w) {
    return w->store;
}

struct access_cache *world_access_cache(const struct world *w) {
    return w->cache;
}

/* Requests that began before a definition changed write by the old one. */
static enum status check_definitions(struct world *w, const struct write_set *set, struct error *e) {
    struct world_view now;
    enum status s = ST_OK;
    world_enter(w, &now);
    for (size_t i = 0; s == ST_OK && i < set->count; i++) {
        const struct object_def *o = set->ops[i].object;
        if (o != NULL && o != object_by_id(now.objects, o->id)) {
            s = write_set_check(set, now.objects, e);
            break;
        }
    }
    world_leave(&now);
    return s;
}

enum status world_commit(struct world *w, const struct write_set *set, struct write_result *result,
                         struct error *e) {
    enum status s = check_definitions(w, set, e);
    return s == ST_OK ? w->write(w->write_context, set, result, e) : s;
}

void directory_release(struct directory *d) {
    if (__atomic_sub_fetch(&d->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    arena_free(&d->arena);
    free(d);
}

const struct staff *directory_staff(const struct directory *d, uint32_t id) {
    size_t low = 0, high = d->staff_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (d->staff[middle].id == id)
            return &d->staff[middle];
        if (d->staff[middle].id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

bool directory_leads(const struct directory *d, uint32_t leader, uint32_t user) {
    const struct staff *me = directory_staff(d, leader), *one = directory_staff(d, user);
    for (size_t k = 0; me != NULL && k < me->reports_count; k++) {
        if (me->reports[k] == user)
            return true;
    }
    return one != NULL && directory_heads(d, leader, one->department);
}

bool directory_heads(const struct directory *d, uint32_t leader, uint32_t department) {
    const struct staff *me = directory_staff(d, leader);
    uint32_t at = department;
    for (unsigned step = 0; me != NULL && at != 0 && step < 64; step++) {
        for (size_t k = 0; k < me->manages_count; k++) {
            if (me->manages[k] == at)
                return true;
        }
        const struct department *above = directory_department(d, at);
        at = above == NULL ? 0 : above->parent;
    }
    return false;
}

bool directory_decides_for(const struct directory *d, uint32_t leader, uint32_t user, int64_t now_ms) {
    const struct staff *me = directory_staff(d, leader);
    if (me == NULL || me->disabled || me->duties != 0 || leader == user)
        return false;
    bool yes = directory_leads(d, leader, user);
    for (size_t i = 0; i < d->grant_count && !yes; i++) {
        const struct staff_grant *g = &d->grants[i];
        yes = g->user == leader && g->from != 0 && g->from != user && !g->ended && now_ms < g->until &&
              directory_leads(d, g->from, user);
    }
    return yes;
}

const struct staff_access *directory_accesses(const struct directory *d, uint32_t user, size_t *count) {
    size_t low = 0, high = d->access_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (d->accesses[middle].user < user)
            low = middle + 1;
        else
            high = middle;
    }
    *count = 0;
    while (low + *count < d->access_count && d->accesses[low + *count].user == user)
        ++*count;
    return *count == 0 ? NULL : &d->accesses[low];
}

const struct staff_role *directory_role(const struct directory *d, const char *name) {
    for (size_t i = 0; i < d->role_count; i++) {
        if (strcmp(d->roles[i].name, name) == 0)
            return &d->roles[i];
    }
    return NULL;
}

void directory_ceiling(const struct directory *d, const char *role, uint8_t ceiling[CLASS_COUNT]) {
    const struct staff_role *r = directory_role(d, role);
    for (size_t i = 0; r != NULL && i < CLASS_COUNT; i++)
        ceiling[i] = r->ceiling[i] > ceiling[i] ? r->ceiling[i] : ceiling[i];
}

const struct department *directory_department(const struct directory *d, uint32_t id) {
    const struct department *all = d->organisation.departments;
    size_t low = 0, high = d->organisation.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (all[middle].id == id)
            return &all[middle];
        if (all[middle].id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}
