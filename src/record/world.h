/* What all requests share: definitions, policies, the organisation, the store. Each part is an immutable
 * snapshot behind a reference count; a change swaps the pointer, and a request keeps what it began with. */
#ifndef KEDUN_RECORD_WORLD_H
#define KEDUN_RECORD_WORLD_H

#include "keeper/high_risk.h"
#include "keeper/network.h"
#include "policy/policy.h"
#include "store/store.h"

/* More would make row filters too long; a leader of more sees those of his departments. */
#define STAFF_REPORTS_MAX 500

/* One member of staff, as lists and pickers show him. */
struct staff {
    uint32_t id;
    uint32_t department; /* by the posts that held when the directory was made; 0: nowhere */
    const char *name;
    const char *login;
    bool disabled;
    const uint32_t *manages; /* departments he leads */
    size_t manages_count;
    const uint32_t *reports; /* who reports to him by name, and who to those; STAFF_REPORTS_MAX at most */
    size_t reports_count;
    uint32_t sponsor;      /* a partner's; 0: a member of staff */
    int64_t until;         /* ms: the account's end; 0: without */
    unsigned duties;       /* bits of enum duty */
    struct slice document; /* the registry's, for administrators */
    uint64_t version;      /* of the registry, when the document was last changed */
};

/* A role, as people read it. */
struct staff_role {
    const char *name, *label_zh, *label_en;
    uint32_t id;
    bool by_leader; /* its terms: keeper/registry.h */
    uint32_t break_glass_hours;
    uint8_t ceiling[CLASS_COUNT]; /* best view by class, as the keeper holds it */
    struct slice document;
};

/* Roles for a time (keeper/registry.h): shown here, judged by the keeper. */
struct staff_grant {
    uint32_t id, user, from;
    int64_t until; /* ms */
    bool ended, reviewed, glass;
    bool access;           /* to fields (struct staff_access) */
    uint32_t department;   /* an access: where he stood when it was given; 0: not said */
    bool moved;            /* he stands elsewhere now: it gives nothing */
    const char *allow_act; /* an approval of a high-risk act (keeper/allowance.h); else NULL */
    uint16_t allow_object; /* 0: any */
    uint32_t allow_count;
    struct slice document;
};

/* Fields that somebody sees in clear for a time: asked for in place and approved
 * (keeper/proposal.h, kind "access"). */
struct staff_access {
    uint32_t user, grant, approved_by;
    uint32_t department;  /* in which it holds; 0: not said */
    int64_t since, until; /* ms */
    uint16_t object;
    const uint16_t *fields;
    size_t field_count;
    const struct cell *records; /* ids, as predicates have them; record_count 0: all that he sees */
    size_t record_count;
    const char *reason;
};

/* Departments, staff and roles, built by people/ from the keeper's registry. */
struct directory {
    struct organisation organisation;
    const struct staff *staff; /* sorted by id */
    size_t staff_count;
    const struct staff_role *roles;
    size_t role_count;
    const struct staff_grant *grants;
    size_t grant_count;
    const struct staff_access *accesses; /* those that are not over and where he stands, by user */
    size_t access_count;
    const struct named_network *networks; /* the company's; without names its sign-in networks as "office" */
    size_t network_count;
    struct high_risk high_risk; /* the company's */
    uint64_t version;           /* of the keeper's registry */
    int64_t stale_at;           /* ms: when a post begins or ends; from then on it must be made anew */
    struct arena arena;
    int references;
};

const struct staff *directory_staff(const struct directory *d, uint32_t id);
/* Whether he leads the user's department or one above it. */
bool directory_leads(const struct directory *d, uint32_t leader, uint32_t user);
/* Whether he leads the department or one above it. */
bool directory_heads(const struct directory *d, uint32_t leader, uint32_t department);
/* Whether he decides what the user asks for (registry_decides_for). */
bool directory_decides_for(const struct directory *d, uint32_t leader, uint32_t user, int64_t now_ms);
/* The user's accesses: the first, and how many stand behind it. */
const struct staff_access *directory_accesses(const struct directory *d, uint32_t user, size_t *count);
const struct department *directory_department(const struct directory *d, uint32_t id);
const struct staff_role *directory_role(const struct directory *d, const char *name);
/* Widens `ceiling` by what the role lets somebody see at best. */
void directory_ceiling(const struct directory *d, const char *role, uint8_t ceiling[CLASS_COUNT]);
void directory_release(struct directory *d);

/* Where a write goes: the engine's writer thread, or (in jobs) the engine by its socket. */
typedef enum status (*world_write)(void *context, const struct write_set *set, struct write_result *result,
                                   struct error *e);

struct world;

MUST_CHECK enum status world_new(struct store *store, world_write write, void *write_context,
                                 struct world **out);
void world_free(struct world *w);

/* Each takes over the caller's reference to the new part and releases the old one. */
void world_set_objects(struct world *w, struct object_set *objects);
void world_set_policies(struct world *w, struct policy_set *policies);
void world_set_directory(struct world *w, struct directory *directory);

/* One consistent set of the parts; give it back with world_leave. `epoch` changes with any part. */
struct world_view {
    struct world *world;
    struct object_set *objects;
    struct policy_set *policies;
    struct directory *directory;
    uint64_t epoch;
};
void world_enter(struct world *w, struct world_view *view);
void world_leave(struct world_view *view);
/* A second hold on the same parts. */
void world_retain(const struct world_view *view, struct world_view *copy);

struct store *world_store(const struct world *w);
struct access_cache *world_access_cache(const struct world *w); /* record/access_cache.h */
MUST_CHECK enum status world_commit(struct world *w, const struct write_set *set, struct write_result *result,
                                    struct error *e);

#endif
