/* Masks: what a viewer with a masked view gets of a value. One table, by name; numbers are stable.
 *
 * A mask with the other fields that the viewer sees must still leave many people or numbers that fit. What a
 * mask shows and how many candidates it leaves by itself:
 *
 * name         shows                                        candidates
 * hidden       ***                                          all
 * mobile       138****1234; abroad ****1234                 10^4; abroad 10^4 or more
 * landline     021-****67, no extension                     10^5 (7 digits) or 10^6; elsewhere ****67, 10^6
 * phone        mobile or landline, by the number            as those
 * person_name  family name, one * a given character, two    a * of given names: some 5,000 characters in use;
 *              at most: 张*, 欧阳**; other scripts: first    **: their square; a single character shows none
 * of letter and **                                itself resident_id  3301************** all births since
 * 1850 in a city's districts: 10^9; with birth day and sex known 500 a district uscc 9133**************
 * 10^10; company codes are public anyway mail         a***@b.cn, three stars always                mailboxes
 * of that domain with that letter: a large provider millions, a small company perhaps ONE: give such a field
 * mail_strict mail_strict  ***@***                                      all bank_card    ****1234 10^7 (12
 * digits) to 10^14, the check digit counted address      province and city, then ****; **** alone     a
 * city's addresses: 10^5 or more when it does not begin with a province region       330000, the province a
 * province year         1990 (dates, date-times in UTC)              365 days number       *** all text ***
 * all
 *
 * A value that does not look as its mask expects (old data) shows *** and nothing else. */
#ifndef KEDUN_VALUE_MASK_H
#define KEDUN_VALUE_MASK_H

#include "value/type.h"

enum mask {
    MASK_DEFAULT = 0, /* the type's own */
    MASK_HIDDEN = 1,
    MASK_MOBILE = 2,
    MASK_LANDLINE = 3,
    MASK_PHONE = 4,
    MASK_PERSON_NAME = 5,
    MASK_RESIDENT_ID = 6,
    MASK_USCC = 7,
    MASK_MAIL = 8,
    MASK_MAIL_STRICT = 9,
    MASK_BANK_CARD = 10,
    MASK_ADDRESS = 11,
    MASK_REGION = 12,
    MASK_YEAR = 13,
    MASK_NUMBER = 14,
    MASK_TEXT = 15,
    MASK_END
};

#define MASK_ROOM 320 /* bytes that any masked text fits in, NUL included */

const char *mask_name(enum mask mask);

/* MASK_END when there is no such mask (MASK_DEFAULT is "default"). */
enum mask mask_by_name(struct slice name);

/* The mask that a type's fields have unless the definition names another. */
enum mask mask_of_type(enum value_type type);

/* May a definition give a field of this type that mask? */
bool mask_fits(enum mask mask, enum value_type type);

/* Writes the masked form of the canonical text (value/type.h) and a NUL; the bytes written without it. Empty
 * text stays empty. A mask that does not fit the type counts as MASK_HIDDEN. Masking is deterministic, so it
 * may be compared: equal masks mean that a viewer of masks sees no difference. */
size_t mask_apply(enum mask mask, enum value_type type, struct slice canonical, char out[MASK_ROOM]);

/* How many characters of the ending the mask shows of every value: matching by an ending of at most so many
 * tells a masked viewer nothing new. mobile and bank_card 4; landline and phone 2 (a phone field may hold
 * landlines, so it can't be matched by four: keep mobiles in a field of type mobile); others 0. */
unsigned mask_shows_suffix(enum mask mask, enum value_type type);

#endif
