#include "share/job.h"

#include "base/clock.h"
#include "base/json_in.h"
#include "crypto/hash.h"

#include <jansson.h>
#include <stdio.h>

#define BODY_MAX ((size_t)256 * 1024)

static const char *const kinds[JOB_KINDS] = {"import", "undo", "reseal", "handover", "handback"};
static const char *const states[JOB_STATES] = {"queued", "running", "done", "cancelled", "failed"};

const char *job_kind_name(uint8_t kind) {
    return kind < JOB_KINDS ? kinds[kind] : "";
}

const char *job_state_name(uint8_t state) {
    return state < JOB_STATES ? states[state] : "";
}

uint64_t job_number(const struct uuid *id) {
    uint64_t n = 0;
    for (size_t i = 8; i < 16; i++)
        n = n << 8 | id->b[i];
    return n & INT64_MAX;
}

/* ---- as an item ---- */

/* Members that are plain numbers, once for both directions. */
struct member {
    const char *name;
    size_t offset;
};
#define MEMBER(m)                                                                                            \
    { #m, offsetof(struct job, m) }
static const struct member numbers[] = {MEMBER(number),
                                        MEMBER(queued_at),
                                        MEMBER(started_at),
                                        MEMBER(ended_at),
                                        MEMBER(done),
                                        MEMBER(total),
                                        MEMBER(line),
                                        MEMBER(chunks),
                                        MEMBER(attempts),
                                        MEMBER(counts.rows),
                                        MEMBER(counts.imported),
                                        MEMBER(counts.rejected),
                                        MEMBER(counts.undone),
                                        MEMBER(counts.duplicates),
                                        MEMBER(counts.kept)};

#define NUMBERS (sizeof numbers / sizeof numbers[0])

static void write_body(const struct job *j, struct json *out) {
    json_object_begin(out);
    json_key(out, "kind");
    json_int(out, j->kind);
    json_key(out, "state");
    json_int(out, j->state);
    json_key(out, "object");
    json_int(out, j->object);
    json_key(out, "import");
    json_uuid(out, &j->import);
    json_key(out, "after");
    json_uuid(out, &j->after);
    for (size_t i = 0; i < NUMBERS; i++) {
        int64_t v;
        memcpy(&v, (const uint8_t *)j + numbers[i].offset, sizeof v);
        json_key(out, numbers[i].name);
        json_int(out, v);
    }
    json_key(out, "error");
    json_cstring(out, j->error);
    if (j->plan.n > 0) {
        json_key(out, "plan");
        json_text(out, j->plan);
    }
    json_object_end(out);
}

static enum status read_body(const json_t *body, struct arena *a, struct job *j) {
    const char *import = json_string_value(json_object_get(body, "import"));
    const char *error = json_string_value(json_object_get(body, "error"));
    const char *after = json_string_value(json_object_get(body, "after"));
    const json_t *plan = json_object_get(body, "plan");
    j->kind = (uint8_t)json_integer_value(json_object_get(body, "kind"));
    j->state = (uint8_t)json_integer_value(json_object_get(body, "state"));
    j->object = (uint16_t)json_integer_value(json_object_get(body, "object"));
    for (size_t i = 0; i < NUMBERS; i++) {
        int64_t v = json_integer_value(json_object_get(body, numbers[i].name));
        memcpy((uint8_t *)j + numbers[i].offset, &v, sizeof v);
    }
    (void)snprintf(j->error, sizeof j->error, "%s", error == NULL ? "" : error);
    if (plan != NULL) {
        j->plan = arena_copy(a, slice_of(json_string_value(plan), json_string_length(plan)));
        if (j->plan.p == NULL)
            return ST_NOMEM;
    }
    bool good = uuid_parse(slice_from_string(import), &j->import) &&
                (after == NULL || uuid_parse(slice_from_string(after), &j->after)) && j->kind < JOB_KINDS &&
                j->state < JOB_STATES;
    return good ? ST_OK : ST_CORRUPT;
}

enum status job_from_item(const struct store_item *item, struct arena *a, struct job *out) {
    *out = (struct job){.owner = item->owner};
    json_t *body;
    enum status s = json_read(item->body, 0, &body, NULL);
    if (s == ST_OK)
        s = uuid_parse(item->key, &out->id) ? read_body(body, a, out) : ST_CORRUPT;
    json_decref(body);
    return s == ST_INVALID ? ST_CORRUPT : s;
}

enum status job_get(struct store_reader *r, const struct uuid *id, struct arena *a, struct job *out,
                    struct error *e) {
    char key[UUID_TEXT + 1];
    struct store_item item;
    uuid_format(id, key);
    enum status s = store_item_get(r, SLICE(JOB_ITEM), slice_from_string(key), a, &item, e);
    if (s == ST_NOT_FOUND)
        return error_set(e, s, "not_found", "there is no such job");
    if (s != ST_OK)
        return s;
    s = job_from_item(&item, a, out);
    return s == ST_OK ? s : error_set(e, s, "corrupt", "a job can't be read");
}

enum status job_item_put(struct world *w, struct slice kind, const struct uuid *key, uint32_t owner,
                         int64_t at_ms, struct slice body, struct error *e) {
    char text[UUID_TEXT + 1];
    struct write_result result;
    uuid_format(key, text);
    struct write_op op = {.kind = WRITE_ITEM,
                          .item_kind = kind,
                          .key = slice_from_string(text),
                          .body = body,
                          .actor = owner,
                          .at_ms = at_ms};
    struct write_set set = {.ops = &op, .count = 1};
    return world_commit(w, &set, &result, e);
}

static struct write_op item_op(const char *kind, struct slice key, const struct job *j) {
    return (struct write_op){.kind = WRITE_ITEM,
                             .item_kind = slice_from_string(kind),
                             .key = key,
                             .body = SLICE("{}"),
                             .actor = j->owner,
                             .at_ms = j->queued_at};
}

enum status job_put(struct world *w, const struct job *j, struct error *e) {
    char key[UUID_TEXT + 1];
    struct buf body;
    struct write_result result;
    buf_init(&body, BODY_MAX, false);
    struct json out = json_to(&body);
    write_body(j, &out);
    uuid_format(&j->id, key);
    struct write_op ops[2] = {item_op(JOB_ITEM, slice_from_string(key), j),
                              item_op(JOB_QUEUE_ITEM, slice_from_string(key), j)};
    ops[0].body = buf_slice(&body);
    ops[1].remove = job_is_over(j);
    bool both = job_is_over(j) || j->state == JOB_QUEUED;
    struct write_set set = {.ops = ops, .count = both ? 2 : 1};
    enum status s =
        body.failed ? error_set(e, ST_NOMEM, "no_memory", "job") : world_commit(w, &set, &result, e);
    buf_free(&body);
    return s;
}

enum status job_forget(struct world *w, const struct uuid *id, struct error *e) {
    static const char *const kept[] = {JOB_ITEM, JOB_QUEUE_ITEM, JOB_CANCEL_ITEM};
    char key[UUID_TEXT + 1];
    struct write_op ops[3];
    struct write_result result;
    struct job nobody = {.owner = 0};
    uuid_format(id, key);
    for (size_t i = 0; i < 3; i++) {
        ops[i] = item_op(kept[i], slice_from_string(key), &nobody);
        ops[i].remove = true;
    }
    struct write_set set = {.ops = ops, .count = 3};
    return world_commit(w, &set, &result, e);
}

enum status job_cancel(struct world *w, const struct job *j, struct error *e) {
    return job_item_put(w, SLICE(JOB_CANCEL_ITEM), &j->id, j->owner, clock_wall_ms(), SLICE("{}"), e);
}

enum status job_is_cancelled(struct store_reader *r, const struct uuid *id, struct arena *a, bool *out,
                             struct error *e) {
    char key[UUID_TEXT + 1];
    struct store_item item;
    uuid_format(id, key);
    enum status s = store_item_get(r, SLICE(JOB_CANCEL_ITEM), slice_from_string(key), a, &item, e);
    *out = s == ST_OK;
    return s == ST_NOT_FOUND ? ST_OK : s;
}

enum status job_hash(const struct job *j, uint8_t out[JOB_PLAN]) {
    struct buf all;
    buf_init(&all, j->plan.n + 256, false);
    buf_put_u8(&all, j->kind);
    buf_put_u16(&all, j->object);
    buf_put_u32(&all, j->owner);
    buf_put(&all, j->id.b, sizeof j->id.b);
    buf_put(&all, j->import.b, sizeof j->import.b);
    buf_put_u64(&all, j->number);
    buf_put_slice(&all, j->plan);
    enum status s = all.failed ? ST_NOMEM : hash_once(buf_slice(&all), out);
    buf_free(&all);
    return s;
}

enum status job_enqueue(struct caller *c, struct job *j, struct error *e) {
    struct token token;
    uint8_t plan[JOB_PLAN];
    j->owner = c->who.user;
    j->state = JOB_QUEUED;
    j->queued_at = clock_wall_ms();
    if (j->number == 0)
        j->number = job_number(&j->id);
    /* Authorised here; the token itself is thrown away: the jobs process claims one of its own. */
    enum status s = job_hash(j, plan);
    if (s != ST_OK)
        return error_set(e, s, "no_memory", "job");
    s = keeper_job_token(c->keeper, &c->call, &j->id, j->object, slice_of(plan, sizeof plan), &token, e);
    explicit_bzero(&token, sizeof token);
    return s == ST_OK ? job_put(c->world.world, j, e) : s;
}

/* ---- for the API ---- */

static void number_member(struct json *out, const char *name, uint64_t v) {
    json_key(out, name);
    json_int(out, (int64_t)v);
}

static void time_member(struct json *out, const char *name, int64_t ms) {
    json_key(out, name);
    if (ms == 0)
        json_none(out);
    else
        json_time(out, ms);
}

void job_write_counts(const struct job *j, struct json *out) {
    json_object_begin(out);
    if (j->kind == JOB_UNDO || j->kind == JOB_HANDBACK) {
        number_member(out, "undone", j->counts.undone);
        number_member(out, "kept", j->counts.kept);
    } else if (j->kind == JOB_HANDOVER) {
        number_member(out, "moved", j->counts.imported);
        number_member(out, "kept", j->counts.kept);
    } else if (j->kind == JOB_IMPORT) {
        number_member(out, "rows", j->counts.rows);
        number_member(out, "imported", j->counts.imported);
        number_member(out, "rejected", j->counts.rejected);
        number_member(out, "duplicates", j->counts.duplicates);
    }
    json_object_end(out);
}

static void write_error(const struct job *j, job_title title, enum language language, struct json *out) {
    const char *words = title == NULL ? NULL : title(j->error, language);
    if (j->error[0] == '\0') {
        json_none(out);
        return;
    }
    json_object_begin(out);
    json_key(out, "code");
    json_cstring(out, j->error);
    json_key(out, "message");
    json_cstring(out, words == NULL ? j->error : words);
    json_object_end(out);
}

void job_describe(const struct job *j, job_title title, enum language language, struct json *out) {
    json_object_begin(out);
    json_key(out, "id");
    json_uuid(out, &j->id);
    json_key(out, "kind");
    json_cstring(out, job_kind_name(j->kind));
    json_key(out, "state");
    json_cstring(out, job_state_name(j->state));
    json_key(out, "import");
    if (j->kind >= JOB_RESEAL)
        json_none(out);
    else
        json_uuid(out, &j->import);
    json_key(out, "progress");
    json_object_begin(out);
    /* Who changes definitions sees no customer, and is not told how many there are. */
    bool hundredths = j->kind == JOB_RESEAL;
    uint64_t whole = j->total == 0 ? 1 : j->total, part = j->done < whole ? j->done : whole;
    if (hundredths && j->state == JOB_DONE)
        part = whole;
    number_member(out, "done", hundredths ? part * 100 / whole : j->done);
    number_member(out, "total", hundredths ? 100 : j->total);
    json_object_end(out);
    time_member(out, "started_at", j->started_at);
    time_member(out, "ended_at", j->ended_at);
    json_key(out, "error");
    write_error(j, title, language, out);
    json_key(out, "result");
    job_write_counts(j, out);
    json_object_end(out);
}
