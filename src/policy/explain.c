#include "policy/matrix.h"
#include "policy/set.h"

/* The part of a condition that decided against it: of `a && b && c` the first that is not true. */
static const struct expr *culprit(struct eval *v, const struct condition *c, enum evaluated *how) {
    const struct expr *e = c->expr;
    bool b = false;
    *how = eval_bool(v, e, &b);
    while (!c->unless && e->op == EXPR_AND) {
        size_t i = 0;
        for (; i < e->count; i++) {
            enum evaluated one = eval_bool(v, e->items[i], &b);
            if (one != EVALUATED || !b)
                break;
        }
        if (i == e->count)
            return e;
        e = e->items[i];
    }
    return *how == EVAL_ERRED && v->at != NULL ? v->at : e;
}

static void put_policy(struct json *out, const struct policy *p) {
    json_key(out, "id");
    json_text(out, p->id);
    json_key(out, "effect");
    json_cstring(out, p->forbid ? "forbid" : "permit");
    json_key(out, "file");
    json_cstring(out, p->file);
    json_key(out, "line");
    json_int(out, p->line);
    if (!p->forbid && (p->mentions & (MENTION_APPROVAL | MENTION_WATERMARK)) != 0) {
        json_key(out, "obligations");
        json_array_begin(out);
        if ((p->mentions & MENTION_APPROVAL) != 0)
            json_cstring(out, "approval");
        if ((p->mentions & MENTION_WATERMARK) != 0)
            json_cstring(out, "watermark");
        json_array_end(out);
    }
}

/* A rule of the matrix by its terms, so that pages can say it in words; any other is written by hand. */
static void put_rule(struct json *out, const struct policy_query *q, const struct policy *p) {
    struct matrix_rule rule;
    bool by_hand = !matrix_read(p, q->objects, q->arena, &rule);
    json_key(out, "by_hand");
    json_bool(out, by_hand);
    if (by_hand)
        return;
    json_key(out, "rule");
    json_object_begin(out);
    json_key(out, "role");
    if (rule.role.p == NULL)
        json_none(out);
    else
        json_text(out, rule.role);
    matrix_put_terms(out, &rule.terms);
    json_object_end(out);
}

/* What it was about: in words a page says "not your record", "no second factor", …; "field" is that the
 * policy speaks of other fields. */
static const char *lack_of(const struct expr *e) {
    static const struct {
        unsigned mentions;
        const char *name;
    } kinds[] = {{MENTION_REASON, "reason"},     {MENTION_SECOND_FACTOR, "second_factor"},
                 {MENTION_APPROVAL, "approval"}, {MENTION_TIME, "time"},
                 {MENTION_NETWORK, "network"},   {MENTION_PURPOSE, "purpose"},
                 {MENTION_RESOURCE, "scope"},    {MENTION_FIELD | MENTION_CLASS | MENTION_OBJECT, "field"},
                 {MENTION_PRINCIPAL, "people"}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if ((e->mentions & kinds[i].mentions) != 0)
            return kinds[i].name;
    }
    return "other";
}

static const char *scope_part(const struct eval *v, const struct policy *p) {
    if (!eval_scope(v->entities, &p->principal, &v->principal.entity))
        return "principal";
    return eval_scope(v->entities, &p->resource, &v->resource.entity) ? "action" : "resource";
}

static void put_reason(struct json *out, struct eval *v, const struct policy *p,
                       const struct condition *failed) {
    json_key(out, "because");
    if (failed == NULL) {
        json_cstring(out, "scope");
        json_key(out, "part");
        json_cstring(out, scope_part(v, p));
        return;
    }
    enum evaluated how;
    const struct expr *e = culprit(v, failed, &how);
    json_cstring(out, how == EVAL_ERRED ? "error" : failed->unless ? "unless" : "when");
    json_key(out, "lacks");
    json_cstring(out, lack_of(e));
    json_key(out, "condition");
    json_text(out, expr_source(p, e));
    json_key(out, "at");
    json_object_begin(out);
    json_key(out, "line");
    json_int(out, e->line);
    json_key(out, "column");
    json_int(out, e->column);
    json_object_end(out);
    if (how == EVAL_ERRED) {
        json_key(out, "error");
        json_cstring(out, fault_name(v->fault));
    }
}

struct verdict {
    bool applies;
    const struct condition *failed;
};

static enum status judge(struct model *m, const struct policy_query *q, enum act act,
                         struct verdict *verdicts, bool *permitted, bool *forbidden) {
    for (size_t i = 0; i < q->set->by_act_count[act]; i++) {
        const struct policy *p = q->set->by_act[act][i];
        if (eval_policy(&m->eval, p, &verdicts[i].applies, &verdicts[i].failed) == EVAL_NO_MEMORY)
            return ST_NOMEM;
        *permitted = *permitted || (verdicts[i].applies && !p->forbid);
        *forbidden = *forbidden || (verdicts[i].applies && p->forbid);
    }
    return ST_OK;
}

/* Policies that decided stand in `determining`; the others, with the reason, in `others`. */
static void put_policies(struct json *out, struct model *m, const struct policy_query *q, enum act act,
                         const struct verdict *verdicts, bool forbidden) {
    for (unsigned part = 0; part < 2; part++) {
        json_key(out, part == 0 ? "determining" : "others");
        json_array_begin(out);
        for (size_t i = 0; i < q->set->by_act_count[act]; i++) {
            const struct policy *p = q->set->by_act[act][i];
            bool decided = verdicts[i].applies && p->forbid == forbidden;
            if (decided != (part == 0))
                continue;
            json_object_begin(out);
            put_policy(out, p);
            put_rule(out, q, p);
            if (verdicts[i].applies && !decided) {
                json_key(out, "because");
                json_cstring(out, "overridden");
            } else if (!verdicts[i].applies) {
                put_reason(out, &m->eval, p, verdicts[i].failed);
            }
            json_object_end(out);
        }
        json_array_end(out);
    }
}

enum status policy_explain(const struct policy_query *q, enum act act, const struct field_def *field,
                           pred_lookup lookup, const void *row, struct json *out, struct error *e) {
    struct model m;
    bool permitted = false, forbidden = false;
    struct verdict *verdicts = arena_array(q->arena, q->set->by_act_count[act], sizeof *verdicts);
    if (verdicts == NULL || model_init(&m, q) != ST_OK || model_set_row(&m, lookup, row) != ST_OK)
        return error_set(e, ST_NOMEM, "no_memory", "policies: no memory");
    model_set_act(&m, act);
    model_set_field(&m, field);
    if (judge(&m, q, act, verdicts, &permitted, &forbidden) != ST_OK)
        return error_set(e, ST_NOMEM, "no_memory", "policies: no memory");
    json_object_begin(out);
    json_key(out, "decision");
    json_cstring(out, permitted && !forbidden ? "allow" : "deny");
    json_key(out, "act");
    json_cstring(out, act_name(act));
    json_key(out, "object");
    json_cstring(out, q->object->name);
    if (field != NULL) {
        json_key(out, "field");
        json_cstring(out, field->name);
    }
    put_policies(out, &m, q, act, verdicts, forbidden);
    json_object_end(out);
    return ST_OK;
}
