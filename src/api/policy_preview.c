#include "api/policy_preview.h"

#include "api/http.h"
#include "base/clock.h"
#include "base/json_in.h"
#include "people/rights.h"
#include "policy/implies.h"
#include "policy/model.h"
#include "policy/same.h"
#include "policy/truth.h"
#include "policy/within.h"

#include <time.h>

#define LINES_MAX   2000
#define PEOPLE_MAX  5000
#define SHOWN_MOST  50
#define COUNT_MOST  2000000
#define COUNTS_MOST 3000
#define PATIENCE_MS 20000
#define RECORD_ACTS 9
#define FIELD_ACTS  4

static const enum act record_acts[RECORD_ACTS] = {ACT_LIST,     ACT_UPDATE, ACT_DELETE,
                                                  ACT_RESTORE,  ACT_EXPORT, ACT_REVEAL,
                                                  ACT_TRANSFER, ACT_VIEW,   ACT_RESOLVE};
static const enum act field_acts[FIELD_ACTS] = {ACT_SEE, ACT_READ, ACT_WRITE, ACT_MATCH};
static const char *const classes[CLASS_COUNT] = {"public", "internal", "personal", "sensitive"};

enum moment {
    MOMENT_WORK,
    MOMENT_EVENING,
    MOMENT_WEEKEND,
    MOMENT_NO_FACTOR,
    MOMENT_NO_REASON,
    MOMENT_OUTSIDE,
    MOMENT_NO_APPROVAL,
    MOMENT_NO_WATERMARK,
    MOMENTS
};
static const char *const moment_names[MOMENTS] = {"work",      "evening", "weekend",     "no_second_factor",
                                                  "no_reason", "outside", "no_approval", "no_watermark"};
static const unsigned moment_mentions[MOMENTS] = {0,
                                                  MENTION_TIME,
                                                  MENTION_TIME,
                                                  MENTION_SECOND_FACTOR,
                                                  MENTION_REASON,
                                                  MENTION_NETWORK,
                                                  MENTION_APPROVAL,
                                                  MENTION_WATERMARK};

/* One person of one line: how many records he gains or loses. */
struct count {
    uint32_t person; /* index */
    uint64_t records;
    bool at_least;
    bool untold; /* not counted: goes by what stands in the record */
};

struct line {
    enum moment moment;
    enum act act;
    bool gains;
    const struct object_def *object;
    const struct field_def **fields;
    size_t field_count;
    struct count *counts;
    size_t count;
};

struct person {
    struct rights rights;
    const char *name;
};

struct preview {
    struct caller *c;
    const struct policy_set *old, *fresh;
    struct arena *arena;   /* what is answered */
    struct arena scratch;  /* of one person and object */
    struct person *people; /* whom a changed policy can concern */
    size_t person_count;
    const struct policy **changed; /* of either set, without a twin in the other */
    size_t changed_count;
    struct line *lines;
    size_t line_count, counted;
    int64_t until_ns;
    bool cut;
    struct policy_context context[MOMENTS];
    struct parts parts;
};

/* ---- what changed, and whom it can concern ---- */

static enum status take_changed(struct preview *x, const struct policy_set *these,
                                const struct policy_set *others) {
    for (size_t i = 0; i < these->count; i++) {
        bool twin = false;
        for (size_t k = 0; k < others->count && !twin; k++)
            twin = policy_same(these->policies[i], others->policies[k]);
        if (!twin)
            x->changed[x->changed_count++] = these->policies[i];
    }
    return ST_OK;
}

static bool has_role(const struct actor *a, struct slice role) {
    for (size_t i = 0; i < a->role_count; i++) {
        if (slice_is(role, a->roles[i]))
            return true;
    }
    return false;
}

static bool concerns(const struct preview *x, const struct actor *a) {
    for (size_t i = 0; i < x->changed_count; i++) {
        const struct scope *s = &x->changed[i]->principal;
        if (s->op != SCOPE_IN || !slice_is(s->entities[0].type, "Role") || has_role(a, s->entities[0].id))
            return true;
    }
    return false;
}

