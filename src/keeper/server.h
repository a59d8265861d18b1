/* The keeper's process: sockets in, keys and audit files behind. The role's entry calls keeper_run once.
 *
 * Each connection has a thread of its own and is served one message at a time; at most KEEPER_CONNECTIONS.
 * The door a connection came through decides what it may send (keeper/protocol.h). A message that does not
 * decode, is not for that door, or is no message at all closes the connection. */
#ifndef KEDUN_KEEPER_SERVER_H
#define KEDUN_KEEPER_SERVER_H

#include "base/status.h"
#include "crypto/password.h"

#include <sys/types.h>

#define KEEPER_CONNECTIONS 256

struct keeper_config {
    const char *key_dir;   /* root.key; best on another disk than the rest */
    const char *audit_dir; /* the audit log's segments and heads */
    const char *state_dir; /* epoch.key, vault.log, budgets.bin */
    const char *party,
        *party_origin;  /* of passkeys: "crm.example.com", "https://crm.example.com"; NULL: none */
    const char *origin; /* the name in signed heads, e.g. "kedun.example.com/audit" */
    int outbound_fd;    /* as below; 0 too: no such door */
    uid_t outbound_uid;
    int engine_fd, jobs_fd, admin_fd;      /* sockets that listen; -1: no such door */
    uid_t engine_uid, jobs_uid, admin_uid; /* who may connect, SOCKET_ANY_USER for no restriction */
    int stop_fd;                           /* readable: finish what is in hand and return */
    void (*ready)(void *context);          /* called once when requests are answered; may be NULL */
    void *ready_context;
    int64_t idle_ms, absolute_ms;       /* of sessions; 0: 30 minutes, 12 hours */
    struct password_cost password_cost; /* all zero: the default */
};

/* Serves until stop_fd is readable. ST_OK after a clean stop; else why the keeper refuses to start: its keys
 * (keeper/keyring.h), vault_corrupt, vault_rolled_back, audit_corrupt, audit_locked … crypto_start() must
 * have been called. */
MUST_CHECK enum status keeper_run(const struct keeper_config *config, struct error *e);

#endif
