/* What rights somebody holds, right by right, and when he last used each.
 *
 * A right is a role (of his own, of a post, given for a time, lent to him), a duty, or access to fields that
 * was asked for in place: used when he looked at that object since. Use is read from the
 * tallies of the audit explorer's index (store/audit_index.h): who did what with which object, by day. They
 * say nothing of the role by which it was permitted: what two roles give counts as used for both. What an API
 * key did counts as its maker's. Refused acts are no use. A duty is used by acts of administration, of
 * whatever kind; an auditor's reading too is one.
 *
 * What a role gives is asked of the policies for that role alone, as on a request with second factor and
 * reason: an object's act is given when it is permitted on any record at all. */
#ifndef KEDUN_PEOPLE_HOLDINGS_H
#define KEDUN_PEOPLE_HOLDINGS_H

#include "record/world.h"
#include "store/audit_index.h"

#define HOLDINGS_MOST   96 /* of one person */
#define HOLDINGS_PEOPLE 20 /* at one go: some thousand questions to the policies */

enum holding_kind { HOLDING_ROLE, HOLDING_POST, HOLDING_GRANT, HOLDING_LOAN, HOLDING_DUTY, HOLDING_ACCESS };
/* "role", "post_role", "grant", "loan", "duty", "access" */
const char *holding_kind_name(enum holding_kind kind);

/* What it gives on one object, and what of that was not used: bits by enum act. */
struct holding_object {
    const struct object_def *object;
    uint32_t given, unused;
};

struct holding {
    enum holding_kind kind;
    const char *name;   /* of the role or duty; an access: of the object */
    uint32_t ref, from; /* the post or grant; who lends */
    int64_t until;      /* ms; 0: without end */
    int32_t last_day;   /* of its latest use in the time looked at (audit_day); 0: none */
    bool judged;        /* it gives something of which use is recorded */
    struct holding_object *objects;
    size_t object_count;
};

struct holdings_view {
    const struct directory *directory;
    const struct policy_set *policies;
    const struct object_set *objects;
    struct policy_context context; /* of whoever asks; second factor and reason are put in */
    const struct audit_tally *tallies;
    size_t tally_count;
    bool with_acts; /* false: only which rights, without what they give and their use */
};

/* Memory: the arena; `scratch` is reset. ST_NOMEM, ST_INVALID. */
MUST_CHECK enum status holdings_of(const struct holdings_view *v, const struct staff *who, struct arena *a,
                                   struct arena *scratch, struct holding **out, size_t *count,
                                   struct error *e);

#endif
