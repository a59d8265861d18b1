#include "store_fixture.h"

#include "base/file.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static uint64_t customers(struct fixture *f, const struct pred *p) {
    uint64_t n = 0;
    bool at_least;
    struct error e;
    assert_int_equal(store_count(f->reader, &fixture_customer, p, false, 1000000, &n, &at_least, &e), ST_OK);
    return n;
}

static struct write_op update_of(uint64_t n, const uint16_t *column, const struct cell *value,
                                 int64_t revision) {
    return (struct write_op){.kind = WRITE_UPDATE,
                             .object = &fixture_customer,
                             .record = fixture_id(n),
                             .columns = column,
                             .cells = value,
                             .column_count = 1,
                             .revision = revision};
}

static struct write_op terms_of(uint64_t n, const struct term_change *terms, size_t count) {
    return (struct write_op){.kind = WRITE_TERMS,
                             .object = &fixture_customer,
                             .record = fixture_id(n),
                             .terms = terms,
                             .term_count = count};
}

static void a_failing_set_leaves_nothing_behind(void **state) {
    struct fixture *f = *state;
    struct fixture_row one, two;
    fixture_row_make(f, 1, &one);
    fixture_row_make(f, 2, &two);
    struct term_change term = {.field = F_NAME, .search = SEARCH_FRAGMENT, .term = 9};
    struct write_op ops[] = {fixture_insert(&one), terms_of(1, &term, 1), fixture_insert(&two),
                             fixture_insert(&one)};
    struct write_set set = {.ops = ops, .count = 4};
    struct write_result result;
    struct error e;
    assert_int_equal(store_write(f->store, &set, &result, &e), ST_CONFLICT);
    assert_int_equal(result.failed_op, 3);
    assert_string_equal(e.code, "record_exists");
    assert_int_equal(customers(f, &pred_true), 0);
    set.count = 3;
    assert_int_equal(store_write(f->store, &set, &result, &e), ST_OK);
    assert_int_equal(customers(f, &pred_true), 2);
}

static void an_update_holds_only_for_the_revision_it_read(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 2);
    uint16_t column = F_AMOUNT;
    struct cell value = cell_int(500);
    struct error e;
    struct write_op op = update_of(1, &column, &value, 1);
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_OK);
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_RETRY);
    op.revision = 2;
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_OK);
    op = update_of(99, &column, &value, 1);
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_NOT_FOUND);
    column = FIELD_REVISION;
    op = update_of(1, &column, &value, 3);
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_INVALID);
}

static struct write_op unique_of(uint64_t n, const struct term_change *term, const struct pred *scope) {
    return (struct write_op){.kind = WRITE_UNIQUE,
                             .object = &fixture_customer,
                             .record = fixture_id(n),
                             .terms = term,
                             .term_count = 1,
                             .filter = scope,
                             .key = SLICE("mobile"),
                             .at_ms = 5};
}

static void a_taken_value_is_a_conflict_in_scope_and_queued_beyond_it(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 4); /* owners 1, 2, 3 */
    struct term_change mobile = {.field = F_MOBILE, .search = SEARCH_EXACT, .term = 138};
    struct write_op op = terms_of(1, &mobile, 1);
    struct error e;
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_OK);
    const struct pred *ones = pred_compare(&f->arena, PRED_EQ, FIELD_OWNER, cell_int(1));
    const struct pred *twos = pred_compare(&f->arena, PRED_EQ, FIELD_OWNER, cell_int(2));
    op = unique_of(2, &mobile, ones);
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_CONFLICT);
    assert_string_equal(e.code, "not_unique");
    assert_string_equal(e.field, "mobile");
    op = unique_of(1, &mobile, ones);
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_OK);
    op = unique_of(2, &mobile, twos);
    struct write_set set = {.ops = &op, .count = 1};
    struct write_result result;
    assert_int_equal(store_write(f->store, &set, &result, &e), ST_OK);
    assert_int_equal(result.steward_items, 1);
    struct store_item *items;
    size_t n;
    assert_int_equal(
        store_item_list(f->reader, SLICE(STORE_ITEM_UNIQUE), 0, SLICE_NONE, 10, &f->arena, &items, &n, &e),
        ST_OK);
    assert_int_equal(n, 1);
}

