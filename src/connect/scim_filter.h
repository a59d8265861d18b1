/* SCIM filters and attribute paths (RFC 7644 section 3.4.2.2 figure 1, section 3.5.2 figure 7), and what of a
 * resource they find. Anybody with a key writes them: SCIM_FILTER_TEXT bytes, SCIM_FILTER_NODES terms and
 * SCIM_FILTER_DEPTH parentheses at most.
 *
 * Names and operators are compared without case (RFC 7643 section 2.1), a name with its schema's URN before
 * it is the same as without. Texts are compared without case but those of id, externalId and meta (RFC 7643
 * sections 3.1 and 4.1.1: caseExact); times as moments. An attribute that a resource does not have matches
 * nothing but "ne", "not" and "eq null". A resource is an object of jansson's as api/handle_scim.c makes it.
 */
#ifndef KEDUN_CONNECT_SCIM_FILTER_H
#define KEDUN_CONNECT_SCIM_FILTER_H

#include "base/arena.h"
#include "base/status.h"

#include <jansson.h>

#define SCIM_CORE       "urn:ietf:params:scim:schemas:core:2.0:User"
#define SCIM_ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

#define SCIM_FILTER_TEXT  4096
#define SCIM_FILTER_NODES 100
#define SCIM_FILTER_DEPTH 20

enum scim_kind { SCIM_AND, SCIM_OR, SCIM_NOT, SCIM_COMPARE, SCIM_VALUES };
enum scim_compare {
    SCIM_EQ,
    SCIM_NE,
    SCIM_CO,
    SCIM_SW,
    SCIM_EW,
    SCIM_GT,
    SCIM_GE,
    SCIM_LT,
    SCIM_LE,
    SCIM_PR,
    SCIM_COMPARES
};
enum scim_type { SCIM_NULL, SCIM_BOOLEAN, SCIM_NUMBER, SCIM_TEXT };

struct scim_attribute {
    bool enterprise;        /* of the enterprise extension */
    struct slice name, sub; /* name empty: the extension itself (paths only); sub may be empty */
};

struct scim_filter {
    enum scim_kind kind;
    const struct scim_filter *left,
        *right; /* NOT and VALUES (each element of the attribute) have left only */
    struct scim_attribute attribute;
    enum scim_compare compare;
    enum scim_type type;
    bool truth;
    double number;
    struct slice text;
};

struct scim_path {
    struct scim_attribute attribute;  /* behind a filter: the element's sub-attribute, or none */
    const struct scim_filter *filter; /* which elements; NULL: all */
};

/* In the arena, borrowing the text. ST_INVALID "scim_filter", ST_NOMEM. */
MUST_CHECK enum status scim_filter_parse(struct slice text, struct arena *a, const struct scim_filter **out,
                                         struct error *e);
/* ST_INVALID "scim_path", ST_NOMEM. */
MUST_CHECK enum status scim_path_parse(struct slice text, struct arena *a, struct scim_path *out,
                                       struct error *e);

bool scim_filter_matches(const struct scim_filter *f, const json_t *resource);
/* The text that `name` must equal for the filter to match at all; p == NULL: it does not say. */
struct slice scim_filter_wants(const struct scim_filter *f, const char *name);

/* ASCII case aside. */
bool scim_same(struct slice a, struct slice b);
/* The member of that name, case aside; *key (may be NULL): as it is written there. */
json_t *scim_member(const json_t *object, struct slice name, const char **key);

#endif
