/* High-risk acts that went beyond the register's free number: what the keeper's log says of them, from the
 * audit explorer's index. For auditors, and for security administrators, who set the register; a system
 * administrator has no part in either. Numbers and names only: no record, no reason's text. */
#include "api/audit_answer.h"
#include "api/engine.h"

#include <stdio.h>

#define LIMIT 50

static enum status permit(const struct caller *c, struct error *e) {
    if (c->who.is_key || c->who.is_job)
        return error_set(e, ST_DENIED, "persons_only", "this list is for people");
    if ((c->who.duties & (DUTY_AUDITOR | DUTY_SECURITY_ADMIN)) == 0)
        return error_set(e, ST_DENIED, "not_your_duty",
                         "high-risk acts are shown to auditors and security "
                         "administrators; your own are under GET /audit?actor=me");
    return ST_OK;
}

static enum status bad(struct error *e, const char *field, const char *what) {
    return error_field(e, ST_INVALID, "invalid", field, "%s", what);
}

static enum status read_times(struct caller *c, const struct http_request *r, struct audit_deed_query *q,
                              struct error *e) {
    if (!audit_answer_time(r, "from", c->arena, &q->from_ms))
        return bad(e, "from", "from is a time like 2026-01-31T00:00:00Z");
    if (!audit_answer_time(r, "until", c->arena, &q->below_ms))
        return bad(e, "until", "until is a time like 2026-01-31T00:00:00Z");
    if (q->from_ms != 0 && q->below_ms != 0 && q->from_ms >= q->below_ms)
        return bad(e, "until", "until is later than from");
    return ST_OK;
}

static enum status read_query(struct caller *c, const struct http_request *r, struct audit_deed_query *q,
                              struct error *e) {
    int64_t limit, before, actor = 0;
    struct slice person = http_query_value(r, "actor", c->arena);
    struct slice object = http_query_value(r, "object", c->arena);
    *q = (struct audit_deed_query){.act = http_query_value(r, "act", c->arena), .by_actor = person.n > 0};
    if (q->act.n > 0 && !high_risk_tag_name(q->act))
        return bad(e, "act", "act is an act of the register, such as delete, or is left out");
    if (person.n > 0 && (!slice_to_int(person, &actor) || actor <= 0 || actor > UINT32_MAX))
        return bad(e, "actor", "actor is the number of a person, or is left out");
    q->actor = (uint32_t)actor;
    const struct object_def *o = object.n == 0 ? NULL : object_find(c->world.objects, object);
    if (object.n > 0 && o == NULL)
        return bad(e, "object", "object is the name of an object, such as customer, or is left out");
    q->object = o == NULL ? 0 : o->id;
    if (!http_query_number(r, "limit", 1, AUDIT_INDEX_PAGE, LIMIT, c->arena, &limit))
        return bad(e, "limit", "limit is 1 to 200");
    if (!http_query_number(r, "before", 1, INT64_MAX, 0, c->arena, &before))
        return bad(e, "before", "before is what next said, or is left out");
    q->limit = (uint32_t)limit;
    q->before = (uint64_t)before;
    return read_times(c, r, q, e);
}

/* That he looked, and at whom. */
static enum status record(struct caller *c, const struct audit_deed_query *q, struct error *e) {
    char tag[AUDIT_TAG_MAX] = "list_high_risk";
    if (q->by_actor)
        (void)snprintf(tag, sizeof tag, "list_high_risk actor %u", (unsigned)q->actor);
    return keeper_record(c->keeper, &c->call, AUDIT_VIEW, AUDIT_DONE, q->object, NULL, slice_from_string(tag),
                         SLICE(""), e);
}

/* `exists`: a file that is just being built is empty. */
static enum status find(struct engine *engine, struct caller *c, const struct audit_deed_query *q,
                        struct audit_deed **rows, size_t *n, bool *more, uint64_t *last, struct error *e) {
    struct audit_index *x = NULL;
    *n = 0;
    *more = false;
    *last = 0;
    enum status s = audit_answer_open(engine, c, &x, e);
    if (s == ST_NOT_FOUND)
        return ST_OK;
    if (s == ST_OK)
        s = audit_index_last(x, last, e);
    if (s == ST_OK)
        s = audit_index_deeds(x, q, c->arena, rows, n, more, e);
    audit_index_close(x);
    return s;
}

/* With its label: holders of a duty see no definitions. */
static void write_object(const struct object_def *o, struct json *j) {
    json_key(j, "object");
    if (o == NULL)
        json_none(j);
    else
        json_cstring(j, o->name);
    audit_answer_label(o == NULL ? NULL : &o->label, j);
}

static void write_act(const struct caller *c, const struct audit_deed *d, struct json *j) {
    const struct object_def *o = object_by_id(c->world.objects, d->object);
    json_object_begin(j);
    json_key(j, "seq");
    json_int(j, (int64_t)d->seq);
    json_key(j, "at");
    json_time(j, d->at);
    json_key(j, "actor");
    audit_answer_person(c, d->actor, j);
    json_key(j, "act");
    json_text(j, d->what.act);
    write_object(o, j);
    json_key(j, "records");
    json_int(j, (int64_t)d->records);
    json_key(j, "count");
    json_int(j, d->what.day);
    json_key(j, "reason");
    if (d->reason || d->what.reason)
        json_cstring(j, d->reason ? "here" : "job");
    else
        json_none(j);
    json_key(j, "approvals");
    json_array_begin(j);
    for (size_t i = 0; i < d->what.approval_count; i++)
        json_int(j, (int64_t)d->what.approvals[i]);
    json_array_end(j);
    json_key(j, "more_approvals");
    json_int(j, d->what.more);
    json_key(j, "outcome");
    json_cstring(j, audit_answer_outcome(d->outcome));
    json_object_end(j);
}

HANDLER(api_high_risk_acts) {
    struct audit_deed_query q;
    struct audit_deed *rows = NULL;
    size_t n = 0;
    bool more = false;
    uint64_t last = 0;
    struct json j = json_to(&reply->body);
    enum status s = permit(c, e);
    if (s == ST_OK)
        s = read_query(c, r, &q, e);
    if (s == ST_OK)
        s = record(c, &q, e);
    if (s == ST_OK)
        s = find(engine, c, &q, &rows, &n, &more, &last, e);
    if (s != ST_OK)
        return s;
    json_object_begin(&j);
    json_key(&j, "items");
    json_array_begin(&j);
    for (size_t i = 0; i < n; i++)
        write_act(c, &rows[i], &j);
    json_array_end(&j);
    json_key(&j, "next");
    if (more)
        json_int(&j, (int64_t)rows[n - 1].id);
    else
        json_none(&j);
    s = audit_answer_reach(c, last, &j, e);
    json_object_end(&j);
    return s;
}
