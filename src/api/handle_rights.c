/* Lists for looking after rights: accounts that nobody uses, rights that nobody uses, access that has grown;
 * and ending what was found there, several at once. Staff and roles only, no customer. */
#include "api/engine.h"

#include "api/handlers.h"
#include "api/organisation_preview.h"
#include "api/problem.h"
#include "api/rights_take.h"
#include "api/session.h"
#include "base/clock.h"
#include "base/json_in.h"
#include "people/grown.h"
#include "people/holdings.h"
#include "policy/model.h"
#include "store/audit_index.h"

#include <time.h>

#define DAY_MS      ((int64_t)24 * 3600 * 1000)
#define DAYS_MOST   366
#define ITEMS_MOST  50 /* in one act */
#define LISTED_MOST 500
#define NOTE_MAX    500 /* bytes */
#define TEXT_ROOM   4096
#define SCRATCH     ((size_t)64 * 1024 * 1024)

static enum status duties_only(const struct caller *c, unsigned duties, struct error *e) {
    return (c->who.duties & duties) != 0 && !c->who.is_key && !c->who.is_job
               ? ST_OK
               : error_set(e, ST_DENIED, "not_your_duty", "rights are looked after by holders of a duty");
}

/* That somebody looked is in the log, as every act of administration. */
static enum status begin_list(struct caller *c, const struct http_request *r, unsigned duties,
                              const char *what, int64_t *days, struct error *e) {
    char tag[AUDIT_TAG_MAX];
    if (!http_query_number(r, "days", 1, DAYS_MOST, 90, c->arena, days))
        return error_set(e, ST_INVALID, "invalid", "days is a number from 1 to %d", DAYS_MOST);
    enum status s = duties_only(c, duties, e);
    if (s == ST_OK)
        s = session_see_newest(c, e);
    (void)snprintf(tag, sizeof tag, "rights %s %lld", what, (long long)*days);
    return s == ST_OK ? keeper_record(c->keeper, &c->call, AUDIT_ADMIN, AUDIT_DONE, 0, NULL,
                                      slice_from_string(tag), SLICE(""), e)
                      : s;
}

static enum status read_state(struct caller *c, json_t **out, struct error *e) {
    struct slice json;
    enum status s = keeper_person_state(c->keeper, &c->call, 0, &json, e);
    return s == ST_OK && json_read(json, 0, out, NULL) != ST_OK
               ? error_set(e, ST_NOMEM, "no_memory", "rights")
               : s;
}

static void write_time(struct json *j, const char *key, int64_t ms) {
    json_key(j, key);
    if (ms == 0)
        json_none(j);
    else
        json_time(j, ms);
}

static void write_who(const struct staff *s, struct json *j) {
    json_key(j, "user");
    json_int(j, s->id);
    json_key(j, "name");
    json_cstring(j, s->name);
    json_key(j, "login");
    json_cstring(j, s->login);
    json_key(j, "department");
    json_int(j, s->department);
}

/* ---- accounts that nobody uses ---- */

struct orphan {
    bool idle, never, no_post, no_sponsor;
    int64_t seen_at, made_at;
};

static int64_t seen_at(const json_t *seen, uint32_t user) {
    for (size_t i = 0; i < json_array_size(seen); i++) {
        const json_t *pair = json_array_get(seen, i);
        if (json_integer_value(json_array_get(pair, 0)) == (json_int_t)user)
            return json_integer_value(json_array_get(pair, 1));
    }
    return 0;
}

/* Live accounts only: who left, or is past his end, has nothing that could be used. */
static enum status look_at(const struct directory *d, const struct staff *s, const json_t *seen,
                           int64_t since, struct orphan *out, bool *is, struct error *e) {
    json_t *document = NULL;
    int64_t now = clock_wall_ms();
    *out = (struct orphan){.seen_at = seen_at(seen, s->id)};
    *is = false;
    if (s->disabled || (s->until != 0 && s->until <= now))
        return ST_OK;
    enum status read = json_read(s->document, 0, &document, NULL);
    if (read != ST_OK) /* left out, he would be an account that nobody need look at */
        return error_set(e, read == ST_NOMEM ? ST_NOMEM : ST_CORRUPT,
                         read == ST_NOMEM ? "no_memory" : "corrupt", "a person's document");
    const struct staff *sponsor = s->sponsor == 0 ? NULL : directory_staff(d, s->sponsor);
    out->made_at = json_integer_value(json_object_get(document, "made_at"));
    out->never = out->seen_at == 0;
    out->idle = !out->never && out->seen_at < since;
    out->no_post = json_array_size(json_object_get(document, "posts")) > 0 && s->department == 0;
    out->no_sponsor = s->sponsor != 0 && (sponsor == NULL || sponsor->disabled);
    json_decref(document);
    *is = out->idle || out->never || out->no_post || out->no_sponsor;
    return ST_OK;
}

