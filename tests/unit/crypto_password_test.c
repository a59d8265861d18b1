#include "test.h"

#include "base/hex.h"
#include "crypto/password.h"
#include "crypto/start.h"

#include <argon2.h>

static const struct password_cost cheap = {.memory_kib = 64, .passes = 1, .lanes = 1};

/* RFC 9106 section 5.3. */
static void argon2id_gives_the_published_value(void **state) {
    (void)state;
    uint8_t password[32], salt[16], secret[8], ad[12], out[32], want[32];
    memset(password, 1, sizeof password);
    memset(salt, 2, sizeof salt);
    memset(secret, 3, sizeof secret);
    memset(ad, 4, sizeof ad);
    struct password_cost cost = {.memory_kib = 32, .passes = 3, .lanes = 4};
    assert_int_equal(password_raw(&cost, slice_of(password, 32), slice_of(salt, 16), slice_of(secret, 8),
                                  slice_of(ad, 12), out, 32),
                     ST_OK);
    assert_true(
        hex_decode(SLICE("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"), want, 32));
    assert_memory_equal(out, want, 32);
}

static void a_password_verifies_only_with_its_own_words_and_pepper(void **state) {
    (void)state;
    char text[PASSWORD_TEXT + 1];
    struct slice pepper = SLICE("kept in the keeper");
    assert_int_equal(password_hash(&cheap, SLICE("correct horse"), pepper, text), ST_OK);
    struct slice stored = slice_from_string(text);
    assert_int_equal(password_verify(stored, SLICE("correct horse"), pepper, NULL), ST_OK);
    assert_int_equal(password_verify(stored, SLICE("correct horsf"), pepper, NULL), ST_DENIED);
    assert_int_equal(password_verify(stored, SLICE("correct horse"), SLICE_NONE, NULL), ST_DENIED);
    assert_false(password_is_stale(stored, &cheap));
    struct password_cost better = password_default_cost();
    assert_true(password_is_stale(stored, &better));
}

static void the_text_is_the_phc_form_that_the_library_reads(void **state) {
    (void)state;
    char text[PASSWORD_TEXT + 1];
    assert_int_equal(password_hash(&cheap, SLICE("geheim"), SLICE_NONE, text), ST_OK);
    assert_int_equal(argon2id_verify(text, "geheim", 6), ARGON2_OK);
    char theirs[PASSWORD_TEXT + 1];
    assert_int_equal(
        argon2id_hash_encoded(1, 64, 1, "geheim", 6, "saltsaltsaltsalt", 16, 32, theirs, sizeof theirs),
        ARGON2_OK);
    assert_int_equal(password_verify(slice_from_string(theirs), SLICE("geheim"), SLICE_NONE, NULL), ST_OK);
}

static void broken_or_costly_strings_are_refused(void **state) {
    (void)state;
    char text[PASSWORD_TEXT + 1];
    assert_int_equal(password_hash(&cheap, SLICE("x"), SLICE_NONE, text), ST_OK);
    struct password_cost most = {.memory_kib = 63, .passes = 1, .lanes = 1};
    assert_int_equal(password_verify(slice_from_string(text), SLICE("x"), SLICE_NONE, &most), ST_CORRUPT);
    for (size_t n = strlen(text); n-- > 0;)
        assert_int_equal(password_verify(slice_of(text, n), SLICE("x"), SLICE_NONE, NULL), ST_CORRUPT);
    text[strlen(text) - 5] = '!';
    assert_int_equal(password_verify(slice_from_string(text), SLICE("x"), SLICE_NONE, NULL), ST_CORRUPT);
    assert_int_equal(password_verify(SLICE("$argon2id$v=19$m=4294967295,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
                                           "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
                                     SLICE("x"), SLICE_NONE, NULL),
                     ST_CORRUPT);
    static uint8_t long_password[PASSWORD_MAX + 1];
    assert_int_equal(password_hash(&cheap, slice_of(long_password, sizeof long_password), SLICE_NONE, text),
                     ST_INVALID);
}

static int start(void **state) {
    (void)state;
    return crypto_start(NULL) == ST_OK ? 0 : -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(argon2id_gives_the_published_value),
        cmocka_unit_test(a_password_verifies_only_with_its_own_words_and_pepper),
        cmocka_unit_test(the_text_is_the_phc_form_that_the_library_reads),
        cmocka_unit_test(broken_or_costly_strings_are_refused),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
