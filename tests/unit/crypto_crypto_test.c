#include "test.h"

#include "base/hex.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/mac.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "crypto/start.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static struct slice hex(const char *text, uint8_t *room) {
    size_t n = strlen(text) / 2;
    assert_true(hex_decode(slice_from_string(text), room, n));
    return slice_of(room, n);
}

static void assert_hex(const uint8_t *got, const char *text) {
    uint8_t want[256];
    struct slice w = hex(text, want);
    assert_memory_equal(got, w.p, w.n);
}

/* McGrew and Viega, "The Galois/Counter Mode of Operation", test case 16 (the AES-256 case with AAD). */
static void gcm_opens_the_published_vector(void **state) {
    (void)state;
    uint8_t key[32], aad[20], sealed[1 + 12 + 60 + 16] = {AEAD_AES_GCM}, out[60];
    hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", key);
    hex("feedfacedeadbeeffeedfacedeadbeefabaddad2", aad);
    hex("cafebabefacedbaddecaf888", sealed + 1);
    hex("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
        sealed + 13);
    hex("76fc6ece0f4e1768cddf8853bb2d551b", sealed + 73);
    struct aead *a = aead_new(AEAD_AES_GCM);
    size_t n;
    assert_int_equal(aead_open(a, key, slice_of(aad, 20), slice_of(sealed, sizeof sealed), out, &n), ST_OK);
    assert_int_equal(n, 60);
    assert_hex(out, "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
    aead_free(a);
}

/* What EVP's own GCM makes of the same. */
static void evp_gcm(const uint8_t *key, const uint8_t *nonce, struct slice aad, struct slice plain,
                    uint8_t *out) {
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int n = 0;
    assert_int_equal(EVP_EncryptInit_ex2(c, EVP_aes_256_gcm(), key, nonce, NULL), 1);
    assert_int_equal(EVP_EncryptUpdate(c, NULL, &n, aad.p, (int)aad.n), 1);
    assert_int_equal(EVP_EncryptUpdate(c, out, &n, plain.p, (int)plain.n), 1);
    assert_int_equal(EVP_EncryptFinal_ex(c, out + n, &n), 1);
    assert_int_equal(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, out + plain.n), 1);
    EVP_CIPHER_CTX_free(c);
}

static void gcm_agrees_with_openssl_at_every_length(void **state) {
    (void)state;
    enum { MOST = 70000 };
    static uint8_t plain[MOST], sealed[MOST + AEAD_OVERHEAD], want[MOST + 16], out[MOST];
    uint8_t key[32], aad[40];
    struct aead *a = aead_new(AEAD_AES_GCM);
    assert_int_equal(crypto_random(plain, MOST), ST_OK);
    for (size_t n = 0; n <= MOST; n += n < 1100 ? 1 : 5743) {
        struct slice text = slice_of(plain, n), bound = slice_of(aad, n % 41);
        bool fresh = n % 3 == 0;
        assert_int_equal(crypto_random(aad, sizeof aad), ST_OK);
        if (fresh)
            assert_int_equal(crypto_random(key, sizeof key), ST_OK);
        assert_int_equal(aead_seal(a, fresh ? key : NULL, bound, text, sealed), ST_OK);
        evp_gcm(key, sealed + 1, bound, text, want);
        assert_memory_equal(sealed + 13, want, n + 16);
        size_t back;
        struct slice whole = slice_of(sealed, n + AEAD_OVERHEAD);
        assert_int_equal(aead_open(a, n % 2 == 0 ? key : NULL, bound, whole, out, &back), ST_OK);
        assert_int_equal(back, n);
        assert_memory_equal(out, plain, n);
    }
    aead_free(a);
}

enum { SOME = 30 };

static void open_some(struct aead *a, const uint8_t *key, const struct slice *sealed,
                      const struct slice *text, size_t from, size_t step) {
    uint8_t out[300];
    for (size_t i = from; i < SOME; i += step) {
        size_t n;
        assert_int_equal(aead_open(a, key, text[i], sealed[i], out, &n), ST_OK);
        assert_true(slice_equal(slice_of(out, n), text[i]));
        key = NULL;
    }
}

