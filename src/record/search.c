/* The search box: one text, tried on every field that the caller may find people by. */
#include "record/where.h"

#include "base/utf8.h"
#include "record/plain_terms.h"
#include "value/normalise.h"

/* What a text could be. */
struct shape {
    size_t characters, digits;
    bool has_at, only_number; /* only_number: digits, spaces, +, -, () and at most an X at the end */
};

static struct shape shape_of(struct slice text) {
    struct shape s = {.characters = utf8_count(text), .only_number = true};
    for (size_t i = 0; i < text.n; i++) {
        uint8_t ch = text.p[i];
        if (ch >= '0' && ch <= '9') {
            s.digits++;
        } else if (ch == '@') {
            s.has_at = true;
            s.only_number = false;
        } else if (strchr(" +-()", ch) == NULL && !((ch == 'x' || ch == 'X') && i + 1 == text.n)) {
            s.only_number = false;
        }
    }
    return s;
}

/* Which look-up of this field the text fits; 0: none. */
static enum field_search fits(const struct field_def *f, const struct shape *s) {
    bool code = f->type == VALUE_MOBILE || f->type == VALUE_PHONE || f->type == VALUE_CN_RESIDENT_ID ||
                f->type == VALUE_BANK_CARD || f->type == VALUE_USCC;
    if (f->type == VALUE_MAIL)
        return s->has_at && (f->search & SEARCH_EXACT) != 0 ? SEARCH_EXACT : 0;
    if (code) {
        bool whole = s->digits >= 7 || (f->type == VALUE_USCC && s->characters == 18);
        if ((s->only_number || f->type == VALUE_USCC) && whole && (f->search & SEARCH_EXACT) != 0)
            return SEARCH_EXACT;
        bool ending = s->only_number && (s->characters == 4 || s->characters == 6);
        return ending && (f->search & SEARCH_SUFFIX) != 0 ? SEARCH_SUFFIX : 0;
    }
    if (s->has_at || (s->only_number && s->digits >= 7))
        return 0;
    if ((f->search & SEARCH_FRAGMENT) != 0)
        return SEARCH_FRAGMENT;
    return 0;
}

/* `asked`: what the index was asked; NULL when nothing. */
static enum status field_pred(struct caller *c, const struct access *a, size_t i, enum field_search kind,
                              struct slice text, const struct pred **out, const struct pred **asked,
                              struct error *e) {
    const struct field_def *f = &a->object->fields[i];
    const struct field_view *v = &a->fields[i];
    bool by_mask = kind == SEARCH_EXACT || kind == SEARCH_SUFFIX;
    const struct pred *scope = by_mask ? pred_or(c->arena, v->read, v->match) : v->read, *terms;
    *out = &pred_false;
    *asked = NULL;
    if (scope == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "search");
    if (scope->op == PRED_FALSE)
        return ST_OK;
    enum view view = a->best[i] == VIEW_CLEAR ? VIEW_CLEAR : VIEW_MASKED;
    enum status s = field_is_sealed(f) ? sealed_terms_pred(c, a->object, f, kind, view, text, &terms, e)
                                       : plain_terms_pred(c, f, kind, text, &terms, e);
    if (s == ST_INVALID)
        return ST_OK; /* this text is nothing that the field could hold */
    if (s == ST_DENIED)
        return ST_OK; /* the keeper's ceiling is lower than policy: nothing to be found here */
    if (s != ST_OK)
        return s;
    *asked = terms;
    *out = pred_and(c->arena, scope, terms);
    return *out == NULL ? error_set(e, ST_NOMEM, "no_memory", "search") : ST_OK;
}

enum status where_search(struct caller *c, const struct access *a, struct slice text, struct where *out,
                         struct error *e) {
    const struct pred *any = &pred_false;
    bool worth = false, whole = true;
    if (!utf8_valid(text))
        return error_set(e, ST_INVALID, "bad_filter", "not UTF-8");
    enum status folded = normalise_text(text, STORE_CODE, c->arena, &text); /* full-width digits are digits */
    if (folded != ST_OK)
        return error_set(e, folded, "bad_filter", "not a text to search for");
    struct shape shape = shape_of(text);
    *out = (struct where){.pred = &pred_false};
    if (shape.characters == 0 || shape.characters > 64) {
        return error_set(e, ST_INVALID, "bad_filter", "search for 1 to 64 characters");
    }
    for (size_t i = 0; i < a->object->field_count; i++) {
        const struct field_def *f = &a->object->fields[i];
        const struct pred *one, *asked;
        enum field_search kind = a->best[i] == VIEW_HIDDEN ? 0 : fits(f, &shape);
        if (kind == 0 || f->retired)
            continue;
        enum status s = field_pred(c, a, i, kind, text, &one, &asked, e);
        if (s != ST_OK)
            return s;
        worth = worth || (asked != NULL && needles_worth(asked));
        if (asked != NULL)
            whole = needles_add(&out->needles, f->id, (uint8_t)kind, text) && whole;
        any = pred_or(c->arena, any, one);
        if (any == NULL)
            return error_set(e, ST_NOMEM, "no_memory", "search");
    }
    out->pred = any;
    needles_close(&out->needles, worth && whole);
    return ST_OK;
}
