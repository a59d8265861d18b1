/* Entries of a directory server, as the bytes that come: what an import may know of them. */
#include "test.h"

#include "ldap_pair.h"

#include <stdio.h>

#define BASE "ou=people,dc=x"

static const struct ldap_shape names = {.attribute = {"entryUUID", "uid", "cn", "mail", "title", "ou"}};
static const struct ldap_shape tree = {.attribute = {"entryUUID", "uid", "cn", "mail", "title", NULL},
                                       .tree = true};
static const struct ldap_shape directory = {
    .attribute = {"objectGUID", "sAMAccountName", "displayName", NULL, NULL, NULL}};

struct value {
    const char *name;
    const char *bytes;
    size_t n; /* 0: as long as the text is */
};

/* A SearchResultEntry (RFC 4511 section 4.5.2): name and value by turns; one name again is a second
 * attribute. */
static void write_entry(const char *dn, const struct value *values, size_t n, struct buf *out) {
    BerElement *ber = ber_alloc_t(LBER_USE_DER);
    struct berval flat;
    assert_non_null(ber);
    assert_true(ber_printf(ber, "t{s{", (ber_tag_t)LDAP_RES_SEARCH_ENTRY, dn) >= 0);
    for (size_t i = 0; i < n; i++) {
        struct berval v = {values[i].n > 0 ? values[i].n : strlen(values[i].bytes),
                           (char *)(uintptr_t)values[i].bytes};
        assert_true(ber_printf(ber, "{s[O]}", values[i].name, &v) >= 0);
    }
    assert_true(ber_printf(ber, "}}") >= 0);
    assert_true(ber_flatten2(ber, &flat, 0) >= 0);
    buf_put(out, flat.bv_val, flat.bv_len);
    ber_free(ber, 1);
}

/* shape NULL: as a unit. */
static void expect(const struct ldap_shape *shape, const char *dn, const struct value *values, size_t n,
                   const char *want) {
    struct ldap_pair pair;
    struct buf bytes, out;
    buf_init(&bytes, 65536, false);
    buf_init(&out, 65536, false);
    assert_true(ldap_pair_open(&pair));
    write_entry(dn, values, n, &bytes);
    LDAPMessage *entry = ldap_pair_take(&pair, buf_slice(&bytes));
    assert_non_null(entry);
    struct json j = json_to(&out);
    if (shape != NULL)
        ldap_entry_person(shape, BASE, pair.ld, entry, &j);
    else
        ldap_entry_unit(BASE, pair.ld, entry, &j);
    if (!slice_is(buf_slice(&out), want))
        print_error("%s: %.*s\n", dn, (int)out.n, (const char *)out.p);
    assert_true(slice_is(buf_slice(&out), want));
    ldap_msgfree(entry);
    ldap_pair_close(&pair);
    buf_free(&bytes);
    buf_free(&out);
}

#define ENTRY(...)                                                                                           \
    (const struct value[]){__VA_ARGS__}, sizeof((const struct value[]){__VA_ARGS__}) / sizeof(struct value)

static void an_entry_gives_its_texts_without_blanks_around_them(void **state) {
    (void)state;
    expect(&names, "uid=a," BASE,
           ENTRY({"entryUUID", "u-1", 0}, {"uid", " a ", 0}, {"cn", "安 娜", 0}, {"mail", "a@x.cn", 0},
                 {"title", "T", 0}, {"ou", "Sales / East", 0}),
           "{\"id\":\"u-1\",\"login\":\"a\",\"name\":\"安 "
           "娜\",\"mail\":\"a@x.cn\",\"title\":\"T\",\"place\":\"Sales / East\"}");
    expect(&names, "uid=a," BASE,
           ENTRY({"ENTRYUUID", "u-1", 0}, {"UID", "a", 0}, {"Cn", "A", 0}, {"mail", "", 0}),
           "{\"id\":\"u-1\",\"login\":\"a\",\"name\":\"A\"}");
}

