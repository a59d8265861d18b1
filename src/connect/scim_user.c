#include "connect/scim_user.h"

#include "base/clock.h"
#include "base/json_in.h"

#include <stdio.h>
#include <stdlib.h>

#define TEXT_MOST 256

static enum status no_memory(struct error *e) {
    return error_set(e, ST_NOMEM, "no_memory", "user");
}

static const char *text_of(const json_t *o, const char *key) {
    const char *text = json_string_value(json_object_get(o, key));
    return text == NULL ? "" : text;
}

bool scim_user_is(const struct staff *s) {
    json_t *d = NULL;
    if (s->duties != 0 || s->sponsor != 0)
        return false;
    if (!s->disabled) /* who left and was taken back is here again */
        return true;
    if (json_read(s->document, 0, &d, NULL) != ST_OK)
        return false;
    bool left =
        json_is_object(json_object_get(d, "left")) && !json_is_object(json_object_get(d, "suspended"));
    json_decref(d);
    return !left;
}

/* ---- out ---- */

static bool put_text(json_t *o, const char *key, const char *text) {
    return text[0] == '\0' || json_object_set_new(o, key, json_string(text)) == 0;
}

static bool put_time(json_t *o, const char *key, const json_t *scim, const char *from) {
    char text[CLOCK_TEXT + 1];
    int64_t at = json_integer_value(json_object_get(scim, from));
    clock_format(at, text);
    return at == 0 || json_object_set_new(o, key, json_string(text)) == 0;
}

/* Chinese names are written family name first, without a blank. */
static void compose(const char *given, const char *family, char *out, size_t room) {
    bool latin = true;
    for (const char *c = family; *c != '\0'; c++)
        latin = latin && (unsigned char)*c < 0xE0;
    for (const char *c = given; *c != '\0'; c++)
        latin = latin && (unsigned char)*c < 0xE0;
    bool both = given[0] != '\0' && family[0] != '\0';
    (void)snprintf(out, room, "%s%s%s", latin ? given : family, latin && both ? " " : "",
                   latin ? family : given);
}

static json_t *name_of(const json_t *scim, const char *shown) {
    char whole[2 * TEXT_MOST + 2];
    json_t *o = json_object();
    const char *given = text_of(scim, "given"), *family = text_of(scim, "family");
    compose(given, family, whole, sizeof whole);
    bool fine = o != NULL && put_text(o, "formatted", whole[0] == '\0' ? shown : whole) &&
                put_text(o, "familyName", family) && put_text(o, "givenName", given);
    if (fine)
        return o;
    json_decref(o);
    return NULL;
}

static json_t *meta_of(const struct staff *s, const json_t *scim, const char *base) {
    char version[32], location[SCIM_URI_MOST + 32];
    (void)snprintf(version, sizeof version, "W/\"%llu\"", (unsigned long long)s->version);
    (void)snprintf(location, sizeof location, "%s/Users/%u", base, s->id);
    json_t *o =
        json_pack("{s:s, s:s, s:s}", "resourceType", "User", "location", location, "version", version);
    if (o != NULL && put_time(o, "created", scim, "created") && put_time(o, "lastModified", scim, "modified"))
        return o;
    json_decref(o);
    return NULL;
}

static bool put_extension(json_t *o, const json_t *scim) {
    const char *number = text_of(scim, "employee_number"), *department = text_of(scim, "department");
    if (number[0] == '\0' && department[0] == '\0')
        return true;
    json_t *x = json_object();
    if (x == NULL || json_object_set_new(o, SCIM_ENTERPRISE, x) != 0)
        return false;
    return put_text(x, "employeeNumber", number) && put_text(x, "department", department) &&
           json_array_append_new(json_object_get(o, "schemas"), json_string(SCIM_ENTERPRISE)) == 0;
}

