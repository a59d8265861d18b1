/* Any bytes as what a passkey answers: the first byte's part is the client data, the rest an attestation, or
 * the authenticator's data of an assertion. */
#include "crypto/start.h"
#include "keeper/cbor.h"
#include "keeper/webauthn.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct webauthn_party party = {.id = "example.org", .origin = "https://example.org"};
    static const uint8_t client[] = "{\"type\":\"webauthn.create\",\"challenge\":\"AAAA\",\"origin\":"
                                    "\"https://example.org\",\"crossOrigin\":false}";
    static const uint8_t challenge[3];
    struct slice fixed = slice_of(client, sizeof client - 1), given = slice_of(data, size);
    struct webauthn_made made;
    struct error e;
    uint8_t out[WEBAUTHN_CHALLENGE_MAX];
    uint32_t counter;
    size_t n = 0;
    if (crypto_start(&e) != ST_OK)
        abort();
    if (webauthn_register(&party, slice_of(challenge, 3), fixed, given, &made, &e) == ST_OK) {
        if (made.id.n == 0 || verify_key_check(&made.key) != ST_OK)
            abort();
        if (webauthn_assert(&party, slice_of(challenge, 3), &made.key, fixed, given, given, &counter, &e) ==
            ST_OK)
            abort(); /* of another ceremony, and signed by nobody */
    }
    if (webauthn_challenge_of(given, out, &n) && n > sizeof out)
        abort();
    struct reader r = reader_of(given);
    struct slice item = cbor_skip(&r);
    if (!r.failed && item.n != r.at)
        abort();
    return 0;
}
