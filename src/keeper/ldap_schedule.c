/* What directories do by themselves: when, by whose word, and what is told of it. */
#include "base/clock.h"
#include "base/json_in.h"
#include "base/log.h"
#include "keeper/ldap_table.h"

#include <stdlib.h>

#define DAY_MS   ((int64_t)24 * 3600 * 1000)
#define HOUR_MS  ((int64_t)3600 * 1000)
#define RETRY_MS HOUR_MS

/* ---- what is kept ---- */

struct number {
    const char *name;
    size_t offset;
};

#define NUMBER(name, member)                                                                                 \
    { name, offsetof(struct ldap_state, member) }

static const struct number numbers[] = {
    NUMBER("by", by),
    NUMBER("day", day),
    NUMBER("ends", ends),
    NUMBER("makes", makes),
    NUMBER("next_at", next_at),
    NUMBER("read_at", read_at),
    NUMBER("people", people),
    NUMBER("units", units),
    NUMBER("error_at", error_at),
    NUMBER("imported_at", imported_at),
    NUMBER("added", imported[0]),
    NUMBER("changed", imported[1]),
    NUMBER("suspended", imported[2]),
    NUMBER("pending_at", pending_at),
    NUMBER("pending_added", pending[0]),
    NUMBER("pending_changed", pending[1]),
    NUMBER("pending_gone", pending[2]),
    NUMBER("pending_refused", pending[3]),
};

#define NUMBERS (sizeof numbers / sizeof numbers[0])

static int64_t *number_in(struct ldap_state *s, size_t i) {
    return (int64_t *)(void *)((char *)s + numbers[i].offset);
}

char *ldap_state_text(const struct ldap_state *s) {
    struct ldap_state copy = *s;
    char session[UUID_TEXT + 1];
    uuid_format(&s->session, session);
    json_t *json = json_pack("{s:s, s:s}", "session", session, "error", s->error);
    bool fine = json != NULL;
    for (size_t i = 0; fine && i < NUMBERS; i++)
        fine = json_object_set_new(json, numbers[i].name, json_integer(*number_in(&copy, i))) == 0;
    char *text = fine ? json_print(json, JSON_COMPACT) : NULL;
    json_decref(json);
    return text;
}

enum status ldap_state_load(void *sources, struct slice key, struct slice value) {
    struct reader r = reader_of(key);
    struct ldap_record *record = ldap_find(sources, reader_u32(&r));
    json_t *json = NULL;
    enum status s = json_read(value, 0, &json, NULL);
    if (s != ST_OK)
        return s == ST_INVALID ? ST_CORRUPT : s;
    const char *session = json_string_value(json_object_get(json, "session")),
               *error = json_string_value(json_object_get(json, "error"));
    bool fine = reader_done(&r) && record != NULL && session != NULL && error != NULL &&
                uuid_parse(slice_from_string(session), &record->state.session);
    if (fine)
        (void)snprintf(record->state.error, sizeof record->state.error, "%s", error);
    for (size_t i = 0; fine && i < NUMBERS; i++)
        *number_in(&record->state, i) = json_integer_value(json_object_get(json, numbers[i].name));
    json_decref(json);
    return fine ? ST_OK : ST_CORRUPT;
}

static enum status keep(struct ldap_sources *l, const struct ldap_record *r, bool wait) {
    uint8_t key[4];
    char *text = ldap_state_text(&r->state);
    ldap_key_of(r->id, key);
    const struct vault_change change = {VAULT_LDAP_STATE, slice_of(key, sizeof key), slice_from_string(text)};
    enum status s = text == NULL ? ST_NOMEM
                    : wait       ? vault_commit(l->vault, &change, 1)
                                 : vault_commit_lazy(l->vault, &change, 1);
    free(text);
    return s;
}

enum status ldap_state_store(struct ldap_sources *l, const struct ldap_record *r) {
    return keep(l, r, true);
}

void ldap_state_note(struct ldap_sources *l, const struct ldap_record *r) {
    if (keep(l, r, false) != ST_OK)
        log_warn("event=ldap_state_not_kept directory=%u", r->id);
}

/* ---- when ---- */

static int64_t hours_of(const struct ldap_record *r) {
    return json_integer_value(json_object_get(r->document, "every_hours"));
}

static bool is_administrator(struct registry *people, int64_t user) {
    struct actor a;
    return user > 0 && registry_actor(people, (uint32_t)user, NULL, &a) == ST_OK &&
           (a.duties & DUTY_SYSTEM_ADMIN) != 0;
}

/* "": it runs. */
static const char *why_rests(struct ldap_sources *l, const struct ldap_record *r, struct registry *people) {
    if (!ldap_is_live(r))
        return "disabled";
    if (!ldap_has_secret(l, r->id))
        return "ldap_no_password";
    return is_administrator(people, r->state.by) ? "" : "ldap_nobody";
}

