#include "test.h"

#include "object/set.h"
#include "object/write.h"

#include <stdio.h>

static struct object_set *shipped;

static int setup(void **state) {
    (void)state;
    struct error e = {0};
    if (object_set_load(KEDUN_SHARE_DIR "/objects", &shipped, &e) != ST_OK) {
        (void)fprintf(stderr, "%s\n", e.detail);
        return -1;
    }
    return 0;
}

static int teardown(void **state) {
    (void)state;
    object_set_release(shipped);
    return 0;
}

static const struct object_def *find(const char *name) {
    const struct object_def *o = object_find(shipped, slice_from_string(name));
    assert_non_null(o);
    return o;
}

static const struct field_def *field(const char *object, const char *name) {
    const struct field_def *f = object_field(find(object), slice_from_string(name));
    assert_non_null(f);
    return f;
}

/* ---- the shipped pack ---- */

static void every_shipped_definition_loads(void **state) {
    (void)state;
    static const char *const names[] = {"customer", "contact",    "lead",     "opportunity", "product",
                                        "quote",    "quote_line", "contract", "order",       "order_line",
                                        "payment",  "follow_up",  "ticket",   "task"};
    assert_int_equal(shipped->count, sizeof names / sizeof names[0]);
    for (size_t i = 0; i < shipped->count; i++) {
        assert_string_equal(find(names[i])->name, names[i]);
        assert_ptr_equal(object_by_id(shipped, find(names[i])->id), find(names[i]));
    }
    assert_null(object_find(shipped, SLICE("nothing")));
    assert_null(object_by_id(shipped, 999));
}

static void a_company_name_is_internal_and_a_persons_is_personal(void **state) {
    (void)state;
    assert_int_equal(field("customer", "name")->class, CLASS_INTERNAL);
    assert_int_equal(field("customer", "person_name")->class, CLASS_PERSONAL);
    assert_int_equal(field("customer", "name")->when_field, field("customer", "customer_type")->id);
    assert_string_equal(field("customer", "name")->when_value, "company");
    assert_true(field_is_sealed(field("customer", "resident_id")));
    assert_int_equal(field("customer", "birth_date")->search, 0);
}

static void subject_paths_end_at_a_subject(void **state) {
    (void)state;
    assert_true(find("customer")->is_subject);
    assert_true(find("contact")->is_subject);
    assert_int_equal(find("ticket")->subject_field, field("ticket", "customer")->id);
    assert_int_equal(find("payment")->subject_field, field("payment", "order")->id);
    assert_int_equal(find("order_line")->parent_field, field("order_line", "order")->id);
    assert_false(find("product")->is_subject);
}

static void system_fields_come_first_and_internal_ones_have_no_name(void **state) {
    (void)state;
    const struct object_def *o = find("ticket");
    assert_int_equal(o->fields[0].id, FIELD_ID);
    assert_string_equal(field("ticket", "owner")->label.zh, "负责人");
    assert_true(field_is_system(field("ticket", "created_at")));
    assert_null(object_field(o, SLICE("_seal")));
    assert_non_null(object_field_by_id(o, FIELD_SEAL));
    assert_int_equal(o->fields[o->field_count - 1].id, object_field_by_id(o, 112)->id);
}

static void write_all(const struct object_set *set, struct object_source *sources, struct buf *bufs) {
    for (size_t i = 0; i < set->count; i++) {
        buf_init(&bufs[i], OBJECT_FILE_MAX, false);
        struct json j = json_to(&bufs[i]);
        object_write_definition(&j, set, set->objects[i]);
        assert_false(bufs[i].failed);
        sources[i] = (struct object_source){set->objects[i]->name, buf_slice(&bufs[i])};
    }
}

static void what_is_written_reads_back_equal(void **state) {
    (void)state;
    struct object_source first[20], second[20];
    struct buf bufs[20], again[20];
    write_all(shipped, first, bufs);
    struct object_set *copy = NULL;
    struct error e = {0};
    assert_int_equal(object_set_read(first, shipped->count, 1, &copy, &e), ST_OK);
    write_all(copy, second, again);
    for (size_t i = 0; i < shipped->count; i++) {
        assert_true(slice_equal(first[i].text, second[i].text));
        assert_int_equal(copy->objects[i]->field_count, shipped->objects[i]->field_count);
        buf_free(&bufs[i]);
        buf_free(&again[i]);
    }
    object_set_release(copy);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shipped_definition_loads),
        cmocka_unit_test(a_company_name_is_internal_and_a_persons_is_personal),
        cmocka_unit_test(subject_paths_end_at_a_subject),
        cmocka_unit_test(system_fields_come_first_and_internal_ones_have_no_name),
        cmocka_unit_test(what_is_written_reads_back_equal),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
