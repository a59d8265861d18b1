/* Policy: who may do what with which record and field.
 *
 * Policies are Cedar text (the .cedar files under policies). The engine asks four questions, each answered
 * from the same policies: may this person do this act on this record (policy_decide); which records
 * (policy_filter, a row filter by partial evaluation); what does he see of each field (policy_views); and why
 * (policy_explain). Default is deny; a policy whose condition errs is skipped; forbid overrides permit.
 *
 * Entities that policies may speak of:
 *   User::"<id>"        attributes: id (long), login (string), roles (set of Role), department (Department),
 *                       branch (Department), departments (set: his department and all above), manager_of (set
 * of Department, and of User: who reports to him by name), is_partner (bool); parents: his Roles and his
 * Department Role::"<name>", Department::"<id>" (parent: the department above) Action::"list" "view" "create"
 * "update" "delete" "restore" "import" "export" "reveal" "transfer" "resolve" "see" "read" "write" "match"
 * "audit" "administer" (see: masked view of a field; read: clear view; write: set a field; match: find by a
 * masked field's whole value or the characters its mask shows. view: open one record. A record must pass
 * list/view before its fields' see/read count.) the resource: <Object>::"<uuid>" with the type's name in
 * CamelCase (Customer, FollowUp …), attributes: the object's *unsealed* fields by API name (absent when null)
 * plus owner (User), department (Department), branch (Department), created_at (long ms); parents: its
 * department and its owner, so `resource in Department::"3"` and `resource.department in
 * principal.department` both work. A child object (order line …) follows its parent. For acts on no record:
 * Object::"<name>". context: object (string), field (string), class (string), purpose (string), reason
 * (bool), second_factor_age (long, seconds), hour (long, local), weekday (long, 1 Monday … 7), network
 * (string: "office"|"outside"|…), approval (bool), watermark (bool); what is not given is absent.
 * context.object holds for acts on no record too. Action groups: Action::"look" (list, view), "change"
 * (create, update, delete, restore, transfer), "field" (see, read, write, match). Numbers of the record are
 * in their stored units (money in cents, dates in days, times in ms). A sealed field is no attribute: a
 * policy that mentions one is refused. Of the principal, a branch or department that he has not is absent.
 * What can be reduced to a row filter: policy/reduce.h.
 */
#ifndef KEDUN_POLICY_POLICY_H
#define KEDUN_POLICY_POLICY_H

#include "object/pred.h"

enum act {
    ACT_LIST,
    ACT_VIEW,
    ACT_CREATE,
    ACT_UPDATE,
    ACT_DELETE,
    ACT_RESTORE,
    ACT_IMPORT,
    ACT_EXPORT,
    ACT_REVEAL,
    ACT_TRANSFER,
    ACT_RESOLVE, /* look into the stewards' queue and close what stands there */
    ACT_SEE,
    ACT_READ,
    ACT_WRITE,
    ACT_MATCH,
    ACT_AUDIT,
    ACT_ADMINISTER,
    ACT_COUNT
};

/* The organisation: departments by id with parent and branch. Built by people/ from the keeper's registry. */
struct department {
    uint32_t id, parent; /* parent 0: the root */
    uint32_t branch;     /* the ancestor (or itself) that is a branch; 0: head office */
    bool is_branch;
    const char *name;
    bool closed;
    uint32_t home;  /* itself, or what it was merged into */
    uint32_t stamp; /* what the branch column of its records says: its branch before anything was moved */
};

/* Records are not written again when departments move: policy/organise.h. */
struct organisation {
    const struct department *departments; /* sorted by id */
    size_t count;
    bool moved; /* some department's branch is not its stamp, or its home not itself */
};

#define ACTOR_ROLES_MAX 16

/* The person (or key) who acts, as the keeper vouches for him. */
struct actor {
    uint32_t user;
    const char *login;
    const char *roles[ACTOR_ROLES_MAX];
    size_t role_count;
    uint32_t department, branch;
    const uint32_t *manages; /* departments he leads */
    size_t manages_count;
    const uint32_t *reports; /* people who report to him by name, and those below them */
    size_t reports_count;
};

struct policy_context {
    const char *purpose;
    const char *network;
    int64_t now_ms;
    bool has_reason;
    int64_t second_factor_age; /* seconds; -1: none in this session */
    /* As if nobody approved, and as if no watermark were laid over the page. Both are there unless said: the
     * keeper looks for the approval when it seals, the page lays the mark (policy/obligation.h). */
    bool without_approval, without_watermark;
};

struct policy_set; /* immutable, reference counted */

