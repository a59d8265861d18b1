/* Second factors: codes of an authenticator app, recovery codes, and what half a session may do. */
#include "keeper_world.h"

#include "base/clock.h"
#include "crypto/otp.h"
#include "keeper/client_factor.h"
#include "keeper/factor_store.h"
#include "keeper/session.h"

#include <sys/stat.h>

static int setup(void **state) {
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    world_new(w);
    world_put(
        w, REGISTRY_ROLE,
        "{\"name\":\"guarded\",\"ceiling\":{\"personal\":\"clear\"},\"sign_in\":{\"second_factor\":true}}");
    world_put(w, REGISTRY_ROLE, "{\"name\":\"elsewhere\",\"sign_in\":{\"networks\":[\"10.0.0.0/8\"]}}");
    world_fill(w);
    *state = w;
    return 0;
}

static int teardown(void **state) {
    world_free(*state);
    free(*state);
    return 0;
}

/* The code that an app would show `steps` from now. */
static const char *code_of(const uint8_t secret[FACTOR_SECRET], int64_t now, int steps) {
    static char code[OTP_DIGITS_MAX + 1];
    uint64_t step = otp_step(now) + (uint64_t)(int64_t)steps;
    assert_int_equal(otp_code(OTP_SHA1, slice_of(secret, FACTOR_SECRET), step, FACTOR_DIGITS, code), ST_OK);
    return code;
}

static struct slice text(const char *s) {
    return slice_from_string(s);
}

static const uint8_t home[16] = {[10] = 0xff, [11] = 0xff, [12] = 203, [15] = 1};

struct bench {
    struct vault *vault;
    struct keyring *keys;
    struct factors *f;
    uint8_t secret[FACTOR_SECRET];
    struct error e;
};

/* Factors of their own files, where the test is the clock. */
static void bench_open(struct bench *b, struct world *w, const char *name) {
    char dir[256], keys[256];
    memset(b, 0, sizeof *b);
    (void)snprintf(dir, sizeof dir, "%s/%s", w->dir, name);
    (void)snprintf(keys, sizeof keys, "%s/%s-keys", w->dir, name);
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(mkdir(keys, 0700), 0);
    assert_int_equal(keyring_open(keys, dir, &b->keys, &b->e), ST_OK);
    assert_int_equal(vault_open(dir, b->keys->vault, &b->vault, &b->e), ST_OK);
    assert_int_equal(factors_open(b->vault, b->keys, &b->f, &b->e), ST_OK);
}

static void bench_close(struct bench *b) {
    factors_close(b->f);
    vault_close(b->vault);
    keyring_close(b->keys);
}

static void bench_enrol(struct bench *b, int64_t now) {
    assert_int_equal(factors_totp_begin(b->f, 1, now, b->secret, &b->e), ST_OK);
    assert_int_equal(factors_totp_confirm(b->f, 1, text(code_of(b->secret, now, 0)), home, now, &b->e),
                     ST_OK);
}

#define NOON ((int64_t)1800000000 * 1000)

static enum status take(struct bench *b, const char *code, int64_t now) {
    return factors_check(b->f, 1, FACTOR_KIND_TOTP, text(code), home, now, &b->e);
}

static void a_code_counts_once_and_one_step_early_or_late(void **state) {
    struct bench b;
    bench_open(&b, *state, "once");
    bench_enrol(&b, NOON);
    assert_int_equal(take(&b, code_of(b.secret, NOON, 0), NOON), ST_DENIED); /* confirmed the set-up */
    assert_string_equal(b.e.code, "factor_wrong");
    int64_t now = NOON + 10 * OTP_STEP_MS;
    assert_int_equal(take(&b, code_of(b.secret, now, -2), now), ST_DENIED);
    assert_int_equal(take(&b, code_of(b.secret, now, 2), now), ST_DENIED);
    assert_int_equal(take(&b, code_of(b.secret, now, -1), now), ST_OK);
    assert_int_equal(take(&b, code_of(b.secret, now, -1), now), ST_DENIED);
    assert_int_equal(take(&b, code_of(b.secret, now, 1), now), ST_OK);
    /* Older than one that was taken: somebody else's copy. */
    assert_int_equal(take(&b, code_of(b.secret, now, 0), now), ST_DENIED);
    bench_close(&b);
}

