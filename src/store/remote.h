/* Write sets from another process: jobs has no writer of its own on SQLite, the engine commits for it. One
 * frame a set, one frame back; both ends are here.
 *
 * Question: type REMOTE_WRITE, payload store/wire.h. Answer: flags is the enum status; ST_OK: u64 failed_op,
 * u64 steward_items, u64 held_us, u32 groups and a u32 each (write_set.refused); else the same and code,
 * field and detail of the error (u32 length and bytes each). A set travels in one frame, so it holds
 * FRAME_MOST bytes at the most. */
#ifndef KEDUN_STORE_REMOTE_H
#define KEDUN_STORE_REMOTE_H

#include "ipc/role.h"
#include "store/store.h"

#define REMOTE_WRITE       1
#define REMOTE_CONNECTIONS 8

/* The definitions as they stand, with a reference that remote.c gives back. */
typedef struct object_set *(*remote_objects)(void *context);

/* Engine: accepts on the "writer" socket, one thread a connection, until remote_stop. */
struct remote_server;
MUST_CHECK enum status remote_serve(struct store *s, const struct role_fd *listener, remote_objects objects,
                                    void *context, struct remote_server **out, struct error *e);
/* Hangs up on everybody, waits for what is being written. NULL is fine. */
void remote_stop(struct remote_server *r);

/* Jobs: a connection to run/writer.sock, made when first needed and anew after a failure. Any thread; one set
 * at a time. */
struct remote_writer;
MUST_CHECK enum status remote_open(const char *path, struct remote_writer **out, struct error *e);
void remote_close(struct remote_writer *w); /* NULL is fine */
/* As store_write. ST_UNAVAILABLE: the engine went away; the set may have been committed or not.
 * ST_LIMIT "set_too_large": write less at a time. */
MUST_CHECK enum status remote_write(struct remote_writer *w, const struct write_set *set,
                                    struct write_result *result, struct error *e);

#endif
