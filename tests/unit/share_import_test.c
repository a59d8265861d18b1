/* An import's rows on their way to records: which column goes where, what cells become, batches that write
 * what is good and say what is not, and rejected rows kept for their owner. On a real office. */
#include "base/file.h"
#include "office/office.h"
#include "share/batch.h"
#include "share/mapping.h"
#include "share/rejects.h"
#include "share/run.h"
#include "test.h"

#include <jansson.h>
#include <stdio.h>

static struct office office;
static struct arena own, scratch;
static struct token leader_token;
static struct caller leader;
static const struct object_def *customer;

static int open_office(void **state) {
    (void)state;
    arena_init(&own, (size_t)8 << 20, ARENA_PLAIN);
    arena_init(&scratch, (size_t)64 << 20, ARENA_PLAIN);
    office_open(&office);
    office_world(&office);
    leader_token = office_sign_in(&office, "leader");
    office_caller(&office, &leader_token, &own, &leader);
    leader.arena = &scratch;
    customer = map_get(&leader.world.objects->by_name, SLICE("customer"));
    return customer == NULL ? -1 : 0;
}

static int close_office(void **state) {
    (void)state;
    caller_finish(&leader);
    office_close(&office);
    arena_free(&scratch);
    arena_free(&own);
    return 0;
}

static struct error why;

static enum status read_plan(struct caller *c, const char *text, struct mapping *out) {
    json_t *plan = json_loads(text, 0, NULL);
    assert_non_null(plan);
    *out = (struct mapping){.header = true};
    why = (struct error){.status = ST_OK};
    enum status s = mapping_read(c, customer, plan, out, &why);
    json_decref(plan);
    return s;
}

static void assert_refused(const char *plan, const char *code) {
    struct mapping m;
    assert_int_not_equal(read_plan(&leader, plan, &m), ST_OK);
    assert_string_equal(why.code, code);
}

#define THREE                                                                                                \
    "{\"column\":0,\"field\":\"customer_type\"},{\"column\":2,\"field\":\"name\"},{\"column\":1,\"field\":"  \
    "\"mobile\"}"

static void columns_go_where_the_plan_says(void **state) {
    struct mapping m;
    (void)state;
    assert_int_equal(read_plan(&leader,
                               "{\"mapping\":[" THREE ",{\"column\":3,\"field\":null}],\"delimiter\":\"tab\","
                               "\"header\":false,\"owner\":\"me\"}",
                               &m),
                     ST_OK);
    assert_int_equal(m.count, 3);
    assert_string_equal(m.fields[1]->name, "name");
    assert_int_equal(m.columns[1], 2);
    assert_int_equal(m.owner, leader.who.user);
    assert_int_equal(m.owner_column, MAPPING_NO_COLUMN);
    assert_int_equal(m.delimiter, '\t');
    assert_false(m.header);
}

static void a_plan_that_makes_no_sense_is_refused(void **state) {
    (void)state;
    assert_refused("{}", "bad_mapping");
    assert_refused("{\"mapping\":[{\"column\":0,\"field\":null}]}", "bad_mapping");
    assert_refused("{\"mapping\":[{\"column\":-1,\"field\":\"name\"}]}", "bad_mapping");
    assert_refused("{\"mapping\":[{\"column\":500,\"field\":\"name\"}]}", "bad_mapping");
    assert_refused("{\"mapping\":[{\"column\":\"0\",\"field\":\"name\"}]}", "bad_mapping");
    assert_refused("{\"mapping\":[7]}", "bad_mapping");
    assert_refused("{\"mapping\":[{\"column\":0,\"field\":\"name\"},{\"column\":1,\"field\":\"name\"}]}",
                   "bad_mapping");
    assert_refused("{\"mapping\":[{\"column\":0,\"field\":\"no_such\"}]}", "unknown_field");
    assert_refused("{\"mapping\":[{\"column\":0,\"field\":\"created_at\"}]}", "read_only");
    assert_refused("{\"mapping\":[" THREE "],\"encoding\":\"latin-1\"}", "bad_mapping");
    assert_refused("{\"mapping\":[" THREE "],\"delimiter\":\"x\"}", "bad_mapping");
}