/* Reads every .cedar file of a directory; refuses all on the first error, naming file, line and column. */
MUST_CHECK enum status policy_load(const char *directory, struct policy_set **out, struct error *e);
/* The same from text, for previews and tests. */
MUST_CHECK enum status policy_parse(struct slice text, const char *name, struct policy_set **out,
                                    struct error *e);
void policy_release(struct policy_set *set);
void policy_retain(struct policy_set *set);

/* What of the context the policies look at, bits: all that an answer may depend on besides the actor, the
 * object, the field, the organisation and the record. A cache of filters or views keys on the mentioned
 * values, and on the hour where TIME is mentioned. */
enum policy_mention {
    POLICY_MENTIONS_PURPOSE = 0x20,
    POLICY_MENTIONS_REASON = 0x40,
    POLICY_MENTIONS_SECOND_FACTOR = 0x80,
    POLICY_MENTIONS_TIME = 0x100,
    POLICY_MENTIONS_NETWORK = 0x200,
    POLICY_MENTIONS_APPROVAL = 0x400,
    POLICY_MENTIONS_WATERMARK = 0x800
};
unsigned policy_mentions(const struct policy_set *set);
/* Does any policy of an act that changes records, or of writing fields, ask for a reason or a fresh second
 * factor? */
bool policy_asks(const struct policy_set *set);
static inline bool policy_mentions_time(const struct policy_set *set) {
    return (policy_mentions(set) & POLICY_MENTIONS_TIME) != 0;
}
size_t policy_count(const struct policy_set *set);
/* The whole text, borrowed from the set: of several files one after another, each under a comment with its
 * name. */
struct slice policy_text(const struct policy_set *set);
/* The number under which it was published (keeper/policy_versions.h); 0: it comes from files. Told before the
 * set is shared. */
void policy_set_version(struct policy_set *set, uint32_t version);
uint32_t policy_version(const struct policy_set *set);

struct policy_query {
    const struct policy_set *set;
    const struct actor *actor;
    const struct organisation *organisation;
    const struct object_set *objects;
    const struct object_def *object;
    const struct policy_context *context;
    struct arena *arena;   /* results live here */
    bool unless_forbidden; /* of filters and views: as if everything were permitted that nothing forbids */
};

/* Which records of q->object: a row filter. For ACT_CREATE: which records he may make (decide on the new row
 * before it is written); pred_false means none at all. For acts on no record use policy_decide with row ==
 * NULL. Deny is pred_false; a condition that no row filter can express is ST_INVALID "policy_not_reducible"
 * (policy_check_reducible finds it when a policy is saved). */
MUST_CHECK enum status policy_filter(const struct policy_query *q, enum act act, const struct pred **out,
                                     struct error *e);

/* One field's views, each a predicate over the row (often pred_true or pred_false). */
struct field_view {
    const struct pred *see, *read, *write, *match;
};

/* For every field of q->object, in the order of object->fields. */
MUST_CHECK enum status policy_views(const struct policy_query *q, const struct field_view **out,
                                    struct error *e);

/* The view that a row gives: clear if read, else masked if see, else hidden. */
enum view policy_view_of(const struct field_view *v, pred_lookup lookup, const void *row);
/* For each field the first one whose see and read are the same conditions (itself, if none before it): what
 * one row's view of that field is, is this one's too. */
void policy_views_alike(const struct field_view *v, size_t count, uint16_t *first);
/* The view that holds on every row of `scope` (the list filter): what filter, sort and group may rest on.
 * Found by comparing the predicates' shapes: it may say less than could be proved, never more. */
enum view policy_view_in(const struct field_view *v, const struct pred *scope);
/* The view that holds on all rows whatever their content. */
enum view policy_view_everywhere(const struct field_view *v);

/* One decision on one record (row == NULL: on the object as such). */
MUST_CHECK enum status policy_decide(const struct policy_query *q, enum act act,
                                     const struct field_def *field, pred_lookup lookup, const void *row,
                                     bool *allowed, struct error *e);

/* The same with the policies that decided and the conditions that failed, as JSON. */
MUST_CHECK enum status policy_explain(const struct policy_query *q, enum act act,
                                      const struct field_def *field, pred_lookup lookup, const void *row,
                                      struct json *out, struct error *e);

/* Every policy against every object and act: can all of it be reduced? For save time.
 * ST_INVALID "policy_not_reducible", "policy_sealed_field" (e->field names it) or "policy_unknown_attribute"
 * (no object has it), each with file:line:column and the expression. */
MUST_CHECK enum status policy_check_reducible(const struct policy_set *set, const struct object_set *objects,
                                              struct error *e);

#endif
