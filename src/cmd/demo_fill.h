/* Writes the demo company through the guarded path: each salesperson, agent and the data steward signs in at
 * the keeper, and their rows go through policy, validation, sealing and the log as an import's do. Nothing
 * here can do more than they. */
#ifndef KEDUN_CMD_DEMO_FILL_H
#define KEDUN_CMD_DEMO_FILL_H

#include "cmd/demo_story.h"
#include "keeper/client.h"
#include "record/world.h"

#define DEMO_FILL_THREADS 8

struct demo_filled {
    uint64_t written[DEMO_OBJECTS];
    uint64_t refused; /* rows that the guarded path did not take: none unless policies or definitions were
                         changed */
    struct error first_refusal;
};

/* Blocks until all is written. The world is open for serving. */
MUST_CHECK enum status demo_fill(const struct demo_plan *plan, const char *engine_socket, struct world *world,
                                 struct demo_filled *out, struct error *e);

#endif
