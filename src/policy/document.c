#include "policy/document.h"

#include "base/map.h"
#include "base/utf8.h"

struct json_reader {
    struct slice text;
    size_t at;
    uint32_t line;
    unsigned depth;
    const char *file;
    struct arena *arena;
    struct error *error;
    enum status status;
};

/* Items of an array or object while their number is not known. */
struct item {
    struct document value;
    struct slice name;
    struct item *next;
};

static bool fail(struct json_reader *r, const char *what) {
    if (r->status == ST_OK)
        r->status = error_set(r->error, ST_INVALID, "bad_json", "%s:%u: %s", r->file, r->line, what);
    return false;
}

static bool no_memory(struct json_reader *r) {
    if (r->status == ST_OK)
        r->status = error_set(r->error, ST_NOMEM, "no_memory", "%s: too large", r->file);
    return false;
}

static int peek(const struct json_reader *r) {
    return r->at < r->text.n ? r->text.p[r->at] : -1;
}

static void skip_space(struct json_reader *r) {
    for (int c = peek(r); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = peek(r)) {
        r->line += c == '\n';
        r->at++;
    }
}

static bool accept(struct json_reader *r, char mark) {
    skip_space(r);
    if (peek(r) != mark)
        return false;
    r->at++;
    return true;
}

static bool read_hex4(struct json_reader *r, uint32_t *code) {
    *code = 0;
    for (int i = 0; i < 4; i++, r->at++) {
        int c = peek(r);
        int v = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
        if (v < 0)
            return fail(r, "\\u wants four hexadecimal digits");
        *code = *code * 16 + (uint32_t)v;
    }
    return true;
}

/* Behind \u: one code point, of one or two escapes. */
static bool read_code(struct json_reader *r, uint8_t *out, size_t *n) {
    uint32_t code, low;
    if (!read_hex4(r, &code))
        return false;
    if (code >= 0xd800 && code < 0xdc00 && r->text.n - r->at >= 6 && r->text.p[r->at] == '\\' &&
        r->text.p[r->at + 1] == 'u') {
        r->at += 2;
        if (!read_hex4(r, &low))
            return false;
        if (low < 0xdc00 || low > 0xdfff)
            return fail(r, "half of a surrogate pair");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    size_t put = utf8_put(code, out + *n);
    *n += put;
    return put > 0 || fail(r, "half of a surrogate pair");
}

static bool read_escape(struct json_reader *r, uint8_t *out, size_t *n) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    int c = peek(r);
    r->at++;
    if (c == 'u')
        return read_code(r, out, n);
    const char *known = c > 0 ? strchr(from, c) : NULL;
    if (known == NULL)
        return fail(r, "this string has an escape that JSON has not");
    out[(*n)++] = (uint8_t)to[known - from];
    return true;
}

/* At the opening quote. */
static bool read_string(struct json_reader *r, struct slice *out) {
    size_t end = ++r->at;
    while (end < r->text.n && r->text.p[end] != '"')
        end += r->text.p[end] == '\\' ? 2 : 1;
    if (end >= r->text.n)
        return fail(r, "this string has no end");
    uint8_t *text = arena_take(r->arena, end - r->at + 1); /* an escape is never shorter than its meaning */
    if (text == NULL)
        return no_memory(r);
    size_t n = 0;
    while (r->at < end) {
        uint8_t c = r->text.p[r->at++];
        if (c < 0x20)
            return fail(r, "a control character in a string");
        if (c != '\\')
            text[n++] = c;
        else if (!read_escape(r, text, &n))
            return false;
    }
    r->at = end + 1;
    *out = slice_of(text, n);
    return true;
}

static size_t digits(struct json_reader *r) {
    size_t from = r->at;
    while (peek(r) >= '0' && peek(r) <= '9')
        r->at++;
    return r->at - from;
}

static bool read_number(struct json_reader *r, struct document *out) {
    size_t from = r->at;
    if (peek(r) == '-')
        r->at++;
    bool zero = peek(r) == '0', whole = true;
    size_t n = digits(r);
    if (n == 0 || (zero && n > 1))
        return fail(r, "not a JSON value");
    if (peek(r) == '.') {
        r->at++;
        whole = false;
        if (digits(r) == 0)
            return fail(r, "a number without digits behind its point");
    }
    if (peek(r) == 'e' || peek(r) == 'E') {
        r->at++;
        whole = false;
        if (peek(r) == '+' || peek(r) == '-')
            r->at++;
        if (digits(r) == 0)
            return fail(r, "a number without digits in its exponent");
    }
    struct slice text = slice_of(r->text.p + from, r->at - from);
    out->kind = whole && slice_to_int(text, &out->i) ? DOCUMENT_LONG : DOCUMENT_NUMBER;
    return true;
}

static bool read_value(struct json_reader *r, struct document *out);

static struct item *item_new(struct json_reader *r, struct item ***tail) {
    struct item *i = arena_alloc(r->arena, sizeof *i);
    if (i == NULL) {
        (void)no_memory(r);
        return NULL;
    }
    **tail = i;
    *tail = &i->next;
    return i;
}

