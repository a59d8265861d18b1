/* Signed tokens: the published vectors, and what is refused. Claims of an ID token; which addresses a
 * provider lets be asked. */
#include "test.h"

#include "base/hex.h"
#include "base/json_in.h"
#include "connect/fetch.h"
#include "crypto/hash.h"
#include "crypto/start.h"
#include "keeper/id_token.h"
#include "keeper/jws.h"
#include "keeper/sign_on.h"
#include "keeper/sign_on_table.h"
#include "keeper_jws_vectors.h"

static json_t *json_of(const char *text) {
    json_t *out = NULL;
    assert_int_equal(json_read(slice_from_string(text), 0, &out, NULL), ST_OK);
    return out;
}

static enum status check(const char *keys, const char *token, struct error *e) {
    struct slice payload;
    json_t *set = json_of(keys);
    enum status s = jws_check(slice_from_string(token), set, &payload, e);
    json_decref(set);
    return s;
}

static void published_signatures_hold_and_bent_ones_do_not(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof jws_vectors / sizeof jws_vectors[0]; i++) {
        const struct jws_vector *v = &jws_vectors[i];
        struct error e = {.status = ST_OK};
        char bent[2048];
        assert_int_equal(check(v->keys, v->token, &e), ST_OK);
        (void)snprintf(bent, sizeof bent, "%s", v->token);
        char *payload = strchr(bent, '.') + 1;
        *payload = *payload == 'A' ? 'B' : 'A';
        assert_int_equal(check(v->keys, bent, &e), ST_DENIED);
        assert_string_equal(e.code, "token_signature");
        (void)snprintf(bent, sizeof bent, "%s", v->token);
        char *signature = strrchr(bent, '.') + 5;
        *signature = *signature == 'A' ? 'B' : 'A';
        assert_int_equal(check(v->keys, bent, &e), ST_DENIED);
        for (size_t k = 0; k < sizeof jws_vectors / sizeof jws_vectors[0]; k++) { /* another's keys */
            bool same = strcmp(jws_vectors[k].keys, v->keys) == 0;
            assert_int_equal(check(jws_vectors[k].keys, v->token, &e) == ST_OK, same);
        }
    }
}

/* {"alg":"none"}, {"alg":"HS256"} and others, with the payload and signature of RFC 7515 A.2. */
static void only_the_listed_algorithms_are_taken(void **state) {
    (void)state;
    static const char *const headers[] = {"{\"alg\":\"none\"}",    "{\"alg\":\"HS256\"}",
                                          "{\"alg\":\"rs256\"}",   "{\"alg\":\"RS256 \"}",
                                          "{\"alg\":[\"RS256\"]}", "{}"};
    struct error e = {.status = ST_OK};
    const char *rest = strchr(jws_vectors[0].token, '.');
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        char head[128], token[2048];
        base64url_encode(slice_from_string(headers[i]), head);
        (void)snprintf(token, sizeof token, "%s%s", head, rest);
        assert_int_equal(check(jws_vectors[0].keys, token, &e), ST_INVALID);
        assert_string_equal(e.code, "token_algorithm");
    }
    char head[128], token[2048];
    base64url_encode(SLICE("{\"alg\":\"RS256\",\"crit\":[\"b64\"],\"b64\":false}"), head);
    (void)snprintf(token, sizeof token, "%s%s", head, rest);
    assert_int_equal(check(jws_vectors[0].keys, token, &e), ST_INVALID);
    assert_string_equal(e.code, "token_form");
}

static void malformed_tokens_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"",           ".",        "..",
                                      "a.b",        "a.b.c.d",  "eyJhbGciOiJSUzI1NiJ9..",
                                      "!.!.!",      "e30.e30.", "eyJhbGciOiJSUzI1NiJ9.e30.=",
                                      "e30=.e30.AA"};
    struct error e = {.status = ST_OK};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(check(jws_vectors[0].keys, bad[i], &e), ST_INVALID);
}

