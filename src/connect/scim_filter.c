#include "connect/scim_filter.h"

#include "base/clock.h"
#include "base/json_in.h"

#include <stdlib.h>
#include <strings.h>

struct parser {
    struct slice text;
    size_t at;
    unsigned depth, nodes;
    bool inside; /* a value path's brackets */
    struct arena *arena;
    const char *code;
    struct error *e;
};

static enum status wrong(struct parser *p, const char *why) {
    return error_set(p->e, ST_INVALID, p->code, "%s, at character %zu", why, p->at);
}

static enum status no_memory(struct error *e) {
    return error_set(e, ST_NOMEM, "no_memory", "filter");
}

bool scim_same(struct slice a, struct slice b) {
    return a.n == b.n && (a.n == 0 || strncasecmp((const char *)a.p, (const char *)b.p, a.n) == 0);
}

json_t *scim_member(const json_t *object, struct slice name, const char **key) {
    const char *have;
    json_t *value;
    if (!json_is_object(object))
        return NULL;
    json_object_foreach((json_t *)(uintptr_t)object, have, value) {
        if (!scim_same(slice_from_string(have), name))
            continue;
        if (key != NULL)
            *key = have;
        return value;
    }
    return NULL;
}

/* ---- words ---- */

static int peek(const struct parser *p) {
    return p->at < p->text.n ? p->text.p[p->at] : -1;
}

static void skip_blanks(struct parser *p) {
    while (peek(p) == ' ')
        p->at++;
}

static bool is_name(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '$' || c == '.' || c == ':';
}

static struct slice word(struct parser *p) {
    size_t from = p->at;
    while (is_name(peek(p)))
        p->at++;
    return slice_of(p->text.p + from, p->at - from);
}

/* The word if it comes next, whole. */
static bool take_word(struct parser *p, const char *want) {
    size_t before = p->at;
    skip_blanks(p);
    if (scim_same(word(p), slice_from_string(want)))
        return true;
    p->at = before;
    return false;
}

static bool take_sign(struct parser *p, int sign) {
    size_t before = p->at;
    skip_blanks(p);
    if (peek(p) == sign) {
        p->at++;
        return true;
    }
    p->at = before;
    return false;
}

/* ---- attributes ---- */

/* Cuts "URN:" off the front; *whole: nothing comes behind it. */
static bool cut_urn(struct slice *name, const char *urn, bool *whole) {
    size_t n = strlen(urn);
    if (name->n < n || !scim_same(slice_of(name->p, n), slice_from_string(urn)))
        return false;
    *whole = name->n == n;
    if (!*whole && name->p[n] != ':')
        return false;
    size_t skip = *whole ? n : n + 1;
    *name = slice_of(name->p + skip, name->n - skip);
    return true;
}

static enum status read_attribute(struct parser *p, struct scim_attribute *out) {
    struct slice name = word(p);
    bool whole = false;
    *out = (struct scim_attribute){.enterprise = cut_urn(&name, SCIM_ENTERPRISE, &whole)};
    if (out->enterprise && whole)
        return ST_OK;
    if (!out->enterprise)
        (void)cut_urn(&name, SCIM_CORE, &whole);
    bool foreign = name.n > 4 && strncasecmp((const char *)name.p, "urn:", 4) == 0;
    const uint8_t *dot = name.n == 0 || foreign ? NULL : memchr(name.p, '.', name.n);
    out->name = dot == NULL ? name : slice_of(name.p, (size_t)(dot - name.p));
    if (dot != NULL)
        out->sub = slice_of(dot + 1, name.n - out->name.n - 1);
    bool fine = out->name.n > 0 && (dot == NULL || out->sub.n > 0) &&
                (out->sub.n == 0 || memchr(out->sub.p, '.', out->sub.n) == NULL);
    return fine ? ST_OK : wrong(p, "an attribute's name is expected");
}

/* ---- values ---- */