static void of_several_values_the_first_counts(void **state) {
    (void)state;
    expect(&names, "uid=a," BASE,
           ENTRY({"entryUUID", "u", 0}, {"uid", "a", 0}, {"uid", "b", 0}, {"cn", "A", 0}),
           "{\"id\":\"u\",\"login\":\"a\",\"name\":\"A\"}");
}

static void an_entry_without_login_says_so(void **state) {
    (void)state;
    expect(&names, "cn=a," BASE, ENTRY({"entryUUID", "u", 0}, {"cn", "A", 0}),
           "{\"id\":\"u\",\"name\":\"A\",\"problem\":\"login_missing\"}");
    expect(&names, "cn=a," BASE, ENTRY({"cn;lang-zh", "A", 0}), "{\"problem\":\"login_missing\"}");
}

static void a_text_that_is_none_is_left_out_and_told(void **state) {
    static const struct value bad[] = {{"cn", "\xff\xfe", 0},
                                       {"cn", "\xc0\xaf", 0},
                                       {"cn", "a\0b", 3},
                                       {"cn", "a\nb", 0},
                                       {"cn",
                                        "a\xe2\x80\xae"
                                        "b",
                                        0},
                                       {"cn", "\xed\xa0\x80", 0},
                                       {"cn", "\xf4\x90\x80\x80", 0},
                                       {"cn", "a\xc2\x85", 0},
                                       {"cn",
                                        "\xef\xbb\xbf"
                                        "a",
                                        0},
                                       {"cn", "a\xe2\x81\xa6", 0},
                                       {"cn", "\xe5\xae", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct value entry[] = {{"entryUUID", "u", 0}, {"uid", "a", 0}, bad[i]};
        expect(&names, "uid=a," BASE, entry, 3, "{\"id\":\"u\",\"login\":\"a\",\"problem\":\"bad_text\"}");
    }
}

static void a_text_that_is_too_long_is_left_out_and_told(void **state) {
    static const size_t most[] = {64, 63, 127, 200, 127, LDAP_PLACE_MOST};
    char text[600];
    (void)state;
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < LDAP_HAS_COUNT; i++) {
        const char *key = i == LDAP_HAS_DEPARTMENT ? "place" : ldap_attribute_names[i];
        char want[1024];
        const struct ldap_shape one = {.attribute = {[LDAP_HAS_LOGIN] = "uid", [0] = i == 0 ? "a" : NULL}};
        struct ldap_shape shape = one;
        shape.attribute[i] = "a";
        const char *login = i == LDAP_HAS_LOGIN ? "" : "\"login\":\"l\"";
        (void)snprintf(want, sizeof want, "{%s%s\"problem\":\"too_long\"}", login, *login == '\0' ? "" : ",");
        const struct value over[] = {{"uid", "l", 0}, {"a", text, most[i] + 1}};
        expect(&shape, "uid=a," BASE, over, 2, want);
        if (i == LDAP_HAS_ID)
            (void)snprintf(want, sizeof want, "{\"%s\":\"%.*s\",%s}", key, (int)most[i], text, login);
        else
            (void)snprintf(want, sizeof want, "{%s%s\"%s\":\"%.*s\"}", login, *login == '\0' ? "" : ",", key,
                           (int)most[i], text);
        const struct value fits[] = {{"uid", "l", 0}, {"a", text, most[i]}};
        expect(&shape, "uid=a," BASE, fits, 2, want);
    }
}

/* [MS-ADTS] section 3.1.1.1.4: objectGUID is sixteen bytes, any. */
static void an_id_of_bytes_is_told_in_hexadecimal(void **state) {
    static const char guid[16] = {0,   (char)0xff, '"', '\\', '\n', 0x7f, (char)0x80, ' ',
                                  ' ', 1,          2,   3,    4,    5,    6,          ' '};
    char text[64];
    (void)state;
    memset(text, 'z', sizeof text);
    expect(&directory, "CN=a," BASE,
           ENTRY({"objectGUID", guid, 16}, {"sAMAccountName", "a", 0}, {"displayName", "A", 0}),
           "{\"id\":\"00ff225c0a7f80202001020304050620\",\"login\":\"a\",\"name\":\"A\"}");
    expect(&directory, "CN=a," BASE, ENTRY({"objectGUID", text, 33}, {"sAMAccountName", "a", 0}),
           "{\"login\":\"a\",\"problem\":\"too_long\"}");
}

