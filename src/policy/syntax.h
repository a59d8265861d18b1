/* The syntax tree of Cedar policies. Built by parse.c and expression.c, immutable afterwards, owned by the
 * arena of its policy set. */
#ifndef KEDUN_POLICY_SYNTAX_H
#define KEDUN_POLICY_SYNTAX_H

#include "policy/extension.h"

#define EXPR_DEPTH_MAX 200   /* of the tree; chains of && and || are one level */
#define NESTING_MAX    100   /* of parentheses, brackets, braces and ifs */
#define EXPR_ITEMS_MAX 10000 /* of one set, record or chain */

enum expr_op {
    EXPR_VALUE,    /* value */
    EXPR_VARIABLE, /* variable */
    EXPR_AND,      /* items: two or more, from left to right */
    EXPR_OR,
    EXPR_NOT,
    EXPR_NEGATE,
    EXPR_IF, /* condition, then, else */
    EXPR_EQUAL,
    EXPR_NOT_EQUAL,
    EXPR_LESS,
    EXPR_LESS_EQUAL,
    EXPR_GREATER,
    EXPR_GREATER_EQUAL,
    EXPR_IN,
    EXPR_ADD,
    EXPR_SUBTRACT,
    EXPR_MULTIPLY,
    EXPR_GET,  /* items[0].text */
    EXPR_HAS,  /* items[0] has text */
    EXPR_LIKE, /* items[0] like text, compiled (value.h) */
    EXPR_IS,   /* items[0] is text */
    EXPR_SET,
    EXPR_RECORD, /* names[i]: items[i] */
    EXPR_CONTAINS,
    EXPR_CONTAINS_ALL,
    EXPR_CONTAINS_ANY,
    EXPR_IS_EMPTY,
    EXPR_HAS_TAG,
    EXPR_GET_TAG,
    EXPR_CALL /* extension */
};

enum variable { VARIABLE_PRINCIPAL, VARIABLE_ACTION, VARIABLE_RESOURCE, VARIABLE_CONTEXT };

/* What the value of an expression depends on; bits. Those of the context are also enum policy_mention of
 * policy.h. */
enum mention {
    MENTION_RESOURCE = 1, /* the record itself, not only its type */
    MENTION_PRINCIPAL = 2,
    MENTION_FIELD = 4,
    MENTION_CLASS = 8,
    MENTION_OBJECT = 0x10,
    MENTION_PURPOSE = 0x20,
    MENTION_REASON = 0x40,
    MENTION_SECOND_FACTOR = 0x80,
    MENTION_TIME = 0x100,
    MENTION_NETWORK = 0x200,
    MENTION_APPROVAL = 0x400,
    MENTION_WATERMARK = 0x800,
    MENTION_CONTEXT_ANY = 0xffc
};

struct expr {
    enum expr_op op;
    enum variable variable;
    uint16_t depth;
    uint16_t mentions; /* of the whole subtree */
    uint32_t from, to; /* its text, as byte offsets in the source */
    uint32_t line, column;
    const struct expr *const *items;
    const struct slice *names;
    size_t count;
    struct slice text;
    const struct extension *extension;
    struct cedar_value value;
    const struct expr *literal; /* EXPR_VALUE of a set, record or call of literals: as it was written */
};

enum scope_op { SCOPE_ANY, SCOPE_EQUAL, SCOPE_IN, SCOPE_IS, SCOPE_IS_IN };

struct scope {
    enum scope_op op;
    bool slot;                           /* a template's ?principal or ?resource stands for the entity */
    bool listed;                         /* of an action: in […], with brackets */
    struct slice type;                   /* SCOPE_IS, SCOPE_IS_IN */
    uint32_t line, column;               /* of the slot */
    const struct cedar_entity *entities; /* one; SCOPE_IN of an action: any number */
    size_t count;
};

struct condition {
    bool unless;
    const struct expr *expr;
};

struct annotation {
    struct slice name, value;
    uint32_t from, to, line, column; /* of the whole in the policy's text; 0 where there is none */
};

struct policy {
    bool forbid;
    struct slice id;  /* the @id annotation, or "file:line:column" */
    const char *file; /* its base name */
    uint32_t line, column;
    uint32_t from, to;   /* its text, annotations and semicolon included, as byte offsets in the source */
    struct slice source; /* the file's whole text: from and to of an expr point into it */
    struct scope principal, action, resource;
    const struct condition *conditions;
    size_t condition_count;
    const struct annotation *annotations;
    size_t annotation_count;
    uint32_t acts;     /* bit per enum act whose action its scope takes in */
    uint16_t mentions; /* of all conditions */
};

/* A template has slots: it applies to nothing until it is linked (policies.h). */
static inline bool policy_is_template(const struct policy *p) {
    return p->principal.slot || p->resource.slot;
}

/* The expression as its author wrote it: what a value that was worked out stands for. */
static inline const struct expr *expr_written(const struct expr *e) {
    return e->literal != NULL ? e->literal : e;
}

/* The text of an expression as its author wrote it. */
static inline struct slice expr_source(const struct policy *p, const struct expr *e) {
    return slice_of(p->source.p + e->from, e->to - e->from);
}

#endif
