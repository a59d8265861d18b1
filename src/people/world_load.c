#include "people/world_load.h"

#include "base/clock.h"
#include "object/set.h"
#include "people/directory.h"
#include "policy/own_schema.h"
#include "record/definition.h"

#include <pthread.h>

static enum status write_here(void *context, const struct write_set *set, struct write_result *result,
                              struct error *e) {
    return store_write(context, set, result, e);
}

/* Definitions: the shipped ones, then what was added at run time, in order. */
static enum status load_objects(const struct world_source *from, struct store **store,
                                struct object_set **out, struct error *e) {
    struct object_set *objects = NULL;
    enum status s = object_set_load(from->objects_dir, &objects, e);
    if (s != ST_OK)
        return s;
    if (*store == NULL)
        s = store_open(from->database, from->mode, objects, store, e);
    if (s == ST_OK) {
        s = from->mode == STORE_SERVE ? definition_load_added(*store, &objects, e)
                                      : definition_read_added(*store, &objects, e);
    }
    if (s != ST_OK) {
        object_set_release(objects);
        return s;
    }
    *out = objects;
    return ST_OK;
}

/* *out is NULL when none was published. What was published was checked then: it is parsed and no more. */
static enum status load_published(struct keeper *k, struct policy_set **out, struct error *e) {
    uint32_t version = 0;
    struct slice text;
    *out = NULL;
    enum status s = keeper_policy_text(k, &version, &text, e);
    if (s != ST_OK || version == 0)
        return s;
    s = policy_parse(text, "policies", out, e);
    if (s == ST_OK)
        policy_set_version(*out, version);
    return s;
}

static enum status load_policies(struct keeper *k, const struct world_source *from,
                                 const struct object_set *objects, struct world *world, struct error *e) {
    struct policy_set *policies = NULL;
    enum status s = load_published(k, &policies, e);
    bool files = s == ST_OK && policies == NULL;
    if (files)
        s = policy_load(from->policies_dir, &policies, e);
    if (s != ST_OK)
        return s;
    s = files ? policy_check(policies, objects, e) : ST_OK;
    if (s != ST_OK) {
        policy_release(policies);
        return s;
    }
    world_set_policies(world, policies);
    return ST_OK;
}

static enum status load_directory(struct keeper *k, struct world *world, struct error *e) {
    struct directory *directory = NULL;
    enum status s = directory_load(k, &directory, e);
    if (s == ST_OK)
        world_set_directory(world, directory);
    return s;
}

enum status world_load(struct keeper *k, const struct world_source *from, struct store **store,
                       struct world **world, struct error *e) {
    struct object_set *objects = NULL;
    *store = NULL;
    *world = NULL;
    enum status s = load_objects(from, store, &objects, e);
    if (s != ST_OK)
        return s;
    if (from->write != NULL)
        s = world_new(*store, from->write, from->write_context, world);
    else
        s = world_new(*store, write_here, *store, world);
    if (s != ST_OK) {
        object_set_release(objects);
        return error_set(e, s, "no_memory", "world");
    }
    world_set_objects(*world, objects);
    s = load_policies(k, from, objects, *world, e);
    if (s == ST_OK)
        s = load_directory(k, *world, e);
    if (s != ST_OK) {
        world_free(*world);
        *world = NULL;
    }
    return s;
}

enum status world_refresh(struct keeper *k, const struct world_source *from, uint64_t registry_version,
                          struct world *world, struct error *e) {
    struct world_view now;
    struct object_set *objects = NULL;
    struct store *store = world_store(world);
    world_enter(world, &now);
    bool people = registry_version == 0 || now.directory->version < registry_version ||
                  clock_wall_ms() >= now.directory->stale_at;
    enum status s = load_objects(from, &store, &objects, e);
    if (s == ST_OK && objects->version > now.objects->version)
        world_set_objects(world, objects);
    else if (s == ST_OK)
        object_set_release(objects);
    world_leave(&now);
    return s == ST_OK && people ? load_directory(k, world, e) : s;
}

static bool policies_are_older(struct world *world, uint32_t version) {
    struct world_view now;
    world_enter(world, &now);
    bool older = policy_version(now.policies) < version;
    world_leave(&now);
    return older;
}

enum status world_refresh_policies(struct keeper *k, uint32_t version, struct world *world, struct error *e) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    if (!policies_are_older(world, version))
        return ST_OK;
    struct policy_set *fresh = NULL;
    enum status s = ST_OK;
    (void)pthread_mutex_lock(&lock);
    if (policies_are_older(world, version))
        s = load_published(k, &fresh, e);
    if (s == ST_OK && fresh != NULL)
        world_set_policies(world, fresh);
    (void)pthread_mutex_unlock(&lock);
    return s;
}

static bool people_are_older(struct world *world, uint64_t version) {
    struct world_view now;
    world_enter(world, &now);
    bool older = now.directory->version < version || clock_wall_ms() >= now.directory->stale_at;
    world_leave(&now);
    return older;
}

enum status world_refresh_people(struct keeper *k, uint64_t version, struct world *world, struct error *e) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    if (!people_are_older(world, version))
        return ST_OK;
    enum status s = ST_OK;
    (void)pthread_mutex_lock(&lock);
    if (people_are_older(world, version))
        s = load_directory(k, world, e);
    (void)pthread_mutex_unlock(&lock);
    return s;
}
