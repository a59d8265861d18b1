#include "base/clock.h"
#include "base/file.h"
#include "cmd/demo_csv.h"
#include "cmd/demo_story.h"
#include "cmd/demo_truth.h"
#include "object/set.h"
#include "object/validate.h"
#include "value/check.h"

#include <unistd.h>

#include "test.h"

#define CUSTOMERS 4000

static const struct demo_plan plan = {
    .seed = 7, .customers = CUSTOMERS, .leads = 400, .start_ms = 1661961600000};

static void tell_all(const struct demo_plan *p, struct arena *a, struct demo_tables *t) {
    arena_init(a, (size_t)256 * 1024 * 1024, ARENA_PLAIN);
    demo_tables_init(t, a);
    demo_story_products(p, t);
    for (uint64_t i = 0; i < p->customers; i++)
        demo_story_tell(p, i, t);
    assert_false(t->failed);
}

static uint64_t mark(const struct demo_tables *t) {
    uint64_t h = 0;
    for (size_t o = 0; o < DEMO_OBJECTS; o++) {
        for (size_t i = 0; i < t->of[o].count; i++) {
            const struct demo_row *row = t->of[o].rows[i];
            h = map_hash(slice_of(row->id.b, 16), h);
            for (size_t k = 0; k < DEMO_COLUMNS; k++)
                h = row->cells[k].n == 0 ? h : map_hash(row->cells[k], h + k);
        }
    }
    return h;
}

static void same_seed_makes_the_same_company(void **state) {
    (void)state;
    struct demo_plan other = plan;
    struct arena a, b, c;
    struct demo_tables first, again, different;
    tell_all(&plan, &a, &first);
    tell_all(&plan, &b, &again);
    other.seed = 8;
    tell_all(&other, &c, &different);
    assert_true(mark(&first) == mark(&again));
    assert_false(mark(&first) == mark(&different));
    arena_free(&a);
    arena_free(&b);
    arena_free(&c);
}

static void a_bare_company_has_the_same_customers_and_nothing_else(void **state) {
    (void)state;
    struct demo_plan bare = plan;
    struct arena a, b;
    struct demo_tables full, alone;
    bare.bare = true;
    tell_all(&plan, &a, &full);
    tell_all(&bare, &b, &alone);
    for (size_t o = 0; o < DEMO_OBJECTS; o++) {
        bool kept = o == DEMO_CUSTOMER || o == DEMO_PRODUCT;
        assert_int_equal(alone.of[o].count, kept ? full.of[o].count : 0);
    }
    for (size_t o = 0; o < DEMO_OBJECTS; o++)
        full.of[o].count = alone.of[o].count;
    assert_true(mark(&full) == mark(&alone));
    arena_free(&a);
    arena_free(&b);
}

static void another_day_changes_no_id_and_no_count(void **state) {
    (void)state;
    struct demo_plan later = plan;
    struct arena a, b;
    struct demo_tables first, second;
    later.start_ms += 7 * DEMO_DAY_MS;
    tell_all(&plan, &a, &first);
    tell_all(&later, &b, &second);
    for (size_t o = 0; o < DEMO_OBJECTS; o++) {
        assert_int_equal(first.of[o].count, second.of[o].count);
        for (size_t i = 0; i < first.of[o].count; i++)
            assert_true(uuid_equal(&first.of[o].rows[i]->id, &second.of[o].rows[i]->id));
    }
    arena_free(&a);
    arena_free(&b);
}

