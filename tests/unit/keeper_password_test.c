/* What is asked of passwords: rules by profile, lists, history, rotation. */
#include "keeper_world.h"

#include "base/clock.h"
#include "base/json_in.h"
#include "keeper/breached.h"
#include "keeper/credential.h"
#include "keeper/password_rules.h"

#include <sys/stat.h>

static int setup(void **state) {
    struct world *w = calloc(1, sizeof *w);
    world_new(w);
    world_fill(w);
    *state = w;
    return 0;
}

static int teardown(void **state) {
    world_free(*state);
    free(*state);
    return 0;
}

/* SHA-1 of "tumble-orchid-46-vex" and of "password-wang", and their first digits. */
#define LISTED_A      0xC
#define LISTED_A_HASH "C87C231673F94BF9BE677A740C719E08EBF0C33B"
#define LISTED_B      0x8
#define LISTED_B_HASH "837880FDB9CF5FA1B0098022506B3EBEA7F81586"

static const struct password_words nothing;

static void what_anybody_tries_first_is_guessable(void **state) {
    (void)state;
    static const char *const weak[] = {"password1234",   "P@ssw0rd2024!",  "qwertyuiop12",  "aaaaaaaaaaaa",
                                       "abcabcabcabc",   "1234567890ab",   "Kedun-Admin-1", "woaini520520",
                                       "1qaz2wsx3edc4r", "管理员密码2024", "Welcome2025!!"};
    static const char *const fine[] = {"correct horse battery", "a fresh long password", "rQ7#kd0Lm2vT",
                                       "窗外一树梨花白于雪色", "tumble-orchid-46-vex"};
    for (size_t i = 0; i < sizeof weak / sizeof weak[0]; i++) {
        if (!password_guessable(slice_from_string(weak[i]), &nothing))
            fail_msg("%s passes", weak[i]);
    }
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
        if (password_guessable(slice_from_string(fine[i]), &nothing))
            fail_msg("%s is refused", fine[i]);
    }
    struct password_words ours = {.word = {SLICE("huaxing"), SLICE("tumble")}, .count = 2};
    assert_true(password_guessable(SLICE("HuaX1ng-2024!"), &ours));
    assert_false(password_guessable(SLICE("HuaX1ng-2024!"), &nothing));
}

static enum status parse(const char *text, struct password_rules *out) {
    json_t *d = NULL;
    struct error e;
    assert_int_equal(json_read(slice_from_string(text), 0, &d, NULL), ST_OK);
    enum status s = password_rules_parse(d, out, &e);
    if (s != ST_OK)
        assert_string_equal(e.code, "bad_document");
    json_decref(d);
    return s;
}

