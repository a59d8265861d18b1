/* Reviews of rights (权限复核): the keeper's messages as an API, with what a reader needs beside each line;
 * and carrying out what was decided, by the ways that there are. */
#include "api/engine.h"

#include "api/handlers.h"
#include "api/problem.h"
#include "api/review_words.h"
#include "api/rights_take.h"
#include "api/session.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/json_in.h"
#include "crypto/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define USE_DAYS   180
#define CARRY_ONCE 50
#define PAGES_MOST 2000
#define HASH_SHOWN 40

static enum status persons_only(const struct caller *c, struct error *e) {
    return c->who.is_key || c->who.is_job ? error_set(e, ST_DENIED, "persons_only", "reviews are for people")
                                          : ST_OK;
}

static enum status review_id(const struct http_request *r, uint32_t *out, struct error *e) {
    int64_t id;
    if (!slice_to_int(r->parameters[0], &id) || id <= 0 || id > UINT32_MAX)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such review");
    *out = (uint32_t)id;
    return ST_OK;
}

HANDLER(api_reviews) {
    struct json j = json_to(&reply->body);
    struct slice list;
    (void)engine;
    (void)r;
    enum status s = persons_only(c, e);
    if (s == ST_OK)
        s = keeper_review_list(c->keeper, &c->call, 0, &list, e);
    if (s != ST_OK)
        return s;
    json_object_begin(&j);
    json_key(&j, "items");
    json_raw(&j, list);
    json_object_end(&j);
    return ST_OK;
}

HANDLER(api_review_open) {
    struct json j = json_to(&reply->body);
    uint32_t id = 0;
    (void)engine;
    enum status s = keeper_review_open(c->keeper, &c->call, r->body, &id, e);
    if (s != ST_OK)
        return s;
    reply->status = 201;
    json_object_begin(&j);
    json_key(&j, "id");
    json_int(&j, id);
    json_object_end(&j);
    return ST_OK;
}

/* The one review of a list, copied: the next call to the keeper would take its memory. */
static enum status read_review(struct caller *c, uint32_t id, struct slice *out, struct error *e) {
    struct slice list;
    enum status s = keeper_review_list(c->keeper, &c->call, id, &list, e);
    if (s != ST_OK)
        return s;
    if (list.n <= 2)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such review");
    *out = arena_copy(c->arena, slice_of(list.p + 1, list.n - 2));
    return out->p != NULL ? ST_OK : error_set(e, ST_NOMEM, "no_memory", "review");
}

static enum status read_lines(struct caller *c, uint32_t id, uint32_t after, bool mine, json_t **out,
                              uint32_t *next, struct error *e) {
    struct slice text;
    enum status s = keeper_review_lines(c->keeper, &c->call, id, after, mine, &text, next, e);
    return s == ST_OK && json_read(text, 0, out, NULL) != ST_OK
               ? error_set(e, ST_NOMEM, "no_memory", "review")
               : s;
}

static enum status write_json(const json_t *value, struct json *j, struct error *e) {
    char *text = json_print(value, JSON_COMPACT | JSON_SORT_KEYS);
    if (text == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "review");
    json_raw(j, slice_from_string(text));
    free(text);
    return ST_OK;
}

HANDLER(api_review) {
    struct json j = json_to(&reply->body);
    struct slice review;
    json_t *lines = NULL;
    uint32_t id = 0, next = 0;
    int64_t after;
    enum status s = persons_only(c, e);
    if (s == ST_OK && !http_query_number(r, "after", 0, UINT32_MAX, 0, c->arena, &after))
        s = error_set(e, ST_INVALID, "invalid", "after is a number");
    if (s == ST_OK)
        s = review_id(r, &id, e);
    if (s == ST_OK)
        s = session_see_newest(c, e);
    if (s == ST_OK)
        s = read_review(c, id, &review, e);
    if (s == ST_OK)
        s = read_lines(c, id, (uint32_t)after, http_query_flag(r, "mine", c->arena), &lines, &next, e);
    if (s != ST_OK)
        return s;
    json_object_begin(&j);
    json_key(&j, "review");
    json_raw(&j, review);
    json_key(&j, "lines");
    s = write_json(lines, &j, e);
    if (s == ST_OK)
        s = review_write_roles(c, lines, &j, e);
    review_write_access(c, lines, &j);
    if (s == ST_OK)
        s = review_write_use(engine, c, lines, USE_DAYS, &j, e);
    json_key(&j, "next");
    if (next == 0)
        json_none(&j);
    else
        json_int(&j, next);
    json_object_end(&j);
    json_decref(lines);
    return s;
}

HANDLER(api_review_answer) {
    uint32_t id = 0;
    (void)engine;
    enum status s = review_id(r, &id, e);
    if (s == ST_OK)
        s = keeper_review_answer(c->keeper, &c->call, id, r->body, e);
    if (s == ST_OK)
        reply->status = 204;
    return s;
}

