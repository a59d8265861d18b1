#include "ipc/socket.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define ACCEPT_PAUSE_MS 50 /* while the process has no file handles left */

static enum status address_of(const char *path, struct sockaddr_un *a, struct error *e) {
    size_t n = strlen(path);
    if (n > SOCKET_PATH_MOST)
        return error_set(e, ST_INVALID, "socket_path_too_long",
                         "the path of the socket %s has more than %d bytes; choose a shorter data directory",
                         path, SOCKET_PATH_MOST);
    *a = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(a->sun_path, path, n);
    return ST_OK;
}

static enum status remove_old(const char *path, struct error *e) {
    struct stat s;
    if (lstat(path, &s) != 0)
        return ST_OK;
    if (!S_ISSOCK(s.st_mode))
        return error_set(e, ST_CONFLICT, "not_a_socket", "%s is in the way and is no socket", path);
    if (unlink(path) != 0)
        return error_set(e, ST_IO, "socket_remove", "cannot remove %s: errno %d", path, errno);
    return ST_OK;
}

enum status socket_listen(const char *path, int *fd, struct error *e) {
    struct sockaddr_un a;
    enum status st = address_of(path, &a, e);
    if (st == ST_OK)
        st = remove_old(path, e);
    if (st != ST_OK)
        return st;
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s < 0)
        return error_set(e, ST_IO, "socket_make", "cannot make a socket: errno %d", errno);
    mode_t before = umask(0177); /* the mode must be right from the first moment on */
    int failed = bind(s, (struct sockaddr *)&a, sizeof a);
    umask(before);
    if (failed != 0 || listen(s, 512) != 0) {
        int why = errno;
        close(s);
        return error_set(e, ST_IO, "socket_listen", "cannot listen on %s: errno %d", path, why);
    }
    *fd = s;
    return ST_OK;
}

enum status socket_connect(const char *path, int *fd, struct error *e) {
    struct sockaddr_un a;
    enum status st = address_of(path, &a, e);
    if (st != ST_OK)
        return st;
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s < 0)
        return error_set(e, ST_IO, "socket_make", "cannot make a socket: errno %d", errno);
    int failed;
    do
        failed = connect(s, (struct sockaddr *)&a, sizeof a);
    while (failed != 0 && errno == EINTR);
    if (failed != 0) {
        int why = errno;
        close(s);
        return error_set(e, ST_UNAVAILABLE, "socket_connect", "nobody answers on %s: errno %d", path, why);
    }
    *fd = s;
    return ST_OK;
}

enum status socket_peer_get(int fd, struct socket_peer *out) {
    struct ucred c;
    socklen_t n = sizeof c;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &n) != 0 || n != sizeof c)
        return ST_IO;
    *out = (struct socket_peer){.pid = c.pid, .uid = c.uid, .gid = c.gid};
    return ST_OK;
}

enum status socket_accept(int listener, uid_t user, int *fd) {
    int s = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (s < 0) {
        bool spent = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        bool again = spent || errno == EINTR || errno == ECONNABORTED || errno == EAGAIN;
        if (spent) /* whoever connected still waits: asking at once again would only burn the processor */
            (void)poll(NULL, 0, ACCEPT_PAUSE_MS);
        return again ? ST_RETRY : ST_IO;
    }
    struct socket_peer peer;
    bool known = socket_peer_get(s, &peer) == ST_OK;
    if (user != SOCKET_ANY_USER && (!known || (peer.uid != user && peer.uid != 0))) {
        close(s);
        return ST_DENIED;
    }
    *fd = s;
    return ST_OK;
}

enum status socket_pair(int ends[2]) {
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 ? ST_OK : ST_IO;
}

enum status socket_send_fd(int over, int fd) {
    char byte = 'f';
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    struct msghdr m = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    ssize_t n;
    do
        n = sendmsg(over, &m, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == 1 ? ST_OK : ST_UNAVAILABLE;
}

enum status socket_receive_fd(int over, int *fd) {
    char byte = 0;
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    struct msghdr m = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t n;
    do
        n = recvmsg(over, &m, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n != 1)
        return ST_UNAVAILABLE;
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (c == NULL || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
        c->cmsg_len != CMSG_LEN(sizeof(int)))
        return ST_NOT_FOUND;
    memcpy(fd, CMSG_DATA(c), sizeof *fd);
    return ST_OK;
}