void ldap_note_failure(struct ldap_record *r, const char *code, int64_t now) {
    /* What only people can mend is not asked for every hour: a directory may lock the account that reads. */
    static const char *const passing[] = {"ldap_unreachable", "ldap_slow", "ldap_tls", "ldap_refused",
                                          "ldap_busy"};
    int64_t wait = hours_of(r) * HOUR_MS;
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++) {
        if (strcmp(passing[i], code) == 0 && wait > RETRY_MS)
            wait = RETRY_MS;
    }
    r->state.error_at = now;
    r->state.next_at = now + wait;
    (void)snprintf(r->state.error, sizeof r->state.error, "%s", code);
}

static enum status start(struct ldap_sources *l, struct ldap_record *r, int64_t now, struct ldap_run *out,
                         struct error *e) {
    int64_t every = hours_of(r) * HOUR_MS, before = r->state.next_at;
    struct uuid errand;
    enum status s = ldap_ask(l, r, &r->timed, 0, now, &errand, e);
    if (s == ST_INVALID)
        ldap_note_failure(r, e->code, now);
    else
        r->state.next_at = now + (every < RETRY_MS ? every : RETRY_MS); /* until it is known how it went */
    enum status kept = ldap_stored(ldap_state_store(l, r), s == ST_OK ? e : NULL);
    if (kept != ST_OK) {
        r->state.next_at = before;
        ldap_reading_drop(&r->timed);
        return kept;
    }
    *out = (struct ldap_run){
        .directory = r->id, .errand = errand, .by = (uint32_t)r->state.by, .session = r->state.session};
    return s;
}

enum status ldap_source_due(struct ldap_sources *l, struct registry *people, int64_t now,
                            struct ldap_run *out, struct error *e) {
    enum status s = ST_OK;
    *out = (struct ldap_run){.directory = 0};
    (void)pthread_mutex_lock(&l->lock);
    for (size_t i = 0; s == ST_OK && out->directory == 0 && i < l->count; i++) {
        struct ldap_record *r = &l->records[i];
        int64_t every = hours_of(r) * HOUR_MS, next = r->state.next_at;
        bool due = every > 0 && (now >= next || next - now > every); /* later: by a clock that was wrong */
        if (due && !ldap_reading_is_busy(&r->timed, now) && *why_rests(l, r, people) == '\0')
            s = start(l, r, now, out, e);
    }
    (void)pthread_mutex_unlock(&l->lock);
    return s;
}

/* ---- a run ---- */

static struct ldap_record *running(struct ldap_sources *l, const struct uuid *errand, int64_t now) {
    for (size_t i = 0; i < l->count; i++) {
        struct ldap_record *r = &l->records[i];
        if ((r->timed.stage == LDAP_DONE || r->timed.stage == LDAP_FAILED) &&
            uuid_equal(&r->timed.id, errand) && ldap_reading_is_within(&r->timed, now, LDAP_KEPT_MS))
            return r;
    }
    return NULL;
}

/* Whatever became of it. */
static struct ldap_record *begun(struct ldap_sources *l, const struct uuid *errand) {
    for (size_t i = 0; i < l->count; i++) {
        struct ldap_record *r = &l->records[i];
        if (r->timed.stage != LDAP_NONE && uuid_equal(&r->timed.id, errand))
            return r;
    }
    return NULL;
}

static void say_run(const struct ldap_record *r, int64_t now, struct ldap_run *out) {
    const json_t *said = json_object_get(r->document, "ends_a_day");
    int64_t most = said == NULL ? LDAP_ENDS : json_integer_value(said);
    int64_t used = r->state.day == now / DAY_MS ? r->state.ends : 0;
    *out = (struct ldap_run){.directory = r->id,
                             .errand = r->timed.id,
                             .by = (uint32_t)r->state.by,
                             .session = r->state.session,
                             .ends_left = most > used ? (uint32_t)(most - used) : 0};
}

enum status ldap_source_run(struct ldap_sources *l, const struct uuid *errand, struct registry *people,
                            int64_t now, struct ldap_run *out, json_t **document, struct buf *body,
                            struct error *e) {
    enum status s = ST_OK;
    *document = NULL;
    (void)pthread_mutex_lock(&l->lock);
    struct ldap_record *r = running(l, errand, now);
    if (r == NULL || *why_rests(l, r, people) != '\0') {
        s = ldap_gone(e);
    } else if (r->timed.stage == LDAP_FAILED) {
        s = ldap_failure(&r->timed, e);
    } else {
        say_run(r, now, out);
        buf_put(body, r->timed.body.p, r->timed.body.n);
        *document = json_deep_copy(r->document);
        if (*document == NULL || body->failed)
            s = error_set(e, ST_NOMEM, "no_memory", "directory");
    }
    (void)pthread_mutex_unlock(&l->lock);
    return s;
}

void ldap_source_imported(struct ldap_sources *l, const struct uuid *errand, const int64_t counts[3],
                          int64_t now) {
    (void)pthread_mutex_lock(&l->lock);
    struct ldap_record *r = running(l, errand, now);
    if (r != NULL) {
        r->state.imported_at = now;
        memcpy(r->state.imported, counts, sizeof r->state.imported);
        ldap_state_note(l, r);
    }
    (void)pthread_mutex_unlock(&l->lock);
}

