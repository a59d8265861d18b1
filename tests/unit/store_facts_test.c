#include "store/sqlite/facts.h"
#include "store/sqlite/judged.h"
#include "store/sqlite/reader.h"
#include "store_fixture.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

/* ---- alone ---- */

static const struct fact some_fact = {
    .created_at = 5, .id = {1, 2}, .owner = 3, .department = 4, .branch = FACT_NOBODY, .alive = true};

static bool knows(struct facts *f, uint64_t now, int64_t row) {
    struct facts_view v = facts_look(f, 7, now);
    struct fact got;
    return facts_get(&v, row, &got);
}

static void learn(struct facts *f, uint64_t now, int64_t row) {
    struct facts_view v = facts_look(f, 7, now);
    facts_learn(&v, row, &some_fact);
}

static void a_fact_is_as_it_was_learnt(void **state) {
    (void)state;
    atomic_ullong clock = 2;
    struct facts *f = facts_new(&clock);
    struct facts_view v = facts_look(f, 7, 2);
    struct fact got, dead = some_fact, large = some_fact;
    dead.alive = false;
    large.department = UINT16_MAX;
    facts_learn(&v, 70000, &some_fact);
    facts_learn(&v, 70001, &dead);
    facts_learn(&v, 70002, &large);
    assert_true(facts_get(&v, 70000, &got));
    assert_true(got.created_at == 5 && got.id[0] == 1 && got.id[1] == 2 && got.owner == 3 &&
                got.department == 4 && got.branch == FACT_NOBODY && got.alive);
    assert_true(facts_get(&v, 70001, &got));
    assert_false(got.alive);
    assert_false(facts_get(&v, 70002, &got)); /* no room for such a number */
    assert_false(facts_get(&v, 70003, &got));
    assert_false(facts_get(&v, -1, &got));
    facts_learn(&v, (int64_t)FACTS_CHUNKS_MAX << POSTINGS_BITS, &some_fact);
    assert_false(facts_get(&v, (int64_t)FACTS_CHUNKS_MAX << POSTINGS_BITS, &got));
    facts_free(f);
}

static void a_change_ends_what_was_known(void **state) {
    (void)state;
    atomic_ullong clock = 2;
    struct facts *f = facts_new(&clock);
    learn(f, 2, 10);
    learn(f, 2, 11);
    assert_true(knows(f, 2, 10));
    atomic_store(&clock, 3); /* a commit begins */
    facts_changed(f, 7, 10);
    assert_false(knows(f, 2, 10));
    learn(f, 2, 10); /* read before the commit */
    learn(f, 3, 10);
    assert_false(knows(f, 3, 10));
    atomic_store(&clock, 4);
    assert_false(knows(f, 4, 10));
    assert_true(knows(f, 4, 11));  /* its neighbour stands */
    assert_false(knows(f, 2, 11)); /* but for those before, who share its stamp */
    learn(f, 2, 10);
    assert_false(knows(f, 4, 10));
    learn(f, 4, 10);
    assert_true(knows(f, 4, 10));
    assert_false(knows(f, 2, 10));
    facts_free(f);
}

/* The commit under way may have stamped its rows before there was anything to stamp. */
static void a_chunk_that_is_made_during_a_commit_learns_after_it(void **state) {
    (void)state;
    atomic_ullong clock = 3;
    struct facts *f = facts_new(&clock);
    learn(f, 2, 10);
    learn(f, 3, 10);
    atomic_store(&clock, 4);
    assert_false(knows(f, 4, 10));
    learn(f, 4, 10);
    assert_true(knows(f, 4, 10));
    atomic_store(&clock, 5);
    facts_all_changed(f);
    assert_false(knows(f, 4, 10));
    atomic_store(&clock, 6);
    assert_false(knows(f, 6, 10));
    facts_free(f);
}

