/* Record identifiers: UUID version 7 (RFC 9562 section 5.7): 48 bits of Unix milliseconds, then random.
 * Two ids made by one thread in the same millisecond are in order (a counter fills rand_a). */
#ifndef KEDUN_BASE_UUID_H
#define KEDUN_BASE_UUID_H

#include "base/slice.h"
#include "base/status.h"

struct uuid {
    uint8_t b[16];
};

#define UUID_TEXT 36 /* characters, without NUL */

/* ST_IO when the system gives no random bytes. */
MUST_CHECK enum status uuid_new(struct uuid *out);

/* Writes 36 characters and a NUL. */
void uuid_format(const struct uuid *u, char out[UUID_TEXT + 1]);

/* Accepts the 36-character form, either case; any version. */
bool uuid_parse(struct slice text, struct uuid *out);

static inline bool uuid_equal(const struct uuid *a, const struct uuid *b) {
    return memcmp(a->b, b->b, 16) == 0;
}

static inline bool uuid_is_nil(const struct uuid *u) {
    static const struct uuid nil;
    return uuid_equal(u, &nil);
}

/* The millisecond in a version 7 id. */
int64_t uuid_time_ms(const struct uuid *u);

#endif
