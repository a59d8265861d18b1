#include "people/import.h"

#include "base/clock.h"
#include "base/json_in.h"
#include "keeper/registry_executive.h"
#include "keeper/registry_second.h"
#include "people/import_place.h"
#include "value/login.h"

#include <stdlib.h>
#include <time.h>

const char *const import_effect_names[IMPORT_EFFECTS] = {"added", "changed", "unchanged", "refused"};

void import_entry_write(struct json *j, const struct import_entry *one) {
    json_object_begin(j);
    json_key(j, "line");
    json_int(j, (int64_t)one->line);
    json_key(j, "kind");
    json_cstring(j, one->is_department ? "department" : "person");
    json_key(j, "name");
    json_cstring(j, one->name);
    json_key(j, "effect");
    json_cstring(j, import_effect_names[one->effect]);
    json_key(j, "reason");
    json_cstring(j, one->reason);
    json_key(j, "changes");
    import_changes_write(j, &one->changes);
    json_object_end(j);
}

struct importer {
    const struct directory *d;
    const struct import_source *source; /* NULL: a file */
    const struct import_row *rows;
    size_t n;
    struct arena *arena;
    struct import_plan *plan;
    struct import_places places;
    json_t *items;
    int64_t now;
    bool no_memory;
};

static struct import_entry *note(struct importer *x, uint64_t line, const char *name, bool department,
                                 enum import_effect effect, const char *reason) {
    struct import_entry *entry = &x->plan->entries[x->plan->count++];
    *entry = (struct import_entry){
        .line = line, .is_department = department, .effect = effect, .name = name, .reason = reason};
    x->plan->totals[effect]++;
    return entry;
}

/* Takes over the document. */
static void add_item(struct importer *x, const char *kind, uint32_t id, json_t *document) {
    json_t *item = json_pack("{s:s, s:I, s:o}", "kind", kind, "id", (json_int_t)id, "document", document);
    if (item == NULL || json_array_append_new(x->items, item) != 0)
        x->no_memory = true;
}

static json_t *text_json(struct slice s) {
    return json_stringn((const char *)s.p, s.n);
}

static void set(struct importer *x, json_t *to, const char *key, json_t *value) {
    if (json_object_set_new(to, key, value) != 0)
        x->no_memory = true;
}

/* "2026-03-01" or "2026/3/1" at midnight, local time; `days` later. False: no date. */
static bool read_date(struct slice text, int days, int64_t *out) {
    int part[3] = {0};
    size_t k = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '-' || text.p[i] == '/') {
            if (++k > 2)
                return false;
        } else if (text.p[i] < '0' || text.p[i] > '9' || part[k] > 9999) {
            return false;
        } else {
            part[k] = part[k] * 10 + (text.p[i] - '0');
        }
    }
    struct tm t = {
        .tm_year = part[0] - 1900, .tm_mon = part[1] - 1, .tm_mday = part[2] + days, .tm_isdst = -1};
    bool fine = k == 2 && part[0] >= 1970 && part[0] <= 2999 && part[1] >= 1 && part[1] <= 12 &&
                part[2] >= 1 && part[2] <= 31;
    *out = fine ? (int64_t)mktime(&t) * 1000 : 0;
    return fine;
}

static const struct staff *by_login(const struct importer *x, struct slice login) {
    for (size_t i = 0; i < x->d->staff_count; i++) {
        if (slice_is(login, x->d->staff[i].login))
            return &x->d->staff[i];
    }
    return NULL;
}

static bool says_post(const struct import_row *r) {
    return r->position.n > 0 || r->from.n > 0 || r->until.n > 0 || r->main == IMPORT_YES ||
           r->leads == IMPORT_YES || r->reports_to.n > 0;
}

/* The post of the same department and position that he has now. */
static const json_t *old_post(const json_t *old, uint32_t department, struct slice position) {
    const json_t *posts = json_object_get(old, "posts");
    for (size_t i = 0; i < json_array_size(posts); i++) {
        const json_t *p = json_array_get(posts, i);
        const char *name = json_string_value(json_object_get(p, "position"));
        if (json_integer_value(json_object_get(p, "department")) == (json_int_t)department &&
            (position.n == 0 || slice_is(position, name == NULL ? "" : name)))
            return p;
    }
    return NULL;
}

/* NULL: nothing to complain of. */
static const char *post_dates(struct importer *x, const struct import_row *r, json_t *post) {
    int64_t from = json_integer_value(json_object_get(post, "from")), until = 0;
    if (r->from.n > 0 && !read_date(r->from, 0, &from))
        return "bad_date";
    if (from == 0)
        from = x->now;
    set(x, post, "from", json_integer(from));
    if (r->until.n > 0) {
        if (!read_date(r->until, 1, &until) || until <= from)
            return "bad_date";
        set(x, post, "until", json_integer(until - 1));
    }
    return NULL;
}