static void uniqueness_sees_the_changes_before_it_in_the_set(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 4);
    struct term_change take = {.field = F_MOBILE, .search = SEARCH_EXACT, .term = 138}, leave = take;
    leave.remove = true;
    struct error e;
    struct write_op both[] = {unique_of(1, &take, &pred_true), terms_of(1, &take, 1),
                              unique_of(2, &take, &pred_true), terms_of(2, &take, 1)};
    assert_int_equal(fixture_write(f, both, 4, &e), ST_CONFLICT);
    assert_int_equal(fixture_write(f, both, 2, &e), ST_OK);
    struct write_op handed[] = {terms_of(1, &leave, 1), unique_of(2, &take, &pred_true),
                                terms_of(2, &take, 1)};
    assert_int_equal(fixture_write(f, handed, 3, &e), ST_OK);
    struct write_op again = unique_of(1, &take, &pred_true);
    assert_int_equal(fixture_write(f, &again, 1, &e), ST_CONFLICT);
}

static void a_reference_needs_a_living_visible_target(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 3);
    struct error e;
    struct write_op op = {.kind = WRITE_EXISTS,
                          .object = &fixture_customer,
                          .record = fixture_id(1),
                          .filter = pred_compare(&f->arena, PRED_EQ, FIELD_OWNER, cell_int(1))};
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_OK);
    op.filter = pred_compare(&f->arena, PRED_EQ, FIELD_OWNER, cell_int(2));
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_CONFLICT);
    uint16_t column = FIELD_DELETED_AT;
    struct cell now = cell_int(5);
    struct write_op gone = update_of(1, &column, &now, 1);
    assert_int_equal(fixture_write(f, &gone, 1, &e), ST_OK);
    op.filter = &pred_true;
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_CONFLICT);
}

static void an_idempotency_key_serves_once_and_is_forgotten_by_age(void **state) {
    struct fixture *f = *state;
    struct write_op op = {.kind = WRITE_IDEMPOTENCY,
                          .object = &fixture_customer,
                          .record = fixture_id(4),
                          .key = SLICE("0123456789abcdef0123456789abcdef"),
                          .body = SLICE("done"),
                          .actor = 7,
                          .at_ms = 50};
    struct error e;
    struct store_outcome out;
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_OK);
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_CONFLICT);
    assert_string_equal(e.code, "idempotency_replay");
    assert_int_equal(store_idempotency_get(f->reader, op.key, &f->arena, &out, &e), ST_OK);
    assert_int_equal(out.actor, 7);
    assert_true(slice_is(out.body, "done"));
    store_idempotency_forget(f->store, 51);
    struct write_op any = {.kind = WRITE_ITEM, .item_kind = SLICE("k"), .key = SLICE("a")};
    assert_int_equal(fixture_write(f, &any, 1, &e), ST_OK);
    assert_int_equal(store_idempotency_get(f->reader, op.key, &f->arena, &out, &e), ST_NOT_FOUND);
}

static void history_comes_newest_first_with_the_subjects_key(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 2);
    struct error e;
    struct write_op ops[] = {{.kind = WRITE_SUBJECT_KEY, .record = fixture_id(1), .body = SLICE("wrapped")},
                             {.kind = WRITE_HISTORY,
                              .object = &fixture_customer,
                              .record = fixture_id(1),
                              .body = SLICE("first"),
                              .actor = 3,
                              .at_ms = 10},
                             {.kind = WRITE_HISTORY,
                              .object = &fixture_customer,
                              .record = fixture_id(1),
                              .body = SLICE("second"),
                              .actor = 4,
                              .act = 2,
                              .at_ms = 20}};
    assert_int_equal(fixture_write(f, ops, 3, &e), ST_OK);
    struct store_change *c;
    size_t n;
    struct uuid id = fixture_id(1);
    assert_int_equal(store_history(f->reader, &fixture_customer, &id, 0, 10, &f->arena, &c, &n, &e), ST_OK);
    assert_int_equal(n, 2);
    assert_true(slice_is(c[0].body, "second") && slice_is(c[1].body, "first"));
    assert_true(slice_is(c[0].wrapped_key, "wrapped"));
    assert_true(uuid_equal(&c[0].record, &id));
    assert_int_equal(store_history(f->reader, &fixture_customer, &id, c[0].id, 10, &f->arena, &c, &n, &e),
                     ST_OK);
    assert_int_equal(n, 1);
}

