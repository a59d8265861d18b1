/* Passwords from people at a terminal or from a pipe, never from the command line or the environment, where
 * others see them. */
#ifndef KEDUN_CMD_INIT_PASSWORD_H
#define KEDUN_CMD_INIT_PASSWORD_H

#include "base/status.h"

#include <stddef.h>

#define INIT_PASSWORD_LEAST 12  /* characters */
#define INIT_PASSWORD_ROOM  512 /* bytes, with NUL */

/* From a terminal: asked twice without echo, again when weak. From a pipe: one line. ST_INVALID with the
 * remedy. The caller wipes `out`. */
MUST_CHECK enum status init_password_read(const char *who, const char *login, char out[INIT_PASSWORD_ROOM],
                                          struct error *e);

/* At least INIT_PASSWORD_LEAST characters, five different ones, the login not within. */
MUST_CHECK enum status init_password_check(const char *password, const char *login, struct error *e);

#endif
