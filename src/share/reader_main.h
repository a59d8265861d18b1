/* The reader: a process that parses one hostile file and holds nothing else. Jailed to its one stream; its
 * memory does not depend on the file's size. */
#ifndef KEDUN_SHARE_READER_MAIN_H
#define KEDUN_SHARE_READER_MAIN_H

#include "ipc/role.h"

/* The role's entry point (ipc/role.h); ends with its stream. */
int reader_main(const struct role_env *env);

/* The same on a given stream. */
int reader_serve(int fd);

#endif