static void a_subjects_key_is_made_rewrapped_and_destroyed(void **state) {
    struct fixture *f = *state;
    struct error e;
    uint8_t key[16];
    size_t n;
    struct uuid id = fixture_id(1);
    struct write_op op = {.kind = WRITE_SUBJECT_REWRAP, .record = id, .body = SLICE("two"), .epoch = 2};
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_NOT_FOUND);
    struct write_op make = {.kind = WRITE_SUBJECT_KEY, .record = id, .body = SLICE("one"), .epoch = 1};
    assert_int_equal(fixture_write(f, &make, 1, &e), ST_OK);
    assert_int_equal(fixture_write(f, &make, 1, &e), ST_CONFLICT);
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_OK);
    assert_int_equal(store_subject_key(f->reader, &id, key, sizeof key, &n, &e), ST_OK);
    assert_memory_equal(key, "two", 3);
    struct store_subject *list;
    assert_int_equal(store_subject_list(f->reader, NULL, 10, &f->arena, &list, &n, &e), ST_OK);
    assert_int_equal(n, 1);
    assert_int_equal(list[0].epoch, 2);
    op.kind = WRITE_SUBJECT_DESTROY;
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_OK);
    assert_int_equal(store_subject_key(f->reader, &id, key, sizeof key, &n, &e), ST_NOT_FOUND);
}

static void items_are_listed_by_kind_and_owner_in_key_order(void **state) {
    struct fixture *f = *state;
    struct error e;
    struct write_op ops[4];
    static const char *const keys[] = {"b", "a", "c", "d"};
    for (uint32_t i = 0; i < 4; i++)
        ops[i] = (struct write_op){.kind = WRITE_ITEM,
                                   .item_kind = SLICE("view"),
                                   .key = slice_from_string(keys[i]),
                                   .body = SLICE("{}"),
                                   .actor = 1 + i % 2,
                                   .at_ms = i};
    assert_int_equal(fixture_write(f, ops, 4, &e), ST_OK);
    struct store_item *items, one;
    size_t n;
    assert_int_equal(store_item_list(f->reader, SLICE("view"), 0, SLICE("a"), 10, &f->arena, &items, &n, &e),
                     ST_OK);
    assert_int_equal(n, 3);
    assert_true(slice_is(items[0].key, "b"));
    assert_int_equal(store_item_list(f->reader, SLICE("view"), 2, SLICE_NONE, 10, &f->arena, &items, &n, &e),
                     ST_OK);
    assert_int_equal(n, 2);
    ops[0].remove = true;
    assert_int_equal(fixture_write(f, ops, 1, &e), ST_OK);
    assert_int_equal(store_item_get(f->reader, SLICE("view"), SLICE("b"), &f->arena, &one, &e), ST_NOT_FOUND);
    assert_int_equal(store_item_get(f->reader, SLICE("view"), SLICE("a"), &f->arena, &one, &e), ST_OK);
    assert_int_equal(one.owner, 2);
}

static void a_set_under_an_intent_that_is_settled_already_comes_too_late(void **state) {
    struct fixture *f = *state;
    struct error e;
    bool committed = true;
    store_intents_refuse(f->store, 50);
    struct write_set set = {.intent = 50};
    assert_int_equal(store_write(f->store, &set, NULL, &e), ST_UNAVAILABLE);
    assert_string_equal(e.code, "intent_settled");
    assert_int_equal(store_intent_committed(f->reader, 50, &committed, &e), ST_OK);
    assert_false(committed);
    set.intent = 51;
    assert_int_equal(store_write(f->store, &set, NULL, &e), ST_OK);
}

