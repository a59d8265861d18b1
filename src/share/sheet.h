/* A reader process and the rows it finds: the asker's end of share/reader_wire.h. Belongs to one thread. */
#ifndef KEDUN_SHARE_SHEET_H
#define KEDUN_SHARE_SHEET_H

#include "ipc/role.h"
#include "share/reader_wire.h"

struct sheet;

/* Asks the supervisor for a reader. ST_UNAVAILABLE when there is none to be had now. */
MUST_CHECK enum status sheet_open(const struct role_env *env, enum encoding encoding, uint8_t delimiter,
                                  struct sheet **out, struct error *e);
/* The same over a stream that is there; takes it over. */
MUST_CHECK enum status sheet_attach(int stream, enum encoding encoding, uint8_t delimiter, struct sheet **out,
                                    struct error *e);
/* Ends the reader. NULL is fine. */
void sheet_close(struct sheet *c);

/* Any number of bytes; rows go to `sink` as they come, and anything but ST_OK from it ends the feeding and is
 * returned. ST_INVALID with the reader's code for a file that is none (share/decode.h). */
MUST_CHECK enum status sheet_feed(struct sheet *c, struct slice bytes, csv_sink sink, void *context,
                                  struct error *e);
MUST_CHECK enum status sheet_end(struct sheet *c, csv_sink sink, void *context, struct error *e);

/* As found so far. */
enum encoding sheet_encoding(const struct sheet *c);
uint8_t sheet_delimiter(const struct sheet *c);

#endif
