/* The one process with a network: it carries out the keeper's errands (keeper/sign_on.h) and nothing else.
 *
 * It has no database and no key. The engine may only name an errand, by a number that it got from the keeper;
 * where it goes, with what, and whose certificate counts is told by the keeper itself, through a door of its
 * own. The answer goes back to the keeper, never to the engine.
 *
 * Protocol of run/outbound.sock (frames, ipc/frame.h): type OUTBOUND_RUN, payload the errand's 16 bytes; the
 * answer's flags are an enum status: ST_OK once the keeper has what came (an answer of whatever kind, or that
 * there was none). */
#ifndef KEDUN_CONNECT_OUTBOUND_MAIN_H
#define KEDUN_CONNECT_OUTBOUND_MAIN_H

#include "ipc/role.h"

#define OUTBOUND_RUN 1
/* Connections at once; more are hung up on. Every directory's two reads (keeper/ldap.h) may hang in the
 * resolver for longer than anybody waits, and people still sign in. */
#define OUTBOUND_THREADS 24

int outbound_main(const struct role_env *env);

#endif
