/* The registry: users, departments, roles, the company and the catalogue of fields, as the keeper believes
 * them.
 *
 * Documents are JSON objects; keys that are not named here are kept for the rest of the system as they are.
 *   user       {"id", "login" (1..63 bytes), "name", "roles": [names], "department": id, "duties":
 *              ["system_admin"|"security_admin"|"auditor"], "manages": [ids], "disabled": bool, "until": ms
 * or null, "mail", "posts": [{"id", "department", "position", "from": ms, "until": ms or null, "main": bool,
 *              "leads": bool, "reports_to": user or 0}], "post_roles": {"<post>": [names]}, "kind":
 *              "staff"|"partner", "sponsor": user, "trained_at": ms}; past its end an account is as a
 *              disabled one. Who has posts stands where they hold now (keeper/registry_posts.h). A partner
 *              has a sponsor, who renews the account, and an end within PARTNER_DAYS; he signs in once his
 *              training is confirmed, and his account rests while the sponsor's does.
 *              "past" and "made_at": keeper/registry_past.h, the keeper's own.
 *   department {"id", "parent": id or 0, "name", "branch": id or 0, "closed": bool, "merged_into": id or 0,
 *              "first"} (keeper/registry_organise.h); a key that is left out stays.
 *   role       {"name", "label": {"zh","en"}, "ceiling": {"personal","sensitive":
 * "hidden"|"masked"|"clear"}, "match": {"personal","sensitive": bool}, "budget": {"clear": W, "masked": W,
 * "lookups": L, "writes": L}} L = {"day": n, "hour": n, "minute": n}; hour defaults to day, minute to hour; a
 * missing L is 0: nothing (but for "writes", rows sealed: no limit), and nobody saves a role that may see
 * something without saying them (ST_INVALID "role_without_budget"). W = L for both classes, or {"personal":
 * L, "sensitive": L}. A ceiling that is missing is hidden. "break_glass_hours": for how long anybody may take
 * the role in an emergency (0..24, missing: never), "by_leader": whether a department's leader may approve
 * the role for somebody of his for a time. grant      {"user", "roles": [names], "since", "until": ms,
 * "from": user or 0, "ended": object or null}: roles for a time. `from` lends what he has himself, over his
 * scope, for as long as he has it; a duty's holder and an API key get nothing by a grant. company {"budget":
 * as a role's, "sign_in": {…} (keeper/sign_in_rules.h, and "passwords": keeper/password_rules.h)}; here what
 * is missing has no limit. Its id is 1. catalogue  {"object",
 * "field", "class": "public"|"internal"|"personal"|"sensitive", "mask": number, "search": bits of enum
 * field_search, "type": enum value_type}; its id is object << 16 | field.
 *
 * Rules that no caller can bend:
 * - A class never goes down (ST_DENIED "class_lowered").
 * - A user holds one duty at most; a holder's ceilings are hidden whatever his roles say.
 * - Each duty keeps a holder who is not disabled (ST_CONFLICT "last_of_duty"); whoever holds a duty, or
 * shall, is changed by two people (ST_DENIED "needs_second": keeper/proposal.h), neither of them himself.
 * - A department's move, merge or becoming a branch that puts somebody new above records, or changes their
 *   branch, takes two (ST_DENIED "needs_second"); of a person what registry_second.h says.
 * - The company's document is written whole and says in "version" which one it rests on (ST_CONFLICT
 *   "company_changed"; it is not kept). Networks and hours of sign-in, the company's and a role's, take two,
 *   each of whom they let in from where he is (ST_CONFLICT "shuts_you_out": keeper/registry_company.h).
 * - What changes an executive's rights is asked what the company's register says: ST_DENIED "needs_second",
 * or as keeper/need.h has it (keeper/registry_executive.h). An executive role keeps its name (ST_CONFLICT
 *   "role_is_executive").
 * - A user's mail, while accounts are found by it at sign-in, takes two as well. No account is found by a
 *   mail that one person has written alone: two set it, or a security administrator confirms it
 *   ("mail_confirmed"); a change of the mail takes that away.
 * - Whoever makes grants of his own hand (lends, breaks the glass) has GRANTS_LIVE that are live or await
 *   their review at most, and makes GRANTS_MONTH in 30 days; they fill half of the registry at most (ST_LIMIT
 *   "too_many_grants"). What stands in a grant stays: who comes second with its end or its review gets
 *   ST_CONFLICT "grant_closed". A grant that is over for a year, its review done, is forgotten at start.
 * - Ends are judged by the keeper's clock at every question: what is over gives nothing, to ceilings and
 *   budgets too.
 * - Users, departments and the catalogue are the system administrator's, but roles, duties and reviews of
 * users, roles and the company are the security administrator's; nobody changes his own roles or duties. A
 * user's document may leave out what its writer may not change; what is left out stays. Readers copy what
 * they need under a lock; nothing borrowed leaves. */
#ifndef KEDUN_KEEPER_REGISTRY_H
#define KEDUN_KEEPER_REGISTRY_H

#include "keeper/client.h"
#include "keeper/vault.h"