static void values_open_whether_they_were_expected_or_not(void **state) {
    (void)state;
    static uint8_t plain[300], room[SOME][330];
    struct slice text[SOME], sealed[SOME], forged;
    uint8_t key[32], other[32], out[300];
    size_t n;
    struct aead *a = aead_new(AEAD_AES_GCM);
    assert_int_equal(crypto_random(key, 32), ST_OK);
    assert_int_equal(crypto_random(other, 32), ST_OK);
    assert_int_equal(crypto_random(plain, sizeof plain), ST_OK);
    for (size_t i = 0; i < SOME; i++) {
        text[i] = slice_of(plain, i * 10);
        sealed[i] = slice_of(room[i], text[i].n + AEAD_OVERHEAD);
        assert_int_equal(aead_seal(a, key, text[i], text[i], room[i]), ST_OK);
    }
    for (size_t count = 0; count <= SOME; count++) {
        bool known = aead_expect(a, key, sealed, count);
        assert_int_equal(known, count > 0);
        open_some(a, known ? NULL : key, sealed, text, 0, 1); /* all, and more */
        assert_int_equal(aead_expect(a, NULL, sealed, count), known);
        open_some(a, known ? NULL : key, sealed, text, 1, 3); /* some do not come */
        open_some(a, NULL, sealed, text, 0, 2);               /* others come late, or twice */
        assert_int_equal(aead_expect(a, NULL, sealed + count / 2, count - count / 2), known);
        open_some(a, known ? NULL : key, sealed, text, 0, 1);
        aead_forget(a);
        open_some(a, NULL, sealed, text, 0, 1);
    }
    assert_true(aead_expect(a, other, sealed, SOME));
    assert_int_equal(aead_open(a, NULL, text[3], sealed[3], out, &n), ST_CORRUPT);
    open_some(a, key, sealed, text, 3, 1);
    assert_true(aead_expect(a, key, sealed, SOME));
    room[4][20] ^= 1;
    forged = sealed[4];
    assert_int_equal(aead_open(a, NULL, text[4], forged, out, &n), ST_CORRUPT);
    open_some(a, NULL, sealed, text, 5, 1);
    aead_free(a);
}

static void a_context_without_a_key_seals_nothing(void **state) {
    (void)state;
    struct aead *a = aead_new(AEAD_AES_GCM);
    uint8_t out[64];
    assert_int_equal(aead_seal(a, NULL, SLICE_NONE, SLICE("text"), out), ST_INTERNAL);
    aead_free(a);
}

static void check_suite(enum aead_suite suite) {
    struct aead *a = aead_new(suite);
    assert_non_null(a);
    uint8_t key[32], other[32], sealed[300], out[300];
    assert_int_equal(crypto_random(key, 32), ST_OK);
    assert_int_equal(crypto_random(other, 32), ST_OK);
    struct slice text = SLICE("a customer's mobile number"), aad = SLICE("record 7");
    size_t n, sealed_n = text.n + AEAD_OVERHEAD;
    assert_int_equal(aead_seal(a, key, aad, text, sealed), ST_OK);
    assert_int_equal(aead_open(a, other, aad, slice_of(sealed, sealed_n), out, &n), ST_CORRUPT);
    assert_int_equal(aead_open(a, key, aad, slice_of(sealed, sealed_n), out, &n), ST_OK);
    assert_true(slice_equal(slice_of(out, n), text));
    assert_int_equal(aead_open(a, NULL, aad, slice_of(sealed, sealed_n), out, &n), ST_OK);
    assert_true(slice_equal(slice_of(out, n), text));
    assert_int_equal(aead_open(a, NULL, SLICE("record 8"), slice_of(sealed, sealed_n), out, &n), ST_CORRUPT);
    for (size_t i = 0; i < sealed_n; i++) {
        sealed[i] ^= 1;
        memset(out, 0x55, sizeof out);
        assert_int_equal(aead_open(a, key, aad, slice_of(sealed, sealed_n), out, &n), ST_CORRUPT);
        assert_int_equal(out[0], 0);
        sealed[i] ^= 1;
        assert_int_equal(aead_open(a, key, aad, slice_of(sealed, i), out, &n), ST_CORRUPT);
    }
    assert_int_equal(aead_seal(a, key, SLICE_NONE, SLICE_NONE, sealed), ST_OK);
    assert_int_equal(aead_seal(a, NULL, SLICE_NONE, SLICE_NONE, sealed), ST_OK);
    assert_int_equal(aead_open(a, key, SLICE_NONE, slice_of(sealed, AEAD_OVERHEAD), out, &n), ST_OK);
    assert_int_equal(n, 0);
    aead_free(a);
}

