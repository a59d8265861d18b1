#include "api/audit_answer.h"

#include "api/engine.h"
#include "base/clock.h"
#include "base/json_in.h"

enum status audit_answer_open(struct engine *engine, struct caller *c, struct audit_index **out,
                              struct error *e) {
    const char *directory = role_path(engine->env, c->arena, "db");
    if (directory == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "audit");
    return audit_index_open(directory, false, out, e);
}

void audit_answer_person(const struct caller *c, uint32_t id, struct json *j) {
    const struct staff *s = directory_staff(c->world.directory, id);
    if (id == 0) {
        json_none(j);
        return;
    }
    json_object_begin(j);
    json_key(j, "id");
    json_int(j, id);
    json_key(j, "name");
    json_cstring(j, s == NULL ? "" : s->name);
    json_object_end(j);
}

void audit_answer_label(const struct label *label, struct json *j) {
    json_key(j, "label");
    if (label == NULL) {
        json_none(j);
        return;
    }
    json_object_begin(j);
    json_key(j, "zh");
    json_cstring(j, label->zh == NULL ? "" : label->zh);
    json_key(j, "en");
    json_cstring(j, label->en == NULL ? "" : label->en);
    json_object_end(j);
}

const char *audit_answer_outcome(uint8_t outcome) {
    return outcome == AUDIT_DONE ? "allowed" : audit_outcome_name(outcome);
}

enum status audit_answer_reach(struct caller *c, uint64_t indexed_to, struct json *j, struct error *e) {
    struct slice text;
    enum status s = keeper_health(c->keeper, &text, e);
    json_t *health = NULL;
    if (s == ST_OK && json_read(text, 0, &health, NULL) != ST_OK)
        s = error_set(e, ST_NOMEM, "no_memory", "health");
    json_key(j, "indexed_to");
    json_int(j, (int64_t)indexed_to);
    json_key(j, "head");
    json_int(j, json_integer_value(json_object_get(health, "audit_durable_seq")));
    json_decref(health);
    return s;
}

bool audit_answer_time(const struct http_request *r, const char *name, struct arena *a, int64_t *out) {
    struct slice text = http_query_value(r, name, a);
    return text.n == 0 || clock_parse(text, out);
}
