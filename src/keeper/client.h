/* The keeper, as the rest of the system sees it: the only process with keys, and it believes nobody.
 *
 * Every request carries a session token that the keeper itself issued; it looks up who that is, checks the
 * asked view against the role's ceiling and the field's class in its own sealed catalogue, charges the
 * budgets, writes the audit entry, waits until it is on disk, and only then answers. The wire format is
 * docs/protocol.md and keeper/protocol.h.
 *
 * A `struct keeper` is one connection and belongs to one thread. Replies borrow its receive buffer: they hold
 * until the next call on it. After ST_UNAVAILABLE the connection is re-made by the next call. */
#ifndef KEDUN_KEEPER_CLIENT_H
#define KEDUN_KEEPER_CLIENT_H

#include "audit/entry.h"
#include "base/arena.h"
#include "base/status.h"
#include "base/uuid.h"
#include "value/class.h"

struct keeper;

#define KEEPER_TOKEN       32 /* bytes, random; the client's cookie is its base64url */
#define KEEPER_WRAPPED_KEY 61 /* suite, nonce, sealed 32-byte key, tag */
#define KEEPER_ROW_SEAL    16
#define KEEPER_ROLES_MAX   16
#define KEEPER_ROWS_MAX    1000
#define KEEPER_FIELDS_MAX  250
#define KEEPER_VALUE_MAX   ((size_t)64 * 1024)

struct token {
    uint8_t b[KEEPER_TOKEN];
};

/* Connects to one of the supervisor's sockets (run/keeper-engine.sock …). */
MUST_CHECK enum status keeper_connect(const char *socket_path, struct keeper **out, struct error *e);
void keeper_close(struct keeper *k);
/* How many calls the keeper has answered "denied" on this connection: each has its entry in the audit log
 * already. */
uint64_t keeper_refusals(const struct keeper *k);
/* Wipes what the last exchange left in the connection's buffers; replies that borrow them are gone. After
 * each request: the next one may be long in coming. */
void keeper_forget(struct keeper *k);

/* Who acts, on whose behalf, from where: goes with every request and into every entry. */
struct keeper_call {
    struct token token;
    struct uuid request; /* the request's id, shown to the user in errors */
    uint8_t address[16]; /* the client's address, IPv4-mapped; zeros: local */
    uint8_t purpose;     /* enum purpose */
    struct slice reason; /* why, or empty: goes with seal_rows, job_token, registry_put, registry_import,
                            grant_close and leave alone, at most PROTOCOL_WHY_MAX */
};

enum purpose {
    PURPOSE_NONE,
    PURPOSE_SALES,
    PURPOSE_SERVICE,
    PURPOSE_FINANCE,
    PURPOSE_MANAGEMENT,
    PURPOSE_QUALITY,
    PURPOSE_AUDIT,
    PURPOSE_IMPORT,
    PURPOSE_ADMINISTRATION
};

/* ---- sessions ---- */

enum duty { DUTY_SYSTEM_ADMIN = 1, DUTY_SECURITY_ADMIN = 2, DUTY_AUDITOR = 4 }; /* bits; apart (I4) */

/* What a colleague on leave has lent: his roles, to be used over his scope. Where `from` is the person
 * himself: the roles of another post of his, over that post's department. */
#define PRINCIPAL_LENT_MAX   8
#define PRINCIPAL_LENT_ROLES 8
struct principal_lent {
    uint32_t from, department;
    char roles[PRINCIPAL_LENT_ROLES][40];
    size_t role_count;
};

/* How far a sign-in has come: half a session may finish it, and nothing else. */
enum sign_in_step {
    SIGN_IN_DONE,
    SIGN_IN_FACTOR, /* the second factor is awaited */
    SIGN_IN_ENROL,  /* one must be set up first */
    SIGN_IN_STEP_END
};