static enum status read_text(struct parser *p, struct scim_filter *f) {
    size_t from = p->at++;
    json_t *json = NULL;
    while (peek(p) >= 0 && peek(p) != '"')
        p->at += peek(p) == '\\' ? 2 : 1;
    if (peek(p) != '"')
        return wrong(p, "a text has no end");
    p->at++;
    enum status s = json_read(slice_of(p->text.p + from, p->at - from), JSON_DECODE_ANY, &json, NULL);
    if (s != ST_OK)
        return s == ST_NOMEM ? no_memory(p->e) : wrong(p, "that is no JSON text");
    f->type = SCIM_TEXT;
    f->text = arena_copy(p->arena, slice_of(json_string_value(json), json_string_length(json)));
    json_decref(json);
    return f->text.p == NULL ? no_memory(p->e) : ST_OK;
}

static enum status read_number(struct parser *p, struct scim_filter *f) {
    json_t *json = NULL;
    size_t from = p->at;
    while (is_name(peek(p)) || peek(p) == '+')
        p->at++;
    enum status s = json_read(slice_of(p->text.p + from, p->at - from), JSON_DECODE_ANY, &json, NULL);
    bool fine = s == ST_OK && json_is_number(json);
    f->type = SCIM_NUMBER;
    f->number = fine ? json_number_value(json) : 0;
    json_decref(json);
    return s == ST_NOMEM ? no_memory(p->e) : fine ? ST_OK : wrong(p, "a JSON value is expected");
}

static enum status read_value(struct parser *p, struct scim_filter *f) {
    skip_blanks(p);
    if (peek(p) == '"')
        return read_text(p, f);
    f->type = SCIM_BOOLEAN;
    f->truth = take_word(p, "true");
    if (f->truth || take_word(p, "false"))
        return ST_OK;
    f->type = SCIM_NULL;
    return take_word(p, "null") ? ST_OK : read_number(p, f);
}

/* ---- the tree ---- */

static enum status read_or(struct parser *p, const struct scim_filter **out);

static struct scim_filter *new_node(struct parser *p, enum scim_kind kind) {
    struct scim_filter *f =
        ++p->nodes > SCIM_FILTER_NODES ? NULL : arena_alloc(p->arena, sizeof(struct scim_filter));
    if (f != NULL)
        f->kind = kind;
    return f;
}

static enum status no_node(struct parser *p) {
    return p->nodes > SCIM_FILTER_NODES ? wrong(p, "the filter has too many terms") : no_memory(p->e);
}

static enum status read_group(struct parser *p, const struct scim_filter **out) {
    if (++p->depth > SCIM_FILTER_DEPTH)
        return wrong(p, "the filter is too deep");
    enum status s = read_or(p, out);
    p->depth--;
    if (s == ST_OK && !take_sign(p, ')'))
        s = wrong(p, ") is expected");
    return s;
}

static enum status read_brackets(struct parser *p, const struct scim_filter **out) {
    if (p->inside)
        return wrong(p, "brackets do not stand in brackets");
    p->inside = true;
    enum status s = read_or(p, out);
    p->inside = false;
    if (s == ST_OK && !take_sign(p, ']'))
        s = wrong(p, "] is expected");
    return s;
}

static enum status read_compare(struct parser *p, struct scim_filter *f) {
    static const char *const words[SCIM_COMPARES] = {"eq", "ne", "co", "sw", "ew",
                                                     "gt", "ge", "lt", "le", "pr"};
    int compare = 0;
    while (compare < SCIM_COMPARES && !take_word(p, words[compare]))
        compare++;
    if (compare == SCIM_COMPARES)
        return wrong(p, "eq, ne, co, sw, ew, gt, ge, lt, le or pr is expected");
    f->compare = (enum scim_compare)compare;
    if (f->compare == SCIM_PR)
        return ST_OK;
    enum status s = read_value(p, f);
    if (s == ST_OK && f->compare != SCIM_EQ && f->compare != SCIM_NE &&
        (f->type == SCIM_NULL || f->type == SCIM_BOOLEAN))
        s = wrong(p, "true, false and null go with eq and ne");
    return s;
}

static enum status read_term(struct parser *p, const struct scim_filter **out) {
    size_t before = p->at;
    bool negated = take_word(p, "not") && take_sign(p, '(');
    if (!negated)
        p->at = before;
    if (!negated && take_sign(p, '('))
        return read_group(p, out);
    struct scim_filter *f = new_node(p, negated ? SCIM_NOT : SCIM_COMPARE);
    if (f == NULL)
        return no_node(p);
    *out = f;
    if (negated)
        return read_group(p, &f->left);
    skip_blanks(p);
    enum status s = read_attribute(p, &f->attribute);
    if (s == ST_OK && f->attribute.name.n == 0)
        s = wrong(p, "an attribute's name is expected");
    if (s != ST_OK || peek(p) != '[')
        return s == ST_OK ? read_compare(p, f) : s;
    p->at++;
    f->kind = SCIM_VALUES;
    return read_brackets(p, &f->left);
}