/* With what he has for a time, and what is lent to him. */
static enum status take_people(struct preview *x, struct error *e) {
    const struct directory *d = x->c->world.directory;
    for (size_t i = 0; i < d->staff_count && x->person_count < PEOPLE_MAX; i++) {
        struct person *p = &x->people[x->person_count];
        if (d->staff[i].disabled)
            continue;
        *p = (struct person){.name = d->staff[i].name};
        if (rights_of(d, d->staff[i].id, x->c->context.now_ms, x->arena, &p->rights) != ST_OK)
            return error_set(e, ST_NOMEM, "no_memory", "preview");
        bool concerned = concerns(x, &p->rights.own);
        for (size_t k = 0; k < p->rights.lent_count; k++)
            concerned = concerned || concerns(x, &p->rights.lent[k]);
        x->person_count += concerned;
    }
    return ST_OK;
}

static bool is_affected(struct preview *x, const struct place *at) {
    for (size_t i = 0; i < x->changed_count; i++) {
        parts_of(x->changed[i], at, &x->parts);
        if (!x->parts.never)
            return true;
    }
    return false;
}

/* ---- counting ---- */

static struct line *line_of(struct preview *x, enum moment moment, const struct object_def *o, enum act act,
                            const struct field_def *f, bool gains) {
    for (size_t i = x->line_count; i > 0; i--) {
        struct line *l = &x->lines[i - 1];
        if (l->moment == moment && l->object == o && l->act == act && l->gains == gains &&
            (f == NULL ? l->field_count == 0 : l->field_count > 0 && l->fields[0] == f))
            return l;
    }
    if (x->line_count == LINES_MAX) {
        x->cut = true;
        return NULL;
    }
    struct line *l = &x->lines[x->line_count];
    *l = (struct line){.moment = moment, .act = act, .gains = gains, .object = o};
    l->counts = arena_array(x->arena, x->person_count, sizeof *l->counts);
    l->fields = arena_array(x->arena, o->field_count, sizeof(struct field_def *));
    if (l->counts == NULL || l->fields == NULL)
        return NULL;
    if (f != NULL)
        l->fields[l->field_count++] = f;
    x->line_count++;
    return l;
}

/* Whose it is, where it stands, and choices are told by number. A condition on any other value (a name, an
 * amount, a day) would make of a count, or of the difference of two, an answer about one record: those are
 * not counted. */
static bool asks_values(const struct object_def *o, const struct pred *p) {
    uint16_t columns[OBJECT_FIELDS_MAX];
    size_t n = pred_columns(p, columns, OBJECT_FIELDS_MAX);
    for (size_t i = 0; i < n && i < OBJECT_FIELDS_MAX; i++) {
        const struct field_def *f = object_field_by_id(o, columns[i]);
        bool place =
            columns[i] == FIELD_OWNER || columns[i] == FIELD_DEPARTMENT || columns[i] == FIELD_BRANCH;
        if (!place && (f == NULL || (f->type != VALUE_CHOICE && f->type != VALUE_BOOLEAN)))
            return true;
    }
    return n > OBJECT_FIELDS_MAX;
}

/* Rows of `more` that are not in `less`. */
static enum status count_difference(struct preview *x, enum moment moment, const struct object_def *o,
                                    enum act act, const struct field_def *f, bool gains, size_t person,
                                    const struct pred *more, const struct pred *less, struct error *e) {
    uint64_t n = 0;
    bool at_least = false, untold;
    if (pred_implies(more, less))
        return ST_OK;
    const struct pred *only = pred_and(&x->scratch, more, pred_complement(&x->scratch, less));
    if (only == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "preview");
    if (x->counted++ >= COUNTS_MOST || clock_monotonic_ns() > x->until_ns || !pred_within_limits(only)) {
        x->cut = true;
        return ST_OK;
    }
    untold = asks_values(o, only);
    enum status s = untold ? ST_OK : store_count(x->c->reader, o, only, false, COUNT_MOST, &n, &at_least, e);
    if (s == ST_LIMIT) {
        x->cut = true;
        return ST_OK;
    }
    struct line *l = s == ST_OK && (n > 0 || untold) ? line_of(x, moment, o, act, f, gains) : NULL;
    if (l != NULL)
        l->counts[l->count++] = (struct count){(uint32_t)person, n, at_least, untold};
    return s;
}