struct principal {
    uint32_t user;
    char login[64];
    char name[128]; /* shown name of the member of staff */
    char roles[KEEPER_ROLES_MAX][40];
    size_t role_count;
    uint32_t department;
    unsigned duties;
    struct uuid session;
    bool is_key;     /* an API key, not a person */
    bool is_job;     /* a job acting for the person */
    bool has_reason; /* a job's: one was given when it was begun */
    bool must_change_password;
    uint8_t step;                     /* enum sign_in_step */
    int64_t signed_in_at, expires_at; /* ms */
    int64_t second_factor_at;         /* ms, 0: never */
    struct principal_lent lent[PRINCIPAL_LENT_MAX];
    size_t lent_count;
    uint64_t registry_version; /* of users, departments, roles: reload when it has grown */
    uint32_t policy_version;   /* of the policies in force; 0: the files' */
};

/* A wrong login and a wrong password answer alike, in content and in time. ST_LIMIT "sign_in_slow" with
 * seconds to wait in detail: delays grow per (login, address) and per address, never per login alone, so a
 * stranger can't lock anybody out for good. The token is fresh; `agent` is kept (sealed) for the session
 * list. */
MUST_CHECK enum status keeper_sign_in(struct keeper *k, const struct keeper_call *call, struct slice login,
                                      struct slice password, struct slice agent, struct token *token,
                                      struct principal *who, struct error *e);
MUST_CHECK enum status keeper_sign_out(struct keeper *k, const struct keeper_call *call, struct error *e);
/* Is the token live, and who is it? Also touches its idle clock. ST_UNAUTHENTICATED when not. */
MUST_CHECK enum status keeper_session(struct keeper *k, const struct keeper_call *call, struct principal *who,
                                      struct error *e);
/* Swaps the token for a fresh one (after sign-in, change of password, step-up). */
MUST_CHECK enum status keeper_rotate(struct keeper *k, const struct keeper_call *call, struct token *fresh,
                                     struct error *e);

struct keeper_session_info {
    struct uuid id;
    uint32_t user;
    int64_t signed_in_at, seen_at;
    uint8_t address[16];
    struct slice agent; /* a key's label */
    bool current;
    bool is_key, is_job;
    int64_t expires_at; /* at the latest */
};
/* Own sessions, keys and jobs; with DUTY_SECURITY_ADMIN those of `user`. */
MUST_CHECK enum status keeper_session_list(struct keeper *k, const struct keeper_call *call, uint32_t user,
                                           struct arena *arena, struct keeper_session_info **out, size_t *n,
                                           struct error *e);
/* A person's session, a key, a job. ST_NOT_FOUND for another's unless DUTY_SECURITY_ADMIN; for one's own
 * other session, unless the sign-in or second factor is some minutes old at most: ST_DENIED
 * "second_factor_required", or, without a second factor, "password_required", "password_wrong". */
MUST_CHECK enum status keeper_session_revoke(struct keeper *k, const struct keeper_call *call,
                                             const struct uuid *session, struct slice password,
                                             struct error *e);
/* All sessions that people sit at but the caller's: his own (user 0; as above), with DUTY_SECURITY_ADMIN
 * somebody's or, with a fresh second factor if he has any, everybody's. How many. */
MUST_CHECK enum status keeper_sessions_end(struct keeper *k, const struct keeper_call *call, uint32_t user,
                                           bool everybody, struct slice password, uint32_t *ended,
                                           struct error *e);
MUST_CHECK enum status keeper_password_change(struct keeper *k, const struct keeper_call *call,
                                              struct slice old, struct slice fresh, struct token *token,
                                              struct error *e);

/* What is asked of one's password; with a duty what the company asks of sign-ins, too
 * (keeper/handle_password.c). JSON. */
MUST_CHECK enum status keeper_sign_in_state(struct keeper *k, const struct keeper_call *call,
                                            struct slice *json, struct error *e);
/* An alarm has been looked at: DUTY_SECURITY_ADMIN. ST_NOT_FOUND. */
MUST_CHECK enum status keeper_alarm_close(struct keeper *k, const struct keeper_call *call, uint32_t id,
                                          struct error *e);

#define JOB_PLAN 32 /* bytes: a hash of all that says what a job does (share/job.h) */

/* A token that acts for the same person within one job (import, rejects, undo), up to 24 hours, on `object`
 * only. `plan`: JOB_PLAN bytes, which who claims it has to give again; or empty. */
MUST_CHECK enum status keeper_job_token(struct keeper *k, const struct keeper_call *call,
                                        const struct uuid *job, uint16_t object, struct slice plan,
                                        struct token *token, struct error *e);