static void wrong_codes_make_the_next_one_wait_longer_and_longer(void **state) {
    struct bench b;
    bench_open(&b, *state, "slow");
    bench_enrol(&b, NOON);
    int64_t now = NOON + 100 * OTP_STEP_MS;
    for (int i = 0; i < FACTOR_FREE; i++)
        assert_int_equal(take(&b, "000000x", now), ST_DENIED);
    const char *good = code_of(b.secret, now, 0);
    assert_int_equal(take(&b, good, now), ST_LIMIT);
    assert_string_equal(b.e.code, "sign_in_slow");
    assert_string_equal(b.e.detail, "30");
    now += 30000;
    assert_int_equal(take(&b, "000000x", now), ST_DENIED);
    assert_int_equal(take(&b, code_of(b.secret, now, 0), now + 59000), ST_LIMIT);
    now += 60000;
    assert_int_equal(take(&b, code_of(b.secret, now, 0), now), ST_OK);
    now += OTP_STEP_MS;
    assert_int_equal(take(&b, "000000x", now), ST_DENIED); /* counted from nought again */
    assert_int_equal(take(&b, code_of(b.secret, now, 1), now), ST_OK);
    bench_close(&b);
}

static enum status take_at(struct bench *b, const char *code, uint8_t host, int64_t now) {
    const uint8_t address[16] = {[10] = 0xff, [11] = 0xff, [12] = 198, [15] = host};
    return factors_check(b->f, 1, FACTOR_KIND_TOTP, text(code), address, now, &b->e);
}

static void wrong_codes_elsewhere_keep_nobody_out_but_an_hour_has_a_bound(void **state) {
    struct bench b;
    bench_open(&b, *state, "bound");
    bench_enrol(&b, NOON);
    int64_t now = NOON + 10 * OTP_STEP_MS;
    for (int i = 0; i < 50; i++)
        (void)(take_at(&b, "000000x", 1, now) == ST_OK);
    assert_int_equal(take_at(&b, code_of(b.secret, now, 0), 1, now), ST_LIMIT);
    assert_int_equal(take(&b, code_of(b.secret, now, 0), now), ST_OK); /* from home */
    int looked_at = FACTOR_FREE;
    for (int i = 0; i < 400; i++)
        looked_at += take_at(&b, "000000x", (uint8_t)(2 + i / 4), now) == ST_DENIED;
    assert_int_equal(looked_at, FACTOR_HOUR);
    assert_int_equal(take(&b, code_of(b.secret, now, 1), now), ST_LIMIT);
    assert_string_equal(b.e.detail, "3600");
    now += (int64_t)3600 * 1000;
    assert_int_equal(take(&b, code_of(b.secret, now, 0), now), ST_OK);
    bench_close(&b);
}

static void a_set_up_ends_after_a_quarter_of_an_hour(void **state) {
    struct bench b;
    bench_open(&b, *state, "late");
    bool has = true;
    assert_int_equal(factors_totp_begin(b.f, 1, NOON, b.secret, &b.e), ST_OK);
    int64_t late = NOON + FACTOR_FRESH_MS + 1;
    assert_int_equal(factors_totp_confirm(b.f, 1, text(code_of(b.secret, late, 0)), home, late, &b.e),
                     ST_NOT_FOUND);
    assert_int_equal(factors_has(b.f, 1, &has), ST_OK);
    assert_false(has);
    bench_close(&b);
}