static void a_condition_is_remembered_when_it_comes_again(void **state) {
    (void)state;
    atomic_ullong clock = 2;
    struct facts *f = facts_new(&clock);
    struct judged_ask ask, other;
    judged_take(f, 7, 2, SLICE("a = 1"), &ask);
    assert_null(ask.set);
    judged_take(f, 7, 2, SLICE("a = 1"), &ask);
    assert_non_null(ask.set);
    judged_take(f, 7, 2, SLICE("a = 2"), &other);
    assert_null(other.set);
    judged_take(f, 8, 2, SLICE("a = 1"), &other);
    assert_null(other.set);
    assert_int_equal(judged_get(&ask, 10), -1);
    judged_learn(&ask, 10, true);
    judged_learn(&ask, 11, false);
    assert_int_equal(judged_get(&ask, 10), 1);
    assert_int_equal(judged_get(&ask, 11), 0);
    judged_take(f, 7, 2, SLICE("a = 1"), &other);
    assert_int_equal(judged_get(&other, 10), 1);
    judged_give(f, &other);
    atomic_store(&clock, 3);
    facts_changed(f, 7, 10);
    assert_int_equal(judged_get(&ask, 10), -1);
    judged_learn(&ask, 10, true);
    atomic_store(&clock, 4);
    judged_give(f, &ask);
    judged_take(f, 7, 4, SLICE("a = 1"), &ask);
    assert_int_equal(judged_get(&ask, 10), -1);
    assert_int_equal(judged_get(&ask, 11), 0);
    judged_give(f, &ask);
    facts_free(f);
}

static void the_oldest_condition_goes_and_lives_while_it_is_used(void **state) {
    (void)state;
    atomic_ullong clock = 2;
    struct facts *f = facts_new(&clock);
    struct judged_ask first, more;
    char key[32];
    for (size_t twice = 0; twice < 2; twice++)
        judged_take(f, 7, 2, SLICE("first"), &first);
    judged_learn(&first, 10, true);
    for (size_t i = 0; i < 2 * (size_t)JUDGED_SETS; i++) {
        (void)snprintf(key, sizeof key, "condition %zu", i);
        judged_take(f, 7, 2, slice_from_string(key), &more);
        judged_take(f, 7, 2, slice_from_string(key), &more);
        assert_non_null(more.set);
        judged_give(f, &more);
    }
    assert_int_equal(judged_get(&first, 10), 1);
    atomic_store(&clock, 3);
    facts_changed(f, 7, 10); /* it is in no list any more */
    atomic_store(&clock, 4);
    assert_int_equal(judged_get(&first, 10), -1);
    judged_give(f, &first);
    judged_take(f, 7, 4, SLICE("first"), &first);
    assert_true(first.set == NULL || judged_get(&first, 10) == -1);
    judged_give(f, &first);
    facts_free(f);
}

/* ---- through the store: equal to a reader that remembers nothing ---- */

static const uint16_t wanted[] = {FIELD_ID, FIELD_CREATED_AT, FIELD_OWNER};

static void give_terms(struct fixture *f, uint64_t id, uint64_t *seed, struct write_op *op) {
    struct term_change *t = arena_array(&f->arena, 5, sizeof *t);
    size_t n = 0;
    if (fixture_random(seed) % 3 != 0) /* some numbers have few rows, one has many */
        t[n++] = (struct term_change){F_MOBILE, SEARCH_EXACT, fixture_random(seed) % 4 == 0,
                                      id % 3 == 0 ? 0 : id % 40};
    for (uint64_t term = 1; term <= 4; term++) {
        if (fixture_random(seed) % (term * term) == 0)
            t[n++] = (struct term_change){F_NAME, SEARCH_FRAGMENT, fixture_random(seed) % 4 == 0, term};
    }
    *op = (struct write_op){.kind = WRITE_TERMS,
                            .object = &fixture_customer,
                            .record = fixture_id(id),
                            .terms = t,
                            .term_count = n};
}

static void fill(struct fixture *f, uint64_t from, uint64_t to, uint64_t *seed) {
    struct error e;
    fixture_fill(f, from, to);
    struct write_op ops[100];
    size_t n = 0;
    for (uint64_t id = from; id < to; id++) {
        give_terms(f, id, seed, &ops[n]);
        n += ops[n].term_count > 0;
        if (n < 100 && id + 1 < to)
            continue;
        if (n > 0)
            assert_int_equal(fixture_write(f, ops, n, &e), ST_OK);
        n = 0;
    }
}