HANDLER(api_review_change) {
    uint32_t id = 0;
    (void)engine;
    enum status s = review_id(r, &id, e);
    if (s == ST_OK)
        s = keeper_review_change(c->keeper, &c->call, id, r->body, e);
    if (s == ST_OK)
        reply->status = 204;
    return s;
}

static struct slice text_in(const json_t *body, const char *key) {
    const json_t *v = json_object_get(body, key);
    return json_is_string(v) ? slice_of(json_string_value(v), json_string_length(v)) : SLICE("");
}

HANDLER(api_review_close) {
    const json_t *sign = json_object_get(r->json, "sign");
    uint32_t id = 0;
    (void)engine;
    enum status s = review_id(r, &id, e);
    if (s == ST_OK && !json_is_boolean(sign))
        s = error_field(e, ST_INVALID, "invalid", "sign", "sign is true or false");
    if (s == ST_OK)
        s = keeper_review_close(c->keeper, &c->call, id, json_is_true(sign), text_in(r->json, "note"), e);
    if (s == ST_OK)
        reply->status = 204;
    return s;
}

/* ---- carrying out ---- */

struct carrying {
    struct caller *c;
    uint32_t id;
    bool lapse; /* what has no answer is to go, too */
    struct json *j;
};

static enum status read_terms(struct carrying *x, struct error *e) {
    struct slice text;
    json_t *review = NULL;
    enum status s = read_review(x->c, x->id, &text, e);
    if (s == ST_OK && json_read(text, 0, &review, NULL) != ST_OK)
        s = error_set(e, ST_NOMEM, "no_memory", "review");
    const json_t *document = json_object_get(review, "review");
    x->lapse = slice_equal(text_in(document, "at_due"), SLICE("take_away")) &&
               json_integer_value(json_object_get(document, "due")) <= clock_wall_ms();
    if (s == ST_OK && !slice_equal(text_in(document, "state"), SLICE("open")))
        s = error_set(e, ST_CONFLICT, "review_over", "this review is closed");
    json_decref(review);
    return s;
}

/* The line as the keeper has it: what is taken away is what was decided, whatever the caller says. */
static enum status find_line(struct carrying *x, const json_t *item, json_t **out, struct error *e) {
    json_int_t user = json_integer_value(json_object_get(item, "user")),
               n = json_integer_value(json_object_get(item, "n"));
    json_t *lines = NULL;
    uint32_t next;
    *out = NULL;
    if (user <= 0 || user > UINT32_MAX)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such line");
    enum status s = read_lines(x->c, x->id, (uint32_t)user - 1, false, &lines, &next, e);
    for (size_t i = 0; s == ST_OK && *out == NULL && i < json_array_size(lines); i++) {
        json_t *line = json_array_get(lines, i);
        if (json_integer_value(json_object_get(line, "user")) == user &&
            json_integer_value(json_object_get(line, "n")) == n)
            *out = json_incref(line);
    }
    json_decref(lines);
    return s == ST_OK && *out == NULL ? error_set(e, ST_NOT_FOUND, "not_found", "there is no such line") : s;
}

static enum status take_line(const struct carrying *x, const json_t *line, uint64_t *proposal,
                             struct error *e) {
    struct slice answer = text_in(line, "answer"), reason = text_in(line, "reason");
    bool change = slice_equal(answer, SLICE("change"));
    bool go = change || slice_equal(answer, SLICE("take_away")) || (answer.n == 0 && x->lapse);
    struct right right = {.user = (uint32_t)json_integer_value(json_object_get(line, "user")),
                          .kind = text_in(line, "kind"),
                          .name = text_in(line, "name"),
                          .ref = (uint32_t)json_integer_value(json_object_get(line, "ref")),
                          .instead = change ? text_in(line, "instead") : SLICE("")};
    enum take_outcome outcome;
    if (!go)
        return error_set(e, ST_CONFLICT, "review_kept", "nobody decided to take this away");
    if (slice_equal(right.kind, SLICE("key")) && !uuid_parse(text_in(line, "key"), &right.key))
        return error_set(e, ST_NOT_FOUND, "right_gone", "no such key");
    return rights_take(x->c, &right, reason.n < 2 ? SLICE("review") : reason, &outcome, proposal, e);
}