static enum status read_chain(struct parser *p, enum scim_kind kind, const struct scim_filter **out) {
    enum status s = kind == SCIM_OR ? read_chain(p, SCIM_AND, out) : read_term(p, out);
    while (s == ST_OK && take_word(p, kind == SCIM_OR ? "or" : "and")) {
        struct scim_filter *f = new_node(p, kind);
        if (f == NULL)
            return no_node(p);
        f->left = *out;
        *out = f;
        s = kind == SCIM_OR ? read_chain(p, SCIM_AND, &f->right) : read_term(p, &f->right);
    }
    return s;
}

static enum status read_or(struct parser *p, const struct scim_filter **out) {
    return read_chain(p, SCIM_OR, out);
}

enum status scim_filter_parse(struct slice text, struct arena *a, const struct scim_filter **out,
                              struct error *e) {
    struct parser p = {.text = text, .arena = a, .code = "scim_filter", .e = e};
    if (text.n > SCIM_FILTER_TEXT)
        return wrong(&p, "the filter is too long");
    enum status s = read_or(&p, out);
    skip_blanks(&p);
    return s == ST_OK && p.at < text.n ? wrong(&p, "and, or or the end is expected") : s;
}

enum status scim_path_parse(struct slice text, struct arena *a, struct scim_path *out, struct error *e) {
    struct parser p = {.text = text, .arena = a, .code = "scim_path", .e = e};
    *out = (struct scim_path){.filter = NULL};
    if (text.n > SCIM_FILTER_TEXT)
        return wrong(&p, "the path is too long");
    enum status s = read_attribute(&p, &out->attribute);
    if (s == ST_OK && peek(&p) == '[' && out->attribute.name.n > 0 && out->attribute.sub.n == 0) {
        p.at++;
        s = read_brackets(&p, &out->filter);
        if (s == ST_OK && peek(&p) == '.') {
            p.at++;
            out->attribute.sub = word(&p);
            if (out->attribute.sub.n == 0 || memchr(out->attribute.sub.p, '.', out->attribute.sub.n) != NULL)
                s = wrong(&p, "a sub-attribute's name is expected");
        }
    }
    return s == ST_OK && p.at < text.n ? wrong(&p, "the path's end is expected") : s;
}

/* ---- matching ---- */

static bool is_exact(const struct scim_attribute *a) {
    return scim_same(a->name, SLICE("id")) || scim_same(a->name, SLICE("externalId")) ||
           scim_same(a->name, SLICE("meta"));
}

static bool contains(struct slice whole, struct slice part, bool exact) {
    for (size_t i = 0; part.n <= whole.n && i <= whole.n - part.n; i++) {
        struct slice at = slice_of(whole.p + i, part.n);
        if (exact ? slice_equal(at, part) : scim_same(at, part))
            return true;
    }
    return false;
}

static int order(struct slice a, struct slice b, bool exact) {
    int64_t x, y;
    if (exact && clock_parse(a, &x) && clock_parse(b, &y))
        return x < y ? -1 : x > y;
    if (exact)
        return slice_compare(a, b);
    size_t n = a.n < b.n ? a.n : b.n;
    int by = n == 0 ? 0 : strncasecmp((const char *)a.p, (const char *)b.p, n);
    return by != 0 ? by : a.n < b.n ? -1 : a.n > b.n;
}

static bool ordered(enum scim_compare compare, int by) {
    switch (compare) {
    case SCIM_EQ:
        return by == 0;
    case SCIM_GT:
        return by > 0;
    case SCIM_GE:
        return by >= 0;
    case SCIM_LT:
        return by < 0;
    case SCIM_LE:
        return by <= 0;
    default:
        return false;
    }
}

