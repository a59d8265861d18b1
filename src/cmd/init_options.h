/* Options of one command beside the shared ones of cmd/command.h. */
#ifndef KEDUN_CMD_INIT_OPTIONS_H
#define KEDUN_CMD_INIT_OPTIONS_H

#include "cmd/command.h"

struct own_option {
    const char *name;   /* without the dashes */
    const char **value; /* set when it is there; "" for a flag */
    bool flag;
};

/* Takes these out of argv (--name value, --name=value, or --name of a flag), leaving the rest for
 * command_options_read. False, with a message, when a value is missing. */
bool own_options_take(int *argc, char **argv, const struct own_option *options, size_t count);

/* A whole number of least to most; prints what is wrong. NULL text leaves *out as it is. */
bool own_option_number(const char *name, const char *text, int64_t least, int64_t most, int64_t *out);

#endif
