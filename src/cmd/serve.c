#include "cmd/command.h"
#include "cmd/data_dir.h"
#include "cmd/nginx_conf.h"
#include "cmd/nginx_start.h"
#include "cmd/supervisor.h"
#include "cmd/tls.h"
#include "crypto/start.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

struct serve {
    struct command_options options;
    char config_path[CONFIG_TEXT];
    char dir[DATA_DIR_MOST + 1];
    char listen_pair[CONFIG_TEXT + 8];
    int lock;
    struct supervisor_plan plan;
};

static enum status prepare(struct serve *s, struct error *e) {
    const struct config *c = &s->options.config;
    enum status st = data_dir_resolve(s->options.data, s->dir, e);
    if (st == ST_OK)
        st = data_dir_initialised(s->dir, e);
    if (st == ST_OK)
        st = data_dir_lock(s->dir, &s->lock, e);
    if (st == ST_OK)
        st = data_dir_prepare(s->dir, c, e);
    if (st == ST_OK)
        st = crypto_start(e);
    if (st == ST_OK)
        st = tls_prepare(s->dir, c, role_uid(c, ROLE_NGINX), role_gid(c, ROLE_NGINX), e);
    if (st == ST_OK)
        st = nginx_conf_write(s->dir, c, e);
    if (st == ST_OK)
        st = nginx_listen(c->listen, &s->plan.listen_fd, e);
    return st == ST_OK ? data_dir_listen(s->dir, c, s->plan.sockets, e) : st;
}

static void fill_plan(struct serve *s) {
    s->plan.data_dir = s->dir;
    s->plan.config_file = s->options.config_file;
    s->plan.config = &s->options.config;
    (void)snprintf(s->listen_pair, sizeof s->listen_pair, "listen=%s", s->options.config.listen);
    memcpy(s->plan.set, s->options.sets, sizeof s->options.sets);
    s->plan.set[s->options.set_count] = s->listen_pair;
}

#define FILES_WANTED 32768

/* nginx and the engine hold many sockets; nobody but the supervisor may still raise the limit. */
static void raise_limits(void) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        if (geteuid() == 0 && files.rlim_max < FILES_WANTED)
            files.rlim_max = FILES_WANTED;
        files.rlim_cur = files.rlim_max < 65536 ? files.rlim_max : 65536;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

int command_serve(int argc, char **argv) {
    static struct serve s;
    struct error e = {0};
    if (!command_options_read(argc, argv, &s.options, s.config_path, sizeof s.config_path))
        return EXIT_CONFIG;
    if (s.options.data == NULL) {
        (void)fprintf(stderr, "kedun: serve needs --data DIR\n");
        return EXIT_USAGE;
    }
    log_setup("supervisor", (enum log_level)s.options.config.log_level);
    raise_limits();
    enum status st = prepare(&s, &e);
    if (st == ST_OK)
        st = jail_enter(JAIL_SUPERVISOR, NULL, 0, &e);
    if (st != ST_OK) {
        log_error("%s", e.detail);
        return st == ST_INVALID ? EXIT_CONFIG : EXIT_FAILED;
    }
    fill_plan(&s);
    return supervisor_run(&s.plan);
}
