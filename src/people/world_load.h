/* Builds a world from the store, the definitions, the keeper's registry and its policies (those under
 * policies_dir while none was published): what the engine and
 * jobs both need at their start, and what jobs looks at again before each job. */
#ifndef KEDUN_PEOPLE_WORLD_LOAD_H
#define KEDUN_PEOPLE_WORLD_LOAD_H

#include "keeper/client.h"
#include "record/world.h"

struct world_source {
    const char *database; /* directory */
    const char *objects_dir, *policies_dir;
    enum store_mode mode; /* STORE_SERVE also brings the tables to the definitions */
    world_write write;    /* NULL: into the opened store itself (STORE_SERVE) */
    void *write_context;
};

/* *store is the caller's to close after world_free; it is set as soon as it is open, even on failure. */
MUST_CHECK enum status world_load(struct keeper *k, const struct world_source *from, struct store **store,
                                  struct world **world, struct error *e);

/* Takes up definitions that were added and people who were changed since: for a process that does not make
 * those changes itself. `registry_version`: the keeper's, from a principal; 0: whatever it is now. */
MUST_CHECK enum status world_refresh(struct keeper *k, const struct world_source *from,
                                     uint64_t registry_version, struct world *world, struct error *e);

/* Takes up the published policies when the world's are older than `version` (a principal's policy_version).
 * The world keeps what it has on failure. Safe from several threads: one of them loads. */
MUST_CHECK enum status world_refresh_policies(struct keeper *k, uint32_t version, struct world *world,
                                              struct error *e);

/* The same of departments and people, by a principal's registry_version; also when a post begins or ends. */
MUST_CHECK enum status world_refresh_people(struct keeper *k, uint64_t version, struct world *world,
                                            struct error *e);

#endif