static enum status count_both(struct preview *x, enum moment moment, const struct object_def *o, enum act act,
                              const struct field_def *f, size_t person, const struct pred *old,
                              const struct pred *fresh, struct error *e) {
    enum status s = count_difference(x, moment, o, act, f, true, person, fresh, old, e);
    return s == ST_OK ? count_difference(x, moment, o, act, f, false, person, old, fresh, e) : s;
}

static struct policy_query query_of(struct preview *x, const struct policy_set *set, size_t person,
                                    const struct object_def *o, enum moment moment) {
    return (struct policy_query){.set = set,
                                 .actor = &x->people[person].rights.own,
                                 .organisation = &x->c->world.directory->organisation,
                                 .objects = x->c->world.objects,
                                 .object = o,
                                 .context = &x->context[moment],
                                 .arena = &x->scratch};
}

/* His own filter and what lenders' open (record/access_lent.h): they lend list, view and update. */
static enum status filter_of(const struct preview *x, size_t person, const struct policy_query *own,
                             enum act act, const struct pred **out, struct error *e) {
    const struct rights *r = &x->people[person].rights;
    bool lent = act == ACT_LIST || act == ACT_VIEW || act == ACT_UPDATE;
    enum status s = policy_filter(own, act, out, e);
    for (size_t i = 0; lent && i < r->lent_count && s == ST_OK; i++) {
        struct policy_query q = *own;
        const struct pred *more;
        q.actor = &r->lent[i];
        s = policy_filter(&q, act, &more, e);
        if (s == ST_OK && (*out = pred_or(q.arena, *out, more)) == NULL)
            s = error_set(e, ST_NOMEM, "no_memory", "preview");
    }
    return s;
}

static enum status compare_act(struct preview *x, size_t person, const struct object_def *o,
                               enum moment moment, enum act act, struct error *e) {
    const struct pred *old, *fresh;
    struct policy_query q = query_of(x, x->old, person, o, moment);
    enum status s = filter_of(x, person, &q, act, &old, e);
    q.set = x->fresh;
    if (s == ST_OK)
        s = filter_of(x, person, &q, act, &fresh, e);
    return s == ST_OK ? count_both(x, moment, o, act, NULL, person, old, fresh, e) : s;
}

/* Rows that he may list or open. */
static enum status scope_of(const struct policy_query *q, const struct pred **out, struct error *e) {
    const struct pred *list, *view;
    enum status s = policy_filter(q, ACT_LIST, &list, e);
    if (s == ST_OK)
        s = policy_filter(q, ACT_VIEW, &view, e);
    if (s == ST_OK && (*out = pred_or(q->arena, list, view)) == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "preview");
    return s;
}

static const struct pred *view_pred(const struct field_view *v, enum act act) {
    return act == ACT_SEE ? v->see : act == ACT_READ ? v->read : act == ACT_WRITE ? v->write : v->match;
}

/* What one set gives of the fields: his own views and scope, and those of each lender. */
struct seen {
    const struct field_view *views[1 + PRINCIPAL_LENT_MAX];
    const struct pred *scope[1 + PRINCIPAL_LENT_MAX];
    size_t count;
};

static enum status see_fields(const struct preview *x, size_t person, const struct policy_query *own,
                              struct seen *out, struct error *e) {
    const struct rights *r = &x->people[person].rights;
    struct policy_query q = *own;
    enum status s = ST_OK;
    out->count = 0;
    for (size_t i = 0; i <= r->lent_count && s == ST_OK; i++, out->count++) {
        q.actor = i == 0 ? &r->own : &r->lent[i - 1];
        s = policy_views(&q, &out->views[i], e);
        if (s == ST_OK)
            s = scope_of(&q, &out->scope[i], e);
    }
    return s;
}