static void gcm_refuses_a_change_of_any_byte_key_or_data(void **state) {
    (void)state;
    check_suite(AEAD_AES_GCM);
}

static void sm4_refuses_a_change_of_any_byte_key_or_data(void **state) {
    (void)state;
    check_suite(AEAD_SM4_HMAC_SM3);
}

static void either_suite_opens_what_the_other_context_sealed(void **state) {
    (void)state;
    struct aead *gcm = aead_new(AEAD_AES_GCM), *sm4 = aead_new(AEAD_SM4_HMAC_SM3);
    uint8_t key[32] = {7}, sealed[64], out[64];
    size_t n;
    struct slice text = SLICE("x");
    assert_int_equal(aead_seal(sm4, key, SLICE_NONE, text, sealed), ST_OK);
    assert_int_equal(aead_open(gcm, key, SLICE_NONE, slice_of(sealed, 1 + AEAD_OVERHEAD), out, &n), ST_OK);
    assert_int_equal(aead_seal(gcm, key, SLICE_NONE, text, sealed), ST_OK);
    assert_int_equal(aead_open(sm4, key, SLICE_NONE, slice_of(sealed, 1 + AEAD_OVERHEAD), out, &n), ST_OK);
    aead_free(gcm);
    aead_free(sm4);
}

static void two_seals_of_one_value_differ(void **state) {
    (void)state;
    struct aead *a = aead_new(AEAD_AES_GCM);
    uint8_t key[32] = {1}, one[64], two[64];
    assert_int_equal(aead_seal(a, key, SLICE_NONE, SLICE("same"), one), ST_OK);
    assert_int_equal(aead_seal(a, NULL, SLICE_NONE, SLICE("same"), two), ST_OK);
    assert_memory_not_equal(one + 1, two + 1, 12);
    aead_free(a);
}

static void padding_hides_lengths_in_few_buckets(void **state) {
    (void)state;
    static const size_t buckets[] = {16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024};
    size_t b = 0;
    for (size_t n = 0; n < 1000; n++) {
        size_t prefix = n < 128 ? 1 : 2;
        while (buckets[b] < n + prefix)
            b++;
        assert_int_equal(pad_length(n), buckets[b]);
    }
    static uint8_t plain[5000], sealed[10000], out[10000];
    struct aead *a = aead_new(AEAD_AES_GCM);
    uint8_t key[32] = {3};
    for (size_t n = 0; n < sizeof plain; n += n < 300 ? 1 : 119) {
        memset(plain, (int)n | 1, n);
        struct slice back;
        assert_int_equal(aead_seal_padded(a, key, SLICE("aad"), slice_of(plain, n), sealed), ST_OK);
        struct slice s = slice_of(sealed, aead_padded_length(n));
        assert_int_equal(aead_open_padded(a, key, SLICE("aad"), s, out, &back), ST_OK);
        assert_true(slice_equal(back, slice_of(plain, n)));
    }
    aead_free(a);
}

static void false_padding_is_refused(void **state) {
    (void)state;
    static const uint8_t bad[][16] = {{16}, {0x80, 0}, {1, 'x', 1}, {0xff, 0xff, 0xff, 0xff, 1}};
    struct aead *a = aead_new(AEAD_AES_GCM);
    uint8_t key[32] = {3}, sealed[64], out[64];
    struct slice back;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(aead_seal(a, key, SLICE_NONE, slice_of(bad[i], 16), sealed), ST_OK);
        assert_int_equal(
            aead_open_padded(a, key, SLICE_NONE, slice_of(sealed, 16 + AEAD_OVERHEAD), out, &back),
            ST_CORRUPT);
    }
    assert_int_equal(aead_seal(a, key, SLICE_NONE, slice_of(bad[0], 7), sealed), ST_OK);
    assert_int_equal(aead_open_padded(a, key, SLICE_NONE, slice_of(sealed, 7 + AEAD_OVERHEAD), out, &back),
                     ST_CORRUPT);
    aead_free(a);
}

