/* People and departments from a list, as one change: all of it or nothing, one entry of the log. Roles and
 * duties are not given by a list, and a holder of a duty is not changed by one (keeper/registry.h: it would
 * take two). */
#include "base/clock.h"
#include "base/json_in.h"
#include "keeper/deed.h"
#include "keeper/executive.h"
#include "keeper/registry_parse.h"
#include "keeper/state.h"

#include <stdlib.h>

#define STORE_TRIES 8 /* when others change the registry in between */

static enum status read_item(struct worker *w, const json_t *item, struct registry_change *out,
                             struct error *e) {
    const char *kind = json_string_value(json_object_get(item, "kind"));
    json_int_t id = json_integer_value(json_object_get(item, "id"));
    const json_t *document = json_object_get(item, "document");
    bool user = kind != NULL && strcmp(kind, "user") == 0;
    if ((!user && (kind == NULL || strcmp(kind, "department") != 0)) || id < 0 || id > UINT32_MAX ||
        !json_is_object(document))
        return error_field(e, ST_INVALID, "bad_document", "items", "items: kind, id and document");
    char *text = json_print(document, JSON_COMPACT);
    *out = (struct registry_change){.kind = user ? REGISTRY_USER : REGISTRY_DEPARTMENT, .id = (uint32_t)id};
    out->document = text == NULL ? SLICE_NONE : arena_copy(&w->arena, slice_from_string(text));
    free(text);
    return out->document.p == NULL ? error_set(e, ST_NOMEM, "no_memory", "import") : ST_OK;
}

static enum status read_items(struct worker *w, const json_t *document, struct registry_change **out,
                              size_t *n, struct error *e) {
    const json_t *items = json_object_get(document, "items");
    *n = json_array_size(items);
    if (*n == 0 || *n > REGISTRY_IMPORT_MAX)
        return error_field(e, ST_INVALID, "bad_document", "items", "items: 1 to %d", REGISTRY_IMPORT_MAX);
    *out = arena_array(&w->arena, *n, sizeof **out);
    if (*out == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "import");
    for (size_t i = 0; i < *n; i++) {
        enum status s = read_item(w, json_array_get(items, i), &(*out)[i], e);
        if (s != ST_OK)
            return s;
    }
    return ST_OK;
}

/* Accounts that are over by it are out at once. */
static enum status end_sessions(struct worker *w, const struct registry_change *changes, size_t n,
                                struct error *e) {
    for (size_t i = 0; i < n; i++) {
        struct actor live;
        if (changes[i].kind == REGISTRY_USER &&
            registry_actor(w->state->registry, changes[i].id, NULL, &live) != ST_OK &&
            sessions_end_user(w->state->sessions, changes[i].id, NULL) != ST_OK)
            return error_set(e, ST_IO, "session_store", "the user's sessions could not be ended");
    }
    return ST_OK;
}

/* Accounts that the list suspends: only those of a directory are counted (keeper/ldap.h). */
static bool is_user(const json_t *item) {
    const char *kind = json_string_value(json_object_get(item, "kind"));
    return kind != NULL && strcmp(kind, "user") == 0;
}

static size_t count_suspended(struct worker *w, const json_t *items) {
    const json_t *item;
    size_t i, n = 0;
    json_array_foreach(items, i, item) {
        struct actor live;
        json_int_t id = json_integer_value(json_object_get(item, "id"));
        bool user = is_user(item);
        n += user && id > 0 && json_is_true(json_object_get(json_object_get(item, "document"), "disabled")) &&
             registry_actor(w->state->registry, (uint32_t)id, NULL, &live) == ST_OK;
    }
    return n;
}

static enum status count_ends(struct worker *w, const struct args *in, const json_t *document, char *tag,
                              size_t n, struct error *e) {
    json_int_t from = json_integer_value(json_object_get(document, "directory"));
    (void)snprintf(tag, AUDIT_TAG_MAX, "import %zu of people and departments", n);
    if (json_object_get(document, "directory") == NULL)
        return ST_OK;
    uint32_t id = from > 0 && from <= UINT32_MAX ? (uint32_t)from : 0;
    (void)snprintf(tag, AUDIT_TAG_MAX, "ldap %u import %zu of people", id, n);
    size_t ends = count_suspended(w, json_object_get(document, "items"));
    enum status s = ldap_source_count(w->state->ldap, id, ends, 0, clock_wall_ms(), e);
    return s == ST_LIMIT ? worker_refuse(w, in, tag, e) : s;
}

