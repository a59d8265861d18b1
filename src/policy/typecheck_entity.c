/* What the type checker knows of entities, their attributes and tags, and of extension functions. */
#include "policy/typecheck.h"

static enum checked plain(struct typed *out, const struct cedar_type *type) {
    *out = (struct typed){.type = type};
    return type == NULL ? CHECK_NO_MEMORY : CHECKED;
}

/* ---- in ---- */

/* The literal entities on the right: one, or all of a set that is written out. Their number; -1: others. */
static long right_literals(const struct typecheck *t, const struct expr *right,
                           const struct cedar_entity **one, const struct expr **set) {
    *one = typecheck_entity(t, right);
    *set = expr_written(right);
    if (*one != NULL)
        return 1;
    if ((*set)->op != EXPR_SET)
        return -1;
    for (size_t i = 0; i < (*set)->count; i++) {
        if (typecheck_entity(t, (*set)->items[i]) == NULL)
            return -1;
    }
    return (long)(*set)->count;
}

/* A literal action on the left, literals on the right: it is known now. */
static enum checked action_in(struct typecheck *t, const struct expr *e, const struct cedar_entity *left,
                              const struct cedar_entity *one, const struct expr *set, struct typed *out) {
    const struct schema_action *action = schema_find_action(t->schema, left);
    bool found = false;
    for (size_t i = 0; i < (one != NULL ? 1 : set->count); i++) {
        const struct cedar_entity *x = one != NULL ? one : typecheck_entity(t, set->items[i]);
        if (!schema_is_action_type(x->type))
            continue;
        if (schema_find_action(t->schema, x) == NULL)
            return typecheck_fail(t, e, "the schema has no such action");
        found = found || (action != NULL && schema_action_within(action, x));
    }
    return plain(out, found ? &type_true : &type_false);
}

static bool may_be_within(const struct schema *s, const struct cedar_type *left,
                          const struct cedar_type *right) {
    for (size_t i = 0; i < left->count; i++) {
        for (size_t k = 0; k < right->count; k++) {
            if (schema_type_within(s, left->entities[i], right->entities[k]))
                return true;
        }
    }
    return false;
}

static enum checked want_entities(struct typecheck *t, const struct expr *e, const struct cedar_type *type) {
    static const struct cedar_type entities = {.kind = TYPE_SET, .element = &type_any_entity};
    char name[100];
    if (type_is_below(type, &type_any_entity, false) || type_is_below(type, &entities, false))
        return CHECKED;
    type_print(type, name, sizeof name);
    return typecheck_fail(t, e, "in wants an entity or a set of them on its right, this is %s", name);
}

enum checked typecheck_in(struct typecheck *t, const struct expr *e, const struct guard *known,
                          struct typed *out) {
    struct typed left, right;
    const struct cedar_entity *one;
    const struct expr *set;
    enum checked c = typecheck_want(t, e->items[0], known, &type_any_entity, &left);
    if (c == CHECKED)
        c = typecheck_expr(t, e->items[1], known, &right);
    if (c == CHECKED)
        c = want_entities(t, e->items[1], right.type);
    if (c != CHECKED)
        return c;
    const struct cedar_entity *x = typecheck_entity(t, e->items[0]);
    if (x != NULL && schema_is_action_type(x->type) && right_literals(t, e->items[1], &one, &set) >= 0)
        return action_in(t, e, x, one, set, out);
    const struct cedar_type *of =
        right.type->kind == TYPE_SET && right.type->element != NULL ? right.type->element : right.type;
    bool both =
        left.type->kind == TYPE_ENTITY && left.type->count > 0 && of->kind == TYPE_ENTITY && of->count > 0;
    return plain(out, both && !may_be_within(t->schema, left.type, of) ? &type_false : &type_bool);
}

/* ---- attributes ---- */

/* Of a union of entity types: the attributes that all have, each with the least type above theirs. */
static enum checked attributes_of(struct typecheck *t, const struct cedar_type *type,
                                  const struct cedar_type **out) {
    *out = type_record(t->arena, NULL, 0);
    if (*out == NULL)
        return CHECK_NO_MEMORY;
    for (size_t i = 0; i < type->count; i++) {
        const struct schema_entity *e = schema_find_entity(t->schema, type->entities[i]);
        const struct cedar_type *own = e == NULL ? type_record(t->arena, NULL, 0) : e->attributes;
        if (own == NULL || (i > 0 && type_bound(t->arena, *out, own, false, &own) == BOUND_NO_MEMORY))
            return CHECK_NO_MEMORY;
        *out = own;
    }
    return CHECKED;
}

