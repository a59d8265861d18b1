#include "keeper_world.h"

#include "base/file.h"
#include "keeper/box.h"
#include "keeper/vault.h"

#include <fcntl.h>
#include <sys/stat.h>

static const uint8_t key[32] = {1, 2, 3};

struct place {
    char dir[64], path[96];
    struct arena arena;
};

static int setup(void **state) {
    struct place *p = calloc(1, sizeof *p);
    struct error e;
    assert_non_null(p);
    assert_int_equal(crypto_start(&e), ST_OK);
    (void)snprintf(p->dir, sizeof p->dir, "/tmp/kedun-vault-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    (void)snprintf(p->path, sizeof p->path, "%s/vault.log", p->dir);
    arena_init(&p->arena, (size_t)64 << 20, ARENA_PLAIN);
    *state = p;
    return 0;
}

static int teardown(void **state) {
    struct place *p = *state;
    (void)nftw(p->dir, world_unlink, 16, FTW_DEPTH | FTW_PHYS);
    arena_free(&p->arena);
    free(p);
    return 0;
}

static struct vault *open_vault(struct place *p) {
    struct error e = {.status = ST_OK};
    struct vault *v = NULL;
    enum status s = vault_open(p->dir, key, &v, &e);
    if (s != ST_OK)
        print_error("%s %s\n", e.code, e.detail);
    assert_int_equal(s, ST_OK);
    return v;
}

static void put(struct vault *v, const char *name, const char *value) {
    struct vault_change c = {VAULT_SETTING, slice_from_string(name),
                             value == NULL ? SLICE_NONE : slice_from_string(value)};
    assert_int_equal(vault_commit(v, &c, 1), ST_OK);
}

static void expect(struct vault *v, const char *name, const char *value) {
    struct buf b;
    buf_init(&b, VAULT_VALUE_MAX, false);
    enum status s = vault_get(v, VAULT_SETTING, slice_from_string(name), &b);
    if (value == NULL)
        assert_int_equal(s, ST_NOT_FOUND);
    else
        assert_true(s == ST_OK && slice_is(buf_slice(&b), value));
    buf_free(&b);
}

static struct slice content(struct place *p) {
    struct slice s;
    assert_int_equal(file_read(p->path, 1 << 24, &p->arena, &s), ST_OK);
    return s;
}

static void rewrite(struct place *p, struct slice a, struct slice b) {
    int fd = open(p->path, O_WRONLY | O_TRUNC);
    assert_true(fd >= 0);
    assert_int_equal(fd_write_all(fd, a), ST_OK);
    assert_int_equal(fd_write_all(fd, b), ST_OK);
    close(fd);
}

static void what_was_committed_is_there_after_opening_again(void **state) {
    struct place *p = *state;
    struct vault *v = open_vault(p);
    put(v, "a", "1");
    put(v, "b", "2");
    put(v, "a", "3");
    put(v, "b", NULL);
    uint64_t clock = vault_clock(v);
    vault_close(v);
    v = open_vault(p);
    expect(v, "a", "3");
    expect(v, "b", NULL);
    assert_int_equal(vault_clock(v), clock);
    vault_close(v);
}

static void a_torn_last_record_is_cut_off_and_only_that(void **state) {
    struct place *p = *state;
    struct vault *v = open_vault(p);
    put(v, "a", "1");
    put(v, "b", "2");
    vault_close(v);
    struct slice whole = content(p);
    rewrite(p, slice_of(whole.p, whole.n - 5), SLICE_NONE);
    v = open_vault(p);
    expect(v, "a", "1");
    expect(v, "b", NULL);
    put(v, "c", "3"); /* and it goes on */
    vault_close(v);
    v = open_vault(p);
    expect(v, "c", "3");
    vault_close(v);
}

static void a_changed_or_missing_record_in_the_middle_is_refused(void **state) {
    struct place *p = *state;
    struct error e;
    struct vault *v = open_vault(p);
    put(v, "a", "1");
    size_t first = content(p).n;
    put(v, "b", "2");
    size_t second = content(p).n;
    put(v, "c", "3");
    vault_close(v);
    struct slice whole = content(p);
    rewrite(p, slice_of(whole.p, first), slice_of(whole.p + second, whole.n - second)); /* b left out */
    v = NULL;
    enum status s = vault_open(p->dir, key, &v, &e);
    if (s == ST_OK) { /* c was the last record: it may count as torn, but is never taken for b */
        expect(v, "b", NULL);
        expect(v, "c", NULL);
        vault_close(v);
    }
    uint8_t *bad = arena_alloc(&p->arena, whole.n);
    memcpy(bad, whole.p, whole.n);
    bad[first + 20] ^= 1;
    rewrite(p, slice_of(bad, whole.n), SLICE_NONE);
    assert_int_equal(vault_open(p->dir, key, &v, &e), ST_CORRUPT);
    assert_string_equal(e.code, "vault_corrupt");
}

static void it_stays_small_however_often_things_change(void **state) {
    struct place *p = *state;
    struct vault *v = open_vault(p);
    static char large[60000];
    memset(large, 'x', sizeof large - 1);
    for (int i = 0; i < 100; i++)
        put(v, "a", large);
    put(v, "b", "2");
    vault_close(v);
    assert_true(content(p).n < (size_t)2 << 20);
    v = open_vault(p);
    expect(v, "b", "2");
    vault_close(v);
}

static void an_older_vault_put_back_is_noticed(void **state) {
    (void)state;
    struct world *w = calloc(1, sizeof *w);
    struct error e;
    assert_non_null(w);
    world_new(w);
    world_fill(w);
    world_stop(w);
    struct place p = {.dir = ""};
    arena_init(&p.arena, (size_t)16 << 20, ARENA_PLAIN);
    (void)snprintf(p.path, sizeof p.path, "%s/state/vault.log", w->dir);
    struct slice old = content(&p);
    world_start(w);
    struct keeper_call sys = world_sign_in(w, "sys");
    uint32_t made;
    assert_int_equal(
        keeper_registry_put(w->k, &sys, REGISTRY_USER, 1, SLICE("{\"disabled\":true}"), &made, &e), ST_OK);
    world_stop(w);
    struct slice newest = content(&p);
    rewrite(&p, old, SLICE_NONE);
    world_start(w); /* it does not come up; connecting still works, the sockets outlive it */
    world_stop(w);
    assert_int_equal(w->result, ST_CORRUPT);
    assert_string_equal(w->error.code, "vault_rolled_back");
    rewrite(&p, newest, SLICE_NONE);
    world_start(w);
    arena_free(&p.arena);
    world_free(w);
    free(w);
}

static void keys_that_others_may_read_are_refused(void **state) {
    (void)state;
    struct world *w = calloc(1, sizeof *w);
    char path[256];
    struct stat info;
    assert_non_null(w);
    world_new(w);
    world_stop(w);
    (void)snprintf(path, sizeof path, "%s/root.key", w->key_dir);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0400);
    assert_int_equal(chmod(path, 0440), 0);
    world_start(w);
    world_stop(w);
    assert_int_equal(w->result, ST_DENIED);
    assert_string_equal(w->error.code, "root_key_mode");
    assert_int_equal(unlink(path), 0);
    world_start(w);
    world_stop(w);
    assert_int_equal(w->result, ST_NOT_FOUND); /* no new key beside old state */
    assert_string_equal(w->error.code, "root_key_missing");
    (void)nftw(w->dir, world_unlink, 16, FTW_DEPTH | FTW_PHYS);
    arena_free(&w->arena);
    free(w);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* An id made at a time. */
static struct uuid made_at(int64_t ms, uint8_t last) {
    struct uuid id = {{0}};
    for (size_t i = 0; i < 6; i++)
        id.b[i] = (uint8_t)(ms >> (40 - 8 * i));
    id.b[6] = 0x70;
    id.b[8] = 0x80;
    id.b[15] = last;
    return id;
}

static bool box_is_there(struct vault *v, const struct uuid *id) {
    struct buf b;
    buf_init(&b, VAULT_VALUE_MAX, false);
    enum status s = vault_get(v, VAULT_BOX, slice_of(id->b, sizeof id->b), &b);
    buf_free(&b);
    return s == ST_OK;
}

static void the_keys_of_old_passing_boxes_go_by_themselves_and_no_others(void **state) {
    const int64_t now = 1800000000000;
    struct vault *v = open_vault(*state);
    struct uuid fresh = made_at(now - BOX_KEPT_MS, 1), old[BOX_SWEEP + 1];
    struct uuid view = made_at(now - 2 * BOX_KEPT_MS, 200);
    const uint8_t record[BOX_RECORD + 1] = {0};
    struct vault_change c = {VAULT_BOX, slice_of(view.b, sizeof view.b), slice_of(record, BOX_RECORD)};
    assert_int_equal(vault_commit(v, &c, 1), ST_OK);
    c = (struct vault_change){VAULT_BOX, slice_of(fresh.b, sizeof fresh.b), slice_of(record, sizeof record)};
    assert_int_equal(vault_commit(v, &c, 1), ST_OK);
    for (uint8_t i = 0; i <= BOX_SWEEP; i++) {
        old[i] = made_at(now - BOX_KEPT_MS - 1, i);
        c.key = slice_of(old[i].b, sizeof old[i].b);
        assert_int_equal(vault_commit(v, &c, 1), ST_OK);
    }
    assert_int_equal(box_sweep(v, now), ST_OK);
    assert_int_equal(box_sweep(v, now), ST_OK);
    assert_true(box_is_there(v, &fresh));
    assert_true(box_is_there(v, &view));
    for (size_t i = 0; i <= BOX_SWEEP; i++)
        assert_false(box_is_there(v, &old[i]));
    vault_close(v);
}

static void a_file_that_could_not_be_opened_again_is_never_written(void **state) {
    (void)state;
    const size_t full = VAULT_FILE_MAX, much = (size_t)1 << 20;
    assert_int_equal(vault_room(full - much, much, much), ST_OK);
    assert_int_equal(vault_room(full - much, much, much + 1), ST_RETRY);
    assert_int_equal(vault_room(full - much, full - 2 * much, much + 1), ST_LIMIT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(what_was_committed_is_there_after_opening_again),
        CASE(a_torn_last_record_is_cut_off_and_only_that),
        CASE(a_changed_or_missing_record_in_the_middle_is_refused),
        CASE(it_stays_small_however_often_things_change),
        CASE(an_older_vault_put_back_is_noticed),
        CASE(the_keys_of_old_passing_boxes_go_by_themselves_and_no_others),
        CASE(a_file_that_could_not_be_opened_again_is_never_written),
        CASE(keys_that_others_may_read_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
