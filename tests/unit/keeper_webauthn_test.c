/* The published test vectors of Web Authentication Level 3 (section "Test Vectors"), and what is refused. */
#include "test.h"

#include "base/hex.h"
#include "crypto/start.h"
#include "keeper/cbor.h"
#include "keeper/challenge.h"
#include "keeper/webauthn.h"
#include "keeper_webauthn_vectors.h"

#include <stdlib.h>

static const struct webauthn_party party = {.id = "example.org", .origin = "https://example.org"};

struct bytes {
    uint8_t b[2048];
    size_t n;
};

static struct slice decode(const char *hex, struct bytes *out) {
    out->n = strlen(hex) / 2;
    assert_true(out->n <= sizeof out->b);
    assert_true(hex_decode(slice_from_string(hex), out->b, out->n));
    return slice_of(out->b, out->n);
}

/* One vector, taken apart. */
struct pair {
    struct bytes challenge, id, client, attestation, challenge2, authenticator, client2, signature;
};

static struct pair *pair_of(const struct vector *v) {
    struct pair *p = calloc(1, sizeof *p);
    assert_non_null(p);
    (void)decode(v->challenge, &p->challenge);
    (void)decode(v->id, &p->id);
    (void)decode(v->client, &p->client);
    (void)decode(v->attestation, &p->attestation);
    (void)decode(v->challenge2, &p->challenge2);
    (void)decode(v->authenticator, &p->authenticator);
    (void)decode(v->client2, &p->client2);
    (void)decode(v->signature, &p->signature);
    return p;
}

#define S(x) slice_of((x).b, (x).n)

static enum status make(const struct pair *p, const struct webauthn_party *by, struct webauthn_made *made,
                        struct error *e) {
    return webauthn_register(by, S(p->challenge), S(p->client), S(p->attestation), made, e);
}

static enum status show(const struct pair *p, const struct webauthn_party *by, const struct verify_key *key,
                        struct error *e) {
    uint32_t counter;
    return webauthn_assert(by, S(p->challenge2), key, S(p->client2), S(p->authenticator), S(p->signature),
                           &counter, e);
}

/* Of another site's frame, and Ed448, which Kedun asks no authenticator for. */
static bool is_refused(const struct vector *v) {
    return strstr(v->name, "crossOrigin") != NULL || strstr(v->name, "topOrigin") != NULL ||
           strstr(v->name, "Ed448") != NULL;
}

static void every_published_vector_is_judged_rightly(void **state) {
    (void)state;
    size_t good = 0;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct pair *p = pair_of(&vectors[i]);
        struct webauthn_made made;
        struct error e = {.status = ST_OK};
        enum status s = make(p, &party, &made, &e);
        if (is_refused(&vectors[i])) {
            assert_int_equal(s, ST_DENIED);
        } else {
            if (s != ST_OK)
                fail_msg("%s: %s", vectors[i].name, e.detail);
            assert_true(slice_equal(made.id, S(p->id)));
            s = show(p, &party, &made.key, &e);
            if (s != ST_OK)
                fail_msg("%s: %s", vectors[i].name, e.detail);
            good++;
        }
        free(p);
    }
    assert_int_equal(good, 12);
}

static void a_byte_changed_anywhere_is_refused(void **state) {
    (void)state;
    struct pair *p = pair_of(&vectors[0]);
    struct webauthn_made made;
    struct error e;
    assert_int_equal(make(p, &party, &made, &e), ST_OK);
    struct bytes *const parts[] = {&p->client2, &p->authenticator, &p->signature};
    for (size_t k = 0; k < 3; k++) {
        for (size_t i = 0; i < parts[k]->n; i++) {
            parts[k]->b[i] ^= 1;
            assert_int_equal(show(p, &party, &made.key, &e), ST_DENIED);
            parts[k]->b[i] ^= 1;
        }
    }
    for (size_t n = 0; n < p->attestation.n; n++) { /* cut short */
        struct slice cut = slice_of(p->attestation.b, n);
        assert_int_equal(webauthn_register(&party, S(p->challenge), S(p->client), cut, &made, &e), ST_DENIED);
    }
    free(p);
}

