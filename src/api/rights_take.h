/* Taking one right away, by the path that there is for it: the person's document, the end of a grant, the end
 * of an API key. The keeper judges each as if it had been asked alone. What takes two becomes a proposal. */
#ifndef KEDUN_API_RIGHTS_TAKE_H
#define KEDUN_API_RIGHTS_TAKE_H

#include "people/directory.h"
#include "record/caller.h"

/* As lists and reviews name a right (people/holdings.h), and "key". */
struct right {
    uint32_t user;
    struct slice kind, name; /* of the role or duty; an access: of the object; of a key unused */
    uint32_t ref;            /* the post or grant */
    struct uuid key;
    struct slice instead; /* of a role: another one in its place; n == 0: none */
};

/* As the API names one; false: it does not. */
bool right_read(const json_t *item, struct right *out);

/* What taking several away would make of the people's documents, one change a person. Rights for a time are
 * in no document and only counted; what somebody does not hold is left out. */
#define RIGHTS_AT_ONCE 50
struct rights_changes {
    struct directory_change changes[RIGHTS_AT_ONCE];
    json_t *documents[RIGHTS_AT_ONCE], *keys[RIGHTS_AT_ONCE];
    size_t count, timed;
};
MUST_CHECK enum status rights_changes_make(struct caller *c, const struct right *rights, size_t count,
                                           struct rights_changes *out, struct error *e);
void rights_changes_free(struct rights_changes *r);

/* An entry of the log, "<what> user N for", with the reason sealed in it, for acts whose document has no
 * place for one; before the act, which has an entry of its own. */
MUST_CHECK enum status rights_keep_reason(struct caller *c, const char *what, uint32_t user,
                                          struct slice reason, struct error *e);

enum take_outcome { TAKE_DONE, TAKE_PROPOSED };

/* Whether a right could not be taken for want of something that the caller can give now (keeper/need.h):
 * then, as long as none was taken, the whole request is refused with it, so that it is asked for and sent
 * again. */
bool rights_wants(enum status s, const struct error *e, size_t taken);

/* The directory must be the newest; it is afterwards too. `reason`: 2 to 500 bytes of text. *proposal: its
 * number where it takes two. ST_NOT_FOUND "right_gone": he does not hold it (any more). */
MUST_CHECK enum status rights_take(struct caller *c, const struct right *right, struct slice reason,
                                   enum take_outcome *outcome, uint64_t *proposal, struct error *e);

#endif
