#include "store/sqlite/forget.h"

enum status forget_some(struct connection *c, struct sql *s, uint64_t settled, int64_t before_ms, bool *more,
                        struct error *e) {
    enum status st = ST_OK;
    *more = false;
    if (settled != 0) {
        sql_reset(s);
        sql_put(s, "DELETE FROM intent WHERE id <= ");
        sql_bind_int(s, settled > INT64_MAX ? INT64_MAX : (int64_t)settled);
        st = sql_execute(s, c, NULL, e);
    }
    if (st == ST_OK && before_ms != 0) {
        sql_reset(s);
        sql_put(s, "DELETE FROM idempotency WHERE key IN (SELECT key FROM idempotency WHERE at < ");
        sql_bind_int(s, before_ms);
        sql_put(s, " ORDER BY at LIMIT ");
        sql_number(s, FORGET_KEYS);
        sql_put(s, ")");
        int changed = 0;
        st = sql_execute(s, c, &changed, e);
        *more = changed == FORGET_KEYS;
    }
    return st;
}