static void check_row(const struct object_def *o, enum demo_object kind, const struct demo_row *row,
                      struct arena *a) {
    struct validate_clock clock = {.now_ms = plan.start_ms + DEMO_SPAN_DAYS * DEMO_DAY_MS,
                                   .utc_offset_minutes = 480};
    struct field_input *inputs = arena_array(a, o->field_count, sizeof *inputs);
    struct error e = {.status = ST_OK}, errors[8];
    for (size_t k = 0; k < DEMO_COLUMNS && demo_shapes[kind].columns[k] != NULL; k++) {
        const struct field_def *f = object_field(o, slice_from_string(demo_shapes[kind].columns[k]));
        assert_non_null(f);
        if (row->cells[k].p == NULL)
            continue;
        size_t i = (size_t)(f - o->fields);
        if (object_parse_field(f, row->cells[k], &clock, a, &inputs[i].value, &e) != ST_OK)
            fail_msg("%s.%s: %s: %.*s", o->name, f->name, e.code, (int)row->cells[k].n, row->cells[k].p);
        inputs[i].state = FIELD_GIVEN;
    }
    assert_int_equal(object_apply_defaults(o, &clock, a, inputs, &e), ST_OK);
    if (object_validate_row(o, inputs, true, errors, 8) > 0)
        fail_msg("%s.%s: %s", o->name, errors[0].field, errors[0].code);
}

static void every_row_passes_its_definition(void **state) {
    (void)state;
    struct object_set *objects;
    struct arena a, scratch;
    struct demo_tables t;
    assert_int_equal(object_set_load(KEDUN_SHARE_DIR "/objects", &objects, NULL), ST_OK);
    arena_init(&scratch, (size_t)16 * 1024 * 1024, ARENA_PLAIN);
    tell_all(&plan, &a, &t);
    for (size_t kind = 0; kind < DEMO_OBJECTS; kind++) {
        const struct object_def *o = object_find(objects, slice_from_string(demo_shapes[kind].object));
        assert_non_null(o);
        assert_true(t.of[kind].count > 20);
        for (size_t i = 0; i < t.of[kind].count; i++) {
            assert_true(t.of[kind].rows[i]->at_ms < plan.start_ms + DEMO_SPAN_DAYS * DEMO_DAY_MS);
            assert_true(t.of[kind].rows[i]->at_ms >= plan.start_ms);
            check_row(o, (enum demo_object)kind, t.of[kind].rows[i], &scratch);
            arena_reset(&scratch);
        }
    }
    object_set_release(objects);
    arena_free(&scratch);
    arena_free(&a);
}

static void numbers_hold_their_check_digits_and_belong_to_nobody(void **state) {
    (void)state;
    for (uint64_t i = 0; i < CUSTOMERS; i++) {
        struct demo_customer c;
        demo_customer_make(&plan, i, &c);
        if (c.resident_id[0] != '\0') {
            assert_true(check_cn_resident_id(slice_from_string(c.resident_id), INT64_MAX));
            assert_memory_equal(c.resident_id + 2, "9900", 4);
        }
        if (c.uscc[0] != '\0') {
            assert_true(check_uscc(slice_from_string(c.uscc)));
            assert_memory_equal(c.uscc + 4, "9900", 4);
        }
        if (c.bank_card[0] != '\0') {
            assert_true(check_luhn(slice_from_string(c.bank_card)));
            assert_memory_equal(c.bank_card, "690000", 6);
        }
        const char *mail = strrchr(c.mail, '.');
        assert_true(c.mail[0] == '\0' || strcmp(mail, ".example") == 0 || strcmp(mail, ".test") == 0 ||
                    strstr(c.mail, "@example.com") != NULL);
    }
}

static int compare_text(const void *a, const void *b) {
    return strcmp(a, b);
}

static void no_mobile_and_no_company_code_comes_twice_to_one_owner(void **state) {
    (void)state;
    static char keys[CUSTOMERS * 2][48];
    size_t n = 0;
    for (uint64_t i = 0; i < CUSTOMERS; i++) {
        struct demo_customer c;
        demo_customer_make(&plan, i, &c);
        char digits[16] = "";
        for (const char *p = c.mobile; *p != '\0'; p++) {
            size_t used = strlen(digits);
            if (*p >= '0' && *p <= '9')
                (void)snprintf(digits + used, sizeof digits - used, "%c", *p);
        }
        size_t length = strlen(digits);
        if (length >= 11)
            (void)snprintf(keys[n++], sizeof keys[0], "%u %s", c.owner->id, digits + length - 11);
        if (c.uscc[0] != '\0')
            (void)snprintf(keys[n++], sizeof keys[0], "%u %s", c.owner->id, c.uscc);
    }
    qsort(keys, n, sizeof keys[0], compare_text);
    for (size_t i = 1; i < n; i++)
        assert_true(strcmp(keys[i - 1], keys[i]) != 0);
}

