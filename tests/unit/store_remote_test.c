/* Write sets over a real socket, and sets whose conflicting rows are left out. */
#include "object/set.h"
#include "store/remote.h"
#include "store_fixture.h"

#include <pthread.h>

static struct object_set shared_set = {
    .objects = fixture_objects, .count = 2, .version = 1, .references = 1000000};

static struct object_set *shared_objects(void *context) {
    (void)context;
    object_set_retain(&shared_set);
    return &shared_set;
}

struct link {
    struct role_fd listener;
    char path[80];
    struct remote_server *server;
    struct remote_writer *writer;
};

static void link_open(struct fixture *f, struct link *l) {
    struct error e;
    (void)snprintf(l->path, sizeof l->path, "%s/writer.sock", f->directory);
    l->listener = (struct role_fd){.name = "writer", .peer = SOCKET_ANY_USER};
    assert_int_equal(socket_listen(l->path, &l->listener.fd, &e), ST_OK);
    assert_int_equal(remote_serve(f->store, &l->listener, shared_objects, NULL, &l->server, &e), ST_OK);
    assert_int_equal(remote_open(l->path, &l->writer, &e), ST_OK);
}

static void link_close(struct link *l) {
    remote_close(l->writer);
    remote_stop(l->server);
    (void)close(l->listener.fd);
}

static uint64_t count_rows(struct fixture *f) {
    uint64_t n;
    bool at_least;
    struct error e;
    assert_int_equal(store_count(f->reader, &fixture_customer, &pred_true, false, 1000, &n, &at_least, &e),
                     ST_OK);
    return n;
}

static struct write_op unique_mobile(const struct uuid *record, const struct term_change *term,
                                     uint32_t group) {
    return (struct write_op){.kind = WRITE_UNIQUE,
                             .object = &fixture_customer,
                             .record = *record,
                             .terms = term,
                             .term_count = 1,
                             .key = SLICE("mobile"),
                             .group = group};
}

static struct write_op add_mobile(const struct uuid *record, const struct term_change *term, uint32_t group) {
    return (struct write_op){.kind = WRITE_TERMS,
                             .object = &fixture_customer,
                             .record = *record,
                             .terms = term,
                             .term_count = 1,
                             .group = group};
}

static void a_set_from_another_process_is_committed(void **state) {
    struct fixture *f = *state;
    struct link l;
    struct fixture_row row;
    struct write_result result;
    struct error e;
    link_open(f, &l);
    fixture_row_make(f, 1, &row);
    struct write_op op = fixture_insert(&row);
    struct write_set set = {.ops = &op, .count = 1, .bulk = true};
    assert_int_equal(remote_write(l.writer, &set, &result, &e), ST_OK);
    assert_true(result.held_us > 0);
    assert_int_equal(count_rows(f), 1);
    assert_int_equal(remote_write(l.writer, &set, &result, &e), ST_CONFLICT);
    assert_string_equal(e.code, "record_exists");
    assert_int_equal(result.failed_op, 0);
    link_close(&l);
}

static void rows_that_conflict_are_left_out_and_named(void **state) {
    struct fixture *f = *state;
    struct link l;
    struct fixture_row rows[4];
    struct write_op ops[12];
    uint32_t refused[4] = {9, 9, 9, 9};
    struct write_result result;
    struct error e = {.detail = ""};
    struct term_change terms[4];
    link_open(f, &l);
    for (uint32_t i = 0; i < 4; i++) {
        fixture_row_make(f, i == 3 ? 0 : i, &rows[i]); /* the last has the first's id */
        terms[i] =
            (struct term_change){.field = F_MOBILE, .search = SEARCH_EXACT, .term = i == 2 ? 41 : 40 + i};
        ops[3 * i] = unique_mobile(&rows[i].id, &terms[i], i); /* the third has the second's mobile */
        ops[3 * i + 1] = fixture_insert(&rows[i]);
        ops[3 * i + 1].group = i;
        ops[3 * i + 2] = add_mobile(&rows[i].id, &terms[i], i);
    }
    struct write_set set = {.ops = ops, .count = 12, .bulk = true, .groups = 4, .refused = refused};
    assert_int_equal(remote_write(l.writer, &set, &result, &e), ST_OK);
    assert_int_equal(refused[0], 0);
    assert_int_equal(refused[1], 0);
    assert_int_equal(refused[2], 3 * 2 + 1);
    assert_int_equal(refused[3], 3 * 3 + 2);
    assert_int_equal(count_rows(f), 2);
    link_close(&l);
}

