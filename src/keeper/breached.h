/* The list of breached passwords that an administrator puts beside the keeper's state: a file
 * STATE_DIR/breached.txt of lines "SHA1:COUNT", forty hexadecimal digits each, sorted by them, as such lists
 * are published. Looked up by binary search in the file: nothing is loaded, a list of any size costs some
 * forty small reads. The file is opened for each look-up, so that a new one (renamed into place) counts at
 * once. Without a file nothing is known to be breached. */
#ifndef KEDUN_KEEPER_BREACHED_H
#define KEDUN_KEEPER_BREACHED_H

#include "base/slice.h"
#include "base/status.h"

#define BREACHED_FILE "breached.txt"

struct breached_state {
    bool present, damaged; /* damaged: its first line is none of such a list */
    uint64_t size;         /* bytes */
    int64_t changed_at;    /* ms */
};

void breached_look(const char *state_dir, struct breached_state *out);

/* ST_OK with `found`; ST_CORRUPT for a file that is no such list, ST_IO. */
MUST_CHECK enum status breached_find(const char *state_dir, struct slice password, bool *found);

#endif
