/* A Cedar schema as written, before names are resolved: what both of its syntaxes are read into and printed
 * from. Everything lives in one arena; texts may be borrowed from the source.
 * Source: docs.cedarpolicy.com, "Schema format" and the two schema grammars. */
#ifndef KEDUN_POLICY_SCHEMA_SOURCE_H
#define KEDUN_POLICY_SCHEMA_SOURCE_H

#include "policy/document.h"
#include "policy/syntax.h"

#define SCHEMA_DEPTH_MAX 100 /* of types inside types */

enum source_type_kind {
    SOURCE_NAME,        /* a common type, an entity type or a built-in, whichever is there */
    SOURCE_ENTITY_NAME, /* JSON "Entity" */
    SOURCE_COMMON_NAME, /* JSON {"type": "Name"} */
    SOURCE_LONG,
    SOURCE_STRING,
    SOURCE_BOOL,
    SOURCE_EXTENSION, /* JSON "Extension": name */
    SOURCE_SET,
    SOURCE_RECORD
};

struct source_attribute;

struct source_type {
    enum source_type_kind kind;
    uint32_t line;
    struct slice name;
    const struct source_type *element;
    const struct source_attribute *attributes;
    size_t count;
};

/* Annotations of a declaration, in order. A value may be absent: @name alone; then p is NULL. */
struct source_notes {
    const struct annotation *list;
    size_t count;
};

struct source_attribute {
    struct slice name;
    const struct source_type *type;
    bool required;
    struct source_notes notes;
};

struct source_common {
    struct slice name;
    const struct source_type *type;
    struct source_notes notes;
    uint32_t line;
};

struct source_entity {
    struct slice name;
    const struct slice *parents;
    size_t parent_count;
    const struct source_type *shape; /* NULL: no attributes */
    const struct source_type *tags;  /* NULL: none */
    const struct slice *choices;     /* of an enumerated type: at least one */
    size_t choice_count;
    struct source_notes notes;
    uint32_t line;
};

/* Type with n == 0: Action of the same namespace (or the one without a name). */
struct source_parent {
    struct slice type, id;
};

struct source_action {
    struct slice id;
    const struct source_parent *parents;
    size_t parent_count;
    bool has_parents; /* JSON tells [] from none */
    bool applies;     /* has appliesTo */
    const struct slice *principals, *resources;
    size_t principal_count, resource_count;
    const struct source_type *context; /* NULL: the empty record */
    struct source_notes notes;
    uint32_t line;
};

struct source_namespace {
    struct slice name; /* n == 0: none */
    const struct source_common *commons;
    size_t common_count;
    const struct source_entity *entities;
    size_t entity_count;
    const struct source_action *actions;
    size_t action_count;
    struct source_notes notes;
};

struct schema_source {
    const struct source_namespace *namespaces;
    size_t count;
    const char *file; /* for messages */
};

/* The text syntax (.cedarschema). ST_INVALID "schema_syntax" with file:line:column; ST_LIMIT; ST_NOMEM.
 * Text and file are borrowed. */
MUST_CHECK enum status schema_source_from_text(struct slice text, const char *file, struct arena *a,
                                               const struct schema_source **out, struct error *e);

/* The JSON syntax. ST_INVALID "schema_syntax" with file:line. */
MUST_CHECK enum status schema_source_from_json(struct slice text, const char *file, struct arena *a,
                                               const struct schema_source **out, struct error *e);

/* Names that no common type may have. */
bool schema_name_is_reserved(struct slice name);

#endif
