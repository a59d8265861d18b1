/* Values that pass every check and belong to nobody.
 *
 * mobile       prefixes that no operator has been given (154, 161, 163, 164, 169), each number once per
 * `number` landline     local numbers that begin with 9, which no exchange gives out resident ID  right check
 * character (GB 11643-1999) behind a city code that GB/T 2260 does not have (..99..) USCC         right check
 * characters (GB 32100-2015, GB 11714) behind such a city code bank card    right Luhn digit behind 690000,
 * of no issuer (ISO/IEC 7812) mail, URL    under the names that RFC 2606 and RFC 6761 set aside */
#ifndef KEDUN_CMD_DEMO_VALUES_H
#define KEDUN_CMD_DEMO_VALUES_H

#include "base/uuid.h"
#include "cmd/demo_random.h"
#include "cmd/demo_words.h"

#define DEMO_NAME   128
#define DEMO_NUMBER 32

struct demo_person {
    char han[48], pinyin[64];
    char family[16]; /* 欧阳 */
    bool female;
};

void demo_make_person(struct demo_random *r, struct demo_person *out);

/* 11 digits; another for each number below 500,000,000 of one seed. */
void demo_make_mobile(uint64_t seed, uint64_t number, char out[DEMO_NUMBER]);
/* Of people who share numbers with nobody's customer record: prefixes 160 and 168. */
void demo_make_other_mobile(struct demo_random *r, char out[DEMO_NUMBER]);
void demo_make_landline(struct demo_random *r, const struct demo_region *region, char out[DEMO_NUMBER]);
/* birth: days since 1970. */
void demo_make_resident_id(struct demo_random *r, const struct demo_region *region, int64_t birth,
                           bool female, char out[DEMO_NUMBER]);
/* Another for each number below 100,000,000. */
void demo_make_uscc(uint64_t number, const struct demo_region *region, char out[DEMO_NUMBER]);
void demo_make_bank_card(struct demo_random *r, char out[DEMO_NUMBER]);
void demo_make_address(struct demo_random *r, const struct demo_region *region, bool office,
                       char out[DEMO_NAME * 2]);

/* A UUIDv7 whose time is `offset_ms` behind a fixed day before any real record, the rest from the stream: the
 * same in every base of one seed. */
void demo_make_id(struct demo_random *r, int64_t offset_ms, struct uuid *out);

#endif
