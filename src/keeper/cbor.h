/* Reading CBOR (RFC 8949) as CTAP2 writes it: integers, byte and text strings, arrays, maps, simple values,
 * all of definite length. Every function sets r->failed on anything else and is then of no effect. */
#ifndef KEDUN_KEEPER_CBOR_H
#define KEDUN_KEEPER_CBOR_H

#include "base/buf.h"

#define CBOR_DEPTH 8 /* of what is skipped */

int64_t cbor_int(struct reader *r);
struct slice cbor_bytes(struct reader *r);
struct slice cbor_text(struct reader *r);
/* How many pairs follow. */
uint64_t cbor_map(struct reader *r);
/* One whole item; returns the bytes that it took. */
struct slice cbor_skip(struct reader *r);
/* Whether an integer comes next: 0 or 1 of the types. */
bool cbor_next_is_int(const struct reader *r);

#endif
