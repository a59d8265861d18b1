#include "connect/outbound.h"

#include "connect/fetch.h"
#include "connect/ldap_read.h"
#include "connect/outbound_main.h"
#include "ipc/frame.h"
#include "ipc/socket.h"

#include <stdatomic.h>
#include <unistd.h>

static atomic_uint under_way[OUTBOUND_KINDS];

static enum status ask(const char *socket_path, const struct uuid *errand, int ms) {
    struct frame question = {.type = OUTBOUND_RUN, .id = 1, .payload = slice_of(errand->b, sizeof errand->b)};
    struct frame answer = {.flags = ST_UNAVAILABLE};
    struct buf in;
    int fd = -1;
    enum status s = socket_connect(socket_path, &fd, NULL);
    buf_init(&in, 64, false);
    if (s == ST_OK)
        s = frame_call(fd, &question, &in, &answer, ms);
    bool done = s == ST_OK && answer.flags == ST_OK;
    buf_free(&in);
    if (fd >= 0)
        (void)close(fd);
    return done ? ST_OK : ST_UNAVAILABLE;
}

enum status outbound_run(const char *socket_path, enum outbound_kind kind, const struct uuid *errand,
                         struct error *e) {
    const bool people = kind == OUTBOUND_SIGN_ON;
    enum status s = ST_LIMIT;
    if (atomic_fetch_add(&under_way[kind], 1) < OUTBOUND_AT_ONCE)
        s = ask(socket_path, errand, people ? FETCH_MS + 5000 : LDAP_READ_MS + 10000);
    (void)atomic_fetch_sub(&under_way[kind], 1);
    if (s == ST_OK)
        return s;
    if (s == ST_LIMIT)
        return people ? error_set(e, s, "sign_on_busy", "too many are signing in at once")
                      : error_set(e, s, "ldap_busy", "too many directories are being read");
    return people ? error_set(e, ST_UNAVAILABLE, "sign_on_unreachable", "no errand could be carried out")
                  : error_set(e, ST_UNAVAILABLE, "ldap_unreachable", "no errand could be carried out");
}
