#include "keeper/need.h"

#include "base/slice.h"

#include <string.h>

static bool next_word(struct slice *rest, struct slice *word) {
    size_t n = 0;
    while (n < rest->n && rest->p[n] != ' ')
        n++;
    *word = slice_of(rest->p, n);
    *rest = n < rest->n ? slice_of(rest->p + n + 1, rest->n - n - 1) : SLICE_NONE;
    return n > 0;
}

enum status need_refuse(const struct need *n, struct error *e) {
    const char *code = n->approval      ? "approval_required"
                       : n->minutes > 0 ? "second_factor_required"
                                        : "reason_required";
    return error_set(e, ST_DENIED, code, "need %s %d %u %d %u %u %d %u", n->act, n->reason ? 1 : 0,
                     (unsigned)n->minutes, n->counted ? 1 : 0, (unsigned)n->count, (unsigned)n->above,
                     n->approval ? 1 : 0, (unsigned)n->object);
}

bool need_read(const struct error *e, struct need *out) {
    static const uint32_t most[] = {1, UINT16_MAX, 1, UINT32_MAX, UINT32_MAX, 1, UINT16_MAX};
    uint32_t numbers[sizeof most / sizeof most[0]];
    struct slice rest = slice_from_string(e->detail), word;
    if (e->status != ST_DENIED || !slice_starts_with(rest, SLICE("need ")))
        return false;
    rest = slice_of(rest.p + 5, rest.n - 5);
    if (!next_word(&rest, &word) || word.n >= sizeof out->act)
        return false;
    memset(out, 0, sizeof *out);
    memcpy(out->act, word.p, word.n);
    for (size_t i = 0; i < sizeof most / sizeof most[0]; i++) {
        int64_t v;
        if (!next_word(&rest, &word) || !slice_to_int(word, &v) || v < 0 || v > most[i])
            return false;
        numbers[i] = (uint32_t)v;
    }
    out->reason = numbers[0] != 0;
    out->minutes = (uint16_t)numbers[1];
    out->counted = numbers[2] != 0;
    out->count = numbers[3];
    out->above = numbers[4];
    out->approval = numbers[5] != 0;
    out->object = (uint16_t)numbers[6];
    return rest.n == 0;
}
