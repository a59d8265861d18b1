#include "ipc/jail_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/* libseccomp's SCMP_A… macros leave the second operand out where there is none; clang minds. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* Calls by name: some exist on one architecture only (open, stat, rename …) and are passed over elsewhere. */

/* What every role needs to run at all, the reader included. */
static const char *const calls_basic[] = {
    "read",        "write",   "close",         "fstat",           "lseek",          "munmap",
    "mremap",      "madvise", "brk",           "rt_sigaction",    "rt_sigprocmask", "rt_sigreturn",
    "sigaltstack", "poll",    "ppoll",         "sendmsg",         "sendto",         "recvfrom",
    "shutdown",    "futex",   "clock_gettime", "clock_getres",    "gettimeofday",   "getrandom",
    "getpid",      "gettid",  "sched_yield",   "restart_syscall", "exit",           "exit_group",
    "getrusage",   NULL};

/* Files (Landlock says which), time, threads. */
static const char *const calls_files[] = {
    "readv",      "writev",    "pread64",  "pwrite64",    "preadv",          "pwritev",    "preadv2",
    "pwritev2",   "open",      "openat",   "stat",        "lstat",           "newfstatat", "statx",
    "fstatfs",    "statfs",    "access",   "faccessat",   "faccessat2",      "readlink",   "readlinkat",
    "getdents64", "getcwd",    "fsync",    "fdatasync",   "sync_file_range", "ftruncate",  "truncate",
    "fallocate",  "fadvise64", "flock",    "rename",      "renameat",        "renameat2",  "link",
    "linkat",     "unlink",    "unlinkat", "mkdir",       "mkdirat",         "rmdir",      "chmod",
    "fchmod",     "fchmodat",  "umask",    "utimensat",   "copy_file_range", "sendfile",   "fcntl",
    "dup",        "dup2",      "dup3",     "close_range", "pipe2",           NULL};

static const char *const calls_process[] = {"mlock",
                                            "mlock2",
                                            "munlock",
                                            "mlockall",
                                            "munlockall",
                                            "msync",
                                            "rt_sigtimedwait",
                                            "rt_sigpending",
                                            "select",
                                            "pselect6",
                                            "epoll_create1",
                                            "epoll_ctl",
                                            "epoll_wait",
                                            "epoll_pwait",
                                            "epoll_pwait2",
                                            "eventfd2",
                                            "timerfd_create",
                                            "timerfd_settime",
                                            "signalfd4",
                                            "nanosleep",
                                            "clock_nanosleep",
                                            "time",
                                            "getppid",
                                            "getuid",
                                            "geteuid",
                                            "getgid",
                                            "getegid",
                                            "uname",
                                            "sysinfo",
                                            "getcpu",
                                            "sched_getaffinity",
                                            "set_robust_list",
                                            "get_robust_list",
                                            "rseq",
                                            "membarrier",
                                            "set_tid_address",
                                            "arch_prctl",
                                            NULL};

static const char *const calls_sockets[] = {"accept",      "accept4",     "getsockopt", "setsockopt",
                                            "getsockname", "getpeername", "recvmsg",    NULL};

static const char *const calls_nginx[] = {"rt_sigsuspend", "wait4",        "waitid",  "kill",    "setsid",
                                          "setitimer",     "epoll_create", "pipe",    "connect", "listen",
                                          "getrlimit",     "getgroups",    "geteuid", NULL};

/* No honest code of ours makes these: whoever tries is stopped for good. */
static const char *const calls_deadly[] = {"ptrace",
                                           "process_vm_readv",
                                           "process_vm_writev",
                                           "kexec_load",
                                           "kexec_file_load",
                                           "init_module",
                                           "finit_module",
                                           "delete_module",
                                           "bpf",
                                           "perf_event_open",
                                           "userfaultfd",
                                           "io_uring_setup",
                                           "keyctl",
                                           "add_key",
                                           "request_key",
                                           "open_by_handle_at",
                                           "swapon",
                                           "reboot",
                                           NULL};

static const char *const calls_deadly_in_roles[] = {"execve", "mount",   "umount2", "pivot_root",
                                                    "chroot", "unshare", "setns",   "bind",
                                                    "setuid", "setgid",  NULL};

