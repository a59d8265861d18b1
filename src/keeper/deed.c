#include "keeper/deed.h"

#include "base/log.h"
#include "keeper/detail.h"

#include <stdlib.h>

#define NOTES_MOST 4096 /* looked at at a time */

struct notes {
    uint64_t *intents;
    size_t count, room;
};

static enum status take_note(void *context, struct slice key, struct slice value) {
    struct notes *n = context;
    struct reader r = reader_of(key);
    uint64_t intent = reader_u64(&r);
    (void)value;
    if (reader_done(&r) && n->count < n->room)
        n->intents[n->count++] = intent;
    return ST_OK;
}

/* Notes whose outcome is on the disk go with the deed's first commit. */
static enum status forget_some(struct worker *w, struct vault_deed *d) {
    uint64_t seen[2 * VAULT_DEED_FORGETS];
    struct notes n = {.intents = seen, .room = sizeof seen / sizeof seen[0]};
    enum status s = vault_each(w->state->vault, VAULT_DEED, take_note, &n);
    for (size_t i = 0; i < n.count && d->over_count < VAULT_DEED_FORGETS; i++) {
        if (ledger_settled(w->state->ledger, seen[i]))
            d->over[d->over_count++] = seen[i];
    }
    return s;
}

enum status deed_begin(struct worker *w, const struct args *in, uint8_t act, const char *tag, struct deed *d,
                       struct error *e) {
    struct audit_entry entry = worker_entry(w, in, act, AUDIT_PENDING);
    struct audit_detail why;
    entry.tag = slice_from_string(tag);
    *d = (struct deed){.intent = 0};
    if (w->why.n > 0) {
        if (detail_seal(&w->tools, NULL, NULL, w->why, &w->arena, &why) != ST_OK)
            return error_set(e, ST_IO, "detail_seal", "the reason could not be sealed");
        entry.details = &why;
        entry.detail_count = 1;
    }
    enum status s = ledger_intent_own(w->state->ledger, &entry, &d->intent, e);
    if (s != ST_OK)
        return s;
    d->note.intent = d->intent;
    (void)forget_some(w, &d->note); /* or a later one does */
    vault_under(&d->note);
    return ST_OK;
}

enum status deed_end(struct worker *w, struct deed *d, enum status s, struct error *e) {
    vault_under(NULL);
    if (ledger_outcome(w->state->ledger, d->intent, s == ST_OK, NULL) != ST_OK && s == ST_OK)
        return error_set(e, ST_IO, "audit_unwritable",
                         "the change took effect, its outcome could not be recorded yet");
    return s;
}

enum status deeds_settle(struct keeper_state *s, struct error *e) {
    struct notes n = {.room = NOTES_MOST};
    n.intents = calloc(n.room, sizeof *n.intents);
    if (n.intents == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for what is to be settled");
    enum status st = vault_each(s->vault, VAULT_DEED, take_note, &n);
    size_t told = 0;
    for (size_t i = 0; st == ST_OK && i < n.count; i++)
        told += ledger_outcome(s->ledger, n.intents[i], true, NULL) != ST_NOT_FOUND;
    free(n.intents);
    if (st == ST_OK)
        ledger_end_own(s->ledger);
    if (told > 0)
        log_info("event=deeds_settled count=%zu", told);
    return st == ST_OK ? ST_OK : error_set(e, st, "vault_io", "the notes of deeds could not be read");
}