static int64_t revision_of(struct store_reader *r, struct arena *a, uint64_t id) {
    static const uint16_t columns[] = {FIELD_REVISION};
    const struct uuid name = fixture_id(id);
    struct store_select q = {.object = &fixture_customer,
                             .columns = columns,
                             .column_count = 1,
                             .filter = pred_compare(a, PRED_EQ, FIELD_ID, fixture_id_cell(&name)),
                             .limit = 1,
                             .include_deleted = true};
    struct store_rows rows;
    struct error e;
    assert_int_equal(store_query(r, &q, a, &rows, &e), ST_OK);
    return rows.count == 0 ? 0 : rows.rows[0].cells[0].i;
}

/* Some change; every eleventh is rolled back. */
static void change(struct fixture *f, struct store_reader *reader, struct arena *a, uint64_t *seed,
                   uint64_t rows) {
    static const uint16_t columns[] = {FIELD_OWNER, FIELD_BRANCH,     F_STATUS,
                                       F_AMOUNT,    FIELD_DELETED_AT, FIELD_CREATED_AT};
    uint64_t r = fixture_random(seed), id = r % rows + 1;
    struct error e;
    const struct cell cells[] = {cell_int((int64_t)((r >> 20) % 10)),
                                 (r >> 30) % 9 == 0 ? cell_null() : cell_int((int64_t)((r >> 30) % 2)),
                                 cell_text((r >> 40) % 2 == 0 ? SLICE("new") : SLICE("old")),
                                 cell_int((int64_t)((r >> 50) % 17)),
                                 r % 7 == 1 ? cell_int(9000) : cell_null(),
                                 cell_int((int64_t)((r >> 8) % 300 + 1000))};
    struct write_op ops[2] = {{.kind = WRITE_UPDATE,
                               .object = &fixture_customer,
                               .record = fixture_id(id),
                               .columns = columns,
                               .cells = cells,
                               .column_count = 6,
                               .revision = revision_of(reader, a, id)}};
    if (r % 97 == 3)
        ops[0] =
            (struct write_op){.kind = WRITE_PURGE, .object = &fixture_customer, .record = fixture_id(id)};
    ops[1] = ops[0];
    enum status st = fixture_write(f, ops, r % 11 == 4 ? 2 : 1, &e);
    assert_true(st == ST_OK || r % 11 == 4 || ops[0].revision == 0);
}

static const struct pred *filter_of(struct arena *a, uint64_t r) {
    struct cell terms[] = {cell_int((int64_t)(r % 5)), cell_int((int64_t)(r / 5 % 4 + 1))};
    struct cell number = cell_int((int64_t)(r / 64 % 40));
    const struct pred *p = &pred_true;
    if (r % 3 != 0)
        p = r / 16 % 2 == 0 ? pred_terms(a, F_NAME, SEARCH_FRAGMENT, terms, 2)
                            : pred_terms(a, F_NAME, SEARCH_FRAGMENT, &terms[r % 2], 1);
    else if (r / 16 % 2 == 0)
        p = pred_terms(a, F_MOBILE, SEARCH_EXACT, &number, 1);
    r /= 4096;
    if (r % 4 == 1)
        p = pred_and(a, p, pred_compare(a, PRED_EQ, FIELD_OWNER, cell_int((int64_t)(r / 4 % 10))));
    if (r % 4 == 2)
        p = pred_and(a, p,
                     pred_or(a, pred_compare(a, PRED_EQ, FIELD_BRANCH, cell_int(0)),
                             pred_compare(a, PRED_EQ, FIELD_OWNER, cell_int(3))));
    r /= 64;
    if (r % 3 == 1)
        p = pred_and(a, p,
                     pred_and(a, pred_compare(a, PRED_GT, F_AMOUNT, cell_int(8)),
                              pred_compare(a, PRED_EQ, F_STATUS, cell_text(SLICE("new")))));
    if (r % 3 == 2)
        p = pred_and(a, p, pred_not(a, pred_compare(a, PRED_LT, F_AMOUNT, cell_int(4))));
    return p;
}

struct asked {
    struct store_select select;
    struct cell after[2];
};

