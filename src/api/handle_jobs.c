#include "api/engine.h"
#include "api/events.h"
#include "api/fastcgi/fastcgi.h"
#include "api/handlers.h"
#include "api/problem.h"
#include "share/job.h"

static enum status own_job(struct caller *c, const struct http_request *r, struct job *out, struct error *e) {
    struct uuid id;
    if (!uuid_parse(r->parameters[0], &id))
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such job");
    enum status s = job_get(c->reader, &id, c->arena, out, e);
    if (s == ST_OK && out->owner != c->who.user)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such job");
    return s;
}

HANDLER(api_job) {
    struct job job;
    struct json j = json_to(&reply->body);
    (void)engine;
    enum status s = own_job(c, r, &job, e);
    if (s == ST_OK)
        job_describe(&job, problem_title, c->language, &j);
    return s;
}

HANDLER(api_job_events) {
    static const char head[] = "Status: 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
                               "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n\r\n";
    struct job job;
    enum status s = own_job(c, r, &job, e);
    if (s != ST_OK)
        return s;
    s = events_add(engine->events, r, SLICE(head), c->who.user, &job.id, c->language, e);
    reply->streamed = reply->lent = s == ST_OK;
    return s;
}

HANDLER(api_job_cancel) {
    struct job job;
    struct json j = json_to(&reply->body);
    (void)engine;
    enum status s = own_job(c, r, &job, e);
    if (s != ST_OK)
        return s;
    if (job.kind == JOB_RESEAL)
        return error_set(e, ST_CONFLICT, "not_cancellable", "what a change of definitions left is done");
    if (!job_is_over(&job)) {
        bool file = job.kind == JOB_IMPORT || job.kind == JOB_UNDO;
        s = keeper_record(c->keeper, &c->call, file ? AUDIT_IMPORT : AUDIT_ADMIN, AUDIT_DONE, job.object,
                          file ? &job.import : NULL, SLICE("cancel asked"), SLICE(""), e);
        if (s == ST_OK)
            s = job_cancel(c->world.world, &job, e);
    }
    if (s != ST_OK)
        return s;
    reply->status = 202;
    job_describe(&job, problem_title, c->language, &j);
    return ST_OK;
}