/* One row's post; NULL with *reason, or for lack of memory. */
static json_t *make_post(struct importer *x, const struct import_row *r, uint32_t department,
                         const json_t *old, const char **reason) {
    const json_t *was = old_post(old, department, r->position);
    json_t *post =
        was == NULL ? json_pack("{s:I}", "department", (json_int_t)department) : json_deep_copy(was);
    if (post == NULL) {
        x->no_memory = true;
        return NULL;
    }
    *reason = post_dates(x, r, post);
    if (r->position.n > 0)
        set(x, post, "position", text_json(r->position));
    if (r->main != IMPORT_NOT_SAID)
        set(x, post, "main", json_boolean(r->main == IMPORT_YES));
    if (r->leads != IMPORT_NOT_SAID)
        set(x, post, "leads", json_boolean(r->leads == IMPORT_YES));
    if (r->reports_to.n > 0) {
        const struct staff *leader = by_login(x, r->reports_to);
        if (leader == NULL)
            *reason = "unknown_person";
        else
            set(x, post, "reports_to", json_integer((json_int_t)leader->id));
    }
    if (*reason != NULL) {
        json_decref(post);
        return NULL;
    }
    return post;
}

static bool is_in(const json_t *posts, const json_t *one) {
    for (size_t i = 0; i < json_array_size(posts); i++) {
        if (json_equal(json_object_get(json_array_get(posts, i), "id"), json_object_get(one, "id")))
            return true;
    }
    return false;
}

/* What he had and the list does not name: ends now, or has ended. */
static void end_others(struct importer *x, const json_t *old, json_t *posts) {
    const json_t *before = json_object_get(old, "posts");
    for (size_t i = 0; i < json_array_size(before); i++) {
        json_t *post = json_deep_copy(json_array_get(before, i));
        json_int_t until = json_integer_value(json_object_get(post, "until"));
        json_int_t from = json_integer_value(json_object_get(post, "from"));
        if (post == NULL || is_in(posts, post) || from >= x->now) {
            json_decref(post);
            continue;
        }
        if (until == 0 || until > x->now)
            set(x, post, "until", json_integer(x->now));
        if (json_array_append_new(posts, post) != 0)
            x->no_memory = true;
    }
}

/* All rows of one login, from `first` on. */
static const char *read_places(struct importer *x, size_t first, const json_t *old, json_t *out) {
    const struct slice login = x->rows[first].login;
    const char *reason = NULL;
    size_t places = 0;
    uint32_t department = 0;
    bool posts = json_array_size(json_object_get(old, "posts")) > 0;
    json_t *list = json_array();
    if (list == NULL)
        x->no_memory = true;
    for (size_t i = first; i < x->n && reason == NULL && !x->no_memory; i++) {
        const struct import_row *r = &x->rows[i];
        if (r->refused != NULL || !slice_equal(r->login, login) || r->department.n == 0)
            continue;
        reason = import_place_find(&x->places, r->department, &department);
        if (reason != NULL && x->places.made_count >= x->places.most)
            reason = "too_many_departments";
        posts = posts || says_post(r) || places++ > 0;
        json_t *post = reason == NULL ? make_post(x, r, department, old, &reason) : NULL;
        if (post != NULL && json_array_append_new(list, post) != 0)
            x->no_memory = true;
    }
    if (reason == NULL && posts && json_array_size(list) > 0) {
        end_others(x, old, list);
        if (json_array_size(list) > 12)
            reason = "too_many_posts";
        set(x, out, "posts", json_incref(list));
    } else if (reason == NULL && department != 0) {
        set(x, out, "department", json_integer((json_int_t)department));
    }
    json_decref(list);
    return reason;
}

static void set_link(struct importer *x, const struct import_row *r, json_t *out) {
    json_t *link = NULL;
    if (r->link.n == 0)
        return;
    if (json_read(r->link, 0, &link, NULL) == ST_OK)
        set(x, out, "ldap", link);
    else
        x->no_memory = true;
}

