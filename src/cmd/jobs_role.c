#include "cmd/jobs_role.h"

#include "base/log.h"
#include "share/jobs_main.h"
#include "watch/audit_indexer.h"

#include <pthread.h>

static void *index_audit(void *argument) {
    audit_indexer_run(argument);
    return NULL;
}

int jobs_role_main(const struct role_env *env) {
    struct arena a;
    pthread_t thread;
    bool stop = false;
    int result = 1;
    arena_init(&a, 64 * 1024, ARENA_PLAIN);
    struct audit_indexer indexer = {.keeper_socket = role_path(env, &a, "run/keeper-jobs.sock"),
                                    .directory = role_path(env, &a, "db"),
                                    .stop = &stop};
    if (indexer.keeper_socket == NULL || indexer.directory == NULL ||
        pthread_create(&thread, NULL, index_audit, &indexer) != 0) {
        log_error("the audit explorer's index can't be kept: no thread or memory");
        arena_free(&a);
        return result;
    }
    result = jobs_main(env);
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    (void)pthread_join(thread, NULL);
    arena_free(&a);
    return result;
}