static void shares_are_as_announced(void **state) {
    (void)state;
    size_t companies = 0, dirty = 0, twins = 0, of_branch[DEMO_BRANCHES] = {0},
           of_staff[DEMO_STAFF + 1] = {0};
    for (uint64_t i = 0; i < CUSTOMERS; i++) {
        struct demo_customer c;
        demo_customer_make(&plan, i, &c);
        companies += c.is_company;
        dirty += c.dirt != DIRT_NONE;
        twins += c.twin != TWIN_NONE;
        of_branch[c.owner->branch]++;
        of_staff[c.owner->id]++;
        assert_ptr_equal(c.owner, demo_customer_owner(&plan, i));
    }
    assert_in_range(companies, CUSTOMERS * 57 / 100, CUSTOMERS * 63 / 100);
    assert_in_range(dirty, CUSTOMERS * 14 / 1000, CUSTOMERS * 26 / 1000);
    assert_in_range(twins, CUSTOMERS * 9 / 1000, CUSTOMERS * 21 / 1000);
    assert_true(of_branch[0] > of_branch[2] && of_branch[2] > of_branch[1]);
    assert_true(of_staff[13] > of_staff[17] && of_staff[17] > 0 && of_staff[18] == 0);
}

static void a_twin_stands_at_another_branch_and_shares_what_its_kind_says(void **state) {
    (void)state;
    size_t kinds[TWIN_END] = {0};
    for (uint64_t i = 0; i < CUSTOMERS; i++) {
        struct demo_customer c, original;
        demo_customer_make(&plan, i, &c);
        if (c.twin == TWIN_NONE)
            continue;
        kinds[c.twin]++;
        demo_customer_make(&plan, c.twin_of, &original);
        assert_int_equal(original.twin, TWIN_NONE);
        assert_int_not_equal(c.owner->branch, original.owner->branch);
        assert_string_equal(c.person.han, original.person.han);
        assert_true(c.twin != TWIN_MOBILE_FORMAT || c.mobile[0] != '\0');
        assert_true(c.twin != TWIN_COMPANY_NAME || strcmp(c.name, original.name) != 0);
    }
    for (int k = TWIN_OTHER_BRANCH; k < TWIN_END; k++)
        assert_true(kinds[k] > 0);
}

/* Sums of lines are the order's amount, and nobody pays more than that. */
static void payments_never_exceed_their_order(void **state) {
    (void)state;
    struct arena a;
    struct demo_tables t;
    tell_all(&plan, &a, &t);
    const struct demo_table *orders = &t.of[DEMO_ORDER];
    assert_in_range(orders->count, CUSTOMERS / 12, CUSTOMERS / 3);
    for (size_t i = 0; i < orders->count; i += 9) {
        char id[UUID_TEXT + 1];
        double amount = strtod((const char *)orders->rows[i]->cells[3].p, NULL), lines = 0, paid = 0;
        uuid_format(&orders->rows[i]->id, id);
        for (size_t k = 0; k < t.of[DEMO_ORDER_LINE].count; k++) {
            const struct demo_row *row = t.of[DEMO_ORDER_LINE].rows[k];
            if (slice_is(row->cells[0], id))
                lines += strtod((const char *)row->cells[5].p, NULL);
        }
        for (size_t k = 0; k < t.of[DEMO_PAYMENT].count; k++) {
            const struct demo_row *row = t.of[DEMO_PAYMENT].rows[k];
            if (slice_is(row->cells[0], id))
                paid += strtod((const char *)row->cells[2].p, NULL);
        }
        assert_true(lines > amount - 0.01 && lines < amount + 0.01);
        assert_true(paid < amount + 0.01);
    }
    arena_free(&a);
}

