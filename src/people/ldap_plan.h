/* What an import of a directory server's people and units would change (people/import.h), from what was read
 * (connect/ldap_entry.h) and the directory's document (keeper/ldap.h).
 *
 * An account belongs to the directory's entry that its "ldap" says: {"directory", "id", "title", "place"}. An
 * entry that no account belongs to takes the one with its login (ASCII case aside) if that belongs to none of
 * this directory's; else a new one is made. Refused: entries without login, name or id, with a text that is
 * none
 * ("bad_text", "too_long"), named twice ("id_twice": both; "login_twice"), whose login another entry had
 * ("login_reused"), partners ("partner"), who has left ("left"), holders of a duty ("duty_holder"); a
 * department that is all digits ("bad_place").
 *
 * A login is never changed ("renamed" is remarked), a mail only while nobody signs in by mail, a department
 * only of a new account, or with "moves" of one without posts. Nobody is opened again. Gone are live accounts
 * that belong to the directory and that it does not name; they are suspended if named in `suspend`. */
#ifndef KEDUN_PEOPLE_LDAP_PLAN_H
#define KEDUN_PEOPLE_LDAP_PLAN_H

#include "people/import.h"

#include <jansson.h>

#define LDAP_PLAN_ROWS    8000
#define LDAP_PLAN_CHANGES 2000
#define LDAP_PLAN_SUSPEND 1000
/* A directory that names a department for each of its people would fill the company's tree. */
#define LDAP_PLAN_PLACES     500  /* departments an import makes */
#define LDAP_PLAN_PLACES_ALL 5000 /* no directory adds to a tree of as many */

struct ldap_question {
    uint32_t directory;
    const json_t *document; /* of the directory */
    const json_t *read;     /* {"people": […], "units": […]} */
    bool mail_guarded;
    /* Of a schedule (keeper/ldap.h): accounts that are there, or that belong to another directory, are
     * refused as "by_hand". */
    bool only_new, alone;
    const uint32_t *suspend;
    size_t suspend_count; /* LDAP_PLAN_SUSPEND at most */
};

struct ldap_plan {
    struct import_plan plan;
    const struct staff **gone;
    size_t gone_count;
};

/* ST_CONFLICT "people_changed": one to be suspended is not gone. Errors of import_plan_make. All in the
 * arena.
 */
MUST_CHECK enum status ldap_plan_make(const struct directory *d, const struct ldap_question *q,
                                      struct arena *arena, struct ldap_plan *out, struct error *e);

/* Somebody, by an id of his: from a reading that names nobody it does not follow that all have gone. */
bool ldap_names_anybody(const json_t *read);

#endif