/* [MS-ADTS] section 3.1.1.3.1.3.3: an attribute of many values comes as "title;range=0-1499". None that is
 * asked for has many; one that comes so is not taken for the attribute. */
static void part_of_an_attributes_values_is_not_taken_for_it(void **state) {
    (void)state;
    expect(&names, "uid=a," BASE,
           ENTRY({"entryUUID", "u", 0}, {"uid", "a", 0}, {"title;range=0-1499", "T", 0}),
           "{\"id\":\"u\",\"login\":\"a\"}");
}

#define NO_ONE ENTRY({"entryUUID", "u", 0}, {"uid", "a", 0})

static void a_tree_is_named_from_the_top_and_below_the_base(void **state) {
    (void)state;
    expect(&tree, "uid=a,ou=East,ou=Sales," BASE, NO_ONE,
           "{\"id\":\"u\",\"login\":\"a\",\"place\":\"Sales/East\"}");
    expect(&tree, "uid=a," BASE, NO_ONE, "{\"id\":\"u\",\"login\":\"a\"}");
    expect(&tree, "uid=a,cn=x,OU=\\e4\\b8\\9c,l=y," BASE, NO_ONE,
           "{\"id\":\"u\",\"login\":\"a\",\"place\":\"东\"}");
    expect(&tree, "uid=a,ou=R/D\\, one," BASE, NO_ONE,
           "{\"id\":\"u\",\"login\":\"a\",\"place\":\"R／D, one\"}");
    expect(NULL, "ou=East,ou=Sales," BASE, NO_ONE, "\"Sales/East\"");
    expect(NULL, BASE, NO_ONE, "");
}

static void a_name_that_cannot_be_a_departments_is_told(void **state) {
    char dn[2048];
    size_t n = (size_t)snprintf(dn, sizeof dn, "uid=a");
    (void)state;
    expect(&tree, "uid=a,ou=\\ff\\fe," BASE, NO_ONE,
           "{\"id\":\"u\",\"login\":\"a\",\"problem\":\"bad_text\"}");
    expect(&tree, "uid=a,ou=a\\00b," BASE, NO_ONE, "{\"id\":\"u\",\"login\":\"a\",\"problem\":\"bad_text\"}");
    expect(&tree, "not a name at all", NO_ONE, "{\"id\":\"u\",\"login\":\"a\",\"problem\":\"bad_text\"}");
    expect(NULL, "ou=x,=y,,", NO_ONE, "");
    for (size_t i = 0; i < 17; i++)
        n += (size_t)snprintf(dn + n, sizeof dn - n, ",ou=u%zu", i);
    (void)snprintf(dn + n, sizeof dn - n, "," BASE);
    expect(&tree, dn, NO_ONE, "{\"id\":\"u\",\"login\":\"a\",\"problem\":\"too_long\"}");
    n = (size_t)snprintf(dn, sizeof dn, "uid=a,ou=");
    memset(dn + n, 'x', 128);
    (void)snprintf(dn + n + 128, sizeof dn - n - 128, "," BASE);
    expect(&tree, dn, NO_ONE, "{\"id\":\"u\",\"login\":\"a\",\"problem\":\"too_long\"}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_gives_its_texts_without_blanks_around_them),
        cmocka_unit_test(of_several_values_the_first_counts),
        cmocka_unit_test(an_entry_without_login_says_so),
        cmocka_unit_test(a_text_that_is_none_is_left_out_and_told),
        cmocka_unit_test(a_text_that_is_too_long_is_left_out_and_told),
        cmocka_unit_test(an_id_of_bytes_is_told_in_hexadecimal),
        cmocka_unit_test(part_of_an_attributes_values_is_not_taken_for_it),
        cmocka_unit_test(a_tree_is_named_from_the_top_and_below_the_base),
        cmocka_unit_test(a_name_that_cannot_be_a_departments_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
