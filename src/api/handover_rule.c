#include "api/handover_rule.h"

#include "base/clock.h"
#include "base/json_in.h"
#include "people/stood.h"

static enum status receiver_fits(struct caller *c, uint32_t user, struct error *e) {
    const struct staff *s = directory_staff(c->world.directory, user);
    return s != NULL && !s->disabled && s->duties == 0
               ? ST_OK
               : error_field(e, ST_INVALID, "reference_missing", "to", "there is no such colleague");
}

/* What is typed as a value of a sealed field would stand in the plan in clear: refused before anything is
 * kept, in the words that an unknown field gets. */
static enum status check_field(struct caller *c, const json_t *body, struct error *e) {
    const json_t *field = json_object_get(body, "field");
    struct slice name = slice_of(json_string_value(field), json_string_length(field));
    bool open = false, sealed = false;
    if (!json_is_string(field))
        return ST_OK;
    for (size_t i = 0; i < c->world.objects->count; i++) {
        const struct field_def *f = object_field(c->world.objects->objects[i], name);
        open = open || f != NULL;
        sealed = sealed || (f != NULL && field_is_sealed(f));
    }
    return open && !sealed ? ST_OK : error_field(e, ST_INVALID, "invalid", "field", "no field to choose by");
}

enum status handover_rule_read(struct caller *c, const struct http_request *r, struct handover_rule *rule,
                               struct error *e) {
    enum status s = check_field(c, r->json, e);
    if (s == ST_OK)
        s = handover_read_rule(r->body, NULL, c->arena, rule, e);
    for (size_t i = 0; s == ST_OK && i < rule->to_count; i++)
        s = receiver_fits(c, rule->to[i], e);
    for (size_t i = 0; s == ST_OK && i < rule->case_count; i++)
        s = receiver_fits(c, rule->cases[i].to, e);
    return s;
}

struct slice handover_rule_plan(struct caller *c, const struct http_request *r) {
    static const char *const kept[] = {"from", "within", "department", "to", "field", "cases"};
    return json_members(c->arena, r->json, kept, sizeof kept / sizeof kept[0]);
}

enum status handover_rule_former(struct caller *c, const struct handover_rule *rule, struct error *e) {
    const struct directory *d = c->world.directory;
    const struct staff *me = directory_staff(d, c->who.user);
    uint32_t here[STANDING_LEADERS];
    json_t *document = NULL;
    if (rule->department == 0)
        return error_field(e, ST_INVALID, "invalid", "department", "of which department?");
    if (me == NULL || json_read(me->document, 0, &document, NULL) != ST_OK)
        return error_set(e, ST_NOMEM, "no_memory", "handover");
    size_t n = stood_at(&d->organisation, document, clock_wall_ms(), here);
    json_decref(document);
    for (size_t i = 0; i < n; i++) {
        if (here[i] == rule->department)
            return error_field(e, ST_INVALID, "former_department", "department", "he stands there");
    }
    return ST_OK;
}