struct list {
    scmp_filter_ctx filter;
    int failed; /* the first error of libseccomp */
};

static void note(struct list *l, int rc) {
    if (rc != 0 && rc != -EDOM && l->failed == 0)
        l->failed = rc;
}

static void rule_if(struct list *l, uint32_t action, const char *call, size_t count,
                    const struct scmp_arg_cmp *conditions) {
    int nr = seccomp_syscall_resolve_name(call);
    if (nr != __NR_SCMP_ERROR)
        note(l, seccomp_rule_add_array(l->filter, action, nr, (unsigned)count, conditions));
}

static void rules(struct list *l, uint32_t action, const char *const *calls) {
    for (size_t i = 0; calls[i] != NULL; i++)
        rule_if(l, action, calls[i], 0, NULL);
}

static void allow_if(struct list *l, const char *call, struct scmp_arg_cmp condition) {
    rule_if(l, SCMP_ACT_ALLOW, call, 1, &condition);
}

static void allow_memory(struct list *l) {
    struct scmp_arg_cmp data_only = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    allow_if(l, "mmap", data_only);
    allow_if(l, "mprotect", data_only);
}

/* abort() and sanity checks of libc signal their own thread group only. */
static void allow_own_signals(struct list *l) {
    allow_if(l, "tgkill", (struct scmp_arg_cmp)SCMP_A2(SCMP_CMP_EQ, SIGABRT));
}

/* A thread, never a process. The flags of clone3 lie in memory, out of seccomp's sight: libc falls back to
 * clone when it is absent. */
