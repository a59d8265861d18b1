/* The registry by itself: whom a mail finds, what new items may be called. */
#include "base/clock.h"
#include "keeper/registry_parse.h"
#include "keeper_world.h"

struct place {
    char dir[64];
    struct vault *vault;
    struct registry *r;
};

enum { STAFF = 1, SYS, SEC };

static const struct registry_writer sys = {.user = SYS, .duties = DUTY_SYSTEM_ADMIN};
static const struct registry_writer sec = {.user = SEC, .duties = DUTY_SECURITY_ADMIN};
static const struct registry_writer both = {
    .user = SYS, .duties = DUTY_SYSTEM_ADMIN | DUTY_SECURITY_ADMIN, .second = SEC};

static enum status put(struct place *p, const struct registry_writer *who, uint8_t kind, uint32_t id,
                       const char *document, struct error *e) {
    uint32_t made;
    return registry_put(p->r, who, kind, id, slice_from_string(document), &made, e);
}

static int setup(void **state) {
    static const uint8_t key[32] = {1, 2, 3};
    static const char *const people[] = {
        "{\"login\":\"a\",\"name\":\"A\",\"department\":2}",
        "{\"login\":\"sys\",\"name\":\"S\",\"duties\":[\"system_admin\"]}",
        "{\"login\":\"sec\",\"name\":\"S\",\"duties\":[\"security_admin\"]}"};
    struct place *p = calloc(1, sizeof *p);
    struct error e;
    assert_non_null(p);
    assert_int_equal(crypto_start(&e), ST_OK);
    (void)snprintf(p->dir, sizeof p->dir, "/tmp/kedun-registry-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    assert_int_equal(vault_open(p->dir, key, &p->vault, &e), ST_OK);
    assert_int_equal(registry_open(p->vault, &p->r, &e), ST_OK);
    assert_int_equal(put(p, NULL, REGISTRY_DEPARTMENT, 0, "{\"name\":\"one\",\"parent\":0}", &e), ST_OK);
    assert_int_equal(put(p, NULL, REGISTRY_DEPARTMENT, 0, "{\"name\":\"two\",\"parent\":0}", &e), ST_OK);
    assert_int_equal(put(p, NULL, REGISTRY_DEPARTMENT, 0, "{\"name\":\"three\",\"parent\":1}", &e), ST_OK);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(put(p, NULL, REGISTRY_USER, 0, people[i], &e), ST_OK);
    *state = p;
    return 0;
}

static int teardown(void **state) {
    struct place *p = *state;
    registry_close(p->r);
    vault_close(p->vault);
    (void)nftw(p->dir, world_unlink, 16, FTW_DEPTH | FTW_PHYS);
    free(p);
    return 0;
}

static void a_mail_that_one_person_wrote_alone_finds_nobody(void **state) {
    struct place *p = *state;
    struct error e;
    uint32_t user;
    registry_guard_mail(p->r, true);
    const char *made = "{\"login\":\"b\",\"name\":\"B\",\"mail\":\"Sys@Example.com\"}";
    assert_int_equal(put(p, &sys, REGISTRY_USER, 0, made, &e), ST_OK);
    assert_int_equal(registry_by_mail(p->r, "sys@example.com", &user), ST_NOT_FOUND);
    assert_int_equal(put(p, &sys, REGISTRY_USER, 4, "{\"mail_confirmed\":true}", &e), ST_DENIED);
    assert_int_equal(put(p, &sys, REGISTRY_USER, 0,
                         "{\"login\":\"c\",\"name\":\"C\",\"mail\":\"c@x.cn\",\"mail_confirmed\":true}", &e),
                     ST_DENIED);
    assert_int_equal(put(p, &sec, REGISTRY_USER, 4, "{\"mail_confirmed\":true}", &e), ST_OK);
    assert_int_equal(registry_by_mail(p->r, "sys@example.com", &user), ST_OK);
    assert_int_equal(user, 4);
}

static void a_changed_mail_is_confirmed_no_more_unless_two_changed_it(void **state) {
    struct place *p = *state;
    struct error e;
    uint32_t user;
    assert_int_equal(put(p, &both, REGISTRY_USER, STAFF, "{\"mail\":\"a@x.cn\"}", &e), ST_OK);
    assert_int_equal(registry_by_mail(p->r, "a@x.cn", &user), ST_OK);
    assert_int_equal(put(p, &sys, REGISTRY_USER, STAFF, "{\"name\":\"Other\"}", &e), ST_OK);
    assert_int_equal(registry_by_mail(p->r, "a@x.cn", &user), ST_OK);
    assert_int_equal(put(p, &sys, REGISTRY_USER, STAFF, "{\"mail\":\"evil@x.cn\"}", &e), ST_OK);
    assert_int_equal(registry_by_mail(p->r, "evil@x.cn", &user), ST_NOT_FOUND);
    assert_int_equal(put(p, &both, REGISTRY_USER, STAFF, "{\"mail\":\"evil@x.cn\"}", &e), ST_OK);
    assert_int_equal(registry_by_mail(p->r, "evil@x.cn", &user), ST_OK);
}

static void somebody_is_in_the_departments_of_all_posts_that_he_holds(void **state) {
    struct place *p = *state;
    struct error e;
    const uint32_t one[] = {1}, two[] = {2};
    assert_true(registry_in_departments(p->r, STAFF, two, 1));
    assert_int_equal(put(p, &sys, REGISTRY_USER, STAFF,
                         "{\"posts\":[{\"department\":2,\"from\":1,\"until\":2},"
                         "{\"department\":3,\"from\":1}]}",
                         &e),
                     ST_OK);
    assert_true(registry_in_departments(p->r, STAFF, one, 1)); /* 3 is below 1 */
    assert_false(registry_in_departments(p->r, STAFF, two, 1));
}

static void a_new_item_gets_the_next_id_and_no_other(void **state) {
    struct place *p = *state;
    struct error e;
    const char *made = "{\"login\":\"n\",\"name\":\"N\"}";
    assert_int_equal(put(p, &sys, REGISTRY_USER, UINT32_MAX, made, &e), ST_NOT_FOUND);
    assert_int_equal(put(p, &sys, REGISTRY_USER, 5, made, &e), ST_NOT_FOUND);
    assert_int_equal(put(p, &sys, REGISTRY_USER, 4, made, &e), ST_OK);
    assert_int_equal(put(p, &sec, REGISTRY_COMPANY, 2, "{}", &e), ST_NOT_FOUND);
    assert_int_equal(put(p, &sec, REGISTRY_COMPANY, 0, "{}", &e), ST_OK);
}

static void a_posts_id_has_a_bound(void **state) {
    struct place *p = *state;
    struct error e;
    struct arena a;
    struct slice text;
    arena_init(&a, 1 << 16, ARENA_PLAIN);
    assert_int_equal(put(p, &sys, REGISTRY_USER, STAFF,
                         "{\"posts\":[{\"id\":9223372036854775807,\"department\":3,\"from\":1}]}", &e),
                     ST_OK);
    assert_true(registry_document(p->r, REGISTRY_USER, STAFF, &a, &text));
    assert_non_null(memmem(text.p, text.n, "\"id\":1}", 7));
    arena_free(&a);
    assert_int_equal(put(p, &sys, REGISTRY_USER, STAFF,
                         "{\"posts\":[{\"id\":4294967295,\"department\":2,\"from\":1}]}", &e),
                     ST_INVALID);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_mail_that_one_person_wrote_alone_finds_nobody),
        CASE(a_changed_mail_is_confirmed_no_more_unless_two_changed_it),
        CASE(somebody_is_in_the_departments_of_all_posts_that_he_holds),
        CASE(a_new_item_gets_the_next_id_and_no_other),
        CASE(a_posts_id_has_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
