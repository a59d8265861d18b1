#include "test.h"

#include "base/file.h"
#include "keeper/protocol.h"

static void the_page_docs_protocol_is_what_the_server_enforces(void **state) {
    (void)state;
    struct buf table;
    struct arena a;
    struct slice page;
    buf_init(&table, 1 << 16, false);
    arena_init(&a, 1 << 20, ARENA_PLAIN);
    protocol_document(&table);
    assert_false(table.failed);
    assert_int_equal(file_read(KEDUN_SHARE_DIR "/docs/protocol.md", 1 << 19, &a, &page), ST_OK);
    bool found = memmem(page.p, page.n, table.p, table.n) != NULL;
    if (!found)
        print_error("docs/protocol.md must contain:\n%.*s", (int)table.n, (const char *)table.p);
    assert_true(found);
    buf_free(&table);
    arena_free(&a);
}

static void every_message_reads_back_what_it_wrote(void **state) {
    (void)state;
    size_t n;
    const struct message_info *table = protocol_table(&n);
    for (size_t i = 0; i < n; i++) {
        struct args *in = calloc(1, sizeof *in), *out = calloc(1, sizeof *out);
        struct buf b, again;
        struct arena a;
        buf_init(&b, 1 << 20, false);
        buf_init(&again, 1 << 20, false);
        arena_init(&a, 1 << 24, ARENA_PLAIN);
        memset(&in->call, 7, sizeof in->call);
        in->number = 0x1122334455667788;
        in->text = SLICE("text");
        struct wire w = wire_to(&b);
        wire_request(&w, &table[i], in);
        assert_true(wire_done(&w));
        w = wire_from(buf_slice(&b), &a);
        wire_request(&w, &table[i], out);
        assert_true(wire_done(&w));
        w = wire_to(&again);
        wire_request(&w, &table[i], out);
        assert_true(slice_equal(buf_slice(&b), buf_slice(&again)));
        for (size_t cut = 0; cut < b.n; cut++) { /* no prefix of it is a message */
            w = wire_from(slice_of(b.p, cut), &a);
            wire_request(&w, &table[i], out);
            assert_false(wire_done(&w));
        }
        buf_free(&b);
        buf_free(&again);
        arena_free(&a);
        free(in);
        free(out);
    }
}

static void a_page_travels_both_ways(void **state) {
    (void)state;
    struct arena a;
    struct buf b;
    arena_init(&a, 1 << 24, ARENA_PLAIN);
    buf_init(&b, 1 << 20, false);
    uint16_t fields[] = {100, 101};
    uint8_t views[] = {2, 1, 0, 2};
    struct slice sealed[] = {SLICE("a"), SLICE_NONE, SLICE_NONE, SLICE("dd")};
    struct keeper_row rows[2] = {{.owner = 5, .seal = SLICE("0123456789abcdef")}, {.owner = 6}};
    struct args *in = calloc(1, sizeof *in), *out = calloc(1, sizeof *out);
    in->open = (struct keeper_open){.act = AUDIT_LIST,
                                    .object = 1,
                                    .fields = fields,
                                    .field_count = 2,
                                    .rows = rows,
                                    .row_count = 2,
                                    .views = views,
                                    .sealed = sealed,
                                    .reason = SLICE("why")};
    const struct message_info *m = protocol_message(MSG_OPEN);
    struct wire w = wire_to(&b);
    wire_request(&w, m, in);
    assert_true(wire_done(&w));
    w = wire_from(buf_slice(&b), &a);
    wire_request(&w, m, out);
    assert_true(wire_done(&w));
    assert_int_equal(out->open.rows[1].owner, 6);
    assert_int_equal(out->open.views[3], 2);
    assert_null(out->open.sealed[1].p);
    assert_true(slice_is(out->open.sealed[3], "dd"));
    assert_true(slice_is(out->open.reason, "why"));
    free(in);
    free(out);
    buf_free(&b);
    arena_free(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_docs_protocol_is_what_the_server_enforces),
        cmocka_unit_test(every_message_reads_back_what_it_wrote),
        cmocka_unit_test(a_page_travels_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
