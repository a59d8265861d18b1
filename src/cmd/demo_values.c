#include "cmd/demo_values.h"

#include "base/clock.h"

#include <stdio.h>

#define ID_EPOCH_DAYS 18628 /* 2021-01-01 */
#define DAY_MS        86400000

void demo_make_person(struct demo_random *r, struct demo_person *out) {
    const struct demo_surname *s = &demo_surnames[demo_random_weighted(
        r, &demo_surnames[0].weight, sizeof demo_surnames[0], demo_surname_count)];
    out->female = demo_random_chance(r, 46);
    const uint16_t *weights = out->female ? &demo_givens[0].female : &demo_givens[0].male;
    const struct demo_given *a =
        &demo_givens[demo_random_weighted(r, weights, sizeof demo_givens[0], demo_given_count)];
    const struct demo_given *b =
        &demo_givens[demo_random_weighted(r, weights, sizeof demo_givens[0], demo_given_count)];
    bool two = demo_random_chance(r, 80);
    (void)snprintf(out->family, sizeof out->family, "%s", s->han);
    (void)snprintf(out->han, sizeof out->han, "%s%s%s", s->han, a->han, two ? b->han : "");
    (void)snprintf(out->pinyin, sizeof out->pinyin, "%s.%s%s", s->pinyin, a->pinyin, two ? b->pinyin : "");
}

/* 61803399 has no factor in common with 10^8, so that the product runs through all numbers. */
void demo_make_mobile(uint64_t seed, uint64_t number, char out[DEMO_NUMBER]) {
    static const unsigned prefixes[] = {154, 161, 163, 164, 169};
    uint64_t shift = demo_random_stream(seed, 0, 0).state % 100000000;
    uint64_t rest = (number / 5 % 100000000 * 61803399 + shift) % 100000000;
    (void)snprintf(out, DEMO_NUMBER, "%u%08u", prefixes[number % 5], (unsigned)rest);
}

void demo_make_other_mobile(struct demo_random *r, char out[DEMO_NUMBER]) {
    (void)snprintf(out, DEMO_NUMBER, "%s%08u", demo_random_chance(r, 50) ? "160" : "168",
                   demo_random_below(r, 100000000));
}

void demo_make_landline(struct demo_random *r, const struct demo_region *region, char out[DEMO_NUMBER]) {
    (void)snprintf(out, DEMO_NUMBER, "%s-9%07u", region->area_code, demo_random_below(r, 10000000));
}

void demo_make_resident_id(struct demo_random *r, const struct demo_region *region, int64_t birth,
                           bool female, char out[DEMO_NUMBER]) {
    int year;
    unsigned month, day, sum = 0;
    clock_date_from_days(birth, &year, &month, &day);
    /* The last digit of the sequence is odd for men. */
    unsigned sequence = demo_random_below(r, 499) * 2 + (female ? 2 : 1);
    (void)snprintf(out, DEMO_NUMBER, "%s9900%04d%02u%02u%03u", region->province, year % 10000, month, day,
                   sequence);
    for (size_t i = 0; i < 17; i++)
        sum = (sum + (unsigned)(out[i] - '0')) * 2 % 11;
    out[17] = "10X98765432"[sum];
    out[18] = '\0';
}

/* GB 11714: 8 characters, weights 3 7 9 10 5 8 4 2, MOD 11. */
static char organisation_check(const char *eight) {
    static const unsigned weights[] = {3, 7, 9, 10, 5, 8, 4, 2};
    unsigned sum = 0;
    for (size_t i = 0; i < 8; i++)
        sum += (unsigned)(eight[i] - '0') * weights[i];
    return "0X987654321"[sum % 11];
}

void demo_make_uscc(uint64_t number, const struct demo_region *region, char out[DEMO_NUMBER]) {
    static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    unsigned sum = 0, weight = 1;
    unsigned code = (unsigned)((number * 61803399 + 40000000) % 100000000);
    (void)snprintf(out, DEMO_NUMBER, "91%s9900%08u", region->province, code);
    out[16] = organisation_check(out + 8);
    for (size_t i = 0; i < 17; i++) {
        sum = (sum + (unsigned)(strchr(alphabet, out[i]) - alphabet) * weight) % 31;
        weight = weight * 3 % 31;
    }
    out[17] = alphabet[(31 - sum) % 31];
    out[18] = '\0';
}

void demo_make_bank_card(struct demo_random *r, char out[DEMO_NUMBER]) {
    unsigned sum = 0;
    (void)snprintf(out, DEMO_NUMBER, "690000%06u%06u", demo_random_below(r, 1000000),
                   demo_random_below(r, 1000000));
    for (size_t i = 0; i < 18; i++) {
        unsigned d = (unsigned)(out[17 - i] - '0');
        if (i % 2 == 0)
            d = d > 4 ? d * 2 - 9 : d * 2;
        sum += d;
    }
    out[18] = (char)('0' + (10 - sum % 10) % 10);
    out[19] = '\0';
}

void demo_make_address(struct demo_random *r, const struct demo_region *region, bool office,
                       char out[DEMO_NAME * 2]) {
    const char *street = demo_streets[demo_random_below(r, (uint32_t)demo_street_count)];
    unsigned house = 1 + demo_random_below(r, 880);
    unsigned building = 1 + demo_random_below(r, 24), floor = 1 + demo_random_below(r, 26);
    unsigned room = 1 + demo_random_below(r, 8);
    (void)snprintf(out, (size_t)DEMO_NAME * 2, office ? "%s%s%u号%u幢%u%02u" : "%s%s%u号%u幢%u单元%02u室",
                   region->address, street, house, building, office ? floor : floor % 6 + 1,
                   office ? room : room + 100 * (floor % 18 + 1));
}

void demo_make_id(struct demo_random *r, int64_t offset_ms, struct uuid *out) {
    uint64_t ms = (uint64_t)(ID_EPOCH_DAYS * (int64_t)DAY_MS + offset_ms);
    uint64_t a = demo_random_next(r), b = demo_random_next(r);
    for (size_t i = 0; i < 6; i++)
        out->b[i] = (uint8_t)(ms >> (40 - 8 * i));
    memcpy(out->b + 6, &a, 2);
    memcpy(out->b + 8, &b, 8);
    out->b[6] = (uint8_t)(0x70 | (out->b[6] & 0x0f));
    out->b[8] = (uint8_t)(0x80 | (out->b[8] & 0x3f));
}
