/* The system-call half of a jail: seccomp through libseccomp. Used by ipc/jail.c. */
#ifndef KEDUN_IPC_JAIL_CALLS_H
#define KEDUN_IPC_JAIL_CALLS_H

#include "ipc/jail.h"

MUST_CHECK enum status jail_calls_restrict(enum jail_kind kind, struct error *e);

#endif
