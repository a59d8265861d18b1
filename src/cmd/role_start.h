/* The first steps of a re-executed role (`kedun --role …`, see ipc/spawn.h): read the line, become the user,
 * close the jail, call the role's function. */
#ifndef KEDUN_CMD_ROLE_START_H
#define KEDUN_CMD_ROLE_START_H

/* Returns the process's exit code. */
int role_start(int argc, char **argv);

#endif