static void ask_make(struct asked *q, const struct pred *filter, uint64_t r, const struct store_row *after) {
    *q = (struct asked){.select = {.object = &fixture_customer,
                                   .columns = wanted,
                                   .column_count = 3,
                                   .filter = filter,
                                   .sort_count = r % 2,
                                   .limit = 1 + (uint32_t)(r / 2 % 30)}};
    q->select.sort[0] = (struct store_sort){r / 64 % 2 == 0 ? FIELD_CREATED_AT : FIELD_ID, r / 128 % 2 == 0};
    if (after == NULL) {
        q->select.offset = r / 256 % 3 == 0 ? (uint32_t)(r / 1024 % 300) : 0;
        return;
    }
    bool by_time = q->select.sort_count == 1 && q->select.sort[0].column == FIELD_CREATED_AT;
    q->after[0] = after->cells[by_time ? 1 : 0];
    q->after[1] = after->cells[0];
    q->select.after = q->after;
}

/* The same question with what is remembered and without, within one snapshot. */
static struct store_rows same_answer(struct store_reader *r, struct arena *a, const struct store_select *q) {
    struct store_rows with, without;
    struct error e = {.detail = ""};
    bool own = !r->snapshot;
    if (own)
        assert_int_equal(store_snapshot(r, &e), ST_OK);
    assert_int_equal(store_query(r, q, a, &with, &e), ST_OK);
    struct facts *facts = r->facts;
    struct kept *kept = r->kept;
    struct found *found = r->found;
    r->facts = NULL;
    r->kept = NULL;
    r->found = NULL;
    assert_int_equal(store_query(r, q, a, &without, &e), ST_OK);
    r->facts = facts;
    r->kept = kept;
    r->found = found;
    if (own)
        store_snapshot_end(r);
    assert_int_equal(with.count, without.count);
    assert_int_equal(with.more, without.more);
    for (size_t i = 0; i < with.count; i++) {
        for (size_t c = 0; c < 3; c++) {
            assert_int_equal(with.rows[i].cells[c].i, without.rows[i].cells[c].i);
            assert_true(slice_equal(with.rows[i].cells[c].s, without.rows[i].cells[c].s));
        }
    }
    return with;
}

/* Nobody writes meanwhile: without a snapshot of several questions' it is the same. */
static void same_alone(struct store_reader *r, struct arena *a, const struct store_select *q,
                       const struct store_rows *as) {
    struct store_rows rows;
    struct error e = {.detail = ""};
    for (size_t i = 0; i < 2 && !r->snapshot; i++) {
        assert_int_equal(store_query(r, q, a, &rows, &e), ST_OK);
        assert_int_equal(rows.count, as->count);
        assert_int_equal(rows.more, as->more);
        for (size_t k = 0; k < rows.count; k++)
            assert_true(slice_equal(rows.rows[k].cells[0].s, as->rows[k].cells[0].s));
    }
}

static void ask(struct store_reader *r, struct arena *a, uint64_t *seed) {
    const struct pred *filter = filter_of(a, fixture_random(seed) >> 8);
    struct asked q;
    uint64_t how = fixture_random(seed) >> 8;
    ask_make(&q, filter, how, NULL);
    struct store_rows rows = same_answer(r, a, &q.select);
    if (rows.count == 0)
        return;
    ask_make(&q, filter, how, &rows.rows[rows.count - 1]);
    (void)same_answer(r, a, &q.select);
}

static void ask_alone(struct store_reader *r, struct arena *a, uint64_t *seed) {
    const struct pred *filter = filter_of(a, fixture_random(seed) >> 8);
    struct asked q;
    ask_make(&q, filter, fixture_random(seed) >> 8, NULL);
    struct store_rows rows = same_answer(r, a, &q.select);
    same_alone(r, a, &q.select, &rows);
}

static void answers_are_those_of_a_reader_that_remembers_nothing(void **state) {
    struct fixture *f = *state;
    uint64_t seed = 1, rows = 700;
    struct store_reader *old;
    struct error e;
    fill(f, 1, rows + 1, &seed);
    assert_int_equal(store_warm(f->store, &e), ST_OK); /* learns beside them */
    assert_int_equal(store_reader_open(f->store, &old, &e), ST_OK);
    for (size_t i = 0; i < 500; i++) {
        struct arena a;
        arena_init(&a, (size_t)64 << 20, ARENA_PLAIN);
        if (i % 100 == 0) {
            store_snapshot_end(old);
            assert_int_equal(store_snapshot(old, &e), ST_OK);
        }
        change(f, f->reader, &a, &seed, rows);
        ask_alone(f->reader, &a, &seed);
        ask(f->reader, &a, &seed);
        ask(old, &a, &seed);
        if (i % 50 == 0) {
            fill(f, rows + 1, rows + 4, &seed);
            rows += 3;
        }
        arena_free(&a);
    }
    store_snapshot_end(old);
    store_reader_close(old);
}

