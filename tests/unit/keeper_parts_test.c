/* Common search terms are split, found by all their parts, and leave by all of them. */
#include "keeper/parts.h"
#include "keeper/recall.h"
#include "keeper_world.h"

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

/* Customers whose names all hold 王; what is not in the arena holds until the next call. */
static void seal_many(struct world *w, const struct keeper_call *call, size_t count,
                      struct keeper_seal_row *rows, struct keeper_sealed *out) {
    static const char *const given[] = {"伟", "芳", "娜", "秀英", "敏", "静", "强", "磊"};
    struct error e = {.detail = ""};
    struct keeper_value *values = arena_array(&w->arena, count, sizeof *values);
    for (size_t i = 0; i < count; i++) {
        const char *name = arena_format(&w->arena, "王%s", given[i % 8]);
        values[i] = (struct keeper_value){100, slice_from_string(name), SLICE_NONE};
        rows[i] = (struct keeper_seal_row){.new_subject = true, .values = &values[i], .value_count = 1};
        assert_int_equal(uuid_new(&rows[i].row.record), ST_OK);
        rows[i].row.subject = rows[i].row.record;
    }
    assert_int_equal(keeper_seal_rows(w->k, call, AUDIT_CREATE, 1, rows, count, &w->arena, out, &e), ST_OK);
}

static struct keeper_term_list look_up(struct world *w, const struct keeper_call *call, const char *text) {
    struct keeper_term_list *lists;
    struct error e = {.detail = ""};
    size_t n;
    assert_int_equal(keeper_lookup(w->k, call, 1, 100, SEARCH_FRAGMENT, VIEW_CLEAR, slice_from_string(text),
                                   &w->arena, &lists, &n, &e),
                     ST_OK);
    assert_int_equal(n, 1);
    return lists[0];
}

static bool asks_for(const struct keeper_term_list *l, uint64_t term) {
    for (size_t i = 0; i < l->count; i++) {
        if ((l->terms[i] & ~KEEPER_TERM_OR) == term)
            return true;
    }
    return false;
}

/* How many rows have exactly one of the list's terms; *most: of the commonest term. */
static size_t rows_found(const struct keeper_term_list *l, const struct keeper_sealed *sealed, size_t rows,
                         size_t *most) {
    size_t found = 0;
    uint8_t *seen = calloc(rows, 1);
    assert_non_null(seen);
    *most = 0;
    for (size_t i = 0; i < l->count; i++) {
        size_t of_term = 0;
        for (size_t k = 0; k < sealed->term_count; k++) {
            const struct keeper_term *t = &sealed->terms[k];
            if (t->search != SEARCH_FRAGMENT || t->remove || t->term != (l->terms[i] & ~KEEPER_TERM_OR))
                continue;
            of_term++;
            found++;
            assert_int_equal(seen[t->row]++, 0);
        }
        *most = of_term > *most ? of_term : *most;
    }
    free(seen);
    return found;
}

static void a_common_term_is_split_and_found_by_all_its_parts(void **state) {
    struct world *w = *state;
    struct keeper_call wang = world_sign_in(w, "wang");
    struct keeper_seal_row *rows = arena_array(&w->arena, 1000, sizeof *rows);
    struct keeper_sealed first, later;
    size_t most;
    seal_many(w, &wang, 1000, rows, &first);
    struct keeper_term_list l = look_up(w, &wang, "王");
    assert_int_equal(l.count, 1 + PARTS_MOST);
    assert_int_equal(l.terms[0] & KEEPER_TERM_OR, 0);
    for (size_t i = 1; i < l.count; i++)
        assert_true((l.terms[i] & KEEPER_TERM_OR) != 0);
    assert_int_equal(rows_found(&l, &first, 1000, &most), 1000);
    assert_int_equal(most, 1000); /* before anybody knew that it is common */
    seal_many(w, &wang, 1000, rows, &later);
    assert_int_equal(rows_found(&l, &later, 1000, &most), 1000);
    assert_true(most < 1000 / 6);
    world_restart(w);
    wang = world_sign_in(w, "wang");
    struct keeper_term_list again = look_up(w, &wang, "王");
    assert_int_equal(again.count, l.count);
    assert_memory_equal(again.terms, l.terms, l.count * sizeof *l.terms);
}

static void a_rare_term_stays_one(void **state) {
    struct world *w = *state;
    struct keeper_call wang = world_sign_in(w, "wang");
    struct keeper_seal_row *rows = arena_array(&w->arena, 1000, sizeof *rows);
    struct keeper_sealed sealed;
    seal_many(w, &wang, 1000, rows, &sealed);
    assert_int_equal(look_up(w, &wang, "单").count, 1);
}