/* Could a value of the type have an attribute that its type does not list? */
static bool may_have(const struct schema *s, const struct cedar_type *type, struct slice name) {
    if (type->kind != TYPE_ENTITY)
        return type->kind == TYPE_NEVER || type->open;
    for (size_t i = 0; i < type->count; i++) {
        const struct schema_entity *e = schema_find_entity(s, type->entities[i]);
        if (e == NULL ? !schema_is_action_type(type->entities[i])
                      : type_attribute(e->attributes, name) != NULL)
            return true;
    }
    return type->count == 0;
}

static enum checked lookup(struct typecheck *t, const struct cedar_type *type, struct slice name,
                           const struct type_attribute **out) {
    const struct cedar_type *record = type;
    *out = NULL;
    enum checked c = type->kind == TYPE_ENTITY ? attributes_of(t, type, &record) : CHECKED;
    if (c == CHECKED && record->kind == TYPE_RECORD)
        *out = type_attribute(record, name);
    return c;
}

static enum checked check_has(struct typecheck *t, const struct expr *e, const struct guard *known,
                              const struct cedar_type *of, struct typed *out) {
    const struct type_attribute *a;
    enum checked c = lookup(t, of, e->text, &a);
    if (c != CHECKED)
        return c;
    if (a == NULL)
        return plain(out, may_have(t->schema, of, e->text) ? &type_bool : &type_false);
    bool sure = guard_holds(known, e->items[0], NULL, e->text) || (a->required && of->kind == TYPE_RECORD);
    (void)plain(out, sure ? &type_true : &type_bool);
    return guard_add(t, e->items[0], NULL, e->text, &out->guards);
}

static enum checked check_get(struct typecheck *t, const struct expr *e, const struct guard *known,
                              const struct cedar_type *of, struct typed *out) {
    const struct type_attribute *a;
    char name[90];
    int shown = e->text.n > 60 ? 60 : (int)e->text.n;
    enum checked c = lookup(t, of, e->text, &a);
    if (c != CHECKED)
        return c;
    type_print(of, name, sizeof name);
    if (a == NULL)
        return typecheck_fail(t, e, "%s has no attribute %.*s", name, shown, (const char *)e->text.p);
    if (!a->required && !guard_holds(known, e->items[0], NULL, e->text))
        return typecheck_fail(t, e, "%s may lack the attribute %.*s: ask with has first", name, shown,
                              (const char *)e->text.p);
    return plain(out, a->type);
}

enum checked typecheck_member(struct typecheck *t, const struct expr *e, const struct guard *known,
                              struct typed *out) {
    struct typed of;
    char name[100];
    enum checked c = typecheck_expr(t, e->items[0], known, &of);
    if (c != CHECKED)
        return c;
    if (of.type->kind != TYPE_ENTITY && of.type->kind != TYPE_RECORD && of.type->kind != TYPE_NEVER) {
        type_print(of.type, name, sizeof name);
        return typecheck_fail(t, e->items[0], "attributes are of entities and records, this is %s", name);
    }
    return e->op == EXPR_HAS ? check_has(t, e, known, of.type, out) : check_get(t, e, known, of.type, out);
}

/* ---- tags ---- */

/* The type above those of all tags that an entity of the type may have; *out NULL: it has none. */
static enum checked tag_type(struct typecheck *t, const struct expr *e, const struct cedar_type *type,
                             const struct cedar_type **out) {
    *out = NULL;
    for (size_t i = 0; i < t->schema->entity_count; i++) {
        const struct schema_entity *x = &t->schema->entities[i];
        struct cedar_type one = {.kind = TYPE_ENTITY, .entities = &x->name, .count = 1};
        if (x->tags == NULL || !type_is_below(&one, type, false))
            continue;
        if (*out == NULL) {
            *out = x->tags;
            continue;
        }
        enum bounded b = type_bound(t->arena, *out, x->tags, t->strict, out);
        if (b != BOUNDED)
            return b == UNBOUNDED
                       ? typecheck_fail(t, e, "these entities have tags of types that do not go together")
                       : CHECK_NO_MEMORY;
    }
    return CHECKED;
}