/* One of a hundred: so few that pages come out of a list of them. */
static const struct pred *few_of(struct arena *a, uint64_t r) {
    const struct pred *p = pred_and(a, pred_compare(a, PRED_EQ, F_AMOUNT, cell_int((int64_t)(r % 2))),
                                    pred_compare(a, PRED_EQ, F_STATUS, cell_text(SLICE("new"))));
    struct cell *departments = arena_array(a, 2, sizeof *departments);
    departments[0] = cell_int(1);
    departments[1] = cell_int(3);
    if (r / 2 % 3 == 1)
        p = pred_and(a, p, pred_compare(a, PRED_EQ, FIELD_BRANCH, cell_int(0)));
    if (r / 2 % 3 == 2)
        p = pred_and(a, p, pred_in(a, FIELD_DEPARTMENT, departments, 2));
    return p;
}

static void pages_of_few_among_many_are_right_under_changes(void **state) {
    struct fixture *f = *state;
    uint64_t seed = 3, rows = 6000;
    struct store_reader *old;
    struct error e;
    fixture_fill(f, 1, rows + 1);
    assert_int_equal(store_reader_open(f->store, &old, &e), ST_OK);
    for (size_t i = 0; i < 250; i++) {
        struct arena a;
        arena_init(&a, (size_t)64 << 20, ARENA_PLAIN);
        if (i % 50 == 0) {
            store_snapshot_end(old);
            assert_int_equal(store_snapshot(old, &e), ST_OK);
        }
        change(f, f->reader, &a, &seed, i % 3 == 0 ? rows : 300);
        if (i % 20 == 0) {
            fixture_fill(f, rows + 1, rows + 60);
            rows += 59;
        }
        uint64_t how = fixture_random(&seed) >> 8;
        for (size_t k = 0; k < 2; k++) {
            struct asked q;
            ask_make(&q, few_of(&a, how / 4096), how | 1, NULL);
            q.select.limit = 30;
            struct store_rows got = same_answer(k == 0 ? f->reader : old, &a, &q.select);
            if (got.count == 0)
                continue;
            ask_make(&q, few_of(&a, how / 4096), how | 1, &got.rows[got.count / 2]);
            (void)same_answer(k == 0 ? f->reader : old, &a, &q.select);
        }
        arena_free(&a);
    }
    store_snapshot_end(old);
    store_reader_close(old);
}

struct crowd {
    struct fixture *f;
    atomic_bool stop;
    uint64_t seed;
};

static void *write_on(void *context) {
    struct crowd *c = context;
    struct store_reader *r;
    struct error e;
    assert_int_equal(store_reader_open(c->f->store, &r, &e), ST_OK);
    while (!atomic_load(&c->stop)) {
        struct arena a;
        arena_init(&a, (size_t)1 << 20, ARENA_PLAIN);
        for (size_t i = 0; i < 50; i++)
            change(c->f, r, &a, &c->seed, 300);
        arena_free(&a);
    }
    store_reader_close(r);
    return NULL;
}

static void *ask_on(void *context) {
    struct crowd *c = context;
    struct store_reader *r;
    struct error e;
    assert_int_equal(store_reader_open(c->f->store, &r, &e), ST_OK);
    for (size_t i = 0; i < 150; i++) {
        struct arena a;
        arena_init(&a, (size_t)64 << 20, ARENA_PLAIN);
        ask(r, &a, &c->seed);
        arena_free(&a);
    }
    store_reader_close(r);
    return NULL;
}

