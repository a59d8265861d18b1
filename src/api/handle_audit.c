/* The audit explorer. What happened is in the log, which the keeper owns; lists come from its index, which
 * may lag and says so. Entries name records by id and fields by name: never a customer's value. */
#include "api/engine.h"

#include "api/audit_answer.h"
#include "api/session.h"

static bool is_auditor(const struct caller *c) {
    return (c->who.duties & DUTY_AUDITOR) != 0;
}

static enum status bad(struct error *e, const char *what) {
    return error_set(e, ST_INVALID, "invalid", "%s", what);
}

/* ---- the question ---- */

static bool number_of_name(struct slice name, const char *(*name_of)(uint8_t), uint8_t end, uint8_t *out) {
    for (uint8_t i = 1; i < end; i++) {
        if (name_of(i) != NULL && slice_is(name, name_of(i))) {
            *out = i;
            return true;
        }
    }
    return false;
}

static enum status read_actor(struct caller *c, const struct http_request *r, struct audit_index_query *q,
                              struct error *e) {
    struct slice text = http_query_value(r, "actor", c->arena);
    int64_t id = c->who.user;
    if (text.n > 0 && !slice_is(text, "me") && (!slice_to_int(text, &id) || id < 0 || id > UINT32_MAX))
        return bad(e, "actor is a number or \"me\"");
    q->by_actor = text.n > 0;
    q->actor = (uint32_t)id;
    if (is_auditor(c) || (q->by_actor && q->actor == c->who.user))
        return ST_OK;
    return error_set(e, ST_DENIED, "not_your_duty", "ask for your own acts with actor=me");
}

/* The object's name, also of one that the auditor has no part in: it is no customer's data. */
static enum status read_names(struct caller *c, const struct http_request *r, struct audit_index_query *q,
                              struct error *e) {
    struct slice act = http_query_value(r, "act", c->arena),
                 outcome = http_query_value(r, "outcome", c->arena),
                 object = http_query_value(r, "object", c->arena);
    if (act.n > 0 && !number_of_name(act, audit_act_name, AUDIT_ACT_END, &q->act))
        return bad(e, "there is no such act");
    if (outcome.n > 0 && !number_of_name(outcome, audit_answer_outcome, AUDIT_OUTCOME_END, &q->outcome))
        return bad(e, "there is no such outcome");
    const struct object_def *o = object.n == 0 ? NULL : object_find(c->world.objects, object);
    if (object.n > 0 && o == NULL)
        return error_set(e, ST_NOT_FOUND, "unknown_object", "there is no such object");
    q->object = o == NULL ? 0 : o->id;
    return ST_OK;
}

static enum status read_query(struct caller *c, const struct http_request *r, struct uuid *record,
                              struct audit_index_query *q, struct error *e) {
    int64_t limit, before;
    struct slice id = http_query_value(r, "record", c->arena);
    *q = (struct audit_index_query){.record = id.n > 0 ? record : NULL};
    if (id.n > 0 && !uuid_parse(id, record))
        return bad(e, "record is an id");
    if (!audit_answer_time(r, "from", c->arena, &q->from_ms) ||
        !audit_answer_time(r, "to", c->arena, &q->below_ms))
        return bad(e, "from and to are times");
    if (!http_query_number(r, "limit", 1, AUDIT_INDEX_PAGE, 50, c->arena, &limit) ||
        !http_query_number(r, "before", 0, INT64_MAX, 0, c->arena, &before))
        return bad(e, "limit is 1 to 200, before is what next said");
    q->limit = (uint32_t)limit;
    q->before = (uint64_t)before;
    enum status s = read_names(c, r, q, e);
    return s == ST_OK ? read_actor(c, r, q, e) : s;
}

/* ---- the answer ---- */

/* An auditor is told no metadata: what things are called comes with the entry. */
static void write_fields(const struct object_def *o, const struct audit_entry *entry, bool labels,
                         struct json *j) {
    static const char *const views[] = {"hidden", "masked", "clear", "written"};
    json_key(j, "fields");
    json_array_begin(j);
    for (size_t i = 0; i < entry->field_count; i++) {
        const struct field_def *f = o == NULL ? NULL : object_field_by_id(o, entry->fields[i].field);
        json_object_begin(j);
        json_key(j, "name");
        json_cstring(j, f == NULL ? "" : f->name);
        if (labels)
            audit_answer_label(f == NULL ? NULL : &f->label, j);
        json_key(j, "view");
        json_cstring(j, views[entry->fields[i].view <= AUDIT_VIEW_MAX ? entry->fields[i].view : 0]);
        json_object_end(j);
    }
    json_array_end(j);
}

static void write_id(struct json *j, const char *key, const uint8_t bytes[16]) {
    struct uuid id;
    memcpy(id.b, bytes, 16);
    json_key(j, key);
    if (uuid_is_nil(&id)) {
        json_none(j);
    } else {
        json_uuid(j, &id);
    }
}

static const char *purpose_name(uint8_t purpose) {
    static const char *const names[] = {"",        "sales", "service", "finance",       "management",
                                        "quality", "audit", "import",  "administration"};
    return purpose < sizeof names / sizeof names[0] ? names[purpose] : "";
}

static void write_where(const struct audit_entry *entry, struct json *j) {
    char address[64];
    session_format_address(entry->client, address);
    json_key(j, "address");
    json_cstring(j, address);
    write_id(j, "session", entry->session);
    write_id(j, "request", entry->request);
    json_key(j, "purpose");
    json_cstring(j, purpose_name(entry->purpose));
    json_key(j, "tag");
    json_text(j, entry->tag);
    json_key(j, "intent");
    if (entry->intent == 0) {
        json_none(j);
    } else {
        json_int(j, (int64_t)entry->intent);
    }
}

