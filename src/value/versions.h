/* Per-field write counters of a row (FIELD_VERSIONS): what versions and times a viewer sees, and what the
 * keeper binds into each sealed value so that an older one can't be put back in its place.
 *
 * A row starts with an empty list: every field then has counter 1 and the row's creation time. A change adds
 * or updates the field's entry: two counters, each with its time: `writes` grows with every change of the
 * value, `masked` only when a viewer of the mask would see a difference. Two histories that differ only in
 * what a viewer may not see therefore give him the same version and the same time.
 *
 * Encoding, ascending by field: varint field delta, varint writes, varint seconds since creation, varint
 * masked, varint seconds since creation. Pure functions; no allocation but the caller's buf. */
#ifndef KEDUN_VALUE_VERSIONS_H
#define KEDUN_VALUE_VERSIONS_H

#include "base/buf.h"
#include "base/status.h"
#include "value/class.h"

#define VERSIONS_MAX 8192 /* bytes of one row's list */

struct field_version {
    uint16_t field;
    uint32_t writes, masked;       /* from 1 */
    uint32_t writes_at, masked_at; /* seconds after the row's creation */
};

/* The entry of one field; an absent one is {field, 1, 1, 0, 0}. ST_CORRUPT on bytes that no writer made. */
MUST_CHECK enum status versions_get(struct slice list, uint16_t field, struct field_version *out);

/* One bump. masked: the mask shows a difference too. */
struct version_bump {
    uint16_t field;
    bool masked;
};
/* Writes the list after these bumps (ascending by field) at `at` seconds after creation. */
MUST_CHECK enum status versions_bump(struct slice list, const struct version_bump *bumps, size_t count,
                                     uint32_t at, struct buf *out);

/* What a viewer sees: `views[i]` is his view of fields[i]. version: 1 + the bumps he may see; at: the newest
 * of them (seconds after creation). */
MUST_CHECK enum status versions_seen(struct slice list, const uint16_t *fields, const uint8_t *views,
                                     size_t count, uint64_t *version, uint32_t *at);

#endif
