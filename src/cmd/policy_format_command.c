/* kedun policy format: lays a policy file out anew, to standard output, in place, or only asking whether it
 * would change. */
#include "cmd/command.h"
#include "cmd/init_options.h"
#include "cmd/policy_files.h"
#include "policy/policy_format.h"
#include "policy/policy_json.h"

#include "base/file.h"

#include <stdio.h>
#include <sys/stat.h>

struct formatting {
    const char *file, *line_width, *indent_width, *write, *check;
    int64_t width, indent;
};

static enum status write_back(const char *file, struct slice text, struct error *e) {
    struct stat was;
    mode_t mode = stat(file, &was) == 0 ? was.st_mode & 07777 : 0644;
    enum status s = file_replace(file, text, mode);
    return s == ST_OK ? s : error_set(e, s, "unwritable", "%s: %s", file, status_name(s));
}

static int run(const struct formatting *f, struct arena *a, struct buf *out, struct error *e) {
    struct slice text;
    enum status s = policy_files_read(f->file, a, &text, e);
    if (s == ST_OK)
        s = policy_format(text, f->file, (size_t)f->width, (size_t)f->indent, a, out, e);
    if (s != ST_OK)
        return EXIT_FAILED;
    bool same = slice_equal(text, buf_slice(out));
    if (f->check != NULL && !same)
        (void)!error_set(e, ST_INVALID, "unformatted", "%s: would change", f->file);
    if (f->check != NULL)
        return same ? EXIT_FINE : EXIT_FAILED;
    if (f->write != NULL)
        return same || write_back(f->file, buf_slice(out), e) == ST_OK ? EXIT_FINE : EXIT_FAILED;
    (void)fwrite(out->p, 1, out->n, stdout);
    return EXIT_FINE;
}

int policy_format_command(int argc, char **argv) {
    struct formatting f = {.width = POLICY_LINE_WIDTH, .indent = POLICY_INDENT};
    struct error e = {0};
    struct arena a;
    struct buf out;
    const struct own_option own[] = {{"policies", &f.file, false},
                                     {"line-width", &f.line_width, false},
                                     {"indent-width", &f.indent_width, false},
                                     {"write", &f.write, true},
                                     {"check", &f.check, true}};
    bool fine = own_options_take(&argc, argv, own, sizeof own / sizeof own[0]) && argc == 1;
    if (!fine || f.file == NULL || (f.write != NULL && f.check != NULL)) {
        (void)fprintf(stderr, "kedun: policy format needs --policies FILE, and takes --write or --check\n");
        return EXIT_USAGE;
    }
    if (!own_option_number("line-width", f.line_width, 20, 1000, &f.width) ||
        !own_option_number("indent-width", f.indent_width, 0, 16, &f.indent))
        return EXIT_USAGE;
    arena_init(&a, POLICY_FILES_MEMORY, ARENA_PLAIN);
    buf_init(&out, POLICY_TEXT_MAX, false);
    int code = run(&f, &a, &out, &e);
    if (code != EXIT_FINE)
        (void)fprintf(stderr, "kedun: %s\n", e.detail);
    buf_free(&out);
    arena_free(&a);
    return code;
}
