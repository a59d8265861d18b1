/* kedun policy schema: what policies may speak of, as a Cedar schema made from the objects' definitions. */
#include "cmd/command.h"
#include "cmd/init_options.h"
#include "cmd/policy_files.h"
#include "object/set.h"
#include "policy/own_schema.h"
#include "policy/schema_print.h"

#include <stdio.h>

static enum status print(const struct object_set *objects, bool json, struct arena *a, struct error *e) {
    const struct schema_source *source;
    struct buf out;
    buf_init(&out, (size_t)16 << 20, false);
    enum status s = own_schema_source(objects, a, &source);
    if (s == ST_OK)
        s = json ? schema_to_json(source, &out) : schema_to_text(source, &out, e);
    if (s == ST_NOMEM)
        s = error_set(e, s, "no_memory", "schema: too large");
    if (s == ST_OK)
        (void)fwrite(out.p, 1, out.n, stdout);
    buf_free(&out);
    return s;
}

int policy_schema_command(int argc, char **argv) {
    const char *format = "cedar", *directory = KEDUN_SHARE_DIR "/objects";
    struct object_set *objects = NULL;
    struct error e = {0};
    struct arena a;
    const struct own_option own[] = {{"format", &format, false}, {"objects", &directory, false}};
    bool fine = own_options_take(&argc, argv, own, sizeof own / sizeof own[0]) && argc == 1;
    bool json = strcmp(format, "json") == 0;
    if (!fine || (!json && strcmp(format, "cedar") != 0)) {
        (void)fprintf(stderr, "kedun: policy schema takes --format cedar|json and --objects DIR\n");
        return EXIT_USAGE;
    }
    arena_init(&a, POLICY_FILES_MEMORY, ARENA_PLAIN);
    enum status s = object_set_load(directory, &objects, &e);
    if (s == ST_OK)
        s = print(objects, json, &a, &e);
    if (s != ST_OK)
        (void)fprintf(stderr, "kedun: %s\n", e.detail);
    object_set_release(objects);
    arena_free(&a);
    return s == ST_OK ? EXIT_FINE : EXIT_FAILED;
}