static const char *read_person(struct importer *x, size_t first, const struct staff *who, const json_t *old,
                               json_t *out) {
    const struct slice login = x->rows[first].login;
    enum import_flag disabled = IMPORT_NOT_SAID;
    struct slice name = SLICE_NONE, mail = SLICE_NONE;
    for (size_t i = first; i < x->n; i++) {
        const struct import_row *r = &x->rows[i];
        if (r->refused != NULL || !slice_equal(r->login, login))
            continue;
        if (name.n > 0 && r->name.n > 0 && !slice_equal(name, r->name))
            return "two_names";
        name = r->name.n > 0 ? r->name : name;
        mail = r->mail.n > 0 ? r->mail : mail;
        disabled = r->disabled != IMPORT_NOT_SAID ? r->disabled : disabled;
    }
    if (who == NULL && name.n == 0)
        return "name_missing";
    if (name.n >= 128 || mail.n > 200)
        return "too_long";
    if (who == NULL)
        set(x, out, "login", text_json(login));
    if (name.n > 0)
        set(x, out, "name", text_json(name));
    if (mail.n > 0)
        set(x, out, "mail", text_json(mail));
    if (disabled != IMPORT_NOT_SAID)
        set(x, out, "disabled", json_boolean(disabled == IMPORT_YES));
    set_link(x, &x->rows[first], out);
    return read_places(x, first, old, out);
}

/* Keys that say what stands already go. */
static void drop_same(json_t *document, const json_t *old) {
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe(document, next, key, value) {
        const json_t *was = json_object_get(old, key);
        bool no = json_is_false(value) && was == NULL;
        if (no || json_equal(value, was))
            (void)json_object_del(document, key);
    }
}

static bool is_full(const struct importer *x) {
    return x->source != NULL && json_array_size(x->items) >= x->source->changes_most;
}

static bool has_timed(const struct importer *x, uint32_t user, const struct high_risk_rights *rights) {
    for (size_t i = 0; i < x->d->grant_count; i++) {
        const struct staff_grant *g = &x->d->grants[i];
        json_t *d = NULL;
        if (g->user != user || g->ended || g->until <= x->now)
            continue;
        bool one = json_read(g->document, 0, &d, NULL) != ST_OK ||
                   executive_grant(rights, NULL, d, false) != EXECUTIVE_NONE;
        json_decref(d);
        if (one)
            return true;
    }
    return false;
}

/* A list of a file's is one person's, a directory's nobody's: what both can't give is left out. Of a file's
 * the second factor and the reason are asked for as it is applied. */
static bool is_executives(const struct importer *x, const struct staff *who, const json_t *old,
                          const json_t *after) {
    const struct high_risk_rights *rights = &x->d->high_risk.rights;
    if (who == NULL || !high_risk_asks_rights(rights) || (x->source == NULL && !rights->terms.approval))
        return false;
    return executive_person(rights, old, after, has_timed(x, who->id, rights), x->now) == EXECUTIVE_CHANGED;
}

/* What the keeper would refuse in the hand of one. */
static const char *refused_alone(struct importer *x, const struct staff *who, json_t *old, json_t *change) {
    json_t *after = old == NULL ? json_object() : json_copy(old);
    bool made = after != NULL && json_object_update(after, change) == 0;
    const char *reason = !made                               ? NULL
                         : second_opens_more(old, after)     ? "needs_second"
                         : is_executives(x, who, old, after) ? "executive"
                                                             : NULL;
    x->no_memory = x->no_memory || !made;
    json_decref(after);
    return reason;
}

static void plan_person(struct importer *x, size_t first) {
    const struct import_row *r = &x->rows[first];
    const char *login = arena_string(x->arena, r->login);
    const struct staff *who = by_login(x, r->login);
    json_t *old = NULL, *document = json_object();
    if (login == NULL || document == NULL ||
        (who != NULL && json_read(who->document, 0, &old, NULL) != ST_OK)) {
        x->no_memory = true;
        json_decref(document);
        return;
    }
    const char *reason = r->refused, *remark = r->remark == NULL ? "" : r->remark;
    if (reason == NULL)
        reason = who == NULL && !login_is_plain(r->login) ? "bad_login"
                                                          : read_person(x, first, who, old, document);
    drop_same(document, old);
    if (reason == NULL && who != NULL && who->duties != 0 && json_object_size(document) > 0)
        reason = "duty_holder";
    if (reason == NULL)
        reason = refused_alone(x, who, old, document);
    if (reason == NULL && json_object_size(document) > 0 && is_full(x))
        reason = "next_run";
    if (reason != NULL) {
        (void)note(x, r->line, login, false, IMPORT_REFUSED, reason);
    } else if (who != NULL && json_object_size(document) == 0) {
        (void)note(x, r->line, login, false, IMPORT_UNCHANGED, remark);
    } else {
        struct import_entry *entry =
            note(x, r->line, login, false, who == NULL ? IMPORT_ADDED : IMPORT_CHANGED, remark);
        if (import_changes_make(&x->places, old, document, x->now, x->arena, &entry->changes) != ST_OK)
            x->no_memory = true;
        add_item(x, "user", who == NULL ? 0 : who->id, json_incref(document));
    }
    json_decref(document);
    json_decref(old);
}

