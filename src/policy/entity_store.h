/* Entities with attributes, tags and a hierarchy, looked up by hash: what policies are evaluated against when
 * the entities come as data and not from Kedun's own records (model.h).
 *
 * Fill it (entity_store_add), close it once, then it is immutable. Looking up takes no memory. */
#ifndef KEDUN_POLICY_ENTITY_STORE_H
#define KEDUN_POLICY_ENTITY_STORE_H

#include "policy/eval.h"
#include "policy/schema.h"

#define ENTITY_HIERARCHY_MAX 1000 /* steps from an entity to its farthest ancestor */

struct stored_entity {
    struct cedar_entity uid;
    struct cedar_value attributes, tags; /* records */
    const struct cedar_entity *parents;
    size_t parent_count;
    const struct cedar_entity *ancestors; /* set by entity_store_close */
    size_t ancestor_count;
    uint8_t progress;
};

struct entity_store {
    struct entities entities; /* first: it is cast back */
    struct stored_entity *list;
    size_t count, room;
    uint32_t *table; /* index + 1; 0: free */
    size_t table_room;
    struct arena *arena;
};

/* Room for `room` entities. ST_NOMEM. */
MUST_CHECK enum status entity_store_init(struct entity_store *s, size_t room, struct arena *a);

/* Everything is borrowed. The same entity again is fine if it is alike in all. ST_CONFLICT "entity_twice". */
MUST_CHECK enum status entity_store_add(struct entity_store *s, const struct stored_entity *e,
                                        struct error *error);

/* Works out all ancestors. ST_INVALID "entity_cycle". */
MUST_CHECK enum status entity_store_close(struct entity_store *s, struct error *e);

/* NULL when there is none. */
const struct stored_entity *entity_store_find(const struct entity_store *s, const struct cedar_entity *uid);

/* A JSON array of {"uid", "attrs", "parents", "tags"}; all actions of the schema are added. With a schema
 * every entity must be as it says: known type, attributes and tags of their types, allowed parents, one of
 * the listed ids; an action in the list must be the schema's. The store is closed afterwards. */
MUST_CHECK enum status entity_store_from_json(struct slice text, const char *file,
                                              const struct schema *schema, struct arena *a,
                                              struct entity_store *out, struct error *e);

#endif
