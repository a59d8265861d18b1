/* Reading people and units from a directory server (LDAPv3, RFC 4511; libldap), for an errand of the keeper's
 * (keeper/ldap.h).
 *
 * TLS 1.2 and later from the first byte or by StartTLS, the certificate checked against the given authorities
 * or the system's and against the host's name; nothing is said before that. Referrals and continuation
 * references are not followed, aliases not resolved; neither ldap.conf nor the environment is read. Answers
 * come in pages (RFC 2696) where the server has them. 8 seconds until TLS stands and LDAP_READ_MS from then
 * on, by a watch that hangs up; LDAP_PDU_MOST bytes a message. What may be connected to is fetch_permits' to
 * say (connect/fetch.h). */
#ifndef KEDUN_CONNECT_LDAP_READ_H
#define KEDUN_CONNECT_LDAP_READ_H

#include "connect/fetch.h"
#include "connect/ldap_entry.h"

#define LDAP_READ_PEOPLE 5000
#define LDAP_READ_UNITS  1000
#define LDAP_READ_MS     20000
#define LDAP_PDU_MOST    ((unsigned long)1 << 20)
#define LDAP_READ_MOST   ((size_t)2 << 20) /* bytes of the answer */

struct ldap_read {
    const char *host;
    unsigned port;
    bool start_tls;
    const char *ca;                 /* PEM, 32 KiB at most; NULL: the system's authorities */
    const char *bind_dn, *password; /* simple bind */
    const char *people_base, *people_filter;
    const char *unit_base;     /* NULL: units are not read */
    struct ldap_shape shape;   /* which attributes */
    struct fetch destinations; /* its networks only */
};

/* Before any thread is started. ST_UNAVAILABLE. */
MUST_CHECK enum status ldap_read_setup(void);
/* {"people": [...], "units": [...]} as connect/ldap_entry.h writes them, into a buffer of LDAP_READ_MOST.
 * ST_DENIED "outbound_address"; ST_UNAVAILABLE "ldap_unreachable", "ldap_tls", "ldap_slow"; ST_DENIED
 * "ldap_credentials"; ST_INVALID "ldap_filter", "ldap_base"; ST_LIMIT "ldap_too_much"; ST_UNAVAILABLE
 * "ldap_refused" with the number of the result. No detail has the server's words. */
MUST_CHECK enum status ldap_read_run(const struct ldap_read *r, struct buf *out, struct error *e);

#endif
