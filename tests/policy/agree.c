/* agree [TRIPLES [SEED]]: policies, people and records at random; the list that the store makes with the
 * policies' row filter against the decision on each record by itself. A triple is a set of policies, a person
 * (with his hour, reason and factor) and a record. Ends with 1 at the first that differ. */
#include "base/clock.h"
#include "policy/model.h"
#include "store/store.h"

#include "../unit/policy_random.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define RECORDS 150
#define PEOPLE  4

struct stage {
    char directory[64];
    struct store *store;
    struct store_reader *reader;
    struct arena kept; /* the records */
    struct record *records[2];
};

static const char *const object_names[2] = {"customer", "contact"};
static const char *const acts[] = {"list", "view",  "update", "export", "see",
                                   "read", "write", "match",  "delete", "transfer"};
static const enum act act_numbers[] = {ACT_LIST, ACT_VIEW,  ACT_UPDATE, ACT_EXPORT, ACT_SEE,
                                       ACT_READ, ACT_WRITE, ACT_MATCH,  ACT_DELETE, ACT_TRANSFER};

struct counts {
    size_t sets, accepted, refused, triples, allowed, on_fields;
};

static _Noreturn void fail(const char *what, const char *detail) {
    (void)fprintf(stderr, "agree: %s: %s\n", what, detail);
    exit(1);
}

static void must(enum status s, const char *what, const struct error *e) {
    if (s != ST_OK)
        fail(what, e->detail);
}

/* ---- records ---- */

static void write_record(struct stage *x, const struct object_def *o, struct record *r) {
    uint16_t *columns = arena_array(&x->kept, o->field_count + 8, sizeof *columns);
    struct cell *cells = arena_array(&x->kept, o->field_count + 8, sizeof *cells);
    struct write_op op = {.kind = WRITE_INSERT, .object = o, .columns = columns, .cells = cells};
    struct error e = {0};
    struct write_result result;
    memcpy(op.record.b, r->id, sizeof op.record.b);
    for (size_t i = 0; i < o->field_count; i++) {
        const struct field_def *f = &o->fields[i];
        bool place = f->id == FIELD_OWNER || f->id == FIELD_DEPARTMENT || f->id == FIELD_BRANCH;
        if (field_is_sealed(f) || (field_is_system(f) && !place))
            continue;
        columns[op.column_count] = f->id;
        lookup(r, f->id, &cells[op.column_count++]);
    }
    columns[op.column_count] = FIELD_CREATED_AT;
    cells[op.column_count++] = cell_int(1);
    columns[op.column_count] = FIELD_SUBJECT;
    cells[op.column_count++] = cell_bytes(slice_of(r->id, sizeof r->id));
    struct write_set set = {.ops = &op, .count = 1};
    must(store_write(x->store, &set, &result, &e), "write", &e);
}

static void make_records(struct stage *x, unsigned k) {
    const struct object_def *o = object_find(objects, slice_from_string(object_names[k]));
    x->records[k] = arena_array(&x->kept, RECORDS, sizeof *x->records[k]);
    for (unsigned i = 0; i < RECORDS; i++) {
        struct record *r = &x->records[k][i];
        *r = random_record(o);
        r->id[14] = (uint8_t)((i + 1) >> 8); /* policies name the first three */
        r->id[15] = (uint8_t)(i + 1);
        write_record(x, o, r);
    }
}

static void open_stage(struct stage *x) {
    struct error e = {0};
    arena_init(&x->kept, (size_t)256 << 20, ARENA_PLAIN);
    (void)snprintf(x->directory, sizeof x->directory, "/tmp/kedun-agree-XXXXXX");
    if (mkdtemp(x->directory) == NULL)
        fail("no directory", x->directory);
    must(store_open(x->directory, STORE_SERVE, objects, &x->store, &e), "store", &e);
    must(store_reader_open(x->store, &x->reader, &e), "reader", &e);
    for (unsigned k = 0; k < 2; k++)
        make_records(x, k);
}

static void close_stage(struct stage *x) {
    store_reader_close(x->reader);
    store_close(x->store);
    DIR *d = opendir(x->directory);
    for (struct dirent *f = d == NULL ? NULL : readdir(d); f != NULL; f = readdir(d))
        (void)unlinkat(dirfd(d), f->d_name, 0);
    if (d != NULL)
        (void)closedir(d);
    (void)rmdir(x->directory);
    arena_free(&x->kept);
}

/* ---- both ways ---- */

