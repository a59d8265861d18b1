/* One session, in memory and as the vault keeps it (for session.c only). */
#ifndef KEDUN_KEEPER_SESSION_RECORD_H
#define KEDUN_KEEPER_SESSION_RECORD_H

#include "crypto/hash.h"
#include "keeper/session.h"

struct session {
    struct session *next;
    struct uuid id;
    uint8_t hash[HASH_SIZE]; /* of the token */
    int64_t signed_in_at, seen_at, stored_seen_at;
    struct session_grant grant;
};

/* The record without its id, which is the vault's key. */
void session_write(struct buf *out, const struct session *s);
/* False on anything that session_write did not write. */
bool session_read(struct slice record, struct session *s);

#endif
