/* Access to fields asked for in place: decided by the department's head. */
#include "base/clock.h"
#include "base/json_in.h"
#include "keeper/proposal_kind.h"
#include "keeper/registry_parse.h"

#include <stdlib.h>

#define ACCESS_HOURS 720
#define HOUR_MS      ((int64_t)3600 * 1000)

static const json_t *change_of(const json_t *document) {
    return json_object_get(document, "change");
}

static int64_t access_hours(const json_t *document) {
    json_int_t hours = json_integer_value(json_object_get(change_of(document), "hours"));
    return hours >= 1 && hours <= ACCESS_HOURS ? hours : 0;
}

/* No approval opens what the security administrator's ceiling shuts: it is refused before anybody reads it.
 */
static enum status within_ceiling(struct worker *w, const struct actor *whom, const json_t *change,
                                  struct error *e) {
    const json_t *fields = json_object_get(change, "fields");
    uint16_t object = (uint16_t)proposal_user(change, "object");
    for (size_t i = 0; i < json_array_size(fields); i++) {
        struct catalogue_field f;
        uint16_t id = (uint16_t)json_integer_value(json_array_get(fields, i));
        if (!registry_field(w->state->registry, object, id, &f))
            return error_set(e, ST_INVALID, "unknown_field", "there is no such field");
        if (whom->ceiling[f.class] < VIEW_CLEAR)
            return error_set(e, ST_DENIED, "above_ceiling", "the roles' ceiling does not let it be opened");
    }
    return ST_OK;
}

static enum status may_have(struct worker *w, uint32_t user, const json_t *change, struct error *e) {
    struct actor whom;
    if (registry_actor(w->state->registry, user, NULL, &whom) != ST_OK)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such user");
    if (whom.duties != 0)
        return error_set(e, ST_DENIED, "duty_holder", "a duty's holder gets no access to customers' data");
    if (registry_home_of(w->state->registry, user) == 0)
        return error_set(e, ST_CONFLICT, "no_approver", "the person stands in no department");
    return within_ceiling(w, &whom, change, e);
}

enum status access_propose(struct worker *w, const json_t *document, char half[PROPOSAL_HALF + 1],
                           struct error *e) {
    uint32_t user = proposal_user(document, "user"), one;
    half[0] = '\0';
    if (user != w->caller.grant.user)
        return error_set(e, ST_DENIED, "not_your_duty", "access is asked for by who needs it");
    if (access_hours(document) == 0)
        return error_field(e, ST_INVALID, "bad_document", "hours", "1 to %d hours", ACCESS_HOURS);
    enum status s = registry_parse_access(change_of(document), e);
    if (s == ST_OK)
        s = may_have(w, user, change_of(document), e);
    if (s == ST_OK && registry_deciders(w->state->registry, user, &one, 1) == 0)
        s = error_set(e, ST_CONFLICT, "no_approver", "nobody leads the person's department");
    return s;
}

bool access_may_decide(struct worker *w, const json_t *document) {
    return registry_decides_for(w->state->registry, w->caller.grant.user, proposal_user(document, "user"));
}

bool access_stands(struct worker *w, const json_t *document) {
    struct actor live;
    uint32_t by = proposal_user(document, "by");
    return by == proposal_user(document, "user") &&
           registry_actor(w->state->registry, by, NULL, &live) == ST_OK;
}

/* What was asked for, word for word, beside what every grant has. */
static char *grant_text(const struct worker *w, const json_t *document) {
    static const char *const kept[] = {"object", "name", "label", "fields", "labels", "records"};
    uint32_t user = proposal_user(document, "user");
    json_t *grant = grant_document(user, 0, json_array(), clock_wall_ms() + access_hours(document) * HOUR_MS,
                                   "access", proposal_text(document, "reason"), user);
    uint32_t by = w->caller.grant.user, place = registry_home_of(w->state->registry, user);
    bool fine = grant != NULL && json_object_set_new(grant, "approved_by", json_integer((json_int_t)by)) == 0;
    /* It holds while he stands there: another department's head has not agreed to it. */
    fine = fine && json_object_set_new(grant, "department", json_integer((json_int_t)place)) == 0;
    for (size_t i = 0; fine && i < sizeof kept / sizeof kept[0]; i++) {
        json_t *v = json_object_get(change_of(document), kept[i]);
        fine = v == NULL || json_object_set_new(grant, kept[i], json_deep_copy(v)) == 0;
    }
    char *text = fine ? json_print(grant, JSON_COMPACT) : NULL;
    json_decref(grant);
    return text;
}

enum status access_apply(struct worker *w, const json_t *document, const struct proposal_store *store,
                         char half[PROPOSAL_HALF + 1], struct error *e) {
    uint32_t user = proposal_user(document, "user");
    half[0] = '\0';
    enum status s = may_have(w, user, change_of(document), e);
    char *text = s == ST_OK ? grant_text(w, document) : NULL;
    if (s == ST_OK && text == NULL)
        s = error_set(e, ST_NOMEM, "no_memory", "grant");
    if (s == ST_OK) {
        struct registry_writer who = {.user = user, .second = w->caller.grant.user, .grants = true};
        struct registry_change one = {REGISTRY_GRANT, 0, slice_from_string(text)};
        s = registry_put_all(w->state->registry, &who, &one, 1, &store->change, e);
    }
    free(text);
    return s;
}
