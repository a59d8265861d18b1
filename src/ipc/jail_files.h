/* The file half of a jail: Landlock (landlock(7), linux/landlock.h). Used by ipc/jail.c. */
#ifndef KEDUN_IPC_JAIL_FILES_H
#define KEDUN_IPC_JAIL_FILES_H

#include "ipc/jail.h"

#include <stdbool.h>

MUST_CHECK enum status jail_files_restrict(const struct jail_path *paths, size_t count, bool connects,
                                           struct error *e);

#endif
