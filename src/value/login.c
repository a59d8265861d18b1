#include "value/login.h"

#include "base/utf8.h"

#define LOGIN_BYTES 63

static const struct {
    uint32_t first, last;
} unseen[] = {
    {0x00, 0x20},       {0x7f, 0xa0},     {0xad, 0xad},     {0x34f, 0x34f},   {0x61c, 0x61c},
    {0x115f, 0x1160},   {0x1680, 0x1680}, {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x2000, 0x200f},
    {0x2028, 0x202f},   {0x205f, 0x206f}, {0x2800, 0x2800}, {0x3000, 0x3000}, {0x3164, 0x3164},
    {0xfe00, 0xfe0f},   {0xfeff, 0xfeff}, {0xff01, 0xff5e}, {0xffa0, 0xffa0}, {0xfff0, 0xffff},
    {0xe0000, 0xe0fff},
};

bool login_is_plain(struct slice login) {
    if (login.n == 0 || login.n > LOGIN_BYTES)
        return false;
    uint32_t code;
    while (login.n > 0) {
        if (!utf8_next(&login, &code))
            return false;
        for (size_t i = 0; i < sizeof unseen / sizeof unseen[0]; i++) {
            if (code >= unseen[i].first && code <= unseen[i].last)
                return false;
        }
    }
    return true;
}
