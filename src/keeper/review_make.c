#include "keeper/review_make.h"

#include "base/json_in.h"
#include "keeper/proposal.h"

#include <string.h>
#include <time.h>

#define DAY_MS      ((int64_t)24 * 3600 * 1000)
#define DUE_DAYS    180
#define REPEAT_MOST 24 /* months */
#define NAMED_MOST  50
#define SCOPE_MOST  64

static enum status bad(struct error *e, const char *key, const char *why) {
    return error_field(e, ST_INVALID, "bad_document", key, "%s", why);
}

/* ---- what is asked for ---- */

static bool is_live(const struct review_sources *s, uint32_t user) {
    struct actor a;
    return user != 0 && registry_actor(s->registry, user, NULL, &a) == ST_OK;
}

/* A copy of an array of numbers (or of texts), all of them plausible. */
static json_t *copy_list(const json_t *from, bool texts, size_t most) {
    json_t *out = json_array();
    bool fine = out != NULL && (from == NULL || json_is_array(from)) && json_array_size(from) <= most;
    for (size_t i = 0; fine && i < json_array_size(from); i++) {
        json_t *v = json_array_get(from, i);
        size_t n = json_string_length(v);
        json_int_t number = json_integer_value(v);
        fine = (texts ? json_is_string(v) && n > 0 && n < 40 : number > 0 && number <= UINT32_MAX) &&
               json_array_append(out, v) == 0;
    }
    if (fine)
        return out;
    json_decref(out);
    return NULL;
}

static bool knows_kinds(const json_t *kinds) {
    for (size_t i = 0; i < json_array_size(kinds); i++) {
        bool known = false;
        for (int k = 0; k < RIGHT_KINDS; k++)
            known = known || strcmp(json_string_value(json_array_get(kinds, i)),
                                    right_kind_name((enum right_kind)k)) == 0;
        if (!known)
            return false;
    }
    return true;
}

static enum status read_scope(const json_t *asked, json_t **out, struct error *e) {
    json_t *kinds = copy_list(json_object_get(asked, "kinds"), true, RIGHT_KINDS);
    json_t *departments = copy_list(json_object_get(asked, "departments"), false, SCOPE_MOST);
    json_t *roles = copy_list(json_object_get(asked, "roles"), true, SCOPE_MOST);
    bool fine = kinds != NULL && departments != NULL && roles != NULL && knows_kinds(kinds);
    *out = fine ? json_pack("{s:O, s:O, s:O}", "kinds", kinds, "departments", departments, "roles", roles)
                : NULL;
    json_decref(kinds);
    json_decref(departments);
    json_decref(roles);
    return *out != NULL ? ST_OK : bad(e, "scope", "kinds of rights, departments, roles");
}

static enum status read_reviewers(const struct review_sources *s, const json_t *asked, json_t **out,
                                  struct error *e) {
    bool heads = json_is_true(json_object_get(asked, "heads"));
    uint32_t fallback = proposal_user(asked, "fallback");
    json_t *named = copy_list(json_object_get(asked, "named"), false, NAMED_MOST);
    *out = NULL;
    if (named == NULL || (!heads && json_array_size(named) == 0)) {
        json_decref(named);
        return bad(e, "reviewers", "the heads of departments, or 1 to 50 people");
    }
    bool live = fallback == 0 || is_live(s, fallback);
    for (size_t i = 0; i < json_array_size(named); i++)
        live = live && is_live(s, (uint32_t)json_integer_value(json_array_get(named, i)));
    *out =
        live ? json_pack("{s:b, s:O, s:I}", "heads", heads, "named", named, "fallback", (json_int_t)fallback)
             : NULL;
    json_decref(named);
    if (!live)
        return error_field(e, ST_INVALID, "review_reviewer", "reviewers", "reviewers have live accounts");
    return *out != NULL ? ST_OK : error_set(e, ST_NOMEM, "no_memory", "review");
}

/* The same day so many months later, or the last one of a shorter month. */
static int64_t months_later(int64_t from_ms, unsigned months) {
    time_t at = (time_t)(from_ms / 1000);
    struct tm tm;
    (void)gmtime_r(&at, &tm);
    int day = tm.tm_mday;
    tm.tm_mon += (int)months;
    tm.tm_mday = 1;
    time_t first = timegm(&tm);
    for (; day > 28; day--) {
        time_t then = first + (time_t)(day - 1) * 86400;
        struct tm check;
        (void)gmtime_r(&then, &check);
        if (check.tm_mon == tm.tm_mon)
            break;
    }
    return ((int64_t)first + (int64_t)(day - 1) * 86400) * 1000;
}

static bool is_text(const char *text, size_t most) {
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)text[i] < ' ')
            return false;
    }
    return n >= 2 && n <= most;
}

