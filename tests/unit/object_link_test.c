#include "test.h"

#include "object/set.h"

#include <stdio.h>

/* Every refusal: a definition of "thing" that has one fault, and what its author is told. */
struct refusal {
    const char *head;   /* replaces the object's own keys, or NULL */
    const char *fields; /* the elements of "fields" */
    const char *told;   /* must be part of the message */
};

#define L                     "\"label\":{\"zh\":\"标签\",\"en\":\"Label\"}"
#define LP                    "\"label_plural\":{\"zh\":\"标签\",\"en\":\"Labels\"}"
#define HEAD                  "\"id\":50,\"name\":\"thing\"," L "," LP ",\"subject\":\"self\",\"title_fields\":[\"a\"]"
#define WITH(S)               "\"id\":50,\"name\":\"thing\"," L "," LP "," S
#define A(REST)               "{\"id\":100,\"name\":\"a\"," L "," REST "}"
#define TEXT                  A("\"type\":\"text\",\"class\":\"internal\"")
#define TITLE                 "\"title_fields\":[\"a\"]"
#define FIELD(ID, NAME, REST) "{\"id\":" #ID ",\"name\":\"" NAME "\"," L "," REST "}"
#define REF(TO, REST)         A("\"type\":\"reference\",\"class\":\"internal\",\"reference\":\"" TO "\"" REST)
#define CHOICES               "\"choices\":[{\"key\":\"x\"," L "}]"

