/* The parser's state, shared by parse.c (policies) and expression.c (expressions). It fails once and stays
 * failed: a function that returns NULL or false has set `status` and filled the error. */
#ifndef KEDUN_POLICY_PARSER_H
#define KEDUN_POLICY_PARSER_H

#include "policy/lex.h"
#include "policy/syntax.h"

struct parser {
    struct lexer lexer;
    struct token now;
    uint32_t end; /* where the token before `now` ended */
    unsigned nesting;
    const char *file;
    struct arena *arena; /* the tree lives here */
    struct error *error;
    enum status status;
};

void parser_init(struct parser *p, struct slice text, const char *file, struct arena *a, struct error *e);

/* The same over a schema's text: its errors are "schema_syntax". */
void parser_init_schema(struct parser *p, struct slice text, const char *file, struct arena *a,
                        struct error *e);

void parser_advance(struct parser *p);
bool parser_at(const struct parser *p, const char *mark_or_word);
/* Advances when the token is there. */
bool parser_accept(struct parser *p, const char *mark_or_word);
/* The same, and fails with "expected X, found Y". */
bool parser_expect(struct parser *p, const char *mark_or_word);
/* Fails at the current token; returns false. */
bool parser_fail(struct parser *p, const char *what);
bool parser_fail_expected(struct parser *p, const char *what);
bool parser_no_memory(struct parser *p);

/* A name that is no reserved word; fails with `what` was expected. */
bool parser_name(struct parser *p, const char *what, struct slice *out);
/* A name in a schema: there __cedar may begin a path. */
bool parser_schema_name(struct parser *p, struct slice *out);
/* A string literal, unescaped; `pattern` as in lex_unescape. */
bool parser_string(struct parser *p, bool pattern, struct slice *out);
/* Type path: A::B::C. */
bool parser_path(struct parser *p, struct slice *out);
/* Type path and id: A::B::"x". */
bool parser_entity(struct parser *p, struct cedar_entity *out);

/* A list that grows in the arena. */
struct parser_list {
    uint8_t *items;
    size_t count, room;
};
/* A place for one more item of `size` bytes; NULL when memory is out or the list is full. */
void *parser_list_add(struct parser *p, struct parser_list *l, size_t size);

#endif