/* In jobs: a fresh token for a job that keeper_job_token was asked for, whose older token ends with it; so no
 * token needs to travel or lie anywhere. `call` needs no token. ST_NOT_FOUND when nobody authorised it or its
 * time is over, ST_DENIED "job_changed" when it was authorised for another plan. */
MUST_CHECK enum status keeper_job_claim(struct keeper *k, const struct keeper_call *call,
                                        const struct uuid *job, struct slice plan, struct token *token,
                                        struct error *e);
/* API keys: shown once; the keeper keeps a hash. `document`: JSON with label, roles (a subset of the
 * maker's), expiry, networks. Listed and revoked as sessions with is_key. */
MUST_CHECK enum status keeper_api_key_make(struct keeper *k, const struct keeper_call *call,
                                           struct slice document, struct token *token, struct uuid *id,
                                           struct error *e);

/* ---- registry: what decides access, kept by the keeper under its own seal ---- */

/* Kinds and their JSON documents (keeper/registry.h says each key):
 *   user {id, login, name, roles[], department, duties[], manages[], disabled, mail}   department {id,
 * parent, name, branch} role {name, label{zh,en}, ceiling{personal,sensitive: "hidden|masked|clear"},
 * match{personal,sensitive: bool}, budget{clear:{minute,hour,day}, masked:{…}, lookups:{…}}} company {budget}
 *   catalogue {object, field, class, mask, search, type}: one per field; a class can only go up */
enum registry_kind {
    REGISTRY_USER = 1,
    REGISTRY_DEPARTMENT,
    REGISTRY_ROLE,
    REGISTRY_COMPANY,
    REGISTRY_CATALOGUE,
    REGISTRY_GRANT, /* {user, roles, since, until, why, reason …}: made by proposals and grant_make only */
    REGISTRY_KIND_END
};

struct registry_item {
    uint8_t kind;
    uint32_t id;      /* user, department; role: a stable number; catalogue: object << 16 | field */
    uint64_t version; /* registry version at its last change */
    struct slice document;
};
/* Items changed since `since` (0: all). A disabled user is listed as such. No token: the engine needs it to
 * start. In the order of their versions and in parts: call again with since = *version until *n is 0. */
MUST_CHECK enum status keeper_registry_list(struct keeper *k, uint64_t since, struct arena *arena,
                                            struct registry_item **out, size_t *n, uint64_t *version,
                                            struct error *e);
/* Who may: user and department DUTY_SYSTEM_ADMIN (roles of a user: DUTY_SECURITY_ADMIN), role and company
 * DUTY_SECURITY_ADMIN, catalogue DUTY_SYSTEM_ADMIN and never a lower class. id 0 makes a new one. */
MUST_CHECK enum status keeper_registry_put(struct keeper *k, const struct keeper_call *call, uint8_t kind,
                                           uint32_t id, struct slice document, uint32_t *made,
                                           struct error *e);
/* `document`: {"items": [{"kind": "user"|"department", "id", "document"}]}, at most 4,000: people and
 * departments of a list, all of it or nothing. System administrator. Roles, duties and whoever holds one are
 * not changed by it; nor is what takes two. */
MUST_CHECK enum status keeper_registry_import(struct keeper *k, const struct keeper_call *call,
                                              struct slice document, struct error *e);

/* ---- what takes two, and rights for a time (keeper/proposal.h, keeper/registry.h) ---- */

/* What one access for a time names at most (registry_parse_access). */
#define ACCESS_FIELDS  10
#define ACCESS_RECORDS 50

/* Reviews of rights (keeper/review.h): documents and answers are JSON. */
MUST_CHECK enum status keeper_review_open(struct keeper *k, const struct keeper_call *call,
                                          struct slice document, uint32_t *id, struct error *e);
/* [{"review", "mine": {"lines", "open"}, and for who sees all "counts"}]; id 0: all that concern the caller.
 */
MUST_CHECK enum status keeper_review_list(struct keeper *k, const struct keeper_call *call, uint32_t id,
                                          struct slice *json, struct error *e);
