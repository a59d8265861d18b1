#include "policy/policy_format.h"

#include "policy/lex.h"
#include "policy/parse.h"

#include "base/utf8.h"

/* A token with the comments around it. */
struct piece {
    struct token token;
    struct slice source; /* as written, quotes included */
    const struct slice *before;
    size_t before_count;
    struct slice behind; /* on the same line; n == 0: none */
    size_t match;        /* of a bracket: the other one */
};

struct layout {
    const struct piece *pieces;
    size_t count;
    size_t width, step;
    struct buf *out;
    size_t column;   /* characters on this line */
    bool fresh;      /* nothing but indentation on this line */
    bool must_break; /* a comment ends this line */
};

/* ---- taking the text apart ---- */

static struct slice trim_end(struct slice s) {
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r'))
        s.n--;
    return s;
}

/* The comments in what stands between two tokens; the first is behind the token before it when no line ends
 * between them. */
static bool take_comments(struct slice gap, struct arena *a, struct piece *last, struct piece *next) {
    struct slice *list = NULL;
    size_t n = 0, room = 0;
    bool same_line = last != NULL;
    for (size_t i = 0; i < gap.n; i++) {
        if (gap.p[i] == '\n')
            same_line = false;
        if (gap.p[i] != '/')
            continue;
        size_t from = i;
        while (i < gap.n && gap.p[i] != '\n')
            i++;
        struct slice comment = trim_end(slice_of(gap.p + from, i - from));
        if (same_line) {
            last->behind = comment;
            same_line = false;
            continue;
        }
        if (n == room) {
            room = room == 0 ? 4 : room * 2;
            struct slice *bigger = arena_array(a, room, sizeof *bigger);
            if (bigger == NULL)
                return false;
            if (n > 0)
                memcpy(bigger, list, n * sizeof *bigger);
            list = bigger;
        }
        list[n++] = comment;
    }
    next->before = list;
    next->before_count = n;
    return true;
}

static bool is_mark(const struct piece *p, const char *mark) {
    return p->token.kind == TOKEN_MARK && slice_is(p->token.text, mark);
}

static bool is_word(const struct piece *p, const char *word) {
    return p->token.kind == TOKEN_NAME && slice_is(p->token.text, word);
}

static bool opens(const struct piece *p) {
    return is_mark(p, "(") || is_mark(p, "[") || is_mark(p, "{");
}

static bool closes(const struct piece *p) {
    return is_mark(p, ")") || is_mark(p, "]") || is_mark(p, "}");
}

static bool match_brackets(struct piece *pieces, size_t count, struct arena *a) {
    size_t *open = arena_array(a, count, sizeof *open), depth = 0;
    for (size_t i = 0; open != NULL && i < count; i++) {
        if (opens(&pieces[i])) {
            open[depth++] = i;
        } else if (closes(&pieces[i]) && depth > 0) {
            pieces[i].match = open[--depth];
            pieces[pieces[i].match].match = i;
        }
    }
    return open != NULL;
}

/* Every token, and one for the end that carries the last comments. */
static enum status take_apart(struct slice text, const char *file, struct arena *a, struct piece **out,
                              size_t *count, struct error *e) {
    struct lexer l;
    struct token token;
    size_t room = 64;
    struct piece *list = arena_array(a, room, sizeof *list);
    *count = 0;
    lex_init(&l, text, file);
    for (size_t at = 0; list != NULL;) {
        enum status s = lex_next(&l, &token, e);
        if (s != ST_OK)
            return s;
        if (*count == room) {
            struct piece *bigger = arena_array(a, room * 2, sizeof *bigger);
            if (bigger != NULL)
                memcpy(bigger, list, room * sizeof *bigger);
            list = bigger;
            room *= 2;
        }
        if (list == NULL)
            break;
        struct piece *p = &list[(*count)++];
        *p = (struct piece){.token = token, .source = slice_of(text.p + token.from, token.to - token.from)};
        if (!take_comments(slice_of(text.p + at, token.from - at), a, *count > 1 ? p - 1 : NULL, p))
            break;
        at = token.to;
        *out = list;
        if (token.kind == TOKEN_END)
            return match_brackets(list, *count, a) ? ST_OK : ST_NOMEM;
    }
    return error_set(e, ST_NOMEM, "no_memory", "%s: too large", file);
}