static void write_orphan(const struct staff *s, const struct orphan *o, struct json *j) {
    const struct {
        const char *name;
        bool is;
    } why[] = {
        {"never", o->never}, {"idle", o->idle}, {"no_post", o->no_post}, {"no_sponsor", o->no_sponsor}};
    json_object_begin(j);
    write_who(s, j);
    json_key(j, "duty");
    json_bool(j, s->duties != 0);
    json_key(j, "partner");
    json_bool(j, s->sponsor != 0);
    write_time(j, "seen_at", o->seen_at);
    write_time(j, "made_at", o->made_at);
    json_key(j, "why");
    json_array_begin(j);
    for (size_t i = 0; i < sizeof why / sizeof why[0]; i++) {
        if (why[i].is)
            json_cstring(j, why[i].name);
    }
    json_array_end(j);
    json_object_end(j);
}

HANDLER(api_orphans) {
    struct json j = json_to(&reply->body);
    json_t *state = NULL;
    int64_t days, after, found = 0;
    uint32_t next = 0;
    (void)engine;
    if (!http_query_number(r, "after", 0, UINT32_MAX, 0, c->arena, &after))
        return error_set(e, ST_INVALID, "invalid", "after is a number");
    enum status s =
        begin_list(c, r, DUTY_SYSTEM_ADMIN | DUTY_SECURITY_ADMIN | DUTY_AUDITOR, "orphans", &days, e);
    if (s == ST_OK)
        s = read_state(c, &state, e);
    if (s != ST_OK)
        return s;
    const struct directory *d = c->world.directory;
    json_object_begin(&j);
    json_key(&j, "items");
    json_array_begin(&j);
    for (size_t i = 0; i < d->staff_count && next == 0 && s == ST_OK; i++) {
        const struct staff *one = &d->staff[i];
        struct orphan o;
        bool is = false;
        if (one->id > after)
            s = look_at(d, one, json_object_get(state, "seen"), clock_wall_ms() - days * DAY_MS, &o, &is, e);
        if (s != ST_OK || !is)
            continue;
        write_orphan(one, &o, &j);
        next = ++found == LISTED_MOST ? one->id : 0;
    }
    json_array_end(&j);
    json_decref(state);
    json_key(&j, "next");
    if (next != 0)
        json_int(&j, next);
    else
        json_none(&j);
    json_object_end(&j);
    return s;
}

/* ---- ending accounts ---- */

static bool number_in(const json_t *v, uint32_t *out) {
    json_int_t n = json_integer_value(v);
    *out = n > 0 && n <= UINT32_MAX ? (uint32_t)n : 0;
    return *out != 0;
}

static struct slice text_in(const json_t *body, const char *key) {
    const json_t *v = json_object_get(body, key);
    return json_is_string(v) ? slice_of(json_string_value(v), json_string_length(v)) : SLICE("");
}

static void write_outcome(const struct caller *c, struct json *j, enum status s, uint64_t proposal,
                          const struct error *e) {
    json_key(j, "outcome");
    json_cstring(j, s != ST_OK ? "refused" : proposal != 0 ? "proposed" : "done");
    json_key(j, "code");
    if (s == ST_OK)
        json_none(j);
    else
        json_cstring(j, e->code);
    const char *text = s == ST_OK ? NULL : problem_title(e->code, c->language);
    json_key(j, "message");
    if (text == NULL)
        json_none(j);
    else
        json_cstring(j, text);
    json_key(j, "proposal");
    if (proposal == 0)
        json_none(j);
    else
        json_int(j, (int64_t)proposal);
}

static enum status end_account(struct caller *c, uint32_t user, bool leave, struct slice note,
                               struct error *e) {
    uint32_t id;
    if (directory_staff(c->world.directory, user) == NULL)
        return error_set(e, ST_NOT_FOUND, "not_found", "no such person");
    enum status kept = leave ? ST_OK : rights_keep_reason(c, "suspend", user, note, e);
    if (kept != ST_OK)
        return kept;
    if (!leave)
        return keeper_registry_put(c->keeper, &c->call, REGISTRY_USER, user, SLICE("{\"disabled\":true}"),
                                   &id, e);
    struct buf text;
    buf_init(&text, TEXT_ROOM, false);
    struct json j = json_to(&text);
    json_object_begin(&j);
    json_key(&j, "to");
    json_int(&j, 0);
    json_key(&j, "note");
    json_text(&j, note);
    json_object_end(&j);
    enum status s = text.failed ? error_set(e, ST_NOMEM, "no_memory", "rights")
                                : keeper_leave(c->keeper, &c->call, user, buf_slice(&text), e);
    buf_free(&text);
    return s;
}