/* Lines of users behind `after`; *next: the following `after`, 0: no more. `mine`: those that the caller may
 * answer, even where he sees all. */
MUST_CHECK enum status keeper_review_lines(struct keeper *k, const struct keeper_call *call, uint32_t id,
                                           uint32_t after, bool mine, struct slice *json, uint32_t *next,
                                           struct error *e);
MUST_CHECK enum status keeper_review_answer(struct keeper *k, const struct keeper_call *call, uint32_t id,
                                            struct slice document, struct error *e);
/* {"from", "to"}: lines of one reviewer to another; {"stop_repeats": true}. */
MUST_CHECK enum status keeper_review_change(struct keeper *k, const struct keeper_call *call, uint32_t id,
                                            struct slice document, struct error *e);
/* Signed off, or cancelled. */
MUST_CHECK enum status keeper_review_close(struct keeper *k, const struct keeper_call *call, uint32_t id,
                                           bool sign, struct slice note, struct error *e);

/* `document`: {"kind", "user", "reason", "days", "change"}. `secret`: the first half of a one-time password,
 * empty for other kinds; borrowed. */
MUST_CHECK enum status keeper_propose(struct keeper *k, const struct keeper_call *call, struct slice document,
                                      uint64_t *id, struct slice *secret, struct error *e);
/* Approves or refuses; the proposer may only withdraw (approve false). `secret`: the second half. */
MUST_CHECK enum status keeper_decide(struct keeper *k, const struct keeper_call *call, uint64_t id,
                                     bool approve, struct slice note, struct slice *secret, struct error *e);
/* A JSON array, newest first, each with "may_decide"; `to_decide`: only those that wait for the caller. */
MUST_CHECK enum status keeper_proposals(struct keeper *k, const struct keeper_call *call, bool to_decide,
                                        struct slice *json, struct error *e);
/* The same of one: with the ids of an act's records, for who asks and who decides; else empty. */
MUST_CHECK enum status keeper_proposal(struct keeper *k, const struct keeper_call *call, uint64_t id,
                                       struct slice *json, struct error *e);
struct keeper_news {
    uint64_t unread;    /* the caller's own that others closed, or time did, since he looked */
    uint32_t to_decide; /* that wait for him */
};
/* First marks as seen those of his own that were closed until then (ms; 0: none). */
MUST_CHECK enum status keeper_news(struct keeper *k, const struct keeper_call *call, uint64_t until,
                                   struct keeper_news *out, struct error *e);
/* {"why": "leave", "to", "roles", "until", "reason"} or {"why": "break_glass", "roles", "hours", "reason"}.
 */
MUST_CHECK enum status keeper_grant_make(struct keeper *k, const struct keeper_call *call,
                                         struct slice document, uint32_t *id, struct error *e);
MUST_CHECK enum status keeper_grant_close(struct keeper *k, const struct keeper_call *call, uint32_t id,
                                          bool review, struct slice note, struct error *e);
/* `document`: {"to": who shall have the records, "note"}. */
MUST_CHECK enum status keeper_leave(struct keeper *k, const struct keeper_call *call, uint32_t user,
                                    struct slice document, struct error *e);
/* {"seen": [[user, ms of the last sign-in]…]}, with a user also "sessions", "keys", "jobs". */
MUST_CHECK enum status keeper_person_state(struct keeper *k, const struct keeper_call *call, uint32_t user,
                                           struct slice *json, struct error *e);
/* Only on the admin socket and only until keeper_bootstrap_end: fill an empty registry, no token yet. A
 * user's document may carry "password" here. Answers ST_DENIED "bootstrap_over" later. */
MUST_CHECK enum status keeper_bootstrap(struct keeper *k, uint8_t kind, uint32_t id, struct slice document,
                                        struct error *e);
MUST_CHECK enum status keeper_bootstrap_end(struct keeper *k, struct error *e);
MUST_CHECK enum status keeper_bootstrapped(struct keeper *k, bool *over, struct error *e);

/* ---- the published policies (keeper/policy_versions.h has the rules) ---- */

/* All versions, newest first, as a JSON array of {number, based_on, author, decided_by, proposed_at,
 * decided_at, state "waiting|published|rejected", in_force, widens, size, note, decision}. */