static void a_key_of_another_use_name_or_kind_is_passed_over(void **state) {
    (void)state;
    struct error e = {.status = ST_OK};
    const struct jws_vector *named = &jws_vectors[2]; /* RFC 7520 4.1 has a kid */
    json_t *set = json_of(named->keys), *key = json_array_get(json_object_get(set, "keys"), 0);
    struct slice payload, token = slice_from_string(named->token);
    assert_int_equal(json_object_set_new(key, "use", json_string("enc")), 0);
    assert_int_equal(jws_check(token, set, &payload, &e), ST_NOT_FOUND);
    assert_int_equal(json_object_set_new(key, "use", json_string("sig")), 0);
    assert_int_equal(json_object_set_new(key, "alg", json_string("PS256")), 0);
    assert_int_equal(jws_check(token, set, &payload, &e), ST_NOT_FOUND);
    assert_int_equal(json_object_set_new(key, "alg", json_string("RS256")), 0);
    assert_int_equal(jws_check(token, set, &payload, &e), ST_OK);
    assert_int_equal(json_object_set_new(key, "kid", json_string("another")), 0);
    assert_int_equal(jws_check(token, set, &payload, &e), ST_NOT_FOUND);
    assert_string_equal(e.code, "token_key");
    json_decref(set);
}

