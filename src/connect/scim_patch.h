/* PATCH of a SCIM resource (RFC 7644 section 3.5.2): its operations, one after the other, on the resource as
 * an object of jansson's. What becomes of attributes that this server does not keep is the reader's affair
 * (connect/scim_user.h); here they are as good as any.
 *
 * Taken as clients in the field send them, beyond the letter: operations in capitals ("Replace"), a value
 * whose keys are paths, an "add" whose filter finds no element (the element is made of the filter's "eq"). */
#ifndef KEDUN_CONNECT_SCIM_PATCH_H
#define KEDUN_CONNECT_SCIM_PATCH_H

#include "connect/scim_filter.h"

#define SCIM_PATCH_MOST    100 /* operations */
#define SCIM_ELEMENTS_MOST 100 /* of an attribute with many values */

/* ST_INVALID "scim_syntax", "scim_path", "scim_filter", "scim_value", "scim_no_target", "scim_mutability"
 * (section 3.12 has their meanings); the resource is then to be thrown away. ST_NOMEM. */
MUST_CHECK enum status scim_patch_apply(json_t *resource, const json_t *body, struct arena *a,
                                        struct error *e);

/* Whether the name is of an attribute with many values (RFC 7643 section 4.1.2). */
bool scim_is_many(struct slice name);

#endif