/* " u57-60 d9-9": the numbers that new people and departments will have; those of the last are the next. */
static void name_new(struct worker *w, const struct registry_change *changes, size_t n, uint64_t *version,
                     char *out, size_t room) {
    uint32_t user = registry_next_id(w->state->registry, REGISTRY_USER, version);
    uint32_t place = registry_next_id(w->state->registry, REGISTRY_DEPARTMENT, version);
    uint32_t users = 0, places = 0;
    char people[32] = "", departments[32] = "";
    for (size_t i = 0; i < n; i++) {
        bool is_user = changes[i].kind == REGISTRY_USER;
        users += is_user && (changes[i].id == 0 || changes[i].id >= user);
        places += !is_user && (changes[i].id == 0 || changes[i].id >= place);
    }
    if (users > 0)
        (void)snprintf(people, sizeof people, " u%u-%u", user, user + users - 1);
    if (places > 0)
        (void)snprintf(departments, sizeof departments, " d%u-%u", place, place + places - 1);
    (void)snprintf(out, room, "%s%s", people, departments);
}

static enum status store_once(struct worker *w, struct args *in, struct registry_change *changes, size_t n,
                              const char *tag, struct error *e) {
    struct registry_writer who = {.user = w->caller.grant.user, .duties = DUTY_SYSTEM_ADMIN, .import = true};
    struct deed deed;
    char named[64], whole[AUDIT_TAG_MAX];
    name_new(w, changes, n, &who.rests_on, named, sizeof named);
    size_t have = strlen(tag);
    (void)snprintf(whole, sizeof whole, "%s", tag);
    if (have + strlen(named) < sizeof whole)
        memcpy(whole + have, named, strlen(named) + 1);
    executive_shown(w, &who);
    enum status s = executive_mark(w, &who, changes, n, whole, e);
    if (s == ST_OK)
        s = deed_begin(w, in, AUDIT_ADMIN, whole, &deed, e);
    if (s != ST_OK)
        return s;
    s = registry_put_all(w->state->registry, &who, changes, n, NULL, e);
    return deed_end(w, &deed, s, e);
}

static enum status store_recorded(struct worker *w, struct args *in, struct registry_change *changes,
                                  size_t n, const char *tag, struct error *e) {
    enum status s = ST_RETRY;
    for (unsigned i = 0; s == ST_RETRY && i < STORE_TRIES; i++)
        s = store_once(w, in, changes, n, tag, e);
    if (s == ST_DENIED)
        return worker_refuse(w, in, tag, e);
    return s == ST_OK ? end_sessions(w, changes, n, e) : s;
}

enum status worker_import(struct worker *w, struct args *in, const json_t *list, const char *tag,
                          struct error *e) {
    struct registry_change *changes = NULL;
    size_t n = 0;
    enum status s = read_items(w, list, &changes, &n, e);
    return s == ST_OK ? store_recorded(w, in, changes, n, tag, e) : s;
}

enum status handle_registry_import(struct worker *w, struct args *in, struct args *out, struct error *e) {
    const struct caller *c = &w->caller;
    struct registry_change *changes = NULL;
    char tag[AUDIT_TAG_MAX] = "";
    size_t n = 0;
    (void)out;
    if (c->grant.is_key || c->grant.is_job || c->grant.must_change ||
        (c->actor.duties & DUTY_SYSTEM_ADMIN) == 0) {
        (void)error_set(e, ST_DENIED, "not_your_duty", "people are imported by the system administrator");
        return worker_refuse(w, in, "import of people", e);
    }
    json_t *document = NULL;
    w->why = in->second;
    enum status s = registry_parse_json(in->text, &document, e);
    if (s == ST_OK)
        s = read_items(w, document, &changes, &n, e);
    if (s == ST_OK)
        s = count_ends(w, in, document, tag, n, e);
    json_decref(document);
    return s == ST_OK ? store_recorded(w, in, changes, n, tag, e) : s;
}