/* SP 800-38B, appendix D.3 (AES-256), examples 9 to 12. */
static void cmac_gives_the_published_values(void **state) {
    (void)state;
    uint8_t key[32], message[64], out[16];
    hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", key);
    hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
        "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
        message);
    static const struct {
        size_t n;
        const char *want;
    } cases[] = {{0, "028962f61b7bf89efc6b551f4667d983"},
                 {16, "28a7023f452e8f82bd4bf28d8c37c35c"},
                 {40, "aaf3d8f1de5640c232f5b169b9c911e6"},
                 {64, "e1992190549f6ed5696a2c056c315410"}};
    struct kdf *k = kdf_new();
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(kdf_cmac(k, key, slice_of(message, cases[i].n), out), ST_OK);
        assert_hex(out, cases[i].want);
    }
    kdf_free(k);
}

static void openssl_kbkdf(uint8_t key[32], uint8_t class, uint8_t out[32]) {
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "KBKDF", NULL);
    EVP_KDF_CTX *c = EVP_KDF_CTX_new(kdf);
    char mode[] = "COUNTER", mac[] = "CMAC", cipher[] = "AES-256-CBC", label[] = "kedunS";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MODE, mode, 0),
                           OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MAC, mac, 0),
                           OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_CIPHER, cipher, 0),
                           OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key, 32),
                           OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, label, 6),
                           OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, &class, 1),
                           OSSL_PARAM_construct_end()};
    assert_int_equal(EVP_KDF_derive(c, out, 32, params), 1);
    EVP_KDF_CTX_free(c);
    EVP_KDF_free(kdf);
}

static void subject_keys_agree_with_openssls_kbkdf(void **state) {
    (void)state;
    struct kdf *k = kdf_new();
    for (unsigned i = 0; i < 50; i++) {
        uint8_t key[32], want[32], got[32], again[32];
        assert_int_equal(crypto_random(key, 32), ST_OK);
        openssl_kbkdf(key, (uint8_t)(i * 5), want);
        assert_int_equal(kdf_subject(k, key, (uint8_t)(i * 5), got), ST_OK);
        assert_memory_equal(got, want, 32);
        openssl_kbkdf(key, 200, want);
        assert_int_equal(kdf_subject_again(k, 200, again), ST_OK);
        assert_memory_equal(again, want, 32);
    }
    kdf_free(k);
}

