/* A Cedar schema, resolved: every name is a known type, the hierarchies are closed. Immutable, in an arena.
 *
 * Names: unqualified, a type is looked for in its own namespace, then in the one without a name, then among
 * the built-in ones (Long, String, Bool, decimal, ipaddr, datetime, duration); qualified, it is absolute. A
 * common type goes before an entity type of the same name. A name of the nameless namespace cannot be
 * declared again in another one.
 * Source: docs.cedarpolicy.com, "Schema format", and the project's RFCs 24 and 70. */
#ifndef KEDUN_POLICY_SCHEMA_H
#define KEDUN_POLICY_SCHEMA_H

#include "policy/schema_source.h"
#include "policy/type.h"

struct schema_entity {
    struct slice name;
    const struct cedar_type *attributes; /* a record */
    const struct cedar_type *tags;       /* NULL: it has none */
    const struct slice *choices;         /* of an enumerated type: its only ids */
    size_t choice_count;
    const struct slice *ancestors; /* types that its entities may be in, at any distance */
    size_t ancestor_count;
};

struct schema_action {
    struct cedar_entity uid;
    const struct slice *principals, *resources;
    size_t principal_count, resource_count;
    const struct cedar_type *context; /* a record */
    const struct cedar_entity *ancestors;
    size_t ancestor_count;
};

struct schema {
    const struct schema_entity *entities; /* sorted by name */
    size_t entity_count;
    const struct schema_action *actions; /* sorted by type and id */
    size_t action_count;
};

/* ST_INVALID "schema_unknown_type", "schema_twice", "schema_cycle", "schema_not_a_record", …; ST_NOMEM. */
MUST_CHECK enum status schema_resolve(const struct schema_source *source, struct arena *a,
                                      const struct schema **out, struct error *e);

/* NULL when there is none. */
const struct schema_entity *schema_find_entity(const struct schema *s, struct slice name);
const struct schema_action *schema_find_action(const struct schema *s, const struct cedar_entity *uid);

/* "Action" or a path that ends in it. */
bool schema_is_action_type(struct slice type);

/* Entities of `type` may be in ones of `ancestor`, or are ones. Of an action's type: some action is. */
bool schema_type_within(const struct schema *s, struct slice type, struct slice ancestor);
/* `action` is `ancestor` or in it. */
bool schema_action_within(const struct schema_action *action, const struct cedar_entity *ancestor);

/* Declared, or an action's type. */
bool schema_knows_type(const struct schema *s, struct slice type);
/* Of an enumerated type only the listed ids are. */
bool schema_entity_takes(const struct schema_entity *entity, struct slice id);

#endif