static bool fill(json_t *o, const struct staff *s, const json_t *document, const char *base) {
    char id[16];
    const json_t *scim = json_object_get(document, "scim");
    const char *mail = text_of(document, "mail");
    bool active = !s->disabled && (s->until == 0 || s->until > clock_wall_ms());
    (void)snprintf(id, sizeof id, "%u", s->id);
    bool fine = put_text(o, "id", id) && put_text(o, "externalId", text_of(scim, "external")) &&
                put_text(o, "userName", s->login) && put_text(o, "displayName", s->name) &&
                json_object_set_new(o, "name", name_of(scim, s->name)) == 0 &&
                put_text(o, "title", text_of(scim, "title")) &&
                json_object_set_new(o, "active", json_boolean(active)) == 0;
    if (fine && mail[0] != '\0')
        fine = json_object_set_new(
                   o, "emails",
                   json_pack("[{s:s, s:s, s:b}]", "value", mail, "type", "work", "primary", 1)) == 0;
    return fine && put_extension(o, scim) && json_object_set_new(o, "meta", meta_of(s, scim, base)) == 0;
}

enum status scim_user_resource(const struct staff *s, const char *base, json_t **out, struct error *e) {
    json_t *document = NULL;
    *out = NULL;
    if (json_read(s->document, 0, &document, NULL) != ST_OK)
        return no_memory(e);
    json_t *o = json_pack("{s:[s]}", "schemas", SCIM_CORE);
    if (o != NULL && fill(o, s, document, base)) {
        *out = o;
    } else {
        json_decref(o);
    }
    json_decref(document);
    return *out == NULL ? no_memory(e) : ST_OK;
}

/* ---- in ---- */

struct reading {
    const json_t *resource;
    json_t *before; /* the old document; NULL: a new account */
    json_t *document, *scim;
    struct error *e;
};

static enum status bad(struct reading *r, const char *attribute, const char *why) {
    return error_field(r->e, ST_INVALID, "scim_value", attribute, "%s: %s", attribute, why);
}

/* Of a text or a number; "" when there is none. */
static enum status take(struct reading *r, const json_t *from, const char *attribute, size_t most,
                        char *out) {
    const json_t *v = scim_member(from, slice_from_string(attribute), NULL);
    size_t n = json_is_string(v) ? json_string_length(v) : 0;
    out[0] = '\0';
    if (v == NULL || json_is_null(v))
        return ST_OK;
    if (!json_is_string(v) || n > most)
        return bad(r, attribute, "a text, and not so long");
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)json_string_value(v)[i];
        if (c < 0x20 || c == 0x7f)
            return bad(r, attribute, "no control characters");
    }
    memcpy(out, json_string_value(v), n);
    out[n] = '\0';
    return ST_OK;
}

static enum status keep(struct reading *r, json_t *into, const char *key, const char *text) {
    return put_text(into, key, text) ? ST_OK : no_memory(r->e);
}

static enum status read_login(struct reading *r) {
    char login[64];
    enum status s = take(r, r->resource, "userName", sizeof login - 1, login);
    if (s == ST_OK && login[0] == '\0')
        s = bad(r, "userName", "1 to 63 bytes");
    return s == ST_OK ? keep(r, r->document, "login", login) : s;
}

/* The name that was shown was made of its parts and the client says only other parts: it follows them. */
static bool follows(const struct reading *r, const char *shown, const char *whole) {
    char before[2 * TEXT_MOST + 2];
    const json_t *scim = json_object_get(r->before, "scim");
    compose(text_of(scim, "given"), text_of(scim, "family"), before, sizeof before);
    return before[0] != '\0' && whole[0] != '\0' && strcmp(before, shown) == 0 &&
           strcmp(shown, text_of(r->before, "name")) == 0;
}

static enum status read_name(struct reading *r) {
    char shown[128], given[TEXT_MOST + 1], family[TEXT_MOST + 1], formatted[TEXT_MOST + 1],
        whole[2 * TEXT_MOST + 2];
    const json_t *name = scim_member(r->resource, SLICE("name"), NULL);
    enum status s = take(r, r->resource, "displayName", sizeof shown - 1, shown);
    if (s == ST_OK)
        s = take(r, name, "givenName", TEXT_MOST, given);
    if (s == ST_OK)
        s = take(r, name, "familyName", TEXT_MOST, family);
    if (s == ST_OK)
        s = take(r, name, "formatted", TEXT_MOST, formatted);
    if (s == ST_OK)
        s = keep(r, r->scim, "given", given);
    if (s == ST_OK)
        s = keep(r, r->scim, "family", family);
    if (s != ST_OK)
        return s;
    compose(given, family, whole, sizeof whole);
    const char *best = shown[0] != '\0' && !follows(r, shown, whole) ? shown
                       : whole[0] != '\0'                            ? whole
                       : formatted[0] != '\0'                        ? formatted
                                                                     : text_of(r->document, "login");
    if (strlen(best) > 127)
        return bad(r, "displayName", "127 bytes at most");
    return keep(r, r->document, "name", best);
}

