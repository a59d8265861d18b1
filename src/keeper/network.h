/* Networks that a key or a sign-in may come from: "10.0.0.0/8", "2001:db8::/32". */
#ifndef KEDUN_KEEPER_NETWORK_H
#define KEDUN_KEEPER_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#define SESSION_NETWORKS 8
#define NETWORK_NAMES    16
#define NETWORK_NAME_MAX 40

struct session_network {
    uint8_t address[16]; /* IPv4 as mapped IPv6 */
    uint8_t bits;
};

/* An array of 1 to SESSION_NETWORKS texts ADDRESS[/BITS]; a missing one (NULL) is none: from anywhere. */
bool network_parse_all(const json_t *array, struct session_network networks[SESSION_NETWORKS], size_t *count);

/* What a company calls its networks: policies ask about the name (context.network). */
struct named_network {
    char name[NETWORK_NAME_MAX + 1];
    struct session_network networks[SESSION_NETWORKS];
    size_t count;
};

/* The company's {"office": ["10.0.0.0/8", …], …}: at most NETWORK_NAMES names of 1 to NETWORK_NAME_MAX bytes;
 * "outside" is what is in none and no name. A missing object (NULL) is none. */
bool network_parse_names(const json_t *object, struct named_network out[NETWORK_NAMES], size_t *count);

/* The first whose network has the address; "outside" when none has, "" of no address (all bytes 0). */
const char *network_name(const struct named_network *list, size_t count, const uint8_t address[16]);

/* Whether one of them has the address, or there are none. */
bool network_permits(const struct session_network *networks, size_t count, const uint8_t address[16]);

/* IPv4, mapped into IPv6. */
bool network_is_v4(const uint8_t address[16]);
/* The network of an address, by the bytes that stay: `v4` of IPv4's 4, `v6` of IPv6's 16. Whoever has one
 * IPv6 address has a /64 as a rule, so a bound by address is one by 8 bytes there. */
void network_of(const uint8_t address[16], size_t v4, size_t v6, uint8_t out[16]);

#endif