static enum status check_items(const json_t *items, struct slice note, struct error *e) {
    if (json_array_size(items) == 0 || json_array_size(items) > ITEMS_MOST)
        return error_field(e, ST_INVALID, "invalid", "items", "1 to %d at once", ITEMS_MOST);
    if (note.n < 2 || note.n > NOTE_MAX)
        return error_field(e, ST_INVALID, "reason_missing", "note", "a reason of 2 to %d bytes", NOTE_MAX);
    return ST_OK;
}

/* Each is an act of its own, judged and recorded as if it had been asked alone. */
HANDLER(api_accounts_end) {
    const json_t *items = json_object_get(r->json, "users");
    struct slice note = text_in(r->json, "note"), act = text_in(r->json, "act");
    struct json j = json_to(&reply->body);
    bool leave = slice_equal(act, SLICE("leave"));
    (void)engine;
    c->call.reason = note;
    enum status s = duties_only(c, DUTY_SYSTEM_ADMIN, e);
    if (s == ST_OK && !leave && !slice_equal(act, SLICE("suspend")))
        s = error_field(e, ST_INVALID, "invalid", "act", "leave or suspend");
    if (s == ST_OK)
        s = check_items(items, note, e);
    if (s == ST_OK)
        s = session_see_newest(c, e);
    if (s != ST_OK)
        return s;
    json_object_begin(&j);
    json_key(&j, "items");
    json_array_begin(&j);
    for (size_t i = 0; i < json_array_size(items); i++) {
        struct error one = {.status = ST_OK};
        uint32_t user;
        enum status done = number_in(json_array_get(items, i), &user)
                               ? end_account(c, user, leave, note, &one)
                               : error_set(&one, ST_NOT_FOUND, "not_found", "no such person");
        json_object_begin(&j);
        json_key(&j, "user");
        json_int(&j, user);
        write_outcome(c, &j, done, 0, &one);
        json_object_end(&j);
    }
    json_array_end(&j);
    json_object_end(&j);
    session_forget(&c->call.token);
    return ST_OK;
}

/* ---- rights that nobody uses ---- */

struct unused {
    struct holdings_view view;
    const struct staff *people[HOLDINGS_PEOPLE];
    size_t count;
    bool more, whole;
    uint64_t indexed_to;
    int64_t known_from;
};

static void next_people(const struct directory *d, int64_t after, struct slice text, struct unused *u,
                        struct arena *a) {
    const char *part = text.n == 0 ? "" : arena_string(a, text);
    for (size_t i = 0; i < d->staff_count && !u->more; i++) {
        const struct staff *s = &d->staff[i];
        if (s->id <= after || s->disabled || part == NULL ||
            (strcasestr(s->name, part) == NULL && strcasestr(s->login, part) == NULL))
            continue;
        u->more = u->count == HOLDINGS_PEOPLE;
        if (!u->more)
            u->people[u->count++] = s;
    }
}

static enum status read_use(struct caller *c, struct audit_index *x, struct unused *u, int32_t from_day,
                            struct error *e) {
    uint32_t actors[HOLDINGS_PEOPLE];
    struct audit_index_query first = {.seq = 1, .limit = 1};
    struct audit_index_row *rows;
    struct audit_tally *tallies;
    size_t n;
    bool more;
    for (size_t i = 0; i < u->count; i++)
        actors[i] = u->people[i]->id;
    struct audit_tally_query q = {
        .actors = actors, .actor_count = u->count, .from_day = from_day, .by_object = true};
    enum status s = audit_index_last(x, &u->indexed_to, e);
    if (s == ST_OK)
        s = audit_index_find(x, &first, c->arena, &rows, &n, &more, e);
    if (s != ST_OK || u->count == 0)
        return s;
    u->known_from = n == 0 ? 0 : rows[0].entry.time_ms;
    s = audit_index_tally(x, &q, c->arena, &tallies, &u->view.tally_count, e);
    u->view.tallies = tallies;
    return s;
}