#define LIMIT_NONE UINT32_MAX

struct limits {
    uint32_t minute, hour, day; /* LIMIT_NONE: no limit */
};

/* Budgets by class (personal, sensitive) and view (masked, clear). */
struct budget_limits {
    struct limits people[2][2];
    struct limits lookups, writes;
};

static inline unsigned budget_class(uint8_t class) {
    return class >= CLASS_SENSITIVE ? 1 : 0;
}
static inline unsigned budget_view(uint8_t view) {
    return view >= VIEW_CLEAR ? 1 : 0;
}

/* What a user may at most, all his roles (or a key's subset of them) taken together. */
struct actor {
    uint32_t user;
    unsigned duties;
    uint8_t ceiling[CLASS_COUNT]; /* enum view */
    bool match[CLASS_COUNT];
    struct budget_limits limits;
};

struct catalogue_field {
    uint16_t object, field;
    uint8_t class, search, type;
    uint16_t mask;
};

/* A subset of roles, as an API key has it; count 0: all of the user's. */
struct role_names {
    char name[KEEPER_ROLES_MAX][40];
    size_t count;
};

#define ROLE_BREAK_GLASS_HOURS 24

/* On what terms a role is given for a time. */
struct role_terms {
    uint32_t break_glass_hours;
    bool by_leader;
};

/* An approval of a high-risk act (keeper/allowance.h). */
struct registry_allowance {
    char act[16];
    uint16_t object; /* 0: any */
    uint32_t count;
    bool bound; /* to records that it names */
    uint64_t proposal;
    int64_t until; /* ms; the grant's */
};

struct registry;

/* Reads all items from the vault, which must outlive the registry. */
MUST_CHECK enum status registry_open(struct vault *v, struct registry **out, struct error *e);
void registry_close(struct registry *r);

uint64_t registry_version(struct registry *r);

/* ST_NOT_FOUND for an unknown or disabled user. */
MUST_CHECK enum status registry_actor(struct registry *r, uint32_t user, const struct role_names *subset,
                                      struct actor *out);
/* Fills what a principal says of the person; the session's part is the caller's. ST_NOT_FOUND as above. */
MUST_CHECK enum status registry_principal(struct registry *r, uint32_t user, const struct role_names *subset,
                                          struct principal *out);
/* ST_NOT_FOUND also for a disabled user. */
MUST_CHECK enum status registry_login(struct registry *r, struct slice login, uint32_t *user);
bool registry_field(struct registry *r, uint16_t object, uint16_t field, struct catalogue_field *out);
void registry_company(struct registry *r, struct budget_limits *out);
/* The register of high-risk acts (keeper/high_risk.h). */
struct high_risk;
void registry_high_risk(struct registry *r, struct high_risk *out);
/* The approvals that somebody has now for an act on an object (object 0: on any), those that end first
 * first, as many as there is room for. */
size_t registry_allowances(struct registry *r, uint32_t user, const char *act, uint16_t object,
                           struct registry_allowance *out, size_t room);
/* What the company asks of passwords (keeper/password_rules.h). */
struct password_rules;
void registry_passwords(struct registry *r, struct password_rules *out);
/* Whether the user holds all the roles of the subset. */
bool registry_has_roles(struct registry *r, uint32_t user, const struct role_names *subset);

/* Whether he is of the staff and has a role that is not for a time. */
bool registry_has_own_role(struct registry *r, uint32_t user);

/* A copy of the document; false for an unknown item, or for lack of memory. */
bool registry_document(struct registry *r, uint8_t kind, uint32_t id, struct arena *a, struct slice *out);
/* The version at its last change; 0 for an unknown item. Read before the document it can only be too old. */
uint64_t registry_item_version(struct registry *r, uint8_t kind, uint32_t id);
/* Grants to or from somebody that are not over, as many as there is room for. */
size_t registry_grants_of(struct registry *r, uint32_t user, uint32_t *out, size_t room);
/* Whether he leads the user's department or one above it. */
bool registry_leads(struct registry *r, uint32_t leader, uint32_t user);
/* Whether he decides what the user asks for: he leads the user, or a leader of the user's who is on leave
 * lent him his roles; never the user himself, nor a holder of a duty. */
bool registry_decides_for(struct registry *r, uint32_t leader, uint32_t user);
/* Who does, as many as there is room for. */
size_t registry_deciders(struct registry *r, uint32_t user, uint32_t *out, size_t room);
/* The department in which he stands now; 0: nowhere. */
uint32_t registry_home_of(struct registry *r, uint32_t user);
/* A partner's sponsor; 0: he is none. */
uint32_t registry_sponsor(struct registry *r, uint32_t user);
/* Whether the department of a post that he holds now (or his department, without posts) is one of these or
 * below one. */
bool registry_in_departments(struct registry *r, uint32_t user, const uint32_t *departments, size_t count);
/* Whether he holds a duty; *last: nobody else who is live does. */
bool registry_holds_duty(struct registry *r, uint32_t user, bool *last);
/* The one account with this mail (ASCII case aside). ST_NOT_FOUND also when several have it, or it is
 * disabled, or holds a duty, or the mail is not confirmed. */
