/* Carries the audit log into the explorer's index (store/audit_index.h): a thread of the jobs role that asks
 * the keeper for what is new and adds it in sorted batches. It keeps no place of its own: where the index
 * ends, it goes on. */
#ifndef KEDUN_WATCH_AUDIT_INDEXER_H
#define KEDUN_WATCH_AUDIT_INDEXER_H

#include "base/status.h"

#include <stdbool.h>

struct audit_indexer {
    const char *keeper_socket; /* run/keeper-jobs.sock */
    const char *directory;     /* of the index */
    bool *stop;                /* relaxed atomic; looked at several times a second */
};

/* Runs until *stop; a keeper that is away or a full disk is waited for. */
void audit_indexer_run(const struct audit_indexer *how);

#endif