static enum status open_use(struct engine *engine, struct caller *c, struct unused *u, int64_t days,
                            struct error *e) {
    struct audit_index *x = NULL;
    const char *directory = role_path(engine->env, c->arena, "db");
    if (directory == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "rights");
    enum status s = audit_index_open(directory, false, &x, e);
    if (s == ST_NOT_FOUND) { /* just being built: nothing is known of any use, and indexed_to says so */
        u->count = 0;
        u->more = false;
        return ST_OK;
    }
    if (s == ST_OK)
        s = read_use(c, x, u, audit_day(clock_wall_ms()) - (int32_t)days + 1, e);
    audit_index_close(x);
    return s;
}

static void write_day(struct json *j, const char *key, int32_t day) {
    char text[16];
    time_t at = (time_t)day * 86400;
    struct tm tm;
    json_key(j, key);
    if (day == 0) {
        json_none(j);
        return;
    }
    (void)gmtime_r(&at, &tm);
    (void)strftime(text, sizeof text, "%Y-%m-%d", &tm);
    json_cstring(j, text);
}

static void write_acts(uint32_t acts, struct json *j) {
    json_array_begin(j);
    for (unsigned i = 0; i < ACT_COUNT; i++) {
        if ((acts >> i & 1) != 0)
            json_cstring(j, act_name((enum act)i));
    }
    json_array_end(j);
}

static void write_holding(const struct staff *s, const struct holding *h, struct json *j) {
    json_object_begin(j);
    write_who(s, j);
    json_key(j, "kind");
    json_cstring(j, holding_kind_name(h->kind));
    json_key(j, "right");
    json_cstring(j, h->name);
    json_key(j, "ref");
    json_int(j, h->ref);
    json_key(j, "from");
    json_int(j, h->from);
    write_time(j, "until", h->until);
    write_day(j, "last_used", h->last_day);
    json_key(j, "unused");
    json_array_begin(j);
    for (size_t i = 0; i < h->object_count; i++) {
        if (h->objects[i].unused == 0)
            continue;
        json_object_begin(j);
        json_key(j, "object");
        json_cstring(j, h->objects[i].object->name);
        json_key(j, "acts");
        write_acts(h->objects[i].unused, j);
        json_object_end(j);
    }
    json_array_end(j);
    json_object_end(j);
}

static bool is_unused(const struct unused *u, const struct holding *h) {
    bool part = false;
    for (size_t i = 0; i < h->object_count; i++)
        part = part || h->objects[i].unused != 0;
    return h->judged && (h->last_day == 0 || (part && !u->whole));
}

static enum status write_unused(struct caller *c, const struct unused *u, struct json *j, struct error *e) {
    struct arena scratch;
    enum status s = ST_OK;
    arena_init(&scratch, SCRATCH, ARENA_PLAIN);
    json_key(j, "items");
    json_array_begin(j);
    for (size_t i = 0; s == ST_OK && i < u->count; i++) {
        struct holding *list;
        size_t n;
        s = holdings_of(&u->view, u->people[i], c->arena, &scratch, &list, &n, e);
        for (size_t k = 0; s == ST_OK && k < n; k++) {
            if (is_unused(u, &list[k]))
                write_holding(u->people[i], &list[k], j);
        }
    }
    json_array_end(j);
    arena_free(&scratch);
    return s;
}

HANDLER(api_unused_rights) {
    struct json j = json_to(&reply->body);
    struct unused u = {.whole = http_query_flag(r, "whole", c->arena)};
    int64_t days, after;
    if (!http_query_number(r, "after", 0, UINT32_MAX, 0, c->arena, &after))
        return error_set(e, ST_INVALID, "invalid", "after is a number");
    enum status s = begin_list(c, r, DUTY_SECURITY_ADMIN | DUTY_AUDITOR, "unused", &days, e);
    if (s != ST_OK)
        return s;
    u.view = (struct holdings_view){.directory = c->world.directory,
                                    .policies = c->world.policies,
                                    .objects = c->world.objects,
                                    .context = c->context,
                                    .with_acts = true};
    next_people(c->world.directory, after, http_query_value(r, "q", c->arena), &u, c->arena);
    s = open_use(engine, c, &u, days, e);
    if (s != ST_OK)
        return s;
    json_object_begin(&j);
    s = write_unused(c, &u, &j, e);
    json_key(&j, "next");
    if (u.more)
        json_int(&j, u.people[u.count - 1]->id);
    else
        json_none(&j);
    write_time(&j, "known_from", u.known_from);
    json_key(&j, "indexed_to");
    json_int(&j, (int64_t)u.indexed_to);
    json_object_end(&j);
    return s;
}

/* ---- taking rights away ---- */

