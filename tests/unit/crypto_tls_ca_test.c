#include "test.h"

#include "crypto/start.h"
#include "crypto/tls_ca.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/kedun-tls-XXXXXX";
static char ca_pem[64], ca_key[64], pem[64], key[64];
static struct tls_files ca = {ca_pem, ca_key}, server = {pem, key};

static X509 *load(const char *path) {
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    X509 *x = PEM_read_X509(f, NULL, NULL, NULL);
    fclose(f);
    assert_non_null(x);
    return x;
}

static int verify(X509 *root, X509 *leaf) {
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *c = X509_STORE_CTX_new();
    X509_STORE_add_cert(store, root);
    X509_STORE_CTX_init(c, store, leaf, NULL);
    X509_STORE_CTX_set_purpose(c, X509_PURPOSE_SSL_SERVER);
    int fine = X509_verify_cert(c);
    X509_STORE_CTX_free(c);
    X509_STORE_free(store);
    return fine;
}

static void a_server_certificate_verifies_for_its_names_and_no_other(void **state) {
    (void)state;
    const char *names[] = {"crm.example.com", "localhost", "127.0.0.1", "::1"};
    assert_int_equal(tls_ca_create(&ca, "Kedun local authority", 3650, NULL), ST_OK);
    assert_int_equal(tls_ca_issue(&ca, &server, names, 4, 365, NULL), ST_OK);
    X509 *root = load(ca_pem), *leaf = load(pem);
    assert_int_equal(verify(root, leaf), 1);
    assert_int_equal(X509_check_host(leaf, "localhost", 0, 0, NULL), 1);
    assert_int_equal(X509_check_ip_asc(leaf, "::1", 0), 1);
    assert_int_equal(X509_check_host(leaf, "evil.example.com", 0, 0, NULL), 0);
    X509_free(root);
    X509_free(leaf);
    int days;
    assert_int_equal(tls_ca_days_left(pem, &days), ST_OK);
    assert_in_range(days, 364, 365);
    assert_int_equal(tls_ca_days_left("/nowhere/x.pem", &days), ST_NOT_FOUND);
}

static void private_keys_are_readable_by_their_owner_alone(void **state) {
    (void)state;
    struct stat info;
    assert_int_equal(stat(ca_key, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0400);
    assert_int_equal(stat(key, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0400);
}

static void names_that_would_be_parsed_as_more_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"", "a,DNS:evil", "a b", "dirName:x", "a:b"};
    struct error e;
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(tls_ca_issue(&ca, &server, &bad[i], 1, 365, &e), ST_INVALID);
    assert_int_equal(tls_ca_create(&ca, "", 1, &e), ST_INVALID);
}

static int start(void **state) {
    (void)state;
    if (mkdtemp(directory) == NULL || crypto_start(NULL) != ST_OK)
        return -1;
    (void)snprintf(ca_pem, sizeof ca_pem, "%s/ca.pem", directory);
    (void)snprintf(ca_key, sizeof ca_key, "%s/ca.key", directory);
    (void)snprintf(pem, sizeof pem, "%s/server.pem", directory);
    (void)snprintf(key, sizeof key, "%s/server.key", directory);
    return 0;
}

static int stop(void **state) {
    (void)state;
    unlink(ca_pem);
    unlink(ca_key);
    unlink(pem);
    unlink(key);
    return rmdir(directory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_certificate_verifies_for_its_names_and_no_other),
        cmocka_unit_test(private_keys_are_readable_by_their_owner_alone),
        cmocka_unit_test(names_that_would_be_parsed_as_more_are_refused),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
