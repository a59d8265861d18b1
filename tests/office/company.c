#include "office/company.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

enum status company_put(struct keeper *admin, const char *path, struct error *e) {
    char line[8192];
    enum status s = ST_OK;
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return error_set(e, ST_IO, "no_file", "%s", path);
    while (s == ST_OK && fgets(line, sizeof line, f) != NULL) {
        if (line[0] != '#' && line[0] != '\n')
            s = put_line(admin, line, e);
    }
    (void)fclose(f);
    return s;
}