/* Rows that he sees at all and whose field he may so, himself or within a lender's. NULL: no memory. */
static const struct pred *rows_of(struct preview *x, const struct seen *s, size_t field, enum act act) {
    const struct pred *scope = &pred_false, *may = &pred_false;
    for (size_t i = 0; i < s->count && scope != NULL && may != NULL; i++) {
        const struct pred *view = view_pred(&s->views[i][field], act);
        if (i > 0)
            view = pred_and(&x->scratch, s->scope[i], view);
        scope = pred_or(&x->scratch, scope, s->scope[i]);
        may = view == NULL ? NULL : pred_or(&x->scratch, may, view);
    }
    return scope == NULL || may == NULL ? NULL : pred_and(&x->scratch, scope, may);
}

static enum status compare_fields(struct preview *x, size_t person, const struct object_def *o,
                                  enum moment moment, const uint8_t *affected, struct error *e) {
    const struct policy_set *sets[2] = {x->old, x->fresh};
    struct seen seen[2];
    enum status s = ST_OK;
    for (unsigned i = 0; i < 2 && s == ST_OK; i++) {
        struct policy_query q = query_of(x, sets[i], person, o, moment);
        s = see_fields(x, person, &q, &seen[i], e);
    }
    for (size_t k = 0; k < o->field_count && s == ST_OK; k++) {
        for (unsigned a = 0; a < FIELD_ACTS && s == ST_OK; a++) {
            if ((affected[k] >> a & 1) == 0)
                continue;
            const struct pred *old = rows_of(x, &seen[0], k, field_acts[a]),
                              *fresh = rows_of(x, &seen[1], k, field_acts[a]);
            if (old == NULL || fresh == NULL)
                return error_set(e, ST_NOMEM, "no_memory", "preview");
            s = count_both(x, moment, o, field_acts[a], &o->fields[k], person, old, fresh, e);
        }
    }
    return s;
}

/* What of the object a changed policy can reach; of a scope the line of the act says enough. */
static bool find_affected(struct preview *x, const struct object_def *o, uint32_t *acts, uint8_t *fields,
                          bool *any_field) {
    struct place at = {.object = slice_from_string(o->name)};
    *acts = 0;
    *any_field = false;
    if (model_type_name(o->name, x->arena, &at.type) != ST_OK)
        return false;
    for (unsigned a = 0; a < RECORD_ACTS; a++) {
        at.act = record_acts[a];
        *acts |= (uint32_t)is_affected(x, &at) << a;
    }
    for (size_t k = 0; k < o->field_count; k++) {
        fields[k] = 0;
        if (field_is_internal(&o->fields[k]) || o->fields[k].retired)
            continue;
        at.field = slice_from_string(o->fields[k].name);
        at.class = slice_from_string(classes[o->fields[k].class]);
        for (unsigned a = 0; a < FIELD_ACTS; a++) {
            at.act = field_acts[a];
            fields[k] |= (uint8_t)((unsigned)is_affected(x, &at) << a);
        }
        *any_field = *any_field || fields[k] != 0;
    }
    return true;
}

static enum status compare_object(struct preview *x, const struct object_def *o, enum moment moment,
                                  struct error *e) {
    uint8_t fields[OBJECT_FIELDS_MAX];
    uint32_t acts;
    bool any_field;
    if (!find_affected(x, o, &acts, fields, &any_field))
        return error_set(e, ST_NOMEM, "no_memory", "preview");
    enum status s = ST_OK;
    for (size_t p = 0; (acts != 0 || any_field) && p < x->person_count && s == ST_OK; p++) {
        for (unsigned a = 0; a < RECORD_ACTS && s == ST_OK; a++) {
            if (acts >> a & 1)
                s = compare_act(x, p, o, moment, record_acts[a], e);
        }
        if (s == ST_OK && any_field)
            s = compare_fields(x, p, o, moment, fields, e);
        arena_reset(&x->scratch);
    }
    return s;
}

