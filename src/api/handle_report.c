/* What somebody did in the last days, from the audit explorer's tallies: by day and object, how many
 * different records, and the days that stick out beside his own usual and his department's. Numbers only: it
 * names no record. For an auditor, a leader of his, and himself. A file of it is recorded with its
 * fingerprint before it is handed out, so that the signed log vouches for it. */
#include "api/engine.h"

#include "api/handlers.h"
#include "api/session.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/json_in.h"
#include "crypto/hash.h"
#include "store/audit_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define DAY_MS           ((int64_t)24 * 3600 * 1000)
#define DAYS_MOST        366
#define DAYS_LEAST       7
#define OBJECTS          64
#define TIMES_USUAL      3 /* a day that is so many times the usual sticks out */
#define COLLEAGUES_LEAST 5
#define HASH_SHOWN       40 /* digits of the file's SHA-256 in the log */

enum kind { VIEWS, REVEALS, EXPORTS, IMPORTS, CHANGES, REFUSALS, KINDS };
static const char *const kind_names[KINDS] = {"views",   "reveals", "exports",
                                              "imports", "changes", "refusals"};
/* Fewer than that in a day are not worth a question. */
static const uint64_t least[KINDS] = {100, 10, 1, 3, 50, 10};

struct report {
    struct caller *c;
    const struct staff *who;
    int64_t from_ms, now_ms;
    int32_t from_day;
    struct audit_tally *tallies, *others;
    size_t count, other_count;
    struct audit_distinct distinct[OBJECTS];
    size_t distinct_count;
    uint64_t days[DAYS_MOST + 1][KINDS]; /* of his, by day since from_day */
    uint64_t own[KINDS], department[KINDS];
    bool department_known;
    uint64_t indexed_to;
};

static bool kind_of(uint8_t act, enum kind *out) {
    static const struct {
        uint8_t act;
        enum kind kind;
    } table[] = {{AUDIT_LIST, VIEWS},      {AUDIT_VIEW, VIEWS},     {AUDIT_SEARCH, VIEWS},
                 {AUDIT_REVEAL, REVEALS},  {AUDIT_EXPORT, EXPORTS}, {AUDIT_IMPORT, IMPORTS},
                 {AUDIT_CREATE, CHANGES},  {AUDIT_UPDATE, CHANGES}, {AUDIT_DELETE, CHANGES},
                 {AUDIT_RESTORE, CHANGES}, {AUDIT_REFUSE, REFUSALS}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].act == act) {
            *out = table[i].kind;
            return true;
        }
    }
    return false;
}

/* Records where the act is about them; imports and refusals by times. */
static uint64_t worth(const struct audit_tally *t, enum kind kind) {
    if (kind == IMPORTS || kind == REFUSALS)
        return t->entries;
    return kind == VIEWS || t->records > t->entries ? t->records : t->entries;
}

/* ---- reading ---- */

static enum status permit(struct caller *c, const struct http_request *r, struct report *out,
                          struct error *e) {
    int64_t id = c->who.user;
    bool me = slice_is(r->parameters[0], "me");
    if (c->who.is_key || c->who.is_job)
        return error_set(e, ST_DENIED, "persons_only", "a report is for people");
    if (!me && (!slice_to_int(r->parameters[0], &id) || id <= 0 || id > UINT32_MAX))
        return error_set(e, ST_NOT_FOUND, "not_found", "no such person");
    bool may = id == (int64_t)c->who.user || (c->who.duties & DUTY_AUDITOR) != 0 ||
               directory_leads(c->world.directory, c->who.user, (uint32_t)id);
    if (!may)
        return error_set(e, ST_DENIED, "not_your_duty", "others' acts are the auditor's and their leader's");
    out->who = directory_staff(c->world.directory, (uint32_t)id);
    return out->who != NULL ? ST_OK : error_set(e, ST_NOT_FOUND, "not_found", "no such person");
}

static size_t colleagues_of(const struct report *rep, uint32_t out[AUDIT_TALLY_ACTORS]) {
    const struct directory *d = rep->c->world.directory;
    size_t n = 0;
    for (size_t i = 0; i < d->staff_count && n < AUDIT_TALLY_ACTORS; i++) {
        if (d->staff[i].department == rep->who->department && d->staff[i].id != rep->who->id)
            out[n++] = d->staff[i].id;
    }
    return n;
}

