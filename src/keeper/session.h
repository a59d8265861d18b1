/* Sessions: who a token stands for. Issued here and nowhere else.
 *
 * A token is 32 random bytes; only its SHA-256 is kept. People's sessions end 30 minutes after their last use
 * or 12 hours after sign-in (struct session_limits); a job's token ends at a fixed time within 24 hours; an
 * API key's at the time in its document; one whose second factor is still awaited after 10 minutes. All end
 * with their user. Somebody has API_KEYS_PER_USER keys and JOBS_PER_USER jobs at most (ST_LIMIT
 * "too_many_keys", "too_many_jobs"). A key, and a job of a key, is dead while its maker holds a duty; a job
 * of his own has of duties the system administrator's at most. Sessions survive a restart; the idle clock is
 * stored at most every few minutes. All functions are safe from any thread. */
#ifndef KEDUN_KEEPER_SESSION_H
#define KEDUN_KEEPER_SESSION_H

#include "keeper/network.h"
#include "keeper/registry.h"

#define SESSIONS_MAX      100000
#define SESSIONS_PER_USER 50    /* the oldest goes when a person signs in once more; half ones count apart */
#define SESSIONS_RESERVED 20000 /* of SESSIONS_MAX, for people's own sessions alone */
#define API_KEYS_PER_USER 20
#define JOBS_PER_USER     50
#define SESSION_JOB_MS    (24 * 3600 * (int64_t)1000)

struct session_limits {
    int64_t idle_ms, absolute_ms;
};

/* What a session is made for. */
struct session_grant {
    uint32_t user;
    bool is_key, is_job, must_change;
    bool has_reason; /* a job's: it stands in the entry that began it */
    uint8_t step;    /* enum sign_in_step: until SIGN_IN_DONE only what finishes the sign-in is permitted */
    struct uuid job;
    bool has_plan;
    uint8_t plan[JOB_PLAN];   /* a job's: the hash of what it was authorised to do */
    uint16_t object;          /* a job's: the only object */
    int64_t expires_at;       /* ms, at the latest; 0: by the limits */
    int64_t second_factor_at; /* ms */
    struct role_names roles;  /* a key's */
    struct session_network networks[SESSION_NETWORKS];
    size_t network_count;
    uint8_t address[16];
    char agent[201];
};

/* The caller of a request, as the keeper believes it. */
struct caller {
    struct keeper_call call;
    struct uuid session;
    struct session_grant grant;
    int64_t signed_in_at, expires_at;
    struct actor actor;
};

struct sessions;

MUST_CHECK enum status sessions_open(struct vault *v, struct registry *r, struct session_limits limits,
                                     struct sessions **out, struct error *e);
void sessions_close(struct sessions *s);

/* ST_UNAUTHENTICATED unless the token is live, its user too, and the call comes from where a key may. */
MUST_CHECK enum status sessions_find(struct sessions *s, const struct keeper_call *call, struct caller *out,
                                     struct error *e);
MUST_CHECK enum status sessions_make(struct sessions *s, const struct session_grant *grant,
                                     struct token *token, struct uuid *id, struct error *e);
/* What has happened besides, when a session gets a fresh token. */
struct session_change {
    bool password_changed;
    int64_t second_factor_at; /* ms; the factor was shown: the sign-in is done; 0: nothing of the kind */
};
/* A fresh token for the same session; the old one is dead. */
MUST_CHECK enum status sessions_rotate(struct sessions *s, const struct uuid *id,
                                       struct session_change change, struct token *token, struct error *e);
/* The live session of a job: its id and user. ST_NOT_FOUND; ST_DENIED, with the user, when it was authorised
 * for another plan. */
MUST_CHECK enum status sessions_find_job(struct sessions *s, const struct uuid *job, struct slice plan,
                                         struct uuid *id, uint32_t *user);
/* ST_NOT_FOUND unless it is `user`'s (0: anybody's). */
MUST_CHECK enum status sessions_end(struct sessions *s, const struct uuid *id, uint32_t user);
/* All of a user's but one (NULL: all). */
MUST_CHECK enum status sessions_end_user(struct sessions *s, uint32_t user, const struct uuid *but);
/* Those that people sit at, no keys and no jobs, but one: `user`'s (0: everybody's). How many; ST_IO. */
MUST_CHECK enum status sessions_end_people(struct sessions *s, uint32_t user, const struct uuid *but,
                                           uint32_t *ended);
/* ST_NOT_FOUND; whose it is, and whether a person sits at it. */
MUST_CHECK enum status sessions_whose(struct sessions *s, const struct uuid *id, uint32_t *user,
                                      bool *persons);
MUST_CHECK enum status sessions_list(struct sessions *s, uint32_t user, const struct uuid *current,
                                     struct arena *arena, struct keeper_session_info **out, size_t *n);
/* All live API keys, by user; no jobs. */
MUST_CHECK enum status sessions_keys(struct sessions *s, struct arena *arena,
                                     struct keeper_session_info **out, size_t *n);
/* Ends what has run out and stores idle clocks that have moved. */
void sessions_tick(struct sessions *s);
size_t sessions_count(struct sessions *s);

#endif