static void an_owner_must_be_somebody(void **state) {
    struct mapping m;
    (void)state;
    assert_int_equal(read_plan(&leader, "{\"mapping\":[" THREE "],\"owner\":10}", &m), ST_OK);
    assert_int_equal(m.owner, 10);
    assert_int_equal(read_plan(&leader, "{\"mapping\":[" THREE "],\"owner\":\"sales1\"}", &m), ST_OK);
    assert_int_equal(m.owner, 10);
    assert_refused("{\"mapping\":[" THREE "],\"owner\":\"stranger\"}", "reference_missing");
    assert_refused("{\"mapping\":[" THREE "],\"owner\":999}", "reference_missing");
    assert_refused("{\"mapping\":[" THREE "],\"owner\":4294967306}", "reference_missing"); /* 10 in 32 bits */
    assert_refused("{\"mapping\":[" THREE "],\"owner\":true}", "reference_missing");
}

static void who_may_not_import_maps_nothing(void **state) {
    struct caller c;
    struct mapping m;
    (void)state;
    struct token token = office_sign_in(&office, "service1");
    office_caller(&office, &token, &scratch, &c);
    assert_int_not_equal(read_plan(&c, "{\"mapping\":[" THREE "]}", &m), ST_OK);
    assert_int_equal(why.status == ST_DENIED || why.status == ST_NOT_FOUND, 1);
    caller_finish(&c);
}

/* ---- cells ---- */

static struct slice cell_of(const char *field, const char *text) {
    struct mapping m = {.count = 1};
    for (size_t i = 0; i < customer->field_count; i++) {
        if (strcmp(customer->fields[i].name, field) == 0)
            m.fields[0] = &customer->fields[i];
    }
    assert_non_null(m.fields[0]);
    return mapping_cell(&leader, &m, 0, slice_from_string(text));
}

#define assert_cell(field, text, want) assert_true(slice_is(cell_of(field, text), want))

static void choices_are_taken_by_label_in_both_languages_or_by_key(void **state) {
    (void)state;
    assert_cell("grade", "A 级", "a");
    assert_cell("industry", "Information technology", "it");
    assert_cell("industry", " it ", "it");
    assert_cell("industry", "没有这个行业", "没有这个行业"); /* handed on, to be refused */
    assert_null(cell_of("industry", "  ").p);
    assert_cell("name", " 杭州 ", "杭州");
}

static void a_person_is_named_by_number_login_or_a_name_of_his_own(void **state) {
    const struct directory *d = leader.world.directory;
    (void)state;
    assert_int_equal(mapping_person(d, SLICE("10")), 10);
    assert_int_equal(mapping_person(d, SLICE("sales1")), 10);
    assert_int_equal(mapping_person(d, SLICE("王芳")), 10);
    assert_int_equal(mapping_person(d, SLICE("999")), 0);
    assert_int_equal(mapping_person(d, SLICE("-1")), 0);
    assert_int_equal(mapping_person(d, SLICE("4294967306")), 0);
    assert_int_equal(mapping_person(d, SLICE("谁")), 0);
}

