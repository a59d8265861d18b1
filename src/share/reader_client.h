/* A reader process and the rows it finds: the asker's end of share/reader_wire.h. Belongs to one thread. */
#ifndef KEDUN_SHARE_READER_CLIENT_H
#define KEDUN_SHARE_READER_CLIENT_H

#include "ipc/role.h"
#include "share/reader_wire.h"

struct reader_client;

/* Asks the supervisor for a reader. ST_UNAVAILABLE when there is none to be had now. */
MUST_CHECK enum status reader_open(const struct role_env *env, enum encoding encoding, uint8_t delimiter,
                                   struct reader_client **out, struct error *e);
/* The same over a stream that is there; takes it over. */
MUST_CHECK enum status reader_attach(int stream, enum encoding encoding, uint8_t delimiter,
                                     struct reader_client **out, struct error *e);
/* Ends the reader. NULL is fine. */
void reader_close(struct reader_client *c);

/* Any number of bytes; rows go to `sink` as they come, and anything but ST_OK from it ends the feeding and is
 * returned. ST_INVALID with the reader's code for a file that is none (share/decode.h). */
MUST_CHECK enum status reader_feed(struct reader_client *c, struct slice bytes, csv_sink sink, void *context,
                                   struct error *e);
MUST_CHECK enum status reader_end(struct reader_client *c, csv_sink sink, void *context, struct error *e);

/* As found so far. */
enum encoding reader_encoding(const struct reader_client *c);
uint8_t reader_delimiter(const struct reader_client *c);

#endif