MUST_CHECK enum status keeper_policy_list(struct keeper *k, struct slice *json, struct error *e);
/* The text of version *number; 0: of the one in force (*number says which; 0 and no text: none yet). */
MUST_CHECK enum status keeper_policy_text(struct keeper *k, uint32_t *number, struct slice *text,
                                          struct error *e);
/* DUTY_SECURITY_ADMIN. `published`: it is in force already, for it does not widen. ST_CONFLICT
 * "policy_moved", ST_LIMIT "too_many_proposals". */
MUST_CHECK enum status keeper_policy_propose(struct keeper *k, const struct keeper_call *call,
                                             uint32_t based_on, bool widens, struct slice note,
                                             struct slice text, uint32_t *number, bool *published,
                                             struct error *e);
/* DUTY_SECURITY_ADMIN. ST_DENIED "own_proposal", ST_CONFLICT "policy_decided", "policy_moved". */
MUST_CHECK enum status keeper_policy_decide(struct keeper *k, const struct keeper_call *call, uint32_t number,
                                            bool approve, struct slice note, struct error *e);
/* The first version, from files; as keeper_bootstrap. */
MUST_CHECK enum status keeper_policy_first(struct keeper *k, struct slice text, struct error *e);

/* ---- opening: the read path ---- */

/* What binds a record's values and its scope together; as the row has it. */
struct keeper_row {
    struct uuid record, subject;
    struct slice wrapped_key; /* of the subject; empty: destroyed (its values answer as null) */
    uint32_t owner, department, branch;
    struct slice versions; /* the row's FIELD_VERSIONS, per-field counters (value/versions.h) */
    struct slice seal;     /* KEEPER_ROW_SEAL bytes; ST_CORRUPT when it does not hold */
};

#define KEEPER_NEEDLES_MAX 32

/* `field` is sealed, one of the request, and present in `sealed` whatever its view. 0: nothing is looked for;
 * the caller saw it hold in the rows that say so. */
struct keeper_needle {
    uint16_t field;
    uint8_t search; /* enum field_search */
    uint8_t group;  /* below KEEPER_NEEDLES_MAX */
    struct slice text;
};

struct keeper_open {
    uint8_t act; /* enum audit_act: list, view, reveal, search, timeline, export … */
    uint16_t object;
    const uint16_t *fields; /* every field shown, sealed or not: they are recorded */
    size_t field_count;
    const struct keeper_row *rows;
    size_t row_count;
    const uint8_t *views;       /* row_count × field_count, enum view, row by row */
    const struct slice *sealed; /* row_count × field_count; empty where unsealed or null */
    /* A row is dropped unless in every group some needle is found in it: nothing of it is opened, charged or
     * named then. */
    const struct keeper_needle *needles;
    size_t needle_count;
    const uint32_t
        *needle_rows;    /* row_count, when there are needles. Bit n: needle n may speak of this row */
    struct slice reason; /* reveal: why; sealed in the entry under the subject's key */
    bool approval;       /* reveal: policy lets it pass with an approval alone */
    bool watermark;      /* the page bears one: said in the entry's tag */
};

struct keeper_opened {
    struct slice
        *values;    /* row_count × field_count: canonical text, masked or clear; p == NULL: null or hidden */
    bool *dropped;  /* row_count: failed the needles */
    uint64_t entry; /* sequence number of the audit entry */
};

/* ST_UNAUTHENTICATED, ST_DENIED "above_ceiling", ST_LIMIT "budget_exhausted" (detail: which), ST_CORRUPT,
 * ST_IO "audit_unwritable" (nothing is answered), ST_UNAVAILABLE. All or nothing: one row above budget
 * refuses all. */
MUST_CHECK enum status keeper_open_rows(struct keeper *k, const struct keeper_call *call,
                                        const struct keeper_open *q, struct arena *arena,
                                        struct keeper_opened *out, struct error *e);

/* ---- sealing: the write path ---- */

struct keeper_value {
    uint16_t field;
    struct slice fresh;      /* canonical text of the new value; p == NULL: null */
    struct slice old_sealed; /* as it stands; empty: was null */
};

