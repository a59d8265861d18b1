/* Alarms about sign-ins: many accounts tried from one network, from everywhere, or opened with breached
 * passwords. What is raised is kept in the vault until the security administrator has looked at it.
 *
 * Counted by network (IPv4 /24, IPv6 /48) over ten minutes, in bounded tables: how many different logins
 * failed (a bitmap of 256, so 256 at most), how many succeeded. ALARM_LOGINS different ones that failed, and
 * more than twice as many failures as successes, raise `stuffing`: an office on Monday morning has mistyped
 * passwords, too, but it gets in. ALARM_EVERYWHERE different logins from all networks together raise
 * `spread`; ALARM_BREACHED people let in with a listed password from one network raise `breached`. A network
 * raises one alarm of a kind an hour; ALARMS_HOUR are raised an hour at most, the rest only counted;
 * ALARMS_MAX are kept, the oldest gives way (it stays in the log). While an alarm is fresh (30 minutes since
 * the last failure), guard_enter is strict with that network's addresses, with all at `spread`. Nobody's
 * login is locked by any of it. Safe from any thread; `now`: ms of the wall clock. */
#ifndef KEDUN_KEEPER_ALARM_H
#define KEDUN_KEEPER_ALARM_H

#include "keeper/vault.h"

#define ALARM_LOGINS     30
#define ALARM_EVERYWHERE 150
#define ALARM_BREACHED   3
#define ALARMS_HOUR      12
#define ALARMS_MAX       64

enum alarm_kind { ALARM_STUFFING = 1, ALARM_SPREAD, ALARM_BREACH, ALARM_KIND_END };

struct alarm {
    uint32_t id;
    uint8_t kind;
    uint8_t network[16]; /* zeros at `spread` */
    int64_t at;          /* raised */
    uint32_t logins, tries;
};

struct alarms;

MUST_CHECK enum status alarms_open(struct vault *v, struct alarms **out, struct error *e);
void alarms_close(struct alarms *a); /* NULL is fine */

/* A try that reached the password check; those that the guard made to wait count for nothing.
 * True: `raised` is a new alarm, to be recorded. */
bool alarms_failed(struct alarms *a, struct slice login, const uint8_t address[16], int64_t now,
                   struct alarm *raised);
/* A right password; `breached`: one that is on the list. */
bool alarms_succeeded(struct alarms *a, uint32_t user, const uint8_t address[16], bool breached, int64_t now,
                      struct alarm *raised);
/* Whether the address is to be treated with suspicion. */
bool alarms_suspect(struct alarms *a, const uint8_t address[16], int64_t now);

/* Copies of those that nobody has closed, newest first. */
size_t alarms_list(struct alarms *a, struct alarm out[ALARMS_MAX]);
/* ST_NOT_FOUND, ST_IO. */
MUST_CHECK enum status alarms_close_one(struct alarms *a, uint32_t id);

const char *alarm_kind_name(uint8_t kind);
/* "203.0.113.0/24", "2001:db8::/48", "*" for everywhere. */
void alarm_network(const struct alarm *one, char out[64]);

#endif
