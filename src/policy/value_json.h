/* Values of Cedar from JSON: attributes of entities, contexts.
 *
 * Without a type only the escapes are known: {"__entity": {"type": "User", "id": "a"}} and {"__extn": {"fn":
 * "ip", "arg": "10.0.0.1"}} ("args": […] for a function of several). With the type that a schema expects
 * here, the escape may be left out, an extension's value may be the bare string, and the value must be of
 * that type. null and numbers that are no 64-bit integers are nothing in Cedar.
 * Source: docs.cedarpolicy.com, "Entities and context syntax". */
#ifndef KEDUN_POLICY_VALUE_JSON_H
#define KEDUN_POLICY_VALUE_JSON_H

#include "policy/document.h"
#include "policy/schema.h"

struct value_reader {
    const char *file; /* for messages */
    struct arena *arena;
    struct error *error;
};

/* `expected` may be NULL. ST_INVALID "bad_value" with file:line; ST_NOMEM. Texts are borrowed from `d`. */
MUST_CHECK enum status value_from_json(const struct value_reader *r, const struct document *d,
                                       const struct cedar_type *expected, struct cedar_value *out);

/* {"type": …, "id": …}, with or without the escape around it. */
MUST_CHECK enum status entity_from_json(const struct value_reader *r, const struct document *d,
                                        struct cedar_entity *out);

/* Entities of enumerated types inside the value: false, and *bad, when one is none of its type's. */
bool value_choices_hold(const struct schema *s, const struct cedar_value *v, struct cedar_entity *bad);

#endif
