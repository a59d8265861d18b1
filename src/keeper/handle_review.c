/* Messages about reviews of rights (keeper/review.h): open, list, read, answer, hand on, sign off. */
#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/json_in.h"
#include "base/log.h"
#include "crypto/hash.h"
#include "keeper/deed.h"
#include "keeper/registry_parse.h"
#include "keeper/review_sign.h"
#include "keeper/state.h"

#include <stdlib.h>

#define ANSWER_BYTES ((size_t)24 << 10) /* a page: some fifty people */

static bool is_person(const struct caller *c) {
    return !c->grant.is_key && !c->grant.is_job && !c->grant.must_change;
}

static bool is_security(const struct worker *w) {
    return is_person(&w->caller) && (w->caller.actor.duties & DUTY_SECURITY_ADMIN) != 0;
}

static bool sees_all(const struct worker *w) {
    return is_person(&w->caller) && (w->caller.actor.duties & (DUTY_SECURITY_ADMIN | DUTY_AUDITOR)) != 0;
}

static struct review_sources sources_of(struct worker *w) {
    return (struct review_sources){w->state->registry, w->state->sessions, &w->arena, clock_wall_ms()};
}

static enum status security_only(struct worker *w, const struct args *in, const char *what, struct error *e) {
    if (is_security(w))
        return ST_OK;
    (void)error_set(e, ST_DENIED, "not_your_duty", "reviews are the security administrators'");
    return worker_refuse(w, in, what, e);
}

/* ---- opening ---- */

enum status handle_review_open(struct worker *w, struct args *in, struct args *out, struct error *e) {
    struct reviews *all = w->state->reviews;
    struct review_sources from = sources_of(w);
    json_t *asked = NULL, *document = NULL, *lines = NULL;
    char tag[AUDIT_TAG_MAX];
    struct deed deed;
    enum status s = security_only(w, in, "review open", e);
    if (s == ST_OK)
        s = registry_parse_json(in->text, &asked, e);
    if (s == ST_OK)
        s = review_document(&from, asked, w->caller.grant.user, &document, e);
    if (s == ST_OK)
        s = review_lines(&from, document, &lines, e);
    json_decref(asked);
    if (s != ST_OK) {
        json_decref(document);
        return s;
    }
    (void)pthread_mutex_lock(&all->lock);
    (void)snprintf(tag, sizeof tag, "review %u open %zu lines", all->last + 1, json_array_size(lines));
    s = deed_begin(w, in, AUDIT_ADMIN, tag, &deed, e);
    if (s == ST_OK)
        s = deed_end(w, &deed, review_add(all, document, lines, &out->number32, e), e);
    else
        json_decref(document);
    (void)pthread_mutex_unlock(&all->lock);
    json_decref(lines);
    return s;
}

/* ---- what concerns whom ---- */

/* Whether he may answer this line, apart from when. Nobody answers for himself. */
static bool is_his(const struct worker *w, const struct review *x, const struct review_line *line,
                   int64_t now) {
    uint32_t me = w->caller.grant.user;
    bool escalated = line->answer == REVIEW_NONE && review_is_due(x, now) &&
                     strcmp(proposal_text(x->document, "at_due"), "escalate") == 0;
    if (line->user == me || !is_person(&w->caller))
        return false;
    return line->reviewer == me || (is_security(w) && (line->reviewer == 0 || escalated || line->by == me));
}

static bool is_over(const struct review *x, int64_t now) {
    return review_is_due(x, now) && strcmp(proposal_text(x->document, "at_due"), "take_away") == 0;
}

static void write_number(struct json *j, const char *key, size_t n) {
    json_key(j, key);
    json_int(j, (int64_t)n);
}

static void write_counts(const struct worker *w, const struct review *x, int64_t now, struct json *j) {
    size_t people = 0, mine = 0, waiting = 0, answers[REVIEW_ANSWERS] = {0};
    for (size_t i = 0; i < x->count; i++) {
        bool his = is_his(w, x, &x->lines[i], now);
        people += i == 0 || x->lines[i].user != x->lines[i - 1].user;
        answers[x->lines[i].answer]++;
        mine += his;
        waiting += his && x->lines[i].answer == REVIEW_NONE && review_is_open(x) && !is_over(x, now);
    }
    json_key(j, "mine");
    json_object_begin(j);
    write_number(j, "lines", mine);
    write_number(j, "open", waiting);
    json_object_end(j);
    if (!sees_all(w))
        return;
    json_key(j, "counts");
    json_object_begin(j);
    write_number(j, "lines", x->count);
    write_number(j, "people", people);
    write_number(j, "open", answers[REVIEW_NONE]);
    write_number(j, "keep", answers[REVIEW_KEEP]);
    write_number(j, "take_away", answers[REVIEW_TAKE_AWAY]);
    write_number(j, "change", answers[REVIEW_CHANGE]);
    json_object_end(j);
}

