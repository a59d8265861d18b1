/* Any bytes as a signed token, and as its claims: against the published keys of RFC 7515 and RFC 8037. */
#include "base/json_in.h"
#include "crypto/start.h"
#include "keeper/id_token.h"
#include "keeper/jws.h"
#include "keeper/sign_on_table.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char keys[] =
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"e\","
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_"
    "tue659LNpXW6pCyStikYjKIWI5a0\"},"
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";

static void try_set(struct slice given) {
    static const char token[] =
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    struct slice payload;
    struct error e;
    json_t *set = NULL;
    if (json_read(given, 0, &set, NULL) != ST_OK)
        return;
    struct id_token_expected x = {.issuer = "https://i.example", .client_id = "c", .nonce = "n", .now = 1};
    if (id_token_check(set, &x, &e) == ST_OK && json_object_get(set, "sub") == NULL)
        abort();
    (void)id_token_second_factor(set, set, 1);
    if (sign_on_check(set, &e) == ST_OK && json_object_get(set, "issuer") == NULL)
        abort();
    enum status s = jws_check(slice_from_string(token), set, &payload, &e);
    if (s == ST_OK && payload.n == 0)
        abort();
    json_decref(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static json_t *set;
    struct error e;
    json_t *claims = NULL;
    uint8_t der[256];
    struct slice given = slice_of(data, size);
    if (crypto_start(&e) != ST_OK ||
        (set == NULL && json_read(slice_from_string(keys), 0, &set, NULL) != ST_OK))
        abort();
    enum status s = jws_verify(given, set, &claims, &e);
    if ((s == ST_OK) != (claims != NULL))
        abort();
    json_decref(claims);
    if (size <= 132 && jws_ecdsa_der(given, der) > size + 16)
        abort();
    try_set(given);
    return 0;
}
