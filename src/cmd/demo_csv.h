/* A CSV of customers as a company might bring it: Chinese headers, some 1 % of bad rows of known kinds, in
 * one of three encodings. For trying and testing imports. Beside FILE stands FILE.truth.json: {"rows", "bad":
 * [{"line", "kind"}]}, lines as in the file (the header is line 1). The rows are customers that the demo base
 * of the same seed does not hold. */
#ifndef KEDUN_CMD_DEMO_CSV_H
#define KEDUN_CMD_DEMO_CSV_H

#include "cmd/demo_customer.h"

enum demo_encoding { DEMO_UTF8, DEMO_UTF8_BOM, DEMO_GB18030 };

bool demo_encoding_by_name(const char *name, enum demo_encoding *out);

MUST_CHECK enum status demo_csv_write(const struct demo_plan *plan, uint64_t rows,
                                      enum demo_encoding encoding, const char *path, struct error *e);

#endif
