#include "audit/crc32c.h"

#include <pthread.h>

#define POLYNOMIAL 0x82f63b78u /* reflected */

static uint32_t table[256];
static bool fast;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void prepare(void) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; bit++)
            c = c & 1 ? c >> 1 ^ POLYNOMIAL : c >> 1;
        table[i] = c;
    }
#if defined(__x86_64__)
    fast = __builtin_cpu_supports("sse4.2");
#endif
}

static uint32_t by_table(uint32_t c, struct slice s) {
    for (size_t i = 0; i < s.n; i++)
        c = table[(c ^ s.p[i]) & 0xff] ^ c >> 8;
    return c;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t by_instruction(uint32_t c, struct slice s) {
    uint64_t wide = c;
    size_t i = 0;
    for (; i + 8 <= s.n; i += 8) {
        uint64_t word;
        memcpy(&word, s.p + i, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    c = (uint32_t)wide;
    for (; i < s.n; i++)
        c = __builtin_ia32_crc32qi(c, s.p[i]);
    return c;
}
#endif

uint32_t crc32c(uint32_t crc, struct slice s) {
    (void)pthread_once(&once, prepare);
#if defined(__x86_64__)
    if (fast)
        return ~by_instruction(~crc, s);
#endif
    return ~by_table(~crc, s);
}