static bool concerns(const struct worker *w, const struct review *x, int64_t now) {
    bool any = sees_all(w);
    for (size_t i = 0; !any && i < x->count; i++)
        any = is_his(w, x, &x->lines[i], now);
    return any;
}

/* `held` unless NULL: also whether he may sign it off. */
static enum status write_review(const struct worker *w, const struct review *x,
                                const struct held_rights *held, int64_t now, struct json *j) {
    char *text = json_print(x->document, JSON_COMPACT);
    if (text == NULL)
        return ST_NOMEM;
    json_object_begin(j);
    json_key(j, "review");
    json_raw(j, slice_from_string(text));
    write_counts(w, x, now, j);
    if (held != NULL && sees_all(w) && review_is_open(x)) {
        const char *why = review_refuses(x, held, w->caller.grant.user);
        json_key(j, "may_sign");
        json_bool(j, why == NULL);
        json_key(j, "why_not");
        json_cstring(j, why == NULL ? "" : why);
    }
    json_object_end(j);
    free(text);
    return ST_OK;
}

/* Newest first; number32: that one only. */
enum status handle_review_list(struct worker *w, struct args *in, struct args *out, struct error *e) {
    struct reviews *all = w->state->reviews;
    struct json j = json_to(&w->scratch);
    struct review_sources from = sources_of(w);
    struct held_rights held;
    int64_t now = from.now;
    bool signs = in->number32 != 0 && sees_all(w);
    enum status s = signs ? review_held(&from, &held, e) : ST_OK;
    if (s != ST_OK)
        return s;
    json_array_begin(&j);
    (void)pthread_mutex_lock(&all->lock);
    for (size_t i = all->count; s == ST_OK && i-- > 0 && w->scratch.n < PROTOCOL_JSON_MAX / 2;) {
        const struct review *x = &all->list[i];
        if ((in->number32 == 0 || in->number32 == x->id) && concerns(w, x, now))
            s = write_review(w, x, signs ? &held : NULL, now, &j);
    }
    (void)pthread_mutex_unlock(&all->lock);
    json_array_end(&j);
    out->text = buf_slice(&w->scratch);
    return s == ST_OK && !w->scratch.failed ? ST_OK : error_set(e, ST_NOMEM, "no_memory", "reviews");
}

/* ---- reading lines ---- */

static struct review_line *line_at(const struct review *x, uint32_t user, uint32_t n) {
    for (size_t at = review_first(x, user); at < x->count && x->lines[at].user == user; at++) {
        if (x->lines[at].n == n)
            return &x->lines[at];
    }
    return NULL;
}

struct reading {
    struct worker *w;
    struct review *x;
    struct held_rights held;
    int64_t now;
    bool all, open, over;
    struct json *j;
};

/* A line as it is stored; while the review is open with what is true at this moment. */
static enum status write_line(const struct reading *r, json_t *line) {
    const struct review_line *known = line_at(r->x, proposal_user(line, "user"), proposal_user(line, "n"));
    bool his = known != NULL && is_his(r->w, r->x, known, r->now);
    if (!r->all && !his)
        return ST_OK;
    if (r->open && (json_object_set_new(line, "held", json_boolean(review_is_held(&r->held, line))) != 0 ||
                    json_object_set_new(line, "may", json_boolean(his && !r->over)) != 0))
        return ST_NOMEM;
    char *text = json_print(line, JSON_COMPACT | JSON_SORT_KEYS);
    if (text == NULL)
        return ST_NOMEM;
    json_raw(r->j, slice_from_string(text));
    free(text);
    return ST_OK;
}

static enum status write_lines(const struct reading *r, uint32_t after, uint32_t *next) {
    struct reviews *all = r->w->state->reviews;
    enum status s = ST_OK;
    *next = 0;
    for (size_t i = 0; s == ST_OK && i < r->x->count; i++) {
        uint32_t user = r->x->lines[i].user;
        json_t *lines = NULL;
        if (user <= after || (i > 0 && r->x->lines[i - 1].user == user))
            continue;
        if (r->w->scratch.n > ANSWER_BYTES)
            return ST_OK;
        s = review_read(all, r->x, user, &lines);
        for (size_t k = 0; s == ST_OK && k < json_array_size(lines); k++)
            s = write_line(r, json_array_get(lines, k));
        json_decref(lines);
        *next = i + 1 < r->x->count ? user : 0;
    }
    *next = 0;
    return s;
}

