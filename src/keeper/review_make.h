/* Opening a review: what is asked for is checked, the lines are made (keeper/ only). */
#ifndef KEDUN_KEEPER_REVIEW_MAKE_H
#define KEDUN_KEEPER_REVIEW_MAKE_H

#include "keeper/registry_review.h"
#include "keeper/review.h"
#include "keeper/session.h"

struct review_sources {
    struct registry *registry;
    struct sessions *sessions;
    struct arena *arena;
    int64_t now;
};

/* The document of a new review by `by`, from what was asked (keeper/review.h: title, scope, reviewers,
 * at_due, due_days, repeat_months). ST_INVALID "bad_document", "review_reviewer" (a reviewer is no live
 * account). */
MUST_CHECK enum status review_document(const struct review_sources *s, const json_t *asked, uint32_t by,
                                       json_t **out, struct error *e);

/* Its lines as things stand now, by user. ST_INVALID "review_empty", ST_LIMIT "review_too_large". */
MUST_CHECK enum status review_lines(const struct review_sources *s, const json_t *document, json_t **out,
                                    struct error *e);

/* Every right that is held now, by user: keys too. ST_NOMEM. */
struct held_rights {
    struct held_right *rights;
    size_t count;
    struct keeper_session_info *keys;
    size_t key_count;
};
MUST_CHECK enum status review_held(const struct review_sources *s, struct held_rights *out, struct error *e);
/* Whether the right of a line is among them. */
bool review_is_held(const struct held_rights *h, const json_t *line);

#endif
