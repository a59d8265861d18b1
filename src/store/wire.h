/* A write set as bytes: how jobs hand theirs to the engine's writer.
 *
 * Layout (little-endian): u8 version, u64 intent, u8 scrub, u8 bulk, u32 groups, u32 count, then per op: u8
 * kind, u16 object id (0: none), 16 bytes record, u16 columns (u16 field and a cell each), i64 revision, u32
 * terms (u16 field, u8 search, u8 remove, u64 term each), u8 filter (0: none, 1: the predicate follows, n +
 * 2: the same as the nth that was given, from 0 on), key, body and item kind (u32 length and bytes each), u32
 * actor, u8 act, i64 time, u8 remove, u64 epoch, u32 group. A cell: u8 kind, then nothing, 8 bytes, or u32
 * length and bytes. A predicate in depth-first order: u8 op, u16 column, u16 child object, u8 search, u16
 * values, u16 kids.
 *
 * A decoder trusts nothing: sizes, kinds, depth and number of nodes are bounded, and every byte must be used.
 */
#ifndef KEDUN_STORE_WIRE_H
#define KEDUN_STORE_WIRE_H

#include "store/store.h"

#define WIRE_SET_MAX ((size_t)8 << 20)
#define WIRE_FILTERS 250 /* that can be referred to */

/* Appends `set`; out->failed tells when it does not fit (give it the limit WIRE_SET_MAX). */
void wire_put_set(struct buf *out, const struct write_set *set);

/* Texts and bytes are borrowed from `bytes`, the rest lives in `arena`. ST_CORRUPT: not what wire_put_set
 * writes, or an object that `objects` does not have; ST_NOMEM. */
MUST_CHECK enum status wire_get_set(struct slice bytes, const struct object_set *objects, struct arena *arena,
                                    struct write_set *out);

/* ST_UNAVAILABLE "definition_changed": a cell in clear for a field that `now` seals. Its writer began before
 * the field's class was raised; with the definitions of now he seals it. */
MUST_CHECK enum status write_set_check(const struct write_set *set, const struct object_set *now,
                                       struct error *e);

#endif