static void a_code_challenge_is_that_of_rfc_7636_appendix_b(void **state) {
    (void)state;
    uint8_t hash[HASH_SIZE];
    char challenge[44];
    assert_int_equal(hash_once(SLICE("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), hash), ST_OK);
    base64url_encode(slice_of(hash, sizeof hash), challenge);
    assert_string_equal(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

static const struct id_token_expected expected = {.issuer = "https://idp.example",
                                                  .client_id = "kedun",
                                                  .nonce = "n",
                                                  .max_age = 600,
                                                  .now = (int64_t)1000000 * 1000};

static bool claims_hold(const char *text) {
    struct error e = {.status = ST_OK};
    json_t *claims = json_of(text);
    enum status s = id_token_check(claims, &expected, &e);
    json_decref(claims);
    return s == ST_OK;
}

#define CLAIMS(iss, aud, times)                                                                              \
    "{\"iss\":\"" iss "\",\"aud\":" aud ",\"nonce\":\"n\",\"sub\":\"s\"," times "}"
#define NOW "\"iat\":1000000,\"exp\":1000300,\"auth_time\":999900"

static void claims_are_an_answer_to_this_request_alone(void **state) {
    (void)state;
    static const char iss_ok[] = CLAIMS("https://idp.example", "\"kedun\"", NOW);
    assert_true(claims_hold(iss_ok));
    assert_true(claims_hold(CLAIMS("https://idp.example", "[\"kedun\"]", NOW)));
    assert_true(
        claims_hold(CLAIMS("https://idp.example", "[\"other\",\"kedun\"]", NOW ",\"azp\":\"kedun\"")));
    assert_false(claims_hold(CLAIMS("https://idp.example", "[\"other\",\"kedun\"]", NOW)));
    assert_false(claims_hold(CLAIMS("https://idp.example", "\"kedun\"", NOW ",\"azp\":\"other\"")));
    assert_false(claims_hold(CLAIMS("https://idp.example/", "\"kedun\"", NOW)));
    assert_false(claims_hold(CLAIMS("https://idp.example", "\"other\"", NOW)));
    assert_false(claims_hold(CLAIMS("https://idp.example", "{\"kedun\":1}", NOW)));
    assert_true(claims_hold(
        CLAIMS("https://idp.example", "\"kedun\"", "\"iat\":999700,\"exp\":999941,\"auth_time\":999900")));
    static const char *const times[] = {
        "\"iat\":1000000,\"exp\":999940,\"auth_time\":999900",
        "\"iat\":1000061,\"exp\":1000300,\"auth_time\":1",
        "\"iat\":999339,\"exp\":1000300,\"auth_time\":999900",
        "\"iat\":1000000,\"auth_time\":999900",
        "\"exp\":1000300,\"auth_time\":999900",
        "\"iat\":1000000,\"exp\":1000300",
        "\"iat\":1000000,\"exp\":1000300,\"auth_time\":999339",
        "\"iat\":1000000,\"exp\":\"1000300\"",
        "\"iat\":1000000,\"exp\":1e300,\"auth_time\":999900",
        "\"iat\":1000000,\"exp\":1000300,\"auth_time\":-1",
        "\"iat\":1000000,\"exp\":1000300,\"auth_time\":999900,\"nbf\":1000061"};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        char text[512];
        (void)snprintf(text, sizeof text, CLAIMS("https://idp.example", "\"kedun\"", "%s"), times[i]);
        assert_false(claims_hold(text));
    }
}

static void a_second_factor_counts_only_where_the_company_takes_it(void **state) {
    (void)state;
    json_t *taken = json_of("{\"amr\":[\"mfa\",\"hwk\"],\"acr\":[\"gold\"]}");
    static const struct {
        const char *claims;
        int64_t at;
    } cases[] = {{"{\"amr\":[\"pwd\",\"mfa\"],\"auth_time\":5}", 5000},
                 {"{\"acr\":\"gold\",\"auth_time\":5}", 5000},
                 {"{\"amr\":[\"pwd\"],\"auth_time\":5}", 0},
                 {"{\"amr\":\"mfa\",\"auth_time\":5}", 0},
                 {"{\"amr\":[\"mfa\"]}", 0},
                 {"{\"acr\":\"silver\",\"auth_time\":5}", 0},
                 {"{\"amr\":[\"mfa\"],\"auth_time\":500}", 0},
                 {"{\"amr\":[\"hwk\"],\"auth_time\":20}", 10000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *claims = json_of(cases[i].claims);
        assert_int_equal(id_token_second_factor(claims, taken, 10000), cases[i].at);
        assert_int_equal(id_token_second_factor(claims, NULL, 10000), 0);
        json_decref(claims);
    }
    json_decref(taken);
}

static void only_the_issuers_own_hosts_may_be_asked(void **state) {
    (void)state;
    json_t *d = json_of("{\"issuer\":\"https://idp.example/realm\",\"hosts\":[\"keys.idp.example:8443\"]}");
    static const struct {
        const char *url;
        bool allowed;
    } cases[] = {{"https://idp.example/token", true},
                 {"https://idp.example", true},
                 {"https://idp.example?x=1", true},
                 {"https://keys.idp.example:8443/k", true},
                 {"https://keys.idp.example/k", false},
                 {"https://idp.example:444/token", false},
                 {"http://idp.example/token", false},
                 {"https://idp.example@evil.example/", false},
                 {"https://idp.example.evil.example/", false},
                 {"https://evil.example/idp.example", false},
                 {"https://idp.example\\@evil.example/", false},
                 {"https://idp.example/#f", false},
                 {"https://IDP.example/", false},
                 {"https:///token", false},
                 {"file:///etc/passwd", false},
                 {"", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(sign_on_url_allowed(d, cases[i].url), cases[i].allowed);
    json_decref(d);
}

static void this_hosts_own_addresses_are_not_asked_unless_named(void **state) {
    (void)state;
    struct fetch open = {.url = ""}, named = {.url = ""};
    json_t *networks = json_of("[\"127.0.0.0/8\"]");
    static const struct {
        uint8_t a[16];
        bool allowed;
    } cases[] = {{{[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}, false},
                 {{[10] = 0xff, [11] = 0xff, [12] = 169, [13] = 254, [14] = 169, [15] = 254}, false},
                 {{[10] = 0xff, [11] = 0xff}, false},
                 {{[10] = 0xff, [11] = 0xff, [12] = 239, [15] = 1}, false},
                 {{[15] = 1}, false},
                 {{[0] = 0xfe, [1] = 0x80, [15] = 1}, false},
                 {{[0] = 0xff, [1] = 2, [15] = 1}, false},
                 {{[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1}, true},
                 {{[0] = 0xfd, [15] = 1}, true},
                 {{[0] = 0x20, [1] = 1, [15] = 1}, true}};
    assert_true(network_parse_all(networks, named.networks, &named.network_count));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(fetch_permits(&open, cases[i].a), cases[i].allowed);
        assert_int_equal(fetch_permits(&named, cases[i].a), i == 0);
    }
    json_decref(networks);
}

static int start(void **state) {
    struct error e;
    (void)state;
    return crypto_start(&e) == ST_OK ? 0 : -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_signatures_hold_and_bent_ones_do_not),
        cmocka_unit_test(only_the_listed_algorithms_are_taken),
        cmocka_unit_test(malformed_tokens_are_refused),
        cmocka_unit_test(a_key_of_another_use_name_or_kind_is_passed_over),
        cmocka_unit_test(a_code_challenge_is_that_of_rfc_7636_appendix_b),
        cmocka_unit_test(claims_are_an_answer_to_this_request_alone),
        cmocka_unit_test(a_second_factor_counts_only_where_the_company_takes_it),
        cmocka_unit_test(only_the_issuers_own_hosts_may_be_asked),
        cmocka_unit_test(this_hosts_own_addresses_are_not_asked_unless_named),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