static void without_groups_one_conflict_undoes_the_whole_set(void **state) {
    struct fixture *f = *state;
    struct fixture_row rows[2];
    struct write_op ops[3];
    struct error e;
    fixture_row_make(f, 1, &rows[0]);
    fixture_row_make(f, 2, &rows[1]);
    ops[0] = fixture_insert(&rows[0]);
    ops[1] = fixture_insert(&rows[1]);
    ops[2] = fixture_insert(&rows[0]);
    assert_int_equal(fixture_write(f, ops, 3, &e), ST_CONFLICT);
    assert_int_equal(count_rows(f), 0);
}

static void a_writer_finds_its_engine_again_after_a_restart(void **state) {
    struct fixture *f = *state;
    struct link l;
    struct fixture_row row;
    struct write_result result;
    struct error e;
    link_open(f, &l);
    fixture_row_make(f, 1, &row);
    struct write_op op = fixture_insert(&row);
    struct write_set set = {.ops = &op, .count = 1};
    assert_int_equal(remote_write(l.writer, &set, &result, &e), ST_OK);
    remote_stop(l.server);
    fixture_row_make(f, 2, &row);
    op = fixture_insert(&row);
    assert_int_equal(remote_serve(f->store, &l.listener, shared_objects, NULL, &l.server, &e), ST_OK);
    enum status s = remote_write(l.writer, &set, &result, &e); /* may still meet the old connection */
    if (s == ST_UNAVAILABLE)
        s = remote_write(l.writer, &set, &result, &e);
    assert_int_equal(s, ST_OK);
    assert_int_equal(count_rows(f), 2);
    link_close(&l);
}

struct waiting {
    struct fixture *f;
    struct link *l;
    bool go;
    uint64_t rows; /* when it waited */
};

/* Meanwhile another set overtakes the one that was sent ahead. */
static bool wait_for_another(void *context, struct remote_place *out) {
    struct waiting *w = context;
    assert_non_null(out);
    struct fixture_row row;
    struct error e;
    fixture_row_make(w->f, 2, &row);
    struct write_op op = fixture_insert(&row);
    struct write_set set = {.ops = &op, .count = 1};
    assert_int_equal(remote_write(w->l->writer, &set, NULL, &e), ST_OK);
    w->rows = count_rows(w->f);
    return w->go;
}

static void tell_nobody(void *context) {
    (void)context;
}

static void a_set_that_was_sent_ahead_is_written_when_it_may_be(void **state) {
    struct fixture *f = *state;
    struct link l;
    struct fixture_row row;
    struct error e;
    struct waiting w = {.f = f, .l = &l, .go = true};
    struct remote_leave leave = {wait_for_another, tell_nobody, &w};
    link_open(f, &l);
    fixture_row_make(f, 1, &row);
    struct write_op op = fixture_insert(&row);
    struct write_set set = {.ops = &op, .count = 1, .bulk = true};
    assert_int_equal(remote_write_after(l.writer, &set, &leave, NULL, &e), ST_OK);
    assert_int_equal(w.rows, 1);
    assert_int_equal(count_rows(f), 2);
    link_close(&l);
}

static void a_set_that_may_not_be_written_after_all_is_not(void **state) {
    struct fixture *f = *state;
    struct link l;
    struct fixture_row row;
    struct error e;
    struct waiting w = {.f = f, .l = &l, .go = false};
    struct remote_leave leave = {wait_for_another, tell_nobody, &w};
    link_open(f, &l);
    fixture_row_make(f, 1, &row);
    struct write_op op = fixture_insert(&row);
    struct write_set set = {.ops = &op, .count = 1, .bulk = true};
    assert_int_equal(remote_write_after(l.writer, &set, &leave, NULL, &e), ST_CONFLICT);
    assert_string_equal(e.code, "not_written");
    assert_int_equal(count_rows(f), 1);
    assert_int_equal(remote_write(l.writer, &set, NULL, &e), ST_OK); /* not left on its way either */
    assert_int_equal(count_rows(f), 2);
    link_close(&l);
}

