/* Messages that only security administrators say about a review: hand lines on, stop repeating it, sign it
 * off or cancel it; and the timer that opens it again. */
#include "base/clock.h"
#include "base/hex.h"
#include "base/json_in.h"
#include "base/log.h"
#include "crypto/hash.h"
#include "keeper/deed.h"
#include "keeper/registry_parse.h"
#include "keeper/review_sign.h"
#include "keeper/state.h"

#include <stdlib.h>

#define DAY_MS ((int64_t)24 * 3600 * 1000)

/* All lines of a review, user by user. */
struct whole {
    struct worker *w;
    struct review *x;
    json_t **lines;
    size_t users;
};

static void whole_free(struct whole *all) {
    for (size_t i = 0; all->lines != NULL && i < all->users; i++)
        json_decref(all->lines[i]);
    free(all->lines);
}

static enum status whole_read(struct whole *all, struct error *e) {
    enum status s = ST_OK;
    all->lines = calloc(all->x->count + 1, sizeof *all->lines);
    if (all->lines == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "review");
    for (size_t i = 0; s == ST_OK && i < all->x->count; i++) {
        if (i > 0 && all->x->lines[i].user == all->x->lines[i - 1].user)
            continue;
        s = review_read(all->w->state->reviews, all->x, all->x->lines[i].user, &all->lines[all->users]);
        all->users += s == ST_OK;
    }
    return s == ST_OK ? s : error_set(e, ST_IO, "review_store", "the review could not be read");
}

static enum status permit(struct worker *w, const struct args *in, unsigned duties, const char *what,
                          struct error *e) {
    const struct caller *c = &w->caller;
    bool person = !c->grant.is_key && !c->grant.is_job && !c->grant.must_change;
    if (person && (c->actor.duties & duties) != 0)
        return ST_OK;
    (void)error_set(e, ST_DENIED, "not_your_duty", "reviews are the security administrators'");
    return worker_refuse(w, in, what, e);
}

/* ---- handing lines on, and no more repeats ---- */

static enum status hand_on(struct whole *all, uint32_t from, uint32_t to, struct error *e) {
    enum status s = whole_read(all, e);
    for (size_t i = 0; s == ST_OK && i < all->users; i++) {
        for (size_t k = 0; s == ST_OK && k < json_array_size(all->lines[i]); k++) {
            json_t *line = json_array_get(all->lines[i], k);
            bool open = *proposal_text(line, "answer") == '\0';
            /* Nobody chooses who judges himself: another security administrator hands those lines on. */
            if (!open || proposal_user(line, "reviewer") != from || proposal_user(line, "user") == to ||
                proposal_user(line, "user") == all->w->caller.grant.user)
                continue;
            if (json_object_set_new(line, "reviewer", json_integer((json_int_t)to)) != 0)
                s = error_set(e, ST_NOMEM, "no_memory", "review");
        }
    }
    return s == ST_OK ? review_write(all->w->state->reviews, all->x, NULL, all->lines, all->users, e) : s;
}

static enum status stop_repeats(struct whole *all, struct error *e) {
    json_t *next = json_copy(all->x->document);
    if (next == NULL || json_object_set_new(next, "next_at", json_integer(0)) != 0) {
        json_decref(next);
        return error_set(e, ST_NOMEM, "no_memory", "review");
    }
    enum status s = review_write(all->w->state->reviews, all->x, next, NULL, 0, e);
    if (s != ST_OK)
        json_decref(next);
    return s;
}

static enum status change(struct whole *all, const struct args *in, const json_t *asked, struct error *e) {
    bool stop = json_is_true(json_object_get(asked, "stop_repeats"));
    uint32_t from = proposal_user(asked, "from"), to = proposal_user(asked, "to");
    struct actor live;
    char tag[AUDIT_TAG_MAX];
    struct deed deed;
    if (!stop && !review_is_open(all->x))
        return error_set(e, ST_CONFLICT, "review_over", "this review takes no more answers");
    if (!stop && registry_actor(all->w->state->registry, to, NULL, &live) != ST_OK)
        return error_field(e, ST_INVALID, "review_reviewer", "to", "reviewers have live accounts");
    if (stop)
        (void)snprintf(tag, sizeof tag, "review %u stop_repeats", all->x->id);
    else
        (void)snprintf(tag, sizeof tag, "review %u hand_on %u to %u", all->x->id, from, to);
    enum status s = deed_begin(all->w, in, AUDIT_ADMIN, tag, &deed, e);
    if (s != ST_OK)
        return s;
    return deed_end(all->w, &deed, stop ? stop_repeats(all, e) : hand_on(all, from, to, e), e);
}