static void rules_parse_by_profile(void **state) {
    (void)state;
    struct password_rules r;
    assert_int_equal(password_rules_parse(NULL, &r, NULL), ST_OK);
    assert_int_equal(r.least, 12);
    assert_int_equal(r.days, 0);
    assert_int_equal(parse("{\"profile\":\"dengbao3\"}", &r), ST_OK);
    assert_int_equal(r.kinds, 3);
    assert_int_equal(r.days, 90);
    assert_int_equal(r.history, 5);
    assert_int_equal(parse("{\"profile\":\"modern\",\"least\":15,\"words\":[\"huaxing\"]}", &r), ST_OK);
    assert_int_equal(r.least, 15);
    static const char *const bad[] = {"{}",
                                      "{\"profile\":\"strict\"}",
                                      "{\"profile\":\"modern\",\"least\":6}",
                                      "{\"profile\":\"modern\",\"days\":90}",
                                      "{\"profile\":\"modern\",\"kinds\":3}",
                                      "{\"profile\":\"dengbao3\",\"days\":0}",
                                      "{\"profile\":\"dengbao3\",\"words\":[\"\"]}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(parse(bad[i], &r), ST_INVALID);
}

static void check(const struct password_rules *r, const char *password, const char *code) {
    struct error e = {.code = ""};
    enum status s = password_rules_check(r, &nothing, slice_from_string(password), &e);
    assert_int_equal(s, code[0] == '\0' ? ST_OK : ST_INVALID);
    assert_string_equal(s == ST_OK ? "" : e.code, code);
}

static void a_refusal_says_why(void **state) {
    (void)state;
    struct password_rules modern = password_rules_default(), dengbao;
    assert_int_equal(parse("{\"profile\":\"dengbao3\"}", &dengbao), ST_OK);
    check(&modern, "tumble-vex", "password_short");
    check(&modern, "tumble orchid vex", "");
    check(&modern, "password2024", "password_guessable");
    check(&dengbao, "tumble-orchid", "password_kinds");
    check(&dengbao, "Tumble-orchid", "");
    check(&dengbao, "Tum-4rch", "password_short");
    check(&modern, "一二三四五六七八九十甲", "password_short"); /* characters, not bytes */
}

/* Lines as published, sorted, with the two passwords among them. */
static void write_list(struct world *w, const char *first_line) {
    char path[300];
    (void)snprintf(path, sizeof path, "%s/%s", w->state_dir, BREACHED_FILE);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    if (first_line != NULL)
        (void)fprintf(f, "%s\n", first_line);
    for (unsigned i = 0; i < 16; i++) {
        static const char *const real[16] = {[LISTED_A] = LISTED_A_HASH, [LISTED_B] = LISTED_B_HASH};
        (void)fprintf(f, "%X%039d:%u\r\n", i, 0, i + 1);
        if (real[i] != NULL)
            (void)fprintf(f, "%s:%d\r\n", real[i], 3730471);
        (void)fprintf(f, "%XFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF:1\r\n", i);
    }
    assert_int_equal(fclose(f), 0);
}

static void a_list_of_any_size_is_searched_by_halves(void **state) {
    struct world *w = *state;
    bool found = true;
    struct breached_state b;
    assert_int_equal(breached_find(w->state_dir, SLICE("tumble-orchid-46-vex"), &found), ST_OK);
    assert_false(found); /* there is no list */
    write_list(w, NULL);
    assert_int_equal(breached_find(w->state_dir, SLICE("tumble-orchid-46-vex"), &found), ST_OK);
    assert_true(found);
    assert_int_equal(breached_find(w->state_dir, SLICE("password-wang"), &found), ST_OK);
    assert_true(found);
    for (unsigned i = 0; i < 500; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "not listed %u", i);
        assert_int_equal(breached_find(w->state_dir, slice_from_string(text), &found), ST_OK);
        assert_false(found);
    }
    breached_look(w->state_dir, &b);
    assert_true(b.present && !b.damaged && b.size > 1000);
    write_list(w, "# a comment");
    breached_look(w->state_dir, &b);
    assert_true(b.damaged);
}

static enum status change(struct world *w, struct keeper_call *call, const char *old, const char *fresh,
                          struct error *e) {
    struct token token;
    e->code[0] = '\0';
    enum status s =
        keeper_password_change(w->k, call, slice_from_string(old), slice_from_string(fresh), &token, e);
    if (s == ST_OK)
        call->token = token;
    return s;
}

static void put_company(struct world *w, const char *passwords) {
    struct error e = {.status = ST_OK};
    struct keeper_call sec = world_sign_in(w, "sec");
    char document[400];
    uint32_t made;
    (void)snprintf(document, sizeof document, "{\"version\":%llu,\"sign_in\":{\"passwords\":%s}}",
                   world_company(w, &sec), passwords);
    assert_int_equal(
        keeper_registry_put(w->k, &sec, REGISTRY_COMPANY, 1, slice_from_string(document), &made, &e), ST_OK);
}

static void a_breached_password_is_refused_and_one_that_is_in_use_is_replaced(void **state) {
    struct world *w = *state;
    struct error e;
    struct principal who;
    struct keeper_call li = world_sign_in(w, "li");
    write_list(w, NULL);
    assert_int_equal(change(w, &li, "password-li", "tumble-orchid-46-vex", &e), ST_INVALID);
    assert_string_equal(e.code, "password_breached");
    struct keeper_call wang = world_sign_in(w, "wang");
    struct slice json;
    assert_int_equal(keeper_session(w->k, &wang, &who, &e), ST_OK);
    assert_true(who.must_change_password);
    assert_int_equal(keeper_sign_in_state(w->k, &wang, &json, &e), ST_OK); /* the rules to choose by */
    assert_int_equal(change(w, &wang, "password-wang", "tumble-orchid-47-vex", &e), ST_OK);
    assert_int_equal(keeper_session(w->k, &wang, &who, &e), ST_OK);
    assert_false(who.must_change_password);
}