static void recovery_codes_count_once_each_and_the_old_ones_go_with_new_ones(void **state) {
    struct bench b;
    struct factor_codes first, second;
    struct factor_record r;
    bench_open(&b, *state, "recovery");
    bench_enrol(&b, NOON);
    assert_int_equal(factors_recovery_make(b.f, 1, NOON, &first, &b.e), ST_OK);
    struct slice one = text(first.text[3]);
    assert_int_equal(factors_check(b.f, 1, FACTOR_KIND_RECOVERY, one, home, NOON, &b.e), ST_OK);
    assert_int_equal(factors_check(b.f, 1, FACTOR_KIND_RECOVERY, one, home, NOON, &b.e), ST_DENIED);
    assert_int_equal(factors_check(b.f, 2, FACTOR_KIND_RECOVERY, text(first.text[4]), home, NOON, &b.e),
                     ST_DENIED);
    char lower[64];
    size_t n = 0;
    for (const char *c = first.text[5]; *c != '\0'; c++) { /* as people type them */
        if (*c != '-')
            lower[n++] = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    }
    assert_int_equal(factors_check(b.f, 1, FACTOR_KIND_RECOVERY, slice_of(lower, n), home, NOON, &b.e),
                     ST_OK);
    assert_int_equal(factors_load(b.f, 1, &r), ST_OK);
    assert_int_equal(r.recovery_count, FACTOR_RECOVERY - 2);
    assert_int_equal(factors_recovery_make(b.f, 1, NOON, &second, &b.e), ST_OK);
    assert_int_equal(factors_check(b.f, 1, FACTOR_KIND_RECOVERY, text(first.text[0]), home, NOON, &b.e),
                     ST_DENIED);
    assert_int_equal(factors_check(b.f, 1, FACTOR_KIND_RECOVERY, text(second.text[0]), home, NOON, &b.e),
                     ST_OK);
    bench_close(&b);
}

static void the_last_factor_stays_though_two_removals_were_permitted_at_once(void **state) {
    struct bench b;
    struct factor_record r;
    bool has = false;
    bench_open(&b, *state, "last");
    bench_enrol(&b, NOON);
    assert_int_equal(factor_read(b.f, 1, &r), ST_OK);
    r.passkeys[0] = (struct factor_passkey){.id_n = 5, .name = "key"};
    r.passkeys[0].key = (struct verify_key){.algorithm = VERIFY_RS256, .first_n = 256, .second_n = 3};
    r.passkey_count = 1;
    assert_int_equal(factor_write(b.f, 1, &r), ST_OK);
    struct slice id = slice_of(r.passkeys[0].id, 5);
    assert_int_equal(factors_remove(b.f, 1, FACTOR_KIND_TOTP, SLICE_NONE, true, &b.e), ST_OK);
    assert_int_equal(factors_remove(b.f, 1, FACTOR_KIND_PASSKEY, id, true, &b.e), ST_DENIED);
    assert_string_equal(b.e.code, "factor_demanded");
    assert_int_equal(factors_has(b.f, 1, &has), ST_OK);
    assert_true(has);
    assert_int_equal(factors_remove(b.f, 1, FACTOR_KIND_PASSKEY, id, false, &b.e), ST_OK);
    bench_close(&b);
}

static void what_is_kept_reads_back(void **state) {
    (void)state;
    struct factor_record in = {.has_totp = true, .last_step = 77, .recovery_count = 2, .passkey_count = 2},
                         out;
    in.passkeys[1] = (struct factor_passkey){.id_n = 5, .counter = 9, .name = "手机"};
    in.passkeys[1].key = (struct verify_key){.algorithm = VERIFY_RS256, .first_n = 256, .second_n = 3};
    struct buf b;
    buf_init(&b, VAULT_VALUE_MAX, true);
    factor_record_write(&b, &in);
    assert_true(factor_record_read(buf_slice(&b), &out));
    assert_memory_equal(&in, &out, sizeof in);
    for (size_t n = 0; n < b.n; n++)
        assert_false(factor_record_read(slice_of(b.p, n), &out));
    buf_free(&b);
}

static enum status sign_in(struct world *w, const char *login, struct keeper_call *call,
                           struct principal *who, struct error *e) {
    char password[80];
    *call = (struct keeper_call){.address = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}};
    (void)snprintf(password, sizeof password, "password-%s", login);
    return keeper_sign_in(w->k, call, text(login), text(password), SLICE("test"), &call->token, who, e);
}

static void decode_secret(struct slice json, uint8_t secret[FACTOR_SECRET]) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const char *at = memmem(json.p, json.n, "\"secret\":\"", 10);
    assert_non_null(at);
    uint64_t bits = 0;
    unsigned held = 0, n = 0;
    for (at += 10; *at != '"'; at++) {
        bits = bits << 5 | (uint64_t)(strchr(letters, *at) - letters);
        held += 5;
        if (held >= 8) {
            held -= 8;
            secret[n++] = (uint8_t)(bits >> held);
        }
    }
    assert_int_equal(n, FACTOR_SECRET);
}

