/* The message about what is new for somebody among proposals: his own that others closed, and those that wait
 * for him. That he looked is kept beside each of his ("seen"), without waiting for the disk. */
#include "base/clock.h"
#include "base/json.h"
#include "keeper/proposal_kind.h"

#include <string.h>

#define NEWS_MS ((int64_t)30 * 24 * 3600 * 1000) /* older ones are no news */

/* When somebody else closed it, or time did; 0: it is open, or he withdrew it. */
static int64_t closed_at(const json_t *d, int64_t now) {
    const char *state = proposal_state(d, now);
    if (strcmp(state, "expired") == 0)
        return json_integer_value(json_object_get(d, "ends"));
    bool decided = strcmp(state, "approved") == 0 || strcmp(state, "refused") == 0;
    return decided ? json_integer_value(json_object_get(d, "decided_at")) : 0;
}

bool proposal_is_news(const json_t *d, uint32_t user, int64_t now) {
    int64_t at = closed_at(d, now);
    return proposal_user(d, "by") == user && at != 0 && at > now - NEWS_MS &&
           !json_is_true(json_object_get(d, "seen"));
}

static enum status mark_seen(struct proposals *all, struct proposal *p) {
    struct proposal_store store = {.value = {0}};
    json_t *next = json_copy(p->document);
    enum status s = next == NULL || json_object_set_new(next, "seen", json_true()) != 0 ? ST_NOMEM : ST_OK;
    if (s == ST_OK) {
        s = proposal_render(p->id, p->half, next, &store);
        if (s == ST_OK)
            s = vault_commit_lazy(all->vault, &store.change, 1);
        proposal_store_free(&store);
    }
    if (s != ST_OK) {
        json_decref(next);
        return s;
    }
    json_decref(p->document); /* the secret half of an expired one stays where it was */
    p->document = next;
    return ST_OK;
}

enum status handle_news(struct worker *w, struct args *in, struct args *out, struct error *e) {
    struct proposals *all = w->state->proposals;
    uint32_t me = w->caller.grant.user;
    int64_t now = clock_wall_ms(), until = in->number > INT64_MAX ? INT64_MAX : (int64_t)in->number;
    enum status s = ST_OK;
    if (!proposal_is_person(&w->caller))
        return error_set(e, ST_DENIED, "persons_only", "only a person's own session may do this");
    out->number = out->number32 = 0;
    (void)pthread_mutex_lock(&all->lock);
    for (size_t i = 0; s == ST_OK && i < all->count; i++) {
        struct proposal *p = &all->list[i];
        bool open = strcmp(proposal_state(p->document, now), "open") == 0;
        bool news = proposal_is_news(p->document, me, now);
        if (news && closed_at(p->document, now) <= until) {
            s = mark_seen(all, p);
            news = false;
        }
        out->number += news;
        out->number32 += open && proposal_may_decide(w, p->document);
    }
    (void)pthread_mutex_unlock(&all->lock);
    return s == ST_OK ? s : error_set(e, s, "proposal_store", "what was seen could not be stored");
}