HANDLER(api_rights_take) {
    const json_t *items = json_object_get(r->json, "items");
    struct slice note = text_in(r->json, "note");
    struct json j = json_to(&reply->body);
    size_t taken = 0;
    (void)engine;
    enum status s = duties_only(c, DUTY_SECURITY_ADMIN, e);
    if (s == ST_OK)
        s = check_items(items, note, e);
    if (s == ST_OK)
        s = session_see_newest(c, e);
    if (s != ST_OK)
        return s;
    json_object_begin(&j);
    json_key(&j, "items");
    json_array_begin(&j);
    for (size_t i = 0; i < json_array_size(items); i++) {
        struct error one = {.status = ST_OK};
        struct right right;
        enum take_outcome outcome;
        uint64_t proposal = 0;
        enum status done = right_read(json_array_get(items, i), &right)
                               ? rights_take(c, &right, note, &outcome, &proposal, &one)
                               : error_set(&one, ST_NOT_FOUND, "right_gone", "no such right");
        if (rights_wants(done, &one, taken)) {
            *e = one;
            return done;
        }
        taken += done == ST_OK;
        json_object_begin(&j);
        json_key(&j, "user");
        json_int(&j, right.user);
        write_outcome(c, &j, done, proposal, &one);
        json_object_end(&j);
    }
    json_array_end(&j);
    json_object_end(&j);
    return ST_OK;
}

/* What that would take from their sight, counted; nothing is stored. */
HANDLER(api_rights_preview) {
    const json_t *items = json_object_get(r->json, "items");
    struct rights_changes *changes = arena_alloc(c->arena, sizeof *changes);
    struct right *rights = arena_array(c->arena, ITEMS_MOST, sizeof *rights);
    size_t n = 0;
    struct json j = json_to(&reply->body);
    (void)engine;
    enum status s = duties_only(c, DUTY_SECURITY_ADMIN, e);
    if (s == ST_OK)
        s = check_items(items, SLICE("preview"), e);
    if (s == ST_OK && (changes == NULL || rights == NULL))
        s = error_set(e, ST_NOMEM, "no_memory", "rights");
    if (s == ST_OK)
        s = session_see_newest(c, e);
    if (s == ST_OK)
        s = keeper_record(c->keeper, &c->call, AUDIT_ADMIN, AUDIT_DONE, 0, NULL, SLICE("rights preview"),
                          SLICE(""), e);
    if (s != ST_OK)
        return s;
    for (size_t i = 0; i < json_array_size(items); i++)
        n += right_read(json_array_get(items, i), &rights[n]);
    s = rights_changes_make(c, rights, n, changes, e);
    json_object_begin(&j);
    json_key(&j, "people");
    json_int(&j, (int64_t)changes->count);
    json_key(&j, "not_counted");
    json_int(&j, (int64_t)changes->timed);
    if (s == ST_OK)
        s = organisation_preview_people(c, changes->changes, changes->count, &j, e);
    json_object_end(&j);
    rights_changes_free(changes);
    return s;
}

/* ---- access that has grown ---- */

HANDLER(api_grown_rights) {
    struct json j = json_to(&reply->body);
    json_t *state = NULL;
    int64_t days, after, found = 0, now = clock_wall_ms();
    uint32_t next = 0;
    (void)engine;
    if (!http_query_number(r, "after", 0, UINT32_MAX, 0, c->arena, &after))
        return error_set(e, ST_INVALID, "invalid", "after is a number");
    enum status s = begin_list(c, r, DUTY_SECURITY_ADMIN | DUTY_AUDITOR, "grown", &days, e);
    if (s == ST_OK)
        s = read_state(c, &state, e);
    if (s != ST_OK)
        return s;
    int64_t from = json_integer_value(json_object_get(state, "past_from")), then = now - days * DAY_MS;
    const struct directory *d = c->world.directory;
    json_decref(state);
    json_object_begin(&j);
    json_key(&j, "items");
    json_array_begin(&j);
    for (size_t i = 0; s == ST_OK && i < d->staff_count && next == 0; i++) {
        bool written = false;
        if (d->staff[i].id > after && !d->staff[i].disabled)
            s = grown_write(d, &d->staff[i], then, now, &j, &written);
        found += written;
        next = written && found == LISTED_MOST ? d->staff[i].id : 0;
    }
    json_array_end(&j);
    write_time(&j, "compared_with", then > from ? then : from);
    json_key(&j, "known");
    json_bool(&j, then >= from);
    json_key(&j, "next");
    if (next != 0)
        json_int(&j, next);
    else
        json_none(&j);
    json_object_end(&j);
    return s == ST_OK ? s : error_set(e, s, "no_memory", "rights");
}