enum status handle_review_change(struct worker *w, struct args *in, struct args *out, struct error *e) {
    struct whole all = {.w = w};
    json_t *asked = NULL;
    (void)out;
    enum status s = permit(w, in, DUTY_SECURITY_ADMIN, "review change", e);
    if (s == ST_OK)
        s = registry_parse_json(in->text, &asked, e);
    if (s != ST_OK)
        return s;
    (void)pthread_mutex_lock(&w->state->reviews->lock);
    all.x = review_find(w->state->reviews, in->number32);
    s = all.x == NULL ? error_set(e, ST_NOT_FOUND, "not_found", "there is no such review")
                      : change(&all, in, asked, e);
    (void)pthread_mutex_unlock(&w->state->reviews->lock);
    whole_free(&all);
    json_decref(asked);
    return s;
}

/* ---- signing off ---- */

/* What was to go has gone; what each line is now is written into it. */
static enum status settle_lines(struct whole *all, const struct held_rights *held, bool lapse,
                                struct hash *hash, struct error *e) {
    enum status s = hash_start(hash);
    for (size_t i = 0; s == ST_OK && i < all->users; i++) {
        for (size_t k = 0; s == ST_OK && k < json_array_size(all->lines[i]); k++) {
            json_t *line = json_array_get(all->lines[i], k);
            enum review_answer answer = review_answer_of(proposal_text(line, "answer"));
            bool there = review_is_held(held, line);
            bool to_go = answer == REVIEW_NONE ? lapse : answer != REVIEW_KEEP;
            if (to_go && (there || review_given_again(all->x, held, all->lines[i], line)))
                return error_set(e, ST_CONFLICT, "review_unfinished",
                                 "what was to be taken away is still held");
            char *text = json_object_set_new(line, "held", json_boolean(there)) == 0
                             ? json_print(line, JSON_COMPACT | JSON_SORT_KEYS)
                             : NULL;
            s = text == NULL ? ST_NOMEM : hash_add(hash, slice_from_string(text));
            if (s == ST_OK)
                s = hash_add(hash, SLICE("\n"));
            free(text);
        }
    }
    return s == ST_OK ? s : error_set(e, ST_NOMEM, "no_memory", "review");
}

static enum status close_document(const struct whole *all, bool sign, struct slice note, const char *digest,
                                  json_t **out, struct error *e) {
    json_t *next = json_copy(all->x->document);
    json_t *more =
        json_pack("{s:s, s:I, s:I, s:s%, s:s}", "state", sign ? "signed" : "cancelled", "closed_by",
                  (json_int_t)all->w->caller.grant.user, "closed_at", (json_int_t)clock_wall_ms(), "note",
                  (const char *)note.p, note.n, "digest", digest);
    bool fine = next != NULL && more != NULL && json_object_update(next, more) == 0;
    if (fine && !sign)
        fine = json_object_set_new(next, "next_at", json_integer(0)) == 0;
    json_decref(more);
    if (fine) {
        *out = next;
        return ST_OK;
    }
    json_decref(next);
    return error_set(e, ST_INVALID, "bad_document", "the note is no text");
}

/* Whoever answered lines of it does not sign it off, nor whom it is about. */
static enum status may_close(const struct whole *all, bool sign, const struct held_rights *held,
                             struct slice note, struct error *e) {
    if (!review_is_open(all->x))
        return error_set(e, ST_CONFLICT, "review_over", "this review is closed");
    if (note.n < 2 || note.n > REVIEW_REASON)
        return error_field(e, ST_INVALID, "reason_missing", "note", "a note of 2 to %d bytes", REVIEW_REASON);
    const char *why = sign ? review_refuses(all->x, held, all->w->caller.grant.user) : NULL;
    if (why != NULL)
        return error_set(e, ST_DENIED, why, "somebody else signs this review off");
    for (size_t i = 0; sign && i < all->x->count; i++) {
        if (all->x->lines[i].answer == REVIEW_NONE && !review_is_due(all->x, clock_wall_ms()))
            return error_set(e, ST_CONFLICT, "review_unanswered",
                             "lines have no answer, and it is not due yet");
    }
    return ST_OK;
}