/* ---- spaces ---- */

static bool is_keyword(const struct piece *p) {
    static const char *const words[] = {"in",   "has",  "like",   "is",     "if",    "then",
                                        "else", "when", "unless", "permit", "forbid"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (is_word(p, words[i]))
            return true;
    }
    return false;
}

static bool ends_operand(const struct piece *p) {
    return closes(p) || p->token.kind == TOKEN_STRING || p->token.kind == TOKEN_NUMBER ||
           (p->token.kind == TOKEN_NAME && !is_keyword(p));
}

/* A sign before its operand, and not an operator between two. */
static bool is_sign(const struct layout *l, size_t i) {
    return is_mark(&l->pieces[i], "!") ||
           (is_mark(&l->pieces[i], "-") && (i == 0 || !ends_operand(&l->pieces[i - 1])));
}

/* A keyword of the policy can be a name in an expression: `principal.in` cannot, `context.permit` can. */
static bool is_attribute(const struct layout *l, size_t i) {
    return i > 0 && (is_mark(&l->pieces[i - 1], ".") || is_mark(&l->pieces[i - 1], "@"));
}

static bool space_between(const struct layout *l, size_t i) {
    const struct piece *before = &l->pieces[i - 1], *p = &l->pieces[i];
    static const char *const tight_before[] = {")", "]", ",", ";", ".", "::", ":"};
    static const char *const tight_behind[] = {"(", "[", ".", "::", "@", "?"};
    for (size_t k = 0; k < sizeof tight_before / sizeof tight_before[0]; k++) {
        if (is_mark(p, tight_before[k]))
            return false;
    }
    for (size_t k = 0; k < sizeof tight_behind / sizeof tight_behind[0]; k++) {
        if (is_mark(before, tight_behind[k]))
            return false;
    }
    if (is_sign(l, i - 1) || (is_mark(before, "{") && is_mark(p, "}")))
        return false;
    if (is_mark(p, "(") || is_mark(p, "["))
        return !ends_operand(before) && !is_attribute(l, i - 1);
    return true;
}

/* ---- putting lines together ---- */

static void new_line(struct layout *l, size_t indent) {
    if (!l->fresh || l->column != indent) {
        if (!l->fresh)
            buf_put_u8(l->out, '\n');
        else
            l->out->n -= l->column; /* indentation of another depth */
        for (size_t i = 0; i < indent; i++)
            buf_put_u8(l->out, ' ');
    }
    l->column = indent;
    l->fresh = true;
    l->must_break = false;
}

static void put_text(struct layout *l, struct slice text) {
    buf_put(l->out, text.p, text.n);
    l->column += utf8_count(text);
    l->fresh = false;
}

/* `indent`: where a line goes on that a comment breaks. */
static void put_piece(struct layout *l, size_t i, size_t indent) {
    const struct piece *p = &l->pieces[i];
    if (p->before_count > 0 || l->must_break)
        new_line(l, indent);
    for (size_t k = 0; k < p->before_count; k++) {
        put_text(l, p->before[k]);
        new_line(l, indent);
    }
    if (!l->fresh && i > 0 && space_between(l, i))
        put_text(l, SLICE(" "));
    put_text(l, p->source);
    if (p->behind.n > 0) {
        put_text(l, SLICE(" "));
        put_text(l, p->behind);
        l->must_break = true;
    }
}

static void put_flat(struct layout *l, size_t from, size_t to, size_t indent) {
    for (size_t i = from; i < to; i++)
        put_piece(l, i, indent);
}