/* Sets an app up for whoever calls; `recovery` receives the first recovery code. */
static void enrol(struct world *w, const char *login, struct keeper_call *call, uint8_t secret[FACTOR_SECRET],
                  char recovery[FACTOR_RECOVERY_TEXT + 1]) {
    struct error e = {.status = ST_OK};
    struct slice json;
    char password[80];
    (void)snprintf(password, sizeof password, "password-%s", login);
    assert_int_equal(keeper_factor_begin(w->k, call, FACTOR_KIND_TOTP, text(password), &json, &e), ST_OK);
    decode_secret(json, secret);
    struct keeper_factor_proof proof = {.kind = FACTOR_KIND_TOTP,
                                        .code = text(code_of(secret, clock_wall_ms(), 0))};
    assert_int_equal(keeper_factor_confirm(w->k, call, &proof, SLICE_NONE, &call->token, &json, &e), ST_OK);
    const char *at = memmem(json.p, json.n, "[\"", 2);
    assert_non_null(at);
    memcpy(recovery, at + 2, FACTOR_RECOVERY_TEXT);
    recovery[FACTOR_RECOVERY_TEXT] = '\0';
}

static void half_sessions_end_no_whole_one(void **state) {
    struct world *w = *state;
    struct error e;
    struct principal who;
    struct keeper_call call, half;
    uint8_t secret[FACTOR_SECRET];
    char recovery[FACTOR_RECOVERY_TEXT + 1];
    assert_int_equal(sign_in(w, "wang", &call, &who, &e), ST_OK);
    enrol(w, "wang", &call, secret, recovery);
    for (int i = 0; i < SESSIONS_PER_USER + 2; i++)
        assert_int_equal(sign_in(w, "wang", &half, &who, &e), ST_OK);
    assert_int_equal(who.step, SIGN_IN_FACTOR);
    assert_int_equal(keeper_session(w->k, &call, &who, &e), ST_OK);
}

static void half_a_session_may_only_finish_its_sign_in(void **state) {
    struct world *w = *state;
    struct error e;
    struct principal who;
    struct keeper_call call, half;
    struct slice json;
    uint8_t secret[FACTOR_SECRET];
    char recovery[FACTOR_RECOVERY_TEXT + 1];
    assert_int_equal(sign_in(w, "wang", &call, &who, &e), ST_OK);
    assert_int_equal(who.step, SIGN_IN_DONE);
    struct keeper_factor_proof none = {.kind = FACTOR_KIND_TOTP, .code = SLICE("123456")};
    assert_int_equal(keeper_factor_begin(w->k, &call, FACTOR_KIND_TOTP, SLICE("wrong-password"), &json, &e),
                     ST_DENIED);
    assert_string_equal(e.code, "password_wrong");
    struct world_row row = world_row(w, &call, "张三", "+8613800001234", "330102199001011234");
    enrol(w, "wang", &call, secret, recovery);
    assert_int_equal(keeper_session(w->k, &call, &who, &e), ST_OK);
    assert_true(who.second_factor_at > 0);

    assert_int_equal(sign_in(w, "wang", &half, &who, &e), ST_OK);
    assert_int_equal(who.step, SIGN_IN_FACTOR);
    assert_int_equal(who.second_factor_at, 0);
    struct keeper_opened got;
    uint8_t views[] = {VIEW_CLEAR, VIEW_HIDDEN, VIEW_HIDDEN};
    assert_int_equal(world_open(w, &half, &row, 1, views, &got, &e), ST_DENIED);
    assert_string_equal(e.code, "second_factor_pending");
    struct token token;
    assert_int_equal(keeper_rotate(w->k, &half, &token, &e), ST_DENIED);
    assert_int_equal(
        keeper_password_change(w->k, &half, SLICE("password-wang"), SLICE("another-password"), &token, &e),
        ST_DENIED);
    assert_int_equal(keeper_factor_begin(w->k, &half, FACTOR_KIND_TOTP, SLICE("password-wang"), &json, &e),
                     ST_DENIED);
    assert_int_equal(keeper_second_factor(w->k, &half, &none, &token, &who, &e), ST_DENIED);
    assert_string_equal(e.code, "factor_wrong");
    struct keeper_factor_proof good = {.kind = FACTOR_KIND_TOTP,
                                       .code = text(code_of(secret, clock_wall_ms(), 1))};
    assert_int_equal(keeper_second_factor(w->k, &half, &good, &token, &who, &e), ST_OK);
    assert_int_equal(who.step, SIGN_IN_DONE);
    assert_int_equal(keeper_session(w->k, &half, &who, &e), ST_UNAUTHENTICATED); /* the old token */
    half.token = token;
    assert_int_equal(world_open(w, &half, &row, 1, views, &got, &e), ST_OK);

    assert_int_equal(sign_in(w, "wang", &half, &who, &e), ST_OK);
    struct keeper_factor_proof code = {.kind = FACTOR_KIND_RECOVERY, .code = text(recovery)};
    assert_int_equal(keeper_second_factor(w->k, &half, &good, &token, &who, &e), ST_DENIED); /* used */
    assert_int_equal(keeper_second_factor(w->k, &half, &code, &token, &who, &e), ST_OK);
}

