/* A base that holds a made-up company is stamped when it is made (STORE_ITEM_STAMP "demo"): its people's
 * passwords are public, so it is served to this machine alone. */
#ifndef KEDUN_API_STAMP_H
#define KEDUN_API_STAMP_H

#include "ipc/config.h"
#include "store/store.h"

/* ST_DENIED "demo_not_loopback" with the remedy when a demo base would listen on another address. */
MUST_CHECK enum status stamp_check(struct store *store, const struct config *config, struct error *e);

/* 127.0.0.0/8 or ::1. */
bool stamp_is_loopback(const char *listen);

#endif
