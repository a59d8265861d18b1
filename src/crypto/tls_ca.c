#include "crypto/tls_ca.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/utf8.h"
#include "crypto/random.h"

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define NAMES_MAX 64
#define PEM_MAX   (64u << 10)

static enum status failed(struct error *e, const char *what) {
    return error_set(e, ST_INTERNAL, "tls_certificate_failed", "could not make the certificate: %s", what);
}

static bool set_serial(X509 *x) {
    uint8_t bytes[16];
    if (crypto_random(bytes, sizeof bytes) != ST_OK)
        return false;
    bytes[0] =
        (uint8_t)((bytes[0] & 0x7f) | 0x40); /* positive and of full length, RFC 5280 section 4.1.2.2 */
    BIGNUM *n = BN_bin2bn(bytes, sizeof bytes, NULL);
    bool fine = n != NULL && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL;
    BN_free(n);
    return fine;
}

/* What both kinds of certificate share: version 3, serial, validity, subject, public key. */
static X509 *new_certificate(EVP_PKEY *key, const char *common_name, int days) {
    X509 *x = X509_new();
    if (x == NULL)
        return NULL;
    X509_NAME *subject = X509_get_subject_name(x);
    bool fine = X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x) &&
                X509_gmtime_adj(X509_getm_notBefore(x), -3600) != NULL &&
                X509_time_adj_ex(X509_getm_notAfter(x), days, 0, NULL) != NULL &&
                X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const uint8_t *)common_name, -1, -1,
                                           0) == 1 &&
                X509_set_pubkey(x, key) == 1;
    if (fine)
        return x;
    X509_free(x);
    return NULL;
}