static void a_half_session_stays_half_over_a_restart(void **state) {
    struct world *w = *state;
    struct error e;
    struct principal who;
    struct keeper_call call, half;
    uint8_t secret[FACTOR_SECRET];
    char recovery[FACTOR_RECOVERY_TEXT + 1];
    assert_int_equal(sign_in(w, "li", &call, &who, &e), ST_OK);
    enrol(w, "li", &call, secret, recovery);
    assert_int_equal(sign_in(w, "li", &half, &who, &e), ST_OK);
    world_restart(w);
    assert_int_equal(keeper_session(w->k, &half, &who, &e), ST_OK);
    assert_int_equal(who.step, SIGN_IN_FACTOR);
    struct slice json;
    assert_int_equal(keeper_budgets(w->k, &half, &json, &e), ST_DENIED);
}

static void a_role_may_demand_a_factor_which_is_set_up_first_and_then_stays(void **state) {
    struct world *w = *state;
    struct error e = {.status = ST_OK};
    struct principal who;
    struct keeper_call sec = world_sign_in(w, "sec"), boss;
    struct slice json;
    uint32_t made;
    uint8_t secret[FACTOR_SECRET];
    char recovery[FACTOR_RECOVERY_TEXT + 1];
    assert_int_equal(keeper_registry_put(w->k, &sec, REGISTRY_USER, 6,
                                         SLICE("{\"login\":\"boss\",\"name\":\"B\",\"roles\":[\"guarded\"]}"),
                                         &made, &e),
                     ST_OK);
    assert_int_equal(sign_in(w, "boss", &boss, &who, &e), ST_OK);
    assert_int_equal(who.step, SIGN_IN_ENROL);
    assert_int_equal(keeper_budgets(w->k, &boss, &json, &e), ST_DENIED);
    assert_string_equal(e.code, "second_factor_enrol");
    enrol(w, "boss", &boss, secret, recovery);
    assert_int_equal(keeper_budgets(w->k, &boss, &json, &e), ST_OK);
    assert_int_equal(keeper_factor_remove(w->k, &boss, FACTOR_KIND_TOTP, SLICE_NONE, &e), ST_DENIED);
    assert_string_equal(e.code, "factor_demanded");

    /* Lost: two administrators of different duties reset it, nobody his own, and the sessions end. */
    struct keeper_call sys = world_sign_in(w, "sys"), aud = world_sign_in(w, "aud"),
                       li = world_sign_in(w, "li");
    struct slice boss_lost = SLICE("{\"kind\":\"factor\",\"user\":6,\"reason\":\"lost\",\"change\":{}}"),
                 own = SLICE("{\"kind\":\"factor\",\"user\":4,\"reason\":\"lost\",\"change\":{}}"),
                 secret_half;
    uint64_t id;
    assert_int_equal(keeper_propose(w->k, &li, boss_lost, &id, &secret_half, &e), ST_DENIED);
    assert_int_equal(keeper_propose(w->k, &sec, own, &id, &secret_half, &e), ST_DENIED);
    assert_int_equal(keeper_propose(w->k, &sec, boss_lost, &id, &secret_half, &e), ST_OK);
    assert_int_equal(keeper_decide(w->k, &sec, id, true, SLICE(""), &secret_half, &e), ST_DENIED);
    assert_int_equal(keeper_decide(w->k, &aud, id, true, SLICE(""), &secret_half, &e), ST_DENIED);
    assert_int_equal(keeper_session(w->k, &boss, &who, &e), ST_OK); /* nothing happened yet */
    assert_int_equal(keeper_decide(w->k, &sys, id, true, SLICE(""), &secret_half, &e), ST_OK);
    assert_int_equal(keeper_session(w->k, &boss, &who, &e), ST_UNAUTHENTICATED);
    assert_int_equal(sign_in(w, "boss", &boss, &who, &e), ST_OK);
    assert_int_equal(who.step, SIGN_IN_ENROL);
}

