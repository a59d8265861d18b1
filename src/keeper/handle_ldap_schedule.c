/* Messages of directories' schedules (keeper/ldap.h): the engine asks what is due, has it read, and says what
 * it would import; no person stands behind it. */
#include "base/clock.h"
#include "base/json_in.h"
#include "keeper/ldap_judge.h"
#include "keeper/registry_parse.h"
#include "keeper/state.h"

#include <stdlib.h>

/* The directory becomes the caller: who set its password is the actor, its own id the session. */
static void become(struct worker *w, const struct ldap_run *run) {
    w->caller = (struct caller){.session = run->session, .grant = {.user = run->by, .is_key = true}};
    w->has_caller = true;
}

enum status handle_ldap_due(struct worker *w, struct args *in, struct args *out, struct error *e) {
    char tag[AUDIT_TAG_MAX];
    struct ldap_run run;
    enum status s = ledger_ready(w->state->ledger, e);
    if (s == ST_OK)
        s = ldap_source_due(w->state->ldap, w->state->registry, clock_wall_ms(), &run, e);
    if (s != ST_OK)
        return s;
    out->number32 = run.directory;
    out->uuid = run.errand;
    if (run.directory == 0)
        return ST_OK;
    become(w, &run);
    (void)snprintf(tag, sizeof tag, "ldap %u scheduled read", run.directory);
    return worker_record(w, in, AUDIT_ADMIN, AUDIT_DONE, tag, e);
}

enum status handle_ldap_run(struct worker *w, struct args *in, struct args *out, struct error *e) {
    struct ldap_run run;
    json_t *document = NULL;
    enum status s = ldap_source_run(w->state->ldap, &in->uuid, w->state->registry, clock_wall_ms(), &run,
                                    &document, &w->scratch, e);
    char *printed = s == ST_OK ? json_print(document, JSON_COMPACT) : NULL;
    json_decref(document);
    if (s != ST_OK)
        return s;
    out->number32 = run.directory;
    out->number = run.ends_left;
    out->flag = sign_on_links_mail(w->state->sign_on);
    out->text = buf_slice(&w->scratch);
    out->second = printed == NULL ? SLICE_NONE : arena_copy(&w->arena, slice_from_string(printed));
    free(printed);
    return out->second.p == NULL ? error_set(e, ST_NOMEM, "no_memory", "directory") : ST_OK;
}

static enum status import(struct worker *w, struct args *in, const struct ldap_run *run,
                          const json_t *document, struct error *e) {
    struct ldap_judgement said = {.made = 0};
    char tag[AUDIT_TAG_MAX];
    json_t *list = NULL, *read = NULL;
    (void)snprintf(tag, sizeof tag, "ldap %u scheduled import", run->directory);
    enum status s = registry_parse_json(in->text, &list, e);
    const json_t *items = json_object_get(list, "items");
    if (s == ST_OK && json_read(buf_slice(&w->scratch), 0, &read, NULL) != ST_OK)
        s = error_set(e, ST_UNAVAILABLE, "ldap_refused", "what was read does not parse");
    if (s == ST_OK)
        s = ldap_judge(w->state->registry, run->directory, document, read, items, &w->arena, &said, e);
    if (s == ST_OK)
        s = ldap_source_count(w->state->ldap, run->directory, said.suspended, said.made, clock_wall_ms(), e);
    if (s == ST_DENIED || s == ST_LIMIT)
        s = worker_refuse(w, in, tag, e);
    (void)snprintf(tag, sizeof tag, "ldap %u scheduled import %zu of people", run->directory,
                   json_array_size(items));
    if (s == ST_OK)
        s = worker_import(w, in, list, tag, e);
    const int64_t counts[3] = {(int64_t)said.added, (int64_t)said.changed, (int64_t)said.suspended};
    if (s == ST_OK)
        ldap_source_imported(w->state->ldap, &in->uuid, counts, clock_wall_ms());
    json_decref(list);
    json_decref(read);
    return s;
}

enum status handle_ldap_run_import(struct worker *w, struct args *in, struct args *out, struct error *e) {
    struct ldap_run run;
    json_t *document = NULL;
    (void)out;
    enum status s = ldap_source_run(w->state->ldap, &in->uuid, w->state->registry, clock_wall_ms(), &run,
                                    &document, &w->scratch, e);
    if (s == ST_OK) {
        become(w, &run);
        s = import(w, in, &run, document, e);
    }
    json_decref(document);
    return s;
}

static int64_t count_in(const json_t *from, const char *key) {
    json_int_t n = json_integer_value(json_object_get(from, key));
    return n > 0 && n <= 1000000 ? n : 0;
}

/* {"people", "units", "pending": {"added", "changed", "gone", "refused"}, "error": a code}. */
enum status handle_ldap_run_end(struct worker *w, struct args *in, struct args *out, struct error *e) {
    static const char *const names[] = {"added", "changed", "gone", "refused"};
    json_t *said = NULL;
    (void)out;
    enum status s = registry_parse_json(in->text, &said, e);
    if (s != ST_OK)
        return s;
    const json_t *pending = json_object_get(said, "pending");
    const char *code = json_string_value(json_object_get(said, "error"));
    struct ldap_outcome o = {.people = count_in(said, "people"),
                             .units = count_in(said, "units"),
                             .reckoned = json_is_object(pending)};
    for (size_t i = 0; i < 4; i++)
        o.pending[i] = count_in(pending, names[i]);
    size_t n = code == NULL ? 0 : strlen(code);
    if (n > 0)
        (void)snprintf(o.code, sizeof o.code, "%.40s",
                       strspn(code, "abcdefghijklmnopqrstuvwxyz_") == n ? code : "ldap_refused");
    json_decref(said);
    return ldap_source_run_end(w->state->ldap, &in->uuid, &o, clock_wall_ms(), e);
}
