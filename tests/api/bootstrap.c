/* Fills a fresh keeper's registry from a text file, over the admin socket of a running server: the test
 * company. Product code reads nothing of this.
 *   bootstrap SOCKET OBJECTS FILE
 * FILE: lines "role|company|department|user ID JSON"; '#' begins a comment. */
#include "crypto/start.h"
#include "keeper/client.h"
#include "object/set.h"
#include "record/catalogue.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *name;
    uint8_t kind;
} kinds[] = {{"role", REGISTRY_ROLE},
             {"company", REGISTRY_COMPANY},
             {"department", REGISTRY_DEPARTMENT},
             {"user", REGISTRY_USER}};

static int fail(const char *what, const struct error *e) {
    (void)fprintf(stderr, "%s: %s %s\n", what, e->code, e->detail);
    return 1;
}

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

static enum status put_file(struct keeper *k, FILE *f, struct error *e) {
    char line[8192];
    while (fgets(line, sizeof line, f) != NULL) {
        if (line[0] == '#' || line[0] == '\n')
            continue;
        enum status s = put_line(k, line, e);
        if (s != ST_OK)
            return s;
    }
    return ST_OK;
}

int main(int argc, char **argv) {
    struct error e = {.status = ST_OK};
    struct keeper *k;
    struct object_set *objects;
    if (argc != 4)
        return 2;
    FILE *f = fopen(argv[3], "re");
    if (f == NULL || crypto_start(&e) != ST_OK)
        return fail("start", &e);
    if (keeper_connect(argv[1], &k, &e) != ST_OK || object_set_load(argv[2], &objects, &e) != ST_OK)
        return fail("connect", &e);
    if (catalogue_bootstrap(k, objects, &e) != ST_OK || put_file(k, f, &e) != ST_OK)
        return fail("fill", &e);
    if (keeper_bootstrap_end(k, &e) != ST_OK)
        return fail("end", &e);
    (void)fclose(f);
    keeper_close(k);
    object_set_release(objects);
    return 0;
}
