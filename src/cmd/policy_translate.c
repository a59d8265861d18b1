/* kedun policy translate: policies or a schema from text to JSON or back. Prints to standard output. */
#include "cmd/command.h"
#include "cmd/init_options.h"
#include "cmd/policy_files.h"
#include "policy/policy_format.h"
#include "policy/policy_json.h"
#include "policy/schema_print.h"

#include <stdio.h>

static enum status policies_text_to_json(struct slice text, const char *file, struct arena *a,
                                         struct buf *out, struct error *e) {
    struct policies policies;
    enum status s = policies_from_text(text, file, a, &policies, e);
    if (s == ST_OK && policies_to_json(&policies, out) != ST_OK)
        s = error_set(e, ST_NOMEM, "no_memory", "%s: too large", file);
    return s;
}

/* The text that comes of it is read again, so that nothing is printed that is no policy. */
static enum status policies_text_of_json(struct slice text, const char *file, struct arena *a,
                                         struct buf *out, struct error *e) {
    const struct document *d;
    struct policies ignored;
    struct buf plain;
    buf_init(&plain, POLICY_TEXT_MAX, false);
    enum status s = document_parse(text, file, a, &d, e);
    if (s == ST_OK)
        s = policies_json_to_text(d, file, &plain, e);
    if (s == ST_OK)
        s = policies_from_text(buf_slice(&plain), file, a, &ignored, e);
    if (s == ST_OK)
        s = policy_format(buf_slice(&plain), file, POLICY_LINE_WIDTH, POLICY_INDENT, a, out, e);
    buf_free(&plain);
    return s;
}

static enum status schema_translate(struct slice text, const char *file, bool from_json, struct arena *a,
                                    struct buf *out, struct error *e) {
    const struct schema_source *source;
    enum status s = from_json ? schema_source_from_json(text, file, a, &source, e)
                              : schema_source_from_text(text, file, a, &source, e);
    if (s != ST_OK)
        return s;
    if (from_json)
        return schema_to_text(source, out, e);
    return schema_to_json(source, out) == ST_OK ? ST_OK
                                                : error_set(e, ST_NOMEM, "no_memory", "%s: too large", file);
}

static int run(const char *policies, const char *schema, bool from_json, struct arena *a, struct error *e) {
    struct slice text;
    struct buf out;
    const char *file = policies != NULL ? policies : schema;
    buf_init(&out, POLICY_TEXT_MAX, false);
    enum status s = policy_files_read(file, a, &text, e);
    if (s == ST_OK)
        s = policies == NULL ? schema_translate(text, file, from_json, a, &out, e)
            : from_json      ? policies_text_of_json(text, file, a, &out, e)
                             : policies_text_to_json(text, file, a, &out, e);
    if (s == ST_OK)
        (void)fwrite(out.p, 1, out.n, stdout);
    buf_free(&out);
    return s == ST_OK ? EXIT_FINE : EXIT_FAILED;
}

int policy_translate(int argc, char **argv) {
    const char *direction = "", *policies = NULL, *schema = NULL;
    struct error e = {0};
    struct arena a;
    const struct own_option own[] = {
        {"direction", &direction, false}, {"policies", &policies, false}, {"schema", &schema, false}};
    bool fine = own_options_take(&argc, argv, own, sizeof own / sizeof own[0]) && argc == 1;
    bool from_json = strcmp(direction, "json-to-cedar") == 0;
    if (!fine || (policies == NULL) == (schema == NULL) ||
        (!from_json && strcmp(direction, "cedar-to-json") != 0)) {
        (void)fprintf(stderr,
                      "kedun: policy translate needs --direction cedar-to-json|json-to-cedar and --policies "
                      "FILE or --schema FILE (- is standard input)\n");
        return EXIT_USAGE;
    }
    arena_init(&a, POLICY_FILES_MEMORY, ARENA_PLAIN);
    int code = run(policies, schema, from_json, &a, &e);
    if (code != EXIT_FINE)
        (void)fprintf(stderr, "kedun: %s\n", e.detail);
    arena_free(&a);
    return code;
}
