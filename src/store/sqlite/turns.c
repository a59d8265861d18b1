#include "store/sqlite/turns.h"

#include "store/sqlite/writer.h"

void turns_init(struct writer_turns *t) {
    *t = (struct writer_turns){.interactive_ns = INT64_MIN / 2, .window_ns = INT64_MIN / 2};
}

void turns_interactive(struct writer_turns *t, int64_t now, size_t sets) {
    if (now - t->window_ns >= TURNS_WINDOW_NS) {
        t->sets_before = now - t->window_ns < 2 * (int64_t)TURNS_WINDOW_NS ? t->sets : 0;
        t->sets = 0;
        t->window_ns = now;
    }
    t->sets += sets;
}

void turns_bulk(struct writer_turns *t, int64_t now, int64_t held_ns) {
    t->bulk_ended_ns = now;
    t->bulk_held_ns = held_ns;
}

bool turns_alone(const struct writer_turns *t, int64_t now) {
    return now - t->interactive_ns > WRITER_ALONE_AFTER_NS;
}

int64_t turns_next(const struct writer_turns *t, int64_t now, bool waits) {
    bool busy =
        now - t->window_ns < 2 * (int64_t)TURNS_WINDOW_NS && t->sets + t->sets_before >= TURNS_BUSY_SETS;
    int64_t rest = busy ? t->bulk_held_ns * TURNS_SHARE : 0;
    rest = rest < WRITER_SLICE_NS ? WRITER_SLICE_NS : rest;
    rest = rest > TURNS_REST_NS ? TURNS_REST_NS : rest;
    return waits || busy ? t->bulk_ended_ns + rest : now;
}
