/* The published policies: every text that was ever proposed, who proposed it, who decided, and which one is
 * in force. Kept in the vault, so that editing the database or a file grants nothing.
 *
 * The keeper does not read Cedar. It holds the rules of publishing:
 * - only a person who holds the security administrator's duty proposes and decides;
 * - a proposal that is said to widen access waits for another holder of the duty; nobody approves his own;
 * - a proposal rests on the version in force; when another was published since, it can't be approved any
 *   more and is proposed anew: what was compared and previewed is what takes effect.
 * Whether a text widens access is the engine's word (policy/widen.h): an engine that lies could pass over
 * policies anyway, and the roles' ceilings here bind both.
 *
 * Versions are numbered from 1. The texts of the newest POLICY_TEXTS_KEPT and of the one in force are kept.
 * Safe from any thread. */
#ifndef KEDUN_KEEPER_POLICY_VERSIONS_H
#define KEDUN_KEEPER_POLICY_VERSIONS_H

#include "base/buf.h"
#include "keeper/vault.h"

#define POLICY_TEXT_MAX     ((size_t)512 << 10)
#define POLICY_NOTE_MAX     1000 /* bytes */
#define POLICY_VERSIONS_MAX 20000
#define POLICY_TEXTS_KEPT   200
#define POLICY_WAITING_MAX  50

enum policy_state { POLICY_WAITING = 1, POLICY_PUBLISHED, POLICY_REJECTED };

struct policy_version {
    uint32_t number, based_on, author, decided_by; /* author 0: the first version, from files */
    int64_t proposed_at, decided_at;               /* ms; 0: not yet */
    enum policy_state state;
    bool widens;
    uint32_t size; /* of the text, bytes; 0: no longer kept */
    struct slice note, decision;
};

struct policy_versions;

/* The vault must outlive it. */
MUST_CHECK enum status policy_versions_open(struct vault *v, struct policy_versions **out, struct error *e);
void policy_versions_close(struct policy_versions *p); /* NULL is fine */

/* The number of the version in force; 0: none yet (the files' policies hold). */
uint32_t policy_versions_in_force(struct policy_versions *p);

/* The text of a version (0: of the one in force) into `out`; *number is which. ST_NOT_FOUND. */
MUST_CHECK enum status policy_versions_text(struct policy_versions *p, uint32_t *number, struct buf *out);

/* All versions as a JSON array, newest first, at most `most`. */
MUST_CHECK enum status policy_versions_list(struct policy_versions *p, size_t most, struct buf *out);

/* Adds a version. `author` 0 is the first version: in force at once. A version that does not widen is in
 * force at once too. ST_CONFLICT "policy_moved" when `based_on` is not in force, ST_LIMIT
 * "too_many_proposals", ST_INVALID, ST_IO. */
struct policy_proposal {
    uint32_t author, based_on;
    bool widens;
    struct slice note, text;
};
MUST_CHECK enum status policy_versions_propose(struct policy_versions *p, const struct policy_proposal *q,
                                               uint32_t *number, bool *published, struct error *e);

/* Approves (it is in force then) or rejects a waiting one. Its author may only reject (withdraw) it:
 * ST_DENIED "own_proposal". ST_NOT_FOUND, ST_CONFLICT "policy_decided" or "policy_moved". */
MUST_CHECK enum status policy_versions_decide(struct policy_versions *p, uint32_t who, uint32_t number,
                                              bool approve, struct slice why, struct error *e);

#endif
