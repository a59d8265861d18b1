#include "store/sqlite/gather.h"

#include <stdlib.h>
#include <string.h>

int gather_flush(struct gather *g, sqlite3_file *f, const sqlite3_io_methods *own) {
    int n = g->count;
    g->count = 0;
    return n == 0 ? SQLITE_OK : own->xWrite(f, g->bytes, n, g->at);
}

int gather_write(struct gather *g, sqlite3_file *f, const sqlite3_io_methods *own, const void *p, int n,
                 int64_t at) {
    if (g->count > 0 && (at != g->at + g->count || n > GATHER_BYTES - g->count)) {
        int rc = gather_flush(g, f, own);
        if (rc != SQLITE_OK)
            return rc;
    }
    if (g->bytes == NULL)
        g->bytes = malloc((size_t)GATHER_BYTES);
    if (g->bytes == NULL || n > GATHER_BYTES)
        return own->xWrite(f, p, n, at);
    if (g->count == 0)
        g->at = at;
    memcpy(g->bytes + g->count, p, (size_t)n);
    g->count += n;
    return SQLITE_OK;
}

void gather_free(struct gather *g) {
    free(g->bytes);
    *g = (struct gather){.bytes = NULL};
}
