/* The keeper's own small durable state: registry, credentials, sessions, boxes' keys.
 *
 * A file STATE_DIR/vault.log: 8 bytes "KEDUNVT1", 16 random bytes that name the file, then records
 *   u32 length, sealed bytes (crypto/aead.h) under the vault key; associated data: the file's name and the
 *   record's sequence number from 1, so records can't be swapped, left out, or carried over from another
 * file. A record is one transaction: u64 clock, then changes (u8 kind, u8 deleted, slice key, slice value).
 * The clock counts transactions over the whole life; the caller anchors it in the audit log and so notices an
 * older file put back.
 *
 * A commit is on disk (fdatasync) before it returns. Opening tolerates a torn last record (never
 * acknowledged) and refuses anything else that does not hold. The file is rewritten (rename) when it is
 * mostly out of date, or would grow beyond VAULT_FILE_MAX, which could not be opened again: a commit that
 * finds no room there either is refused before it is written. All functions are safe from any thread. */
#ifndef KEDUN_KEEPER_VAULT_H
#define KEDUN_KEEPER_VAULT_H

#include "base/buf.h"
#include "base/status.h"

#define VAULT_KEY_MAX    64
#define VAULT_VALUE_MAX  ((size_t)80 << 10)
#define VAULT_CHANGE_MAX 4096 /* changes in one transaction */
#define VAULT_FILE_MAX   ((size_t)1 << 30)

enum vault_kind {
    VAULT_REGISTRY = 1,       /* key: u8 kind, u32 id; value: u64 version, JSON document */
    VAULT_PASSWORD,           /* key: u32 user; value: flags, PHC string */
    VAULT_SESSION,            /* key: 16 bytes id; value: keeper/session.c */
    VAULT_BOX,                /* key: 16 bytes id; value: keeper/box.c */
    VAULT_SETTING,            /* key: a name */
    VAULT_PROPOSAL,           /* key: u64 id; value: keeper/proposal.c */
    VAULT_SEEN,               /* key: u32 user; value: u64 ms of his last sign-in */
    VAULT_FACTOR = 20,        /* key: u32 user; value: keeper/factor_record.c */
    VAULT_HANDLE,             /* key: 16 bytes, a passkey's user handle; value: u32 user */
    VAULT_POLICY = 30,        /* key: u32 version, u8 part; value: keeper/policy_versions.c */
    VAULT_PARTS = 40,         /* key: u64 name of a token; value: u8 levels (keeper/parts.h) */
    VAULT_PASSWORD_PAST = 50, /* key: u32 user; value: u64 ms of the newest, slices: earlier PHC strings */
    VAULT_ALARM,              /* key: u32 id; value: keeper/alarm.c */
    VAULT_SIGN_ON = 60,       /* key: u32 id; value: a provider's JSON document (keeper/sign_on.h) */
    VAULT_SIGN_ON_SECRET,     /* key: u32 id; value: the client's secret */
    VAULT_SIGN_ON_LINK,       /* key: SHA-256 of issuer and subject; value: keeper/sign_on_store.c */
    VAULT_DEED = 70,          /* key: u64 intent; value: empty (keeper/deed.h) */
    VAULT_SCIM = 80,          /* key: u32 id; value: keeper/scim.c */
    VAULT_REVIEW = 90,        /* key: u32 review, u32 user or 0; value: keeper/review.h */
    VAULT_LDAP = 100,         /* key: u32 id; value: a directory's JSON document (keeper/ldap.h) */
    VAULT_LDAP_SECRET,        /* key: u32 id; value: the password that it is read with */
    VAULT_LDAP_STATE,         /* key: u32 id; value: keeper/ldap_schedule.c */
    VAULT_ALLOWANCE = 110,    /* key: u64 proposal; value: u64 ms of its end, ids (keeper/allowance.h) */
    VAULT_ALLOWANCE_USED      /* key: u64 proposal; value: u32 of how many records, a bit for each id */
};

struct vault_change {
    uint8_t kind;
    struct slice key;
    struct slice value; /* p == NULL: delete */
};

struct vault;

/* ST_CORRUPT "vault_corrupt" names the offset and what to do; ST_IO, ST_NOMEM. `key` is 32 bytes, copied. */
MUST_CHECK enum status vault_open(const char *state_dir, const uint8_t *key, struct vault **out,
                                  struct error *e);
void vault_close(struct vault *v); /* NULL is fine */

/* All of the changes or none. ST_LIMIT: too large, or the file is full. ST_IO: nothing was changed, and
 * nothing can be until a restart if the file could not be cut back. */
MUST_CHECK enum status vault_commit(struct vault *v, const struct vault_change *changes, size_t count);
/* The same without waiting for the disk: for what may be lost (idle clocks). */
MUST_CHECK enum status vault_commit_lazy(struct vault *v, const struct vault_change *changes, size_t count);

/* For keeper/deed.h: the first commit that this thread waits for notes `intent`, and forgets those that are
 * over, in its own transaction. */
#define VAULT_DEED_FORGETS 16
struct vault_deed {
    uint64_t intent;
    uint64_t over[VAULT_DEED_FORGETS];
    size_t over_count;
    bool noted;
};
/* From now on, for this thread, whichever vault it writes to; NULL: no more. */
void vault_under(struct vault_deed *d);

/* Appends the value to `out`; ST_NOT_FOUND. */
MUST_CHECK enum status vault_get(struct vault *v, uint8_t kind, struct slice key, struct buf *out);

/* Every item of a kind, in no order, under the lock: the visitor must not call back. Stops at the first
 * failure. */
typedef enum status vault_visit(void *context, struct slice key, struct slice value);
MUST_CHECK enum status vault_each(struct vault *v, uint8_t kind, vault_visit *visit, void *context);

uint64_t vault_clock(struct vault *v);

/* What a file of `size` bytes, `live` of them still true, needs before `need` more: ST_OK nothing, ST_RETRY
 * to be rewritten, ST_LIMIT there is no room. */
MUST_CHECK enum status vault_room(size_t size, size_t live, size_t need);

#endif
