/* The CSV parser and the decoder before it, fed in every cut. */
#include "share/csv.h"
#include "share/decode.h"
#include "share/rejects.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

/* Rows as text: "LINE:problem|cell|cell\n". */
struct seen {
    struct buf text;
    size_t rows;
};

static enum status see(void *context, const struct csv_row *row) {
    struct seen *s = context;
    buf_put_format(&s->text, "%d:%s", (int)row->line, csv_problem_code(row->problem));
    for (size_t i = 0; i < row->count; i++) {
        buf_put_u8(&s->text, '|');
        buf_put(&s->text, row->cells[i].p, row->cells[i].n);
    }
    buf_put_u8(&s->text, '\n');
    s->rows++;
    return ST_OK;
}

static void parse_cut(struct slice input, uint8_t delimiter, size_t cut, struct seen *out) {
    static struct csv p;
    out->rows = 0;
    buf_init(&out->text, 64u << 20, false);
    csv_init(&p, delimiter, see, out);
    for (size_t at = 0; at < input.n; at += cut) {
        size_t n = input.n - at < cut ? input.n - at : cut;
        assert_int_equal(csv_feed(&p, slice_of(input.p + at, n)), ST_OK);
    }
    assert_int_equal(csv_finish(&p), ST_OK);
    csv_free(&p);
    buf_put_u8(&out->text, 0);
}

/* However the input is cut, the rows are the same. */
static void expect(const char *input, size_t n, const char *rows) {
    for (size_t cut = 1; cut <= n + 1; cut++) {
        struct seen s;
        parse_cut(slice_of(input, n), ',', cut, &s);
        assert_string_equal((char *)s.text.p, rows);
        buf_free(&s.text);
    }
}
#define EXPECT(input, rows) expect(input, sizeof(input) - 1, rows)

static void plain_rows_with_every_line_end(void **state) {
    (void)state;
    EXPECT("a,b\n1,2\n", "1:|a|b\n2:|1|2\n");
    EXPECT("a,b\r\n1,2\r\n", "1:|a|b\n2:|1|2\n");
    EXPECT("a,b\r1,2\r", "1:|a|b\n2:|1|2\n");
    EXPECT("a,b\n1,2", "1:|a|b\n2:|1|2\n");
    EXPECT("a,b\n1,", "1:|a|b\n2:|1|\n");
    EXPECT("", "");
    EXPECT("\n\r\n\n", "");
}

static void quotes_hold_delimiters_quotes_and_line_ends(void **state) {
    (void)state;
    EXPECT("a,b\n\"x,y\",\"he said \"\"no\"\"\"\n", "1:|a|b\n2:|x,y|he said \"no\"\n");
    EXPECT("a,b\n\"one\r\ntwo\",2\n3,4\n", "1:|a|b\n2:|one\r\ntwo|2\n4:|3|4\n");
    EXPECT("a,b\n\"\",x\n", "1:|a|b\n2:||x\n");
    EXPECT("a,b\nsay \"hi\",2\n", "1:|a|b\n2:|say \"hi\"|2\n");
    EXPECT("a,b\n\"x\" ,2\n", "1:|a|b\n2:|x|2\n");
}

static void broken_quotes_are_flagged_and_cost_only_their_row(void **state) {
    (void)state;
    EXPECT("a,b\n\"x\"y,2\n3,4\n", "1:|a|b\n2:csv_quotes|xy|2\n3:|3|4\n");
    EXPECT("a,b\n1,\"never closed", "1:|a|b\n2:csv_unterminated|1|never closed\n");
}

static void rows_of_another_length_are_flagged(void **state) {
    (void)state;
    EXPECT("a,b\n1\n1,2,3\n1,2,,\n4,5\n", "1:|a|b\n2:csv_ragged|1\n3:csv_ragged|1|2|3\n4:|1|2\n5:|4|5\n");
}

static void blank_rows_are_passed_over_but_counted_as_lines(void **state) {
    (void)state;
    EXPECT("a,b\n\n,\n \n1,2\n", "1:|a|b\n4:csv_ragged| \n5:|1|2\n");
}

static void nul_bytes_and_bad_utf8_are_flagged_with_their_line(void **state) {
    (void)state;
    EXPECT("a,b\n1\0,2\n\xff,x\n\xe4\xb8,y\nok,z\n",
           "1:|a|b\n2:csv_nul|1|2\n3:csv_encoding|?|x\n4:csv_encoding|??|y\n5:|ok|z\n");
    EXPECT("a\n\xef\xbf\xbd\n", "1:|a\n2:csv_encoding|\xef\xbf\xbd\n");
}