/* ---- chains ---- */

struct chained {
    struct fixture *f;
    struct fixture_row row;
    uint64_t place;
    enum status status;
    struct error error;
    pthread_t thread;
};

static void *chained_write(void *argument) {
    struct chained *c = argument;
    struct write_op op = fixture_insert(&c->row);
    struct write_set set = {.ops = &op, .count = 1, .bulk = true, .chain = 77, .place = c->place};
    c->status = store_write(c->f->store, &set, NULL, &c->error);
    return NULL;
}

static void chained_make(struct fixture *f, struct chained *c, uint64_t place, uint64_t row) {
    *c = (struct chained){.f = f, .place = place};
    fixture_row_make(f, row, &c->row);
}

static uint64_t row_of(struct fixture *f, uint64_t n) {
    struct uuid id = fixture_id(n);
    struct cell cell = cell_bytes(slice_of(id.b, sizeof id.b));
    struct store_select q = {.object = &fixture_customer,
                             .columns = (const uint16_t[]){FIELD_ROW},
                             .column_count = 1,
                             .filter = pred_compare(&f->arena, PRED_EQ, FIELD_ID, cell),
                             .limit = 1};
    struct store_rows rows;
    struct error e;
    assert_int_equal(store_query(f->reader, &q, &f->arena, &rows, &e), ST_OK);
    assert_int_equal(rows.count, 1);
    return (uint64_t)rows.rows[0].cells[0].i;
}

static void sets_of_a_chain_are_written_in_their_order_whoever_comes_first(void **state) {
    struct fixture *f = *state;
    struct chained c[4];
    for (uint64_t i = 0; i < 4; i++) {
        chained_make(f, &c[i], 4 - i, 10 + i); /* the last one first */
        assert_int_equal(pthread_create(&c[i].thread, NULL, chained_write, &c[i]), 0);
    }
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(c[i].thread, NULL), 0);
    for (uint64_t i = 0; i < 4; i++) {
        assert_int_equal(c[i].status, ST_OK);
        assert_int_equal(row_of(f, 10 + i), 4 - i);
    }
}

static void nothing_of_a_chain_is_written_behind_a_set_that_failed(void **state) {
    struct fixture *f = *state;
    struct chained c[3];
    chained_make(f, &c[0], 1, 10);
    chained_make(f, &c[1], 2, 10); /* is there already */
    chained_make(f, &c[2], 3, 12);
    for (size_t i = 0; i < 3; i++)
        (void)chained_write(&c[i]);
    assert_int_equal(c[0].status, ST_OK);
    assert_int_equal(c[1].status, ST_CONFLICT);
    assert_int_equal(c[2].status, ST_RETRY);
    assert_string_equal(c[2].error.code, "not_in_turn");
    assert_int_equal(count_rows(f), 1);
}

static void a_set_whose_forerunner_does_not_come_is_refused(void **state) {
    struct fixture *f = *state;
    struct chained c;
    chained_make(f, &c, 2, 10);
    (void)chained_write(&c);
    assert_int_equal(c.status, ST_RETRY);
    assert_string_equal(c.error.code, "not_in_turn");
    assert_int_equal(count_rows(f), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_set_from_another_process_is_committed, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(rows_that_conflict_are_left_out_and_named, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(without_groups_one_conflict_undoes_the_whole_set, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_writer_finds_its_engine_again_after_a_restart, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_set_that_was_sent_ahead_is_written_when_it_may_be, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_set_that_may_not_be_written_after_all_is_not, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(sets_of_a_chain_are_written_in_their_order_whoever_comes_first,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(nothing_of_a_chain_is_written_behind_a_set_that_failed, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_set_whose_forerunner_does_not_come_is_refused, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