static const struct refusal refusals[] = {
    /* shape */
    {NULL, "3", "fields[0]: write an object"},
    {NULL, A("\"type\":\"text\",\"class\":\"internal\",\"sql\":\"x\""),
     "fields[0].sql: is no key of a definition"},
    {NULL, "{\"id\":100," L ",\"type\":\"text\",\"class\":\"internal\"}", "fields[0].name: is missing"},
    {NULL, "{\"name\":\"a\"," L ",\"type\":\"text\",\"class\":\"internal\"}", "fields[0].id: is missing"},
    {NULL, "{\"id\":100,\"name\":\"a\",\"type\":\"text\",\"class\":\"internal\"}",
     "fields[0].label: is missing"},
    {NULL, "{\"id\":100,\"name\":\"a\",\"label\":{\"zh\":\"甲\"},\"type\":\"text\",\"class\":\"internal\"}",
     "fields[0].label.en: is missing"},
    {NULL, "{\"id\":70000,\"name\":\"a\"," L ",\"type\":\"text\",\"class\":\"internal\"}",
     "fields[0].id: write a whole"},
    {NULL, A("\"type\":\"text\",\"class\":\"internal\",\"required\":1"),
     "fields[0].required: write true or false"},
    {NULL, A("\"type\":\"integer\",\"class\":\"internal\",\"minimum\":1.5"), "as a string"},
    {NULL, A("\"type\":\"text\",\"class\":\"internal\",\"search\":[\"fuzzy\"]"), "use exact, suffix, words"},
    {WITH("\"subject\":\"self\",\"hook\":1," TITLE), TEXT, "hook: is no key of a definition"},
    {WITH(TITLE), TEXT, "subject: is missing"},
    {WITH("\"subject\":\"self\""), TEXT, "title_fields: are missing"},
    {NULL,
     TEXT ","
          "\"",
     "line 1, column"},
    /* names and ids */
    {NULL, FIELD(99, "a", "\"type\":\"text\",\"class\":\"internal\""),
     "fields[0].id: 99 is kept for the system"},
    {NULL, FIELD(100, "A b", "\"type\":\"text\",\"class\":\"internal\""),
     "fields[0].name: use lower-case letters"},
    {NULL, TEXT "," FIELD(101, "owner", "\"type\":\"text\",\"class\":\"internal\""),
     "\"owner\" is the system's"},
    {NULL, TEXT "," FIELD(100, "b", "\"type\":\"text\",\"class\":\"internal\""),
     "id 100 is taken by fields[0]"},
    {NULL, TEXT "," FIELD(101, "a", "\"type\":\"text\",\"class\":\"internal\""),
     "name \"a\" is taken by fields[0]"},
    {"\"id\":1,\"name\":\"thing\"," L "," LP ",\"subject\":\"self\"," TITLE, TEXT,
     "id: 1 is taken by customer.json"},
    {"\"id\":50,\"name\":\"customer\"," L "," LP ",\"subject\":\"self\"," TITLE, TEXT,
     "name: \"customer\" is taken by customer.json"},
    {"\"id\":50,\"name\":\"Thing\"," L "," LP ",\"subject\":\"self\"," TITLE, TEXT,
     "name: use lower-case letters"},
    /* type and class */
    {NULL, A("\"type\":\"blob\",\"class\":\"internal\""), "fields[0].type: \"blob\" is no type"},
    {NULL, A("\"type\":\"text\",\"class\":\"secret\""), "use public, internal, personal or sensitive"},
    {NULL, A("\"type\":\"person_name\",\"class\":\"internal\""), "the type person_name is personal at least"},
    {NULL, A("\"type\":\"mobile\",\"class\":\"public\""), "the type mobile is personal at least"},
    {NULL, A("\"type\":\"phone\",\"class\":\"internal\""), "the type phone is personal at least"},
    {NULL, A("\"type\":\"mail\",\"class\":\"internal\""), "the type mail is personal at least"},
    {NULL, A("\"type\":\"address\",\"class\":\"internal\""), "the type address is personal at least"},
    {NULL, A("\"type\":\"cn_resident_id\",\"class\":\"personal\""),
     "the type cn_resident_id is sensitive at least"},
    {NULL, A("\"type\":\"bank_card\",\"class\":\"personal\""), "the type bank_card is sensitive at least"},
    {NULL, A("\"type\":\"long_text\",\"class\":\"internal\""), "the type long_text is personal at least"},
    {WITH("\"subject\":\"none\"," TITLE), A("\"type\":\"text\",\"class\":\"personal\""),
     "the object is nobody's data"},
    {NULL, A("\"type\":\"reference\",\"class\":\"personal\",\"reference\":\"customer\""), "cannot be sealed"},
    /* search and unique */
    {NULL, A("\"type\":\"mobile\",\"class\":\"personal\",\"search\":[\"words\"]"),
     "a mobile has no such search"},
    {NULL, A("\"type\":\"date\",\"class\":\"personal\",\"search\":[\"exact\"]"),
     "an index would give them away"},
    {NULL, A("\"type\":\"text\",\"class\":\"internal\",\"unique\":true"), "needs the search \"exact\""},
    {NULL, A("\"type\":\"boolean\",\"class\":\"internal\",\"search\":[\"exact\"],\"unique\":true"),
     "cannot be unique"},
    /* limits */
    {NULL, A("\"type\":\"integer\",\"class\":\"internal\",\"length_max\":5"), "has no length"},
    {NULL, A("\"type\":\"text\",\"class\":\"internal\",\"length_max\":5000"),
     "holds 1000 characters at most"},
    {NULL, A("\"type\":\"text\",\"class\":\"internal\",\"length_max\":5,\"length_min\":6"),
     "is above length_max"},
    {NULL, A("\"type\":\"text\",\"class\":\"internal\",\"minimum\":5"), "has no bounds"},
    {NULL, A("\"type\":\"date\",\"class\":\"internal\",\"minimum\":\"soon\""), "minimum: is no date"},
    {NULL, A("\"type\":\"integer\",\"class\":\"internal\",\"minimum\":5,\"maximum\":4"), "is above maximum"},
    {NULL, A("\"type\":\"money\",\"class\":\"internal\""), "ISO 4217"},
    {NULL, A("\"type\":\"text\",\"class\":\"internal\",\"currency\":\"CNY\""), "only money has a currency"},
    {NULL, A("\"type\":\"text\",\"class\":\"internal\",\"pattern\":\"(\""), "is no regular expression"},
    {NULL, A("\"type\":\"integer\",\"class\":\"internal\",\"pattern\":\"1\""), "has no pattern"},
    {NULL, A("\"type\":\"text\",\"class\":\"internal\",\"checks\":[\"magic\"]"), "\"magic\" is no check"},
    {NULL, A("\"type\":\"integer\",\"class\":\"internal\",\"checks\":[\"luhn\"]"), "\"luhn\" does not fit"},
    {NULL, A("\"type\":\"text\",\"class\":\"internal\",\"mask\":\"fog\""), "\"fog\" is no mask"},
    {NULL, A("\"type\":\"text\",\"class\":\"internal\",\"mask\":\"year\""), "\"year\" does not fit"},
    {NULL, A("\"type\":\"integer\",\"class\":\"internal\",\"maximum\":4,\"default\":\"5\""),
     "breaks the field's own rules"},
    {NULL,
     A("\"type\":\"text\",\"class\":\"internal\",\"search\":[\"exact\"],\"unique\":true,\"default\":\"x\""),
     "has no default"},
    /* choices */
    {NULL, A("\"type\":\"choice\",\"class\":\"internal\""), "choices: are missing"},
    {NULL, A("\"type\":\"text\",\"class\":\"internal\"," CHOICES),
     "only choice and multi_choice have choices"},
    {NULL, A("\"type\":\"choice\",\"class\":\"internal\",\"choices\":[{\"key\":\"X\"," L "}]"),
     "choices: [0].key: use"},
    {NULL,
     A("\"type\":\"choice\",\"class\":\"internal\",\"choices\":[{\"key\":\"x\"," L "},{\"key\":\"x\"," L
       "}]"),
     "\"x\" is there twice"},
    {NULL,
     A("\"type\":\"choice\",\"class\":\"internal\",\"choices\":[{\"key\":\"x\"," L ",\"retired\":true}]"),
     "are all retired"},
    {NULL, A("\"type\":\"choice\",\"class\":\"internal\",\"choices\":[{\"key\":\"x\"}]"),
     "fields[0].choices[0].label"},
    /* required, references */
    {NULL, A("\"type\":\"text\",\"class\":\"internal\",\"required\":true,\"retired\":true"),
     "a retired field"},
    {NULL, A("\"type\":\"text\",\"class\":\"internal\",\"required_when\":{\"b\":\"x\"}"),
     "is no unsealed choice"},
    {NULL,
     A("\"type\":\"text\",\"class\":\"internal\",\"required_when\":{\"b\":\"y\"}") "," FIELD(
         101, "b", "\"type\":\"choice\",\"class\":\"internal\"," CHOICES),
     "\"b\" has no such choice"},
    {NULL,
     A("\"type\":\"text\",\"class\":\"internal\",\"required_when\":{\"b\":\"x\"}") "," FIELD(
         101, "b", "\"type\":\"choice\",\"class\":\"personal\"," CHOICES),
     "is no unsealed choice"},
    {NULL, REF("nobody", ""), "there is no object \"nobody\""},
    {NULL, A("\"type\":\"reference\",\"class\":\"internal\""), "reference: is missing"},
    {NULL, REF("customer", ",\"on_delete\":\"explode\""), "use restrict, clear or cascade"},
    {NULL, REF("customer", ",\"required\":true,\"on_delete\":\"clear\""),
     "a required field cannot be cleared"},
    {NULL, A("\"type\":\"text\",\"class\":\"internal\",\"reference\":\"customer\""),
     "only the type reference"},
    /* subject, parent, layout */
    {WITH("\"subject\":\"nobody\"," TITLE), TEXT, "subject: \"nobody\" is no reference"},
    {WITH("\"subject\":\"a\"," TITLE), REF("customer", ""), "subject: \"a\" must be required"},
    {WITH("\"subject\":\"a\"," TITLE), REF("thing", ",\"required\":true"),
     "leads to no subject within 4 steps"},
    {WITH("\"subject\":\"a\"," TITLE), REF("rock", ",\"required\":true"),
     "leads to \"rock\", which is nobody's data"},
    {WITH("\"subject\":\"a\",\"parent\":\"a\"," TITLE), REF("customer", ",\"required\":true"),
     "on_delete cascade"},
    {WITH("\"subject\":\"self\",\"parent\":\"a\"," TITLE),
     REF("thing", ",\"required\":true,\"on_delete\":\"cascade\""), "parent: leads nowhere"},
    {WITH("\"subject\":\"self\",\"title_fields\":[\"zz\"]"), TEXT, "title_fields: there is no field \"zz\""},
    {WITH("\"subject\":\"self\",\"list_fields\":[\"a\",\"a\"]," TITLE), TEXT,
     "list_fields: \"a\" is there twice"},
    {WITH("\"subject\":\"self\",\"list_fields\":[\"_seal\"]," TITLE), TEXT, "there is no field \"_seal\""},
    {WITH("\"subject\":\"self\",\"default_sort\":\"-zz\"," TITLE), TEXT, "default_sort: there is no field"},
    {WITH("\"subject\":\"self\",\"default_sort\":\"a\"," TITLE),
     A("\"type\":\"text\",\"class\":\"personal\""), "\"a\" is sealed and has no order"},
    {WITH("\"subject\":\"self\",\"default_sort\":\"a\"," TITLE), A("\"type\":\"tag\",\"class\":\"internal\""),
     "\"a\" has no order"},
};

