#include "cmd/nginx_start.h"

#include "ipc/spawn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newcomers wait here until nginx takes them, one a turn of its loop; the kernel holds it to its
 * net.core.somaxconn (4096 as Debian ships it). nginx leaves an inherited socket's as it is. */
#define BACKLOG 4096
/* Seconds for which the kernel keeps a connection that says nothing (tcp(7), TCP_DEFER_ACCEPT). nginx's own
 * "deferred" would say 1; what it inherits it leaves. */
#define SILENT_S 30
/* nginx frees requests and answers as they are. This has libc overwrite what is freed (GNU C Library manual,
 * Tunables); memory that waits in a thread's cache would be left out of it. */
#define WIPE_FREED "GLIBC_TUNABLES=glibc.malloc.perturb=165:glibc.malloc.tcache_count=0"

static bool address_of(const char *listen_to, struct sockaddr_storage *out, socklen_t *length) {
    char host[CONFIG_TEXT];
    uint16_t port;
    if (!config_split_address(listen_to, host, &port))
        return false;
    memset(out, 0, sizeof *out);
    struct sockaddr_in *four = (struct sockaddr_in *)out;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
    if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        *length = sizeof *four;
        return true;
    }
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    *length = sizeof *six;
    return inet_pton(AF_INET6, host, &six->sin6_addr) == 1;
}

enum status nginx_listen(const char *listen_to, int *fd, struct error *e) {
    struct sockaddr_storage a;
    socklen_t length = 0;
    int on = 1, silent = SILENT_S;
    if (!address_of(listen_to, &a, &length))
        return error_set(e, ST_INVALID, "listen", "%.80s is no address with a port", listen_to);
    int s = socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s < 0)
        return error_set(e, ST_IO, "listen", "cannot make a socket for %.80s: errno %d", listen_to, errno);
    (void)setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    (void)setsockopt(s, IPPROTO_TCP, TCP_DEFER_ACCEPT, &silent, sizeof silent);
    if (a.ss_family == AF_INET6) /* as nginx expects of a socket for [::] */
        (void)setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(s, (struct sockaddr *)&a, length) != 0 || listen(s, BACKLOG) != 0) {
        int why = errno;
        close(s);
        return error_set(e, why == EADDRINUSE ? ST_CONFLICT : ST_IO, "listen",
                         "cannot listen on %.80s: %s (errno %d); choose another --listen", listen_to,
                         why == EADDRINUSE ? "another program has the port" : "not allowed here", why);
    }
    *fd = s;
    return ST_OK;
}

static enum status close_jail(const struct role_env *env, struct error *e) {
    struct arena a;
    struct jail_path paths[ROLE_PATHS_MOST];
    size_t count = 0;
    enum status st = ST_NOMEM;
    arena_init(&a, 64 * 1024, ARENA_PLAIN);
    if (role_jail_paths(ROLE_NGINX, env, &a, paths, &count))
        st = jail_enter(JAIL_NGINX, paths, count, e);
    arena_free(&a);
    return st;
}

static void reset_signals(void) {
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
}

/* In the child. Standard input and output are /dev/null, standard error is the log pipe. */
static enum status arrange(int program, int listen_fd, int log_fd, int ready_fd) {
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(log_fd, 2) < 0)
        return ST_IO;
    const int keep[] = {listen_fd, ready_fd, program};
    enum status st = spawn_arrange_fds(keep, 3);
    if (st != ST_OK)
        return st;
    bool failed = fcntl(SPAWN_FIRST_FD + 1, F_SETFD, FD_CLOEXEC) != 0 ||
                  dup3(SPAWN_FIRST_FD + 2, JAIL_NGINX_EXEC_FD, O_CLOEXEC) < 0 ||
                  close(SPAWN_FIRST_FD + 2) != 0;
    return failed ? ST_IO : ST_OK;
}

static void become_nginx(const struct role_env *env, pid_t parent, int program, const int fds[3]) {
    char prefix[CONFIG_TEXT], conf[CONFIG_TEXT], inherit[32];
    struct error e = {0};
    (void)snprintf(prefix, sizeof prefix, "%s/nginx/", env->data_dir);
    (void)snprintf(conf, sizeof conf, "%s/nginx/nginx.conf", env->data_dir);
    (void)snprintf(inherit, sizeof inherit, "NGINX=%d;", SPAWN_FIRST_FD);
    const char *const argv[] = {"nginx", "-p", prefix, "-c", conf, "-e", "stderr", NULL};
    const char *const environment[] = {inherit, "LANG=C.UTF-8", WIPE_FREED, NULL};
    (void)setpgid(0, 0);
    reset_signals();
    (void)umask(roles[ROLE_NGINX].umask);
    enum status st = arrange(program, fds[0], fds[1], fds[2]);
    if (st == ST_OK)
        st = spawn_settle(role_uid(env->config, ROLE_NGINX), role_gid(env->config, ROLE_NGINX), parent,
                          SIGTERM);
    if (st == ST_OK)
        st = close_jail(env, &e);
    if (st == ST_OK)
        (void)syscall(SYS_execveat, JAIL_NGINX_EXEC_FD, "", argv, environment, AT_EMPTY_PATH);
    (void)dprintf(2, "nginx could not be started in its jail: %s (%s, errno %d)\n", e.detail, status_name(st),
                  errno);
    _exit(127);
}

enum status nginx_start(const struct role_env *env, int listen_fd, int log_fd, int ready_fd, pid_t *pid,
                        struct error *e) {
    int program = open(env->config->nginx, O_PATH | O_CLOEXEC);
    if (program < 0)
        return error_set(e, ST_UNAVAILABLE, "nginx", "cannot open %.120s: errno %d", env->config->nginx,
                         errno);
    const int fds[3] = {listen_fd, log_fd, ready_fd};
    pid_t parent = getpid(), child = fork();
    if (child == 0)
        become_nginx(env, parent, program, fds);
    close(program);
    if (child < 0)
        return error_set(e, ST_UNAVAILABLE, "nginx", "cannot start nginx: errno %d", errno);
    *pid = child;
    return ST_OK;
}
