/* The subcommands of `kedun`. main.c holds the table; each command is a function in a file of its own. */
#ifndef KEDUN_CMD_COMMAND_H
#define KEDUN_CMD_COMMAND_H

#include "ipc/config.h"

/* Exit codes, after sysexits.h. */
enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 64, EXIT_CONFIG = 78 };

struct command {
    const char *name;
    const char *usage; /* its arguments, for the list that `kedun help` prints */
    const char *what;  /* one line on what it does */
    /* argv[0] is the name. Returns the exit code. */
    int (*run)(int argc, char **argv);
};

#define COMMAND_SETS_MOST 32

/* Options that most commands share: --data DIR, --config FILE, --listen ADDR:PORT, --set KEY=VALUE. */
struct command_options {
    const char *data;        /* as given; NULL when not */
    const char *config_file; /* as given, or DATA/kedun.conf when that is there, or NULL */
    const char *listen;
    const char *sets[COMMAND_SETS_MOST]; /* KEY=VALUE as given: whoever starts a process hands them on */
    size_t set_count;
    struct config config; /* file, then --set, then --listen */
};

/* Reads them all and checks the configuration; prints what is wrong to standard error. False: give up with
 * EXIT_USAGE. `config_path` is room for the path of DATA/kedun.conf. */
bool command_options_read(int argc, char **argv, struct command_options *out, char *config_path, size_t room);

int command_serve(int argc, char **argv);
int command_check_config(int argc, char **argv);
int command_init(int argc, char **argv);
int command_policy(int argc, char **argv);
int command_demo(int argc, char **argv);
int command_audit(int argc, char **argv);

#endif
