#include "api/engine.h"

#include "api/handlers.h"
#include "base/clock.h"
#include "base/json_in.h"

HANDLER(api_health) {
    (void)engine;
    (void)c;
    (void)r;
    (void)e;
    buf_put_string(&reply->body, "{\"status\":\"ok\"}");
    return ST_OK;
}

/* Ready: the keeper answers, and can write its log. */
HANDLER(api_ready) {
    struct slice health;
    (void)engine;
    (void)r;
    enum status s = keeper_health(c->keeper, &health, e);
    if (s != ST_OK)
        return error_set(e, ST_UNAVAILABLE, "keeper_away", "the keeper does not answer");
    json_t *state;
    if (json_read(health, 0, &state, NULL) == ST_NOMEM)
        return error_set(e, ST_NOMEM, "no_memory", "health");
    const json_t *writable = json_object_get(state, "audit_writable");
    bool ready = writable == NULL || json_is_true(writable);
    json_decref(state);
    if (!ready)
        return error_set(e, ST_IO, "audit_unwritable", "the audit log can't be written");
    buf_put_string(&reply->body, "{\"status\":\"ready\"}");
    return ST_OK;
}

static void metric(struct buf *out, const char *name, const char *type, const char *help, double value) {
    buf_put_format(out, "# HELP %s %s\n# TYPE %s %s\n%s %.17g\n", name, help, name, type, name, value);
}

/* The keeper's counters: every number in its health document. */
static void keeper_metrics(struct caller *c, struct buf *out) {
    struct slice health;
    struct error ignored;
    const char *key;
    json_t *value;
    if (keeper_health(c->keeper, &health, &ignored) != ST_OK) {
        metric(out, "kedun_keeper_up", "gauge", "1 while the keeper answers.", 0);
        return;
    }
    metric(out, "kedun_keeper_up", "gauge", "1 while the keeper answers.", 1);
    json_t *document;
    if (json_read(health, 0, &document, NULL) != ST_OK)
        return;
    json_object_foreach(document, key, value) {
        char name[96];
        if (!json_is_number(value))
            continue;
        (void)snprintf(name, sizeof name, "kedun_keeper_%s", key);
        metric(out, name, "gauge", "Of the keeper; see docs/operations.md.", json_number_value(value));
    }
    json_decref(document);
}

HANDLER(api_metrics) {
    (void)r;
    (void)e;
    reply->content_type = "text/plain; version=0.0.4; charset=utf-8";
    metric(&reply->body, "kedun_requests_total", "counter", "Requests taken by the engine.",
           (double)__atomic_load_n(&engine->requests, __ATOMIC_RELAXED));
    metric(&reply->body, "kedun_failures_total", "counter", "Requests that ended in an internal failure.",
           (double)__atomic_load_n(&engine->failures, __ATOMIC_RELAXED));
    metric(&reply->body, "kedun_uptime_seconds", "gauge", "Since the engine's start.",
           (double)(clock_wall_ms() - engine->started_ms) / 1000);
    keeper_metrics(c, &reply->body);
    return ST_OK;
}
