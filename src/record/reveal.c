#include "record/access_lent.h"
#include "record/get.h"
#include "record/record.h"
#include "record/render.h"
#include "record/shown.h"

#include "base/utf8.h"

#define REASON_LEAST 4
#define REASON_MOST  500
#define REVEAL_MOST  20

static enum status check_reason(struct slice reason, struct error *e) {
    size_t n = utf8_valid(reason) ? utf8_count(slice_trim(reason)) : 0;
    if (n >= REASON_LEAST && n <= REASON_MOST)
        return ST_OK;
    return error_field(e, ST_INVALID, "reason_required", "reason",
                       "a reason of 4 to 500 characters is needed");
}

static enum status names_to_fields(struct caller *c, const struct access *a, const json_t *names,
                                   const uint16_t **out, size_t *count, struct error *e) {
    size_t n = json_array_size(names), index;
    uint16_t *list = arena_array(c->arena, n + 1, sizeof *list);
    if (list == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "fields");
    if (n == 0 || n > REVEAL_MOST) {
        return error_field(e, ST_INVALID, "required", "fields", "name 1 to %d fields", REVEAL_MOST);
    }
    for (size_t i = 0; i < n; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        const struct field_def *f = access_field(a, slice_from_string(name), &index);
        if (f == NULL || a->best[index] == VIEW_HIDDEN) {
            return error_set(e, ST_INVALID, "unknown_field", "there is no such field");
        }
        list[i] = (uint16_t)index;
    }
    *out = list;
    *count = n;
    return ST_OK;
}

/* Refused: for want of a fresh second factor alone? Then the person may show it and ask again. */
static enum status reveal_refused(struct policy_query *q, struct policy_context *context,
                                  const struct field_def *f, const struct page_row *row, struct error *e) {
    bool allowed = false;
    context->second_factor_age = 0;
    context->without_approval = false;
    enum status s = policy_decide(q, ACT_REVEAL, f, page_lookup, row, &allowed, e);
    if (s != ST_OK)
        return s;
    if (allowed)
        return error_field(e, ST_DENIED, "second_factor_required", f->name,
                           "policy asks for a fresh second factor");
    return error_field(e, ST_DENIED, "reveal_denied", f->name, "policy does not let you reveal this field");
}

/* By his main post, or by another one that he has. */
static enum status may_reveal(struct caller *c, struct policy_query *q, const struct field_def *f,
                              const struct page_row *row, bool *allowed, struct error *e) {
    struct actor post;
    enum status s = policy_decide(q, ACT_REVEAL, f, page_lookup, row, allowed, e);
    for (size_t i = 0; s == ST_OK && !*allowed && i < c->who.lent_count; i++) {
        if (!access_post_actor(c, i, &post))
            continue;
        struct policy_query other = *q;
        other.actor = &post;
        s = policy_decide(&other, ACT_REVEAL, f, page_lookup, row, allowed, e);
    }
    return s;
}

/* With an approval alone: then the keeper looks for it. */
static enum status may_reveal_so(struct caller *c, struct policy_query *q, struct policy_context *context,
                                 const struct field_def *f, const struct page_row *row, bool *allowed,
                                 bool *approval, struct error *e) {
    context->without_approval = true;
    enum status s = may_reveal(c, q, f, row, allowed, e);
    context->without_approval = false;
    if (s != ST_OK || *allowed)
        return s;
    s = may_reveal(c, q, f, row, allowed, e);
    *approval = *approval || *allowed;
    return s;
}

/* Raises the view of every field asked for to clear where policy lets this row be revealed. */
static enum status raise_views(struct caller *c, struct page *page, bool *approval, struct error *e) {
    struct page_row row = {.page = page, .row = &page->rows.rows[0]};
    struct policy_context context = c->context;
    context.has_reason = true;
    struct policy_query q = {.set = c->world.policies,
                             .actor = &c->actor,
                             .organisation = &c->world.directory->organisation,
                             .objects = c->world.objects,
                             .object = page->access->object,
                             .context = &context,
                             .arena = c->arena};
    for (size_t i = 0; i < page->shown_count; i++) {
        bool allowed = page->shown_views[i] == VIEW_CLEAR;
        const struct field_def *f = &page->access->object->fields[page->shown[i]];
        enum status s = allowed ? ST_OK : may_reveal_so(c, &q, &context, f, &row, &allowed, approval, e);
        if (s != ST_OK)
            return s;
        if (page->shown_views[i] == VIEW_HIDDEN)
            return error_field(e, ST_DENIED, "reveal_denied", f->name, "there is nothing to reveal");
        if (!allowed)
            return reveal_refused(&q, &context, f, &row, e);
        page->shown_views[i] = VIEW_CLEAR;
    }
    return ST_OK;
}

static enum status write_values(struct caller *c, const struct page *page, struct json *out,
                                struct error *e) {
    struct slice budgets;
    json_object_begin(out);
    json_key(out, "values");
    json_object_begin(out);
    for (size_t i = 0; i < page->shown_count; i++) {
        const struct field_def *f = &page->access->object->fields[page->shown[i]];
        json_key(out, f->name);
        if (field_is_sealed(f)) {
            render_text(c, f, VIEW_CLEAR, page->opened.values[i], out);
        } else {
            struct cell cell = render_place(c, f, page_cell(page, &page->rows.rows[0], f->id),
                                            &page->rows.rows[0].cells[PAGE_DEPARTMENT]);
            render_cell(c, f, VIEW_CLEAR, cell, NULL, out);
        }
    }
    json_object_end(out);
    json_key(out, "audit");
    json_int(out, (int64_t)page->opened.entry);
    enum status s = keeper_budgets(c->keeper, &c->call, &budgets, e);
    if (s != ST_OK)
        return s;
    json_key(out, "budget");
    json_raw(out, budgets);
    json_object_end(out);
    return ST_OK;
}

enum status record_reveal(struct caller *c, struct slice object, const struct uuid *id, const json_t *fields,
                          struct slice reason, struct json *out, struct error *e) {
    const struct access *a;
    const uint16_t *shown = NULL;
    size_t count = 0;
    struct page page;
    struct error why = {.status = ST_OK};
    bool approval = false;
    enum status s = access_object(c, object, &a, e);
    if (s == ST_OK)
        s = check_reason(reason, e);
    if (s == ST_OK)
        s = names_to_fields(c, a, fields, &shown, &count, e);
    if (s == ST_OK)
        s = get_whole_row(c, a, ACT_VIEW, id, shown, count, &page, e);
    if (s != ST_OK)
        return s;
    s = raise_views(c, &page, &approval, &why);
    if (s == ST_OK)
        s = page_open(
            c, &page,
            &(struct page_act){.act = AUDIT_REVEAL, .reason = slice_trim(reason), .approval = approval},
            &why);
    if (s != ST_OK) {
        if (e != NULL)
            *e = why;
        return s;
    }
    return write_values(c, &page, out, e);
}
