/* Tables that tools/value_tables.c makes from Unihan (package unicode-data) while Kedun is built. */
#ifndef KEDUN_VALUE_TABLES_H
#define KEDUN_VALUE_TABLES_H

#include <stddef.h>
#include <stdint.h>

#define TABLE_HAN_FIRST 0x3400
#define TABLE_HAN_LAST  0x9fff
#define TABLE_HAN_ROOM  (TABLE_HAN_LAST - TABLE_HAN_FIRST + 1)

/* The simplified form of TABLE_HAN_FIRST + i, 0 when it has none in the basic plane. */
extern const uint16_t table_simplified[TABLE_HAN_ROOM];

/* Simplified forms where either character is outside that range, sorted by `from`. */
struct table_pair {
    uint32_t from;
    uint32_t to;
};
extern const struct table_pair table_simplified_far[];
extern const size_t table_simplified_far_count;

/* Syllables without tone, sorted, ü written v. */
#define TABLE_SYLLABLE_ROOM 8
extern const char table_syllables[][TABLE_SYLLABLE_ROOM];
extern const size_t table_syllable_count;

/* Sets of readings: at [k] a count, then so many syllable numbers, likeliest first. Offset 0 is the empty
 * set. */
extern const uint16_t table_readings[];

/* The offset in table_readings of TABLE_HAN_FIRST + i. */
extern const uint16_t table_reading_at[TABLE_HAN_ROOM];

/* The same for other characters, sorted by code. */
struct table_far_reading {
    uint32_t code;
    uint16_t at;
};
extern const struct table_far_reading table_reading_far[];
extern const size_t table_reading_far_count;

#endif
