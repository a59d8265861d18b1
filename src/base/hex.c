#include "base/hex.h"

void hex_encode(struct slice bytes, char *out) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.n; i++) {
        out[2 * i] = digits[bytes.p[i] >> 4];
        out[2 * i + 1] = digits[bytes.p[i] & 15];
    }
    out[2 * bytes.n] = '\0';
}

static int hex_value(uint8_t c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool hex_decode(struct slice text, uint8_t *out, size_t n) {
    if (text.n != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = hex_value(text.p[2 * i]), low = hex_value(text.p[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64url_encode(struct slice bytes, char *out) {
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < bytes.n; i++) {
        bits = bits << 8 | bytes.p[i];
        held += 8;
        while (held >= 6) {
            held -= 6;
            *out++ = alphabet[bits >> held & 63];
        }
    }
    if (held > 0)
        *out++ = alphabet[bits << (6 - held) & 63];
    *out = '\0';
}

static int base64url_value(uint8_t c) {
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-')
        return 62;
    return c == '_' ? 63 : -1;
}

bool base64url_decode(struct slice text, uint8_t *out, size_t *n) {
    if (text.n % 4 == 1)
        return false;
    uint32_t bits = 0;
    unsigned held = 0;
    size_t at = 0;
    for (size_t i = 0; i < text.n; i++) {
        int v = base64url_value(text.p[i]);
        if (v < 0)
            return false;
        bits = bits << 6 | (uint32_t)v;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[at++] = (uint8_t)(bits >> held);
        }
    }
    *n = at;
    return (bits & ((1U << held) - 1)) == 0;
}

void base32_encode(struct slice bytes, char *out) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < bytes.n; i++) {
        bits = bits << 8 | bytes.p[i];
        held += 8;
        while (held >= 5) {
            held -= 5;
            *out++ = letters[bits >> held & 31];
        }
    }
    if (held > 0)
        *out++ = letters[bits << (5 - held) & 31];
    *out = '\0';
}