static enum status read_index(struct report *rep, struct audit_index *x, struct error *e) {
    struct arena *a = rep->c->arena;
    uint32_t others[AUDIT_TALLY_ACTORS];
    struct audit_tally_query q = {.actors = &rep->who->id,
                                  .actor_count = 1,
                                  .from_day = rep->from_day,
                                  .by_day = true,
                                  .by_object = true};
    enum status s = audit_index_last(x, &rep->indexed_to, e);
    if (s == ST_OK)
        s = audit_index_tally(x, &q, a, &rep->tallies, &rep->count, e);
    if (s == ST_OK)
        s = audit_index_distinct(x, rep->who->id, rep->from_ms, rep->distinct, OBJECTS, &rep->distinct_count,
                                 e);
    q = (struct audit_tally_query){.actors = others,
                                   .actor_count = colleagues_of(rep, others),
                                   .from_day = rep->from_day,
                                   .by_day = true};
    if (s == ST_OK && q.actor_count > 0)
        s = audit_index_tally(x, &q, a, &rep->others, &rep->other_count, e);
    return s;
}

/* ---- what is usual ---- */

static int by_size(const void *x, const void *y) {
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return a < b ? -1 : a > b;
}

static uint64_t median(uint64_t *values, size_t n) {
    if (n == 0)
        return 0;
    qsort(values, n, sizeof *values, by_size);
    return values[n / 2];
}

static void add_days(struct report *rep) {
    for (size_t i = 0; i < rep->count; i++) {
        enum kind kind;
        int32_t day = rep->tallies[i].day - rep->from_day;
        if (day >= 0 && day <= DAYS_MOST && kind_of(rep->tallies[i].act, &kind))
            rep->days[day][kind] += worth(&rep->tallies[i], kind);
    }
}

static bool is_active(const uint64_t day[KINDS]) {
    uint64_t all = 0;
    for (size_t k = 0; k < KINDS; k++)
        all += day[k];
    return all > 0;
}

static void own_usual(struct report *rep) {
    uint64_t values[DAYS_MOST + 1];
    for (size_t k = 0; k < KINDS; k++) {
        size_t n = 0;
        for (size_t d = 0; d <= DAYS_MOST; d++) {
            if (is_active(rep->days[d]))
                values[n++] = rep->days[d][k];
        }
        rep->own[k] = median(values, n);
    }
}

/* What is usual among few is what somebody did, and who asks for one day after the other reads it off. */
static bool has_many_colleagues(const struct report *rep) {
    size_t n = 0;
    for (size_t i = 0; i < rep->other_count; i++)
        n += i == 0 || rep->others[i].actor != rep->others[i - 1].actor;
    return n >= COLLEAGUES_LEAST && rep->now_ms - rep->from_ms >= DAYS_LEAST * DAY_MS;
}

/* One day of one colleague after the other: the tallies come in that order. */
static enum status department_usual(struct report *rep, struct error *e) {
    uint64_t(*days)[KINDS] = calloc(rep->other_count + 1, sizeof *days);
    uint64_t *values = calloc(rep->other_count + 1, sizeof *values);
    size_t n = 0;
    if (days == NULL || values == NULL) {
        free(days);
        free(values);
        return error_set(e, ST_NOMEM, "no_memory", "report");
    }
    for (size_t i = 0; i < rep->other_count; i++) {
        const struct audit_tally *t = &rep->others[i];
        enum kind kind;
        if (i > 0 && (t->actor != t[-1].actor || t->day != t[-1].day) && is_active(days[n]))
            n++;
        if (kind_of(t->act, &kind))
            days[n][kind] += worth(t, kind);
    }
    n += rep->other_count > 0 && is_active(days[n]);
    for (size_t k = 0; k < KINDS; k++) {
        for (size_t i = 0; i < n; i++)
            values[i] = days[i][k];
        rep->department[k] = median(values, n);
    }
    free(days);
    free(values);
    return ST_OK;
}

static bool sticks_out(const struct report *rep, size_t day, size_t kind) {
    uint64_t n = rep->days[day][kind];
    return n >= least[kind] && n > TIMES_USUAL * rep->own[kind] && n > TIMES_USUAL * rep->department[kind];
}

/* ---- writing ---- */

static void day_text(int32_t day, char out[16]) {
    time_t at = (time_t)day * 86400;
    struct tm tm;
    (void)gmtime_r(&at, &tm);
    (void)strftime(out, 16, "%Y-%m-%d", &tm);
}

static void write_kinds(const uint64_t n[KINDS], struct json *j) {
    for (size_t k = 0; k < KINDS; k++) {
        json_key(j, kind_names[k]);
        json_int(j, (int64_t)n[k]);
    }
}

