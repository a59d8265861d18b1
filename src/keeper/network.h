/* Networks that a key or a sign-in may come from: "10.0.0.0/8", "2001:db8::/32". */
#ifndef KEDUN_KEEPER_NETWORK_H
#define KEDUN_KEEPER_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#define SESSION_NETWORKS 8

struct session_network {
    uint8_t address[16]; /* IPv4 as mapped IPv6 */
    uint8_t bits;
};

/* An array of 1 to SESSION_NETWORKS texts ADDRESS[/BITS]; a missing one (NULL) is none: from anywhere. */
bool network_parse_all(const json_t *array, struct session_network networks[SESSION_NETWORKS], size_t *count);

/* Whether one of them has the address, or there are none. */
bool network_permits(const struct session_network *networks, size_t count, const uint8_t address[16]);

#endif
