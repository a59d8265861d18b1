#include "cmd/role_start.h"

#include "base/wipe.h"
#include "cmd/command.h"
#include "cmd/roles.h"
#include "crypto/start.h"
#include "ipc/spawn.h"

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct start {
    struct role_env env;
    struct config config;
    enum role_id id;
    int64_t parent;
    int64_t uid, gid;
    const char *config_file;
    const char *sets[SPAWN_SET_MOST];
    size_t set_count;
};

static const struct option options[] = {
    {"role", required_argument, NULL, 'r'},
    {"data", required_argument, NULL, 'd'},
    {"parent", required_argument, NULL, 'p'},
    {"config", required_argument, NULL, 'c'},
    {"set", required_argument, NULL, 's'},
    {"ready", required_argument, NULL, 'y'},
    {"user", required_argument, NULL, 'u'},
    {"fd", required_argument, NULL, 'f'},
    {NULL, 0, NULL, 0},
};

/* Splits "a<sep>b" in place; NULL when there is no separator. */
static char *split(char *text, char separator) {
    char *at = strchr(text, separator);
    if (at != NULL)
        *at++ = '\0';
    return at;
}

static bool number_of(const char *text, int64_t *out) {
    return text != NULL && slice_to_int(slice_from_string(text), out) && *out >= 0;
}

static bool read_fd(struct start *s, char *text) {
    char *number = split(text, '='), *peer = number == NULL ? NULL : split(number, ':');
    int64_t fd, uid;
    if (s->env.fd_count == ROLE_FDS || !number_of(number, &fd) || !number_of(peer, &uid))
        return false;
    s->env.fds[s->env.fd_count++] = (struct role_fd){.name = text, .fd = (int)fd, .peer = (uid_t)uid};
    return true;
}

static bool read_option(struct start *s, int option, char *value) {
    int64_t n = 0;
    char *second;
    switch (option) {
    case 'r':
        s->env.role = value;
        s->id = role_by_name(value);
        return s->id != ROLE_COUNT;
    case 'd':
        s->env.data_dir = value;
        return true;
    case 'p':
        return number_of(value, &s->parent);
    case 'c':
        s->config_file = value;
        return true;
    case 's':
        if (s->set_count < SPAWN_SET_MOST)
            s->sets[s->set_count++] = value;
        return true;
    case 'y':
        if (!number_of(value, &n))
            return false;
        s->env.ready_fd = (int)n;
        return true;
    case 'u':
        second = split(value, ':');
        return number_of(value, &s->uid) && number_of(second, &s->gid);
    case 'f':
        return read_fd(s, value);
    default:
        return false;
    }
}

static enum status read_config(struct start *s, struct error *e) {
    config_init(&s->config);
    enum status st = s->config_file == NULL ? ST_OK : config_read(s->config_file, &s->config, e);
    for (size_t i = 0; st == ST_OK && i < s->set_count; i++) {
        char pair[CONFIG_TEXT + 64];
        (void)snprintf(pair, sizeof pair, "%s", s->sets[i]);
        char *value = split(pair, '=');
        st = value == NULL ? ST_INVALID : config_set(&s->config, "--set", pair, value, e);
    }
    s->env.config = &s->config;
    return st;
}

static bool read_line(struct start *s, int argc, char **argv) {
    int c;
    *s = (struct start){.id = ROLE_COUNT, .env = {.ready_fd = -1}};
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (!read_option(s, c, optarg))
            return false;
    }
    return s->id != ROLE_COUNT && s->env.data_dir != NULL && s->env.ready_fd >= 0 &&
           roles[s->id].main != NULL;
}

/* Keys must never reach the swap: the keeper may lock memory as it needs, if root says so in time. */
static void raise_limits(enum role_id id) {
    struct rlimit lock = {.rlim_cur = 256u << 20, .rlim_max = 256u << 20};
    struct rlimit files;
    if (id == ROLE_KEEPER && geteuid() == 0)
        (void)setrlimit(RLIMIT_MEMLOCK, &lock);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max < 16384 ? files.rlim_max : 16384;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

/* What was handed over must not be handed on. */
static void close_on_exec(const struct role_env *env) {
    (void)fcntl(env->ready_fd, F_SETFD, FD_CLOEXEC);
    for (size_t i = 0; i < env->fd_count; i++)
        (void)fcntl(env->fds[i].fd, F_SETFD, FD_CLOEXEC);
}

static void arrange_signals(void) {
    sigset_t set;
    static const int ignored[] = {SIGPIPE, SIGINT, SIGHUP};
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        (void)signal(ignored[i], SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    (void)sigprocmask(SIG_SETMASK, &set, NULL);
}

static enum status close_jail(struct start *s, struct error *e) {
    struct arena a;
    struct jail_path paths[ROLE_PATHS_MOST];
    size_t count = 0;
    arena_init(&a, 64 * 1024, ARENA_PLAIN);
    enum status st = roles[s->id].needs_crypto ? crypto_start(e) : ST_OK;
    if (st == ST_OK && !role_jail_paths(s->id, &s->env, &a, paths, &count))
        st = error_set(e, ST_NOMEM, "jail_paths", "no memory for the jail");
    if (st == ST_OK)
        st = jail_enter(roles[s->id].jail, paths, count, e);
    arena_free(&a);
    return st;
}

int role_start(int argc, char **argv) {
    struct start s;
    struct error e = {0};
    if (!read_line(&s, argc, argv)) {
        (void)fprintf(stderr, "kedun: --role is for `kedun serve` alone\n");
        return EXIT_USAGE;
    }
    log_setup(s.env.role, LOG_INFO);
    wipe_libraries();
    enum status st = read_config(&s, &e);
    if (st == ST_OK) {
        log_setup(s.env.role, (enum log_level)s.config.log_level);
        raise_limits(s.id);
        arrange_signals();
        close_on_exec(&s.env);
        (void)umask(roles[s.id].umask);
        st = spawn_settle((uid_t)s.uid, (gid_t)s.gid, (pid_t)s.parent, SIGKILL);
    }
    if (st == ST_OK)
        st = close_jail(&s, &e);
    if (st != ST_OK) {
        log_error("cannot start: %s (%s)", e.detail, status_name(st));
        return EXIT_CONFIG;
    }
    return roles[s.id].main(&s.env);
}