static void write_outcome(const struct carrying *x, const json_t *item, enum status s, uint64_t proposal,
                          const struct error *e) {
    const char *text = s == ST_OK ? NULL : problem_title(e->code, x->c->language);
    json_object_begin(x->j);
    json_key(x->j, "user");
    json_int(x->j, json_integer_value(json_object_get(item, "user")));
    json_key(x->j, "n");
    json_int(x->j, json_integer_value(json_object_get(item, "n")));
    json_key(x->j, "outcome");
    json_cstring(x->j, s != ST_OK ? "refused" : proposal != 0 ? "proposed" : "done");
    json_key(x->j, "code");
    if (s == ST_OK)
        json_none(x->j);
    else
        json_cstring(x->j, e->code);
    json_key(x->j, "message");
    if (text == NULL)
        json_none(x->j);
    else
        json_cstring(x->j, text);
    json_key(x->j, "proposal");
    if (proposal == 0)
        json_none(x->j);
    else
        json_int(x->j, (int64_t)proposal);
    json_object_end(x->j);
}

HANDLER(api_review_carry) {
    struct json j = json_to(&reply->body);
    struct carrying x = {.c = c, .j = &j};
    const json_t *items = json_object_get(r->json, "lines");
    size_t taken = 0;
    (void)engine;
    enum status s = review_id(r, &x.id, e);
    if (s == ST_OK && ((c->who.duties & DUTY_SECURITY_ADMIN) == 0 || c->who.is_key || c->who.is_job))
        s = error_set(e, ST_DENIED, "not_your_duty", "rights are the security administrator's");
    if (s == ST_OK && (json_array_size(items) == 0 || json_array_size(items) > CARRY_ONCE))
        s = error_field(e, ST_INVALID, "invalid", "lines", "1 to %d at once", CARRY_ONCE);
    if (s == ST_OK)
        s = session_see_newest(c, e);
    if (s == ST_OK)
        s = read_terms(&x, e);
    if (s != ST_OK)
        return s;
    json_object_begin(&j);
    json_key(&j, "items");
    json_array_begin(&j);
    for (size_t i = 0; i < json_array_size(items); i++) {
        struct error one = {.status = ST_OK};
        uint64_t proposal = 0;
        json_t *line = NULL;
        enum status done = find_line(&x, json_array_get(items, i), &line, &one);
        if (done == ST_OK)
            done = take_line(&x, line, &proposal, &one);
        json_decref(line);
        if (rights_wants(done, &one, taken)) {
            *e = one;
            return done;
        }
        taken += done == ST_OK;
        write_outcome(&x, json_array_get(items, i), done, proposal, &one);
    }
    json_array_end(&j);
    json_object_end(&j);
    return ST_OK;
}

/* ---- the report ---- */

static enum status read_all(struct caller *c, uint32_t id, json_t **out, struct error *e) {
    json_t *all = json_array();
    uint32_t after = 0;
    enum status s = all == NULL ? error_set(e, ST_NOMEM, "no_memory", "review") : ST_OK;
    for (size_t page = 0; s == ST_OK && page < PAGES_MOST; page++) {
        json_t *lines = NULL;
        s = read_lines(c, id, after, false, &lines, &after, e);
        if (s == ST_OK && json_array_extend(all, lines) != 0)
            s = error_set(e, ST_NOMEM, "no_memory", "review");
        json_decref(lines);
        if (after == 0)
            break;
    }
    *out = all;
    if (s == ST_OK)
        return s;
    json_decref(all);
    *out = NULL;
    return s;
}

static const char *name_of(const struct caller *c, json_int_t user) {
    const struct staff *s =
        user > 0 && user <= UINT32_MAX ? directory_staff(c->world.directory, (uint32_t)user) : NULL;
    return s == NULL ? "" : s->name;
}

/* Names for the numbers in the lines, beside them: the lines stand as they were signed. */
static void write_names(const struct caller *c, const json_t *lines, struct json *j) {
    static const char *const keys[] = {"user", "reviewer", "by", "from"};
    const struct directory *d = c->world.directory;
    bool *named = arena_array(c->arena, d->staff_count + 1, sizeof *named);
    json_key(j, "names");
    json_object_begin(j);
    for (size_t i = 0; named != NULL && i < json_array_size(lines); i++) {
        for (size_t k = 0; k < 4; k++) {
            json_int_t user = json_integer_value(json_object_get(json_array_get(lines, i), keys[k]));
            const struct staff *s = directory_staff(d, user > 0 && user <= UINT32_MAX ? (uint32_t)user : 0);
            char key[16];
            if (s == NULL || named[s - d->staff])
                continue;
            named[s - d->staff] = true;
            (void)snprintf(key, sizeof key, "%u", s->id);
            json_key(j, key);
            json_cstring(j, s->name);
        }
    }
    json_object_end(j);
}

static enum status write_report(const struct caller *c, struct slice review, const json_t *lines,
                                struct json *j, struct error *e) {
    json_object_begin(j);
    json_key(j, "report");
    json_raw(j, review);
    write_names(c, lines, j);
    json_key(j, "lines");
    enum status s = write_json(lines, j, e);
    json_object_end(j);
    return s;
}

