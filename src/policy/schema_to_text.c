#include "policy/policy_json.h"
#include "policy/schema_print.h"

struct printer {
    const struct schema_source *source;
    const struct source_namespace *space;
    struct buf *out;
    struct error *error;
    bool failed; /* something that text cannot say */
};

static void put(const struct printer *p, const char *text) {
    buf_put_string(p->out, text);
}

static void put_slice(const struct printer *p, struct slice s) {
    buf_put(p->out, s.p, s.n);
}

static void indent(const struct printer *p, unsigned depth) {
    for (unsigned i = 0; i < depth; i++)
        put(p, "  ");
}

static void refuse(struct printer *p, uint32_t line, const char *what, struct slice name) {
    if (!p->failed)
        (void)!error_set(p->error, ST_INVALID, "schema_no_text", "%s:%u: %s: %.*s", p->source->file, line,
                         what, (int)(name.n > 80 ? 80 : name.n), (const char *)name.p);
    p->failed = true;
}

static void put_notes(const struct printer *p, const struct source_notes *notes, unsigned depth) {
    for (size_t i = 0; i < notes->count; i++) {
        indent(p, depth);
        put(p, "@");
        put_slice(p, notes->list[i].name);
        if (notes->list[i].value.p != NULL) {
            put(p, "(");
            text_put_string(p->out, notes->list[i].value, false);
            put(p, ")");
        }
        put(p, "\n");
    }
}

/* ---- types ---- */

static bool has_common(const struct source_namespace *n, struct slice name) {
    for (size_t i = 0; i < n->common_count; i++) {
        if (slice_equal(n->commons[i].name, name))
            return true;
    }
    return false;
}

static bool has_entity(const struct source_namespace *n, struct slice name) {
    for (size_t i = 0; i < n->entity_count; i++) {
        if (slice_equal(n->entities[i].name, name))
            return true;
    }
    return false;
}

/* A declared type of a built-in one's name goes before it. */
static void put_built_in(const struct printer *p, const char *name) {
    bool hidden = false;
    for (size_t i = 0; i < p->source->count; i++) {
        const struct source_namespace *n = &p->source->namespaces[i];
        hidden = hidden || has_common(n, slice_from_string(name)) || has_entity(n, slice_from_string(name));
    }
    put(p, hidden ? "__cedar::" : "");
    put(p, name);
}

static void put_type(struct printer *p, const struct source_type *t, unsigned depth);

static void put_record(struct printer *p, const struct source_type *t, unsigned depth) {
    put(p, t->count == 0 ? "{}" : "{\n");
    for (size_t i = 0; i < t->count; i++) {
        const struct source_attribute *a = &t->attributes[i];
        put_notes(p, &a->notes, depth + 1);
        indent(p, depth + 1);
        text_put_name(p->out, a->name);
        put(p, a->required ? ": " : "?: ");
        put_type(p, a->type, depth + 1);
        put(p, i + 1 < t->count ? ",\n" : "\n");
    }
    if (t->count > 0) {
        indent(p, depth);
        put(p, "}");
    }
}

static void put_name(struct printer *p, const struct source_type *t) {
    if (t->kind == SOURCE_ENTITY_NAME && has_common(p->space, t->name))
        refuse(p, t->line, "a common type of this name hides the entity type", t->name);
    put_slice(p, t->name);
}

static void put_extension(const struct printer *p, struct slice name) {
    static const char *const names[] = {"decimal", "ipaddr", "datetime", "duration"};
    for (size_t i = 0; i < 4; i++) {
        if (slice_is(name, names[i])) {
            put_built_in(p, names[i]);
            return;
        }
    }
    put_slice(p, name);
}

static void put_type(struct printer *p, const struct source_type *t, unsigned depth) {
    switch (t->kind) {
    case SOURCE_LONG:
        put_built_in(p, "Long");
        break;
    case SOURCE_STRING:
        put_built_in(p, "String");
        break;
    case SOURCE_BOOL:
        put_built_in(p, "Bool");
        break;
    case SOURCE_EXTENSION:
        put_extension(p, t->name);
        break;
    case SOURCE_SET:
        put(p, "Set<");
        put_type(p, t->element, depth);
        put(p, ">");
        break;
    case SOURCE_RECORD:
        put_record(p, t, depth);
        break;
    default:
        put_name(p, t);
    }
}

