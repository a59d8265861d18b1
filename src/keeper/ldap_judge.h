/* Whether what a schedule would import follows from what was read (keeper/ldap.h): the engine reckons it, and
 * is not believed. Of each item:
 *   a department  is new, and its names from the top (without the top, where the path leaves it out) begin a
 *                 place or a unit that was read
 *   a new account is an entry's that was read without a problem: its login, name, mail and link are the
 *                 entry's, its department is the one that the entry says
 *   another one   belongs to the entry, or to no directory and has the entry's login; it is no
 *                 partner's and nobody's who has left; its department only with "moves" and without posts
 *   a suspension  is of an account that belongs to an entry which was not read, of a directory that names
 *                 somebody at all
 * nothing follows from two entries with one id but that it is there;
 * and "apply" says that it may be done. What a list may never give is the registry's to refuse. */
#ifndef KEDUN_KEEPER_LDAP_JUDGE_H
#define KEDUN_KEEPER_LDAP_JUDGE_H

#include "keeper/registry.h"

#include <jansson.h>

struct ldap_judgement {
    size_t added, changed, suspended; /* accounts */
    size_t made;                      /* accounts and departments */
};

/* `items` as MSG_REGISTRY_IMPORT has them. ST_DENIED "ldap_not_said"; ST_NOMEM. */
MUST_CHECK enum status ldap_judge(struct registry *people, uint32_t directory, const json_t *document,
                                  const json_t *read, const json_t *items, struct arena *arena,
                                  struct ldap_judgement *out, struct error *e);

#endif
