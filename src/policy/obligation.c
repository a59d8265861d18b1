#include "policy/obligation.h"

#include "policy/parse.h"

#define REASONED                                                                                             \
    (1u << ACT_CREATE | 1u << ACT_UPDATE | 1u << ACT_DELETE | 1u << ACT_RESTORE | 1u << ACT_IMPORT |         \
     1u << ACT_TRANSFER | 1u << ACT_WRITE | 1u << ACT_REVEAL | 1u << ACT_EXPORT)
#define NEVER       "false"
#define TEXT_MAX    512
#define MINUTES_MAX OBLIGATION_MINUTES_MAX

static const struct annotation *annotation_of(const struct policy *p) {
    for (size_t i = 0; i < p->annotation_count; i++) {
        if (slice_is(p->annotations[i].name, OBLIGATION))
            return &p->annotations[i];
    }
    return NULL;
}

static bool next_one(struct slice *rest, struct slice *one) {
    size_t n = 0;
    if (rest->p == NULL)
        return false;
    while (n < rest->n && rest->p[n] != ',')
        n++;
    *one = slice_trim(slice_of(rest->p, n));
    *rest = n < rest->n ? slice_of(rest->p + n + 1, rest->n - n - 1) : SLICE_NONE;
    return true;
}

static bool take_minutes(struct slice one, int64_t *minutes) {
    struct slice name = SLICE("second_factor:");
    return slice_starts_with(one, name) && slice_to_int(slice_of(one.p + name.n, one.n - name.n), minutes) &&
           *minutes > 0 && *minutes <= MINUTES_MAX;
}

/* The conditions as text, behind one another. False: something that is no obligation, or too much. */
static bool put_all(struct slice value, struct buf *out, bool *reason) {
    struct slice rest = value, one;
    bool any = false;
    while (next_one(&rest, &one)) {
        int64_t minutes = 0;
        if (slice_is(one, "reason") || slice_is(one, "approval") || slice_is(one, "watermark"))
            buf_put_format(out, "when{context.%.*s}", (int)one.n, (const char *)one.p);
        else if (take_minutes(one, &minutes))
            buf_put_format(out, "when{context has second_factor_age&&context.second_factor_age<%lld}",
                           (long long)minutes * 60);
        else
            return false;
        *reason = *reason || slice_is(one, "reason");
        any = true;
    }
    return any && !out->failed;
}

/* Whoever quotes the condition quotes the annotation. */
static void settle(struct expr *e, const struct annotation *at) {
    e->from = at->from;
    e->to = at->to;
    e->line = at->line;
    e->column = at->column;
    for (size_t i = 0; i < e->count; i++)
        settle((struct expr *)(uintptr_t)e->items[i], at);
}

static enum status append(struct policy *p, const struct policy *from, const struct annotation *at,
                          struct arena *a) {
    size_t n = p->condition_count;
    struct condition *list = arena_array(a, n + from->condition_count, sizeof *list);
    if (list == NULL)
        return ST_NOMEM;
    if (n > 0)
        memcpy(list, p->conditions, n * sizeof *list);
    for (size_t i = 0; i < from->condition_count; i++) {
        list[n + i] = from->conditions[i];
        settle((struct expr *)(uintptr_t)from->conditions[i].expr,
               at); /* made a moment ago, and nobody else's */
    }
    p->conditions = list;
    p->condition_count = n + from->condition_count;
    p->mentions |= from->mentions;
    return ST_OK;
}

enum status obligation_add(struct policy *p, struct arena *a, struct error *e) {
    const struct annotation *at = annotation_of(p);
    const struct policy *made;
    struct buf text;
    size_t count;
    bool reason = false;
    if (at == NULL || p->forbid)
        return ST_OK;
    buf_init(&text, TEXT_MAX, false);
    buf_put_string(&text, "permit(principal,action,resource)");
    size_t head = text.n;
    if (!put_all(at->value, &text, &reason)) {
        text.n = head;
        text.failed = false;
        buf_put_string(&text, "when{" NEVER "}");
    }
    buf_put_string(&text, ";");
    struct slice whole = arena_copy(a, buf_slice(&text)); /* names in it are borrowed */
    buf_free(&text);
    if (whole.p == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "policies");
    enum status s = parse_policies(whole, p->file, a, &made, &count, e);
    return s == ST_OK ? append(p, made, at, a) : s;
}

static enum status refuse(const struct policy *p, const struct annotation *at, const char *what,
                          struct error *e) {
    return error_set(e, ST_INVALID, "policy_obligation", "%s:%u:%u: policy %.*s: %s", p->file,
                     at == NULL ? p->line : at->line, at == NULL ? p->column : at->column,
                     (int)(p->id.n > 80 ? 80 : p->id.n), (const char *)p->id.p, what);
}

static enum status check_acts(const struct policy *p, const struct annotation *at, bool reason,
                              struct error *e) {
    if ((p->mentions & MENTION_APPROVAL) != 0 && (p->acts & ~OBLIGATION_APPROVED) != 0)
        return refuse(
            p, at,
            "only delete, update, transfer, import and reveal can be approved: to see more, access is "
            "asked for in place",
            e);
    if ((p->mentions & MENTION_WATERMARK) != 0 && (p->acts & ~OBLIGATION_MARKED) != 0)
        return refuse(p, at, "a watermark is of list, view, see, read and reveal", e);
    if (reason && (p->acts & ~REASONED) != 0)
        return refuse(p, at, "who only looks is never asked for a reason", e);
    return ST_OK;
}

enum status obligation_check(const struct policy *p, struct error *e) {
    const struct annotation *at = annotation_of(p);
    struct buf text;
    bool reason = false;
    if (at == NULL)
        return check_acts(p, at, false, e);
    if (p->forbid)
        return refuse(p, at, "a forbid has no obligation: it says unless { context.approval }", e);
    buf_init(&text, TEXT_MAX, false);
    bool fine = put_all(at->value, &text, &reason);
    buf_free(&text);
    if (!fine)
        return refuse(
            p, at,
            "an obligation is reason, approval, watermark or second_factor:MINUTES (1 to 1440), with commas",
            e);
    return check_acts(p, at, reason, e);
}