static void answers_are_equal_while_others_write(void **state) {
    struct fixture *f = *state;
    uint64_t seed = 5;
    pthread_t writer, readers[3];
    struct crowd crowd[4];
    struct error e;
    fill(f, 1, 301, &seed);
    assert_int_equal(store_warm(f->store, &e), ST_OK);
    for (size_t i = 0; i < 4; i++)
        crowd[i] = (struct crowd){.f = f, .seed = 100 + i};
    assert_int_equal(pthread_create(&writer, NULL, write_on, &crowd[0]), 0);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, ask_on, &crowd[i + 1]), 0);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
    atomic_store(&crowd[0].stop, true);
    assert_int_equal(pthread_join(writer, NULL), 0);
}

#define MANY 17500 /* two chunks */
static void fill_many(struct fixture *f) {
    static const struct term_change terms[] = {{F_NAME, SEARCH_FRAGMENT, false, 1},
                                               {F_NAME, SEARCH_FRAGMENT, false, 2}};
    struct fixture_row *rows = arena_array(&f->arena, 500, sizeof *rows);
    struct write_op *ops = arena_array(&f->arena, 1000, sizeof *ops);
    struct error e;
    for (uint64_t from = 1; from <= MANY; from += 500) {
        size_t n = 0;
        for (size_t i = 0; i < 500; i++) {
            uint64_t id = from + i;
            fixture_row_make(f, id, &rows[i]);
            ops[n++] = fixture_insert(&rows[i]);
            if (id % 2 == 0 || id % 45 == 0)
                ops[n++] = (struct write_op){.kind = WRITE_TERMS,
                                             .object = &fixture_customer,
                                             .record = rows[i].id,
                                             .terms = &terms[id % 2],
                                             .term_count = 1};
        }
        assert_int_equal(fixture_write(f, ops, n, &e), ST_OK);
    }
}

/* A row of the first chunk becomes the latest of all. */
static void make_latest(struct fixture *f, struct arena *a, uint64_t id, int64_t at) {
    static const uint16_t columns[] = {FIELD_CREATED_AT};
    struct cell cell = cell_int(at);
    struct error e;
    struct write_op op = {.kind = WRITE_UPDATE,
                          .object = &fixture_customer,
                          .record = fixture_id(id),
                          .columns = columns,
                          .cells = &cell,
                          .column_count = 1,
                          .revision = revision_of(f->reader, a, id)};
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_OK);
}

/* One term in half of the rows, a bitmap; one in every ninetieth, a list. */
static void pages_out_of_sets_of_several_chunks_are_right_under_changes(void **state) {
    struct fixture *f = *state;
    struct error e;
    uint64_t seed = 5;
    struct asked q;
    fill_many(f);
    assert_int_equal(store_warm(f->store, &e), ST_OK);
    while (store_warmed(f->store) < MANY)
        (void)poll(NULL, 0, 5);
    for (size_t i = 0; i < 120; i++) {
        struct arena a;
        arena_init(&a, (size_t)64 << 20, ARENA_PLAIN);
        struct cell term = cell_int((int64_t)(i % 2 + 1));
        const struct pred *p = pred_terms(&a, F_NAME, SEARCH_FRAGMENT, &term, 1);
        if (i % 3 == 0)
            p = pred_and(&a, p, pred_compare(&a, PRED_EQ, FIELD_BRANCH, cell_int((int64_t)(i / 3 % 2))));
        ask_make(&q, p, 1 | (i % 20) << 1, NULL); /* the latest first */
        (void)same_answer(f->reader, &a, &q.select);
        change(f, f->reader, &a, &seed, MANY);
        if (i % 2 == 1)
            make_latest(f, &a, 90 + i / 4 * 90 + i / 2 % 2 * 4, 9000 + (int64_t)i);
        arena_free(&a);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fact_is_as_it_was_learnt),
        cmocka_unit_test(a_change_ends_what_was_known),
        cmocka_unit_test(a_chunk_that_is_made_during_a_commit_learns_after_it),
        cmocka_unit_test(a_condition_is_remembered_when_it_comes_again),
        cmocka_unit_test(the_oldest_condition_goes_and_lives_while_it_is_used),
        cmocka_unit_test_setup_teardown(answers_are_those_of_a_reader_that_remembers_nothing, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(pages_of_few_among_many_are_right_under_changes, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(pages_out_of_sets_of_several_chunks_are_right_under_changes,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(answers_are_equal_while_others_write, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
