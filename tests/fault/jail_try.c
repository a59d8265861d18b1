/* Enters each role's jail as the product does and tries what it must refuse, and a few things that it must
 * allow. jail_try DATA-DIRECTORY      prints a line an attempt, then "N passed, N failed" */
#include "cmd/data_dir.h"
#include "cmd/roles.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *data;
static struct config config;

/* An attempt returns 0 when it succeeded, else errno. */
static int result(long rc) {
    return rc < 0 ? errno : 0;
}

static int open_below(const char *name, int flags) {
    char path[256];
    (void)snprintf(path, sizeof path, name[0] == '/' ? "%s%s" : "%s/%s", name[0] == '/' ? "" : data, name);
    return result(open(path, flags | O_CLOEXEC, 0600));
}

static int write_db(void) {
    return open_below("db/probe", O_RDWR | O_CREAT);
}
static int read_key(void) {
    return open_below("keys/probe", O_RDONLY);
}
static int write_key(void) {
    return open_below("keys/probe", O_RDWR | O_CREAT);
}
static int read_audit(void) {
    return open_below("audit/probe", O_RDONLY);
}
static int read_tls_key(void) {
    return open_below("tls/server.key", O_RDONLY);
}
static int read_ca_key(void) {
    return open_below("tls/ca.key", O_RDONLY);
}
static int read_passwords(void) {
    return open_below("/etc/shadow", O_RDONLY);
}
static int read_library(void) {
    return open_below("/usr/share/zoneinfo/UTC", O_RDONLY);
}
static int write_temporary(void) {
    return open_below("nginx/none/0000000001", O_RDWR | O_CREAT);
}
static int write_tmp(void) {
    return open_below("/tmp/kedun-jail-probe", O_RDWR | O_CREAT);
}
static int run_shell(void) {
    const char *const argv[] = {"sh", NULL}, *const env[] = {NULL};
    return result(execve("/bin/sh", (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)env));
}
static int run_by_descriptor(void) {
    const char *const argv[] = {"sh", NULL}, *const env[] = {NULL};
    int fd = open("/usr/bin/env", O_PATH | O_CLOEXEC);
    if (dup2(fd, JAIL_NGINX_EXEC_FD) < 0)
        return errno;
    return result(syscall(SYS_execveat, JAIL_NGINX_EXEC_FD, "", argv, env, AT_EMPTY_PATH));
}
static int trace(void) {
    return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}
static int fork_child(void) {
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return result(pid);
}
static int internet_socket(void) {
    return result(socket(AF_INET, SOCK_STREAM, 0));
}
static int unix_socket(void) {
    return result(socket(AF_UNIX, SOCK_STREAM, 0));
}
static int unix_connect(void) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    (void)snprintf(a.sun_path, sizeof a.sun_path, "%s/run/writer.sock", data);
    return result(connect(s, (struct sockaddr *)&a, sizeof a));
}
static int unix_bind(void) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    (void)snprintf(a.sun_path, sizeof a.sun_path, "%s/run/other.sock", data);
    return result(bind(s, (struct sockaddr *)&a, sizeof a));
}
static int executable_memory(void) {
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? errno : 0;
}
static int ordinary_memory(void) {
    void *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? errno : 0;
}
static void *nothing(void *arg) {
    return arg;
}
static int start_thread(void) {
    pthread_t t;
    int rc = pthread_create(&t, NULL, nothing, NULL);
    return rc != 0 ? rc : pthread_join(t, NULL);
}
static int raise_core_limit(void) {
    struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    return result(setrlimit(RLIMIT_CORE, &all));
}
static int signal_outsider(void) {
    return result(kill(getppid(), 0));
}

#define KILLED (-1) /* by SIGSYS */

struct attempt {
    const char *name;
    int (*run)(void);
    int expected; /* errno, 0 or KILLED */
};

static const struct attempt keeper[] = {
    {"may make its key file", write_key, 0},
    {"may start a thread", start_thread, 0},
    {"may not open the database", write_db, EACCES},
    {"may not read nginx's key", read_tls_key, EACCES},
    {"may not read /etc/shadow", read_passwords, EACCES},
    {"may not write to /tmp", write_tmp, EACCES},
    {"may not call another process", unix_connect, EPERM},
    {"may not fork", fork_child, EPERM},
    {"may not make memory executable", executable_memory, EPERM},
    {"may not allow itself core dumps", raise_core_limit, EPERM},
    {"dies when it opens a network socket", internet_socket, KILLED},
    {"dies when it runs a program", run_shell, KILLED},
    {"dies when it traces", trace, KILLED},
    {NULL, NULL, 0},
};

static const struct attempt engine[] = {
    {"may open the database", write_db, 0},
    {"may call the keeper's kind of socket", unix_connect, 0},
    {"may start a thread", start_thread, 0},
    {"may read the system's tables", read_library, 0},
    {"may not read a key", read_key, EACCES},
    {"may not read the audit log", read_audit, EACCES},
    {"may not read nginx's key", read_tls_key, EACCES},
    {"may not read /etc/shadow", read_passwords, EACCES},
    {"may not write to /tmp", write_tmp, EACCES},
    {"may not fork", fork_child, EPERM},
    {"may not make memory executable", executable_memory, EPERM},
    {"may not allow itself core dumps", raise_core_limit, EPERM},
    {"may not signal others", signal_outsider, EPERM},
    {"dies when it opens a network socket", internet_socket, KILLED},
    {"dies when it opens a door of its own", unix_bind, KILLED},
    {"dies when it runs a program", run_shell, KILLED},
    {"dies when it traces", trace, KILLED},
    {NULL, NULL, 0},
};