static void list(struct stage *x, const struct object_def *o, const struct pred *filter,
                 bool listed[RECORDS + 1]) {
    static const uint16_t columns[] = {FIELD_ID};
    struct store_select q = {.object = o,
                             .columns = columns,
                             .column_count = 1,
                             .filter = filter,
                             .sort = {{FIELD_CREATED_AT, true}},
                             .sort_count = 1,
                             .limit = 1000};
    struct store_rows rows;
    struct error e = {0};
    memset(listed, 0, RECORDS + 1);
    must(store_query(x->reader, &q, &arena, &rows, &e), "query", &e);
    for (size_t i = 0; i < rows.count; i++) {
        const uint8_t *id = rows.rows[i].cells[0].s.p;
        listed[id[14] << 8 | id[15]] = true;
    }
}

static const struct pred *view_pred(const struct field_view *v, enum act act) {
    return act == ACT_SEE ? v->see : act == ACT_READ ? v->read : act == ACT_WRITE ? v->write : v->match;
}

/* The filter of an act, or of an act on one field. NULL: refused. */
static const struct pred *filter_of(const struct policy_query *q, enum act act, const struct field_def *f) {
    const struct pred *filter = NULL;
    const struct field_view *views;
    struct error e = {0};
    enum status s = f == NULL ? policy_filter(q, act, &filter, &e) : policy_views(q, &views, &e);
    if (s != ST_OK)
        return NULL;
    return f == NULL ? filter : view_pred(&views[f - q->object->fields], act);
}

static void compare(struct stage *x, const struct policy_set *set, enum act act, const char *text,
                    struct counts *n) {
    unsigned k = draw(2);
    struct actor a = random_actor();
    struct policy_context c = random_context();
    struct policy_query q = query(set, &a, &c, object_names[k]);
    bool on_field = act == ACT_SEE || act == ACT_READ || act == ACT_WRITE || act == ACT_MATCH;
    const struct field_def *f = on_field ? &q.object->fields[draw((uint32_t)q.object->field_count)] : NULL;
    const struct pred *filter = filter_of(&q, act, f);
    bool listed[RECORDS + 1];
    n->refused += filter == NULL;
    if (filter == NULL)
        return;
    list(x, q.object, filter, listed);
    for (unsigned i = 0; i < RECORDS; i++) {
        struct error e = {0};
        bool decided;
        must(policy_decide(&q, act, f, lookup, &x->records[k][i], &decided, &e), "decide", &e);
        if (decided != listed[i + 1]) {
            (void)fprintf(stderr, "%s %s %s record %u: listed %d, decided %d\n", object_names[k],
                          act_name(act), f == NULL ? "" : f->name, i + 1, listed[i + 1], decided);
            fail("they differ", text);
        }
        n->triples++;
        n->allowed += decided;
        n->on_fields += on_field;
    }
}

static void one_set(struct stage *x, struct buf *text, struct counts *n) {
    unsigned act = draw(sizeof acts / sizeof acts[0]);
    struct policy_set *set = NULL;
    struct error e = {0};
    buf_reset(text);
    /* Many together now and then: what several ask alike is asked once (policy_probe.h). */
    for (uint32_t i = draw(16) == 0 ? 24 + draw(24) : 1 + draw(4); i > 0; i--)
        put_policy(text, acts[act]);
    must(policy_parse(buf_slice(text), "random.cedar", &set, &e), "parse", &e);
    buf_put_u8(text, 0);
    n->sets++;
    n->accepted += policy_check_reducible(set, objects, &e) == ST_OK;
    for (unsigned i = 0; i < PEOPLE; i++) {
        compare(x, set, act_numbers[act], (const char *)text->p, n);
        arena_reset(&arena);
    }
    policy_release(set);
}

int main(int argc, char **argv) {
    size_t wanted = argc > 1 ? strtoul(argv[1], NULL, 10) : 50000;
    struct error e = {0};
    struct stage x = {.store = NULL};
    struct counts n = {0};
    struct buf text;
    if (argc > 2)
        seed ^= strtoul(argv[2], NULL, 10) * 0xbf58476d1ce4e5b9U;
    buf_init(&text, 1 << 20, false);
    arena_init(&arena, 1 << 26, ARENA_PLAIN);
    must(object_set_load(KEDUN_SHARE_DIR "/objects", &objects, &e), "objects", &e);
    open_stage(&x);
    int64_t start = clock_monotonic_ns();
    while (n.triples < wanted)
        one_set(&x, &text, &n);
    (void)printf(
        "%zu triples (%zu of fields) of %zu sets and %zu people: all agree; %.1f %% allowed, %zu sets "
        "accepted when saved, %zu filters refused; %.1f s\n",
        n.triples, n.on_fields, n.sets, n.sets * PEOPLE, 100.0 * (double)n.allowed / (double)n.triples,
        n.accepted, n.refused, (double)(clock_monotonic_ns() - start) / 1e9);
    close_stage(&x);
    buf_free(&text);
    arena_free(&arena);
    object_set_release(objects);
    return 0;
}
