/* Evaluates Cedar expressions, all of whose parts are known.
 *
 * An expression gives a value or an evaluation error (wrong type, overflow, missing attribute or entity, bad
 * text for an extension): a policy with an error does not apply. Running out of memory is neither: the caller
 * must refuse, or a forbid would be skipped. Memory is only taken for sets and records that are no literals.
 * Source: docs.cedarpolicy.com, "Operators and functions"; the order of evaluation is from left to right. */
#ifndef KEDUN_POLICY_EVAL_H
#define KEDUN_POLICY_EVAL_H

#include "policy/syntax.h"

enum attribute_found { ATTRIBUTE_FOUND, ATTRIBUTE_ABSENT, ENTITY_ABSENT, ATTRIBUTE_NO_MEMORY };

/* What is known of entities. Embed it and pass your own struct. */
struct entities {
    enum attribute_found (*attribute)(const struct entities *self, const struct cedar_entity *of,
                                      struct slice name, struct cedar_value *out);
    /* Whether `e` is below `ancestor`; that an entity is in itself is the evaluator's. */
    bool (*within)(const struct entities *self, const struct cedar_entity *e,
                   const struct cedar_entity *ancestor);
    /* May be NULL: no entity has tags. */
    enum attribute_found (*tag)(const struct entities *self, const struct cedar_entity *of, struct slice name,
                                struct cedar_value *out);
    /* All that `e` is within; of the request's resource maybe more, unless `exact`: how many. *out holds
     * until the next question. May be NULL: then no policy is passed over by its scope (policy_index.h). */
    size_t (*above)(const struct entities *self, const struct cedar_entity *e,
                    const struct cedar_entity **out);
    bool exact;
};

enum evaluated { EVALUATED, EVAL_ERRED, EVAL_NO_MEMORY };

enum fault {
    FAULT_NONE,
    FAULT_TYPE,      /* a value of the wrong type */
    FAULT_OVERFLOW,  /* past 64 bits */
    FAULT_ATTRIBUTE, /* the entity or record has no such attribute */
    FAULT_ENTITY,    /* there is no such entity */
    FAULT_EXTENSION  /* an extension function's argument */
};

struct eval {
    struct cedar_value principal, action, resource, context;
    const struct entities *entities;
    struct arena *arena;
    enum fault fault;      /* of the last EVAL_ERRED */
    const struct expr *at; /* where */
};

enum evaluated eval_expr(struct eval *v, const struct expr *e, struct cedar_value *out);

/* The same for a condition: anything but a bool is a FAULT_TYPE. */
enum evaluated eval_bool(struct eval *v, const struct expr *e, bool *out);

/* `e` in `ancestor`, reflexive. */
bool eval_within(const struct entities *entities, const struct cedar_entity *e,
                 const struct cedar_entity *ancestor);

/* A principal's, action's or resource's scope against an entity. */
bool eval_scope(const struct entities *entities, const struct scope *s, const struct cedar_entity *e);

/* The policy's head: the scopes of principal, action and resource. */
bool eval_head(const struct eval *v, const struct policy *p);

/* The same for a policy that policy_index_ask left over: what principal and action are within is known. */
bool eval_head_left(const struct eval *v, const struct policy *p);

/* The conditions alone. *failed: as below. */
enum evaluated eval_conditions(struct eval *v, const struct policy *p, bool *hold,
                               const struct condition **failed);

/* The whole policy: true only if its scope and all conditions hold. *failed: the condition that was false or
 * erred (NULL: the scope). */
enum evaluated eval_policy(struct eval *v, const struct policy *p, bool *applies,
                           const struct condition **failed);

/* "type error" …, for messages. */
const char *fault_name(enum fault f);

#endif
