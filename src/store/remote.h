/* Write sets from another process: jobs has no writer of its own on SQLite, the engine commits for it. One
 * frame a set, one frame back; both ends are here.
 *
 * Question: type REMOTE_WRITE, payload store/wire.h. Answer: flags is the enum status; ST_OK: u64 failed_op,
 * u64 steward_items, u64 held_us, u32 groups and a u32 each (write_set.refused); else the same and code,
 * field and detail of the error (u32 length and bytes each). A set travels in one frame, so it holds
 * FRAME_MOST bytes at the most.
 *
 * A question with the flag REMOTE_HOLD is read and decoded, and written when a frame REMOTE_GO of the same id
 * follows: so the next sets of an import, whose order counts, stand ready while the one before them is
 * committed. The latter's payload is empty, or u64 chain, u64 place (write_set): then it may be sent before
 * the set ahead of it is committed, and the writer has the next one at hand. Whoever does not want his set
 * written after all hangs up. */
#ifndef KEDUN_STORE_REMOTE_H
#define KEDUN_STORE_REMOTE_H

#include "ipc/role.h"
#include "store/store.h"

#define REMOTE_WRITE       1
#define REMOTE_GO          2
#define REMOTE_HOLD        1 /* flag */
#define REMOTE_CONNECTIONS 10
#define REMOTE_LINES       5 /* of one writer at jobs' end */

/* The definitions as they stand, with a reference that remote.c gives back. */
typedef struct object_set *(*remote_objects)(void *context);

/* Engine: accepts on the "writer" socket, one thread a connection, until remote_stop. */
struct remote_server;
MUST_CHECK enum status remote_serve(struct store *s, const struct role_fd *listener, remote_objects objects,
                                    void *context, struct remote_server **out, struct error *e);
/* Hangs up on everybody, waits for what is being written. NULL is fine. */
void remote_stop(struct remote_server *r);

struct remote_place {
    uint64_t chain, place;
};

/* Jobs: connections to run/writer.sock, made when first needed and anew after a failure. Any thread; one
 * set at a time, and REMOTE_LINES - 1 that are sent ahead. */
struct remote_writer;
MUST_CHECK enum status remote_open(const char *path, struct remote_writer **out, struct error *e);
void remote_close(struct remote_writer *w); /* NULL is fine */
/* As store_write. ST_UNAVAILABLE: the engine went away; the set may have been committed or not.
 * ST_LIMIT "set_too_large": write less at a time. */
MUST_CHECK enum status remote_write(struct remote_writer *w, const struct write_set *set,
                                    struct write_result *result, struct error *e);
/* What a set waits for. */
struct remote_leave {
    /* Waits until it may be written; false: it shall not be (ST_CONFLICT "not_written"). Names its chain and
     * place, 0: none. `out` NULL: it goes without, and all ahead of it must have been answered. */
    bool (*wait)(void *context, struct remote_place *out);
    void (*went)(void *context); /* the engine has been told */
    void *context;
};
/* The same for a set that may not be written yet: it is sent ahead. */
MUST_CHECK enum status remote_write_after(struct remote_writer *w, const struct write_set *set,
                                          const struct remote_leave *leave, struct write_result *result,
                                          struct error *e);

#endif
