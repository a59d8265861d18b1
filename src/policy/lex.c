#include "policy/lex.h"

#include "base/utf8.h"
#include "policy/value.h"

void lex_init(struct lexer *l, struct slice text, const char *file) {
    *l = (struct lexer){.text = text.p == NULL ? SLICE("") : text, .file = file, .line = 1};
}

static uint32_t column_of(const struct lexer *l, size_t at) {
    return (uint32_t)utf8_count(slice_of(l->text.p + l->line_start, at - l->line_start)) + 1;
}

static enum status lex_error(const struct lexer *l, const char *what, struct error *e) {
    return error_set(e, ST_INVALID, l->schema ? "schema_syntax" : "policy_syntax", "%s:%u:%u: %s", l->file,
                     l->line, column_of(l, l->at), what);
}

/* Unicode's White_Space property. */
static bool is_space(uint32_t c) {
    return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
           c == 0x3000;
}

static void new_line(struct lexer *l, size_t next) {
    l->line++;
    l->line_start = next;
}

static void skip_comment(struct lexer *l) {
    while (l->at < l->text.n && l->text.p[l->at] != '\n')
        l->at++;
}

static void skip_blank(struct lexer *l) {
    while (l->at < l->text.n) {
        struct slice rest = slice_of(l->text.p + l->at, l->text.n - l->at);
        if (slice_starts_with(rest, SLICE("//"))) {
            skip_comment(l);
            continue;
        }
        uint32_t c;
        struct slice after = rest;
        if (!utf8_next(&after, &c) || !is_space(c))
            return;
        l->at += rest.n - after.n;
        if (c == '\n')
            new_line(l, l->at);
    }
}

static bool is_letter(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

static size_t mark_length(struct slice rest) {
    static const char *const pairs[] = {"::", "==", "!=", "<=", ">=", "&&", "||"};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (slice_starts_with(rest, slice_from_string(pairs[i])))
            return 2;
    }
    return strchr("(){}[],;:.@<>!+-*?", rest.p[0]) != NULL && rest.p[0] != 0 ? 1 : 0;
}

static enum status lex_string(struct lexer *l, struct token *out, struct error *e) {
    size_t i = l->at + 1;
    while (i < l->text.n && l->text.p[i] != '"')
        i += l->text.p[i] == '\\' ? 2 : 1;
    if (i >= l->text.n)
        return lex_error(l, "this string has no end", e);
    out->kind = TOKEN_STRING;
    out->text = slice_of(l->text.p + l->at + 1, i - l->at - 1);
    for (size_t k = l->at; k < i; k++) {
        if (l->text.p[k] == '\n')
            new_line(l, k + 1);
    }
    l->at = i + 1;
    return ST_OK;
}

static void lex_run(struct lexer *l, struct token *out, enum token_kind kind, size_t n) {
    out->kind = kind;
    out->text = slice_of(l->text.p + l->at, n);
    l->at += n;
}

enum status lex_next(struct lexer *l, struct token *out, struct error *e) {
    skip_blank(l);
    *out = (struct token){
        .kind = TOKEN_END, .from = (uint32_t)l->at, .line = l->line, .column = column_of(l, l->at)};
    struct slice rest = slice_of(l->text.p + l->at, l->text.n - l->at);
    enum status s = ST_OK;
    if (rest.n > 0) {
        size_t n = 0;
        if (rest.p[0] == '"') {
            s = lex_string(l, out, e);
        } else if (is_letter(rest.p[0])) {
            while (n < rest.n && (is_letter(rest.p[n]) || is_digit(rest.p[n])))
                n++;
            lex_run(l, out, TOKEN_NAME, n);
        } else if (is_digit(rest.p[0])) {
            while (n < rest.n && is_digit(rest.p[n]))
                n++;
            lex_run(l, out, TOKEN_NUMBER, n);
        } else if ((n = l->schema && rest.p[0] == '=' ? 1 : mark_length(rest)) > 0) {
            lex_run(l, out, TOKEN_MARK, n);
        } else {
            s = lex_error(
                l, rest.p[0] == '=' ? "a single = is no operator; equality is ==" : "unexpected character",
                e);
        }
    }
    out->to = (uint32_t)l->at;
    return s;
}

static int hex_value(uint8_t c) {
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* `most` hexadecimal digits at raw[*i]; 0 digits read: false. */
static bool read_hex(struct slice raw, size_t *i, size_t most, uint32_t *code, size_t *digits) {
    *code = 0;
    *digits = 0;
    while (*i < raw.n && *digits < most && hex_value(raw.p[*i]) >= 0) {
        *code = *code * 16 + (uint32_t)hex_value(raw.p[*i]);
        (*i)++;
        (*digits)++;
    }
    return *digits > 0;
}

/* \xHH or \u{…}, *i behind the x or u. */
static bool unescape_code(struct slice raw, size_t *i, uint8_t letter, uint32_t *code) {
    size_t digits;
    if (letter == 'x')
        return read_hex(raw, i, 2, code, &digits) && digits == 2 && *code <= 0x7f;
    if (*i >= raw.n || raw.p[*i] != '{')
        return false;
    (*i)++;
    if (!read_hex(raw, i, 6, code, &digits) || *i >= raw.n || raw.p[*i] != '}')
        return false;
    (*i)++;
    return true;
}

static bool unescape_letter(uint8_t letter, bool pattern, uint32_t *code) {
    static const char from[] = "nrt0\\'\"*", to[] = "\n\r\t\0\\'\"*";
    const char *at = letter == 0 ? NULL : strchr(from, letter);
    if (at == NULL || (letter == '*' && !pattern))
        return false;
    *code = (uint8_t)to[at - from];
    return true;
}

bool lex_unescape(struct slice raw, bool pattern, struct arena *a, struct slice *out, size_t *bad) {
    uint8_t *text = arena_alloc(a, raw.n + 1); /* an escape is never shorter than what it stands for */
    *out = slice_of(text, 0);
    if (text == NULL)
        return true;
    size_t i = 0;
    while (i < raw.n) {
        if (raw.p[i] != '\\') {
            text[out->n++] = pattern && raw.p[i] == '*' ? CEDAR_WILDCARD : raw.p[i];
            i++;
            continue;
        }
        *bad = i;
        uint8_t letter = i + 1 < raw.n ? raw.p[i + 1] : 0;
        uint32_t code = 0;
        i += 2;
        bool known = letter == 'x' || letter == 'u' ? unescape_code(raw, &i, letter, &code)
                                                    : unescape_letter(letter, pattern, &code);
        size_t n = known ? utf8_put(code, text + out->n) : 0;
        if (n == 0)
            return false;
        out->n += n;
    }
    return true;
}
