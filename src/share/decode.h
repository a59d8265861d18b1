/* A file's bytes to UTF-8, as a stream: UTF-8 with or without byte order mark, or GB18030 (GB 18030-2005 as
 * ICU knows it; GBK and GB 2312 are parts of it).
 *
 * `auto` decides at the first chunk that holds a byte above 0x7f, by which reading breaks fewer characters:
 * Chinese text in one of the two is practically never valid in the other. What can't be decoded becomes
 * U+FFFD (GB18030) or is left for share/csv.h to flag (UTF-8). */
#ifndef KEDUN_SHARE_DECODE_H
#define KEDUN_SHARE_DECODE_H

#include "base/buf.h"
#include "base/status.h"

enum encoding { ENCODING_AUTO, ENCODING_UTF8, ENCODING_GB18030, ENCODING_END };

#define DECODE_CHUNK_MAX ((size_t)64 * 1024)

/* "auto", "utf-8", "gb18030". */
const char *encoding_name(enum encoding e);
/* ENCODING_END for a name that is none. */
enum encoding encoding_by_name(struct slice name);

struct decode {
    enum encoding encoding; /* ENCODING_AUTO: only ASCII so far */
    bool begun;
    void *converter; /* ICU's */
    uint16_t *wide;
    struct buf out;
};

MUST_CHECK enum status decode_init(struct decode *d, enum encoding asked);
void decode_free(struct decode *d);

/* At most DECODE_CHUNK_MAX bytes; *utf8 is borrowed until the next call (of the input, or of `d`). The first
 * chunk should be a full one. ST_INVALID "file_xlsx", "file_xls", "file_utf16": a file of another kind. */
MUST_CHECK enum status decode_feed(struct decode *d, struct slice bytes, bool last, struct slice *utf8,
                                   struct error *e);

#endif