MUST_CHECK enum status registry_by_mail(struct registry *r, const char *mail, uint32_t *user);
/* While set, a user's mail is changed by two: somebody signs in by it (keeper/sign_on.h). */
void registry_guard_mail(struct registry *r, bool guarded);
/* False for an unknown role. */
bool registry_role_terms(struct registry *r, const char *name, struct role_terms *out);
/* What the rules of the company and of his roles, also those for a time, say to a sign-in or to the use of
 * a session now (keeper/sign_in_rules.h). `address` NULL: asks for what is demanded only. ST_NOT_FOUND,
 * ST_DENIED "sign_in_place" / "sign_in_time". */
struct sign_in_verdict;
MUST_CHECK enum status registry_sign_in(struct registry *r, uint32_t user, const uint8_t address[16],
                                        int64_t now, struct sign_in_verdict *out, struct error *e);

/* Who writes: NULL while the registry is being filled for the first time. */
struct registry_writer {
    uint32_t user;
    unsigned duties; /* of both where two write */
    uint32_t second; /* the other person of an approved proposal; 0: he is alone */
    const uint8_t
        *address; /* of whoever asks now (16 bytes): the second where there is one; NULL: not asked */
    bool grants;  /* the keeper's own code for grants, after its own checks */
    bool import;  /* a list of people and departments: up to REGISTRY_IMPORT_MAX documents */
    bool scim;    /* a provisioning key (keeper/registry_scim.h), of whom `user` answers for it */
    bool trusts_mail,
        leaving;       /* of such a key: a new account's mail is confirmed; the keeper ends an account */
    bool counted;      /* of such a key: that the account is suspended or renamed was counted */
    uint64_t rests_on; /* the registry's version of which registry_next_id was told, or ST_RETRY; 0: any */
    uint64_t expect;   /* of such a key: the user's version, or ST_CONFLICT "scim_changed"; 0: any */
    /* What is shown where an executive's rights are concerned (keeper/registry_executive.h): a reason; when
     * the second factor was shown by who writes, or of two by who decides (ms; 0: never); that no person
     * writes. */
    bool has_reason, machine;
    int64_t second_factor_at;
    size_t *executives; /* NULL, or where it is told how many executives' rights the change concerns */
};

#define REGISTRY_BATCH_MAX  64
#define GRANTS_LIVE         20
#define GRANTS_MONTH        40
#define REGISTRY_IMPORT_MAX 4000 /* a transaction of the vault holds that many */
#define PARTNER_DAYS        366  /* a partner's account is opened for that long at most */

struct registry_change {
    uint8_t kind;
    uint32_t id; /* 0: a new one; the made one afterwards */
    struct slice document;
};
/* What a new item of this kind will be called, as long as the registry stands at this version: so that the
 * log can name it before it is made. */
uint32_t registry_next_id(struct registry *r, uint8_t kind, uint64_t *version);
/* All of the changes or none, with `also` (may be NULL) in the same transaction of the vault. A change is
 * judged by what stands and what goes before it. Errors as of registry_put. */
MUST_CHECK enum status registry_put_all(struct registry *r, const struct registry_writer *who,
                                        struct registry_change *changes, size_t count,
                                        const struct vault_change *also, struct error *e);
/* The same, but nothing is changed. */
MUST_CHECK enum status registry_check(struct registry *r, const struct registry_writer *who,
                                      struct registry_change *changes, size_t count, struct error *e);
/* Whether a change of a department or a person in these opens records to others, so that it takes two
 * (keeper/registry_organise.h, registry_second.h). */
bool registry_moves(struct registry *r, const struct registry_change *changes, size_t count);
/* How many of these change an executive's rights (keeper/registry_executive.h), where the register asks
 * anything of that; laid over what stands, so it may be one too many. */
size_t registry_executives(struct registry *r, const struct registry_change *changes, size_t count);
/* Whether he is an executive, or becomes one by these roles (may be NULL), where the register asks anything
 * of a change of his rights. */
bool registry_is_executive(struct registry *r, uint32_t user, const struct role_names *fresh);
/* The duties that people in these changes hold now or would; the first `room` users (0 where fewer). */
unsigned registry_touched(struct registry *r, const struct registry_change *changes, size_t count,
                          uint32_t *users, size_t room);
/* Checks, stores durably, takes effect. id 0 makes a new one; `made` receives the id. ST_INVALID with a code
 * and the key to blame, ST_DENIED, ST_CONFLICT "login_taken" / "role_taken", ST_IO. */
MUST_CHECK enum status registry_put(struct registry *r, const struct registry_writer *who, uint8_t kind,
                                    uint32_t id, struct slice document, uint32_t *made, struct error *e);

/* Items changed after `since` in the order of their versions, as many as `most` bytes of documents hold;
 * `version`: of the last one given, or the registry's when all were. */
MUST_CHECK enum status registry_list(struct registry *r, uint64_t since, size_t most, struct arena *arena,
                                     struct registry_item **out, size_t *n, uint64_t *version);

#endif
