/* A whole Kedun inside one process, for tests that look at it from within: a keeper with real files and
 * sockets in a thread, the shipped objects and policies, the test company of tests/api/company.txt, a real
 * base, and, if wanted, the engine behind its FastCGI socket. No jails: they are of processes.
 *
 * What must not fail and does ends the program with a message. Not thread-safe; one office a process. */
#ifndef KEDUN_TESTS_OFFICE_OFFICE_H
#define KEDUN_TESTS_OFFICE_OFFICE_H

#include "ipc/role.h"
#include "keeper/server.h"
#include "record/caller.h"

#include <pthread.h>

#define OFFICE_PASSWORD "correct horse battery"

struct office {
    char dir[64];
    struct config config;
    char key_dir[96], audit_dir[96], state_dir[96];
    char keeper_door[96], admin_door[96], jobs_door[96], front_door[96], writer_door[96];
    struct keeper_config keeper_config;
    pthread_t keeper_thread, engine_thread;
    int keeper_ready;
    struct keeper *keeper; /* at the engine's door */
    struct store *store;   /* of office_world */
    struct world *world;
    struct store_reader *reader;
    struct role_env env; /* of office_engine */
    int front, writer;
};

/* Makes the directory and starts the keeper. It is made in KEDUN_OFFICE_DIR, if that is set, else in memory
 * where there is /dev/shm. */
void office_open(struct office *o);
/* Ends what runs and removes the directory. */
void office_close(struct office *o);

/* Opens base, definitions, policies and people in this thread. Not together with office_engine. */
void office_world(struct office *o);

/* Starts and ends an engine with so many threads; it can be started again on the same base. */
void office_engine_start(struct office *o, int threads);
void office_engine_stop(struct office *o);

struct token office_sign_in(struct office *o, const char *login);

/* A prepared caller on the office's world, keeper and reader; give it to caller_finish. */
void office_caller(struct office *o, const struct token *token, struct arena *arena, struct caller *c);

/* One request to the engine's FastCGI socket, the reply without its records' heads in `reply`. False when the
 * engine hung up without a whole one. */
struct office_request {
    const char *method, *path, *query;
    const struct token *token; /* NULL: nobody; writes get their CSRF token */
    struct slice body;
    const char *content_type; /* NULL: application/json when there is a body */
    const char *if_match, *idempotency_key;
};
bool office_ask(struct office *o, const struct office_request *r, struct buf *reply);
/* The status of a reply, and what follows its head. */
int office_status(const struct buf *reply);
struct slice office_body(const struct buf *reply);

#endif
