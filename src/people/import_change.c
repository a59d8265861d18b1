#include "people/import_change.h"

#include "policy/organise.h"

#include <stdlib.h>
#include <time.h>

#define DEEP 32 /* departments above one another that are named */
#define MOST 65536

struct teller {
    const struct import_places *places;
    const json_t *old, *changed;
    int64_t now;
    struct arena *arena;
    struct import_changes *out;
    bool no_memory;
};

static const char *string(const json_t *from, const char *key) {
    const char *text = json_string_value(json_object_get(from, key));
    return text == NULL ? "" : text;
}

static void part(struct buf *out) {
    if (out->n > 0)
        buf_put_string(out, "; ");
}

static struct slice kept(struct teller *t, const struct buf *text) {
    struct slice copy = text->n == 0 ? SLICE_NONE : arena_copy(t->arena, buf_slice(text));
    t->no_memory = t->no_memory || text->failed || (text->n > 0 && copy.p == NULL);
    return copy;
}

static void tell(struct teller *t, const char *field, struct slice from, struct slice to) {
    if (!slice_equal(from, to) && t->out->count < IMPORT_CHANGES)
        t->out->list[t->out->count++] = (struct import_change){field, from, to};
}

/* ---- departments ---- */

static const char *step(const struct teller *t, uint32_t *id) {
    for (size_t i = 0; i < t->places->made_count; i++) {
        const struct import_place *made = &t->places->made[i];
        if (made->id == *id) {
            *id = made->parent;
            return made->name;
        }
    }
    const struct department *d = organisation_find(&t->places->d->organisation, *id);
    *id = d == NULL ? 0 : d->parent;
    return d == NULL ? "" : d->name;
}

static void put_path(const struct teller *t, json_int_t department, struct buf *out) {
    const char *names[DEEP];
    size_t n = 0;
    uint32_t at = department > 0 && department <= UINT32_MAX ? (uint32_t)department : 0;
    while (at != 0 && n < DEEP)
        names[n++] = step(t, &at);
    while (n > 0) {
        buf_put_string(out, names[--n]);
        if (n > 0)
            buf_put_u8(out, '/');
    }
}

static struct slice path_of(struct teller *t, const json_t *document) {
    struct buf text;
    buf_init(&text, MOST, false);
    put_path(t, json_integer_value(json_object_get(document, "department")), &text);
    struct slice path = kept(t, &text);
    buf_free(&text);
    return path;
}

/* ---- posts ---- */

static void put_date(json_int_t ms, struct buf *out) {
    char text[32];
    struct tm tm;
    time_t at = (time_t)(ms / 1000);
    if (ms > 0 && localtime_r(&at, &tm) != NULL && strftime(text, sizeof text, "%Y-%m-%d", &tm) > 0)
        buf_put_string(out, text);
}

static void put_position(const struct teller *t, const json_t *post, struct buf *out) {
    part(out);
    put_path(t, json_integer_value(json_object_get(post, "department")), out);
    if (*string(post, "position") != '\0')
        buf_put_format(out, " %s", string(post, "position"));
}

static void put_marked(const struct teller *t, const json_t *post, const char *key, struct buf *out) {
    if (!json_is_true(json_object_get(post, key)))
        return;
    part(out);
    put_path(t, json_integer_value(json_object_get(post, "department")), out);
}

static void put_main(const struct teller *t, const json_t *post, struct buf *out) {
    put_marked(t, post, "main", out);
}

static void put_leads(const struct teller *t, const json_t *post, struct buf *out) {
    put_marked(t, post, "leads", out);
}

static void put_leader(const struct teller *t, const json_t *post, struct buf *out) {
    json_int_t leader = json_integer_value(json_object_get(post, "reports_to"));
    for (size_t i = 0; leader != 0 && i < t->places->d->staff_count; i++) {
        const struct staff *one = &t->places->d->staff[i];
        if ((json_int_t)one->id != leader)
            continue;
        part(out);
        buf_put_string(out, one->login);
    }
}