static enum status check_times(const json_t *asked, json_int_t *days, json_int_t *months, const char **at_due,
                               struct error *e) {
    *days = json_integer_value(json_object_get(asked, "due_days"));
    *months = json_integer_value(json_object_get(asked, "repeat_months"));
    *at_due = proposal_text(asked, "at_due");
    if (*days < 1 || *days > DUE_DAYS)
        return bad(e, "due_days", "1 to 180 days");
    if (*months < 0 || *months > REPEAT_MOST)
        return bad(e, "repeat_months", "0 to 24 months");
    if (strcmp(*at_due, "show") != 0 && strcmp(*at_due, "take_away") != 0 && strcmp(*at_due, "escalate") != 0)
        return bad(e, "at_due", "show, take_away or escalate");
    return is_text(proposal_text(asked, "title"), REVIEW_TITLE) ? ST_OK
                                                                : bad(e, "title", "2 to 120 bytes of text");
}

enum status review_document(const struct review_sources *s, const json_t *asked, uint32_t by, json_t **out,
                            struct error *e) {
    json_t *scope = NULL, *reviewers = NULL;
    json_int_t days, months;
    const char *at_due;
    *out = NULL;
    enum status st = check_times(asked, &days, &months, &at_due, e);
    if (st == ST_OK)
        st = read_scope(json_object_get(asked, "scope"), &scope, e);
    if (st == ST_OK)
        st = read_reviewers(s, json_object_get(asked, "reviewers"), &reviewers, e);
    if (st == ST_OK) {
        int64_t next = months == 0 ? 0 : months_later(s->now, (unsigned)months);
        *out = json_pack("{s:s, s:O, s:O, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:s}", "title",
                         proposal_text(asked, "title"), "scope", scope, "reviewers", reviewers, "at_due",
                         at_due, "due_days", days, "repeat_months", months, "by", (json_int_t)by, "at",
                         (json_int_t)s->now, "due", (json_int_t)(s->now + days * DAY_MS), "next_at",
                         (json_int_t)next, "state", "open");
        st = *out != NULL ? ST_OK : error_set(e, ST_NOMEM, "no_memory", "review");
    }
    json_decref(scope);
    json_decref(reviewers);
    return st;
}

/* ---- the lines ---- */

struct making {
    const struct review_sources *s;
    const json_t *scope, *reviewers;
    const struct held_rights *held;
    uint32_t by; /* who opens it */
    uint32_t departments[SCOPE_MOST];
    size_t department_count;
    json_t *lines;
    uint32_t user; /* whose lines are being made */
    bool in_scope;
    size_t n, people;
};

static bool list_has(const json_t *list, const char *name) {
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (strcmp(json_string_value(json_array_get(list, i)), name) == 0)
            return true;
    }
    return json_array_size(list) == 0;
}

/* Of the opener's own rights: not by whom he chose. 0: the other security administrators. */
static uint32_t reviewer_of_opener(const struct making *m, const struct held_right *right) {
    uint32_t auditor = 0;
    if (right->head != 0)
        return right->head;
    for (size_t i = 0; i < m->held->count; i++) {
        const struct held_right *one = &m->held->rights[i];
        if (one->kind != RIGHT_DUTY || one->user == m->by)
            continue;
        if (strcmp(one->name, "security_admin") == 0)
            return 0;
        if (auditor == 0 && strcmp(one->name, "auditor") == 0)
            auditor = one->user;
    }
    return auditor;
}

/* Nobody reviews himself: where he would, the next in turn does. */
static uint32_t reviewer_of(const struct making *m, const struct held_right *right) {
    if (right->user == m->by)
        return reviewer_of_opener(m, right);
    const json_t *named = json_object_get(m->reviewers, "named");
    uint32_t fallback = proposal_user(m->reviewers, "fallback");
    if (json_is_true(json_object_get(m->reviewers, "heads")) && right->head != 0)
        return right->head;
    for (size_t i = 0, n = json_array_size(named); i < n; i++) {
        uint32_t one = (uint32_t)json_integer_value(json_array_get(named, (m->people + i) % n));
        if (one != right->user && is_live(m->s, one))
            return one;
    }
    return fallback != right->user && is_live(m->s, fallback) ? fallback : 0;
}

static void begin_user(struct making *m, uint32_t user) {
    if (m->user == user)
        return;
    m->user = user;
    m->n = 0;
    m->in_scope = m->department_count == 0 ||
                  registry_in_departments(m->s->registry, user, m->departments, m->department_count);
}