static void a_set_under_an_intent_that_was_left_comes_too_late_and_others_do_not(void **state) {
    struct fixture *f = *state;
    struct error e;
    bool committed = true;
    const uint64_t left[] = {50, 52};
    assert_int_equal(store_intents_leave(f->store, left, 2, &e), ST_OK);
    for (uint64_t intent = 49; intent <= 53; intent++) {
        bool late = intent == 50 || intent == 52;
        struct write_set set = {.intent = intent};
        assert_int_equal(store_write(f->store, &set, NULL, &e), late ? ST_UNAVAILABLE : ST_OK);
        assert_int_equal(store_intent_committed(f->reader, intent, &committed, &e), ST_OK);
        assert_int_equal(committed, !late);
    }
}

static void an_intent_is_known_until_it_is_settled(void **state) {
    struct fixture *f = *state;
    struct error e;
    bool committed = false;
    struct write_set set = {.intent = 41};
    assert_int_equal(store_write(f->store, &set, NULL, &e), ST_OK);
    assert_int_equal(store_intent_committed(f->reader, 41, &committed, &e), ST_OK);
    assert_true(committed);
    assert_int_equal(store_intent_committed(f->reader, 42, &committed, &e), ST_OK);
    assert_false(committed);
    store_intents_settled(f->store, 41);
    set.intent = 43;
    assert_int_equal(store_write(f->store, &set, NULL, &e), ST_OK);
    assert_int_equal(store_intent_committed(f->reader, 41, &committed, &e), ST_OK);
    assert_false(committed);
}

/* ---- gone means gone ---- */

static bool files_hold(struct fixture *f, struct slice what) {
    static const char *const names[] = {"kedun.db", "kedun.db-wal"};
    bool found = false;
    for (size_t i = 0; i < 2; i++) {
        char path[128];
        struct slice content;
        (void)snprintf(path, sizeof path, "%s/%s", f->directory, names[i]);
        if (file_read(path, (size_t)64 << 20, &f->arena, &content) == ST_OK)
            found = found || memmem(content.p, content.n, what.p, what.n) != NULL;
    }
    return found;
}

static void what_was_purged_is_in_no_file_after_a_scrub(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 50);
    struct error e;
    struct term_change terms[] = {{.field = F_MOBILE, .search = SEARCH_EXACT, .term = 0x1122334455667788},
                                  {.field = F_NAME, .search = SEARCH_FRAGMENT, .term = 77}};
    struct write_op ops[] = {terms_of(20, terms, 2),
                             {.kind = WRITE_HISTORY,
                              .object = &fixture_customer,
                              .record = fixture_id(20),
                              .body = SLICE("a change to be forgotten")}};
    assert_int_equal(fixture_write(f, ops, 2, &e), ST_OK);
    struct slice term = SLICE("\x11\x22\x33\x44\x55\x66\x77\x88");
    assert_true(files_hold(f, SLICE("sealed 20")) && files_hold(f, term));
    assert_true(files_hold(f, SLICE("a change to be forgotten")));
    ops[0].kind = WRITE_PURGE;
    assert_int_equal(fixture_write(f, ops, 1, &e), ST_OK);
    assert_int_equal(store_scrub(f->store, &e), ST_OK);
    assert_false(files_hold(f, SLICE("sealed 20")));
    assert_false(files_hold(f, term));
    assert_false(files_hold(f, SLICE("a change to be forgotten")));
    assert_int_equal(customers(f, &pred_true), 48);
    struct cell value = cell_int(77);
    assert_int_equal(customers(f, pred_terms(&f->arena, F_NAME, SEARCH_FRAGMENT, &value, 1)), 0);
}

/* ---- many at once ---- */

struct worker {
    struct fixture *f;
    pthread_t thread;
    uint64_t first, count, bad;
};

/* Each set has a customer and an order: a snapshot has as many of one as of the other. */
static void *worker_write(void *context) {
    struct worker *w = context;
    for (uint64_t n = w->first; n < w->first + w->count; n++) {
        uint16_t columns[] = {FIELD_CREATED_AT};
        struct cell cells[] = {cell_int((int64_t)n)};
        struct write_op ops[] = {{.kind = WRITE_INSERT,
                                  .object = &fixture_customer,
                                  .record = fixture_id(n),
                                  .columns = columns,
                                  .cells = cells,
                                  .column_count = 1},
                                 {.kind = WRITE_INSERT,
                                  .object = &fixture_order,
                                  .record = fixture_id(n),
                                  .columns = columns,
                                  .cells = cells,
                                  .column_count = 1}};
        struct write_set set = {.ops = ops, .count = 2, .bulk = n % 4 == 0};
        struct error e;
        w->bad += store_write(w->f->store, &set, NULL, &e) != ST_OK;
    }
    return NULL;
}