struct keeper_seal_row {
    struct keeper_row
        row; /* scope as it shall be; versions and seal are the keeper's to make and are ignored */
    const struct keeper_row *old;      /* the row as it stands, verified first; NULL: a new row */
    bool new_subject;                  /* make a key for row.subject (then row.wrapped_key is empty) */
    const struct keeper_value *values; /* sealed fields that are set */
    size_t value_count;
    const uint16_t
        *plain_fields; /* unsealed fields that change (owner, department … too): counted and recorded */
    size_t plain_count;
    uint8_t approval; /* bits by enum high_risk_act: policy lets these of it pass with an approval alone */
};

struct keeper_term {
    uint32_t row; /* index in the request */
    uint16_t field;
    uint8_t search;
    bool remove;
    uint64_t term;
};

struct keeper_sealed {
    uint64_t intent;      /* covers all rows of the request; durable in the log already */
    struct slice *sealed; /* per value in request order, rows after rows; p == NULL: null */
    bool *same; /* per value: equals the old one: nothing was sealed, counted or indexed; keep the old */
    struct slice *wrapped_keys; /* per row; empty unless new_subject */
    struct slice
        *versions; /* per row: FIELD_VERSIONS (value/versions.h); counters of what changed are one higher */
    uint8_t (*seals)[KEEPER_ROW_SEAL]; /* per row: FIELD_SEAL over scope and versions */
    struct keeper_term *terms;         /* search terms to add and to remove, ordered by row */
    size_t term_count;
};

/* `act`: create, update, delete, restore, transfer, import … At most KEEPER_ROWS_MAX rows. Seals, indexes,
 * counts and writes the intent; the caller then commits one transaction and tells keeper_outcome. */
MUST_CHECK enum status keeper_seal_rows(struct keeper *k, const struct keeper_call *call, uint8_t act,
                                        uint16_t object, const struct keeper_seal_row *rows, size_t count,
                                        struct arena *arena, struct keeper_sealed *out, struct error *e);

/* After a field's class was raised: each row's one value (values[0]: `fresh` where it stood in clear, else
 * `old_sealed`) under the class that the catalogue now says. `old` is the row as it stands; its version,
 * counters and seal stay, so only `sealed` and, for what was clear, `terms` are answered. AUDIT_CONFIG;
 * DUTY_SYSTEM_ADMIN. No value leaves the keeper. */
MUST_CHECK enum status keeper_reseal_rows(struct keeper *k, const struct keeper_call *call, uint16_t object,
                                          const struct keeper_seal_row *rows, size_t count,
                                          struct arena *arena, struct keeper_sealed *out, struct error *e);

/* Tells the log how an intent ended; lazy (covered by the next sync), order kept. */
MUST_CHECK enum status keeper_outcome(struct keeper *k, uint64_t intent, bool committed, struct error *e);
/* The same without an answer: told with the next call, or by keeper_forget. What goes lost is settled against
 * the rows like any outcome that was never told. */
void keeper_outcome_later(struct keeper *k, uint64_t intent, bool committed);
/* Intents without outcome, at most `room`, oldest first. `left`: only those that nobody will tell of any more
 * (keeper/ledger.h). */
MUST_CHECK enum status keeper_open_intents(struct keeper *k, bool left, uint64_t *intents, size_t room,
                                           size_t *n, struct error *e);

/* ---- look-ups ---- */

/* A term with this bit belongs to the one before it: a token that is common is split (keeper/parts.h), and a
 * row with any of its terms has it. */
#define KEEPER_TERM_OR ((uint64_t)1 << 63)

struct keeper_term_list {
    const uint64_t *terms; /* all of them must match, of terms that belong together any */
    size_t count;
};
/* Terms for finding `text` in a sealed field: alternatives, any of which may match (pinyin readings). Charged
 * to the look-up budgets; logged as a keyed hash of the text. `view`: what the caller's policy gives him of
 * the field; below clear, only exact, and suffix up to what the mask shows, and only where the role's ceiling
 * has match. The entry is on disk only when the next call but another look-up has been answered: open what
 * was found, or keeper_settle, before anybody is told anything of it. */