#define CUSTOMER                                                                                             \
    "{\"id\":1,\"name\":\"customer\"," L "," LP                                                              \
    ",\"subject\":\"self\",\"title_fields\":[\"a\"],\"fields\":[" TEXT "]}"
#define ROCK                                                                                                 \
    "{\"id\":2,\"name\":\"rock\"," L "," LP                                                                  \
    ",\"subject\":\"none\",\"title_fields\":[\"a\"],\"fields\":[" TEXT "]}"

static enum status read_thing(const char *head, const char *fields, struct object_set **out,
                              struct error *e) {
    char text[4096];
    int n = snprintf(text, sizeof text, "{%s,\"fields\":[%s]}", head == NULL ? HEAD : head, fields);
    assert_in_range(n, 1, sizeof text - 1);
    const struct object_source sources[] = {{"customer.json", SLICE(CUSTOMER)},
                                            {"rock.json", SLICE(ROCK)},
                                            {"thing.json", slice_from_string(text)}};
    return object_set_read(sources, 3, 1, out, e);
}

static void every_fault_is_named_with_file_and_place(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct object_set *set = NULL;
        struct error e = {0};
        enum status s = read_thing(refusals[i].head, refusals[i].fields, &set, &e);
        if (s != ST_INVALID || strstr(e.detail, refusals[i].told) == NULL)
            print_error("wanted: %s\ngot: %d %s\n", refusals[i].told, (int)s, e.detail);
        assert_int_equal(s, ST_INVALID);
        assert_non_null(strstr(e.detail, refusals[i].told));
        assert_ptr_equal(strstr(e.detail, "thing.json: "), e.detail);
        assert_string_equal(e.code, "definition_invalid");
        assert_null(set);
    }
}