/* A refused row stands for itself. */
static bool seen_before(const struct importer *x, size_t at) {
    for (size_t i = 0; x->rows[at].refused == NULL && i < at; i++) {
        if (x->rows[i].refused == NULL && slice_equal(x->rows[i].login, x->rows[at].login))
            return true;
    }
    return false;
}

static void plan_departments(struct importer *x) {
    for (size_t i = 0; i < x->n && !x->no_memory; i++) {
        const struct import_row *r = &x->rows[i];
        const char *name = arena_string(x->arena, r->department);
        size_t before = x->places.made_count;
        uint32_t id = 0;
        if (name == NULL)
            x->no_memory = true;
        if (r->department.n == 0 || r->refused != NULL || x->no_memory)
            continue;
        const char *reason = import_place_make(&x->places, r->department, r->branch == IMPORT_YES, &id);
        if (reason != NULL && r->login.n == 0)
            (void)note(x, r->line, name, true, IMPORT_REFUSED, reason);
        else if (reason == NULL && x->places.made_count > before)
            (void)note(x, r->line, name, true, IMPORT_ADDED, "");
        else if (r->login.n == 0)
            (void)note(x, r->line, name, true, IMPORT_UNCHANGED, "");
    }
    for (size_t i = 0; i < x->places.made_count && !x->no_memory; i++) {
        const struct import_place *p = &x->places.made[i];
        add_item(x, "department", p->id,
                 json_pack("{s:s, s:I, s:I}", "name", p->name, "parent", (json_int_t)p->parent, "branch",
                           (json_int_t)p->branch));
    }
}

static void plan_all(struct importer *x) {
    plan_departments(x);
    for (size_t i = 0; i < x->n && !x->no_memory; i++) {
        if (x->rows[i].refused != NULL && x->rows[i].login.n == 0) {
            (void)note(x, x->rows[i].line, "", false, IMPORT_REFUSED, x->rows[i].refused);
        } else if (x->rows[i].login.n > 0) {
            if (!seen_before(x, i))
                plan_person(x, i);
        } else if (x->rows[i].department.n == 0) {
            (void)note(x, x->rows[i].line, "", false, IMPORT_REFUSED, "login_missing");
        }
    }
}

static enum status finish(struct importer *x, struct error *e) {
    json_t *all = json_pack("{s:O}", "items", x->items);
    if (all != NULL && x->source != NULL)
        set(x, all, "directory", json_integer((json_int_t)x->source->directory));
    char *text = all == NULL || x->no_memory ? NULL : json_print(all, JSON_COMPACT);
    size_t n = json_array_size(x->items);
    json_decref(all);
    x->plan->document = SLICE_NONE;
    if (text != NULL && n > 0)
        x->plan->document = arena_copy(x->arena, slice_from_string(text));
    bool fine = text != NULL && (n == 0 || x->plan->document.p != NULL);
    free(text);
    return fine ? ST_OK : error_set(e, ST_NOMEM, "no_memory", "import of people");
}

static void bound_places(struct importer *x) {
    size_t all = x->d->organisation.count;
    if (x->source == NULL)
        return;
    size_t left = x->source->places_all > all ? x->source->places_all - all : 0;
    left = left < x->source->places_most ? left : x->source->places_most;
    x->places.most = left < x->places.room ? left : x->places.room;
}

enum status import_plan_make_from(const struct directory *d, const struct import_source *source,
                                  const struct import_row *rows, size_t n, struct arena *arena,
                                  struct import_plan *out, struct error *e) {
    struct importer x = {
        .d = d, .source = source, .rows = rows, .n = n, .arena = arena, .plan = out, .now = clock_wall_ms()};
    size_t most = source == NULL ? IMPORT_ROWS_MAX : source->rows_most;
    *out = (struct import_plan){.entries = arena_array(arena, 2 * n + 1, sizeof *out->entries)};
    if (n > most)
        return error_set(e, ST_LIMIT, "too_many_rows", "at most %zu rows", most);
    x.items = json_array();
    if (x.items == NULL || out->entries == NULL || import_places_init(&x.places, d, n, arena) != ST_OK) {
        json_decref(x.items);
        return error_set(e, ST_NOMEM, "no_memory", "import of people");
    }
    bound_places(&x);
    plan_all(&x);
    enum status s = finish(&x, e);
    json_decref(x.items);
    return s;
}

enum status import_plan_make(const struct directory *d, const struct import_row *rows, size_t n,
                             struct arena *arena, struct import_plan *out, struct error *e) {
    return import_plan_make_from(d, NULL, rows, n, arena, out, e);
}

enum status import_plan_apply(struct keeper *k, const struct keeper_call *call,
                              const struct import_plan *plan, struct error *e) {
    return plan->document.p == NULL ? ST_OK : keeper_registry_import(k, call, plan->document, e);
}
