/* One request over HTTPS to an address that the keeper named (libcurl).
 *
 * TLS 1.2 and later, the certificate checked; no redirect is followed, no proxy asked, nothing kept between
 * requests; ten seconds and FETCH_MOST bytes at most. Where the name resolves to is looked at before each
 * connection: inside `networks` if there are any, else anywhere but loopback, link-local, multicast and
 * unspecified addresses (so a name can't be pointed at this host's own services). */
#ifndef KEDUN_CONNECT_FETCH_H
#define KEDUN_CONNECT_FETCH_H

#include "base/buf.h"
#include "base/status.h"
#include "keeper/network.h"

#define FETCH_MOST ((size_t)256 << 10) /* bytes of an answer */
#define FETCH_MS   10000

struct fetch {
    const char *url;
    const char *form;            /* the body of a POST, NULL: GET */
    const char *user, *password; /* HTTP Basic; NULL: none */
    const char *ca;              /* PEM; NULL: the system's authorities */
    struct session_network networks[SESSION_NETWORKS];
    size_t network_count;
};

/* Once, with one thread. ST_UNAVAILABLE. */
MUST_CHECK enum status fetch_setup(void);
/* `body` gets the answer, *status its number. ST_UNAVAILABLE with the reason (no address, no connection, bad
 * certificate, too long, too slow); ST_DENIED: the address is not one that may be asked. */
MUST_CHECK enum status fetch_run(const struct fetch *f, struct buf *body, unsigned *status, struct error *e);

/* Whether a connection to the address may be made. */
bool fetch_permits(const struct fetch *f, const uint8_t address[16]);

#endif