static void end_run(struct ldap_record *r, const struct ldap_outcome *o, int64_t now) {
    struct ldap_state *x = &r->state;
    if (r->timed.stage == LDAP_DONE) {
        x->read_at = r->timed.since;
        x->people = o->people;
        x->units = o->units;
    }
    if (o->reckoned) {
        x->pending_at = now;
        memcpy(x->pending, o->pending, sizeof x->pending);
    }
    if (o->code[0] != '\0') {
        ldap_note_failure(r, o->code, now);
    } else {
        x->error[0] = '\0';
        x->error_at = 0;
        x->next_at = now + hours_of(r) * HOUR_MS;
    }
    ldap_reading_drop(&r->timed);
}

enum status ldap_source_run_end(struct ldap_sources *l, const struct uuid *errand,
                                const struct ldap_outcome *o, int64_t now, struct error *e) {
    (void)pthread_mutex_lock(&l->lock);
    struct ldap_record *r = begun(l, errand);
    enum status s = r == NULL ? ldap_gone(e) : ST_OK;
    if (r != NULL) {
        end_run(r, o, now);
        s = ldap_stored(ldap_state_store(l, r), e);
    }
    (void)pthread_mutex_unlock(&l->lock);
    return s;
}

/* ---- what is counted ---- */

enum status ldap_source_count(struct ldap_sources *l, uint32_t id, size_t ends, size_t makes, int64_t now,
                              struct error *e) {
    enum status s = ST_OK;
    (void)pthread_mutex_lock(&l->lock);
    struct ldap_record *r = ldap_find(l, id);
    if (r == NULL)
        s = ldap_unknown(e);
    else if (ends > 0 || makes > 0)
        s = ldap_count(l, r, ends, makes, now, e);
    (void)pthread_mutex_unlock(&l->lock);
    return s;
}

enum status ldap_count(struct ldap_sources *l, struct ldap_record *r, size_t ends, size_t makes, int64_t now,
                       struct error *e) {
    struct ldap_state before = r->state, *x = &r->state;
    const json_t *said = json_object_get(r->document, "ends_a_day");
    size_t most = said == NULL ? LDAP_ENDS : (size_t)json_integer_value(said);
    if (x->day != now / DAY_MS) {
        x->day = now / DAY_MS;
        x->ends = x->makes = 0;
    }
    size_t ended = (size_t)x->ends, made = (size_t)x->makes;
    enum status s = ST_OK;
    if (ends > 0 && (ends > most || ended > most - ends))
        s = error_set(e, ST_LIMIT, "ldap_ends", "at most %zu accounts a day by this directory", most);
    else if (makes > LDAP_MAKES || made > LDAP_MAKES - makes)
        s = error_set(e, ST_LIMIT, "ldap_makes", "at most %d accounts and departments a day", LDAP_MAKES);
    x->ends = s == ST_OK ? (int64_t)(ended + ends) : x->ends;
    x->makes = s == ST_OK ? (int64_t)(made + makes) : x->makes;
    if (s == ST_OK) /* a restart gives nobody his day again */
        s = ldap_stored(ldap_state_store(l, r), e);
    if (s != ST_OK)
        *x = before;
    return s;
}

/* ---- for the page ---- */

static bool add_pending(json_t *out, const struct ldap_state *x) {
    return x->pending_at == 0 ||
           json_object_set_new(out, "pending",
                               json_pack("{s:I, s:I, s:I, s:I}", "added", (json_int_t)x->pending[0],
                                         "changed", (json_int_t)x->pending[1], "gone",
                                         (json_int_t)x->pending[2], "refused", (json_int_t)x->pending[3])) ==
               0;
}

json_t *ldap_state_json(struct ldap_sources *l, const struct ldap_record *r, struct registry *people) {
    const struct ldap_state *x = &r->state;
    const char *rests = why_rests(l, r, people);
    json_t *imported = json_pack("{s:I, s:I, s:I}", "added", (json_int_t)x->imported[0], "changed",
                                 (json_int_t)x->imported[1], "suspended", (json_int_t)x->imported[2]);
    int64_t now = clock_wall_ms(), next = x->next_at > now ? x->next_at : now;
    json_t *out = json_pack("{s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:s, s:I, s:o}", "by", (json_int_t)x->by,
                            "rests", rests, "next_at", (json_int_t)(*rests == '\0' ? next : 0), "read_at",
                            (json_int_t)x->read_at, "people", (json_int_t)x->people, "units",
                            (json_int_t)x->units, "error_at", (json_int_t)x->error_at, "error", x->error,
                            "imported_at", (json_int_t)x->imported_at, "imported", imported);
    if (out == NULL || add_pending(out, x))
        return out;
    json_decref(out);
    return NULL;
}