/* Characters on one line; SIZE_MAX when comments or line breaks in strings forbid one. */
static size_t flat_width(const struct layout *l, size_t from, size_t to) {
    size_t n = 0;
    for (size_t i = from; i < to; i++) {
        const struct piece *p = &l->pieces[i];
        if ((p->before_count > 0 && i > from) || (p->behind.n > 0 && i + 1 < to))
            return SIZE_MAX;
        n += utf8_count(p->source) + (i > from && space_between(l, i) ? 1 : 0);
    }
    return n;
}

static void put_range(struct layout *l, size_t from, size_t to, size_t indent, size_t spare);

/* The next token at no depth that is one of these; `to` when there is none. */
static size_t find_at_top(const struct layout *l, size_t from, size_t to, const char *one,
                          const char *other) {
    for (size_t i = from; i < to; i++) {
        const struct piece *p = &l->pieces[i];
        if ((is_mark(p, one) || is_word(p, one) || (other != NULL && is_word(p, other))) &&
            !is_attribute(l, i))
            return i;
        if (opens(p))
            i = p->match;
    }
    return to;
}

/* Of `if … then … else …`: where its then or else stands, past those of ifs inside. */
static size_t find_branch(const struct layout *l, size_t from, size_t to, const char *word) {
    unsigned inner = 0;
    for (size_t i = from; i < to; i++) {
        const struct piece *p = &l->pieces[i];
        if (opens(p))
            i = p->match;
        else if (is_word(p, "if") && !is_attribute(l, i))
            inner++;
        else if (is_word(p, word) && !is_attribute(l, i) && inner == 0)
            return i;
        else if (is_word(p, "else") && !is_attribute(l, i) && inner > 0)
            inner--;
    }
    return to;
}

static void put_if(struct layout *l, size_t from, size_t to, size_t indent, size_t spare) {
    size_t then = find_branch(l, from + 1, to, "then"), other = find_branch(l, then, to, "else");
    put_piece(l, from, indent);
    put_range(l, from + 1, then, indent + l->step, 0);
    new_line(l, indent);
    put_piece(l, then, indent);
    put_range(l, then + 1, other, indent + l->step, 0);
    new_line(l, indent);
    put_piece(l, other, indent);
    put_range(l, other + 1, to, indent + l->step, spare);
}

static void put_chain(struct layout *l, size_t from, size_t to, size_t indent, const char *mark,
                      size_t spare) {
    while (from < to) {
        size_t next = find_at_top(l, from, to, mark, NULL);
        put_range(l, from, next, indent, next < to ? 3 : spare);
        if (next < to) {
            put_piece(l, next, indent);
            new_line(l, indent);
        }
        from = next + 1;
    }
}

/* The widest bracket at no depth that holds something; `to` when there is none. */
static size_t widest_bracket(const struct layout *l, size_t from, size_t to) {
    size_t best = to, most = 0;
    for (size_t i = from; i < to; i++) {
        const struct piece *p = &l->pieces[i];
        if (!opens(p))
            continue;
        if (p->match > i + 1 && p->match - i > most) {
            best = i;
            most = p->match - i;
        }
        i = p->match;
    }
    return best;
}

/* What stands before the bracket, its items on a line each, what stands behind. */
static void put_bracket(struct layout *l, size_t from, size_t to, size_t open, size_t indent, size_t spare) {
    size_t close = l->pieces[open].match;
    put_flat(l, from, open + 1, indent);
    for (size_t i = open + 1; i < close;) {
        size_t comma = find_at_top(l, i, close, ",", NULL);
        new_line(l, indent + l->step);
        put_range(l, i, comma, indent + l->step, 1);
        if (comma < close)
            put_piece(l, comma, indent + l->step);
        i = comma + 1;
    }
    new_line(l, indent);
    put_piece(l, close, indent);
    if (close + 1 < to)
        put_range(l, close + 1, to, indent, spare);
}

