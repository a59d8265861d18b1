/* kedun policy validate: policies against a schema. 0 when they are valid, 3 when not. */
#include "cmd/command.h"
#include "cmd/init_options.h"
#include "cmd/policy_files.h"
#include "policy/validate.h"

#include <stdio.h>

static int report(const struct findings *f, bool warnings_count) {
    for (size_t i = 0; i < f->count; i++) {
        const struct finding *x = &f->list[i];
        (void)printf("%s:%u:%u: %s: policy %.*s: %s\n", x->policy->file, x->line, x->column,
                     x->warning ? "warning" : "error", (int)x->policy->id.n, (const char *)x->policy->id.p,
                     x->what);
    }
    bool fine = f->errors == 0 && (!warnings_count || f->count == 0);
    (void)printf("%s\n", fine ? "valid" : "not valid");
    return fine ? EXIT_FINE : EXIT_POLICY_INVALID;
}

static int run(const struct policy_files *files, bool strict, bool warnings_count, struct arena *a,
               struct error *e) {
    struct policies policies;
    const struct schema *schema;
    struct findings findings;
    enum status s = policy_files_policies(files, a, &policies, e);
    if (s == ST_OK)
        s = policy_files_schema(files, a, &schema, e);
    if (s == ST_OK && validate(&policies, schema, strict, a, &findings) != ST_OK)
        s = error_set(e, ST_NOMEM, "no_memory", "too large to validate");
    return s == ST_OK ? report(&findings, warnings_count) : EXIT_FAILED;
}

int policy_validate(int argc, char **argv) {
    struct policy_files files = {.policies = NULL};
    const char *mode = "strict", *deny = NULL;
    struct error e = {0};
    struct arena a;
    const struct own_option own[] = {{"policies", &files.policies, false},
                                     {"policy-format", &files.policy_format, false},
                                     {"template-linked", &files.links, false},
                                     {"schema", &files.schema, false},
                                     {"schema-format", &files.schema_format, false},
                                     {"mode", &mode, false},
                                     {"validation-mode", &mode, false},
                                     {"deny-warnings", &deny, true}};
    bool fine = own_options_take(&argc, argv, own, sizeof own / sizeof own[0]) && argc == 1;
    bool strict = strcmp(mode, "strict") == 0;
    if (!fine || files.policies == NULL || files.schema == NULL ||
        (!strict && strcmp(mode, "permissive") != 0)) {
        (void)fprintf(stderr,
                      "kedun: policy validate needs --policies FILE and --schema FILE, and takes --mode "
                      "strict|permissive\n");
        return EXIT_USAGE;
    }
    arena_init(&a, POLICY_FILES_MEMORY, ARENA_PLAIN);
    int code = run(&files, strict, deny != NULL, &a, &e);
    if (code == EXIT_FAILED)
        (void)fprintf(stderr, "kedun: %s\n", e.detail);
    arena_free(&a);
    return code;
}
