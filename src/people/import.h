/* People, departments and posts from a list (a CSV file, a directory server): what it would change, and the
 * change itself as one act.
 *
 * A row with a login is one post of a person; several rows with one login are his posts, which become the
 * ones that he has: a post of his that the list does not name ends now, ended ones stay as they are. A row
 * that says a department and no more (no position, dates, leader, reports_to) of somebody without posts sets
 * his department. A row without login names a department. Departments are paths of names
 * ("集团/杭州分公司/销售一部", the top may be left out where there is one) or numbers; those that are not
 * there are made. Empty cells leave what stands. Logins are compared as they are written.
 *
 * A row may bear a link: what a directory server says of the person, kept in his document under "ldap"
 * (people/ldap_plan.h makes such rows), and a reason for which it is refused whatever else it says.
 *
 * Never given by a list: roles, duties, passwords. Refused, each with its reason: holders of a duty, unknown
 * people in reports_to, dates that are none, departments that are closed. Moving a department is no matter of
 * a list. What is refused is left out, the rest can be applied. */
#ifndef KEDUN_PEOPLE_IMPORT_H
#define KEDUN_PEOPLE_IMPORT_H

#include "base/json.h"
#include "keeper/client.h"
#include "people/import_change.h"
#include "record/world.h"

#define IMPORT_ROWS_MAX 5000

enum import_flag { IMPORT_NOT_SAID, IMPORT_NO, IMPORT_YES };

/* Texts are trimmed, borrowed; n == 0: not said. */
struct import_row {
    uint64_t line;
    struct slice login, name, mail, department, position, reports_to; /* reports_to: a login */
    struct slice from, until; /* "2026-03-01"; until: that day included */
    enum import_flag main, leads, branch, disabled;
    struct slice link;   /* a JSON object */
    const char *refused; /* a code; NULL: not refused by who made the row */
    const char *remark;  /* a code, shown with what is not refused; NULL: none */
};

/* Where rows come from that are no file's. */
struct import_source {
    uint32_t directory;  /* keeper/ldap.h: whose bound holds for suspended accounts */
    size_t rows_most;    /* in place of IMPORT_ROWS_MAX */
    size_t changes_most; /* what is beyond is refused as "next_run" */
    size_t places_most;  /* departments it makes; who would stand in one beyond is refused, too */
    size_t places_all;   /* none is made where the company has as many; both: "too_many_departments" */
};

enum import_effect { IMPORT_ADDED, IMPORT_CHANGED, IMPORT_UNCHANGED, IMPORT_REFUSED, IMPORT_EFFECTS };

struct import_entry {
    uint64_t line; /* the first of its rows */
    bool is_department;
    enum import_effect effect;
    const char *name;              /* login, or path */
    const char *reason;            /* refused: a code ("login_missing" …); else the remark, or "" */
    struct import_changes changes; /* of an account that is added or changed */
};

struct import_plan {
    struct import_entry *entries; /* departments first */
    size_t count;
    size_t totals[IMPORT_EFFECTS];
    struct slice document; /* for keeper_registry_import; p == NULL: nothing to do */
};

extern const char *const import_effect_names[IMPORT_EFFECTS];

/* {"line","kind":"department"|"person","name","effect","reason","changes"}: as previews and answers list it.
 */
void import_entry_write(struct json *j, const struct import_entry *one);

/* Everything in the plan lives in the arena. ST_LIMIT "too_many_rows", ST_NOMEM. */
MUST_CHECK enum status import_plan_make(const struct directory *d, const struct import_row *rows, size_t n,
                                        struct arena *arena, struct import_plan *out, struct error *e);

/* The same for rows of a directory server's. */
MUST_CHECK enum status import_plan_make_from(const struct directory *d, const struct import_source *source,
                                             const struct import_row *rows, size_t n, struct arena *arena,
                                             struct import_plan *out, struct error *e);

/* One act of the system administrator's: all that the plan changes, or nothing. Nothing to do is ST_OK. */
MUST_CHECK enum status import_plan_apply(struct keeper *k, const struct keeper_call *call,
                                         const struct import_plan *plan, struct error *e);

#endif