/* `spare`: characters that will follow on the same line. */
static void put_range(struct layout *l, size_t from, size_t to, size_t indent, size_t spare) {
    size_t flat = flat_width(l, from, to);
    if (from >= to)
        return;
    if (flat != SIZE_MAX && l->column + 1 + flat + spare <= l->width) {
        put_flat(l, from, to, indent);
        return;
    }
    size_t open = widest_bracket(l, from, to);
    if (is_word(&l->pieces[from], "if") && find_branch(l, from + 1, to, "then") < to)
        put_if(l, from, to, indent, spare);
    else if (find_at_top(l, from, to, "||", NULL) < to)
        put_chain(l, from, to, indent, "||", spare);
    else if (find_at_top(l, from, to, "&&", NULL) < to)
        put_chain(l, from, to, indent, "&&", spare);
    else if (open < to)
        put_bracket(l, from, to, open, indent, spare);
    else
        put_flat(l, from, to, indent + l->step);
}

/* ---- policies ---- */

/* @name or @name("value"), each on its line; gives where the effect stands. */
static size_t put_annotations(struct layout *l, size_t i) {
    while (is_mark(&l->pieces[i], "@")) {
        size_t end = is_mark(&l->pieces[i + 2], "(") ? l->pieces[i + 2].match + 1 : i + 2;
        put_flat(l, i, end, 0);
        new_line(l, 0);
        i = end;
    }
    return i;
}

/* permit ( … ) */
static size_t put_head(struct layout *l, size_t i) {
    size_t open = i + 1, close = l->pieces[open].match;
    size_t flat = flat_width(l, i, close + 1);
    bool bare = close - open == 6 && flat != SIZE_MAX; /* principal, action, resource */
    put_flat(l, i, open + 1, 0);
    for (size_t k = open + 1; k < close && !bare;) {
        size_t comma = find_at_top(l, k, close, ",", NULL);
        new_line(l, l->step);
        put_range(l, k, comma, l->step, 1);
        if (comma < close)
            put_piece(l, comma, l->step);
        k = comma + 1;
    }
    if (bare)
        put_flat(l, open + 1, close, 0);
    else
        new_line(l, 0);
    put_piece(l, close, 0);
    return close + 1;
}

/* when { … } */
static size_t put_condition(struct layout *l, size_t i) {
    size_t open = i + 1, close = l->pieces[open].match;
    size_t flat = flat_width(l, i, close + 1);
    new_line(l, 0);
    if (flat != SIZE_MAX && flat + 1 <= l->width && l->pieces[i].before_count == 0) {
        put_flat(l, i, close + 1, 0);
        return close + 1;
    }
    put_piece(l, i, 0);
    new_line(l, 0);
    put_piece(l, open, 0);
    new_line(l, l->step);
    put_range(l, open + 1, close, l->step, 0);
    new_line(l, 0);
    put_piece(l, close, 0);
    return close + 1;
}

static size_t put_policy(struct layout *l, size_t i) {
    i = put_annotations(l, i);
    i = put_head(l, i);
    while (!is_mark(&l->pieces[i], ";"))
        i = put_condition(l, i);
    put_piece(l, i, 0);
    new_line(l, 0);
    return i + 1;
}

enum status policy_format(struct slice text, const char *file, size_t width, size_t indent, struct arena *a,
                          struct buf *out, struct error *e) {
    const struct policy *ignored;
    size_t count;
    struct piece *pieces = NULL;
    if (text.p == NULL)
        text = SLICE("");
    enum status s = parse_policies(text, file, a, &ignored, &count, e);
    if (s == ST_OK)
        s = take_apart(text, file, a, &pieces, &count, e);
    if (s != ST_OK)
        return s;
    struct layout l = {
        .pieces = pieces, .count = count, .width = width, .step = indent, .out = out, .fresh = true};
    size_t i = 0;
    while (i + 1 < count) {
        if (i > 0)
            buf_put_u8(out, '\n');
        i = put_policy(&l, i);
    }
    const struct piece *end = &pieces[count - 1];
    if (end->before_count > 0 && count > 1)
        buf_put_u8(out, '\n');
    for (size_t k = 0; k < end->before_count; k++) {
        put_text(&l, end->before[k]);
        new_line(&l, 0);
    }
    return out->failed ? error_set(e, ST_NOMEM, "no_memory", "%s: too large", file) : ST_OK;
}
