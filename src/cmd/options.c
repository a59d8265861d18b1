#include "cmd/command.h"

#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

static const struct option options[] = {
    {"data", required_argument, NULL, 'd'},
    {"config", required_argument, NULL, 'c'},
    {"listen", required_argument, NULL, 'l'},
    {"set", required_argument, NULL, 's'},
    {NULL, 0, NULL, 0},
};

/* "key=value" in place. */
static enum status set_pair(struct config *c, const char *pair, struct error *e) {
    char key[64];
    const char *equals = strchr(pair, '=');
    if (equals == NULL || (size_t)(equals - pair) >= sizeof key)
        return error_set(e, ST_INVALID, "usage", "--set takes KEY=VALUE");
    memcpy(key, pair, (size_t)(equals - pair));
    key[equals - pair] = '\0';
    return config_set(c, "--set", key, equals + 1, e);
}

static enum status fill_config(struct command_options *o, struct error *e) {
    config_init(&o->config);
    enum status st = o->config_file == NULL ? ST_OK : config_read(o->config_file, &o->config, e);
    for (size_t i = 0; st == ST_OK && i < o->set_count; i++)
        st = set_pair(&o->config, o->sets[i], e);
    if (st == ST_OK && o->listen != NULL)
        st = config_set(&o->config, "--listen", "listen", o->listen, e);
    return st == ST_OK ? config_check(&o->config, e) : st;
}

static void find_config_file(struct command_options *o, char *path, size_t room) {
    if (o->config_file != NULL || o->data == NULL)
        return;
    int n = snprintf(path, room, "%s/kedun.conf", o->data);
    if (n > 0 && (size_t)n < room && access(path, F_OK) == 0)
        o->config_file = path;
}

bool command_options_read(int argc, char **argv, struct command_options *out, char *config_path,
                          size_t room) {
    int c;
    *out = (struct command_options){0};
    optind = 1;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 'd')
            out->data = optarg;
        else if (c == 'c')
            out->config_file = optarg;
        else if (c == 'l')
            out->listen = optarg;
        else if (c == 's' && out->set_count < COMMAND_SETS_MOST)
            out->sets[out->set_count++] = optarg;
        else
            return false;
    }
    if (optind != argc) {
        (void)fprintf(stderr, "kedun: do not know what to do with %s\n", argv[optind]);
        return false;
    }
    find_config_file(out, config_path, room);
    struct error e = {0};
    if (fill_config(out, &e) == ST_OK)
        return true;
    (void)fprintf(stderr, "kedun: %s\n", e.detail);
    return false;
}

int command_check_config(int argc, char **argv) {
    struct command_options o;
    char path[CONFIG_TEXT];
    if (!command_options_read(argc, argv, &o, path, sizeof path))
        return EXIT_CONFIG;
    (void)printf("%s: fine\n", o.config_file == NULL ? "defaults (no configuration file)" : o.config_file);
    return EXIT_FINE;
}