static bool text_matches(const struct scim_filter *f, struct slice have, enum scim_compare compare) {
    bool exact = is_exact(&f->attribute);
    struct slice want = f->text;
    if (compare == SCIM_CO)
        return contains(have, want, exact);
    if (compare == SCIM_SW || compare == SCIM_EW) {
        if (have.n < want.n)
            return false;
        return contains(slice_of(have.p + (compare == SCIM_EW ? have.n - want.n : 0), want.n), want, exact);
    }
    return ordered(compare, order(have, want, exact));
}

static bool is_present(const json_t *v) {
    if (json_is_string(v))
        return json_string_length(v) > 0;
    if (json_is_array(v) || json_is_object(v))
        return json_array_size(v) + json_object_size(v) > 0;
    return v != NULL && !json_is_null(v);
}

/* Of one value; "ne" is the contrary of "eq", asked of all of them. */
static bool value_matches(const struct scim_filter *f, const json_t *v) {
    enum scim_compare compare = f->compare == SCIM_NE ? SCIM_EQ : f->compare;
    if (compare == SCIM_PR)
        return is_present(v);
    if (f->type == SCIM_BOOLEAN)
        return json_is_boolean(v) && json_is_true(v) == f->truth;
    if (f->type == SCIM_NUMBER && json_is_number(v)) {
        double x = json_number_value(v);
        return ordered(compare, x < f->number ? -1 : x > f->number);
    }
    return f->type == SCIM_TEXT && json_is_string(v) &&
           text_matches(f, slice_of(json_string_value(v), json_string_length(v)), compare);
}

static const json_t *attribute_of(const struct scim_attribute *a, const json_t *resource) {
    const json_t *in = a->enterprise ? scim_member(resource, SLICE(SCIM_ENTERPRISE), NULL) : resource;
    return scim_member(in, a->name, NULL);
}

/* What is compared of an element: the sub-attribute, or of a complex one its value (RFC 7644 3.4.2.2). */
static const json_t *part_of(const struct scim_filter *f, const json_t *element) {
    if (f->attribute.sub.n > 0)
        return scim_member(element, f->attribute.sub, NULL);
    return json_is_object(element) && f->compare != SCIM_PR ? scim_member(element, SLICE("value"), NULL)
                                                            : element;
}

static bool compare_matches(const struct scim_filter *f, const json_t *resource) {
    const json_t *v = attribute_of(&f->attribute, resource);
    bool any = false, present = false;
    size_t n = json_is_array(v) ? json_array_size(v) : 1;
    for (size_t i = 0; i < n; i++) {
        const json_t *part = part_of(f, json_is_array(v) ? json_array_get(v, i) : v);
        any = any || value_matches(f, part);
        present = present || is_present(part);
    }
    if (f->compare != SCIM_PR && f->type == SCIM_NULL)
        any = !present;
    return f->compare == SCIM_NE ? !any : any;
}

static bool values_match(const struct scim_filter *f, const json_t *resource) {
    const json_t *v = attribute_of(&f->attribute, resource);
    size_t n = json_is_array(v) ? json_array_size(v) : v != NULL;
    for (size_t i = 0; i < n; i++) {
        if (scim_filter_matches(f->left, json_is_array(v) ? json_array_get(v, i) : v))
            return true;
    }
    return false;
}

bool scim_filter_matches(const struct scim_filter *f, const json_t *resource) {
    switch (f->kind) {
    case SCIM_AND:
        return scim_filter_matches(f->left, resource) && scim_filter_matches(f->right, resource);
    case SCIM_OR:
        return scim_filter_matches(f->left, resource) || scim_filter_matches(f->right, resource);
    case SCIM_NOT:
        return !scim_filter_matches(f->left, resource);
    case SCIM_VALUES:
        return values_match(f, resource);
    default:
        return compare_matches(f, resource);
    }
}

struct slice scim_filter_wants(const struct scim_filter *f, const char *name) {
    if (f == NULL)
        return SLICE_NONE;
    if (f->kind == SCIM_AND) {
        struct slice left = scim_filter_wants(f->left, name);
        return left.p != NULL ? left : scim_filter_wants(f->right, name);
    }
    bool says = f->kind == SCIM_COMPARE && f->compare == SCIM_EQ && f->type == SCIM_TEXT &&
                !f->attribute.enterprise && f->attribute.sub.n == 0 &&
                scim_same(f->attribute.name, slice_from_string(name));
    return says ? f->text : SLICE_NONE;
}
