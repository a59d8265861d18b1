/* Makes a data directory with the test company of a text file, as `kedun init` makes one with three
 * administrators. Product code reads nothing of this.
 *   bootstrap FILE --data DIR [--set KEY=VALUE …]
 * FILE: see office/company.h. */
#include "cmd/command.h"
#include "cmd/init_keeper.h"
#include "cmd/role_start.h"
#include "object/set.h"
#include "office/company.h"
#include "record/catalogue.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>

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
        s = company_put(t.admin, file, e);
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