static bool add_extension(X509 *x, X509 *issuer, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool fine = extension != NULL && X509_add_ext(x, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return fine;
}

/* Writes what `put` leaves in a memory BIO; the BIO is wiped when it held a key. */
static enum status write_bio(BIO *bio, const char *path, mode_t mode) {
    char *p = NULL;
    long n = BIO_get_mem_data(bio, &p);
    if (n <= 0)
        return ST_INTERNAL;
    enum status s = file_replace(path, slice_of(p, (size_t)n), mode);
    explicit_bzero(p, (size_t)n);
    return s;
}

static enum status write_pair(const struct tls_files *files, X509 *x, X509 *issuer, EVP_PKEY *key,
                              struct error *e) {
    BIO *cert = BIO_new(BIO_s_mem());
    BIO *secret = BIO_new(BIO_s_secmem());
    enum status s = ST_INTERNAL;
    if (cert != NULL && secret != NULL && PEM_write_bio_X509(cert, x) == 1 &&
        (issuer == NULL || PEM_write_bio_X509(cert, issuer) == 1) &&
        PEM_write_bio_PKCS8PrivateKey(secret, key, NULL, NULL, 0, NULL, NULL) == 1) {
        s = write_bio(secret, files->key, 0400);
        if (s == ST_OK)
            s = write_bio(cert, files->certificate, 0444);
    }
    BIO_free(cert);
    BIO_free(secret);
    if (s != ST_OK)
        return error_set(e, s, "tls_write_failed", "could not write %.80s or %.80s", files->certificate,
                         files->key);
    return ST_OK;
}

enum status tls_ca_create(const struct tls_files *ca, const char *name, int days, struct error *e) {
    size_t n = strlen(name);
    if (n == 0 || n > 64 || !utf8_valid(slice_from_string(name)) || days < 1 || days > 36500)
        return error_set(e, ST_INVALID, "tls_bad_authority",
                         "the name needs 1 to 64 bytes, the days 1 to 36500");
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = key == NULL ? NULL : new_certificate(key, name, days);
    enum status s;
    if (x == NULL)
        s = failed(e, "key or subject");
    else if (X509_set_issuer_name(x, X509_get_subject_name(x)) != 1 ||
             !add_extension(x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
             !add_extension(x, x, NID_key_usage, "critical,keyCertSign,cRLSign") ||
             !add_extension(x, x, NID_subject_key_identifier, "hash") || X509_sign(x, key, EVP_sha256()) == 0)
        s = failed(e, "extensions or signature");
    else
        s = write_pair(ca, x, NULL, key, e);
    X509_free(x);
    EVP_PKEY_free(key);
    return s;
}

/* Letters, digits, '-', '.', one leading "*."; no more, as the list below is parsed by OpenSSL. */
static bool dns_name(const char *s) {
    size_t n = strlen(s);
    if (n == 0 || n > 253)
        return false;
    if (s[0] == '*')
        s += s[1] == '.' ? 2 : 0;
    return strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") == strlen(s) &&
           *s != '\0';
}

static bool ip_address(const char *s) {
    uint8_t address[16];
    return inet_pton(AF_INET, s, address) == 1 || inet_pton(AF_INET6, s, address) == 1;
}

static enum status list_names(const char *const *names, size_t count, struct buf *out, struct error *e) {
    if (count < 1 || count > NAMES_MAX)
        return error_set(e, ST_INVALID, "tls_bad_names", "between 1 and %d names are needed", NAMES_MAX);
    for (size_t i = 0; i < count; i++) {
        bool ip = ip_address(names[i]);
        if (!ip && !dns_name(names[i]))
            return error_set(e, ST_INVALID, "tls_bad_names", "'%.60s' is no host name or IP address",
                             names[i]);
        buf_put_format(out, "%s%s:%s", i == 0 ? "" : ",", ip ? "IP" : "DNS", names[i]);
    }
    buf_put_u8(out, 0);
    return out->failed ? ST_NOMEM : ST_OK;
}

/* The authority's own certificate and key. */
static enum status load_pair(const struct tls_files *ca, X509 **x, EVP_PKEY **key, struct error *e) {
    struct arena a;
    arena_init(&a, 4 * PEM_MAX, ARENA_SECRET);
    struct slice cert, secret;
    enum status s = file_read(ca->certificate, PEM_MAX, &a, &cert);
    if (s == ST_OK)
        s = file_read(ca->key, PEM_MAX, &a, &secret);
    if (s == ST_OK) {
        BIO *cert_bio = BIO_new_mem_buf(cert.p, (int)cert.n);
        BIO *key_bio = BIO_new_mem_buf(secret.p, (int)secret.n);
        *x = cert_bio == NULL ? NULL : PEM_read_bio_X509(cert_bio, NULL, NULL, NULL);
        *key = key_bio == NULL ? NULL : PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);
        BIO_free(cert_bio);
        BIO_free(key_bio);
        if (*x == NULL || *key == NULL || X509_check_private_key(*x, *key) != 1)
            s = ST_CORRUPT;
    }
    arena_free(&a);
    if (s != ST_OK)
        return error_set(e, s, "tls_authority_unreadable", "could not use %.80s with %.80s", ca->certificate,
                         ca->key);
    return ST_OK;
}

static bool sign_server(X509 *x, X509 *issuer, EVP_PKEY *issuer_key, const char *names) {
    return X509_set_issuer_name(x, X509_get_subject_name(issuer)) == 1 &&
           add_extension(x, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(x, issuer, NID_key_usage, "critical,digitalSignature") &&
           add_extension(x, issuer, NID_ext_key_usage, "serverAuth") &&
           add_extension(x, issuer, NID_subject_alt_name, names) &&
           add_extension(x, issuer, NID_subject_key_identifier, "hash") &&
           add_extension(x, issuer, NID_authority_key_identifier, "keyid") &&
           X509_sign(x, issuer_key, EVP_sha256()) != 0;
}

enum status tls_ca_issue(const struct tls_files *ca, const struct tls_files *server, const char *const *names,
                         size_t count, int days, struct error *e) {
    if (days < 1 || days > 36500)
        return error_set(e, ST_INVALID, "tls_bad_days", "the days must be 1 to 36500");
    struct buf list;
    buf_init(&list, 32u << 10, false);
    X509 *issuer = NULL, *x = NULL;
    EVP_PKEY *issuer_key = NULL, *key = NULL;
    enum status s = list_names(names, count, &list, e);
    if (s == ST_OK)
        s = load_pair(ca, &issuer, &issuer_key, e);
    if (s != ST_OK)
        goto out;
    key = EVP_EC_gen("P-256");
    /* A common name holds 64 characters at most (RFC 5280 appendix A); the names themselves are in the list.
     */
    const char *common_name = strlen(names[0]) <= 64 ? names[0] : "kedun";
    x = key == NULL ? NULL : new_certificate(key, common_name, days);
    if (x == NULL || !sign_server(x, issuer, issuer_key, (const char *)list.p))
        s = failed(e, "key, extensions or signature");
    else
        s = write_pair(server, x, issuer, key, e);
out:
    X509_free(x);
    X509_free(issuer);
    EVP_PKEY_free(key);
    EVP_PKEY_free(issuer_key);
    buf_free(&list);
    return s;
}

enum status tls_ca_days_left(const char *certificate, int *days) {
    struct arena a;
    arena_init(&a, 4 * PEM_MAX, ARENA_PLAIN);
    struct slice text;
    enum status s = file_read(certificate, PEM_MAX, &a, &text);
    if (s == ST_OK) {
        BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
        X509 *x = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);
        int seconds;
        if (x == NULL || ASN1_TIME_diff(days, &seconds, NULL, X509_get0_notAfter(x)) != 1)
            s = ST_CORRUPT;
        X509_free(x);
        BIO_free(bio);
    }
    arena_free(&a);
    return s;
}
