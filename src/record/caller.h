/* Who calls, with everything his request needs: the snapshot of the world, the keeper's connection and a store
 * reader of this thread, and memory that ends with the request. Every function of record/ takes one. */
#ifndef KEDUN_RECORD_CALLER_H
#define KEDUN_RECORD_CALLER_H

#include "keeper/client.h"
#include "record/world.h"

enum language { LANGUAGE_ZH, LANGUAGE_EN };

struct caller {
    struct world_view world;
    struct keeper *keeper;
    struct store_reader *reader;
    struct keeper_call call;
    struct principal who;
    struct actor actor;
    struct policy_context context;
    struct arena *arena;
    enum language language;
    bool is_job; /* may wait: its writes are bulk */
};

/* Fills actor and context from `who` and the directory. */
MUST_CHECK enum status caller_prepare(struct caller *c, struct error *e);

#endif