static void a_sound_definition_is_linked(void **state) {
    (void)state;
    struct object_set *set = NULL;
    struct error e = {0};
    assert_int_equal(read_thing(NULL, TEXT, &set, &e), ST_OK);
    const struct object_def *o = object_find(set, SLICE("thing"));
    assert_int_equal(object_field(o, SLICE("a"))->length_max, 1000);
    assert_int_equal(o->default_sort_field, FIELD_CREATED_AT);
    assert_true(o->default_sort_descending);
    object_set_retain(set);
    object_set_release(set);
    assert_int_equal(object_find(set, SLICE("rock"))->id, 2);
    object_set_release(set);
    object_set_release(NULL);
}

static void a_directory_without_definitions_says_so(void **state) {
    (void)state;
    struct object_set *set = NULL;
    struct error e = {0};
    assert_int_equal(object_set_load("/nonexistent", &set, &e), ST_IO);
    assert_string_equal(e.code, "definitions_missing");
    assert_int_equal(object_set_load(KEDUN_SHARE_DIR "/src", &set, &e), ST_NOT_FOUND);
    assert_string_equal(e.code, "definitions_missing");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_is_named_with_file_and_place),
        cmocka_unit_test(a_sound_definition_is_linked),
        cmocka_unit_test(a_directory_without_definitions_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
