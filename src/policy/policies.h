/* Policies as plain Cedar, apart from Kedun's acts and records: static ones, templates, and policies linked
 * from templates. For the language's own questions (authorize, validate, translate); what Kedun itself runs
 * on is policy_set (policy.h).
 *
 * A policy's name is its @id, or in text "policy" and its place among all of the text from 0, or in JSON its
 * key in the set. Names differ; templates have names of their own. */
#ifndef KEDUN_POLICY_POLICIES_H
#define KEDUN_POLICY_POLICIES_H

#include "policy/document.h"
#include "policy/syntax.h"

struct linked {
    struct slice id;                                 /* of the policy that comes of it */
    struct slice template;                           /* the template's id */
    const struct cedar_entity *principal, *resource; /* what fills the slots; NULL: not given */
};

struct policies {
    const struct policy **list; /* static and linked, in order: what is evaluated */
    size_t count;
    const struct policy **templates;
    size_t template_count;
    const struct linked *links; /* of the last link_count of list */
    size_t link_count;
};

/* Text and file are borrowed. ST_INVALID "policy_syntax", ST_CONFLICT "policy_twice", ST_LIMIT, ST_NOMEM. */
MUST_CHECK enum status policies_from_text(struct slice text, const char *file, struct arena *a,
                                          struct policies *out, struct error *e);

/* The JSON policy format: one policy, or a set ("staticPolicies", "templates", "templateLinks").
 * ST_INVALID "bad_policy" with file:line. */
MUST_CHECK enum status policies_from_json(struct slice text, const char *file, struct arena *a,
                                          struct policies *out, struct error *e);

/* Adds the policy that `link` makes of its template; each slot must be filled, and nothing else.
 * ST_NOT_FOUND "unknown_template", ST_INVALID "bad_link", ST_CONFLICT "policy_twice". */
MUST_CHECK enum status policies_link(struct policies *p, const struct linked *link, struct arena *a,
                                     struct error *e);

#endif
