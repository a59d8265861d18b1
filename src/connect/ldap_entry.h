/* From a directory's entry to what an import may know of it, as JSON:
 *   person {"id", "login", "name", "mail", "title", "place", "problem"}
 *   unit   "杭州分公司/销售一部"
 * Only texts that are valid UTF-8 without control and direction characters, within their bounds (bytes,
 * below); one that is not is left out and the entry has a "problem": "bad_text" or "too_long", with
 * "login_missing" where there is no login. "id" is the attribute's text, or its bytes in hexadecimal where it
 * is objectGUID. "place" is the department attribute's text or, by the tree, the names of the units (ou)
 * above the entry and below the base, from the top, "/" between them and '／' for a "/" in a name.
 */
#ifndef KEDUN_CONNECT_LDAP_ENTRY_H
#define KEDUN_CONNECT_LDAP_ENTRY_H

#include "base/json.h"

#include <ldap.h>

#define LDAP_PLACE_MOST 512

enum ldap_attribute {
    LDAP_HAS_ID,
    LDAP_HAS_LOGIN,
    LDAP_HAS_NAME,
    LDAP_HAS_MAIL,
    LDAP_HAS_TITLE,
    LDAP_HAS_DEPARTMENT,
    LDAP_HAS_COUNT
};

extern const char *const ldap_attribute_names[LDAP_HAS_COUNT]; /* "id", "login" … */

struct ldap_shape {
    const char *attribute[LDAP_HAS_COUNT]; /* NULL: not asked for */
    bool tree;                             /* departments by the units above an entry */
};

void ldap_entry_person(const struct ldap_shape *shape, const char *base, LDAP *ld, LDAPMessage *entry,
                       struct json *j);
/* Writes nothing where the entry is the base itself or has no name to show. */
void ldap_entry_unit(const char *base, LDAP *ld, LDAPMessage *entry, struct json *j);

/* Whether a text is one to be shown: see above. */
bool ldap_text_fits(struct slice text);

#endif