static void a_huge_cell_is_cut_and_the_next_line_is_whole(void **state) {
    (void)state;
    size_t n = CSV_CELL_MAX + 1000;
    char *input = malloc(n + 64);
    (void)snprintf(input, 16, "a,b\n1,\"");
    memset(input + 7, 'x', n);
    (void)snprintf(input + 7 + n, 32, "\n3,4\n");
    struct seen s;
    for (size_t cut = 1000; cut < 300000; cut *= 7) {
        parse_cut(slice_of(input, 7 + n + 5), ',', cut, &s);
        assert_int_equal(s.rows, 3);
        assert_non_null(strstr((char *)s.text.p, "2:csv_cell_too_large|1|xxxx"));
        assert_non_null(strstr((char *)s.text.p, "\n3:|3|4\n"));
        buf_free(&s.text);
    }
    free(input);
}

static void too_many_columns_and_too_large_rows_are_bounded(void **state) {
    (void)state;
    struct buf input;
    struct seen s;
    buf_init(&input, 64u << 20, false);
    for (int i = 0; i < 2000; i++)
        buf_put_string(&input, "x,");
    buf_put_string(&input, "\nlast\n");
    parse_cut(buf_slice(&input), ',', 999, &s);
    assert_int_equal(s.rows, 2);
    assert_non_null(strstr((char *)s.text.p, "1:csv_too_many_columns|x|"));
    buf_free(&s.text);
    buf_reset(&input);
    for (int i = 0; i < 300; i++) {
        buf_put_string(&input, i == 0 ? "" : ",");
        for (int k = 0; k < 6000; k++)
            buf_put_u8(&input, 'y');
    }
    buf_put_string(&input, "\n");
    parse_cut(buf_slice(&input), ',', 65536, &s);
    assert_non_null(strstr((char *)s.text.p, "1:csv_row_too_large|y"));
    assert_true(s.text.n < CSV_ROW_MAX + 4096);
    buf_free(&s.text);
    buf_free(&input);
}

static void another_delimiter_parts_cells_alike(void **state) {
    (void)state;
    struct seen s;
    parse_cut(SLICE("a;b\n1;2\n"), ';', 3, &s);
    assert_string_equal((char *)s.text.p, "1:|a|b\n2:|1|2\n");
    buf_free(&s.text);
}

static void the_delimiter_is_what_parts_the_first_row(void **state) {
    (void)state;
    assert_int_equal(csv_detect_delimiter(SLICE("a,b,c\n1;2;3;4;5")), ',');
    assert_int_equal(csv_detect_delimiter(SLICE("a;b;c,d\n")), ';');
    assert_int_equal(csv_detect_delimiter(SLICE("a\tb\n")), '\t');
    assert_int_equal(csv_detect_delimiter(SLICE("\"a;b;c;d\",e\n")), ',');
    assert_int_equal(csv_detect_delimiter(SLICE("alone\n")), ',');
    assert_int_equal(csv_detect_delimiter(SLICE("")), ',');
}

/* ---- the decoder ---- */

static void decode_cut(struct slice input, enum encoding asked, size_t cut, struct buf *out,
                       enum encoding *found) {
    struct decode d;
    struct slice text;
    struct error e;
    buf_init(out, 1u << 20, false);
    assert_int_equal(decode_init(&d, asked), ST_OK);
    for (size_t at = 0; at < input.n; at += cut) {
        size_t n = input.n - at < cut ? input.n - at : cut;
        assert_int_equal(decode_feed(&d, slice_of(input.p + at, n), false, &text, &e), ST_OK);
        buf_put(out, text.p, text.n);
    }
    assert_int_equal(decode_feed(&d, SLICE(""), true, &text, &e), ST_OK);
    buf_put(out, text.p, text.n);
    *found = d.encoding;
    decode_free(&d);
    buf_put_u8(out, 0);
}

static void utf8_comes_through_with_or_without_a_mark(void **state) {
    (void)state;
    struct buf out;
    enum encoding found;
    decode_cut(SLICE("\xef\xbb\xbf"
                     "姓名,手机"),
               ENCODING_AUTO, 1000, &out, &found);
    assert_string_equal((char *)out.p, "姓名,手机");
    assert_int_equal(found, ENCODING_UTF8);
    buf_free(&out);
    decode_cut(SLICE("姓名,手机"), ENCODING_AUTO, 1000, &out, &found);
    assert_string_equal((char *)out.p, "姓名,手机");
    assert_int_equal(found, ENCODING_UTF8);
    buf_free(&out);
}

