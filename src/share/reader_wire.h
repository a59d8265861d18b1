/* What the reader process and whoever asked for it say to each other: frames (ipc/frame.h) in strict turns,
 * so that neither can block the other. The asker sends READER_OPTIONS once, then READER_BYTES as often as it
 * likes, then READER_END; each BYTES and the END are answered by any number of READER_ROWS and one
 * READER_MORE, or by READER_FAILED, after which the reader ends. */
#ifndef KEDUN_SHARE_READER_WIRE_H
#define KEDUN_SHARE_READER_WIRE_H

#include "share/csv.h"
#include "share/decode.h"

enum reader_message {
    READER_OPTIONS = 1, /* u8 enum encoding, u8 delimiter or 0 for auto */
    READER_BYTES,       /* at most DECODE_CHUNK_MAX bytes of the file */
    READER_END,
    READER_ROWS = 10, /* u32 rows, each: u64 line, u8 problem, u16 cells, each u32 length and bytes */
    READER_MORE,      /* u8 enum encoding as found, u8 delimiter as found (0: not yet) */
    READER_FAILED     /* slice code, slice detail */
};

#define READER_ROWS_SEND ((size_t)256 * 1024)                 /* a frame is sent past that */
#define READER_ROWS_MOST (READER_ROWS_SEND + 2 * CSV_ROW_MAX) /* what the asker must take */

#endif
