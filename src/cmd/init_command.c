#include "cmd/command.h"
#include "cmd/init_keeper.h"
#include "cmd/init_options.h"
#include "cmd/init_password.h"
#include "cmd/init_registry.h"
#include "object/set.h"
#include "store/store.h"

#include <stdio.h>

struct first {
    const char *role, *what, *name;
    const char *login;
    char password[INIT_PASSWORD_ROOM];
};

struct init {
    struct command_options options;
    char config_path[CONFIG_TEXT];
    const char *organisation;
    struct first people[3];
};

static enum status read_passwords(struct init *in, struct error *e) {
    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(in->people[i].login, in->people[k].login) == 0)
                return error_set(
                    e, ST_INVALID, "login_taken",
                    "the three administrators need three logins: nobody holds two of these duties");
        }
    }
    for (size_t i = 0; i < 3; i++) {
        struct first *p = &in->people[i];
        enum status s = init_password_read(p->what, p->login, p->password, e);
        if (s != ST_OK)
            return s;
    }
    return ST_OK;
}

static enum status put_people(struct keeper *admin, const struct init *in, struct error *e) {
    enum status s = init_registry_department(admin, 1, 0, 0, in->organisation, e);
    for (uint32_t i = 0; s == ST_OK && i < 3; i++) {
        const struct first *p = &in->people[i];
        struct init_user u = {.id = i + 1,
                              .department = 1,
                              .login = p->login,
                              .name = p->name,
                              .role = p->role,
                              .duty = p->role,
                              .password = slice_from_string(p->password)};
        s = init_registry_user(admin, &u, e);
    }
    return s;
}

/* The tables, so that a definition or a disk at fault shows here and not at the first start. */
static enum status make_store(const struct init *in, const struct tool_keeper *t, struct error *e) {
    struct object_set *objects;
    struct store *store;
    enum status s = object_set_load(in->options.config.objects_dir, &objects, e);
    if (s != ST_OK)
        return s;
    s = store_open(t->db, STORE_SERVE, objects, &store, e);
    if (s == ST_OK)
        store_close(store);
    object_set_release(objects);
    return s;
}

static enum status initialise(struct init *in, struct error *e) {
    struct tool_keeper t;
    enum status s = tool_keeper_start(&in->options, &t, e);
    if (s != ST_OK)
        return s;
    s = init_registry_empty(t.admin, t.dir, e);
    if (s == ST_OK)
        s = read_passwords(in, e);
    if (s == ST_OK)
        s = init_registry_fill(t.admin, &in->options.config, e);
    if (s == ST_OK)
        s = put_people(t.admin, in, e);
    if (s == ST_OK)
        s = make_store(in, &t, e);
    if (s == ST_OK)
        s = keeper_bootstrap_end(t.admin, e);
    tool_keeper_stop(&t);
    return s;
}

int command_init(int argc, char **argv) {
    static struct init in;
    struct error e = {0};
    in = (struct init){.organisation = "总部",
                       .people = {{"system_admin", "system administrator", "系统管理员", "admin", ""},
                                  {"security_admin", "security administrator", "安全管理员", "security", ""},
                                  {"auditor", "auditor", "审计员", "auditor", ""}}};
    const struct own_option own[] = {{"organisation", &in.organisation, false},
                                     {"admin", &in.people[0].login, false},
                                     {"security", &in.people[1].login, false},
                                     {"auditor", &in.people[2].login, false}};
    if (!own_options_take(&argc, argv, own, sizeof own / sizeof own[0]))
        return EXIT_USAGE;
    if (!command_options_read(argc, argv, &in.options, in.config_path, sizeof in.config_path))
        return EXIT_CONFIG;
    if (in.options.data == NULL) {
        (void)fprintf(stderr, "kedun: init needs --data DIR\n");
        return EXIT_USAGE;
    }
    log_setup("init", (enum log_level)in.options.config.log_level);
    enum status s = initialise(&in, &e);
    explicit_bzero(in.people, sizeof in.people);
    if (s != ST_OK) {
        (void)fprintf(stderr, "kedun: %s\n", e.detail);
        return EXIT_FAILED;
    }
    (void)printf("%s is ready: kedun serve --data %s\n", in.options.data, in.options.data);
    return EXIT_FINE;
}