/* Row 7 of those sealed last, as it stands, for another write. */
struct standing {
    struct keeper_row row;
    struct slice name;
};

static struct standing standing_of(struct world *w, const struct keeper_seal_row *rows,
                                   const struct keeper_sealed *sealed) {
    struct standing s = {rows[7].row, world_keep(w, sealed->sealed[7])};
    s.row.wrapped_key = world_keep(w, sealed->wrapped_keys[7]);
    s.row.versions = world_keep(w, sealed->versions[7]);
    s.row.seal = arena_copy(&w->arena, slice_of(sealed->seals[7], KEEPER_ROW_SEAL));
    return s;
}

static void rename_to(struct world *w, const struct keeper_call *call, const struct standing *s,
                      const char *name, struct keeper_sealed *out) {
    struct error e = {.detail = ""};
    struct keeper_value value = {100, slice_from_string(name), s->name};
    struct keeper_seal_row row = {.row = s->row, .old = &s->row, .values = &value, .value_count = 1};
    enum status st = keeper_seal_rows(w->k, call, AUDIT_UPDATE, 1, &row, 1, &w->arena, out, &e);
    if (st != ST_OK)
        print_error("rename: %s %s\n", e.code, e.detail);
    assert_int_equal(st, ST_OK);
}

static size_t count_terms(const struct keeper_sealed *s, const struct keeper_term_list *l, bool remove) {
    size_t n = 0;
    for (size_t i = 0; i < s->term_count; i++)
        n += s->terms[i].remove == remove && asks_for(l, s->terms[i].term);
    return n;
}

static void a_split_term_leaves_by_every_part_that_the_row_may_have(void **state) {
    struct world *w = *state;
    struct keeper_call wang = world_sign_in(w, "wang");
    struct keeper_seal_row *rows = arena_array(&w->arena, 1000, sizeof *rows);
    struct keeper_sealed sealed[2], changed;
    struct standing standing[2];
    for (size_t k = 0; k < 2; k++) {
        seal_many(w, &wang, 1000, rows, &sealed[k]);
        standing[k] = standing_of(w, rows, &sealed[k]);
    }
    struct keeper_term_list l = look_up(w, &wang, "王");
    for (size_t k = 0; k < 2; k++) {
        rename_to(w, &wang, &standing[k], "王小明", &changed);
        assert_int_equal(count_terms(&changed, &l, true), 0);
        assert_int_equal(count_terms(&changed, &l, false), 0);
        rename_to(w, &wang, &standing[k], "李小明", &changed);
        assert_int_equal(count_terms(&changed, &l, true), 2);
        size_t was = 0;
        for (size_t i = 0; i < sealed[k].term_count; i++) {
            const struct keeper_term *t = &sealed[k].terms[i];
            for (size_t j = 0; t->row == 7 && asks_for(&l, t->term) && j < changed.term_count; j++)
                was += changed.terms[j].remove && changed.terms[j].term == t->term;
        }
        assert_int_equal(was, 1);
    }
}

/* Two tokens on one slot, and one token at two levels, each get their own. */
static void what_is_recalled_is_what_would_be_made(void **state) {
    struct recall *r = recall_new();
    uint64_t term = 0, name = 0x1234567890abcdef;
    assert_non_null(r);
    (void)state;
    assert_false(recall_term(r, name, 0, 0, &term));
    recall_put(r, name, 0, 0, 7);
    assert_true(recall_term(r, name, 0, 0, &term));
    assert_int_equal(term, 7);
    assert_false(recall_term(r, name + RECALL_TERMS, 0, 0, &term));
    recall_put(r, name + RECALL_TERMS, 0, 0, 8);
    assert_false(recall_term(r, name, 0, 0, &term));
    recall_put(r, name, 1, 1, 9); /* the slot of level 0's third neighbour */
    assert_false(recall_term(r, name + 2, 0, 0, &term));
    assert_false(recall_term(r, name, 1, 0, &term));
    assert_true(recall_term(r, name, 1, 1, &term));
    for (unsigned i = 0; i < 2000; i++) {
        struct uuid record;
        assert_int_equal(uuid_new(&record), ST_OK);
        uint64_t some = name + (uint64_t)(i % 3) * RECALL_WEIGHTS;
        unsigned level = i / 3 % PARTS_LEVELS;
        assert_int_equal(recall_choose(r, some, level, &record), parts_choose(some, level, &record));
    }
    recall_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_common_term_is_split_and_found_by_all_its_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(a_rare_term_stays_one, setup, teardown),
        cmocka_unit_test(what_is_recalled_is_what_would_be_made),
        cmocka_unit_test_setup_teardown(a_split_term_leaves_by_every_part_that_the_row_may_have, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
