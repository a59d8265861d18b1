/* Decimal numbers in text to scaled int64 and back, exactly (no floating point on the way). */
#ifndef KEDUN_VALUE_NUMBER_H
#define KEDUN_VALUE_NUMBER_H

#include "base/slice.h"

enum number_status { NUMBER_OK, NUMBER_BAD, NUMBER_OVERFLOW };

/* Optional sign, digits with or without commas in groups of three, optional fraction; an exponent as JSON
 * writes it. Times 10^digits; digits of the fraction past that must be zeros (nothing is rounded). */
enum number_status number_parse(struct slice text, unsigned digits, int64_t *out);

/* "-1.5": the fraction without trailing zeros but with at least `least` digits. Writes a NUL; the length. */
size_t number_format(int64_t v, unsigned digits, unsigned least, char out[32]);

#endif