/* The members of one entry, without its braces. */
static void write_entry(const struct caller *c, const struct audit_index_row *row, struct json *j) {
    const struct audit_entry *entry = &row->entry;
    const struct object_def *o = object_by_id(c->world.objects, entry->object);
    json_key(j, "seq");
    json_int(j, (int64_t)entry->seq);
    json_key(j, "at");
    json_time(j, entry->time_ms);
    json_key(j, "actor");
    audit_answer_person(c, entry->actor, j);
    json_key(j, "act");
    json_cstring(j, audit_act_name(entry->act));
    json_key(j, "outcome");
    json_cstring(j, audit_answer_outcome(entry->outcome));
    json_key(j, "object");
    if (o == NULL) {
        json_none(j);
    } else {
        json_cstring(j, o->name);
    }
    if (is_auditor(c))
        audit_answer_label(o == NULL ? NULL : &o->label, j);
    json_key(j, "records");
    json_array_begin(j);
    for (size_t i = 0; i < entry->record_count; i++)
        json_uuid(j, &entry->records[i]);
    json_array_end(j);
    json_key(j, "record_count");
    json_int(j, (int64_t)row->record_count);
    write_fields(o, entry, is_auditor(c), j);
    write_where(entry, j);
    json_key(j, "has_detail");
    json_bool(j, row->has_detail);
}

static enum status find(struct engine *engine, struct caller *c, const struct audit_index_query *q,
                        struct audit_index_row **rows, size_t *n, bool *more, uint64_t *last,
                        struct error *e) {
    struct audit_index *x = NULL;
    *n = 0;
    *more = false;
    *last = 0;
    enum status s = audit_answer_open(engine, c, &x, e);
    if (s == ST_NOT_FOUND) /* just being built: it says how far it is */
        return ST_OK;
    if (s == ST_OK)
        s = audit_index_last(x, last, e);
    if (s == ST_OK)
        s = audit_index_find(x, q, c->arena, rows, n, more, e);
    audit_index_close(x);
    return s;
}

static void write_page(const struct caller *c, const struct audit_index_row *rows, size_t n, bool more,
                       struct json *j) {
    json_key(j, "items");
    json_array_begin(j);
    for (size_t i = 0; i < n; i++) {
        json_object_begin(j);
        write_entry(c, &rows[i], j);
        json_object_end(j);
    }
    json_array_end(j);
    json_key(j, "next");
    if (more) {
        json_int(j, (int64_t)rows[n - 1].entry.seq);
    } else {
        json_none(j);
    }
}

HANDLER(api_audit_list) {
    struct audit_index_query q;
    struct audit_index_row *rows = NULL;
    struct uuid record;
    size_t n;
    bool more;
    uint64_t last;
    struct json j = json_to(&reply->body);
    enum status s = read_query(c, r, &record, &q, e);
    if (s == ST_OK)
        s = find(engine, c, &q, &rows, &n, &more, &last, e);
    if (s != ST_OK)
        return s;
    json_object_begin(&j);
    write_page(c, rows, n, more, &j);
    s = audit_answer_reach(c, last, &j, e);
    json_object_end(&j);
    return s;
}

/* The reason and the like: for the auditor, recorded, and gone with the subject's key. */
static enum status write_detail(struct caller *c, const struct audit_index_row *row, struct json *j,
                                struct error *e) {
    uint8_t key[KEEPER_WRAPPED_KEY];
    size_t n = 0;
    struct slice detail;
    enum status s = ST_OK;
    json_key(j, "detail");
    if (row->has_detail && is_auditor(c) && !uuid_is_nil(&row->subject))
        s = store_subject_key(c->reader, &row->subject, key, sizeof key, &n, e);
    if (s == ST_NOT_FOUND || !row->has_detail || !is_auditor(c)) {
        json_none(j);
        return ST_OK;
    }
    if (s == ST_OK)
        s = keeper_audit_detail(c->keeper, &c->call, row->entry.seq, slice_of(key, n), &detail, e);
    if (s == ST_OK)
        json_text(j, detail);
    return s;
}

HANDLER(api_audit_get) {
    int64_t seq;
    struct audit_index_row *rows = NULL;
    size_t n = 0;
    bool more;
    uint64_t last;
    struct json j = json_to(&reply->body);
    if (!slice_to_int(r->parameters[0], &seq) || seq < 1)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such entry");
    struct audit_index_query q = {
        .seq = (uint64_t)seq, .by_actor = !is_auditor(c), .actor = c->who.user, .limit = 1};
    enum status s = find(engine, c, &q, &rows, &n, &more, &last, e);
    if (s == ST_OK && n == 0)
        s = error_set(e, ST_NOT_FOUND, "not_found", "there is no such entry");
    if (s != ST_OK)
        return s;
    json_object_begin(&j);
    write_entry(c, &rows[0], &j);
    s = write_detail(c, &rows[0], &j, e);
    json_object_end(&j);
    return s;
}

HANDLER(api_audit_head) {
    struct slice note;
    (void)engine;
    (void)r;
    enum status s = keeper_audit_head(c->keeper, &c->call, &note, e);
    if (s != ST_OK)
        return s;
    reply->content_type = "text/plain; charset=utf-8";
    buf_put(&reply->body, note.p, note.n);
    return ST_OK;
}