static const char *object_name(const struct report *rep, uint16_t id) {
    const struct object_def *o = object_by_id(rep->c->world.objects, id);
    return o == NULL ? "" : o->name;
}

/* A day's acts on one object, at the first of them only. Tallies stand by day. */
static bool take_cell(const struct report *rep, size_t at, int32_t *day, uint16_t *object,
                      uint64_t n[KINDS]) {
    const struct audit_tally *t = &rep->tallies[at];
    enum kind kind;
    size_t i = at;
    *day = t->day;
    *object = t->object;
    memset(n, 0, KINDS * sizeof *n);
    for (; i > 0 && rep->tallies[i - 1].day == t->day; i--) {
        if (rep->tallies[i - 1].object == t->object)
            return false;
    }
    for (i = at; i < rep->count && rep->tallies[i].day == t->day; i++) {
        if (rep->tallies[i].object == t->object && kind_of(rep->tallies[i].act, &kind))
            n[kind] += worth(&rep->tallies[i], kind);
    }
    return is_active(n);
}

static void write_days(const struct report *rep, struct json *j) {
    json_key(j, "days");
    json_array_begin(j);
    for (size_t i = 0; i < rep->count; i++) {
        int32_t day;
        uint16_t object;
        uint64_t n[KINDS];
        char text[16];
        if (!take_cell(rep, i, &day, &object, n))
            continue;
        day_text(day, text);
        json_object_begin(j);
        json_key(j, "day");
        json_cstring(j, text);
        json_key(j, "object");
        json_cstring(j, object_name(rep, object));
        write_kinds(n, j);
        json_object_end(j);
    }
    json_array_end(j);
}

static void write_objects(const struct report *rep, struct json *j) {
    json_key(j, "distinct");
    json_array_begin(j);
    for (size_t i = 0; i < rep->distinct_count; i++) {
        json_object_begin(j);
        json_key(j, "object");
        json_cstring(j, object_name(rep, rep->distinct[i].object));
        json_key(j, "records");
        json_int(j, (int64_t)rep->distinct[i].records);
        json_key(j, "at_least");
        json_bool(j, rep->distinct[i].at_least);
        json_object_end(j);
    }
    json_array_end(j);
}

static void write_peaks(const struct report *rep, struct json *j) {
    json_key(j, "peaks");
    json_array_begin(j);
    for (size_t d = 0; d <= DAYS_MOST; d++) {
        for (size_t k = 0; k < KINDS; k++) {
            char text[16];
            if (!sticks_out(rep, d, k))
                continue;
            day_text(rep->from_day + (int32_t)d, text);
            json_object_begin(j);
            json_key(j, "day");
            json_cstring(j, text);
            json_key(j, "kind");
            json_cstring(j, kind_names[k]);
            json_key(j, "count");
            json_int(j, (int64_t)rep->days[d][k]);
            json_key(j, "own");
            json_int(j, (int64_t)rep->own[k]);
            json_key(j, "department");
            json_int(j, (int64_t)rep->department[k]);
            json_object_end(j);
        }
    }
    json_array_end(j);
}

static void write_json(const struct report *rep, struct slice head, struct json *j) {
    json_object_begin(j);
    json_key(j, "user");
    json_int(j, rep->who->id);
    json_key(j, "name");
    json_cstring(j, rep->who->name);
    json_key(j, "from");
    json_time(j, rep->from_ms);
    json_key(j, "to");
    json_time(j, rep->now_ms);
    json_key(j, "indexed_to");
    json_int(j, (int64_t)rep->indexed_to);
    write_objects(rep, j);
    write_peaks(rep, j);
    json_key(j, "usual");
    json_object_begin(j);
    write_kinds(rep->own, j);
    json_object_end(j);
    json_key(j, "department_usual");
    if (rep->department_known) {
        json_object_begin(j);
        write_kinds(rep->department, j);
        json_object_end(j);
    } else {
        json_none(j);
    }
    write_days(rep, j);
    if (head.n > 0) {
        json_key(j, "log_head");
        json_text(j, head);
    }
    json_object_end(j);
}

static void put_line(struct buf *out, const char *day, const char *object, const char *kind, uint64_t n) {
    char line[160];
    int length = snprintf(line, sizeof line, "%s,%s,%s,%llu\r\n", day, object, kind, (unsigned long long)n);
    buf_put(out, line, length < 0 ? 0 : (size_t)length);
}