static enum status close_review(struct whole *all, const struct args *in, struct hash *hash,
                                struct error *e) {
    bool sign = in->flag, lapse = strcmp(proposal_text(all->x->document, "at_due"), "take_away") == 0;
    struct review_sources from = {all->w->state->registry, all->w->state->sessions, &all->w->arena,
                                  clock_wall_ms()};
    struct held_rights held = {.count = 0};
    uint8_t digest[HASH_SIZE];
    char hex[2 * HASH_SIZE + 1] = "", tag[AUDIT_TAG_MAX];
    json_t *next = NULL;
    struct deed deed;
    enum status s = sign ? review_held(&from, &held, e) : ST_OK;
    if (s == ST_OK)
        s = may_close(all, sign, &held, in->text, e);
    if (s == ST_OK && sign)
        s = whole_read(all, e);
    if (s == ST_OK && sign)
        s = settle_lines(all, &held, lapse, hash, e);
    if (s == ST_OK && sign) {
        s = hash_end(hash, digest);
        hex_encode(slice_of(digest, sizeof digest), hex);
    }
    if (s == ST_OK)
        s = close_document(all, sign, in->text, hex, &next, e);
    (void)snprintf(tag, sizeof tag, "review %u %s%s%.40s", all->x->id, sign ? "signed" : "cancelled",
                   sign ? " " : "", hex);
    if (s == ST_OK)
        s = deed_begin(all->w, in, AUDIT_ADMIN, tag, &deed, e);
    if (s != ST_OK) {
        json_decref(next);
        return s == ST_DENIED ? worker_refuse(all->w, in, "review sign", e) : s;
    }
    s = deed_end(all->w, &deed, review_write(all->w->state->reviews, all->x, next, all->lines, all->users, e),
                 e);
    if (all->x->document != next)
        json_decref(next);
    return s;
}

enum status handle_review_close(struct worker *w, struct args *in, struct args *out, struct error *e) {
    struct whole all = {.w = w};
    (void)out;
    enum status s = permit(w, in, DUTY_SECURITY_ADMIN | (in->flag ? DUTY_AUDITOR : 0), "review close", e);
    if (s != ST_OK)
        return s;
    (void)pthread_mutex_lock(&w->state->reviews->lock);
    all.x = review_find(w->state->reviews, in->number32);
    s = all.x == NULL ? error_set(e, ST_NOT_FOUND, "not_found", "there is no such review")
                      : close_review(&all, in, w->tools.hash, e);
    (void)pthread_mutex_unlock(&w->state->reviews->lock);
    whole_free(&all);
    return s;
}

/* ---- again after some months ---- */

/* The same scope and reviewers, with the rights that are held by then; its predecessor repeats no more. */
static enum status open_again(struct keeper_state *st, struct review *old, struct arena *a, int64_t now,
                              struct error *e) {
    struct review_sources from = {st->registry, st->sessions, a, now};
    json_t *document = NULL, *lines = NULL, *done = json_copy(old->document);
    char tag[AUDIT_TAG_MAX];
    uint32_t id, was = old->id;
    enum status s = review_document(&from, old->document, proposal_user(old->document, "by"), &document, e);
    if (s == ST_OK)
        s = review_lines(&from, document, &lines, e);
    (void)snprintf(tag, sizeof tag, "review %u open %zu lines after %u", st->reviews->last + 1,
                   json_array_size(lines), was);
    struct audit_entry entry = {.act = AUDIT_ADMIN, .outcome = AUDIT_DONE, .tag = slice_from_string(tag)};
    if (s == ST_OK)
        s = ledger_record(st->ledger, &entry, e);
    if (s == ST_OK) {
        s = review_add(st->reviews, document, lines, &id, e);
        document = NULL; /* it took it over */
    }
    json_decref(document);
    json_decref(lines);
    struct review *then = review_find(st->reviews, was); /* the list may have moved */
    if (done == NULL || then == NULL ||
        json_object_set_new(done, "next_at", json_integer(s == ST_OK ? 0 : now + DAY_MS)) != 0 ||
        review_write(st->reviews, then, done, NULL, 0, NULL) != ST_OK)
        json_decref(done);
    return s;
}

void reviews_tick(struct keeper_state *st) {
    int64_t now = clock_wall_ms();
    struct arena a;
    (void)pthread_mutex_lock(&st->reviews->lock);
    for (size_t i = 0; i < st->reviews->count; i++) {
        struct review *x = &st->reviews->list[i];
        json_int_t next = json_integer_value(json_object_get(x->document, "next_at"));
        struct error e = {.status = ST_OK};
        if (next == 0 || next > now)
            continue;
        arena_init(&a, (size_t)64 << 20, ARENA_SECRET);
        uint32_t id = x->id;
        if (open_again(st, x, &a, now, &e) != ST_OK)
            log_warn("event=review_not_opened_again review=%u code=%s", id, e.code);
        arena_free(&a);
        break; /* one at a time */
    }
    (void)pthread_mutex_unlock(&st->reviews->lock);
}
