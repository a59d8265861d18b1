#include "test.h"

#include "object/set.h"
#include "object/write.h"

#include <jansson.h>

static struct object_set *set;

static int setup(void **state) {
    (void)state;
    struct error e = {0};
    return object_set_load(KEDUN_SHARE_DIR "/objects", &set, &e) == ST_OK ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    object_set_release(set);
    return 0;
}

/* A viewer who may know of some fields only; sealed ones masked. */
struct viewer {
    const char *const *hidden; /* field names, NULL-terminated */
    const char *hidden_object; /* or NULL */
};

static bool see_field(void *context, const struct object_def *o, const struct field_def *f,
                      struct field_sight *out) {
    const struct viewer *v = context;
    (void)o;
    for (size_t i = 0; v->hidden[i] != NULL; i++) {
        if (strcmp(v->hidden[i], f->name) == 0)
            return false;
    }
    bool sealed = field_is_sealed(f);
    *out = (struct field_sight){.view = sealed ? VIEW_MASKED : VIEW_CLEAR,
                                .writable = !f->read_only,
                                .matchable = f->search,
                                .filterable = !sealed,
                                .sortable = !sealed};
    return true;
}

static bool see_object(void *context, const struct object_def *o) {
    const struct viewer *v = context;
    return v->hidden_object == NULL || strcmp(v->hidden_object, o->name) != 0;
}

static json_t *metadata(const char *object, struct viewer *viewer, struct buf *text) {
    static const char *const acts[] = {"list", "view"};
    struct metadata_viewer m = {
        .field = see_field, .object = see_object, .context = viewer, .acts = acts, .act_count = 2};
    buf_init(text, 1 << 20, false);
    struct json j = json_to(text);
    object_write_metadata(&j, set, object_find(set, slice_from_string(object)), &m);
    json_t *root = json_loadb((const char *)text->p, text->n, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    return root;
}

static json_t *field(const json_t *root, const char *name) {
    size_t i;
    json_t *f;
    json_array_foreach(json_object_get(root, "fields"), i, f) {
        if (strcmp(json_string_value(json_object_get(f, "name")), name) == 0)
            return f;
    }
    return NULL;
}

static void metadata_has_every_key_of_the_api(void **state) {
    (void)state;
    static const char *const none[] = {NULL};
    static const char *const keys[] = {"name",      "id",        "label",      "help",          "type",
                                       "class",     "search",    "required",   "required_when", "unique",
                                       "read_only", "system",    "length_max", "minimum",       "maximum",
                                       "pattern",   "currency",  "choices",    "reference",     "view",
                                       "writable",  "matchable", "filterable", "sortable"};
    struct viewer v = {.hidden = none};
    struct buf text;
    json_t *root = metadata("customer", &v, &text);
    json_t *mobile = field(root, "mobile");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        assert_non_null(json_object_get(mobile, keys[i]));
    assert_string_equal(json_string_value(json_object_get(mobile, "view")), "masked");
    assert_true(json_is_false(json_object_get(mobile, "filterable")));
    assert_true(json_is_true(json_object_get(field(root, "created_at"), "system")));
    assert_string_equal(json_string_value(json_object_get(root, "default_sort")), "-created_at");
    assert_null(field(root, "id"));
    assert_null(field(root, "_seal"));
    assert_int_equal(json_array_size(json_object_get(root, "acts")), 2);
    json_decref(root);
    buf_free(&text);
}

static void a_hidden_field_leaves_no_trace(void **state) {
    (void)state;
    static const char *const hidden[] = {"customer_type", "person_name", "created_at", NULL};
    struct viewer v = {.hidden = hidden};
    struct buf text;
    json_t *root = metadata("customer", &v, &text);
    buf_put_u8(&text, 0);
    for (size_t i = 0; hidden[i] != NULL; i++)
        assert_null(strstr((const char *)text.p, hidden[i]));
    assert_true(json_is_null(json_object_get(root, "default_sort")));
    assert_true(json_is_null(json_object_get(field(root, "name"), "required_when")));
    json_decref(root);
    buf_free(&text);
}

static void a_hidden_object_is_not_named_as_a_target(void **state) {
    (void)state;
    static const char *const none[] = {NULL};
    struct viewer v = {.hidden = none, .hidden_object = "contract"};
    struct buf text;
    json_t *root = metadata("order", &v, &text);
    assert_true(json_is_null(json_object_get(field(root, "contract"), "reference")));
    assert_string_equal(json_string_value(json_object_get(field(root, "customer"), "reference")), "customer");
    json_decref(root);
    buf_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metadata_has_every_key_of_the_api),
        cmocka_unit_test(a_hidden_field_leaves_no_trace),
        cmocka_unit_test(a_hidden_object_is_not_named_as_a_target),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