static void changing_factors_needs_a_fresh_one(void **state) {
    struct world *w = *state;
    struct error e;
    struct principal who;
    struct keeper_call call;
    uint8_t secret[FACTOR_SECRET];
    char recovery[FACTOR_RECOVERY_TEXT + 1];
    struct slice json;
    assert_int_equal(sign_in(w, "wang", &call, &who, &e), ST_OK);
    struct keeper_call other = call;
    assert_int_equal(sign_in(w, "wang", &other, &who, &e), ST_OK);
    enrol(w, "wang", &call, secret, recovery);
    /* The other session is whole, from before there was a factor, and has shown none. */
    assert_int_equal(keeper_factor_remove(w->k, &other, FACTOR_KIND_TOTP, SLICE_NONE, &e), ST_DENIED);
    assert_string_equal(e.code, "second_factor_required");
    assert_int_equal(
        keeper_factor_begin(w->k, &other, FACTOR_KIND_RECOVERY, SLICE("password-wang"), &json, &e),
        ST_DENIED);
    assert_int_equal(keeper_factor_remove(w->k, &call, FACTOR_KIND_TOTP, SLICE_NONE, &e), ST_OK);
    assert_int_equal(sign_in(w, "wang", &call, &who, &e), ST_OK);
    assert_int_equal(who.step, SIGN_IN_DONE);
}

static void a_sign_in_comes_from_the_networks_that_a_role_names(void **state) {
    struct world *w = *state;
    struct error e = {.status = ST_OK};
    struct principal who;
    struct keeper_call sec = world_sign_in(w, "sec"), call;
    uint32_t made;
    assert_int_equal(keeper_registry_put(
                         w->k, &sec, REGISTRY_USER, 6,
                         SLICE("{\"login\":\"boss\",\"name\":\"B\",\"roles\":[\"elsewhere\"]}"), &made, &e),
                     ST_OK);
    assert_int_equal(sign_in(w, "boss", &call, &who, &e), ST_DENIED);
    assert_string_equal(e.code, "sign_in_place");
    call.address[12] = 10;
    assert_int_equal(
        keeper_sign_in(w->k, &call, SLICE("boss"), SLICE("password-boss"), SLICE(""), &call.token, &who, &e),
        ST_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_code_counts_once_and_one_step_early_or_late, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_codes_make_the_next_one_wait_longer_and_longer, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(wrong_codes_elsewhere_keep_nobody_out_but_an_hour_has_a_bound, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_set_up_ends_after_a_quarter_of_an_hour, setup, teardown),
        cmocka_unit_test_setup_teardown(recovery_codes_count_once_each_and_the_old_ones_go_with_new_ones,
                                        setup, teardown),
        cmocka_unit_test(what_is_kept_reads_back),
        cmocka_unit_test_setup_teardown(the_last_factor_stays_though_two_removals_were_permitted_at_once,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(half_sessions_end_no_whole_one, setup, teardown),
        cmocka_unit_test_setup_teardown(half_a_session_may_only_finish_its_sign_in, setup, teardown),
        cmocka_unit_test_setup_teardown(a_half_session_stays_half_over_a_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(a_role_may_demand_a_factor_which_is_set_up_first_and_then_stays,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(changing_factors_needs_a_fresh_one, setup, teardown),
        cmocka_unit_test_setup_teardown(a_sign_in_comes_from_the_networks_that_a_role_names, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
