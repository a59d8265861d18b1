#include "keeper/webauthn.h"

#include "base/hex.h"
#include "base/json_in.h"
#include "crypto/hash.h"
#include "crypto/mac.h"
#include "keeper/cbor.h"

#include <endian.h>

enum {
    FLAG_PRESENT = 1,
    FLAG_VERIFIED = 4,
    FLAG_ELIGIBLE = 8,
    FLAG_BACKED_UP = 16,
    FLAG_KEY = 64,
    FLAG_MORE = 128
};

#define CHALLENGE_TEXT BASE64URL_LENGTH(WEBAUTHN_CHALLENGE_MAX)

static enum status refuse(struct error *e, const char *why) {
    return error_set(e, ST_DENIED, "passkey_refused", "%s", why);
}

bool webauthn_challenge_of(struct slice client, uint8_t out[WEBAUTHN_CHALLENGE_MAX], size_t *n) {
    json_t *json = NULL;
    uint8_t bytes[CHALLENGE_TEXT];
    bool fine = json_read(client, JSON_REJECT_DUPLICATES, &json, NULL) == ST_OK;
    const json_t *text = json_object_get(json, "challenge");
    fine = fine && json_is_string(text) && json_string_length(text) <= CHALLENGE_TEXT &&
           base64url_decode(slice_of(json_string_value(text), json_string_length(text)), bytes, n) &&
           *n <= WEBAUTHN_CHALLENGE_MAX;
    if (fine)
        memcpy(out, bytes, *n);
    json_decref(json);
    return fine;
}

static bool member_is(const json_t *from, const char *name, const char *want) {
    const char *has = json_string_value(json_object_get(from, name));
    return has != NULL && strcmp(has, want) == 0;
}

static enum status check_client(const json_t *c, const struct webauthn_party *party, struct slice challenge,
                                const char *type, struct error *e) {
    char text[CHALLENGE_TEXT + 1];
    if (challenge.n > WEBAUTHN_CHALLENGE_MAX)
        return refuse(e, "the challenge is too long");
    base64url_encode(challenge, text);
    if (!member_is(c, "type", type))
        return refuse(e, "another ceremony's answer");
    if (!member_is(c, "challenge", text))
        return refuse(e, "another challenge's answer");
    if (!member_is(c, "origin", party->origin))
        return refuse(e, "given to another site");
    const json_t *cross = json_object_get(c, "crossOrigin");
    if ((cross != NULL && !json_is_false(cross)) || json_object_get(c, "topOrigin") != NULL)
        return refuse(e, "given in another site's frame");
    return ST_OK;
}

static enum status read_client(const struct webauthn_party *party, struct slice challenge, const char *type,
                               struct slice client, struct error *e) {
    json_t *json = NULL;
    enum status s = json_read(client, JSON_REJECT_DUPLICATES, &json, NULL);
    if (s == ST_NOMEM)
        return error_set(e, s, "no_memory", "no memory for the client data");
    s = json_is_object(json) ? check_client(json, party, challenge, type, e)
                             : refuse(e, "the client data are no JSON object");
    json_decref(json);
    return s;
}

struct authenticator_data {
    uint8_t flags;
    uint32_t counter;
    struct slice id, key;
};

static uint32_t get_u32(struct reader *r) {
    uint32_t v;
    reader_copy(r, &v, sizeof v);
    return be32toh(v);
}

/* Section 6.1. */
static bool read_authenticator(struct slice data, uint8_t hash[HASH_SIZE], struct authenticator_data *out) {
    struct reader r = reader_of(data);
    reader_copy(&r, hash, HASH_SIZE);
    out->flags = reader_u8(&r);
    out->counter = get_u32(&r);
    if ((out->flags & FLAG_KEY) != 0) {
        uint8_t size[2];
        (void)reader_bytes(&r, 16); /* the make of the authenticator */
        reader_copy(&r, size, sizeof size);
        out->id = reader_bytes(&r, (size_t)size[0] << 8 | size[1]);
        out->key = cbor_skip(&r);
    }
    if ((out->flags & FLAG_MORE) != 0) {
        struct slice extensions = cbor_skip(&r);
        if (extensions.n > 0 && extensions.p[0] >> 5 != 5)
            return false;
    }
    return reader_done(&r);
}

static enum status check_authenticator(const struct webauthn_party *party, struct slice data,
                                       struct authenticator_data *out, struct error *e) {
    uint8_t has[HASH_SIZE], want[HASH_SIZE];
    *out = (struct authenticator_data){.flags = 0};
    if (!read_authenticator(data, has, out))
        return refuse(e, "the authenticator's data do not parse");
    enum status s = hash_once(slice_from_string(party->id), want);
    if (s != ST_OK)
        return error_set(e, s, "hash", "the party's id could not be hashed");
    if (!crypto_equal(has, want, sizeof want))
        return refuse(e, "made for another site");
    if ((out->flags & FLAG_PRESENT) == 0)
        return refuse(e, "nobody was present");
    if (party->verified && (out->flags & FLAG_VERIFIED) == 0)
        return refuse(e, "the person was not verified");
    if ((out->flags & FLAG_BACKED_UP) != 0 && (out->flags & FLAG_ELIGIBLE) == 0)
        return refuse(e, "flags that do not fit together");
    return ST_OK;
}

