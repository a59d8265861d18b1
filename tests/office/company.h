/* A test company as a text file: lines "role|company|department|user ID JSON", '#' begins a comment. */
#ifndef KEDUN_TESTS_OFFICE_COMPANY_H
#define KEDUN_TESTS_OFFICE_COMPANY_H

#include "keeper/client.h"

/* Puts all of it into the empty registry of a keeper whose bootstrap is not over; `admin` is its admin door.
 */
MUST_CHECK enum status company_put(struct keeper *admin, const char *path, struct error *e);

#endif