static void put_dates(const struct teller *t, const json_t *post, struct buf *out) {
    json_int_t until = json_integer_value(json_object_get(post, "until"));
    part(out);
    put_path(t, json_integer_value(json_object_get(post, "department")), out);
    buf_put_u8(out, ' ');
    put_date(json_integer_value(json_object_get(post, "from")), out);
    buf_put_string(out, "–");
    put_date(until, out);
}

typedef void put_post(const struct teller *t, const json_t *post, struct buf *out);

static struct slice posts_of(struct teller *t, const json_t *document, put_post *put) {
    const json_t *post;
    struct buf text;
    size_t i;
    buf_init(&text, MOST, false);
    json_array_foreach(json_object_get(document, "posts"), i, post) {
        json_int_t until = json_integer_value(json_object_get(post, "until"));
        if (until == 0 || until > t->now)
            put(t, post, &text);
    }
    struct slice all = kept(t, &text);
    buf_free(&text);
    return all;
}

static void tell_posts(struct teller *t) {
    static const struct {
        const char *field;
        put_post *put;
    } told[] = {{"posts", put_position},
                {"main", put_main},
                {"leads", put_leads},
                {"reports_to", put_leader},
                {"dates", put_dates}};
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
        tell(t, told[i].field, posts_of(t, t->old, told[i].put), posts_of(t, t->changed, told[i].put));
}

/* ---- the rest ---- */

static struct slice copy(struct teller *t, const char *text) {
    struct slice one = *text == '\0' ? SLICE_NONE : arena_copy(t->arena, slice_from_string(text));
    t->no_memory = t->no_memory || (*text != '\0' && one.p == NULL);
    return one;
}

static void tell_text(struct teller *t, const json_t *old, const json_t *changed, const char *key,
                      const char *field) {
    tell(t, field, copy(t, string(old, key)), copy(t, string(changed, key)));
}

static bool has(const struct teller *t, const char *key) {
    return json_object_get(t->changed, key) != NULL;
}

static struct slice state_of(const json_t *document) {
    return json_is_true(json_object_get(document, "disabled")) ? SLICE("suspended") : SLICE("active");
}

enum status import_changes_make(const struct import_places *places, const json_t *old, const json_t *changed,
                                int64_t now, struct arena *arena, struct import_changes *out) {
    struct teller t = {
        .places = places, .old = old, .changed = changed, .now = now, .arena = arena, .out = out};
    *out = (struct import_changes){.list = arena_array(arena, IMPORT_CHANGES, sizeof *out->list)};
    if (out->list == NULL)
        return ST_NOMEM;
    if (has(&t, "name"))
        tell_text(&t, old, changed, "name", "name");
    if (has(&t, "mail"))
        tell_text(&t, old, changed, "mail", "mail");
    if (has(&t, "department"))
        tell(&t, "department", path_of(&t, old), path_of(&t, changed));
    if (has(&t, "posts"))
        tell_posts(&t);
    if (has(&t, "ldap")) {
        const json_t *was = json_object_get(old, "ldap"), *is = json_object_get(changed, "ldap");
        if (old != NULL) /* of a new account it says nothing to anybody */
            tell_text(&t, was, is, "id", "entry");
        tell_text(&t, was, is, "title", "title");
        tell_text(&t, was, is, "place", "place");
    }
    if (has(&t, "disabled"))
        tell(&t, "disabled", state_of(old), state_of(changed));
    return t.no_memory ? ST_NOMEM : ST_OK;
}

void import_changes_write(struct json *j, const struct import_changes *changes) {
    json_array_begin(j);
    for (size_t i = 0; i < changes->count; i++) {
        json_object_begin(j);
        json_key(j, "field");
        json_cstring(j, changes->list[i].field);
        json_key(j, "from");
        json_text(j, changes->list[i].from);
        json_key(j, "to");
        json_text(j, changes->list[i].to);
        json_object_end(j);
    }
    json_array_end(j);
}
