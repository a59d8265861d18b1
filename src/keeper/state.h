/* What the keeper's threads share, and what each connection has of its own (for keeper/ only). */
#ifndef KEDUN_KEEPER_STATE_H
#define KEDUN_KEEPER_STATE_H

#include "keeper/alarm.h"
#include "keeper/allowance.h"
#include "keeper/budget.h"
#include "keeper/challenge.h"
#include "keeper/credential.h"
#include "keeper/factor.h"
#include "keeper/guard.h"
#include "keeper/ldap.h"
#include "keeper/ledger.h"
#include "keeper/match.h"
#include "keeper/parts.h"
#include "keeper/policy_versions.h"
#include "keeper/proposal.h"
#include "keeper/protocol.h"
#include "keeper/review.h"
#include "keeper/scim.h"
#include "keeper/server.h"
#include "keeper/session.h"
#include "keeper/sign_on.h"
#include "keeper/tools.h"

#include <stdatomic.h>

struct keeper_counters {
    atomic_ullong requests, refused, opened_rows, sealed_rows, lookups, connections;
};

struct keeper_state {
    struct keeper_config config;
    struct keyring *keys;
    struct vault *vault;
    struct registry *registry;
    struct policy_versions *policies;
    struct sessions *sessions;
    struct credentials *credentials;
    struct proposals *proposals;
    struct allowances *allowances;
    struct reviews *reviews;
    struct factors *factors;
    struct challenges *challenges;
    struct sign_on *sign_on;
    struct scim *scim;
    struct ldap_sources *ldap;
    struct guard *guard;
    struct alarms *alarms;
    struct budgets *budgets;
    struct ledger *ledger;
    struct parts *parts;
    struct match_paid paid;
    atomic_bool bootstrapped;
    int64_t started_at;
    int64_t past_from;     /* ms: since when rights that were are kept (keeper/registry_past.h) */
    uint64_t snapshot_seq; /* of the newest snapshot of the budgets; the timer's */
    struct keeper_counters counters;
};

MUST_CHECK enum status state_open(const struct keeper_config *config, struct keeper_state *s,
                                  struct error *e);
void state_close(struct keeper_state *s);

struct audit_reader;

struct worker {
    struct keeper_state *state;
    enum door door;
    struct tools tools;
    struct arena arena; /* of the request, secret */
    struct buf scratch; /* secret; values of the answer */
    struct caller caller;
    bool has_caller;
    struct audit_reader *reading; /* of jobs' connection: stands before reading_next; or NULL */
    uint64_t reading_next;
    uint64_t intent;  /* the newest that was given to this connection */
    struct slice why; /* of the message at hand: what its deed is done for, sealed in the entry; or empty */
    struct {
        uint64_t from, to; /* look-ups' entries that need not be on disk yet; the next answer but a look-up's
                              waits for all of them, whatever it is. 0: none */
    } owed;
};

/* A connection has one write under way at most: with the next one, or its end, the outcome of the former is
 * left to be found out (ledger_leave). */
void worker_took_intent(struct worker *w, uint64_t intent);

/* Closes `reading`. */
void worker_stop_reading(struct worker *w);

/* A handler answers one message: `in` is decoded and bounded, the caller known where the table says so. */
typedef enum status handler(struct worker *w, struct args *in, struct args *out, struct error *e);
/* NULL for a message that has none. */
handler *handler_of(enum message number);

handler handle_sign_in, handle_sign_out, handle_session, handle_rotate, handle_session_list,
    handle_session_revoke, handle_sessions_end, handle_password_change, handle_sign_in_state,
    handle_alarm_close, handle_job_token, handle_api_key_make, handle_job_claim;
handler handle_factor_list, handle_factor_begin, handle_factor_confirm, handle_factor_remove,
    handle_second_factor, handle_passkey_challenge, handle_passkey_sign_in;
handler handle_registry_import, handle_registry_list, handle_registry_put, handle_bootstrap,
    handle_bootstrap_end, handle_bootstrapped;
handler handle_open, handle_seal, handle_reseal, handle_outcome, handle_open_intents, handle_lookup;
handler handle_box_make, handle_box_destroy, handle_box_seal, handle_box_open;
handler handle_propose, handle_decide, handle_proposals, handle_news, handle_grant_make, handle_grant_close,
    handle_leave, handle_person_state;
handler handle_record, handle_audit_read, handle_audit_detail, handle_audit_head, handle_budgets,
    handle_health;
handler handle_sign_on_list, handle_sign_on_secret, handle_sign_on_links, handle_sign_on_unlink,
    handle_sign_on_begin, handle_sign_on_finish, handle_errand_take, handle_errand_done;
handler handle_scim_list, handle_scim_draw, handle_scim_end, handle_scim_enter, handle_scim_put,
    handle_scim_leave;
handler handle_ldap_list, handle_ldap_secret, handle_ldap_read, handle_ldap_entries, handle_ldap_due,
    handle_ldap_run, handle_ldap_run_import, handle_ldap_run_end;
