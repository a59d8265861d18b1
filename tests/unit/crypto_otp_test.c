#include "test.h"

#include "crypto/otp.h"

static const struct slice key20 = SLICE_INIT("12345678901234567890");
static const struct slice key32 = SLICE_INIT("12345678901234567890123456789012");
static const struct slice key64 =
    SLICE_INIT("1234567890123456789012345678901234567890123456789012345678901234");

static void hotp_gives_the_codes_of_rfc_4226_appendix_d(void **state) {
    (void)state;
    static const char *const codes[] = {"755224", "287082", "359152", "969429", "338314",
                                        "254676", "287922", "162583", "399871", "520489"};
    char code[OTP_DIGITS_MAX + 1];
    for (uint64_t i = 0; i < 10; i++) {
        assert_int_equal(otp_code(OTP_SHA1, key20, i, 6, code), ST_OK);
        assert_string_equal(code, codes[i]);
    }
}

static void totp_gives_the_codes_of_rfc_6238_appendix_b(void **state) {
    (void)state;
    static const struct {
        int64_t seconds;
        const char *sha1, *sha256, *sha512;
    } vectors[] = {
        {59, "94287082", "46119246", "90693936"},         {1111111109, "07081804", "68084774", "25091201"},
        {1111111111, "14050471", "67062674", "99943326"}, {1234567890, "89005924", "91819424", "93441116"},
        {2000000000, "69279037", "90698825", "38618901"}, {20000000000, "65353130", "77737706", "47863826"}};
    char code[OTP_DIGITS_MAX + 1];
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        uint64_t step = otp_step(vectors[i].seconds * 1000);
        assert_int_equal(otp_code(OTP_SHA1, key20, step, 8, code), ST_OK);
        assert_string_equal(code, vectors[i].sha1);
        assert_int_equal(otp_code(OTP_SHA256, key32, step, 8, code), ST_OK);
        assert_string_equal(code, vectors[i].sha256);
        assert_int_equal(otp_code(OTP_SHA512, key64, step, 8, code), ST_OK);
        assert_string_equal(code, vectors[i].sha512);
    }
}

static void odd_lengths_are_refused(void **state) {
    (void)state;
    char code[OTP_DIGITS_MAX + 1];
    assert_int_equal(otp_code(OTP_SHA1, key20, 1, 5, code), ST_INVALID);
    assert_int_equal(otp_code(OTP_SHA1, key20, 1, 9, code), ST_INVALID);
    assert_int_equal(otp_code(OTP_SHA1, SLICE_NONE, 1, 6, code), ST_INVALID);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hotp_gives_the_codes_of_rfc_4226_appendix_d),
        cmocka_unit_test(totp_gives_the_codes_of_rfc_6238_appendix_b),
        cmocka_unit_test(odd_lengths_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
