/* The keeper's keys: read once at start, kept in locked memory, never handed out but to keeper/.
 *
 * Root key: KEY_DIR/root.key, 32 random bytes as 64 hexadecimal digits, mode 0400, made at the first start.
 * Epoch secret: STATE_DIR/epoch.key, the same form, the overwritable half: replacing it and rewrapping the
 * subjects that stay is what makes destroyed subjects unreadable in older copies of the database.
 * A root key that anybody else could read is refused, and so is a first start beside existing state: a new
 * root key would make everything sealed unreadable.
 *
 * Every other key is HKDF-SHA-256 (RFC 5869) of the root key under a name; the key that wraps subjects' keys
 * takes the epoch secret as salt too.
 *
 * A subject (a customer or contact) has one random key, wrapped with AES-256-GCM, its id as associated data.
 * Values are sealed under keys by subject and CLASS (crypto/kdf.h kdf_subject), not by field: the field,
 * object, record and write counter are bound as associated data instead, which keeps values from being
 * swapped just as well and saves a key schedule per field. */
#ifndef KEDUN_KEEPER_KEYRING_H
#define KEDUN_KEEPER_KEYRING_H

#include "base/status.h"
#include "base/uuid.h"

#define KEYRING_KEY 32

struct keyring {
    uint8_t root[KEYRING_KEY], epoch[KEYRING_KEY];
    uint8_t wrap[KEYRING_KEY];         /* subjects' keys */
    uint8_t row[KEYRING_KEY];          /* HMAC over a row's scope */
    uint8_t index[KEYRING_KEY];        /* parent of the blind indexes' keys */
    uint8_t vault[KEYRING_KEY];        /* the keeper's own state */
    uint8_t budget[KEYRING_KEY];       /* snapshots of the budgets */
    uint8_t box[KEYRING_KEY];          /* boxes' keys */
    uint8_t audit_seed[KEYRING_KEY];   /* Ed25519 seed of the log's heads */
    uint8_t audit_detail[KEYRING_KEY]; /* details for auditors that speak of no subject */
    uint8_t lookup[KEYRING_KEY];       /* HMAC of looked-up texts, for the log */
    uint8_t pepper[KEYRING_KEY];       /* Argon2's secret input */
};

/* ST_IO, ST_DENIED "root_key_mode", ST_NOT_FOUND "root_key_missing" (state without its key), ST_CORRUPT
 * "key_file". */
MUST_CHECK enum status keyring_open(const char *key_dir, const char *state_dir, struct keyring **out,
                                    struct error *e);
void keyring_close(struct keyring *k); /* wipes; NULL is fine */

/* The key of one blind index. */
MUST_CHECK enum status keyring_index_key(const struct keyring *k, uint16_t object, uint16_t field,
                                         uint8_t search, uint8_t out[KEYRING_KEY]);

#endif