handler handle_policy_list, handle_policy_text, handle_policy_propose, handle_policy_decide,
    handle_policy_first;

/* Writes a list of people and departments ({"items"}) as one act of the caller's, recorded with `tag`; who
 * may and what the list may say has been checked. */
MUST_CHECK enum status worker_import(struct worker *w, struct args *in, const json_t *list, const char *tag,
                                     struct error *e);

/* Ends everything of a person but his records (handle_grant.c), written by `who`, recorded with `tag`; the
 * caller has checked who may. `in->text`: {"to", "note"}. */
MUST_CHECK enum status worker_leave(struct worker *w, struct args *in, const struct registry_writer *who,
                                    const char *tag, struct error *e);
/* Writes the person's document (in->user; 0: a new one, whose number it is then) and, with a `note`, the ends
 * of his live grants, under one intent of the log. */
MUST_CHECK enum status worker_close(struct worker *w, struct args *in, const struct registry_writer *who,
                                    struct slice document, struct slice note, const char *tag,
                                    struct error *e);

handler handle_review_open, handle_review_list, handle_review_lines, handle_review_answer,
    handle_review_change, handle_review_close;

/* Opens again what is to be repeated, one review at a time. */
void reviews_tick(struct keeper_state *st);

/* All open proposals by or about somebody. */
void proposals_withdraw(struct worker *w, uint32_t user);

/* Whether the caller is a person himself, and no key and no job. */
static inline bool worker_is_person(const struct worker *w) {
    return !w->caller.grant.is_key && !w->caller.grant.is_job;
}
void worker_note_seen(struct worker *w, uint32_t user);
enum status worker_persons_only(struct error *e);
/* A session for a person whose sign-in went as far as `grant` says, recorded with `tag`; fills the answer. */
MUST_CHECK enum status worker_make_session(struct worker *w, const struct args *in,
                                           struct session_grant *grant, struct slice agent, const char *tag,
                                           struct args *out, struct error *e);
/* ST_DENIED "sign_on_required": he signs in by a provider (keeper/sign_on.h). */
MUST_CHECK enum status worker_check_sign_on(const struct worker *w, uint32_t user, struct error *e);
/* The caller's own password, asked anew, within the delays for wrong ones. ST_DENIED "password_wrong" (field
 * `field`), ST_LIMIT; a failure is recorded as `what`. */
MUST_CHECK enum status worker_check_password(struct worker *w, const struct args *in, struct slice password,
                                             const char *field, const char *what, struct error *e);
/* Whoever has a second factor (*has) shows it anew before he changes what lets him in: ST_DENIED
 * "second_factor_required", recorded as `what`. */
MUST_CHECK enum status worker_need_fresh(struct worker *w, const struct args *in, const char *what, bool *has,
                                         struct error *e);
/* The same, and who has none shows his password: ST_DENIED "password_required", and as above. */
MUST_CHECK enum status worker_show_anew(struct worker *w, const struct args *in, struct slice password,
                                        const char *what, struct error *e);
/* guard_enter with the company's pause. */
MUST_CHECK enum status worker_guard_enter(struct worker *w, const struct args *in, struct slice login,
                                          struct error *e);
/* Writes an alarm that was just raised into the log. */
void worker_alarm(struct worker *w, const struct args *in, const struct alarm *raised);
/* Why a password that was right must be replaced at once, as the entry's tag: "password expired", "password
 * breached"; "" when it needn't. */
const char *worker_password_due(struct worker *w, uint32_t user, struct slice password);
/* A session that is half made may only finish its sign-in. ST_DENIED "second_factor_pending",
 * "second_factor_enrol". */
MUST_CHECK enum status worker_check_step(const struct worker *w, enum message number, struct error *e);

/* An entry that names the caller (or nobody), for the act at hand. */
struct audit_entry worker_entry(const struct worker *w, const struct args *in, uint8_t act, uint8_t outcome);
/* Adds the reason that came with the request (in->text), sealed for the auditors, to its entry; `why` must
 * outlive it. It goes with the subject where that is given with its key; NULL: about nobody. */
MUST_CHECK enum status worker_reason(struct worker *w, const struct args *in, const struct uuid *subject,
                                     struct slice wrapped, struct audit_entry *entry,
                                     struct audit_detail *why, struct error *e);
/* Records an administration or refusal with a public tag ("%s", kept to 64 bytes) and waits for the disk. */
MUST_CHECK enum status worker_record(struct worker *w, const struct args *in, uint8_t act, uint8_t outcome,
                                     const char *tag, struct error *e);
/* Records that `e` was answered to a caller, as AUDIT_REFUSE with its code; returns e's status, or ST_IO when
 * even that can't be written. */
MUST_CHECK enum status worker_refuse(struct worker *w, const struct args *in, const char *what,
                                     struct error *e);

#endif
