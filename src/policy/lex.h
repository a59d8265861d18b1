/* Cedar's tokens, and what its string escapes mean.
 *
 * Source: docs.cedarpolicy.com, "Grammar specification for Cedar policy syntax". White space is Unicode's; a
 * comment runs from // to the end of its line. The text must be valid UTF-8. */
#ifndef KEDUN_POLICY_LEX_H
#define KEDUN_POLICY_LEX_H

#include "base/arena.h"
#include "base/status.h"

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_NUMBER, TOKEN_STRING, TOKEN_MARK };

struct token {
    enum token_kind kind;
    struct slice text;     /* a string's without its quotes, escapes as written */
    uint32_t from, to;     /* byte offsets in the source, quotes included */
    uint32_t line, column; /* from 1; the column counts characters */
};

struct lexer {
    struct slice text; /* at most LEX_SOURCE_MAX bytes */
    const char *file;  /* for messages */
    size_t at, line_start;
    uint32_t line;
    bool schema; /* a schema's text: a single = is a mark there */
};

#define LEX_SOURCE_MAX ((size_t)1024 * 1024)

void lex_init(struct lexer *l, struct slice text, const char *file);

/* ST_INVALID "policy_syntax" ("schema_syntax" of a schema) with file:line:column on a character that begins
 * no token or an endless string.
 */
MUST_CHECK enum status lex_next(struct lexer *l, struct token *out, struct error *e);

/* The string that `raw` (a string token's text) stands for: \n \r \t \0 \\ \' \" \xHH (to 7F) \u{H…}. With
 * `pattern` also \*, and a bare * becomes CEDAR_WILDCARD. False: a bad escape at byte *bad of raw. p is NULL
 * when memory is out. */
bool lex_unescape(struct slice raw, bool pattern, struct arena *a, struct slice *out, size_t *bad);

#endif