/* Names of objects and kinds have no comma and begin with no sign that a spreadsheet would run. */
static void write_csv(const struct report *rep, struct buf *out) {
    buf_put_string(out, "\xef\xbb\xbf"
                        "day,object,what,count\r\n");
    for (size_t i = 0; i < rep->count; i++) {
        int32_t day;
        uint16_t object;
        uint64_t n[KINDS];
        char text[16];
        if (!take_cell(rep, i, &day, &object, n))
            continue;
        day_text(day, text);
        for (size_t k = 0; k < KINDS; k++) {
            if (n[k] > 0)
                put_line(out, text, object_name(rep, object), kind_names[k], n[k]);
        }
    }
    for (size_t i = 0; i < rep->distinct_count; i++)
        put_line(out, "", object_name(rep, rep->distinct[i].object),
                 rep->distinct[i].at_least ? "different_records_at_least" : "different_records",
                 rep->distinct[i].records);
    for (size_t d = 0; d <= DAYS_MOST; d++) {
        for (size_t k = 0; k < KINDS; k++) {
            char text[16];
            day_text(rep->from_day + (int32_t)d, text);
            if (sticks_out(rep, d, k)) {
                char what[40];
                (void)snprintf(what, sizeof what, "peak_%s", kind_names[k]);
                put_line(out, text, "", what, rep->days[d][k]);
            }
        }
    }
}

static enum status record(struct report *rep, struct slice file, struct error *e) {
    uint8_t digest[HASH_SIZE];
    char hex[2 * HASH_SIZE + 1] = "shown", tag[AUDIT_TAG_MAX + 1];
    if (file.n > 0) {
        enum status s = hash_once(file, digest);
        if (s != ST_OK)
            return error_set(e, s, "internal", "hash");
        hex_encode(slice_of(digest, sizeof digest), hex);
    }
    (void)snprintf(tag, sizeof tag, "report %u %.*s", rep->who->id, HASH_SHOWN, hex);
    return keeper_record(rep->c->keeper, &rep->c->call, AUDIT_ADMIN, AUDIT_DONE, 0, NULL,
                         slice_from_string(tag), SLICE(""), e);
}

static enum status gather(struct engine *engine, struct report *rep, struct error *e) {
    struct audit_index *x = NULL;
    const char *directory = role_path(engine->env, rep->c->arena, "db");
    if (directory == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "report");
    enum status s = audit_index_open(directory, false, &x, e);
    if (s == ST_NOT_FOUND) /* just being built: indexed_to says so */
        return ST_OK;
    if (s == ST_OK)
        s = read_index(rep, x, e);
    audit_index_close(x);
    if (s != ST_OK)
        return s;
    add_days(rep);
    own_usual(rep);
    rep->department_known = has_many_colleagues(rep);
    return rep->department_known ? department_usual(rep, e) : ST_OK;
}

HANDLER(api_person_report) {
    struct report *rep = arena_alloc(c->arena, sizeof *rep);
    struct slice format = http_query_value(r, "format", c->arena), head = SLICE("");
    int64_t days;
    struct json j = json_to(&reply->body);
    if (rep == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "report");
    *rep = (struct report){.c = c, .now_ms = clock_wall_ms()};
    if (!http_query_number(r, "days", 1, DAYS_MOST, 90, c->arena, &days) ||
        (format.n > 0 && !slice_is(format, "csv") && !slice_is(format, "json")))
        return error_set(e, ST_INVALID, "invalid", "days is a number, format csv or json");
    rep->from_day = audit_day(rep->now_ms) - (int32_t)days + 1;
    rep->from_ms = (int64_t)rep->from_day * DAY_MS - 8 * 3600000;
    enum status s = session_see_newest(c, e);
    if (s == ST_OK)
        s = permit(c, r, rep, e);
    if (s == ST_OK)
        s = gather(engine, rep, e);
    if (s == ST_OK && slice_is(format, "json") && (c->who.duties & DUTY_AUDITOR) != 0)
        s = keeper_audit_head(c->keeper, &c->call, &head, e);
    if (s != ST_OK)
        return s;
    if (slice_is(format, "csv")) {
        reply->content_type = "text/csv; charset=utf-8";
        write_csv(rep, &reply->body);
    } else {
        write_json(rep, head, &j);
    }
    if (format.n > 0) {
        char name[96];
        (void)snprintf(name, sizeof name, "Content-Disposition: attachment; filename=\"report-%u.%s\"\r\n",
                       rep->who->id, slice_is(format, "csv") ? "csv" : "json");
        buf_put_string(&reply->headers, name);
    }
    return record(rep, format.n > 0 ? buf_slice(&reply->body) : SLICE(""), e);
}
