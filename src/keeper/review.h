/* Reviews of rights: a security administrator opens one, reviewers answer line by line, it is signed off.
 *
 * The keeper makes the lines itself, from its registry and its API keys, and keeps them in its vault: neither
 * the engine nor the database can leave one out, answer in somebody's name or sign. Every opening, answer and
 * sign-off is an entry of the audit log; that of the sign-off has the SHA-256 over all lines as they were
 * then, so that a report shown later can be held to it. Nothing is taken away by a review: whoever looks
 * after the right does it by the ways that there are, two people where those ask for it. A review can't be
 * signed off while a right that was to go is still held.
 *
 * A review: {"id", "title", "scope": {"kinds": [names of rights], "departments": [ids, with all below],
 * "roles": [names]}, "reviewers": {"heads": bool, "named": [ids], "fallback": id}, "at_due":
 * "show"|"take_away"|"escalate", "due_days", "repeat_months", "by", "at", "due", "next_at" or null,
 * "state": "open"|"signed"|"cancelled", "closed_by", "closed_at", "note", "digest", "lines"}; times in ms.
 * An empty list in the scope means all.
 * A line: {"user", "n" (1 …, of this user), "kind", "name", "ref", "from", "until", "key", "label",
 * "reviewer" (0: the security administrators), and once answered "answer": "keep"|"take_away"|"change",
 * "reason", "instead", "by", "at", "bulk"; after the sign-off "held"}.
 * The digest: SHA-256 over the lines in their order, each as JSON without spaces, keys sorted, and a line
 * break. After the due time a line without an answer counts as to be taken away ("take_away"), may be
 * answered by any security administrator too ("escalate"), or is only shown as such.
 *
 * Vault: key u32 review, u32 user (0: the review itself); value: JSON text. In memory a line is 12 bytes. At
 * most REVIEW_LINES_MAX lines (a transaction holds them all with their reasons), REVIEW_OPEN_MAX open ones;
 * of signed ones the oldest go when there are more than REVIEWS_SIGNED, or REVIEWS_LINES_MAX lines of them;
 * cancelled ones have bounds of their own (with the lines of open ones), so that opening and cancelling
 * pushes out no report.
 */
#ifndef KEDUN_KEEPER_REVIEW_H
#define KEDUN_KEEPER_REVIEW_H

#include "base/buf.h"
#include "keeper/vault.h"

#include <jansson.h>
#include <pthread.h>

#define REVIEW_OPEN_MAX   20
#define REVIEWS_SIGNED    200
#define REVIEWS_CANCELLED 50
#define REVIEW_LINES_MAX  8000
#define REVIEW_PEOPLE_MAX 4000
#define REVIEW_PERSON_MAX 60 /* lines of one person */
#define REVIEWS_LINES_MAX 200000
#define REVIEW_REASON     300 /* bytes */
#define REVIEW_TITLE      120
#define REVIEW_AT_ONCE    200 /* lines answered in one act */

enum review_answer { REVIEW_NONE, REVIEW_KEEP, REVIEW_TAKE_AWAY, REVIEW_CHANGE, REVIEW_ANSWERS };
/* "keep" …; REVIEW_NONE for what is no answer */
enum review_answer review_answer_of(const char *name);

struct review_line {
    uint32_t user, reviewer, by;
    uint16_t n;
    uint8_t answer;
};

struct review {
    uint32_t id;
    json_t *document;
    struct review_line *lines; /* by user, n */
    size_t count;
};

struct reviews {
    pthread_mutex_t lock; /* held by whoever looks at or changes reviews */
    struct vault *vault;
    struct review *list; /* by id */
    size_t count, room;
    uint32_t last;
};

MUST_CHECK enum status reviews_open(struct vault *v, struct reviews **out, struct error *e);
void reviews_close(struct reviews *r); /* NULL is fine */

/* All of these under the lock. */
struct review *review_find(struct reviews *r, uint32_t id);
bool review_is_open(const struct review *x);
/* Its due time is over. */
bool review_is_due(const struct review *x, int64_t now_ms);
/* The first line of a user; `count` when he has none. */
size_t review_first(const struct review *x, uint32_t user);

/* Takes `document` over, gives it its id and stores it with its lines: an array of objects as above, by user.
 * Closed ones give way. ST_LIMIT "too_many_reviews", ST_IO. */
MUST_CHECK enum status review_add(struct reviews *r, json_t *document, const json_t *lines, uint32_t *id,
                                  struct error *e);
/* The lines of a user, as stored. */
MUST_CHECK enum status review_read(struct reviews *r, const struct review *x, uint32_t user, json_t **out);
/* Stores the lines of some users and, unless NULL, the review's new document (taken over when it went well).
 * `lines[i]`: all lines of one user. All or nothing. */
MUST_CHECK enum status review_write(struct reviews *r, struct review *x, json_t *document,
                                    json_t *const *lines, size_t count, struct error *e);

#endif
