/* Telephone numbers: ITU-T E.164, with the Chinese numbering plan for numbers without a country code.
 *
 * Chinese: mobiles (11 digits, 13 to 19), landlines with an area code (010, 02x, 0xxx and 7 or 8 digits),
 * 400/800 numbers. A local number without an area code is refused: nobody could dial it from here. */
#ifndef KEDUN_VALUE_PHONE_H
#define KEDUN_VALUE_PHONE_H

#include "base/slice.h"

#define PHONE_TEXT 28 /* "+" 15 digits ";ext=" 6 digits, NUL */

/* Accepts spaces, dashes, dots, brackets, a leading 0086/86/+CC, "(0)", and an extension after "转", "ext",
 * "x", "#" or ";ext=" (or a third group of 1 to 5 digits behind a landline: 021-61234567-12). Full-width
 * forms must be folded before. Writes the canonical form and a NUL. */
bool phone_parse(struct slice text, char out[PHONE_TEXT]);

/* True for a canonical Chinese mobile number. */
bool phone_is_cn_mobile(struct slice canonical);

/* For a canonical Chinese landline: digits of the area code without the 0 (2 or 3; 3 for 400 and 800);
 * 0 for everything else. */
size_t phone_area_digits(struct slice canonical);

/* The canonical number without its extension. */
struct slice phone_without_extension(struct slice canonical);

#endif