/* Many names: by a map; few: one by one. */
static bool names_differ(struct json_reader *r, const struct slice *names, size_t count) {
    struct map seen;
    map_init(&seen);
    bool fine = true;
    for (size_t i = 0; i < count && fine && count > 1; i++) {
        if (map_get(&seen, names[i]) != NULL)
            fine = fail(r, "an object with the same name twice");
        else if (map_put(&seen, names[i], r) != ST_OK)
            fine = no_memory(r);
    }
    map_free(&seen);
    return fine;
}

static bool take_items(struct json_reader *r, const struct item *first, size_t count, struct document *out) {
    struct document *items = arena_array(r->arena, count, sizeof *items);
    struct slice *names = out->kind == DOCUMENT_OBJECT ? arena_array(r->arena, count, sizeof *names) : NULL;
    if (items == NULL || (names == NULL && out->kind == DOCUMENT_OBJECT))
        return no_memory(r);
    for (size_t i = 0; i < count; i++, first = first->next) {
        items[i] = first->value;
        if (names != NULL)
            names[i] = first->name;
    }
    out->items = items;
    out->names = names;
    out->count = count;
    return names == NULL || names_differ(r, names, count);
}

/* Behind [ or {. */
static bool read_items(struct json_reader *r, struct document *out) {
    bool object = out->kind == DOCUMENT_OBJECT;
    char close = object ? '}' : ']';
    struct item *first = NULL, **tail = &first;
    size_t count = 0;
    while (count > 0 || !accept(r, close)) {
        struct item *i = item_new(r, &tail);
        if (i == NULL)
            return false;
        skip_space(r);
        if (object && (peek(r) != '"' || !read_string(r, &i->name) || !accept(r, ':')))
            return fail(r, "expected \"name\":");
        if (!read_value(r, &i->value))
            return false;
        count++;
        if (accept(r, close))
            break;
        if (!accept(r, ','))
            return fail(r, "expected ',' or the end of the list");
    }
    return take_items(r, first, count, out);
}

static bool read_word(struct json_reader *r, struct document *out) {
    static const struct {
        const char *word;
        enum document_kind kind;
        bool b;
    } words[] = {
        {"true", DOCUMENT_BOOL, true}, {"false", DOCUMENT_BOOL, false}, {"null", DOCUMENT_NULL, false}};
    struct slice rest = slice_of(r->text.p + r->at, r->text.n - r->at);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!slice_starts_with(rest, slice_from_string(words[i].word)))
            continue;
        out->kind = words[i].kind;
        out->b = words[i].b;
        r->at += strlen(words[i].word);
        return true;
    }
    return read_number(r, out);
}

static bool read_value(struct json_reader *r, struct document *out) {
    skip_space(r);
    out->line = r->line;
    int c = peek(r);
    if (c == '"') {
        out->kind = DOCUMENT_STRING;
        return read_string(r, &out->s);
    }
    if (c != '{' && c != '[')
        return c < 0 ? fail(r, "the text ends too early") : read_word(r, out);
    if (r->depth == DOCUMENT_DEPTH_MAX)
        return fail(r, "nested too deep");
    out->kind = c == '{' ? DOCUMENT_OBJECT : DOCUMENT_ARRAY;
    r->at++;
    r->depth++;
    bool fine = read_items(r, out);
    r->depth--;
    return fine;
}

enum status document_parse(struct slice text, const char *file, struct arena *a, const struct document **out,
                           struct error *e) {
    struct json_reader r = {.text = text.p == NULL ? SLICE("") : text,
                            .line = 1,
                            .file = file,
                            .arena = a,
                            .error = e,
                            .status = ST_OK};
    if (text.n > DOCUMENT_TEXT_MAX)
        return error_set(e, ST_LIMIT, "too_large", "%s: more than %zu bytes", file, DOCUMENT_TEXT_MAX);
    if (!utf8_valid(text))
        return error_set(e, ST_INVALID, "bad_json", "%s: not valid UTF-8", file);
    struct document *root = arena_alloc(a, sizeof *root);
    if (root == NULL)
        (void)no_memory(&r);
    else if (read_value(&r, root)) {
        skip_space(&r);
        if (r.at < r.text.n)
            (void)fail(&r, "something stands behind the value");
    }
    *out = root;
    return r.status;
}

const struct document *document_get(const struct document *object, const char *name) {
    if (!document_is(object, DOCUMENT_OBJECT))
        return NULL;
    for (size_t i = 0; i < object->count; i++) {
        if (slice_is(object->names[i], name))
            return &object->items[i];
    }
    return NULL;
}

struct slice document_string(const struct document *object, const char *name) {
    const struct document *d = document_get(object, name);
    return document_is(d, DOCUMENT_STRING) ? d->s : SLICE_NONE;
}

struct slice document_unknown(const struct document *object, const char *const *known) {
    for (size_t i = 0; i < object->count; i++) {
        size_t k = 0;
        while (known[k] != NULL && !slice_is(object->names[i], known[k]))
            k++;
        if (known[k] == NULL)
            return object->names[i];
    }
    return SLICE_NONE;
}
