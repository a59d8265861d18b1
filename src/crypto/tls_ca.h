/* A small certificate authority for `kedun serve` on one's own network: ECDSA P-256 keys, X.509 v3
 * certificates (RFC 5280), PEM files. Private keys are written with mode 0400, certificates 0444; existing
 * files are replaced whole. */
#ifndef KEDUN_CRYPTO_TLS_CA_H
#define KEDUN_CRYPTO_TLS_CA_H

#include "base/slice.h"
#include "base/status.h"

struct tls_files {
    const char *certificate; /* path of the PEM file */
    const char *key;
};

/* A self-signed authority (CA:TRUE, path length 0, keyCertSign and cRLSign), valid from an hour ago for
 * `days`. `name` is the common name, 1 to 64 bytes of UTF-8. ST_INVALID, ST_IO, ST_INTERNAL. */
MUST_CHECK enum status tls_ca_create(const struct tls_files *ca, const char *name, int days, struct error *e);

/* A server certificate and key, signed by the authority. `names` are DNS names or IP addresses (1 to 64),
 * all of them become subjectAltNames, the first the common name as well. */
MUST_CHECK enum status tls_ca_issue(const struct tls_files *ca, const struct tls_files *server,
                                    const char *const *names, size_t count, int days, struct error *e);

/* Whole days until a PEM certificate ends (negative: ended). ST_NOT_FOUND, ST_CORRUPT. */
MUST_CHECK enum status tls_ca_days_left(const char *certificate, int *days);

#endif
