/* Jails: what a process may still do once it has read its start-up arguments and before it reads anything
 * else.
 *
 * Each is made of no_new_privs, no core dumps and no tracing (PR_SET_DUMPABLE 0; RLIMIT_CORE 1, which unlike
 * 0 also stops dumps into a pipe: core(5)), Landlock for files (landlock(7); ABI 2 of Debian 12's kernel
 * suffices, newer kernels also refuse truncation, TCP, abstract sockets and signals to outsiders), and a
 * seccomp list of permitted calls (seccomp(2)). A call that is not on the list fails with EPERM; one that no
 * honest code of ours makes (execve, ptrace, a network socket, mount, bpf …) kills the process.
 *
 *   kind         files                      sockets                    processes
 *   supervisor   all                        all                        all; never ptrace, bpf, modules …
 *   keeper       as handed in `paths`       Unix: what it was handed   threads
 *   engine, jobs as handed in `paths`       Unix: those and connect    threads
 *   reader       none, not even open        its one stream             none
 *   outbound     as handed in `paths`       Unix as engine; TCP and UDP connect, no bind   threads
 *   nginx        as handed in `paths`       Unix connect, TCP accept   workers; one exec: its own start
 *
 * A jail holds for all later threads and children; enter it with one thread. It can't be left.
 * Built with -Djail=off (sanitizers do things that no jail allows) jail_enter only sets no_new_privs. */
#ifndef KEDUN_IPC_JAIL_H
#define KEDUN_IPC_JAIL_H

#include "base/status.h"

#include <stddef.h>

enum jail_kind {
    JAIL_SUPERVISOR,
    JAIL_KEEPER,
    JAIL_ENGINE,
    JAIL_JOBS,
    JAIL_READER,
    JAIL_NGINX,
    JAIL_OUTBOUND
};

/* On a file or on everything below a directory. */
enum jail_right {
    JAIL_READ,   /* open for reading, list */
    JAIL_WRITE,  /* that, and make, change, rename, remove files and directories */
    JAIL_EXECUTE /* that of JAIL_READ, and start as a program */
};

struct jail_path {
    const char *path; /* one that is not there is passed over: nothing is allowed on it */
    enum jail_right right;
};

/* The descriptor that nginx's jail lets be executed (execveat with AT_EMPTY_PATH), once `paths` allows the
 * file. */
#define JAIL_NGINX_EXEC_FD 9

/* ST_UNAVAILABLE, with the remedy, when this kernel lacks Landlock or seccomp. After a failure end the
 * process. */
MUST_CHECK enum status jail_enter(enum jail_kind kind, const struct jail_path *paths, size_t count,
                                  struct error *e);

#endif