static void the_last_ones_do_not_come_back(void **state) {
    struct world *w = *state;
    struct error e;
    put_company(w, "{\"profile\":\"dengbao3\",\"history\":2}");
    struct keeper_call wang = world_sign_in(w, "wang");
    assert_int_equal(change(w, &wang, "password-wang", "Tumble-orchid-1", &e), ST_OK);
    assert_int_equal(change(w, &wang, "Tumble-orchid-1", "Tumble-orchid-1", &e), ST_INVALID);
    assert_string_equal(e.code, "password_used_before");
    assert_int_equal(change(w, &wang, "Tumble-orchid-1", "Tumble-orchid-2", &e), ST_OK);
    assert_int_equal(change(w, &wang, "Tumble-orchid-2", "Tumble-orchid-1", &e), ST_INVALID);
    assert_string_equal(e.code, "password_used_before");
    world_restart(w);
    assert_int_equal(change(w, &wang, "Tumble-orchid-2", "Tumble-orchid-3", &e), ST_OK);
    assert_int_equal(change(w, &wang, "Tumble-orchid-3", "Tumble-orchid-4", &e), ST_OK);
    assert_int_equal(change(w, &wang, "Tumble-orchid-4", "Tumble-orchid-1", &e), ST_OK);
}

/* As if the password of user 1 had been set so long ago. */
static void set_age(struct vault *v, int64_t age) {
    const uint8_t key[4] = {1};
    struct buf at;
    buf_init(&at, 8, false);
    buf_put_u64(&at, (uint64_t)(clock_wall_ms() - age));
    const struct vault_change c = {VAULT_PASSWORD_PAST, slice_of(key, 4), buf_slice(&at)};
    assert_int_equal(vault_commit(v, &c, 1), ST_OK);
    buf_free(&at);
}

static void a_one_time_password_lets_in_for_three_days(void **state) {
    struct world *w = *state;
    struct error e;
    char dir[256], keys_dir[256];
    struct keyring *keys;
    struct vault *v;
    struct credentials *c;
    bool must = false;
    const int64_t hour = 3600 * (int64_t)1000;
    const struct password_cost cheap = {64, 1, 1};
    (void)snprintf(dir, sizeof dir, "%s/once", w->dir);
    (void)snprintf(keys_dir, sizeof keys_dir, "%s/once-keys", w->dir);
    assert_int_equal(mkdir(dir, 0700) + mkdir(keys_dir, 0700), 0);
    assert_int_equal(keyring_open(keys_dir, dir, &keys, &e), ST_OK);
    assert_int_equal(vault_open(dir, keys->vault, &v, &e), ST_OK);
    assert_int_equal(credentials_open(v, keys, cheap, &c, &e), ST_OK);
    struct slice once = SLICE("tumble-orchid");
    assert_int_equal(credentials_set(c, 1, SLICE("wang"), once, true, 0, &e), ST_OK);
    set_age(v, 71 * hour);
    assert_int_equal(credentials_verify(c, 1, once, &must, &e), ST_OK);
    assert_true(must);
    set_age(v, 72 * hour);
    assert_int_equal(credentials_verify(c, 1, once, &must, &e), ST_UNAUTHENTICATED);
    assert_string_equal(e.code, "sign_in_failed");
    assert_int_equal(credentials_set(c, 1, SLICE("wang"), once, false, 0, &e), ST_OK);
    set_age(v, 1000 * hour);
    assert_int_equal(credentials_verify(c, 1, once, &must, &e), ST_OK);
    credentials_close(c);
    vault_close(v);
    keyring_close(keys);
}

static void the_companys_own_words_are_no_password(void **state) {
    struct world *w = *state;
    struct error e;
    put_company(w, "{\"profile\":\"modern\",\"words\":[\"huaxing\"]}");
    struct keeper_call wang = world_sign_in(w, "wang");
    assert_int_equal(change(w, &wang, "password-wang", "Huaxing#2024.", &e), ST_INVALID);
    assert_string_equal(e.code, "password_guessable");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_one_time_password_lets_in_for_three_days, setup, teardown),
        cmocka_unit_test(what_anybody_tries_first_is_guessable),
        cmocka_unit_test(rules_parse_by_profile),
        cmocka_unit_test(a_refusal_says_why),
        cmocka_unit_test_setup_teardown(a_list_of_any_size_is_searched_by_halves, setup, teardown),
        cmocka_unit_test_setup_teardown(a_breached_password_is_refused_and_one_that_is_in_use_is_replaced,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(the_last_ones_do_not_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(the_companys_own_words_are_no_password, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