static bool is_work(const json_t *element) {
    const char *type = json_string_value(scim_member(element, SLICE("type"), NULL));
    return type != NULL && scim_same(slice_from_string(type), SLICE("work"));
}

/* The primary one, else the first of work, else the first. */
static enum status read_mail(struct reading *r) {
    char mail[128];
    const json_t *list = scim_member(r->resource, SLICE("emails"), NULL), *best = NULL;
    unsigned best_rank = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        unsigned rank = json_is_true(scim_member(one, SLICE("primary"), NULL)) ? 3 : is_work(one) ? 2 : 1;
        if (rank > best_rank) {
            best = one;
            best_rank = rank;
        }
    }
    enum status s = take(r, best, "value", sizeof mail - 1, mail);
    return s == ST_OK ? keep(r, r->document, "mail", mail) : s;
}

/* Some clients write the word. */
static enum status read_active(struct reading *r) {
    const json_t *v = scim_member(r->resource, SLICE("active"), NULL);
    const char *word = json_string_value(v);
    bool is_true = json_is_true(v) || (word != NULL && scim_same(slice_from_string(word), SLICE("true")));
    bool is_false = json_is_false(v) || (word != NULL && scim_same(slice_from_string(word), SLICE("false")));
    if (v == NULL || json_is_null(v))
        return ST_OK;
    if (!is_true && !is_false)
        return bad(r, "active", "true or false");
    bool was = json_is_true(json_object_get(r->before, "disabled"));
    if (is_false == was) /* the end of an account's time is no matter of this */
        return ST_OK;
    return json_object_set_new(r->document, "disabled", json_boolean(is_false)) == 0 ? ST_OK
                                                                                     : no_memory(r->e);
}

/* Where exactly one open department has the name. */
static uint32_t place_of(const struct directory *d, const char *name) {
    uint32_t found = 0;
    size_t n = 0;
    for (size_t i = 0; name[0] != '\0' && i < d->organisation.count; i++) {
        const struct department *one = &d->organisation.departments[i];
        if (one->closed || one->home != one->id || strcmp(one->name, name) != 0)
            continue;
        found = one->id;
        n++;
    }
    return n == 1 ? found : 0;
}

static enum status read_rest(struct reading *r, const struct directory *d) {
    static const struct {
        const char *attribute, *key;
        bool enterprise;
    } texts[] = {{"externalId", "external", false},
                 {"title", "title", false},
                 {"employeeNumber", "employee_number", true},
                 {"department", "department", true}};
    const json_t *extension = scim_member(r->resource, SLICE(SCIM_ENTERPRISE), NULL);
    enum status s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < sizeof texts / sizeof texts[0]; i++) {
        char text[TEXT_MOST + 1];
        s = take(r, texts[i].enterprise ? extension : r->resource, texts[i].attribute, TEXT_MOST, text);
        if (s == ST_OK)
            s = keep(r, r->scim, texts[i].key, text);
    }
    uint32_t place = s == ST_OK && r->before == NULL ? place_of(d, text_of(r->scim, "department")) : 0;
    if (place != 0 && json_object_set_new(r->document, "department", json_integer((json_int_t)place)) != 0)
        s = no_memory(r->e);
    return s;
}

static enum status put_times(struct reading *r, int64_t now) {
    int64_t made = json_integer_value(json_object_get(json_object_get(r->before, "scim"), "created"));
    if (r->before == NULL)
        made = now;
    bool fine = (made == 0 || json_object_set_new(r->scim, "created", json_integer(made)) == 0) &&
                json_object_set_new(r->scim, "modified", json_integer(now)) == 0 &&
                json_object_set(r->document, "scim", r->scim) == 0;
    return fine ? ST_OK : no_memory(r->e);
}

