/* Unix stream sockets between Kedun's processes: close-on-exec, mode 0600, the peer known by the kernel's
 * word. */
#ifndef KEDUN_IPC_SOCKET_H
#define KEDUN_IPC_SOCKET_H

#include "base/status.h"

#include <sys/types.h>

/* Bytes of a socket's path that the kernel takes (sun_path without its NUL). */
#define SOCKET_PATH_MOST 107

/* The user who may connect when there is no such restriction to check. */
#define SOCKET_ANY_USER ((uid_t)-1)

/* Listens on `path` (an older socket there is removed; ST_CONFLICT if something else is there), mode 0600,
 * owned by the caller. ST_INVALID when the path is too long. */
MUST_CHECK enum status socket_listen(const char *path, int *fd, struct error *e);

/* ST_UNAVAILABLE when nobody listens there. */
MUST_CHECK enum status socket_connect(const char *path, int *fd, struct error *e);

/* The next caller, who must be `user` (SOCKET_ANY_USER: no matter), or root; another one is hung up on:
 * ST_DENIED. ST_RETRY: nobody there after all (EINTR, or a caller who left). ST_IO: the listening socket is
 * broken. */
MUST_CHECK enum status socket_accept(int listener, uid_t user, int *fd);

struct socket_peer {
    pid_t pid;
    uid_t uid;
    gid_t gid;
};

/* Who connected (SO_PEERCRED: at the time of connecting). */
MUST_CHECK enum status socket_peer_get(int fd, struct socket_peer *out);

/* Two ends, close-on-exec. */
MUST_CHECK enum status socket_pair(int ends[2]);

/* Hands a descriptor over a socket with one byte of data, and takes it (close-on-exec). Blocking.
 * socket_receive_fd: ST_NOT_FOUND when the byte came without a descriptor, ST_UNAVAILABLE when the peer is
 * gone. */
MUST_CHECK enum status socket_send_fd(int over, int fd);
MUST_CHECK enum status socket_receive_fd(int over, int *fd);

#endif