/* False: there is none, or it does not concern him. */
static bool find_his(struct reading *r, uint32_t id) {
    r->x = review_find(r->w->state->reviews, id);
    if (r->x == NULL || !concerns(r->w, r->x, r->now))
        return false;
    r->open = review_is_open(r->x);
    r->over = !r->open || is_over(r->x, r->now);
    return true;
}

enum status handle_review_lines(struct worker *w, struct args *in, struct args *out, struct error *e) {
    struct reviews *all = w->state->reviews;
    struct review_sources from = sources_of(w);
    struct json j = json_to(&w->scratch);
    struct reading r = {.w = w, .now = from.now, .all = sees_all(w) && !in->flag, .j = &j};
    (void)pthread_mutex_lock(&all->lock);
    bool his = find_his(&r, in->number32);
    (void)pthread_mutex_unlock(&all->lock);
    enum status s = his && r.open ? review_held(&from, &r.held, e) : ST_OK; /* not for who may not read it */
    if (s != ST_OK)
        return s;
    (void)pthread_mutex_lock(&all->lock);
    bool open = r.open;
    his = his && find_his(&r, in->number32);
    r.open = r.open && open; /* nothing opens again */
    json_array_begin(&j);
    if (his)
        s = write_lines(&r, in->user, &out->user);
    json_array_end(&j);
    (void)pthread_mutex_unlock(&all->lock);
    if (!his)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such review");
    out->text = buf_slice(&w->scratch);
    return s == ST_OK && !w->scratch.failed ? ST_OK : error_set(e, ST_NOMEM, "no_memory", "reviews");
}

/* ---- answering ---- */

struct answering {
    struct worker *w;
    struct review *x;
    const json_t *asked, *items;
    enum review_answer answer;
    const char *name, *reason, *instead;
    int64_t now;
    json_t *lines[REVIEW_AT_ONCE]; /* of each user once */
    size_t users;
};

static enum status check_answer(struct answering *a, struct error *e) {
    size_t n = json_array_size(a->items), length = strlen(a->reason);
    struct role_terms terms;
    a->answer = review_answer_of(a->name);
    if (a->answer == REVIEW_NONE)
        return error_field(e, ST_INVALID, "bad_document", "answer", "keep, take_away or change");
    if (n == 0 || n > REVIEW_AT_ONCE)
        return error_field(e, ST_INVALID, "bad_document", "lines", "1 to %d lines", REVIEW_AT_ONCE);
    bool needed = a->answer != REVIEW_KEEP || n > 1;
    if (length > REVIEW_REASON || (needed && length < 2))
        return error_field(e, ST_INVALID, "reason_missing", "reason", "a reason of 2 to %d bytes",
                           REVIEW_REASON);
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)a->reason[i] < ' ')
            return error_field(e, ST_INVALID, "bad_document", "reason", "one line of text");
    }
    if (a->answer == REVIEW_CHANGE && !registry_role_terms(a->w->state->registry, a->instead, &terms))
        return error_field(e, ST_INVALID, "bad_document", "instead", "a role in its place");
    return ST_OK;
}

static enum status lines_of(struct answering *a, uint32_t user, json_t **out, struct error *e) {
    for (size_t i = 0; i < a->users; i++) {
        if (proposal_user(json_array_get(a->lines[i], 0), "user") == user) {
            *out = a->lines[i];
            return ST_OK;
        }
    }
    enum status s = review_read(a->w->state->reviews, a->x, user, out);
    if (s != ST_OK)
        return error_set(e, s == ST_NOT_FOUND ? s : ST_NOMEM, "not_found", "there is no such line");
    a->lines[a->users++] = *out;
    return ST_OK;
}