enum checked typecheck_tag(struct typecheck *t, const struct expr *e, const struct guard *known,
                           struct typed *out) {
    struct typed of, name;
    const struct cedar_type *tags;
    enum checked c = typecheck_want(t, e->items[0], known, &type_any_entity, &of);
    if (c == CHECKED)
        c = typecheck_want(t, e->items[1], known, &type_string, &name);
    if (c != CHECKED)
        return c;
    if (of.type->kind != TYPE_ENTITY)
        return typecheck_fail(t, e->items[0], "expected an entity");
    bool sure = guard_holds(known, e->items[0], e->items[1], SLICE_NONE);
    c = tag_type(t, e, of.type, &tags);
    if (e->op == EXPR_HAS_TAG) {
        if (c == CHECK_NO_MEMORY)
            return c;
        (void)plain(out, tags == NULL ? &type_false : sure ? &type_true : &type_bool);
        return guard_add(t, e->items[0], e->items[1], SLICE_NONE, &out->guards);
    }
    if (c != CHECKED)
        return c;
    if (!sure)
        return typecheck_fail(t, e, "this tag may be absent: ask with hasTag first");
    return tags == NULL ? typecheck_fail(t, e, "entities of this type have no tags") : plain(out, tags);
}

/* ---- extension functions ---- */

/* Their types, one letter each: s string, l long, b bool, d decimal, i ipaddr, t datetime, u duration; the
 * result first, then the arguments. */
static const char *signature(const struct extension *x) {
    static const struct {
        const char *name, *types;
    } table[] = {{"decimal", "ds"},
                 {"lessThan", "bdd"},
                 {"lessThanOrEqual", "bdd"},
                 {"greaterThan", "bdd"},
                 {"greaterThanOrEqual", "bdd"},
                 {"ip", "is"},
                 {"isIpv4", "bi"},
                 {"isIpv6", "bi"},
                 {"isLoopback", "bi"},
                 {"isMulticast", "bi"},
                 {"isInRange", "bii"},
                 {"datetime", "ts"},
                 {"duration", "us"},
                 {"offset", "ttu"},
                 {"durationSince", "utt"},
                 {"toDate", "tt"},
                 {"toTime", "ut"},
                 {"toMilliseconds", "lu"},
                 {"toSeconds", "lu"},
                 {"toMinutes", "lu"},
                 {"toHours", "lu"},
                 {"toDays", "lu"}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(x->name, table[i].name) == 0)
            return table[i].types;
    }
    return "b";
}

static const struct cedar_type *type_of_letter(char letter) {
    switch (letter) {
    case 's':
        return &type_string;
    case 'l':
        return &type_long;
    case 'd':
        return type_extension(CEDAR_DECIMAL);
    case 'i':
        return type_extension(CEDAR_IP);
    case 't':
        return type_extension(CEDAR_DATETIME);
    case 'u':
        return type_extension(CEDAR_DURATION);
    default:
        return &type_bool;
    }
}

/* A constructor's text is checked now where it is written out; strict: it must be. */
static enum checked check_constructor(struct typecheck *t, const struct expr *e) {
    const struct expr *text = e->items[0];
    struct cedar_value ignored;
    bool literal = text->op == EXPR_VALUE && text->literal == NULL;
    if (literal && text->value.kind == CEDAR_STRING && !e->extension->call(&text->value, &ignored))
        return typecheck_fail(t, e, "%s does not take this text", e->extension->name);
    if (!literal && t->strict)
        return typecheck_fail(t, e, "%s wants its text written out here", e->extension->name);
    return CHECKED;
}

enum checked typecheck_call(struct typecheck *t, const struct expr *e, const struct guard *known,
                            struct typed *out) {
    const char *types = signature(e->extension);
    if (e->count != e->extension->arguments)
        return typecheck_fail(t, e, "%s is called with the wrong number of arguments", e->extension->name);
    enum checked c = e->extension->method ? CHECKED : check_constructor(t, e);
    for (size_t i = 0; i < e->count && c == CHECKED; i++)
        c = typecheck_want(t, e->items[i], known, type_of_letter(types[i + 1]), out);
    return c == CHECKED ? plain(out, type_of_letter(types[0])) : c;
}
