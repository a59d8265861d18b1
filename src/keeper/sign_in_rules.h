/* What a company or a role asks of a sign-in: the member "sign_in" of their documents.
 *   role     {"second_factor": true, "networks": ["10.0.0.0/8", …],
 *             "hours": {"days": [1 Monday … 7], "from": 8, "to": 20}}
 *   company  the same, but "second_factor": "nobody" | "duties" | "everybody" (holders of a duty)
 * All may be missing. Hours are the server's local time, from 0 to 24; `to` is the first hour that is over.
 * Rules add up: the company's and those of each role must all be met. Networks and hours are asked about at
 * the sign-in and again at each use of a session or API key (keeper/server.c). */
#ifndef KEDUN_KEEPER_SIGN_IN_RULES_H
#define KEDUN_KEEPER_SIGN_IN_RULES_H

#include "base/status.h"
#include "keeper/network.h"

enum factor_demand { FACTOR_NOBODY, FACTOR_DUTIES, FACTOR_EVERYBODY };

struct sign_in_rules {
    uint8_t factor; /* enum factor_demand */
    struct session_network networks[SESSION_NETWORKS];
    size_t network_count;
    bool has_hours;
    uint8_t days; /* bits 1 to 7 */
    uint8_t from, to;
};

struct sign_in_verdict {
    bool factor;   /* a second factor is demanded */
    int64_t until; /* ms: when the hours are over; 0: no end */
};

/* `rules` is that member, or NULL. ST_INVALID "bad_document" with the key to blame. */
MUST_CHECK enum status sign_in_rules_parse(const json_t *rules, bool company, struct sign_in_rules *out,
                                           struct error *e);

/* Adds what one set of rules says to `verdict`. `address` NULL: place and time are not asked about.
 * ST_DENIED "sign_in_place", "sign_in_time". */
MUST_CHECK enum status sign_in_rules_apply(const struct sign_in_rules *rules, bool holds_duty,
                                           const uint8_t address[16], int64_t now,
                                           struct sign_in_verdict *verdict, struct error *e);

#endif
