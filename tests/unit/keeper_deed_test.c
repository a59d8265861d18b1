/* What the keeper did to its vault and could not tell any more: it is told at the next start, as it was. */
#include "keeper/deed.h"

#include "audit/reader.h"
#include "keeper_world.h"

#include <signal.h>
#include <sys/resource.h>

enum { SYS = 1 };

struct place {
    char dir[64], keys[96], audit[96], state[96];
    struct keeper_state st;
    struct worker w;
};

static void open_place(struct place *p) {
    struct keeper_config config = {.key_dir = p->keys,
                                   .audit_dir = p->audit,
                                   .state_dir = p->state,
                                   .origin = "test/audit",
                                   .password_cost = {64, 1, 1}};
    struct error e = {.status = ST_OK};
    assert_int_equal(state_open(&config, &p->st, &e), ST_OK);
    p->w.state = &p->st;
}

/* What the process knew is gone, whatever it had written to its files is there. */
static void die_and_come_again(struct place *p) {
    state_close(&p->st);
    open_place(p);
}

static int setup(void **state) {
    struct place *p = calloc(1, sizeof *p);
    struct error e;
    uint32_t made;
    assert_non_null(p);
    assert_int_equal(crypto_start(&e), ST_OK);
    (void)snprintf(p->dir, sizeof p->dir, "/tmp/kedun-deed-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    (void)snprintf(p->keys, sizeof p->keys, "%s/keys", p->dir);
    (void)snprintf(p->audit, sizeof p->audit, "%s/audit", p->dir);
    (void)snprintf(p->state, sizeof p->state, "%s/state", p->dir);
    open_place(p);
    assert_int_equal(registry_put(p->st.registry, NULL, REGISTRY_USER, SYS,
                                  SLICE("{\"login\":\"sys\",\"name\":\"S\",\"duties\":[\"system_admin\"]}"),
                                  &made, &e),
                     ST_OK);
    p->w.caller.grant.user = SYS;
    *state = p;
    return 0;
}

static int teardown(void **state) {
    struct place *p = *state;
    state_close(&p->st);
    (void)nftw(p->dir, world_unlink, 16, FTW_DEPTH | FTW_PHYS);
    free(p);
    return 0;
}

static void begin(struct place *p, struct deed *d) {
    struct args in = {.number = 0};
    struct error e;
    assert_int_equal(deed_begin(&p->w, &in, AUDIT_ADMIN, "department", d, &e), ST_OK);
}

static enum status change(struct place *p, const char *name) {
    struct registry_writer who = {.user = SYS, .duties = DUTY_SYSTEM_ADMIN};
    struct error e;
    uint32_t made;
    char document[96];
    (void)snprintf(document, sizeof document, "{\"name\":\"%s\",\"parent\":0}", name);
    return registry_put(p->st.registry, &who, REGISTRY_DEPARTMENT, 0, slice_from_string(document), &made, &e);
}

/* 'd' done, 'f' failed, '?' both or more than once, '-' not yet. */
static char told(struct place *p, uint64_t intent) {
    struct audit_reader *r = NULL;
    struct arena a;
    struct audit_entry entry;
    struct error e;
    char said = '-';
    arena_init(&a, (size_t)1 << 20, ARENA_PLAIN);
    assert_int_equal(audit_reader_open(p->audit, 1, &r, &e), ST_OK);
    while (audit_reader_next(r, &a, &entry) == ST_OK) {
        if (entry.act == AUDIT_OUTCOME && entry.intent == intent)
            said = said != '-' ? '?' : entry.outcome == AUDIT_DONE ? 'd' : 'f';
    }
    audit_reader_close(r);
    arena_free(&a);
    return said;
}

static size_t open_to_others(struct place *p, bool left) {
    uint64_t intents[8];
    return ledger_open_intents(p->st.ledger, left, intents, 8);
}

static enum status count_note(void *context, struct slice key, struct slice value) {
    (void)key;
    (void)value;
    ++*(size_t *)context;
    return ST_OK;
}

static size_t notes(struct place *p) {
    size_t n = 0;
    assert_int_equal(vault_each(p->st.vault, VAULT_DEED, count_note, &n), ST_OK);
    return n;
}

static void what_took_effect_before_the_keeper_died_is_told_as_done(void **state) {
    struct place *p = *state;
    struct deed d;
    begin(p, &d);
    assert_int_equal(change(p, "one"), ST_OK);
    vault_under(NULL);
    assert_int_equal(told(p, d.intent), '-');
    die_and_come_again(p);
    assert_int_equal(open_to_others(p, false), 0);
    die_and_come_again(p);
    assert_int_equal(told(p, d.intent), 'd');
}

static void what_had_not_begun_when_the_keeper_died_is_told_as_failed(void **state) {
    struct place *p = *state;
    struct deed d;
    begin(p, &d);
    vault_under(NULL);
    assert_int_equal(told(p, d.intent), '-');
    die_and_come_again(p);
    assert_int_equal(open_to_others(p, true), 0);
    die_and_come_again(p);
    assert_int_equal(told(p, d.intent), 'f');
}

static void nobody_else_tells_the_outcome_of_what_is_under_way(void **state) {
    struct place *p = *state;
    struct error e;
    struct deed d;
    begin(p, &d);
    assert_int_equal(open_to_others(p, false), 0);
    assert_int_equal(ledger_outcome_told(p->st.ledger, d.intent, false, &e), ST_NOT_FOUND);
    assert_int_equal(deed_end(&p->w, &d, change(p, "one"), &e), ST_OK);
    die_and_come_again(p);
    assert_int_equal(told(p, d.intent), 'd');
}

static void what_was_refused_is_told_as_failed(void **state) {
    struct place *p = *state;
    struct error e;
    struct deed d;
    begin(p, &d);
    enum status s = change(p, "");
    assert_int_not_equal(s, ST_OK);
    assert_int_equal(deed_end(&p->w, &d, s, &e), s);
    die_and_come_again(p);
    assert_int_equal(told(p, d.intent), 'f');
    assert_int_equal(notes(p), 0);
}

static void notes_are_forgotten_once_their_outcome_is_on_the_disk(void **state) {
    struct place *p = *state;
    struct error e;
    char name[16];
    for (int i = 0; i < 20; i++) {
        struct deed d;
        begin(p, &d);
        (void)snprintf(name, sizeof name, "d%d", i);
        assert_int_equal(deed_end(&p->w, &d, change(p, name), &e), ST_OK);
    }
    assert_in_range(notes(p), 1, 2);
}

/* The log can't be written between the change and its outcome (`before`), or the outcome is lost with what
 * was to be written. */
static void tell_on_a_full_disk(struct place *p, bool before) {
    struct error e = {.status = ST_OK};
    struct rlimit was, none = {0, 0};
    struct audit_entry other = {.act = AUDIT_ADMIN, .outcome = AUDIT_DONE};
    struct deed d;
    begin(p, &d);
    enum status told_as = ST_OK;
    assert_int_equal(change(p, before ? "one" : "two"), ST_OK);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    none.rlim_max = was.rlim_max;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    if (!before)
        told_as = deed_end(&p->w, &d, ST_OK, &e);
    enum status failed = ledger_record(p->st.ledger, &other, &e);
    if (before)
        told_as = deed_end(&p->w, &d, ST_OK, &e);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    assert_int_equal(failed, ST_IO);
    assert_int_equal(told_as, before ? ST_IO : ST_OK);
    assert_int_equal(open_to_others(p, false), 0);
    assert_false(ledger_settled(p->st.ledger, d.intent));
    while (ledger_ready(p->st.ledger, &e) != ST_OK) { /* it mends itself, once a second at most */
    }
    die_and_come_again(p);
    assert_int_equal(told(p, d.intent), 'd');
}

static void an_outcome_that_could_not_be_written_is_kept_and_told_as_it_was(void **state) {
    tell_on_a_full_disk(*state, true);
    tell_on_a_full_disk(*state, false);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(what_took_effect_before_the_keeper_died_is_told_as_done),
        CASE(what_had_not_begun_when_the_keeper_died_is_told_as_failed),
        CASE(nobody_else_tells_the_outcome_of_what_is_under_way),
        CASE(what_was_refused_is_told_as_failed),
        CASE(notes_are_forgotten_once_their_outcome_is_on_the_disk),
        CASE(an_outcome_that_could_not_be_written_is_kept_and_told_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
