#include "connect/outbound.h"

#include "connect/fetch.h"
#include "connect/outbound_main.h"
#include "ipc/frame.h"
#include "ipc/socket.h"

#include <stdatomic.h>
#include <unistd.h>

static atomic_uint under_way;

static enum status ask(const char *socket_path, const struct uuid *errand, int ms, struct error *e) {
    struct frame question = {.type = OUTBOUND_RUN, .id = 1, .payload = slice_of(errand->b, sizeof errand->b)};
    struct frame answer = {.flags = ST_UNAVAILABLE};
    struct buf in;
    int fd = -1;
    enum status s = socket_connect(socket_path, &fd, e);
    buf_init(&in, 64, false);
    if (s == ST_OK)
        s = frame_call(fd, &question, &in, &answer, ms);
    if (s == ST_OK && answer.flags != ST_OK)
        s = ST_UNAVAILABLE;
    buf_free(&in);
    if (fd >= 0)
        (void)close(fd);
    return s == ST_OK ? s
                      : error_set(e, ST_UNAVAILABLE, "sign_on_unreachable", "no errand could be carried out");
}

enum status outbound_run_within(const char *socket_path, const struct uuid *errand, int ms, struct error *e) {
    enum status s;
    if (atomic_fetch_add(&under_way, 1) < OUTBOUND_AT_ONCE)
        s = ask(socket_path, errand, ms, e);
    else
        s = error_set(e, ST_LIMIT, "sign_on_busy", "too many are signing in at once");
    (void)atomic_fetch_sub(&under_way, 1);
    return s;
}

enum status outbound_run(const char *socket_path, const struct uuid *errand, struct error *e) {
    return outbound_run_within(socket_path, errand, FETCH_MS + 5000, e);
}
