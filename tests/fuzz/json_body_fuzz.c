/* Bodies that make and change records, as the API decodes them: parsed, read into a draft, judged by policy
 * and by the definition's rules, and refused in words that are JSON again. What is accepted comes back the
 * same when it is written as the API shows it and sent once more. Input: a byte of object, a byte of person
 * and purpose, the JSON body. */
#include "api/problem.h"
#include "office/office.h"
#include "record/draft.h"
#include "record/render.h"

#include <stdlib.h>

#define PEOPLE 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct office office;
static struct caller callers[PEOPLE];
static struct arena own, scratch;

static void must(bool holds) {
    if (!holds)
        abort();
}

static void start(void) {
    static const char *const logins[PEOPLE] = {"head", "sales1", "service1"};
    if (own.limit > 0)
        return;
    arena_init(&own, (size_t)64 << 20, ARENA_SECRET);
    arena_init(&scratch, (size_t)96 << 20, ARENA_SECRET);
    office_open(&office);
    office_world(&office);
    for (size_t i = 0; i < PEOPLE; i++) {
        struct token token = office_sign_in(&office, logins[i]);
        office_caller(&office, &token, &own, &callers[i]);
    }
}

/* As the API shows it to somebody who sees all of it. */
static void render(struct caller *c, const struct field_def *f, const struct value *v, struct json *out) {
    struct cell cell;
    struct slice text;
    if (field_is_sealed(f)) {
        must(draft_text(c, f, v, &text) == ST_OK);
        render_text(c, f, VIEW_CLEAR, text, out);
    } else {
        must(draft_cell(c, f, v, &cell) == ST_OK);
        render_cell(c, f, VIEW_CLEAR, cell, NULL, out);
    }
}

static void check_comes_back(struct caller *c, const struct draft *d) {
    const struct object_def *o = d->access->object;
    struct draft again;
    struct buf b;
    struct error e;
    buf_init(&b, (size_t)32 << 20, true);
    struct json j = json_to(&b);
    json_object_begin(&j);
    for (size_t i = 0; i < o->field_count; i++) {
        if (d->inputs[i].state != FIELD_GIVEN)
            continue;
        json_key(&j, o->fields[i].name);
        render(c, &o->fields[i], &d->inputs[i].value, &j);
    }
    json_object_end(&j);
    must(!b.failed);
    json_t *body = json_loadb((const char *)b.p, b.n, JSON_REJECT_DUPLICATES, NULL);
    must(body != NULL && draft_init(c, d->access, &again, &e) == ST_OK);
    must(draft_read_json(c, &again, body, NULL, &e) == ST_OK);
    for (size_t i = 0; i < o->field_count; i++) {
        must(again.inputs[i].state == d->inputs[i].state);
        must(d->inputs[i].state != FIELD_GIVEN || value_equal(&again.inputs[i].value, &d->inputs[i].value));
    }
    json_decref(body);
    buf_free(&b);
}

static void check_problem(const struct error *e, const struct field_errors *errors) {
    static struct http_reply reply;
    if (reply.body.limit == 0) {
        buf_init(&reply.headers, 32 * 1024, false);
        buf_init(&reply.body, (size_t)1 << 20, true);
    }
    problem_write(&reply, e, errors, LANGUAGE_EN, SLICE("none"), SLICE_NONE, NULL);
    json_t *body = json_loadb((const char *)reply.body.p, reply.body.n, JSON_REJECT_DUPLICATES, NULL);
    must(!reply.body.failed && json_is_object(body) && reply.status >= 400 && reply.status < 500);
    json_decref(body);
    buf_reset(&reply.headers);
}

static void decode(struct caller *c, const struct access *a, bool creating, const json_t *body) {
    static struct field_errors errors;
    struct draft d;
    struct error e = {.status = ST_OK};
    errors.count = 0;
    must(draft_init(c, a, &d, &e) == ST_OK);
    enum status s = draft_read_json(c, &d, body, &errors, &e);
    if (s == ST_OK)
        check_comes_back(c, &d);
    if (s == ST_OK && creating)
        s = draft_place(c, &d, c->who.user, &e);
    if (s == ST_OK && creating)
        s = draft_permit_new(c, &d, ACT_CREATE, &errors, &e);
    if (s == ST_OK)
        s = draft_validate(&d, creating, &errors, &e);
    must(errors.count <= FIELD_ERRORS_MAX);
    if (s != ST_OK) {
        e.status = s;
        check_problem(&e, &errors);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct access *a;
    struct error e;
    start();
    struct caller *c = &callers[size < 2 ? 0 : data[1] % PEOPLE];
    const struct object_set *objects = c->world.objects;
    if (size < 2)
        return 0;
    c->arena = &scratch;
    if (access_get(c, objects->objects[data[0] % objects->count], &a, &e) == ST_OK) {
        json_t *body = json_loadb((const char *)data + 2, size - 2, JSON_REJECT_DUPLICATES, NULL);
        if (body != NULL)
            decode(c, a, (data[1] & 0x80) == 0, body);
        json_decref(body);
    }
    arena_reset(&scratch);
    return 0;
}