static void gb18030_is_recognised_and_decoded_across_cuts(void **state) {
    (void)state;
    /* 姓名,㐀 (four bytes), 重庆 */
    struct slice gb = SLICE("\xd0\xd5\xc3\xfb,\x81\x39\xee\x39,\xd6\xd8\xc7\xec");
    struct buf out;
    enum encoding found;
    decode_cut(gb, ENCODING_AUTO, 1000, &out, &found);
    assert_string_equal((char *)out.p, "姓名,㐀,重庆");
    assert_int_equal(found, ENCODING_GB18030);
    buf_free(&out);
    for (size_t cut = 1; cut < gb.n; cut++) {
        decode_cut(gb, ENCODING_GB18030, cut, &out, &found);
        assert_string_equal((char *)out.p, "姓名,㐀,重庆");
        buf_free(&out);
    }
}

static void an_ascii_beginning_leaves_the_choice_open(void **state) {
    (void)state;
    struct buf out;
    enum encoding found;
    decode_cut(SLICE("name,city\n1,2\n\xd6\xd8\xc7\xec,\xc9\xcf\xba\xa3"), ENCODING_AUTO, 14, &out, &found);
    assert_string_equal((char *)out.p, "name,city\n1,2\n重庆,上海");
    assert_int_equal(found, ENCODING_GB18030);
    buf_free(&out);
}

static void a_broken_byte_does_not_turn_utf8_into_gb18030(void **state) {
    (void)state;
    struct buf out;
    enum encoding found;
    decode_cut(SLICE("姓名,手机,城市,重庆市渝中区\n张\xff三,重庆\n"), ENCODING_AUTO, 1000, &out, &found);
    assert_int_equal(found, ENCODING_UTF8);
    buf_free(&out);
}

static void other_kinds_of_files_are_refused_by_name(void **state) {
    (void)state;
    static const struct {
        const char *start, *code;
    } kinds[] = {{"PK\x03\x04zip", "file_xlsx"},
                 {"\xd0\xcf\x11\xe0 ole", "file_xls"},
                 {"\xff\xfe"
                  "a",
                  "file_utf16"}};
    for (size_t i = 0; i < 3; i++) {
        struct decode d;
        struct slice text;
        struct error e;
        assert_int_equal(decode_init(&d, ENCODING_AUTO), ST_OK);
        assert_int_equal(decode_feed(&d, slice_from_string(kinds[i].start), false, &text, &e), ST_INVALID);
        assert_string_equal(e.code, kinds[i].code);
        decode_free(&d);
    }
}

static void no_cell_that_is_written_is_a_formula(void **state) {
    (void)state;
    static const struct {
        struct slice cell;
        const char *text;
    } cells[] = {{SLICE("=1+1"), "\"'=1+1\""},      {SLICE("+86"), "\"'+86\""}, {SLICE("-1"), "\"'-1\""},
                 {SLICE("@x"), "\"'@x\""},          {SLICE("\tx"), "\"'\tx\""}, {SLICE("\rx"), "\"'\rx\""},
                 {SLICE("a\"b,c"), "\"a\"\"b,c\""}, {SLICE("a=b"), "a=b"},      {SLICE(""), ""}};
    struct buf out;
    buf_init(&out, 1024, false);
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        buf_reset(&out);
        rejects_put_cell(&out, cells[i].cell);
        assert_true(slice_is(buf_slice(&out), cells[i].text));
    }
    buf_reset(&out);
    rejects_put_cell(&out, slice_of("\0=1", 3));
    assert_true(slice_equal(buf_slice(&out), SLICE("\"'\0=1\"")));
    buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_rows_with_every_line_end),
        cmocka_unit_test(quotes_hold_delimiters_quotes_and_line_ends),
        cmocka_unit_test(broken_quotes_are_flagged_and_cost_only_their_row),
        cmocka_unit_test(rows_of_another_length_are_flagged),
        cmocka_unit_test(blank_rows_are_passed_over_but_counted_as_lines),
        cmocka_unit_test(nul_bytes_and_bad_utf8_are_flagged_with_their_line),
        cmocka_unit_test(a_huge_cell_is_cut_and_the_next_line_is_whole),
        cmocka_unit_test(too_many_columns_and_too_large_rows_are_bounded),
        cmocka_unit_test(another_delimiter_parts_cells_alike),
        cmocka_unit_test(the_delimiter_is_what_parts_the_first_row),
        cmocka_unit_test(utf8_comes_through_with_or_without_a_mark),
        cmocka_unit_test(gb18030_is_recognised_and_decoded_across_cuts),
        cmocka_unit_test(an_ascii_beginning_leaves_the_choice_open),
        cmocka_unit_test(a_broken_byte_does_not_turn_utf8_into_gb18030),
        cmocka_unit_test(other_kinds_of_files_are_refused_by_name),
        cmocka_unit_test(no_cell_that_is_written_is_a_formula),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
