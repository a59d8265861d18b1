/* The guard of the sign-in door: delays against guessing, and how much of it goes into the audit log.
 *
 * Failures are counted per (login, address) and per address, never per login alone: a stranger can't lock a
 * person out. An IPv6 /64 counts as one address. After the free failures (3 for a pair, 30 for an address)
 * the next attempt must wait 1, 2, 4 … seconds, up to 15 minutes. An attempt counts as failed from its start,
 * so that many at once gain nothing, and is taken back when it succeeds. An hour without failures forgets;
 * what an address has failed is halved every five minutes, whether or not tries go on: some 250 an hour at
 * most, of all logins together. The table is bounded; when full, the entry that was quiet longest goes.
 *
 * Of failures per minute the first few of a pair, and some of all, are worth an entry each; the rest is
 * counted and reported in one entry when the minute is over. */
#ifndef KEDUN_KEEPER_GUARD_H
#define KEDUN_KEEPER_GUARD_H

#include "base/slice.h"
#include "base/status.h"

struct guard;

struct guard *guard_new(void); /* NULL when memory is out */
void guard_free(struct guard *g);

/* A company's own pause instead of the growing delays of a pair. failures 0: none. */
struct guard_pause {
    uint32_t failures; /* wrong ones before each further attempt waits `ms` */
    int64_t ms;
    bool strict; /* the address is under suspicion: ten seconds between its attempts after three failures */
};

/* Before a password is looked at. ST_LIMIT "sign_in_slow" with whole seconds to wait in e->detail. `now`: ms,
 * monotonic. */
MUST_CHECK enum status guard_enter(struct guard *g, struct slice login, const uint8_t address[16],
                                   struct guard_pause pause, int64_t now, struct error *e);
/* The attempt succeeded: the pair is forgotten, the address relieved of this one. */
void guard_success(struct guard *g, struct slice login, const uint8_t address[16]);

/* The same for a passkey, known by its person's handle: the pair as above, but of the address only other
 * passkeys count (30 free, then one a second): wrong passwords at an address hold back nobody's passkey. */
MUST_CHECK enum status guard_enter_passkey(struct guard *g, struct slice handle, const uint8_t address[16],
                                           int64_t now, struct error *e);
void guard_success_passkey(struct guard *g, struct slice handle, const uint8_t address[16]);

/* Whether a failure (or a refusal by guard_enter) shall have an entry of its own. */
bool guard_worth_entry(struct guard *g, struct slice login, const uint8_t address[16], int64_t now);
/* Failures of past minutes that had none; resets the count. */
uint64_t guard_take_uncounted(struct guard *g, int64_t now);

#endif