static void headers_suggest_the_field_that_they_name(void **state) {
    static const struct {
        const char *header, *field;
    } cases[] = {
        {"手机", "mobile"},       {"Mobile", "mobile"},      {"mobile", "mobile"}, {" 单位名称 *", "name"},
        {"邮箱（选填）", "mail"}, {"身份证", "resident_id"}, {"没有", NULL},       {"", NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct field_def *f = mapping_suggest(&leader, customer, slice_from_string(cases[i].header));
        if (cases[i].field == NULL)
            assert_null(f);
        else
            assert_string_equal(f == NULL ? cases[i].header : f->name, cases[i].field);
    }
}

/* ---- batches ---- */

static void add_row(struct batch *b, uint64_t line, enum csv_problem problem, const char *type,
                    const char *mobile, const char *name, const char *owner) {
    const struct slice cells[] = {slice_from_string(type), slice_from_string(mobile), slice_from_string(name),
                                  slice_from_string(owner)};
    const struct csv_row row = {.line = line, .problem = problem, .cells = cells, .count = 4};
    assert_int_equal(batch_add(b, &row), ST_OK);
}

static struct batch_job job_of(uint64_t number, bool dry_run) {
    struct batch_job job = {.number = number, .dry_run = dry_run};
    assert_int_equal(uuid_new(&job.id), ST_OK);
    return job;
}

static void fill(struct batch *b, struct mapping *m) {
    assert_int_equal(batch_init(b), ST_OK);
    assert_int_equal(read_plan(&leader, "{\"mapping\":[" THREE ",{\"column\":3,\"field\":\"owner\"}]}", m),
                     ST_OK);
    add_row(b, 2, CSV_FINE, "单位", "13900000001", "一号公司", "sales1");
    add_row(b, 3, CSV_RAGGED, "单位", "13900000002", "二号公司", "");
    add_row(b, 4, CSV_FINE, "company", "没有", "三号公司", "");
    add_row(b, 5, CSV_FINE, "company", "13900000004", "四号公司", "nobody at all");
    add_row(b, 6, CSV_FINE, "company", "", "五号公司", "");
}

static uint64_t count_customers(void) {
    uint64_t n;
    bool at_least;
    struct error e;
    assert_int_equal(store_count(office.reader, customer, &pred_true, false, 1000, &n, &at_least, &e), ST_OK);
    return n;
}

static void assert_judged(const struct batch *b) {
    assert_true(b->rows[0].written && b->rows[4].written);
    assert_int_equal(b->rows[0].error_count, 0);
    assert_string_equal(b->rows[1].errors[0].code, "csv_ragged");
    assert_string_equal(b->rows[2].errors[0].field, "mobile");
    assert_string_equal(b->rows[3].errors[0].code, "reference_missing");
    assert_string_equal(b->rows[3].errors[0].field, "owner");
    assert_false(b->rows[1].written || b->rows[2].written || b->rows[3].written);
}

static void a_batch_writes_what_is_good_and_says_what_is_not_and_why(void **state) {
    struct batch b;
    struct mapping m;
    struct error e = {.status = ST_OK};
    (void)state;
    fill(&b, &m);
    uint64_t before = count_customers();
    struct batch_job dry = job_of(1, true), wet = job_of(1, false);
    assert_int_equal(batch_run(&leader, &m, &dry, &b, &e), ST_OK);
    assert_judged(&b);
    assert_int_equal(count_customers(), before);
    assert_int_equal(batch_run(&leader, &m, &wet, &b, &e), ST_OK);
    assert_judged(&b);
    assert_int_equal(count_customers(), before + 2);
    batch_free(&b);
}

static void a_batch_that_was_interrupted_and_runs_again_writes_nothing_twice(void **state) {
    struct batch b;
    struct mapping m;
    struct error e = {.status = ST_OK};
    (void)state;
    assert_int_equal(batch_init(&b), ST_OK);
    assert_int_equal(read_plan(&leader, "{\"mapping\":[" THREE "]}", &m), ST_OK);
    add_row(&b, 2, CSV_FINE, "company", "13900000011", "再来一号", "");
    struct batch_job job = job_of(2, false);
    uint64_t before = count_customers();
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(batch_run(&leader, &m, &job, &b, &e), ST_OK);
        assert_true(b.rows[0].written);
        assert_int_equal(b.rows[0].error_count, 0);
        assert_int_equal(count_customers(), before + 1);
    }
    struct batch_job other = job_of(3, false);
    assert_int_equal(batch_run(&leader, &m, &other, &b, &e), ST_OK);
    assert_true(b.rows[0].duplicate); /* of another import: the mobile is taken */
    assert_false(b.rows[0].written);
    assert_int_equal(count_customers(), before + 1);
    batch_free(&b);
}

