/* Kedun's world as entities for Cedar: the actor, his roles and departments, the acts, the record.
 *
 * What policies may speak of stands in policy.h. One model serves one policy_query: set the act, then the
 * field, then (to evaluate) the row; without a row the record's attributes are unknown and only a reduction
 * may meet them. */
#ifndef KEDUN_POLICY_MODEL_H
#define KEDUN_POLICY_MODEL_H

#include "policy/eval.h"
#include "policy/organise.h"

#define CONTEXT_PAIRS 11
#define NUMBER_TEXT   12 /* room for a number of 32 bits */
#define ABOVE_MAX     (ACTOR_ROLES_MAX + ORGANISATION_DEPTH_MAX + 2)

struct model {
    struct entities entities; /* first: it is cast back */
    const struct policy_query *query;
    struct eval eval;
    struct cedar_pair pairs[CONTEXT_PAIRS];
    size_t pair_count;
    size_t fixed_pairs; /* those before field and class */
    struct slice resource_type;
    pred_lookup lookup;
    const void *row;
    /* Something was asked of the record by its literal name, without a row: no reduction sees through that.
     */
    bool named_record;
    struct cedar_value roles, departments, manages;
    struct cedar_entity above[ABOVE_MAX]; /* of what was asked last */
    char above_text[ABOVE_MAX][NUMBER_TEXT];
};

/* ST_NOMEM. */
MUST_CHECK enum status model_init(struct model *m, const struct policy_query *q);
void model_set_act(struct model *m, enum act act);
/* NULL: context has no field and no class. */
void model_set_field(struct model *m, const struct field_def *field);
/* row == NULL: the resource is Object::"<name>". */
MUST_CHECK enum status model_set_row(struct model *m, pred_lookup lookup, const void *row);
/* The resource is some record of the query's object, not known which. */
void model_set_any_row(struct model *m);

/* "read" … */
const char *act_name(enum act act);
/* The acts that an action scope takes in, a bit each. Groups: Action::"look" (list, view), Action::"change"
 * (create, update, delete, restore, transfer), Action::"field" (see, read, write, match). */
uint32_t model_acts(const struct scope *action);

/* "FollowUp" for follow_up. */
MUST_CHECK enum status model_type_name(const char *object, struct arena *a, struct slice *out);

#endif