/* ---- the answer ---- */

static bool same_counts(const struct line *a, const struct line *b) {
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct count *one = &a->counts[i], *other = &b->counts[i];
        bool few = one->records < PREVIEW_FEW && other->records < PREVIEW_FEW;
        if (one->person != other->person || one->untold != other->untold ||
            (!few && one->records != other->records))
            return false;
    }
    return true;
}

/* Fields of one act that change for the same people and records become one line; what is at another moment as
 * on a workday morning is told once. */
static void join_lines(struct preview *x) {
    for (size_t i = 0; i < x->line_count; i++) {
        struct line *l = &x->lines[i];
        for (size_t k = 0; k < i && l->count > 0; k++) {
            struct line *m = &x->lines[k];
            if (m->count == 0 || m->object != l->object || m->act != l->act || m->gains != l->gains ||
                !same_counts(m, l) || (m->field_count == 0) != (l->field_count == 0))
                continue;
            bool same_place = m->moment == l->moment;
            if (!same_place && m->moment != MOMENT_WORK)
                continue;
            if (same_place && l->field_count > 0)
                m->fields[m->field_count++] = l->fields[0];
            l->count = 0;
        }
    }
}

static void put_records(struct json *j, uint64_t n, bool untold) {
    json_key(j, "untold");
    json_bool(j, untold);
    json_key(j, "records");
    if (n < PREVIEW_FEW || untold)
        json_none(j);
    else
        json_int(j, (int64_t)n);
}

static void put_role_counts(const struct preview *x, struct json *j, const struct line *l) {
    const struct directory *d = x->c->world.directory;
    json_key(j, "roles");
    json_array_begin(j);
    for (size_t r = 0; r < d->role_count; r++) {
        size_t people = 0;
        for (size_t i = 0; i < l->count; i++)
            people +=
                has_role(&x->people[l->counts[i].person].rights.own, slice_from_string(d->roles[r].name));
        if (people == 0)
            continue;
        json_object_begin(j);
        json_key(j, "role");
        json_cstring(j, d->roles[r].name);
        json_key(j, "people");
        json_int(j, (int64_t)people);
        json_object_end(j);
    }
    json_array_end(j);
}

static void put_people(const struct preview *x, struct json *j, const struct line *l) {
    json_key(j, "people");
    json_array_begin(j);
    for (size_t i = 0; i < l->count && i < SHOWN_MOST; i++) {
        const struct person *p = &x->people[l->counts[i].person];
        json_object_begin(j);
        json_key(j, "id");
        json_int(j, p->rights.own.user);
        json_key(j, "name");
        json_cstring(j, p->name);
        put_records(j, l->counts[i].records, l->counts[i].untold);
        json_key(j, "at_least");
        json_bool(j, l->counts[i].at_least);
        json_object_end(j);
    }
    json_array_end(j);
}

static void put_line(const struct preview *x, struct json *j, const struct line *l) {
    uint64_t most = 0;
    bool untold = false;
    for (size_t i = 0; i < l->count; i++) {
        most = l->counts[i].records > most ? l->counts[i].records : most;
        untold = untold || l->counts[i].untold;
    }
    json_object_begin(j);
    json_key(j, "when");
    json_cstring(j, moment_names[l->moment]);
    json_key(j, "change");
    json_cstring(j, l->gains ? "gains" : "loses");
    json_key(j, "object");
    json_cstring(j, l->object->name);
    json_key(j, "act");
    json_cstring(j, act_name(l->act));
    json_key(j, "fields");
    json_array_begin(j);
    for (size_t i = 0; i < l->field_count; i++)
        json_cstring(j, l->fields[i]->name);
    json_array_end(j);
    json_key(j, "people_count");
    json_int(j, (int64_t)l->count);
    put_records(j, most, untold);
    put_role_counts(x, j, l);
    put_people(x, j, l);
    json_object_end(j);
}

