#include "store/sqlite/left.h"

#include "store/sqlite/writer.h"

#include <stdlib.h>

enum status left_ready(struct left *l, struct error *e) {
    if (l->ring == NULL)
        l->ring = calloc(WRITER_LEFT, sizeof *l->ring);
    return l->ring != NULL ? ST_OK : error_set(e, ST_NOMEM, "no_memory", "settled intents");
}

void left_add(struct left *l, uint64_t intent) {
    l->ring[l->count++ % WRITER_LEFT] = intent;
    l->most = intent > l->most ? intent : l->most;
}

bool left_has(const struct left *l, uint64_t intent) {
    if (intent == 0 || intent > l->most)
        return false;
    size_t n = l->count < WRITER_LEFT ? l->count : WRITER_LEFT;
    for (size_t i = 0; i < n; i++) {
        if (l->ring[i] == intent)
            return true;
    }
    return false;
}

void left_free(struct left *l) {
    free(l->ring);
}
