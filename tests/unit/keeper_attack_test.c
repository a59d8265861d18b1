/* Speaks to the keeper as a taken-over engine would: it has the socket and the database, but no keys. */
#include "base/clock.h"
#include "keeper_world.h"

#include <signal.h>
#include <sys/resource.h>

static int setup(void **state) {
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
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

static const uint8_t clear_all[] = {VIEW_CLEAR, VIEW_CLEAR, VIEW_CLEAR};
static const uint8_t clear_two[] = {VIEW_CLEAR, VIEW_CLEAR, VIEW_HIDDEN};
static const uint8_t masked_two[] = {VIEW_MASKED, VIEW_MASKED, VIEW_HIDDEN};

/* How many entries of this act and outcome the log holds. */
static size_t count_entries(struct world *w, uint8_t act, uint8_t outcome) {
    struct keeper_call nobody = {.purpose = 0};
    struct error e;
    size_t n = 0;
    uint64_t at = 1, next = 0;
    for (;; at = next) {
        struct slice frames;
        assert_int_equal(keeper_audit_read(w->j, &nobody, at, 500, &frames, &next, &e), ST_OK);
        if (next == at)
            return n;
        struct reader r = reader_of(frames);
        while (r.at < r.n) {
            struct audit_entry entry;
            struct slice frame = reader_slice(&r, 1 << 22);
            struct reader inner = reader_of(frame);
            struct slice leaf = reader_slice(&inner, 1 << 22), side = reader_slice(&inner, 1 << 22);
            assert_true(reader_done(&inner));
            assert_int_equal(audit_entry_decode(leaf, side, &w->arena, &entry), ST_OK);
            n += entry.act == act && entry.outcome == outcome;
        }
    }
}

static void nothing_opens_without_a_live_token(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_opened got;
    struct keeper_call call = world_sign_in(w, "wang"), forged = call;
    struct world_row row = world_row(w, &call, "张三", "+8613800001234", "330102199001011234");
    forged.token.b[31] ^= 1;
    assert_int_equal(world_open(w, &forged, &row, 1, clear_two, &got, &e), ST_UNAUTHENTICATED);
    memset(&forged.token, 0, sizeof forged.token);
    assert_int_equal(world_open(w, &forged, &row, 1, clear_two, &got, &e), ST_UNAUTHENTICATED);
    assert_int_equal(keeper_sign_out(w->k, &call, &e), ST_OK);
    assert_int_equal(world_open(w, &call, &row, 1, clear_two, &got, &e), ST_UNAUTHENTICATED);
}

static void nobody_gets_more_than_his_roles_ceiling(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_opened got;
    struct keeper_call wang = world_sign_in(w, "wang"), li = world_sign_in(w, "li");
    struct world_row row = world_row(w, &wang, "张三", "+8613800001234", "330102199001011234");
    assert_int_equal(world_open(w, &wang, &row, 1, clear_all, &got, &e), ST_DENIED);
    assert_string_equal(e.code, "above_ceiling");
    assert_int_equal(world_open(w, &li, &row, 1, clear_two, &got, &e), ST_DENIED);
    assert_int_equal(world_open(w, &li, &row, 1, masked_two, &got, &e), ST_OK);
    assert_text(got.values[0], "张*");
    /* three refusals or so, and each of them is in the log */
    assert_int_equal(count_entries(w, AUDIT_REFUSE, AUDIT_DENIED), 2);
}

static void holders_of_a_duty_see_no_customer_whatever_their_roles(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_opened got;
    struct keeper_call wang = world_sign_in(w, "wang"), sys = world_sign_in(w, "sys");
    struct world_row row = world_row(w, &wang, "张三", "+8613800001234", "330102199001011234");
    assert_int_equal(world_open(w, &sys, &row, 1, masked_two, &got, &e), ST_DENIED);
    struct keeper_value v = {100, SLICE("李四"), SLICE_NONE};
    struct keeper_seal_row r = {.row = row.row, .values = &v, .value_count = 1};
    struct keeper_sealed sealed;
    assert_int_equal(keeper_seal_rows(w->k, &sys, AUDIT_UPDATE, 1, &r, 1, &w->arena, &sealed, &e), ST_DENIED);
    assert_string_equal(e.code, "another_duty");
}

static void a_class_cannot_be_lowered_and_an_unknown_field_not_opened(void **state) {
    struct world *w = *state;
    struct error e;
    uint32_t made;
    struct keeper_call sys = world_sign_in(w, "sys"), wang = world_sign_in(w, "wang"),
                       sec = world_sign_in(w, "sec");
    struct slice lower = SLICE("{\"object\":1,\"field\":102,\"class\":\"internal\",\"type\":15}");
    assert_int_equal(keeper_registry_put(w->k, &sys, REGISTRY_CATALOGUE, 1 << 16 | 102, lower, &made, &e),
                     ST_DENIED);
    assert_string_equal(e.code, "class_lowered");
    assert_int_equal(keeper_registry_put(w->k, &wang, REGISTRY_CATALOGUE, 1 << 16 | 102, lower, &made, &e),
                     ST_DENIED);
    assert_int_equal(keeper_registry_put(w->k, &sec, REGISTRY_CATALOGUE, 1 << 16 | 102, lower, &made, &e),
                     ST_DENIED);
    struct world_row row = world_row(w, &wang, "张三", "+8613800001234", "330102199001011234");
    uint16_t field = 177;
    uint8_t view = VIEW_CLEAR;
    struct keeper_open q = {.act = AUDIT_VIEW,
                            .object = 1,
                            .fields = &field,
                            .field_count = 1,
                            .rows = &row.row,
                            .row_count = 1,
                            .views = &view,
                            .sealed = &row.name};
    struct keeper_opened got;
    assert_int_equal(keeper_open_rows(w->k, &wang, &q, &w->arena, &got, &e), ST_DENIED);
    assert_string_equal(e.code, "unknown_field");
}

static void duties_stay_apart(void **state) {
    struct world *w = *state;
    struct error e;
    uint32_t made;
    struct keeper_call sys = world_sign_in(w, "sys"), sec = world_sign_in(w, "sec");
    assert_int_equal(
        keeper_registry_put(w->k, &sys, REGISTRY_USER, 2, SLICE("{\"roles\":[\"boss\"]}"), &made, &e),
        ST_DENIED);
    assert_int_equal(
        keeper_registry_put(w->k, &sec, REGISTRY_USER, 2, SLICE("{\"login\":\"li2\"}"), &made, &e),
        ST_DENIED);
    assert_int_equal(
        keeper_registry_put(w->k, &sec, REGISTRY_USER, 4, SLICE("{\"duties\":[\"auditor\"]}"), &made, &e),
        ST_DENIED);
    assert_string_equal(e.code, "own_rights");
    assert_int_equal(keeper_registry_put(w->k, &sec, REGISTRY_USER, 2,
                                         SLICE("{\"duties\":[\"auditor\",\"system_admin\"]}"), &made, &e),
                     ST_INVALID);
    assert_int_equal(
        keeper_registry_put(w->k, &sec, REGISTRY_USER, 2, SLICE("{\"roles\":[\"sales\"]}"), &made, &e),
        ST_OK);
    struct keeper_call li = world_sign_in(w, "li");
    struct principal who;
    assert_int_equal(keeper_session(w->k, &li, &who, &e), ST_OK);
    assert_string_equal(who.roles[0], "sales");
    struct slice frames;
    uint64_t next;
    assert_int_equal(keeper_audit_read(w->k, &sys, 1, 10, &frames, &next, &e), ST_DENIED);
}

static void a_disabled_user_is_out_at_once(void **state) {
    struct world *w = *state;
    struct error e;
    uint32_t made;
    struct principal who;
    struct token job;
    struct keeper_call sys = world_sign_in(w, "sys"), wang = world_sign_in(w, "wang"), worker = wang;
    struct uuid id;
    assert_int_equal(uuid_new(&id), ST_OK);
    assert_int_equal(keeper_job_token(w->k, &wang, &id, 1, SLICE_NONE, &job, &e), ST_OK);
    worker.token = job;
    assert_int_equal(keeper_session(w->j, &worker, &who, &e), ST_OK);
    assert_true(who.is_job);
    assert_int_equal(
        keeper_registry_put(w->k, &sys, REGISTRY_USER, 1, SLICE("{\"disabled\":true}"), &made, &e), ST_OK);
    assert_int_equal(keeper_session(w->k, &wang, &who, &e), ST_UNAUTHENTICATED);
    assert_int_equal(keeper_session(w->j, &worker, &who, &e), ST_UNAUTHENTICATED);
}

static void budgets_count_people_and_not_pages(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_opened got;
    struct keeper_call wang = world_sign_in(w, "wang"), boss = world_sign_in(w, "boss");
    struct world_row rows[3];
    for (size_t i = 0; i < 3; i++)
        rows[i] = world_row(w, &wang, "张三", "+8613800001234", "330102199001011234");
    assert_int_equal(world_open(w, &boss, rows, 3, clear_two, &got, &e),
                     ST_LIMIT); /* whole and nothing charged */
    assert_string_equal(e.code, "budget_exhausted");
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(world_open(w, &boss, rows, 2, clear_two, &got, &e), ST_OK); /* the same two people */
    assert_int_equal(world_open(w, &boss, rows + 2, 1, clear_two, &got, &e), ST_LIMIT);
    assert_int_equal(world_open(w, &boss, rows + 2, 1, masked_two, &got, &e),
                     ST_OK); /* masked: a budget apart */
    assert_int_equal(count_entries(w, AUDIT_REFUSE, AUDIT_DENIED), 2);
    world_restart(w);
    assert_int_equal(world_open(w, &boss, rows + 2, 1, clear_two, &got, &e), ST_LIMIT);
    assert_non_null(strstr(e.detail, "clear personal ")); /* the minute may be over, the day is not */
    assert_int_equal(world_open(w, &boss, rows, 2, clear_two, &got, &e), ST_OK);
}

static void budgets_are_rebuilt_from_the_log_alone(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_opened got;
    struct keeper_call wang = world_sign_in(w, "wang"), boss = world_sign_in(w, "boss");
    struct world_row rows[3];
    for (size_t i = 0; i < 3; i++)
        rows[i] = world_row(w, &wang, "张三", "+8613800001234", "330102199001011234");
    assert_int_equal(world_open(w, &boss, rows, 2, clear_two, &got, &e), ST_OK);
    world_stop(w);
    char path[256];
    (void)snprintf(path, sizeof path, "%s/budgets.bin", w->state_dir);
    assert_int_equal(unlink(path), 0);
    world_start(w);
    assert_int_equal(world_open(w, &boss, rows + 2, 1, clear_two, &got, &e), ST_LIMIT);
}

static void terms_cannot_be_enumerated(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_term_list *lists;
    size_t n;
    char mobile[32];
    enum status s = ST_OK;
    int asked = 0;
    struct keeper_call li = world_sign_in(w, "li");
    for (; asked < 50 && s == ST_OK; asked++) {
        (void)snprintf(mobile, sizeof mobile, "138000012%02d", asked);
        s = keeper_lookup(w->k, &li, 1, 101, SEARCH_EXACT, VIEW_MASKED, slice_from_string(mobile), &w->arena,
                          &lists, &n, &e);
    }
    assert_int_equal(s, ST_LIMIT);
    assert_int_equal(asked, 6); /* five a day, and the one refused */
    assert_int_equal(count_entries(w, AUDIT_LOOKUP, AUDIT_DONE), 5);
    world_restart(w);
    assert_int_equal(keeper_lookup(w->k, &li, 1, 101, SEARCH_EXACT, VIEW_MASKED, SLICE("13800001299"),
                                   &w->arena, &lists, &n, &e),
                     ST_LIMIT);
}

static void a_masked_field_is_matched_only_as_far_as_its_mask_shows(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_term_list *lists;
    size_t n;
    struct keeper_call li = world_sign_in(w, "li");
    assert_int_equal(
        keeper_lookup(w->k, &li, 1, 101, SEARCH_SUFFIX, VIEW_CLEAR, SLICE("1234"), &w->arena, &lists, &n, &e),
        ST_OK);
    assert_int_equal(n, 1);
    assert_int_equal(keeper_lookup(w->k, &li, 1, 101, SEARCH_SUFFIX, VIEW_CLEAR, SLICE("001234"), &w->arena,
                                   &lists, &n, &e),
                     ST_DENIED);
    assert_int_equal(keeper_lookup(w->k, &li, 1, 100, SEARCH_FRAGMENT, VIEW_CLEAR, SLICE("张三"), &w->arena,
                                   &lists, &n, &e),
                     ST_DENIED);
    assert_string_equal(e.code, "no_match_right");
    assert_int_equal(keeper_lookup(w->k, &li, 1, 102, SEARCH_EXACT, VIEW_CLEAR, SLICE("330102199001011234"),
                                   &w->arena, &lists, &n, &e),
                     ST_DENIED);
}

static void looking_up_gives_the_terms_that_sealing_made(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_term_list *lists;
    size_t n;
    struct keeper_call wang = world_sign_in(w, "wang");
    struct keeper_value v = {101, SLICE("+8613800001234"), SLICE_NONE};
    struct keeper_seal_row r = {.new_subject = true, .values = &v, .value_count = 1};
    struct keeper_sealed sealed;
    assert_int_equal(uuid_new(&r.row.record), ST_OK);
    r.row.subject = r.row.record;
    assert_int_equal(keeper_seal_rows(w->k, &wang, AUDIT_CREATE, 1, &r, 1, &w->arena, &sealed, &e), ST_OK);
    assert_int_equal(keeper_lookup(w->k, &wang, 1, 101, SEARCH_EXACT, VIEW_CLEAR, SLICE("138 0000 1234"),
                                   &w->arena, &lists, &n, &e),
                     ST_OK);
    bool found = false;
    for (size_t i = 0; i < sealed.term_count; i++)
        found = found || (sealed.terms[i].search == SEARCH_EXACT && !sealed.terms[i].remove &&
                          sealed.terms[i].term == lists[0].terms[0]);
    assert_true(found);
}

static void values_cannot_be_moved_between_rows_or_fields(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_opened got;
    struct keeper_call wang = world_sign_in(w, "wang");
    struct world_row a = world_row(w, &wang, "张三", "+8613800001234", "330102199001011234");
    struct world_row b = world_row(w, &wang, "李四", "+8613900005678", "330102199001015678");
    struct world_row swapped = a;
    swapped.name = b.name;
    assert_int_equal(world_open(w, &wang, &swapped, 1, clear_two, &got, &e), ST_CORRUPT);
    assert_string_equal(e.code, "value_corrupt");
    swapped = a;
    swapped.name = a.mobile; /* same class and key: only the associated data tells */
    assert_int_equal(world_open(w, &wang, &swapped, 1, clear_two, &got, &e), ST_CORRUPT);
    swapped = a;
    swapped.row.wrapped_key = b.row.wrapped_key;
    assert_int_equal(world_open(w, &wang, &swapped, 1, clear_two, &got, &e), ST_CORRUPT);
    assert_int_equal(count_entries(w, AUDIT_REFUSE, AUDIT_DENIED), 3);
}

static void an_edited_owner_is_noticed(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_opened got;
    struct keeper_call wang = world_sign_in(w, "wang");
    struct world_row row = world_row(w, &wang, "张三", "+8613800001234", "330102199001011234");
    row.row.owner = 2;
    assert_int_equal(world_open(w, &wang, &row, 1, clear_two, &got, &e), ST_CORRUPT);
    assert_string_equal(e.code, "row_corrupt");
}

/* Updates the mobile and returns the answer. */
static struct keeper_sealed update_mobile(struct world *w, const struct keeper_call *call,
                                          const struct world_row *row, const char *mobile) {
    struct error e = {.status = ST_OK};
    struct keeper_value v = {101, slice_from_string(mobile), row->mobile};
    struct keeper_seal_row r = {.row = row->row, .old = &row->row, .values = &v, .value_count = 1};
    struct keeper_sealed sealed;
    enum status s = keeper_seal_rows(w->k, call, AUDIT_UPDATE, 1, &r, 1, &w->arena, &sealed, &e);
    if (s != ST_OK)
        print_error("%s %s\n", e.code, e.detail);
    assert_int_equal(s, ST_OK);
    return sealed;
}

static void an_older_value_cannot_be_put_back(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_opened got;
    struct keeper_call wang = world_sign_in(w, "wang");
    struct world_row row = world_row(w, &wang, "张三", "+8613800001234", "330102199001011234");
    struct keeper_sealed sealed = update_mobile(w, &wang, &row, "+8613811111234");
    struct world_row next = row;
    next.row.versions = world_keep(w, sealed.versions[0]);
    next.row.seal = arena_copy(&w->arena, slice_of(sealed.seals[0], KEEPER_ROW_SEAL));
    struct slice fresh = world_keep(w, sealed.sealed[0]);
    assert_int_equal(world_open(w, &wang, &next, 1, clear_two, &got, &e),
                     ST_CORRUPT); /* still the old mobile */
    next.mobile = fresh;
    assert_int_equal(world_open(w, &wang, &next, 1, clear_two, &got, &e), ST_OK);
    assert_text(got.values[1], "+8613811111234");
    next.row.versions = SLICE_NONE;
    assert_int_equal(world_open(w, &wang, &next, 1, clear_two, &got, &e), ST_CORRUPT);
}

static void writing_tells_whether_it_changed_only_to_who_may_see(void **state) {
    struct world *w = *state;
    struct keeper_call wang = world_sign_in(w, "wang"), li = world_sign_in(w, "li");
    struct world_row row = world_row(w, &wang, "张三", "+8613800001234", "330102199001011234");
    struct keeper_sealed sealed = update_mobile(w, &wang, &row, "+8613800001234");
    assert_true(sealed.same[0]);
    assert_int_equal(sealed.versions[0].n, 0);
    sealed = update_mobile(w, &li, &row, "+8613800001234");
    assert_false(sealed.same[0]);
}

/* From here on no file grows: the log fails at its next write. */
static struct rlimit stop_writing(void) {
    struct rlimit was, none = {0, 0};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    none.rlim_max = was.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    return was;
}

static void nothing_is_answered_while_the_log_cannot_be_written(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_opened got;
    struct keeper_call wang = world_sign_in(w, "wang");
    struct world_row row = world_row(w, &wang, "张三", "+8613800001234", "330102199001011234");
    struct rlimit was = stop_writing();
    enum status first = world_open(w, &wang, &row, 1, clear_two, &got, &e);
    enum status second = world_open(w, &wang, &row, 1, masked_two, &got, &e);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    assert_int_equal(first, ST_IO);
    assert_int_equal(second, ST_IO);
    assert_string_equal(e.code, "audit_unwritable");
    enum status later = ST_IO;
    int64_t until = clock_monotonic_ns() + 5 * (int64_t)1000000000;
    while (later != ST_OK && clock_monotonic_ns() < until) /* it mends itself within a second */
        later = world_open(w, &wang, &row, 1, clear_two, &got, &e);
    assert_int_equal(later, ST_OK);
}

static enum status look_up(struct world *w, const struct keeper_call *call, struct error *e) {
    struct keeper_term_list *lists;
    size_t n;
    return keeper_lookup(w->k, call, 1, 101, SEARCH_EXACT, VIEW_MASKED, SLICE("13800001234"), &w->arena,
                         &lists, &n, e);
}

static void a_look_up_lost_with_the_log_is_not_paid_by_a_later_one(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_opened got;
    struct keeper_call li = world_sign_in(w, "li"), wang = world_sign_in(w, "wang");
    struct world_row row = world_row(w, &wang, "张三", "+8613800001234", "330102199001011234");
    struct keeper *mine = w->k, *other;
    assert_int_equal(keeper_connect(w->engine, &other, &e), ST_OK);
    struct rlimit was = stop_writing();
    enum status first = look_up(w, &li, &e);
    w->k = other;
    enum status failed = world_open(w, &wang, &row, 1, clear_two, &got, &e);
    w->k = mine;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    assert_int_equal(first, ST_OK);
    assert_int_equal(failed, ST_IO);
    enum status second = ST_IO;
    int64_t until = clock_monotonic_ns() + 60 * (int64_t)1000000000;
    while (second != ST_OK && clock_monotonic_ns() < until) /* the log is mended within a second */
        second = look_up(w, &li, &e);
    assert_int_equal(second, ST_OK);
    assert_int_equal(keeper_settle(w->k, &e), ST_IO);
    assert_string_equal(e.code, "audit_unwritable");
    assert_int_equal(look_up(w, &li, &e), ST_OK);
    assert_int_equal(keeper_settle(w->k, &e), ST_OK);
    keeper_close(other);
}

static void a_refusal_after_a_look_up_waits_for_its_entry_too(void **state) {
    struct world *w = *state;
    struct error e;
    struct principal who;
    struct keeper_call li = world_sign_in(w, "li"), stranger = li;
    stranger.token.b[0] ^= 1;
    assert_int_equal(keeper_session(w->k, &stranger, &who, &e), ST_UNAUTHENTICATED);
    struct rlimit was = stop_writing();
    enum status looked = look_up(w, &li, &e), refused = keeper_session(w->k, &stranger, &who, &e);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    assert_int_equal(looked, ST_OK);
    assert_int_equal(refused, ST_IO);
    assert_string_equal(e.code, "audit_unwritable");
}

static void a_jobs_token_is_for_its_object_only(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_opened got;
    struct token job;
    struct uuid id;
    struct keeper_call wang = world_sign_in(w, "wang"), worker = wang;
    struct world_row row = world_row(w, &wang, "张三", "+8613800001234", "330102199001011234");
    assert_int_equal(uuid_new(&id), ST_OK);
    assert_int_equal(keeper_job_token(w->k, &wang, &id, 2, SLICE_NONE, &job, &e), ST_OK);
    worker.token = job;
    assert_int_equal(world_open(w, &worker, &row, 1, clear_two, &got, &e), ST_DENIED);
    assert_string_equal(e.code, "another_object");
}

static void only_jobs_claims_a_job_and_only_one_that_was_authorised(void **state) {
    struct world *w = *state;
    struct error e;
    struct token first, claimed;
    struct principal who;
    struct uuid id, other;
    struct keeper_call nobody = {.purpose = PURPOSE_IMPORT}, wang = world_sign_in(w, "wang"), worker = wang;
    assert_int_equal(uuid_new(&id), ST_OK);
    assert_int_equal(uuid_new(&other), ST_OK);
    assert_int_equal(keeper_job_token(w->k, &wang, &id, 1, SLICE_NONE, &first, &e), ST_OK);
    assert_int_equal(keeper_job_claim(w->j, &nobody, &other, SLICE_NONE, &claimed, &e), ST_NOT_FOUND);
    assert_int_equal(keeper_job_claim(w->k, &nobody, &id, SLICE_NONE, &claimed, &e), ST_UNAVAILABLE);
    assert_int_equal(keeper_job_claim(w->j, &nobody, &id, SLICE_NONE, &claimed, &e), ST_OK);
    worker.token = first;
    assert_int_equal(keeper_session(w->j, &worker, &who, &e), ST_UNAUTHENTICATED);
    worker.token = claimed;
    assert_int_equal(keeper_session(w->j, &worker, &who, &e), ST_OK);
    assert_true(who.is_job);
    assert_int_equal(keeper_sign_out(w->j, &worker, &e), ST_OK);
    assert_int_equal(keeper_job_claim(w->j, &nobody, &id, SLICE_NONE, &claimed, &e), ST_NOT_FOUND);
}

static void intents_without_outcome_are_known_after_a_restart(void **state) {
    struct world *w = *state;
    struct error e;
    uint64_t intents[8];
    size_t n;
    struct keeper_call wang = world_sign_in(w, "wang");
    struct world_row row = world_row(w, &wang, "张三", "+8613800001234", "330102199001011234");
    struct keeper_sealed sealed = update_mobile(w, &wang, &row, "+8613811111234");
    world_restart(w);
    assert_int_equal(keeper_open_intents(w->k, true, intents, 8, &n, &e), ST_OK);
    assert_int_equal(n, 1);
    assert_int_equal(intents[0], sealed.intent);
    assert_int_equal(keeper_outcome(w->k, intents[0], false, &e), ST_OK);
    assert_int_equal(keeper_outcome(w->k, intents[0], false, &e), ST_NOT_FOUND);
    assert_int_equal(keeper_open_intents(w->k, false, intents, 8, &n, &e), ST_OK);
    assert_int_equal(n, 0);
}

static void an_outcome_told_later_goes_with_the_next_call_or_when_forgotten(void **state) {
    struct world *w = *state;
    struct error e;
    uint64_t intents[8];
    size_t n;
    struct keeper_call wang = world_sign_in(w, "wang");
    struct world_row row = world_row(w, &wang, "张三", "+8613800001234", "330102199001011234");
    struct keeper_sealed sealed = update_mobile(w, &wang, &row, "+8613811111234");
    keeper_outcome_later(w->k, sealed.intent, true);
    assert_int_equal(keeper_open_intents(w->k, false, intents, 8, &n, &e), ST_OK);
    assert_int_equal(n, 0);
    sealed = update_mobile(w, &wang, &row, "+8613811111235");
    keeper_outcome_later(w->k, sealed.intent, false);
    keeper_forget(w->k);
    assert_int_equal(keeper_outcome(w->k, sealed.intent, false, &e), ST_NOT_FOUND); /* told already */
    keeper_outcome_later(w->k, sealed.intent, false); /* nobody hears that it is refused */
    assert_int_equal(keeper_open_intents(w->k, false, intents, 8, &n, &e), ST_OK);
    assert_int_equal(n, 0);
}

static void a_look_ups_entry_is_on_disk_when_the_next_call_is_answered(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_term_list *lists;
    size_t n;
    struct keeper_call li = world_sign_in(w, "li");
    assert_int_equal(keeper_settle(w->k, &e), ST_OK); /* nothing to wait for */
    for (int i = 0; i < 2; i++)
        assert_int_equal(keeper_lookup(w->k, &li, 1, 101, SEARCH_EXACT, VIEW_MASKED, SLICE("13800001234"),
                                       &w->arena, &lists, &n, &e),
                         ST_OK);
    assert_int_equal(keeper_settle(w->k, &e), ST_OK);
    assert_int_equal(count_entries(w, AUDIT_LOOKUP, AUDIT_DONE), 2);
}

static void terms_of_a_keeper_that_is_gone_open_nothing(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_term_list *lists;
    size_t n;
    struct principal who;
    struct keeper_call li = world_sign_in(w, "li");
    assert_int_equal(keeper_lookup(w->k, &li, 1, 101, SEARCH_EXACT, VIEW_MASKED, SLICE("13800001234"),
                                   &w->arena, &lists, &n, &e),
                     ST_OK);
    struct keeper *k = w->k;
    w->k = NULL;
    world_stop(w);
    world_start(w);
    assert_int_equal(keeper_session(k, &li, &who, &e), ST_UNAVAILABLE);
    assert_int_equal(keeper_session(k, &li, &who, &e), ST_OK);
    keeper_close(k);
}

static void an_intent_is_left_when_its_connection_seals_again_or_ends(void **state) {
    struct world *w = *state;
    struct error e;
    uint64_t intents[8];
    size_t n;
    struct keeper *other;
    struct keeper_call wang = world_sign_in(w, "wang");
    struct world_row row = world_row(w, &wang, "张三", "+8613800001234", "330102199001011234");
    struct keeper_sealed first = update_mobile(w, &wang, &row, "+8613811111234");
    assert_int_equal(keeper_open_intents(w->k, true, intents, 8, &n, &e), ST_OK);
    assert_int_equal(n, 0);
    struct keeper_sealed second = update_mobile(w, &wang, &row, "+8613811111235");
    assert_int_equal(keeper_open_intents(w->k, true, intents, 8, &n, &e), ST_OK);
    assert_int_equal(n, 1);
    assert_int_equal(intents[0], first.intent);
    assert_int_equal(keeper_connect(w->engine, &other, &e), ST_OK);
    keeper_close(w->k);
    w->k = other;
    do
        assert_int_equal(keeper_open_intents(w->k, true, intents, 8, &n, &e), ST_OK);
    while (n < 2);
    assert_int_equal(intents[1], second.intent);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(nothing_opens_without_a_live_token),
        CASE(nobody_gets_more_than_his_roles_ceiling),
        CASE(holders_of_a_duty_see_no_customer_whatever_their_roles),
        CASE(a_class_cannot_be_lowered_and_an_unknown_field_not_opened),
        CASE(duties_stay_apart),
        CASE(a_disabled_user_is_out_at_once),
        CASE(budgets_count_people_and_not_pages),
        CASE(budgets_are_rebuilt_from_the_log_alone),
        CASE(terms_cannot_be_enumerated),
        CASE(a_masked_field_is_matched_only_as_far_as_its_mask_shows),
        CASE(looking_up_gives_the_terms_that_sealing_made),
        CASE(values_cannot_be_moved_between_rows_or_fields),
        CASE(an_edited_owner_is_noticed),
        CASE(an_older_value_cannot_be_put_back),
        CASE(writing_tells_whether_it_changed_only_to_who_may_see),
        CASE(nothing_is_answered_while_the_log_cannot_be_written),
        CASE(a_look_up_lost_with_the_log_is_not_paid_by_a_later_one),
        CASE(a_refusal_after_a_look_up_waits_for_its_entry_too),
        CASE(a_jobs_token_is_for_its_object_only),
        CASE(only_jobs_claims_a_job_and_only_one_that_was_authorised),
        CASE(intents_without_outcome_are_known_after_a_restart),
        CASE(an_outcome_told_later_goes_with_the_next_call_or_when_forgotten),
        CASE(a_look_ups_entry_is_on_disk_when_the_next_call_is_answered),
        CASE(terms_of_a_keeper_that_is_gone_open_nothing),
        CASE(an_intent_is_left_when_its_connection_seals_again_or_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