static void *worker_read(void *context) {
    struct worker *w = context;
    struct store_reader *r = NULL;
    struct error e;
    if (store_reader_open(w->f->store, &r, &e) != ST_OK) {
        w->bad++;
        return NULL;
    }
    for (uint64_t i = 0; i < w->count; i++) {
        uint64_t one = 0, two = 1;
        bool more;
        if (store_snapshot(r, &e) != ST_OK ||
            store_count(r, &fixture_customer, &pred_true, false, 10000, &one, &more, &e) != ST_OK ||
            store_count(r, &fixture_order, &pred_true, false, 10000, &two, &more, &e) != ST_OK)
            w->bad++;
        store_snapshot_end(r);
        w->bad += one != two;
    }
    store_reader_close(r);
    return NULL;
}

static void whole_sets_only(struct fixture *f) {
    struct worker w[16];
    for (size_t i = 0; i < 16; i++) {
        w[i] = (struct worker){.f = f, .first = 1 + 1000 * i, .count = 60};
        assert_int_equal(pthread_create(&w[i].thread, NULL, i < 8 ? worker_write : worker_read, &w[i]), 0);
    }
    for (size_t i = 0; i < 16; i++) {
        assert_int_equal(pthread_join(w[i].thread, NULL), 0);
        assert_int_equal(w[i].bad, 0);
    }
    assert_int_equal(customers(f, &pred_true), 480);
}

static void eight_writers_and_eight_readers_see_whole_sets_only(void **state) {
    whole_sets_only(*state);
}

static void they_do_so_too_when_bulk_work_has_the_store_for_itself(void **state) {
    struct fixture *f = *state;
    struct error e;
    assert_int_equal(store_alone(f->store, &e), ST_OK);
    whole_sets_only(f);
}

/* ---- misfortune ---- */

/* Writes customers one by one and says each on the pipe once it is acknowledged; killed some time. */
static void child_write(const char *directory, int pipe_out) {
    struct fixture f = {.store = NULL};
    struct error e;
    (void)snprintf(f.directory, sizeof f.directory, "%s", directory);
    arena_init(&f.arena, (size_t)64 << 20, ARENA_PLAIN);
    if (store_open(f.directory, STORE_SERVE, &fixture_set, &f.store, &e) != ST_OK)
        _exit(1);
    for (uint64_t n = 1; n < 100000; n++) {
        struct fixture_row row;
        fixture_row_make(&f, n, &row);
        struct term_change t[] = {{.field = F_NAME, .search = SEARCH_FRAGMENT, .term = 1},
                                  {.field = F_MOBILE, .search = SEARCH_SUFFIX, .term = 1}};
        struct write_op ops[] = {fixture_insert(&row), terms_of(n, t, 2)};
        if (fixture_write(&f, ops, 2, &e) != ST_OK || write(pipe_out, &n, sizeof n) != sizeof n)
            _exit(1);
    }
}

static void what_was_acknowledged_survives_kill_9_and_nothing_is_half_there(void **state) {
    struct fixture *f = *state;
    fixture_close(f);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        child_write(f->directory, ends[1]);
        _exit(0);
    }
    uint64_t last = 0;
    while (last < 150)
        assert_int_equal(read(ends[0], &last, sizeof last), sizeof last);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    (void)close(ends[1]);
    while (read(ends[0], &last, sizeof last) == sizeof last)
        continue;
    (void)close(ends[0]);
    fixture_open(f);
    uint64_t rows = customers(f, &pred_true);
    assert_true(rows == last || rows == last + 1);
    struct cell one = cell_int(1);
    assert_int_equal(customers(f, pred_terms(&f->arena, F_NAME, SEARCH_FRAGMENT, &one, 1)), rows);
    assert_int_equal(customers(f, pred_terms(&f->arena, F_MOBILE, SEARCH_SUFFIX, &one, 1)), rows);
}

