#include "record/settle.h"

#include "base/log.h"

#define INTENTS_A_CALL STORE_LEFT_MOST

/* Another may have told the outcome meanwhile. */
static enum status settle_one(struct keeper *k, struct store_reader *reader, uint64_t intent,
                              struct error *e) {
    bool committed = false;
    enum status s = store_intent_committed(reader, intent, &committed, e);
    if (s == ST_OK)
        s = keeper_outcome(k, intent, committed, e);
    return s == ST_NOT_FOUND ? ST_OK : s;
}

static enum status settle_some(struct keeper *k, struct store_reader *reader, size_t *n, uint64_t *last,
                               struct error *e) {
    uint64_t intents[INTENTS_A_CALL];
    enum status s = keeper_open_intents(k, false, intents, INTENTS_A_CALL, n, e);
    for (size_t i = 0; s == ST_OK && i < *n; i++) {
        s = settle_one(k, reader, intents[i], e);
        *last = intents[i] > *last ? intents[i] : *last;
    }
    return s;
}

enum status record_settle(struct keeper *k, struct store *store, struct error *e) {
    struct store_reader *reader;
    size_t n = 0, all = 0;
    uint64_t last = 0;
    enum status s = store_reader_open(store, &reader, e);
    if (s != ST_OK)
        return s;
    do {
        s = settle_some(k, reader, &n, &last, e);
        all += n;
    } while (s == ST_OK && n == INTENTS_A_CALL);
    store_reader_close(reader);
    /* Jobs may have a write on its way that was sealed for the engine before this one. */
    store_intents_refuse(store, last);
    if (s == ST_OK && all > 0)
        log_info("settled %zu writes that were under way when the system stopped", all);
    return s;
}

enum status record_settle_left(struct keeper *k, struct store *store, size_t *settled, struct error *e) {
    uint64_t intents[INTENTS_A_CALL];
    struct store_reader *reader = NULL;
    size_t n = 0;
    *settled = 0;
    enum status s = keeper_open_intents(k, true, intents, INTENTS_A_CALL, &n, e);
    if (s != ST_OK || n == 0)
        return s;
    s = store_intents_leave(store, intents, n, e);
    if (s == ST_OK)
        s = store_reader_open(store, &reader, e);
    for (size_t i = 0; s == ST_OK && i < n; i++) {
        s = settle_one(k, reader, intents[i], e);
        *settled += s == ST_OK;
    }
    if (reader != NULL)
        store_reader_close(reader);
    return s;
}
