/* DIR/demo-truth.json: what was planted in a demo base, for checking how well it is found. Ids and kinds
 * only, no value:
 *   {"seed", "customers", "dirty": [{"id", "kind"}], "duplicates": [{"ids": [original, twin], "kind"}]}
 * full_width dirt is cleaned as it is entered; the other kinds remain in the base. The same for the same seed
 * and number of customers, whatever the day. */
#ifndef KEDUN_CMD_DEMO_TRUTH_H
#define KEDUN_CMD_DEMO_TRUTH_H

#include "base/buf.h"
#include "cmd/demo_customer.h"

void demo_truth_put(const struct demo_plan *plan, struct buf *out);

MUST_CHECK enum status demo_truth_write(const struct demo_plan *plan, const char *dir, struct error *e);

#endif
