#include "api/stamp.h"

#include <arpa/inet.h>

bool stamp_is_loopback(const char *listen) {
    char address[CONFIG_TEXT];
    uint16_t port;
    struct in_addr v4;
    struct in6_addr v6;
    if (!config_split_address(listen, address, &port))
        return false;
    if (inet_pton(AF_INET, address, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, address, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

static enum status find_stamp(struct store *store, bool *found, struct error *e) {
    struct store_reader *reader;
    struct store_item item;
    struct arena a;
    enum status s = store_reader_open(store, &reader, e);
    if (s != ST_OK)
        return s;
    arena_init(&a, 64 * 1024, ARENA_PLAIN);
    s = store_item_get(reader, SLICE(STORE_ITEM_STAMP), SLICE("demo"), &a, &item, e);
    *found = s == ST_OK;
    arena_free(&a);
    store_reader_close(reader);
    return s == ST_NOT_FOUND ? ST_OK : s;
}

enum status stamp_check(struct store *store, const struct config *config, struct error *e) {
    bool demo = false;
    enum status s = find_stamp(store, &demo, e);
    if (s != ST_OK || !demo || stamp_is_loopback(config->listen))
        return s;
    return error_set(
        e, ST_DENIED, "demo_not_loopback",
        "this is a demo base, whose passwords everybody knows: it listens on 127.0.0.1 or [::1] only, not on "
        "%s; for a real one: kedun init --data DIR",
        config->listen);
}