static void another_site_ceremony_or_challenge_is_refused(void **state) {
    (void)state;
    struct pair *p = pair_of(&vectors[0]);
    struct webauthn_made made;
    struct error e;
    struct webauthn_party other = {.id = "example.com", .origin = "https://example.org"};
    assert_int_equal(make(p, &other, &made, &e), ST_DENIED);
    other = (struct webauthn_party){.id = "example.org", .origin = "https://example.org:8443"};
    assert_int_equal(make(p, &other, &made, &e), ST_DENIED);
    assert_int_equal(webauthn_register(&party, S(p->challenge2), S(p->client), S(p->attestation), &made, &e),
                     ST_DENIED);
    assert_int_equal(webauthn_register(&party, S(p->challenge2), S(p->client2), S(p->attestation), &made, &e),
                     ST_DENIED);
    assert_int_equal(make(p, &party, &made, &e), ST_OK);
    free(p);
}

static void whoever_was_not_verified_is_refused_where_that_is_asked_for(void **state) {
    (void)state;
    struct webauthn_party strict = party;
    strict.verified = true;
    size_t refused = 0, taken = 0;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        if (is_refused(&vectors[i]))
            continue;
        struct pair *p = pair_of(&vectors[i]);
        struct webauthn_made made;
        struct error e;
        assert_int_equal(make(p, &party, &made, &e), ST_OK);
        bool verified = (p->authenticator.b[32] & 4) != 0;
        assert_int_equal(show(p, &strict, &made.key, &e), verified ? ST_OK : ST_DENIED);
        refused += !verified;
        taken += verified;
        free(p);
    }
    assert_true(refused > 0 && taken > 0);
}

static void a_challenge_is_good_once_in_its_time_and_for_its_purpose(void **state) {
    (void)state;
    struct challenges *c = challenges_new();
    assert_non_null(c);
    struct challenge_scope scope = {.purpose = CHALLENGE_SHOW, .user = 7}, other = scope;
    uint8_t one[CHALLENGE_SIZE], two[CHALLENGE_SIZE];
    const int64_t now = 1000000;
    struct slice first = slice_of(one, sizeof one), second = slice_of(two, sizeof two);
    assert_int_equal(challenge_make(c, &scope, now, one), ST_OK);
    assert_int_equal(challenge_make(c, &scope, now, two), ST_OK);
    other.user = 8;
    assert_int_equal(challenge_take(c, &other, first, now), ST_DENIED);
    other = scope;
    other.purpose = CHALLENGE_REGISTER;
    assert_int_equal(challenge_take(c, &other, first, now), ST_DENIED);
    other = scope;
    other.session.b[3] = 1;
    assert_int_equal(challenge_take(c, &other, first, now), ST_DENIED);
    assert_int_equal(challenge_take(c, &scope, first, now + 5), ST_OK);
    assert_int_equal(challenge_take(c, &scope, first, now + 6), ST_DENIED);
    assert_int_equal(challenge_take(c, &scope, second, now + CHALLENGE_MS + 1), ST_DENIED);
    two[3] ^= 1;
    assert_int_equal(challenge_take(c, &scope, second, now), ST_DENIED);
    challenges_free(c);
}

static void cbor_of_odd_shapes_is_refused(void **state) {
    (void)state;
    static const char *const odd[] = {"",
                                      "5f4101ff",
                                      "9f01ff",
                                      "bf",
                                      "1c",
                                      "5bffffffffffffffff",
                                      "9bffffffffffffffff",
                                      "bbffffffffffffffff",
                                      "c100",
                                      "818181818181818181818100",
                                      "a101",
                                      "62ff"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        struct bytes b;
        struct reader r = reader_of(decode(odd[i], &b));
        (void)cbor_skip(&r);
        assert_true(r.failed);
    }
}

static int start(void **state) {
    struct error e;
    (void)state;
    return crypto_start(&e) == ST_OK ? 0 : 1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_published_vector_is_judged_rightly),
        cmocka_unit_test(a_byte_changed_anywhere_is_refused),
        cmocka_unit_test(another_site_ceremony_or_challenge_is_refused),
        cmocka_unit_test(whoever_was_not_verified_is_refused_where_that_is_asked_for),
        cmocka_unit_test(a_challenge_is_good_once_in_its_time_and_for_its_purpose),
        cmocka_unit_test(cbor_of_odd_shapes_is_refused),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