static void the_truth_is_the_same_for_the_same_seed_and_names_no_value(void **state) {
    (void)state;
    struct demo_plan later = plan;
    struct buf first, again;
    later.start_ms += 30 * DEMO_DAY_MS;
    buf_init(&first, 16 * 1024 * 1024, false);
    buf_init(&again, 16 * 1024 * 1024, false);
    demo_truth_put(&plan, &first);
    demo_truth_put(&later, &again);
    assert_true(slice_equal(buf_slice(&first), buf_slice(&again)));
    for (size_t i = 0; i < first.n; i++)
        assert_true(first.p[i] < 0x80); /* no name is ASCII alone */
    buf_put_u8(&first, '\0');
    assert_non_null(strstr((const char *)first.p, "\"kind\":\"mobile_format\""));
    assert_non_null(strstr((const char *)first.p, "\"kind\":\"honorific\""));
    buf_free(&first);
    buf_free(&again);
}

static size_t count_lines(struct slice s) {
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '\n';
    return n;
}

static void a_csv_has_all_rows_in_each_encoding_and_knows_its_bad_ones(void **state) {
    static const char *const names[] = {"utf-8", "utf-8-bom", "gb18030"};
    char path[64] = "/tmp/kedun-demo-csv.XXXXXX", truth[96];
    int fd = mkstemp(path);
    struct slice text[3], bad;
    struct arena a;
    struct error e;
    (void)state;
    assert_true(fd >= 0);
    arena_init(&a, 64 * 1024 * 1024, ARENA_PLAIN);
    (void)snprintf(truth, sizeof truth, "%s.truth.json", path);
    for (size_t i = 0; i < 3; i++) {
        enum demo_encoding encoding;
        assert_true(demo_encoding_by_name(names[i], &encoding));
        assert_int_equal(demo_csv_write(&plan, 2000, encoding, path, &e), ST_OK);
        assert_int_equal(file_read(path, 16 * 1024 * 1024, &a, &text[i]), ST_OK);
        assert_int_equal(count_lines(text[i]), 2001);
    }
    assert_int_equal(text[1].n, text[0].n + 3);
    assert_memory_equal(text[1].p, "\xef\xbb\xbf", 3);
    assert_memory_equal(text[2].p, "\xb5\xa5\xce\xbb", 4); /* 单位 */
    assert_true(text[2].n < text[0].n);
    assert_int_equal(file_read(truth, 1024 * 1024, &a, &bad), ST_OK);
    size_t kinds = 0;
    for (const char *p = (const char *)bad.p; (p = strstr(p, "\"kind\"")) != NULL; p++)
        kinds++;
    assert_in_range(kinds, 8, 40);
    assert_false(demo_encoding_by_name("latin-1", &(enum demo_encoding){0}));
    (void)unlink(path);
    (void)unlink(truth);
    (void)close(fd);
    arena_free(&a);
}

static void owner_and_time_alone_are_those_of_the_whole_customer(void **state) {
    (void)state;
    size_t twins = 0;
    for (uint64_t i = 0; i < 3000; i++) {
        struct demo_customer c;
        demo_customer_make(&plan, i, &c);
        assert_int_equal(demo_customer_offset(&plan, i), c.offset_ms);
        assert_ptr_equal(demo_customer_owner(&plan, i), c.owner);
        twins += c.twin != TWIN_NONE;
    }
    assert_true(twins > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_seed_makes_the_same_company),
        cmocka_unit_test(a_bare_company_has_the_same_customers_and_nothing_else),
        cmocka_unit_test(another_day_changes_no_id_and_no_count),
        cmocka_unit_test(every_row_passes_its_definition),
        cmocka_unit_test(numbers_hold_their_check_digits_and_belong_to_nobody),
        cmocka_unit_test(no_mobile_and_no_company_code_comes_twice_to_one_owner),
        cmocka_unit_test(shares_are_as_announced),
        cmocka_unit_test(owner_and_time_alone_are_those_of_the_whole_customer),
        cmocka_unit_test(a_twin_stands_at_another_branch_and_shares_what_its_kind_says),
        cmocka_unit_test(payments_never_exceed_their_order),
        cmocka_unit_test(the_truth_is_the_same_for_the_same_seed_and_names_no_value),
        cmocka_unit_test(a_csv_has_all_rows_in_each_encoding_and_knows_its_bad_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
