/* A keeper for a command line tool, while no `kedun serve` runs on the data: the same program in the same
 * jail, its sockets connectable by whoever started the tool. */
#ifndef KEDUN_CMD_INIT_KEEPER_H
#define KEDUN_CMD_INIT_KEEPER_H

#include "cmd/command.h"
#include "cmd/data_dir.h"
#include "keeper/client.h"

#define TOOL_PATH (DATA_DIR_MOST + 40)

struct tool_keeper {
    char dir[DATA_DIR_MOST + 1]; /* absolute */
    char db[TOOL_PATH];
    char engine_socket[TOOL_PATH], admin_socket[TOOL_PATH];
    struct keeper *admin; /* connected to the admin socket */
    int lock, listening[3];
    pid_t pid;
};

/* Makes and locks the data directory, starts the keeper in it, waits until it answers. ST_CONFLICT when the
 * data is in use. Call from the main thread, before others are started; crypto_start() is called. On failure
 * nothing is left. */
MUST_CHECK enum status tool_keeper_start(const struct command_options *o, struct tool_keeper *out,
                                         struct error *e);

/* The keeper finishes and ends; the lock is given back. */
void tool_keeper_stop(struct tool_keeper *t);

#endif