static enum status read_all(struct reading *r, const struct directory *d, int64_t now) {
    enum status s = r->document == NULL || r->scim == NULL ? no_memory(r->e) : read_login(r);
    if (s == ST_OK)
        s = read_name(r);
    if (s == ST_OK)
        s = read_mail(r);
    if (s == ST_OK)
        s = read_active(r);
    if (s == ST_OK)
        s = read_rest(r, d);
    return s == ST_OK ? put_times(r, now) : s;
}

enum status scim_user_document(const json_t *resource, const struct staff *old, const struct directory *d,
                               int64_t now, struct arena *a, struct slice *out, struct error *e) {
    struct reading r = {.resource = resource, .e = e};
    *out = SLICE_NONE;
    if (old != NULL && json_read(old->document, 0, &r.before, NULL) != ST_OK)
        return no_memory(e);
    r.document = json_object();
    r.scim = json_object();
    enum status s = read_all(&r, d, now);
    char *text = s == ST_OK ? json_print(r.document, JSON_COMPACT) : NULL;
    if (text != NULL)
        *out = arena_copy(a, slice_from_string(text));
    free(text);
    json_decref(r.before);
    json_decref(r.document);
    json_decref(r.scim);
    return s == ST_OK && out->p == NULL ? no_memory(e) : s;
}

/* ---- what is asked for of it ---- */

static struct slice next_name(struct slice *list) {
    const uint8_t *comma = list->n == 0 ? NULL : memchr(list->p, ',', list->n);
    struct slice one = slice_of(list->p, comma == NULL ? list->n : (size_t)(comma - list->p));
    size_t skip = comma == NULL ? list->n : one.n + 1;
    *list = slice_of(list->p + skip, list->n - skip);
    return slice_trim(one);
}

/* What an attribute's name takes along or out: all of it, or a part. */
static enum status each_name(struct slice list, json_t *from, json_t *into, struct arena *a,
                             struct error *e) {
    while (list.n > 0) {
        struct scim_path path;
        const char *key = NULL, *sub = NULL;
        enum status s = scim_path_parse(next_name(&list), a, &path, e);
        if (s != ST_OK)
            return s;
        struct slice name = path.attribute.enterprise ? SLICE(SCIM_ENTERPRISE) : path.attribute.name;
        struct slice part = path.attribute.enterprise ? path.attribute.name : path.attribute.sub;
        json_t *value = scim_member(from, name, &key);
        json_t *inner = part.n > 0 ? scim_member(value, part, &sub) : NULL;
        if (value == NULL || (part.n > 0 && inner == NULL && (into == NULL || json_is_object(value))))
            continue;
        if (into == NULL) {
            (void)json_object_del(inner == NULL ? from : value, inner == NULL ? key : sub);
            continue;
        }
        json_t *kept = json_object_get(into, key);
        int failed;
        if (inner == NULL || kept == value)
            failed = json_object_set(into, key, value);
        else if (kept == NULL)
            failed = json_object_set_new(into, key, json_pack("{s:O}", sub, inner));
        else
            failed = json_object_set(kept, sub, inner);
        if (failed != 0)
            return no_memory(e);
    }
    return ST_OK;
}

enum status scim_user_project(json_t *resource, struct slice attributes, struct slice excluded,
                              struct arena *a, struct error *e) {
    enum status s = ST_OK;
    json_t *always = json_pack("{s:O, s:O}", "schemas", json_object_get(resource, "schemas"), "id",
                               json_object_get(resource, "id"));
    if (always == NULL)
        return no_memory(e);
    if (attributes.n > 0) {
        json_t *kept = json_copy(always);
        s = kept == NULL ? no_memory(e) : each_name(attributes, resource, kept, a, e);
        if (s == ST_OK && (json_object_clear(resource) != 0 || json_object_update(resource, kept) != 0))
            s = no_memory(e);
        json_decref(kept);
    }
    if (s == ST_OK && excluded.n > 0)
        s = each_name(excluded, resource, NULL, a, e);
    if (s == ST_OK && json_object_update(resource, always) != 0)
        s = no_memory(e);
    json_decref(always);
    return s;
}