/* ---- declarations ---- */

static void put_list(const struct printer *p, const struct slice *names, size_t count, bool strings) {
    put(p, "[");
    for (size_t i = 0; i < count; i++) {
        put(p, i > 0 ? ", " : "");
        if (strings)
            text_put_string(p->out, names[i], false);
        else
            put_slice(p, names[i]);
    }
    put(p, "]");
}

static void put_entity(struct printer *p, const struct source_entity *e, unsigned depth) {
    put_notes(p, &e->notes, depth);
    indent(p, depth);
    put(p, "entity ");
    put_slice(p, e->name);
    if (e->choice_count > 0) {
        put(p, " enum ");
        put_list(p, e->choices, e->choice_count, true);
    }
    if (e->parent_count > 0) {
        put(p, " in ");
        put_list(p, e->parents, e->parent_count, false);
    }
    if (e->shape != NULL && e->shape->kind != SOURCE_RECORD)
        refuse(p, e->line, "only a record can be written as this entity type's shape", e->name);
    if (e->shape != NULL && e->shape->count > 0) {
        put(p, " = ");
        put_type(p, e->shape, depth);
    }
    if (e->tags != NULL) {
        put(p, " tags ");
        put_type(p, e->tags, depth);
    }
    put(p, ";\n");
}

static void put_parents(const struct printer *p, const struct source_action *a) {
    put(p, " in [");
    for (size_t i = 0; i < a->parent_count; i++) {
        put(p, i > 0 ? ", " : "");
        if (a->parents[i].type.n > 0) {
            put_slice(p, a->parents[i].type);
            put(p, "::");
        }
        text_put_string(p->out, a->parents[i].id, false);
    }
    put(p, "]");
}

static void put_applies(struct printer *p, const struct source_action *a, unsigned depth) {
    put(p, " appliesTo {\n");
    indent(p, depth + 1);
    put(p, "principal: ");
    put_list(p, a->principals, a->principal_count, false);
    put(p, ",\n");
    indent(p, depth + 1);
    put(p, "resource: ");
    put_list(p, a->resources, a->resource_count, false);
    if (a->context != NULL) {
        put(p, ",\n");
        indent(p, depth + 1);
        put(p, "context: ");
        put_type(p, a->context, depth + 1);
    }
    put(p, "\n");
    indent(p, depth);
    put(p, "}");
}

static void put_action(struct printer *p, const struct source_action *a, unsigned depth) {
    put_notes(p, &a->notes, depth);
    indent(p, depth);
    put(p, "action ");
    text_put_string(p->out, a->id, false);
    if (a->parent_count > 0)
        put_parents(p, a);
    if (a->applies && a->principal_count > 0 &&
        a->resource_count > 0) /* else it applies to nothing, as without */
        put_applies(p, a, depth);
    put(p, ";\n");
}

static void put_space(struct printer *p, const struct source_namespace *n, unsigned depth) {
    for (size_t i = 0; i < n->common_count; i++) {
        put_notes(p, &n->commons[i].notes, depth);
        indent(p, depth);
        put(p, "type ");
        put_slice(p, n->commons[i].name);
        put(p, " = ");
        put_type(p, n->commons[i].type, depth);
        put(p, ";\n");
    }
    for (size_t i = 0; i < n->entity_count; i++)
        put_entity(p, &n->entities[i], depth);
    for (size_t i = 0; i < n->action_count; i++)
        put_action(p, &n->actions[i], depth);
}

enum status schema_to_text(const struct schema_source *s, struct buf *out, struct error *e) {
    struct printer p = {.source = s, .out = out, .error = e};
    for (size_t i = 0; i < s->count; i++) {
        const struct source_namespace *n = &s->namespaces[i];
        p.space = n;
        put(&p, i > 0 ? "\n" : "");
        put_notes(&p, &n->notes, 0);
        if (n->name.n > 0) {
            put(&p, "namespace ");
            put_slice(&p, n->name);
            put(&p, " {\n");
        }
        put_space(&p, n, n->name.n > 0 ? 1 : 0);
        put(&p, n->name.n > 0 ? "}\n" : "");
    }
    if (p.failed)
        return ST_INVALID;
    return out->failed ? error_set(e, ST_NOMEM, "no_memory", "%s: too large", s->file) : ST_OK;
}
