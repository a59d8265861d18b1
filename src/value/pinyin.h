/* Pinyin: how Han characters are read, and how Latin letters split into syllables.
 *
 * Readings come from Unihan (UAX #38: kMandarin, kHanyuPinlu, kTGHZ2013, kXHC1983, kHanyuPinyin for what
 * those lack) and from family names' own readings (单 shan, 仇 qiu), without tones, ü as v. They are numbered
 * per build: terms write a syllable's text, never its number. Pure and thread-safe; nothing is allocated. */
#ifndef KEDUN_VALUE_PINYIN_H
#define KEDUN_VALUE_PINYIN_H

#include "base/slice.h"

#define PINYIN_READINGS_MAX 6  /* of one character */
#define PINYIN_SYLLABLE_MAX 6  /* letters */
#define PINYIN_QUERY_MAX    60 /* letters of a query */
#define PINYIN_SPLITS_MAX   8  /* ways to split a query that are followed; longest syllables first */
#define PINYIN_OPEN_MAX     4  /* ways that end within a syllable */
#define PINYIN_SPLIT_LENGTH 30 /* syllables of a split */

/* The readings of a character, likeliest first; 0 for characters without any. `out` is static storage. */
size_t pinyin_readings(uint32_t c, const uint16_t **out);

/* The text of a reading, static storage. */
const char *pinyin_syllable(uint16_t number);

/* Letters typed to mean pinyin. */
struct pinyin_query {
    char letters[PINYIN_QUERY_MAX + 1]; /* a to z, NUL behind */
    size_t n;
    uint64_t cuts; /* bit i: a syllable may not run over the place before letters[i] */
};

/* Reads folded or unfolded Latin text; spaces, hyphens and apostrophes are cuts, ü is v. False when there is
 * anything else in it, no letter, or too many. */
bool pinyin_query_read(struct slice text, struct pinyin_query *out);

struct pinyin_split {
    uint16_t syllable[PINYIN_SPLIT_LENGTH];
    size_t n;
    char open; /* the first letter of an unfinished last syllable behind them, or 0 */
};

/* Ways to split the query into whole syllables: xian is xian and xi an; 0 when there is none. lyu, nyu, lue
 * and nue stand for lv, nv, lve and nve. */
size_t pinyin_split(const struct pinyin_query *q, struct pinyin_split out[PINYIN_SPLITS_MAX]);

/* Ways to split it that end within a syllable, with at least one whole one before: chongq is chong and q… */
size_t pinyin_split_open(const struct pinyin_query *q, struct pinyin_split out[PINYIN_OPEN_MAX]);

/* Does the text contain characters in a row that read so, the last one perhaps only beginning so (not the
 * first)? Text is in matching form. `initials`: by the first
 * letters of their readings, cuts aside. All readings count. */
bool pinyin_contains(struct slice text, const struct pinyin_query *q, bool initials);

#endif