/* Quoted, and nothing that a spreadsheet would run. */
static void put_cell(struct buf *out, const char *text, bool last) {
    buf_put_u8(out, '"');
    if (*text != '\0' && strchr("=+-@\t\r", *text) != NULL)
        buf_put_u8(out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            buf_put_u8(out, '"');
        buf_put_u8(out, (uint8_t)*text);
    }
    buf_put_string(out, last ? "\"\r\n" : "\",");
}

static void time_text(json_int_t ms, char out[24]) {
    time_t at = (time_t)(ms / 1000);
    struct tm tm;
    out[0] = '\0';
    if (ms > 0 && gmtime_r(&at, &tm) != NULL)
        (void)strftime(out, 24, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static void put_line(const struct caller *c, const json_t *line, struct buf *out) {
    static const char *const numbers[] = {"user", "reviewer", "by"};
    static const char *const texts[] = {"kind", "name", "answer", "instead", "reason"};
    char text[256];
    for (size_t i = 0; i < 3; i++) {
        json_int_t user = json_integer_value(json_object_get(line, numbers[i]));
        text[0] = '\0';
        if (user != 0)
            (void)snprintf(text, sizeof text, "%s (%lld)", name_of(c, user), (long long)user);
        put_cell(out, text, false);
    }
    for (size_t i = 0; i < 5; i++) {
        const char *v = json_string_value(json_object_get(line, texts[i]));
        const char *label = json_string_value(json_object_get(line, "label"));
        put_cell(out, v == NULL ? "" : i == 1 && *v == '\0' && label != NULL ? label : v, false);
    }
    char at[24];
    time_text(json_integer_value(json_object_get(line, "at")), at);
    put_cell(out, at, false);
    const json_t *held = json_object_get(line, "held");
    put_cell(out, held == NULL ? "" : json_is_true(held) ? "yes" : "no", true);
}

static void write_csv(const struct caller *c, const json_t *lines, struct buf *out) {
    buf_put_string(out, "\xef\xbb\xbf"
                        "person,reviewer,answered_by,kind,right,answer,instead,reason,answered_at,held\r\n");
    for (size_t i = 0; i < json_array_size(lines); i++)
        put_line(c, json_array_get(lines, i), out);
}

/* A file's fingerprint is in the log before the file is sent. */
static enum status record(struct caller *c, uint32_t id, struct slice file, struct error *e) {
    uint8_t digest[HASH_SIZE];
    char hex[2 * HASH_SIZE + 1] = "shown", tag[AUDIT_TAG_MAX + 1];
    if (file.n > 0) {
        enum status s = hash_once(file, digest);
        if (s != ST_OK)
            return error_set(e, s, "internal", "hash");
        hex_encode(slice_of(digest, sizeof digest), hex);
    }
    (void)snprintf(tag, sizeof tag, "review_report %u %.*s", id, HASH_SHOWN, hex);
    return keeper_record(c->keeper, &c->call, AUDIT_ADMIN, AUDIT_DONE, 0, NULL, slice_from_string(tag),
                         SLICE(""), e);
}

HANDLER(api_review_report) {
    struct slice format = http_query_value(r, "format", c->arena), review;
    struct json j = json_to(&reply->body);
    json_t *lines = NULL;
    uint32_t id = 0;
    bool csv = slice_is(format, "csv");
    (void)engine;
    enum status s = persons_only(c, e);
    if (s == ST_OK && (c->who.duties & (DUTY_SECURITY_ADMIN | DUTY_AUDITOR)) == 0)
        s = error_set(e, ST_DENIED, "not_your_duty",
                      "the report is for security administrators and auditors");
    if (s == ST_OK && format.n > 0 && !csv && !slice_is(format, "json"))
        s = error_set(e, ST_INVALID, "invalid", "format is csv or json");
    if (s == ST_OK)
        s = review_id(r, &id, e);
    if (s == ST_OK)
        s = session_see_newest(c, e);
    if (s == ST_OK)
        s = read_review(c, id, &review, e);
    if (s == ST_OK)
        s = read_all(c, id, &lines, e);
    if (s != ST_OK)
        return s;
    if (csv) {
        reply->content_type = "text/csv; charset=utf-8";
        write_csv(c, lines, &reply->body);
    } else {
        s = write_report(c, review, lines, &j, e);
    }
    json_decref(lines);
    if (s == ST_OK && format.n > 0) {
        char name[96];
        (void)snprintf(name, sizeof name, "Content-Disposition: attachment; filename=\"review-%u.%s\"\r\n",
                       id, csv ? "csv" : "json");
        buf_put_string(&reply->headers, name);
    }
    return s == ST_OK ? record(c, id, format.n > 0 ? buf_slice(&reply->body) : SLICE(""), e) : s;
}