static enum status add_line(struct making *m, const struct held_right *right, json_t *more, struct error *e) {
    if (more == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "review");
    m->people += m->n == 0;
    json_t *line = json_pack("{s:I, s:I, s:s, s:s, s:I, s:I, s:I, s:I}", "user", (json_int_t)right->user, "n",
                             (json_int_t)++m->n, "kind", right_kind_name(right->kind), "name", right->name,
                             "ref", (json_int_t)right->ref, "from", (json_int_t)right->from, "until",
                             (json_int_t)right->until, "reviewer", (json_int_t)reviewer_of(m, right));
    bool fine = line != NULL && json_object_update(line, more) == 0;
    json_decref(more);
    if (!fine || json_array_append_new(m->lines, line) != 0) {
        if (!fine)
            json_decref(line);
        return error_set(e, ST_NOMEM, "no_memory", "review");
    }
    if (m->n > REVIEW_PERSON_MAX || m->people > REVIEW_PEOPLE_MAX ||
        json_array_size(m->lines) > REVIEW_LINES_MAX)
        return error_set(e, ST_LIMIT, "review_too_large", "a review has at most %d lines: narrow its scope",
                         REVIEW_LINES_MAX);
    return ST_OK;
}

static bool wants(const struct making *m, const struct held_right *right) {
    bool named = right->kind == RIGHT_KEY || right->kind == RIGHT_DUTY || right->kind == RIGHT_ACCESS;
    return list_has(json_object_get(m->scope, "kinds"), right_kind_name(right->kind)) &&
           (list_has(json_object_get(m->scope, "roles"), right->name) ||
            (named && json_array_size(json_object_get(m->scope, "roles")) == 0));
}

/* Keys stand behind their maker's other rights, who heads him stands with those. */
static enum status add_keys(struct making *m, const struct held_rights *h, uint32_t user, uint32_t head,
                            struct error *e) {
    enum status s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < h->key_count; i++) {
        const struct keeper_session_info *key = &h->keys[i];
        struct held_right right = {.user = user, .kind = RIGHT_KEY, .until = key->expires_at, .head = head};
        char id[UUID_TEXT + 1];
        if (key->user != user || !wants(m, &right))
            continue;
        uuid_format(&key->id, id);
        s = add_line(m, &right,
                     json_pack("{s:s, s:s%}", "key", id, "label", (const char *)key->agent.p, key->agent.n),
                     e);
    }
    return s;
}

static enum status make_lines(struct making *m, const struct held_rights *h, struct error *e) {
    enum status s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < h->count; i++) {
        const struct held_right *right = &h->rights[i];
        begin_user(m, right->user);
        if (!m->in_scope)
            continue;
        if (wants(m, right))
            s = add_line(m, right, json_object(), e);
        bool last = i + 1 == h->count || h->rights[i + 1].user != right->user;
        if (s == ST_OK && last)
            s = add_keys(m, h, right->user, right->head, e);
    }
    return s;
}

enum status review_held(const struct review_sources *s, struct held_rights *out, struct error *e) {
    enum status st = registry_rights(s->registry, s->now, s->arena, &out->rights, &out->count);
    if (st == ST_OK)
        st = sessions_keys(s->sessions, s->arena, &out->keys, &out->key_count);
    return st == ST_OK ? st : error_set(e, st, "no_memory", "review");
}

enum status review_lines(const struct review_sources *s, const json_t *document, json_t **out,
                         struct error *e) {
    struct held_rights held;
    struct making m = {.s = s,
                       .scope = json_object_get(document, "scope"),
                       .reviewers = json_object_get(document, "reviewers"),
                       .held = &held,
                       .by = proposal_user(document, "by"),
                       .lines = json_array()};
    const json_t *departments = json_object_get(m.scope, "departments");
    for (size_t i = 0; i < json_array_size(departments) && i < SCOPE_MOST; i++)
        m.departments[m.department_count++] = (uint32_t)json_integer_value(json_array_get(departments, i));
    *out = m.lines;
    if (m.lines == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "review");
    enum status st = review_held(s, &held, e);
    if (st == ST_OK)
        st = make_lines(&m, &held, e);
    if (st == ST_OK && json_array_size(m.lines) == 0)
        st = error_field(e, ST_INVALID, "review_empty", "scope", "nobody holds such a right");
    if (st == ST_OK)
        return st;
    json_decref(m.lines);
    *out = NULL;
    return st;
}

bool review_is_held(const struct held_rights *h, const json_t *line) {
    const char *kind = proposal_text(line, "kind"), *name = proposal_text(line, "name");
    uint32_t user = proposal_user(line, "user"), ref = proposal_user(line, "ref");
    if (strcmp(kind, "key") == 0) {
        struct uuid id;
        bool known = uuid_parse(slice_from_string(proposal_text(line, "key")), &id), held = false;
        for (size_t i = 0; known && i < h->key_count; i++)
            held = held || uuid_equal(&h->keys[i].id, &id);
        return held;
    }
    size_t low = 0, high = h->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (h->rights[middle].user < user)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < h->count && h->rights[low].user == user; low++) {
        const struct held_right *r = &h->rights[low];
        if (r->ref == ref && strcmp(r->name, name) == 0 && strcmp(right_kind_name(r->kind), kind) == 0)
            return true;
    }
    return false;
}