static const struct attempt outbound[] = {
    {"may open a network socket", internet_socket, 0},
    {"may call the keeper's kind of socket", unix_connect, 0},
    {"may start a thread", start_thread, 0},
    {"may not open the database", write_db, EACCES},
    {"may not read a key", read_key, EACCES},
    {"may not read the audit log", read_audit, EACCES},
    {"may not read nginx's key", read_tls_key, EACCES},
    {"may not read /etc/shadow", read_passwords, EACCES},
    {"may not write to /tmp", write_tmp, EACCES},
    {"may not fork", fork_child, EPERM},
    {"may not make memory executable", executable_memory, EPERM},
    {"dies when it opens a door of its own", unix_bind, KILLED},
    {"dies when it runs a program", run_shell, KILLED},
    {"dies when it traces", trace, KILLED},
    {NULL, NULL, 0},
};

static const struct attempt reader[] = {
    {"may have memory", ordinary_memory, 0},
    {"may not open the database", write_db, EPERM},
    {"may not open anything", read_library, EPERM},
    {"may not start a thread", start_thread, EPERM},
    {"may not fork", fork_child, EPERM},
    {"dies when it opens even a Unix socket", unix_socket, KILLED},
    {"dies when it opens a network socket", internet_socket, KILLED},
    {"dies when it runs a program", run_shell, KILLED},
    {NULL, NULL, 0},
};

static const struct attempt nginx[] = {
    {"may read its own key", read_tls_key, 0},
    {"may fork workers", fork_child, 0},
    {"may call the engine's kind of socket", unix_connect, 0},
    {"may not read the authority's key", read_ca_key, EACCES},
    {"may not open the database", write_db, EACCES},
    {"may not read a data key", read_key, EACCES},
    {"may not make a temporary file", write_temporary, EACCES},
    {"may not write to /tmp", write_tmp, EACCES},
    {"may not run another program through its own start", run_by_descriptor, EACCES},
    {"may not make memory executable", executable_memory, EPERM},
    {"dies when it opens a network socket", internet_socket, KILLED},
    {"dies when it opens a door of its own", unix_bind, KILLED},
    {"dies when it runs a program", run_shell, KILLED},
    {NULL, NULL, 0},
};

static const struct attempt supervisor[] = {
    {"may fork roles", fork_child, 0},
    {"may listen on the network", internet_socket, 0},
    {"may not allow core dumps again", raise_core_limit, EPERM},
    {"dies when it traces", trace, KILLED},
    {NULL, NULL, 0},
};

static enum status enter(enum role_id id, struct error *e) {
    static struct jail_path paths[ROLE_PATHS_MOST];
    struct role_env env = {.data_dir = data, .config = &config};
    struct arena a;
    size_t count = 0;
    if (id == ROLE_COUNT)
        return jail_enter(JAIL_SUPERVISOR, NULL, 0, e);
    arena_init(&a, 65536, ARENA_PLAIN);
    if (!role_jail_paths(id, &env, &a, paths, &count))
        return ST_NOMEM;
    return jail_enter(roles[id].jail, paths, count, e);
}

static void attempt_in_jail(enum role_id id, const struct attempt *a) {
    struct error e = {0};
    /* Root may raise limits and open all: what is refused below must be the jail's doing, except those two.
     */
    if (a->run == raise_core_limit && geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
        _exit(251);
    if (enter(id, &e) != ST_OK) {
        (void)fprintf(stderr, "%s\n", e.detail);
        _exit(250);
    }
    _exit(a->run());
}

static bool attempt_holds(enum role_id id, const struct attempt *a, int *got) {
    int status = 0;
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        attempt_in_jail(id, a);
    if (waitpid(pid, &status, 0) != pid)
        return false;
    *got = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status) == SIGSYS ? KILLED : -2;
    return *got == a->expected;
}

static void attempts(const char *name, enum role_id id, const struct attempt *list, int *passed,
                     int *failed) {
    for (const struct attempt *a = list; a->name != NULL; a++) {
        int got = -3;
        bool holds = attempt_holds(id, a, &got);
        *(holds ? passed : failed) += 1;
        (void)printf("%s %s %s", holds ? "ok  " : "FAIL", name, a->name);
        if (holds)
            (void)printf("\n");
        else
            (void)printf(": expected %d, got %d\n", a->expected, got);
    }
}

int main(int argc, char **argv) {
    int passed = 0, failed = 0;
    struct error e = {0};
    int sockets[ROLE_SOCKETS];
    if (argc != 2)
        return 64;
    data = argv[1];
    config_init(&config);
    if (data_dir_prepare(data, &config, &e) != ST_OK ||
        data_dir_listen(data, &config, sockets, &e) != ST_OK) {
        (void)printf("%s\n0 passed, 1 failed\n", e.detail);
        return 1;
    }
    (void)open_below("keys/probe", O_RDWR | O_CREAT);
    (void)open_below("audit/probe", O_RDWR | O_CREAT);
    (void)open_below("tls/server.key", O_RDWR | O_CREAT);
    (void)open_below("tls/ca.key", O_RDWR | O_CREAT);
    attempts("supervisor", ROLE_COUNT, supervisor, &passed, &failed);
    attempts("keeper", ROLE_KEEPER, keeper, &passed, &failed);
    attempts("engine", ROLE_ENGINE, engine, &passed, &failed);
    attempts("jobs", ROLE_JOBS, engine, &passed, &failed);
    attempts("outbound", ROLE_OUTBOUND, outbound, &passed, &failed);
    attempts("reader", ROLE_READER, reader, &passed, &failed);
    attempts("nginx", ROLE_NGINX, nginx, &passed, &failed);
    (void)printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
