/* JSON out: writes into a buf, keeps track of commas, escapes strings (RFC 8259).
 * No name here may be one of jansson's: the linker would give jansson our function for its own.
 * Invalid UTF-8 in a string is replaced by U+FFFD, so the output is always valid. */
#ifndef KEDUN_BASE_JSON_H
#define KEDUN_BASE_JSON_H

#include "base/buf.h"
#include "base/uuid.h"

struct json {
    struct buf *out;
    bool comma; /* a comma is due before the next value */
};

static inline struct json json_to(struct buf *out) {
    return (struct json){.out = out, .comma = false};
}

void json_object_begin(struct json *j); /* { */
void json_object_end(struct json *j);   /* } */
void json_array_begin(struct json *j);  /* [ */
void json_array_end(struct json *j);    /* ] */
void json_key(struct json *j, const char *key);
void json_key_slice(struct json *j, struct slice key);
/* What json_key wrote into a fresh buffer: for keys that are written many times. */
void json_key_made(struct json *j, struct slice key);
void json_text(struct json *j, struct slice s);
void json_cstring(struct json *j, const char *s);
void json_int(struct json *j, int64_t v);
void json_double(struct json *j, double v); /* null when not finite */
void json_bool(struct json *j, bool v);
void json_none(struct json *j);
void json_uuid(struct json *j, const struct uuid *u);
void json_time(struct json *j, int64_t ms); /* RFC 3339 string */
/* `text` must be one complete JSON value already. */
void json_raw(struct json *j, struct slice text);

#endif