/* RFC 5869 appendix A.1 to A.3. */
static void hkdf_gives_the_published_values(void **state) {
    (void)state;
    uint8_t ikm[80], salt[80], info[80], out[82];
    struct slice key = hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", ikm);
    assert_int_equal(
        kdf_hkdf(hex("000102030405060708090a0b0c", salt), key, hex("f0f1f2f3f4f5f6f7f8f9", info), out, 42),
        ST_OK);
    assert_hex(out, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    assert_int_equal(kdf_hkdf(SLICE_NONE, key, SLICE_NONE, out, 42), ST_OK);
    assert_hex(out, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
    for (unsigned i = 0; i < 80; i++) {
        ikm[i] = (uint8_t)i;
        salt[i] = (uint8_t)(0x60 + i);
        info[i] = (uint8_t)(0xb0 + i);
    }
    assert_int_equal(kdf_hkdf(slice_of(salt, 80), slice_of(ikm, 80), slice_of(info, 80), out, 82), ST_OK);
    assert_hex(
        out,
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
        "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
    assert_int_equal(kdf_hkdf(SLICE_NONE, key, SLICE_NONE, out, 8161), ST_INVALID);
}

/* RFC 4231 sections 4.2 to 4.8. */
static void hmac_agrees_with_openssl_at_every_length(void **state) {
    (void)state;
    uint8_t key[80], text[200], got[MAC_FULL], want[EVP_MAX_MD_SIZE];
    assert_int_equal(crypto_random(key, sizeof key), ST_OK);
    assert_int_equal(crypto_random(text, sizeof text), ST_OK);
    for (size_t key_n = 16; key_n <= sizeof key; key_n += 16) {
        struct mac *m = mac_new(slice_of(key, key_n));
        for (size_t n = 0; n <= sizeof text; n++) {
            size_t first = n / 3;
            const struct slice parts[] = {slice_of(text, first), SLICE_NONE,
                                          slice_of(text + first, n - first)};
            unsigned length = 0;
            assert_int_equal(mac_compute(m, parts, 3, got, MAC_FULL), ST_OK);
            assert_non_null(HMAC(EVP_sha256(), key, (int)key_n, text, n, want, &length));
            assert_memory_equal(got, want, MAC_FULL);
        }
        mac_free(m);
    }
}

static void hmac_gives_the_published_values(void **state) {
    (void)state;
    uint8_t key[131], data[160], out[32];
    memset(key, 0x0b, 20);
    struct mac *m = mac_new(slice_of(key, 20));
    assert_int_equal(mac_one(m, SLICE("Hi There"), out, 32), ST_OK);
    assert_hex(out, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_int_equal(mac_set_key(m, SLICE("Jefe")), ST_OK);
    struct slice parts[] = {SLICE("what do ya want "), SLICE(""), SLICE("for nothing?")};
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(mac_compute(m, parts, 3, out, 32), ST_OK);
        assert_hex(out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
    memset(key, 0xaa, 20);
    memset(data, 0xdd, 50);
    assert_int_equal(mac_set_key(m, slice_of(key, 20)), ST_OK);
    assert_int_equal(mac_one(m, slice_of(data, 50), out, 32), ST_OK);
    assert_hex(out, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    memset(key, 0x0c, 20);
    assert_int_equal(mac_set_key(m, slice_of(key, 20)), ST_OK);
    assert_int_equal(mac_one(m, SLICE("Test With Truncation"), out, 16), ST_OK);
    assert_hex(out, "a3b6167473100ee06e0c796c2955552b");
    assert_int_equal(mac_one(m, SLICE("x"), out, 12), ST_INVALID);
    memset(key, 0xaa, 131);
    assert_int_equal(mac_set_key(m, slice_of(key, 131)), ST_OK);
    assert_int_equal(mac_one(m, SLICE("Test Using Larger Than Block-Size Key - Hash Key First"), out, 32),
                     ST_OK);
    assert_hex(out, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    mac_free(m);
    assert_true(crypto_equal("abc", "abc", 3));
    assert_false(crypto_equal("abc", "abd", 3));
}

static void sha256_gives_the_published_values(void **state) {
    (void)state;
    uint8_t out[32];
    assert_int_equal(hash_once(SLICE("abc"), out), ST_OK);
    assert_hex(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    struct hash *h = hash_new();
    for (unsigned i = 0; i < 2; i++) {
        struct slice parts[] = {SLICE("abcdbcdecdefdefgefghfghighij"), SLICE("hijkijkljklmklmnlmnomnopnopq")};
        assert_int_equal(hash_parts(h, parts, 2, out), ST_OK);
        assert_hex(out, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    }
    hash_free(h);
}

/* RFC 8032 section 7.1, tests 1 to 3. */
static void ed25519_gives_the_published_signatures(void **state) {
    (void)state;
    static const char *const cases[][4] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25"
         "bf5f0595bbe"
         "24655141438e7a100b"},
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387"
         "b2eaeb4302a"
         "eeb00d291612bb0c00"},
        {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
         "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7"
         "c15e9716ed2"
         "8dc027beceea1ec40a"},
    };
    for (size_t i = 0; i < 3; i++) {
        uint8_t seed[32], room[4], key[32], signature[64];
        hex(cases[i][0], seed);
        struct slice message = hex(cases[i][2], room);
        struct signer *s = signer_new(seed);
        signer_public(s, key);
        assert_hex(key, cases[i][1]);
        assert_int_equal(signer_sign(s, message, signature), ST_OK);
        assert_int_equal(signer_sign(s, message, signature), ST_OK);
        assert_hex(signature, cases[i][3]);
        assert_int_equal(sign_verify(key, message, signature), ST_OK);
        signature[5] ^= 1;
        assert_int_equal(sign_verify(key, message, signature), ST_CORRUPT);
        signer_free(s);
    }
}

static void a_forked_child_draws_other_random_bytes(void **state) {
    (void)state;
    uint8_t mine[12], its[12];
    int pipe_fd[2];
    assert_int_equal(crypto_random(mine, 12), ST_OK);
    assert_int_equal(pipe(pipe_fd), 0);
    pid_t child = fork();
    if (child == 0) {
        bool fine = crypto_random(its, 12) == ST_OK && write(pipe_fd[1], its, 12) == 12;
        _exit(fine ? 0 : 1);
    }
    assert_int_equal(crypto_random(mine, 12), ST_OK);
    assert_int_equal(read(pipe_fd[0], its, 12), 12);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_memory_not_equal(mine, its, 12);
    close(pipe_fd[0]);
    close(pipe_fd[1]);
}

/* How a child ends that does this to a secret block. */
static int end_of_child(void (*act)(uint8_t *), uint8_t *p) {
    pid_t child = fork();
    if (child == 0) {
        /* The sanitizer must not turn the signal into a report. */
        signal(SIGSEGV, SIG_DFL);
        act(p);
        _exit(0);
    }
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    return how;
}

static void touch_behind(uint8_t *p) {
    *(volatile uint8_t *)(p + 48) = 1;
}

static void exit_with_first_byte(uint8_t *p) {
    _exit(*(volatile uint8_t *)p);
}

static void secret_memory_is_guarded_and_empty_in_a_child(void **state) {
    (void)state;
    uint8_t *p = secret_alloc(48);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % 16, 0);
    memset(p, 0x5a, 48);
    assert_int_equal(WEXITSTATUS(end_of_child(exit_with_first_byte, p)), 0);
    assert_true(WIFSIGNALED(end_of_child(touch_behind, p)));
    assert_int_equal(p[47], 0x5a);
    secret_free(p);
    p = secret_alloc(100000);
    assert_non_null(p);
    p[0] = p[99999] = 1;
    secret_free(p);
    assert_true(secret_lock_limit() > 0);
}

static int start(void **state) {
    (void)state;
    return crypto_start(NULL) == ST_OK ? 0 : -1;
}

static int stop(void **state) {
    (void)state;
    crypto_stop();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gcm_opens_the_published_vector),
        cmocka_unit_test(gcm_agrees_with_openssl_at_every_length),
        cmocka_unit_test(values_open_whether_they_were_expected_or_not),
        cmocka_unit_test(a_context_without_a_key_seals_nothing),
        cmocka_unit_test(gcm_refuses_a_change_of_any_byte_key_or_data),
        cmocka_unit_test(sm4_refuses_a_change_of_any_byte_key_or_data),
        cmocka_unit_test(either_suite_opens_what_the_other_context_sealed),
        cmocka_unit_test(two_seals_of_one_value_differ),
        cmocka_unit_test(padding_hides_lengths_in_few_buckets),
        cmocka_unit_test(false_padding_is_refused),
        cmocka_unit_test(cmac_gives_the_published_values),
        cmocka_unit_test(subject_keys_agree_with_openssls_kbkdf),
        cmocka_unit_test(hkdf_gives_the_published_values),
        cmocka_unit_test(hmac_gives_the_published_values),
        cmocka_unit_test(hmac_agrees_with_openssl_at_every_length),
        cmocka_unit_test(sha256_gives_the_published_values),
        cmocka_unit_test(ed25519_gives_the_published_signatures),
        cmocka_unit_test(a_forked_child_draws_other_random_bytes),
        cmocka_unit_test(secret_memory_is_guarded_and_empty_in_a_child),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
