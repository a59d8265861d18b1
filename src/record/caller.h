/* Who calls, with everything his request needs: the snapshot of the world, the keeper's connection and a
 * store reader of this thread, and memory that ends with the request. Every function of record/ takes one. */
#ifndef KEDUN_RECORD_CALLER_H
#define KEDUN_RECORD_CALLER_H

#include "keeper/client.h"
#include "record/world.h"

enum language { LANGUAGE_ZH, LANGUAGE_EN };

/* Objects that one request may touch, each perhaps also as it were once something more is given, or less. */
#define CALLER_HELD_MAX 320

struct access_entry;

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
    bool is_job;                                /* may wait: its writes are bulk */
    struct slice idempotency_key;               /* as the client sent it, or empty */
    struct slice idempotency_request;           /* what it stands for: method, path and body */
    struct access_entry *held[CALLER_HELD_MAX]; /* accesses borrowed from the cache until caller_finish */
    size_t held_count;
};

/* Fills actor and context from `who` and the directory. */
MUST_CHECK enum status caller_prepare(struct caller *c, struct error *e);

/* Gives back its accesses: what follows asks what he may anew. */
void caller_release(struct caller *c);
/* Gives back what the request borrowed: accesses and the world view. The arena is the owner's. */
void caller_finish(struct caller *c);

#endif