static void a_batch_keeps_its_own_copy_and_is_full_at_its_bounds(void **state) {
    struct batch b;
    char text[8] = "abc";
    (void)state;
    assert_int_equal(batch_init(&b), ST_OK);
    for (size_t i = 0; i < BATCH_ROWS; i++) {
        assert_false(batch_is_full(&b));
        add_row(&b, i + 2, CSV_FINE, text, "", "", "");
    }
    memcpy(text, "xyz", 3);
    assert_true(batch_is_full(&b));
    assert_true(slice_is(b.rows[0].cells[0], "abc"));
    assert_int_equal(b.last_line, BATCH_ROWS + 1);
    batch_reset(&b);
    assert_false(batch_is_full(&b));
    assert_int_equal(b.count, 0);
    batch_free(&b);
}

static void ids_of_rows_follow_their_lines_and_are_theirs_alone(void **state) {
    struct uuid a, b, again;
    struct batch_job one = job_of(1, false), other = job_of(1, false);
    (void)state;
    for (uint64_t line = 1; line < 100000; line = line * 3 + 1) {
        assert_int_equal(batch_record_id(&one.id, line, &a), ST_OK);
        assert_int_equal(batch_record_id(&one.id, line, &again), ST_OK);
        assert_int_equal(batch_record_id(&one.id, line + 1, &b), ST_OK);
        assert_true(uuid_equal(&a, &again));
        assert_true(memcmp(a.b, b.b, 16) < 0);
        assert_int_equal(a.b[6] >> 4, 7);
        assert_int_equal(a.b[8] >> 6, 2);
        assert_int_equal(batch_record_id(&other.id, line, &b), ST_OK);
        assert_false(uuid_equal(&a, &b));
    }
}

/* ---- rejected rows ---- */

static void put_title(struct buf *out, struct slice field, struct slice code, const void *context) {
    (void)context;
    buf_put(out, field.p, field.n);
    buf_put_u8(out, ':');
    buf_put(out, code.p, code.n);
}

static void make_import(struct import *i) {
    struct error e = {.status = ST_OK};
    assert_int_equal(import_make(&leader, office.dir, customer->id, SLICE("名单.csv"), 10, i, &e), ST_OK);
}

static struct slice read_chunk(const struct import *i, uint64_t n) {
    struct slice sealed, plain;
    struct error e = {.status = ST_OK};
    const char *path = import_path(&scratch, office.dir, &i->id, 'r', n);
    assert_int_equal(file_read(path, IMPORT_SEALED_MAX, &scratch, &sealed), ST_OK);
    assert_null(memmem(sealed.p, sealed.n, "三号", 6)); /* nothing in clear on the disk */
    assert_int_equal(
        keeper_box_open(office.keeper, &leader.call, &i->kept_box, STREAM_REJECTS, n, sealed, &plain, &e),
        ST_OK);
    return arena_copy(&scratch, plain);
}

static void rejected_rows_are_kept_sealed_and_come_back_as_csv(void **state) {
    struct import import;
    struct rejects r = {
        .keeper = office.keeper, .call = &leader.call, .data_dir = office.dir, .import = &import};
    struct batch_row row = {.line = 4, .count = 2, .error_count = 1};
    const struct slice head[] = {SLICE("名称"), SLICE("手机")},
                       cells[] = {SLICE("=三号,\"公司\""), SLICE("没有")};
    const struct csv_row header = {.line = 1, .cells = head, .count = 2};
    struct error e = {.status = ST_OK};
    struct buf csv;
    (void)state;
    make_import(&import);
    rejects_init(&r);
    rejects_add_header(&r, &header);
    row.cells = cells;
    (void)error_field(&row.errors[0], ST_INVALID, "type", "mobile", "no number");
    assert_int_equal(rejects_add(&r, &row, &e), ST_OK);
    assert_int_equal(r.chunks, 0);
    assert_int_equal(rejects_flush(&r, &e), ST_OK);
    assert_int_equal(rejects_flush(&r, &e), ST_OK); /* nothing gathered: nothing written */
    assert_int_equal(r.chunks, 1);
    buf_init(&csv, 65536, false);
    assert_int_equal(rejects_write_csv(read_chunk(&import, 0), put_title, NULL, &csv), ST_OK);
    assert_true(slice_is(buf_slice(&csv), "行/line,原因/reason,名称,手机\r\n"
                                          "4,mobile:type,\"'=三号,\"\"公司\"\"\",没有\r\n"));
    buf_free(&csv);
    rejects_free(&r);
}

