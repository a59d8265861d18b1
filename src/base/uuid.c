#include "base/uuid.h"

#include "base/clock.h"
#include "base/hex.h"

#include <sys/random.h>

enum status uuid_new(struct uuid *out) {
    static _Thread_local int64_t last_ms;
    static _Thread_local uint32_t counter;
    uint8_t noise[10];
    if (getrandom(noise, sizeof noise, 0) != (ssize_t)sizeof noise)
        return ST_IO;
    int64_t ms = clock_wall_ms();
    if (ms <= last_ms) {
        ms = last_ms;
        counter++;
        if (counter > 0xfff) {
            ms++;
            counter = 0;
        }
    } else {
        counter = noise[0]; /* leaves room to count */
    }
    last_ms = ms;
    for (unsigned i = 0; i < 6; i++)
        out->b[i] = (uint8_t)((uint64_t)ms >> (40 - 8 * i));
    out->b[6] = (uint8_t)(0x70 | (counter >> 8));
    out->b[7] = (uint8_t)counter;
    memcpy(out->b + 8, noise + 2, 8);
    out->b[8] = (uint8_t)((out->b[8] & 0x3f) | 0x80);
    return ST_OK;
}

static const uint8_t dash_at[] = {8, 13, 18, 23};

void uuid_format(const struct uuid *u, char out[UUID_TEXT + 1]) {
    char hex[33];
    hex_encode(slice_of(u->b, 16), hex);
    memcpy(out, hex, 8);
    memcpy(out + 9, hex + 8, 4);
    memcpy(out + 14, hex + 12, 4);
    memcpy(out + 19, hex + 16, 4);
    memcpy(out + 24, hex + 20, 12);
    out[8] = out[13] = out[18] = out[23] = '-';
    out[UUID_TEXT] = '\0';
}

bool uuid_parse(struct slice text, struct uuid *out) {
    if (text.n != UUID_TEXT)
        return false;
    uint8_t hex[32];
    size_t n = 0, dash = 0;
    for (size_t i = 0; i < UUID_TEXT; i++) {
        if (dash < 4 && i == dash_at[dash]) {
            if (text.p[i] != '-')
                return false;
            dash++;
        } else {
            hex[n++] = text.p[i];
        }
    }
    return hex_decode(slice_of(hex, 32), out->b, 16);
}

int64_t uuid_time_ms(const struct uuid *u) {
    uint64_t ms = 0;
    for (size_t i = 0; i < 6; i++)
        ms = ms << 8 | u->b[i];
    return (int64_t)ms;
}