MUST_CHECK enum status keeper_lookup(struct keeper *k, const struct keeper_call *call, uint16_t object,
                                     uint16_t field, uint8_t search, enum view view, struct slice text,
                                     struct arena *arena, struct keeper_term_list **out, size_t *n,
                                     struct error *e);
/* After look-ups that nothing was opened behind: waits until their entries are on disk. Free when there are
 * none. */
MUST_CHECK enum status keeper_settle(struct keeper *k, struct error *e);

/* ---- boxes: sealed streams and documents that belong to a person or a job, not to a customer ---- */

/* A box has a key of its own in the keeper, bound to its owner: saved views, uploads, rejected rows. A
 * passing box's key goes by itself after 31 days (keeper/box.h), another one's when the box is destroyed. */
MUST_CHECK enum status keeper_box_make(struct keeper *k, const struct keeper_call *call, struct uuid *box,
                                       struct error *e);
MUST_CHECK enum status keeper_box_make_passing(struct keeper *k, const struct keeper_call *call,
                                               struct uuid *box, struct error *e);
MUST_CHECK enum status keeper_box_destroy(struct keeper *k, const struct keeper_call *call,
                                          const struct uuid *box, struct error *e);
/* `stream` and `sequence` are bound: chunks can't be swapped, cut or replayed elsewhere. At most 2 MiB. Owner
 * (or his job) only. */
MUST_CHECK enum status keeper_box_seal(struct keeper *k, const struct keeper_call *call,
                                       const struct uuid *box, uint8_t stream, uint64_t sequence,
                                       struct slice plain, struct slice *sealed, struct error *e);
MUST_CHECK enum status keeper_box_open(struct keeper *k, const struct keeper_call *call,
                                       const struct uuid *box, uint8_t stream, uint64_t sequence,
                                       struct slice sealed, struct slice *plain, struct error *e);

/* ---- audit ---- */

/* Records an act that opened nothing (a refusal, an export's start, a change of policy). `detail` is sealed
 * for the auditors; `tag` is ASCII and public within the log. Waits for the disk. */
MUST_CHECK enum status keeper_record(struct keeper *k, const struct keeper_call *call, uint8_t act,
                                     uint8_t outcome, uint16_t object, const struct uuid *record,
                                     struct slice tag, struct slice detail, struct error *e);
/* The same of several records (`records` may be NULL when there are none), at most KEEPER_RECORDED_MAX. */
#define KEEPER_RECORDED_MAX 500
MUST_CHECK enum status keeper_record_all(struct keeper *k, const struct keeper_call *call, uint8_t act,
                                         uint8_t outcome, uint16_t object, const struct uuid *records,
                                         size_t count, struct slice tag, struct slice detail,
                                         struct error *e);

/* Entries from `from` on, durable ones only, as audit/entry.h decodes them; for the explorer's indexer (jobs)
 * and for DUTY_AUDITOR. `frames`: concatenated [u32 length][u32 n][leaf of n bytes][u32 m][side of m bytes]:
 * leaf and side are what audit_entry_decode takes. A read of rows names their records first and behind them,
 * with every exception bit set, the subjects that they speak of where those are other records. */
MUST_CHECK enum status keeper_audit_read(struct keeper *k, const struct keeper_call *call, uint64_t from,
                                         uint32_t most, struct slice *frames, uint64_t *next,
                                         struct error *e);
/* The sealed detail of an entry (reason …) in clear: DUTY_AUDITOR; itself recorded. `wrapped_key`: the
 * subject's. */
MUST_CHECK enum status keeper_audit_detail(struct keeper *k, const struct keeper_call *call, uint64_t seq,
                                           struct slice wrapped_key, struct slice *detail, struct error *e);
/* Size, root and newest signed checkpoint, as text; anyone with the auditor's duty. */
MUST_CHECK enum status keeper_audit_head(struct keeper *k, const struct keeper_call *call,
                                         struct slice *checkpoint, struct error *e);

/* Budgets of the caller: used and allowed, as JSON for the UI. */
MUST_CHECK enum status keeper_budgets(struct keeper *k, const struct keeper_call *call, struct slice *json,
                                      struct error *e);
/* Health and counters for /metrics, as JSON; no token. */
MUST_CHECK enum status keeper_health(struct keeper *k, struct slice *json, struct error *e);

#endif
