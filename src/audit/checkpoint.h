/* Signed heads of the log: C2SP tlog-checkpoint in a C2SP signed note, Ed25519.
 *
 *   origin LF  size in decimal LF  root in base64 LF  LF  "— " name SP base64(key id || signature) LF
 *
 * The name is the origin. Key id = first 4 bytes of SHA-256(name || LF || 0x01 || public key). The signature
 * covers the text up to and with the line feed before the empty line. The file `checkpoints` holds such notes
 * one behind the other, sizes never falling. */
#ifndef KEDUN_AUDIT_CHECKPOINT_H
#define KEDUN_AUDIT_CHECKPOINT_H

#include "base/slice.h"
#include "base/status.h"
#include "crypto/sign.h"

#define CHECKPOINT_TEXT   512 /* longest note */
#define CHECKPOINT_ORIGIN 128

struct checkpoint {
    struct slice text;   /* the whole note */
    struct slice body;   /* what is signed */
    struct slice origin; /* both point into the text parsed */
    uint64_t size;
    uint8_t root[32];
    uint8_t key_id[4];
    uint8_t signature[SIGN_SIGNATURE];
};

/* 1 to CHECKPOINT_ORIGIN printable ASCII characters without space or '+'. */
bool checkpoint_origin_valid(struct slice origin);

/* Writes a NUL-terminated note. */
MUST_CHECK enum status checkpoint_sign(struct signer *signer, const char *origin, uint64_t size,
                                       const uint8_t root[32], char out[CHECKPOINT_TEXT + 1]);

/* Parses one note off the front of `text` and moves it on. ST_NOT_FOUND when `text` is empty, ST_CORRUPT.
 * Strict: there is one way to write a note. */
MUST_CHECK enum status checkpoint_next(struct slice *text, struct checkpoint *out);

/* ST_OK when key id and signature are this key's, else ST_CORRUPT. */
MUST_CHECK enum status checkpoint_check(const struct checkpoint *c, const uint8_t public_key[SIGN_PUBLIC]);

#endif