static void a_disk_that_refuses_fails_the_write_and_the_next_one_works(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 11);
    struct rlimit old, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 512 * 1024; /* above what the log holds by now, below the body */
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    uint8_t *large = arena_alloc(&f->arena, 1 << 20);
    struct write_op op = {
        .kind = WRITE_ITEM, .item_kind = SLICE("k"), .key = SLICE("a"), .body = slice_of(large, 1 << 20)};
    struct error e;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum status st = fixture_write(f, &op, 1, &e);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_true(st == ST_IO || st == ST_LIMIT);
    fixture_fill(f, 11, 21);
    assert_int_equal(customers(f, &pred_true), 20);
    struct store_item item;
    assert_int_equal(store_item_get(f->reader, SLICE("k"), SLICE("a"), &f->arena, &item, &e), ST_NOT_FOUND);
}

/* ---- definitions that grow ---- */

static void a_new_field_and_object_appear_with_the_data_in_place(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 11);
    struct field_def fields[6];
    memcpy(fields, fixture_customer_fields, sizeof fixture_customer_fields);
    fields[5] = (struct field_def){.id = 200, .name = "extra", .type = VALUE_TEXT};
    struct object_def customer = fixture_customer, fresh = {.id = 9, .name = "fresh"};
    customer.fields = fields;
    customer.field_count = 6;
    customer.default_sort_field = 200;
    const struct object_def *objects[] = {&customer, &fixture_order, &fresh};
    struct object_set set = {.objects = objects, .count = 3, .version = 2};
    struct error e;
    assert_int_equal(store_migrate(f->store, &set, &e), ST_OK);
    assert_int_equal(store_migrate(f->store, &set, &e), ST_OK);
    uint16_t column = 200;
    struct cell value = cell_text(SLICE("new"));
    struct write_op op = update_of(3, &column, &value, 1);
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_OK);
    assert_int_equal(customers(f, pred_compare(&f->arena, PRED_EQ, 200, value)), 1);
    struct store_select q = {.object = &customer,
                             .columns = &column,
                             .column_count = 1,
                             .filter = &pred_true,
                             .sort = {{200, true}},
                             .sort_count = 1,
                             .limit = 100};
    struct store_rows rows;
    assert_int_equal(store_query(f->reader, &q, &f->arena, &rows, &e), ST_OK);
    assert_int_equal(rows.count, 10);
    assert_true(slice_is(rows.rows[0].cells[0].s, "new"));
}

int main(void) {
#define WRITE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WRITE_TEST(a_failing_set_leaves_nothing_behind),
        WRITE_TEST(an_update_holds_only_for_the_revision_it_read),
        WRITE_TEST(a_taken_value_is_a_conflict_in_scope_and_queued_beyond_it),
        WRITE_TEST(uniqueness_sees_the_changes_before_it_in_the_set),
        WRITE_TEST(a_reference_needs_a_living_visible_target),
        WRITE_TEST(an_idempotency_key_serves_once_and_is_forgotten_by_age),
        WRITE_TEST(history_comes_newest_first_with_the_subjects_key),
        WRITE_TEST(a_subjects_key_is_made_rewrapped_and_destroyed),
        WRITE_TEST(items_are_listed_by_kind_and_owner_in_key_order),
        WRITE_TEST(an_intent_is_known_until_it_is_settled),
        WRITE_TEST(a_set_under_an_intent_that_is_settled_already_comes_too_late),
        WRITE_TEST(a_set_under_an_intent_that_was_left_comes_too_late_and_others_do_not),
        WRITE_TEST(what_was_purged_is_in_no_file_after_a_scrub),
        WRITE_TEST(eight_writers_and_eight_readers_see_whole_sets_only),
        WRITE_TEST(they_do_so_too_when_bulk_work_has_the_store_for_itself),
        WRITE_TEST(what_was_acknowledged_survives_kill_9_and_nothing_is_half_there),
        WRITE_TEST(a_disk_that_refuses_fails_the_write_and_the_next_one_works),
        WRITE_TEST(a_new_field_and_object_appear_with_the_data_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