static enum status answer_one(struct answering *a, const json_t *item, struct error *e) {
    uint32_t user = proposal_user(item, "user"), n = proposal_user(item, "n");
    const struct review_line *known = line_at(a->x, user, n);
    json_t *lines = NULL;
    if (known == NULL ||
        (!is_his(a->w, a->x, known, a->now) && !sees_all(a->w) && known->user != a->w->caller.grant.user))
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such line");
    if (user == a->w->caller.grant.user)
        return error_set(e, ST_DENIED, "own_review", "nobody reviews himself");
    if (!is_his(a->w, a->x, known, a->now))
        return error_set(e, ST_DENIED, "not_your_review", "this line is another's to answer");
    enum status s = lines_of(a, user, &lines, e);
    json_t *line = s == ST_OK ? json_array_get(lines, n - 1) : NULL;
    if (s != ST_OK)
        return s;
    const char *kind = proposal_text(line, "kind");
    if (a->answer == REVIEW_CHANGE && strcmp(kind, "role") != 0 && strcmp(kind, "post_role") != 0)
        return error_field(e, ST_INVALID, "review_change", "answer",
                           "only a role can be changed for another");
    json_t *more =
        json_pack("{s:s, s:s, s:s, s:I, s:I, s:b}", "answer", a->name, "reason", a->reason, "instead",
                  a->answer == REVIEW_CHANGE ? a->instead : "", "by", (json_int_t)a->w->caller.grant.user,
                  "at", (json_int_t)a->now, "bulk", json_array_size(a->items) > 1);
    bool fine = more != NULL && json_object_update(line, more) == 0;
    json_decref(more);
    return fine ? ST_OK : error_set(e, ST_NOMEM, "no_memory", "review");
}

/* The entry says which lines: one by its name, many by the hash over their names. */
static enum status answer_tag(const struct answering *a, char tag[AUDIT_TAG_MAX], struct error *e) {
    size_t n = json_array_size(a->items);
    uint8_t digest[HASH_SIZE];
    char hex[2 * HASH_SIZE + 1];
    if (n == 1) {
        const json_t *one = json_array_get(a->items, 0);
        (void)snprintf(tag, AUDIT_TAG_MAX, "review %u %s user %u line %u", a->x->id, a->name,
                       proposal_user(one, "user"), proposal_user(one, "n"));
        return ST_OK;
    }
    char *text = json_print(a->items, JSON_COMPACT | JSON_SORT_KEYS);
    enum status s = text == NULL ? ST_NOMEM : hash_once(slice_from_string(text), digest);
    free(text);
    if (s != ST_OK)
        return error_set(e, s, "no_memory", "review");
    hex_encode(slice_of(digest, sizeof digest), hex);
    (void)snprintf(tag, AUDIT_TAG_MAX, "review %u %s %zu lines %.24s", a->x->id, a->name, n, hex);
    return ST_OK;
}

static enum status answer_all(struct answering *a, struct args *in, struct error *e) {
    char tag[AUDIT_TAG_MAX];
    struct deed deed;
    if (!review_is_open(a->x) || is_over(a->x, a->now))
        return error_set(e, ST_CONFLICT, "review_over", "this review takes no more answers");
    enum status s = check_answer(a, e);
    for (size_t i = 0; s == ST_OK && i < json_array_size(a->items); i++)
        s = answer_one(a, json_array_get(a->items, i), e);
    if (s == ST_OK)
        s = answer_tag(a, tag, e);
    if (s == ST_OK)
        s = deed_begin(a->w, in, AUDIT_ADMIN, tag, &deed, e);
    if (s != ST_OK)
        return s == ST_DENIED ? worker_refuse(a->w, in, "review answer", e) : s;
    return deed_end(a->w, &deed, review_write(a->w->state->reviews, a->x, NULL, a->lines, a->users, e), e);
}

enum status handle_review_answer(struct worker *w, struct args *in, struct args *out, struct error *e) {
    struct reviews *all = w->state->reviews;
    struct answering *a = arena_alloc(&w->arena, sizeof *a);
    json_t *asked = NULL;
    (void)out;
    if (a == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "review");
    if (!is_person(&w->caller))
        return worker_persons_only(e);
    enum status s = registry_parse_json(in->text, &asked, e);
    if (s != ST_OK)
        return s;
    *a = (struct answering){.w = w,
                            .items = json_object_get(asked, "lines"),
                            .name = proposal_text(asked, "answer"),
                            .reason = proposal_text(asked, "reason"),
                            .instead = proposal_text(asked, "instead"),
                            .now = clock_wall_ms()};
    (void)pthread_mutex_lock(&all->lock);
    a->x = review_find(all, in->number32);
    s = a->x == NULL || !concerns(w, a->x, a->now)
            ? error_set(e, ST_NOT_FOUND, "not_found", "there is no such review")
            : answer_all(a, in, e);
    (void)pthread_mutex_unlock(&all->lock);
    for (size_t i = 0; i < a->users; i++)
        json_decref(a->lines[i]);
    json_decref(asked);
    return s;
}