static void allow_threads(struct list *l) {
    allow_if(l, "clone", (struct scmp_arg_cmp)SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    rule_if(l, SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, NULL);
}

static void allow_unix_sockets(struct list *l) {
    struct scmp_arg_cmp ours = SCMP_A0(SCMP_CMP_EQ, AF_UNIX), others = SCMP_A0(SCMP_CMP_NE, AF_UNIX);
    allow_if(l, "socket", ours);
    allow_if(l, "socketpair", ours);
    rule_if(l, SCMP_ACT_KILL_PROCESS, "socket", 1, &others);
    rules(l, SCMP_ACT_ALLOW, calls_sockets);
}

static void allow_prctl(struct list *l) {
    allow_if(l, "prctl", (struct scmp_arg_cmp)SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
    allow_if(l, "prctl", (struct scmp_arg_cmp)SCMP_A0(SCMP_CMP_EQ, PR_GET_DUMPABLE));
    /* Reading a limit, not setting one. */
    allow_if(l, "prlimit64", (struct scmp_arg_cmp)SCMP_A2(SCMP_CMP_EQ, 0));
}

/* The resolver asks the kernel over netlink which families it has, and takes no for an answer. */
static void allow_network(struct list *l) {
    static const uint64_t families[] = {AF_UNIX, AF_INET, AF_INET6};
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        allow_if(l, "socket", (struct scmp_arg_cmp)SCMP_A0(SCMP_CMP_EQ, families[i]));
    struct scmp_arg_cmp netlink = SCMP_A0(SCMP_CMP_EQ, AF_NETLINK), later = SCMP_A0(SCMP_CMP_GT, AF_NETLINK);
    rule_if(l, SCMP_ACT_ERRNO(EAFNOSUPPORT), "socket", 1, &netlink);
    rule_if(l, SCMP_ACT_KILL_PROCESS, "socket", 1, &later);
    allow_if(l, "socketpair", (struct scmp_arg_cmp)SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
    rules(l, SCMP_ACT_ALLOW, calls_sockets);
    rules(l, SCMP_ACT_ALLOW, (const char *const[]){"sendmmsg", "recvmmsg", NULL});
    allow_if(l, "ioctl", (struct scmp_arg_cmp)SCMP_A1(SCMP_CMP_EQ, FIONBIO));
    allow_if(l, "ioctl", (struct scmp_arg_cmp)SCMP_A1(SCMP_CMP_EQ, FIONREAD));
}

static void fill_role(struct list *l, enum jail_kind kind) {
    rules(l, SCMP_ACT_KILL_PROCESS, calls_deadly_in_roles);
    rules(l, SCMP_ACT_KILL_PROCESS, (const char *const[]){"execveat", NULL});
    rules(l, SCMP_ACT_ALLOW, calls_basic);
    allow_memory(l);
    allow_own_signals(l);
    if (kind == JAIL_READER) {
        rules(l, SCMP_ACT_KILL_PROCESS, (const char *const[]){"socket", NULL});
        return;
    }
    rules(l, SCMP_ACT_ALLOW, calls_files);
    rules(l, SCMP_ACT_ALLOW, calls_process);
    allow_threads(l);
    if (kind == JAIL_OUTBOUND)
        allow_network(l);
    else
        allow_unix_sockets(l);
    allow_prctl(l);
    if (kind != JAIL_KEEPER) /* the keeper calls nobody */
        rules(l, SCMP_ACT_ALLOW, (const char *const[]){"connect", NULL});
}

/* nginx maps its libraries, forks its workers, and is itself started from inside the jail. */
static void fill_nginx(struct list *l) {
    rules(l, SCMP_ACT_KILL_PROCESS, calls_deadly_in_roles);
    rules(l, SCMP_ACT_ALLOW, calls_basic);
    rules(l, SCMP_ACT_ALLOW, calls_files);
    rules(l, SCMP_ACT_ALLOW, calls_process);
    rules(l, SCMP_ACT_ALLOW, calls_nginx);
    struct scmp_arg_cmp no_namespaces = SCMP_A0(SCMP_CMP_MASKED_EQ, 0x7e020000u | CLONE_NEWTIME, 0);
    allow_if(l, "clone", no_namespaces);
    rule_if(l, SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, NULL);
    struct scmp_arg_cmp own_start[] = {SCMP_A0(SCMP_CMP_EQ, JAIL_NGINX_EXEC_FD),
                                       SCMP_A4(SCMP_CMP_EQ, AT_EMPTY_PATH)};
    rule_if(l, SCMP_ACT_ALLOW, "execveat", 2, own_start);
    struct scmp_arg_cmp of_files = SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, 0);
    allow_if(l, "mmap", of_files);
    allow_memory(l);
    allow_own_signals(l);
    allow_unix_sockets(l);
    allow_prctl(l);
    /* Workers ask to be dumpable and complain when refused: let them believe it. */
    struct scmp_arg_cmp dumpable = SCMP_A0(SCMP_CMP_EQ, PR_SET_DUMPABLE);
    rule_if(l, SCMP_ACT_ERRNO(0), "prctl", 1, &dumpable);
    allow_if(l, "ioctl", (struct scmp_arg_cmp)SCMP_A1(SCMP_CMP_EQ, FIONBIO));
    allow_if(l, "ioctl", (struct scmp_arg_cmp)SCMP_A1(SCMP_CMP_EQ, FIOASYNC));
    allow_if(l, "ioctl", (struct scmp_arg_cmp)SCMP_A1(SCMP_CMP_EQ, FIONREAD));
}

enum status jail_calls_restrict(enum jail_kind kind, struct error *e) {
    uint32_t usual = kind == JAIL_SUPERVISOR ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM);
    struct list l = {.filter = seccomp_init(usual), .failed = 0};
    if (l.filter == NULL)
        return error_set(e, ST_NOMEM, "jail_calls", "no memory for the list of system calls");
    rules(&l, SCMP_ACT_KILL_PROCESS, calls_deadly);
    if (kind == JAIL_NGINX)
        fill_nginx(&l);
    else if (kind != JAIL_SUPERVISOR)
        fill_role(&l, kind);
    note(&l, seccomp_attr_set(l.filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS));
    note(&l,
         seccomp_attr_set(l.filter, SCMP_FLTATR_CTL_OPTIMIZE, 2)); /* a binary tree: short for every call */
    if (l.failed == 0)
        note(&l, seccomp_load(l.filter));
    seccomp_release(l.filter);
    if (l.failed != 0)
        return error_set(e, ST_UNAVAILABLE, "jail_calls", "cannot restrict system calls (libseccomp: %d)",
                         l.failed);
    return ST_OK;
}