static void many_rejected_rows_are_cut_into_chunks_and_a_cut_chunk_is_refused(void **state) {
    struct import import;
    struct rejects r = {
        .keeper = office.keeper, .call = &leader.call, .data_dir = office.dir, .import = &import};
    static char text[CSV_CELL_MAX];
    struct slice cell = slice_of(memset(text, 'x', sizeof text), sizeof text);
    struct batch_row row = {.line = 2, .cells = &cell, .count = 1};
    struct error e = {.status = ST_OK};
    struct buf csv;
    (void)state;
    make_import(&import);
    rejects_init(&r);
    for (int i = 0; i < 9; i++)
        assert_int_equal(rejects_add(&r, &row, &e), ST_OK);
    assert_int_equal(rejects_flush(&r, &e), ST_OK);
    assert_true(r.chunks > 1);
    struct slice chunk = read_chunk(&import, 0);
    buf_init(&csv, (size_t)4 << 20, false);
    assert_int_equal(rejects_write_csv(chunk, put_title, NULL, &csv), ST_OK);
    buf_reset(&csv);
    assert_int_equal(rejects_write_csv(slice_of(chunk.p, chunk.n - 1), put_title, NULL, &csv), ST_CORRUPT);
    buf_free(&csv);
    rejects_free(&r);
}

static void sets_come_to_hold_the_writer_as_long_as_they_may(void **state) {
    (void)state;
    uint32_t rows = RUN_ROWS_FIRST;
    for (int i = 0; i < 40; i++)
        rows = run_pace(rows, rows, (uint64_t)rows * 30); /* 30 us a row */
    assert_in_range(rows, RUN_HOLD_US / 30 - 10, RUN_HOLD_US / 30);
    for (int i = 0; i < 10; i++)
        rows = run_pace(rows, rows, (uint64_t)rows * 90); /* the base has grown */
    assert_in_range(rows, RUN_HOLD_US / 90 - 1, RUN_HOLD_US / 90 + 1);
    assert_in_range(run_pace(rows, rows, 10000000), RUN_ROWS_LEAST,
                    rows / 2 + 1); /* one slow set is no rule */
    for (int i = 0; i < 20; i++)
        rows = run_pace(rows, rows, 10000000);
    assert_int_equal(rows, RUN_ROWS_LEAST);
    assert_int_equal(run_pace(300, 5, 100), 300); /* the last few rows of a file say nothing */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_go_where_the_plan_says),
        cmocka_unit_test(a_plan_that_makes_no_sense_is_refused),
        cmocka_unit_test(an_owner_must_be_somebody),
        cmocka_unit_test(who_may_not_import_maps_nothing),
        cmocka_unit_test(choices_are_taken_by_label_in_both_languages_or_by_key),
        cmocka_unit_test(a_person_is_named_by_number_login_or_a_name_of_his_own),
        cmocka_unit_test(headers_suggest_the_field_that_they_name),
        cmocka_unit_test(a_batch_writes_what_is_good_and_says_what_is_not_and_why),
        cmocka_unit_test(a_batch_that_was_interrupted_and_runs_again_writes_nothing_twice),
        cmocka_unit_test(a_batch_keeps_its_own_copy_and_is_full_at_its_bounds),
        cmocka_unit_test(ids_of_rows_follow_their_lines_and_are_theirs_alone),
        cmocka_unit_test(sets_come_to_hold_the_writer_as_long_as_they_may),
        cmocka_unit_test(rejected_rows_are_kept_sealed_and_come_back_as_csv),
        cmocka_unit_test(many_rejected_rows_are_cut_into_chunks_and_a_cut_chunk_is_refused),
    };
    return cmocka_run_group_tests(tests, open_office, close_office);
}