static void put_answer(const struct preview *x, struct json *j) {
    json_object_begin(j);
    json_key(j, "people_looked_at");
    json_int(j, (int64_t)x->person_count);
    json_key(j, "complete");
    json_bool(j, !x->cut);
    json_key(j, "few");
    json_int(j, PREVIEW_FEW);
    json_key(j, "lines");
    json_array_begin(j);
    for (size_t i = 0; i < x->line_count; i++) {
        if (x->lines[i].count > 0)
            put_line(x, j, &x->lines[i]);
    }
    json_array_end(j);
    json_object_end(j);
}

/* ---- the moments ---- */

/* The coming day of the week (0 Sunday) at that hour, local time. */
static int64_t coming(int weekday, int hour) {
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm t;
    if (localtime_r(&now, &t) == NULL)
        return (int64_t)now * 1000;
    t.tm_mday += (weekday - t.tm_wday + 7) % 7;
    t.tm_hour = hour;
    t.tm_min = t.tm_sec = 0;
    t.tm_isdst = -1;
    return (int64_t)mktime(&t) * 1000;
}

int64_t policy_preview_morning(void) {
    return coming(3, 10);
}

static void make_moments(struct preview *x) {
    struct policy_context base = {.purpose = "",
                                  .network = "office",
                                  .now_ms = policy_preview_morning(),
                                  .has_reason = true,
                                  .second_factor_age = 0};
    for (unsigned m = 0; m < MOMENTS; m++)
        x->context[m] = base;
    x->context[MOMENT_EVENING].now_ms = coming(3, 21);
    x->context[MOMENT_WEEKEND].now_ms = coming(0, 10);
    x->context[MOMENT_NO_FACTOR].second_factor_age = -1;
    x->context[MOMENT_NO_REASON].has_reason = false;
    x->context[MOMENT_OUTSIDE].network = "outside";
    x->context[MOMENT_NO_APPROVAL].without_approval = true;
    x->context[MOMENT_NO_WATERMARK].without_watermark = true;
}

static bool is_mentioned(const struct preview *x, unsigned mention) {
    unsigned all = 0;
    for (size_t i = 0; i < x->changed_count; i++)
        all |= x->changed[i]->mentions;
    return mention == 0 || (all & mention) != 0;
}

static enum status compare_all(struct preview *x, struct error *e) {
    enum status s = ST_OK;
    for (unsigned m = 0; m < MOMENTS; m++) {
        for (size_t i = 0;
             i < x->c->world.objects->count && s == ST_OK && is_mentioned(x, moment_mentions[m]); i++)
            s = compare_object(x, x->c->world.objects->objects[i], (enum moment)m, e);
    }
    return s;
}

enum status policy_preview(struct caller *c, const struct policy_set *old, const struct policy_set *fresh,
                           struct json *out, struct error *e) {
    struct preview *x = arena_alloc(c->arena, sizeof *x);
    if (x == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "preview");
    *x = (struct preview){.c = c,
                          .old = old,
                          .fresh = fresh,
                          .arena = c->arena,
                          .until_ns = clock_monotonic_ns() + (int64_t)PATIENCE_MS * 1000000};
    x->people = arena_array(c->arena, PEOPLE_MAX, sizeof *x->people);
    x->lines = arena_array(c->arena, LINES_MAX, sizeof *x->lines);
    x->changed = arena_array(c->arena, old->count + fresh->count, sizeof(struct policy *));
    if (x->people == NULL || x->lines == NULL || x->changed == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "preview");
    arena_init(&x->scratch, (size_t)64 << 20, ARENA_PLAIN);
    make_moments(x);
    enum status s = take_changed(x, old, fresh);
    if (s == ST_OK)
        s = take_changed(x, fresh, old);
    if (s == ST_OK)
        s = take_people(x, e);
    if (s == ST_OK)
        s = compare_all(x, e);
    arena_free(&x->scratch);
    if (s != ST_OK)
        return s;
    join_lines(x);
    put_answer(x, out);
    return ST_OK;
}
