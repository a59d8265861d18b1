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
 * committed. Whoever does not want his set written after all hangs up. */
#ifndef KEDUN_STORE_REMOTE_H
#define KEDUN_STORE_REMOTE_H

#include "ipc/role.h"
#include "store/store.h"

#define REMOTE_WRITE       1
#define REMOTE_GO          2
#define REMOTE_HOLD        1 /* flag */
#define REMOTE_CONNECTIONS 8
#define REMOTE_LINES       4 /* of one writer at jobs' end */

/* The definitions as they stand, with a reference that remote.c gives back. */
typedef struct object_set *(*remote_objects)(void *context);

/* Engine: accepts on the "writer" socket, one thread a connection, until remote_stop. */
struct remote_server;
MUST_CHECK enum status remote_serve(struct store *s, const struct role_fd *listener, remote_objects objects,
                                    void *context, struct remote_server **out, struct error *e);
/* Hangs up on everybody, waits for what is being written. NULL is fine. */
void remote_stop(struct remote_server *r);

/* Jobs: connections to run/writer.sock, made when first needed and anew after a failure. Any thread; one
 * set at a time, and REMOTE_LINES - 1 that are sent ahead. */
struct remote_writer;
MUST_CHECK enum status remote_open(const char *path, struct remote_writer **out, struct error *e);
void remote_close(struct remote_writer *w); /* NULL is fine */
/* As store_write. ST_UNAVAILABLE: the engine went away; the set may have been committed or not.
 * ST_LIMIT "set_too_large": write less at a time. */
MUST_CHECK enum status remote_write(struct remote_writer *w, const struct write_set *set,
                                    struct write_result *result, struct error *e);
/* The same for a set that may not be written yet: it is sent ahead, then `wait` waits until it may be. False:
 * it shall not be written (ST_CONFLICT "not_written"). */
MUST_CHECK enum status remote_write_after(struct remote_writer *w, const struct write_set *set,
                                          bool (*wait)(void *), void *context, struct write_result *result,
                                          struct error *e);

#endif
