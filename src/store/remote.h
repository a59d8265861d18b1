/* Write sets from another process: jobs has no writer of its own on SQLite, the engine commits for it. One frame a set,
 * one frame back; both ends are here. */
#ifndef KEDUN_STORE_REMOTE_H
#define KEDUN_STORE_REMOTE_H

#include "ipc/role.h"
#include "store/store.h"

/* Engine: accepts on the "writer" socket, one thread a connection, until remote_stop. `objects` finds definitions. */
typedef const struct object_def *(*remote_object)(void *context, uint16_t id);
MUST_CHECK enum status remote_serve(struct store *s, const struct role_fd *listener, remote_object find,
                                    void *context, struct error *e);
void remote_stop(void);

/* Jobs: a connection to run/writer.sock; one thread at a time. */
struct remote_writer;
MUST_CHECK enum status remote_open(const char *path, struct remote_writer **out, struct error *e);
void remote_close(struct remote_writer *w);
/* As store_write. */
MUST_CHECK enum status remote_write(struct remote_writer *w, const struct write_set *set,
                                    struct write_result *result, struct error *e);

#endif