static bool take_part(struct slice from, uint8_t *to, size_t room, uint16_t *n) {
    if (from.n == 0 || from.n > room || *n != 0)
        return false;
    memcpy(to, from.p, from.n);
    *n = (uint16_t)from.n;
    return true;
}

/* A COSE key (RFC 9052 section 7, RFC 8230): kty 1, alg 3; then curve -1, x -2, y -3, or n -1, e -2. */
static bool read_key(struct slice bytes, struct verify_key *out) {
    struct reader r = reader_of(bytes);
    int64_t kty = 0, curve = 0, algorithm = 0;
    memset(out, 0, sizeof *out);
    bool fine = true;
    uint64_t pairs = cbor_map(&r);
    for (uint64_t i = 0; i < pairs && fine && !r.failed; i++) {
        int64_t label = cbor_int(&r);
        bool number = cbor_next_is_int(&r);
        if (label == 1)
            kty = cbor_int(&r);
        else if (label == 3)
            algorithm = cbor_int(&r);
        else if (label == -1 && number)
            curve = cbor_int(&r);
        else if (label == -1 || (label == -2 && kty != 3))
            fine = take_part(cbor_bytes(&r), out->first, sizeof out->first, &out->first_n);
        else if (label == -2 || label == -3)
            fine = take_part(cbor_bytes(&r), out->second, sizeof out->second, &out->second_n);
        else
            (void)cbor_skip(&r);
    }
    static const struct {
        int64_t algorithm, kty, curve;
    } known[] = {{VERIFY_ES256, 2, 1},
                 {VERIFY_ES384, 2, 2},
                 {VERIFY_ES512, 2, 3},
                 {VERIFY_EDDSA, 1, 6},
                 {VERIFY_RS256, 3, 0}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].algorithm == algorithm && known[i].kty == kty && known[i].curve == curve)
            out->algorithm = (int16_t)algorithm;
    }
    return fine && reader_done(&r) && out->algorithm != 0 && verify_key_check(out) == ST_OK;
}

/* Section 6.5: {"fmt", "attStmt", "authData"}. */
static bool read_attestation(struct slice bytes, struct slice *data) {
    struct reader r = reader_of(bytes);
    *data = SLICE_NONE;
    uint64_t pairs = cbor_map(&r);
    for (uint64_t i = 0; i < pairs && !r.failed; i++) {
        struct slice name = cbor_text(&r);
        if (slice_is(name, "authData") && data->p == NULL)
            *data = cbor_bytes(&r);
        else
            (void)cbor_skip(&r);
    }
    return reader_done(&r) && data->p != NULL;
}

enum status webauthn_register(const struct webauthn_party *party, struct slice challenge, struct slice client,
                              struct slice attestation, struct webauthn_made *out, struct error *e) {
    struct authenticator_data a;
    struct slice data;
    memset(out, 0, sizeof *out);
    enum status s = read_client(party, challenge, "webauthn.create", client, e);
    if (s != ST_OK)
        return s;
    if (!read_attestation(attestation, &data))
        return refuse(e, "the attestation does not parse");
    s = check_authenticator(party, data, &a, e);
    if (s != ST_OK)
        return s;
    if ((a.flags & FLAG_KEY) == 0 || a.id.n == 0 || a.id.n > 1023)
        return refuse(e, "there is no key in it");
    if (!read_key(a.key, &out->key))
        return refuse(e, "the key is of no kind that is known here");
    out->id = a.id;
    out->counter = a.counter;
    out->synced = (a.flags & FLAG_ELIGIBLE) != 0;
    return ST_OK;
}

/* What is signed: the authenticator's data and the hash of the client's. */
static enum status check_signature(const struct verify_key *key, struct slice client,
                                   struct slice authenticator, struct slice signature, struct error *e) {
    uint8_t hash[HASH_SIZE];
    struct buf message;
    enum status s = hash_once(client, hash);
    if (s != ST_OK)
        return error_set(e, s, "hash", "the client data could not be hashed");
    buf_init(&message, (size_t)64 << 10, false);
    buf_put(&message, authenticator.p, authenticator.n);
    buf_put(&message, hash, sizeof hash);
    s = message.failed ? ST_NOMEM : verify_signature(key, buf_slice(&message), signature);
    buf_free(&message);
    if (s == ST_NOMEM)
        return error_set(e, s, "no_memory", "no memory for the signature");
    return s == ST_OK ? s : refuse(e, "the signature is not the passkey's");
}

enum status webauthn_assert(const struct webauthn_party *party, struct slice challenge,
                            const struct verify_key *key, struct slice client, struct slice authenticator,
                            struct slice signature, uint32_t *counter, struct error *e) {
    struct authenticator_data a;
    *counter = 0;
    enum status s = read_client(party, challenge, "webauthn.get", client, e);
    if (s == ST_OK)
        s = check_authenticator(party, authenticator, &a, e);
    if (s == ST_OK)
        s = check_signature(key, client, authenticator, signature, e);
    if (s == ST_OK)
        *counter = a.counter;
    return s;
}
