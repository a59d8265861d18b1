/* Learns the facts of all rows (facts.h) in the background, in a thread of its own, so that no question has
 * to: after a start the first searches read some hundred rows each, at ten times the cost of those that come
 * later.
 *
 * Objects in the order of their numbers, WARM_SLICE rows at a time along an index; after each slice the
 * thread rests WARM_REST times as long as it worked. It takes WARM_ROWS rows of all objects together, or two
 * thirds of FACTS_BYTES; other rows are learnt when they are asked for. When all are known it looks once in
 * WARM_PAUSE_MS whether anything was committed, and learns new rows; when everything was forgotten (a change
 * of tables) it begins anew. A row that was changed is learnt by whoever asks for it next. */
#ifndef KEDUN_STORE_SQLITE_WARM_H
#define KEDUN_STORE_SQLITE_WARM_H

#include "store/sqlite/reader.h"

#define WARM_SLICE    512
#define WARM_REST     4
#define WARM_ROWS     ((uint64_t)2 << 20)
#define WARM_PAUSE_MS 1000
#define WARM_LAG_MS   2000 /* rows are not committed in the order of their creation */

struct warm;

/* Takes the reader over, in any case. */
MUST_CHECK enum status warm_start(struct store_reader *r, struct warm **out, struct error *e);
/* NULL is fine. */
void warm_stop(struct warm *w);
/* How many rows it has read. */
uint64_t warm_rows(const struct warm *w);

#endif
