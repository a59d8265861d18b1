/* Makes a data directory with the test company of a text file, as `kedun init` makes one with three
 * administrators. Product code reads nothing of this.
 *   bootstrap FILE --data DIR [--set KEY=VALUE …]
 * FILE: lines "role|company|department|user ID JSON"; '#' begins a comment. */
#include "cmd/command.h"
#include "cmd/init_keeper.h"
#include "cmd/role_start.h"
#include "object/set.h"
#include "record/catalogue.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *name;
    uint8_t kind;
} kinds[] = {{"role", REGISTRY_ROLE},
             {"company", REGISTRY_COMPANY},
             {"department", REGISTRY_DEPARTMENT},
             {"user", REGISTRY_USER}};

static enum status put_line(struct keeper *k, const char *line, struct error *e) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t n = strlen(kinds[i].name);
        if (strncmp(line, kinds[i].name, n) != 0 || line[n] != ' ')
            continue;
        char *document;
        uint32_t id = (uint32_t)strtoul(line + n + 1, &document, 10);
        struct slice text = slice_trim(slice_from_string(document));
        return keeper_bootstrap(k, kinds[i].kind, id, text, e);
    }
    return error_set(e, ST_INVALID, "unknown_kind", "%.40s", line);
}

static enum status put_file(struct keeper *k, const char *path, struct error *e) {
    char line[8192];
    enum status s = ST_OK;
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return error_set(e, ST_IO, "no_file", "%s", path);
    while (s == ST_OK && fgets(line, sizeof line, f) != NULL) {
        if (line[0] != '#' && line[0] != '\n')
            s = put_line(k, line, e);
    }
    (void)fclose(f);
    return s;
}

static enum status make(const struct command_options *o, const char *file, struct error *e) {
    struct tool_keeper t;
    struct object_set *objects = NULL;
    struct store *store = NULL;
    enum status s = tool_keeper_start(o, &t, e);
    if (s != ST_OK)
        return s;
    s = object_set_load(o->config.objects_dir, &objects, e);
    if (s == ST_OK)
        s = catalogue_bootstrap(t.admin, objects, e);
    if (s == ST_OK)
        s = put_file(t.admin, file, e);
    if (s == ST_OK)
        s = store_open(t.db, STORE_SERVE, objects, &store, e);
    store_close(store);
    if (s == ST_OK)
        s = keeper_bootstrap_end(t.admin, e);
    object_set_release(objects);
    tool_keeper_stop(&t);
    return s;
}

int main(int argc, char **argv) {
    static struct command_options o;
    char config_path[CONFIG_TEXT];
    struct error e = {.status = ST_OK};
    if (argc > 1 &&
        strcmp(argv[1], "--role") == 0) /* the keeper that the tool starts is this program again */
        return role_start(argc, argv);
    if (argc < 3 || !command_options_read(argc - 1, argv + 1, &o, config_path, sizeof config_path))
        return EXIT_USAGE;
    if (make(&o, argv[1], &e) == ST_OK)
        return 0;
    (void)fprintf(stderr, "bootstrap: %s %s\n", e.code, e.detail);
    return EXIT_FAILED;
}
