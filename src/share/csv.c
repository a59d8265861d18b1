#include "share/csv.h"

#include "base/utf8.h"

enum { CELL_START, CELL_PLAIN, CELL_QUOTED, CELL_QUOTE_SEEN, CELL_SKIP };

const char *csv_problem_code(enum csv_problem p) {
    static const char *const codes[CSV_PROBLEMS] = {[CSV_FINE] = "",
                                                    [CSV_ENCODING] = "csv_encoding",
                                                    [CSV_NUL] = "csv_nul",
                                                    [CSV_QUOTES] = "csv_quotes",
                                                    [CSV_UNTERMINATED] = "csv_unterminated",
                                                    [CSV_CELL_TOO_LARGE] = "csv_cell_too_large",
                                                    [CSV_ROW_TOO_LARGE] = "csv_row_too_large",
                                                    [CSV_TOO_MANY_COLUMNS] = "csv_too_many_columns",
                                                    [CSV_RAGGED] = "csv_ragged"};
    return (unsigned)p < CSV_PROBLEMS ? codes[p] : "";
}

void csv_init(struct csv *p, uint8_t delimiter, csv_sink sink, void *context) {
    memset(p, 0, sizeof *p);
    p->delimiter = delimiter;
    p->sink = sink;
    p->context = context;
    p->line = 1;
    buf_init(&p->text, CSV_ROW_MAX, true);
}

void csv_free(struct csv *p) {
    buf_free(&p->text);
}

static void note(struct csv *p, enum csv_problem problem) {
    if (p->problem == CSV_FINE)
        p->problem = problem;
}

/* ---- a row's end ---- */

/* Bytes that are no UTF-8 become '?'. */
static void check_encoding(struct csv *p, uint8_t *text, size_t n) {
    size_t at = 0;
    while (at < n) {
        if (text[at] < 0x80) {
            at++;
            continue;
        }
        size_t length = utf8_sequence(slice_of(text + at, n - at));
        if (length == 0) {
            note(p, CSV_ENCODING);
            text[at] = '?';
        } else if (length == 3 && text[at] == 0xef && text[at + 1] == 0xbf && text[at + 2] == 0xbd) {
            note(p, CSV_ENCODING); /* U+FFFD: the decoder could not read it */
        }
        at += length == 0 ? 1 : length;
    }
}

static void gather_cells(struct csv *p) {
    size_t from = 0;
    for (size_t i = 0; i < p->count; i++) {
        size_t n = p->ends[i] - from;
        p->cells[i] = SLICE("");
        if (n > 0) { /* a line of empty cells has no text at all */
            check_encoding(p, p->text.p + from, n);
            p->cells[i] = slice_of(p->text.p + from, n);
        }
        from = p->ends[i];
    }
}

static void check_columns(struct csv *p) {
    if (p->columns == 0)
        p->columns = p->count;
    while (p->count > p->columns && p->cells[p->count - 1].n == 0)
        p->count--;
    if (p->count != p->columns)
        note(p, CSV_RAGGED);
}

static enum status end_row(struct csv *p) {
    enum status s = ST_OK;
    if (p->text.n > 0 || p->problem != CSV_FINE) {
        gather_cells(p);
        check_columns(p);
        struct csv_row row = {
            .line = p->row_line, .problem = p->problem, .cells = p->cells, .count = p->count};
        s = p->sink(p->context, &row);
    }
    buf_reset(&p->text);
    p->count = 0;
    p->problem = CSV_FINE;
    p->begun = false;
    p->state = CELL_START;
    return s;
}

static void end_cell(struct csv *p) {
    if (p->count < CSV_COLUMNS_MAX)
        p->ends[p->count++] = p->text.n;
    else
        note(p, CSV_TOO_MANY_COLUMNS);
    p->state = CELL_START;
}

/* ---- bytes ---- */

static void append(struct csv *p, const uint8_t *bytes, size_t n) {
    size_t from = p->count == 0 ? 0 : p->ends[p->count - 1];
    if (p->count == CSV_COLUMNS_MAX) { /* a cell too many: not kept */
        note(p, CSV_TOO_MANY_COLUMNS);
        return;
    }
    if (p->text.n + n > CSV_ROW_MAX) {
        note(p, CSV_ROW_TOO_LARGE);
        p->state = CELL_SKIP;
    } else if (p->text.n - from + n > CSV_CELL_MAX) {
        note(p, CSV_CELL_TOO_LARGE);
        p->state = CELL_SKIP;
    } else {
        buf_put(&p->text, bytes, n);
    }
}

static void append_one(struct csv *p, uint8_t c) {
    if (c == 0)
        note(p, CSV_NUL);
    else
        append(p, &c, 1);
}

static void count_line(struct csv *p, uint8_t c) {
    if (c == '\r' || (c == '\n' && !p->after_cr))
        p->line++;
    p->after_cr = c == '\r';
}

static enum status take_plain(struct csv *p, uint8_t c) {
    if (c == p->delimiter) {
        end_cell(p);
        return ST_OK;
    }
    if (c == '\r' || c == '\n') {
        end_cell(p);
        return end_row(p);
    }
    if (p->state == CELL_SKIP)
        return ST_OK;
    if (c == '"' && p->state == CELL_START) {
        p->state = CELL_QUOTED;
        return ST_OK;
    }
    p->state = CELL_PLAIN;
    append_one(p, c);
    return ST_OK;
}

static enum status take_after_quote(struct csv *p, uint8_t c) {
    if (c == '"') {
        p->state = CELL_QUOTED;
        append_one(p, c);
        return ST_OK;
    }
    if (c == ' ' || c == '\t') {
        if (c == p->delimiter)
            end_cell(p);
        return ST_OK;
    }
    if (c != p->delimiter && c != '\r' && c != '\n')
        note(p, CSV_QUOTES);
    return take_plain(p, c);
}

static enum status take(struct csv *p, uint8_t c) {
    bool second = c == '\n' && p->after_cr; /* of CRLF */
    bool quoted = p->state == CELL_QUOTED;
    if (!p->begun) {
        if (second) {
            p->after_cr = false;
            return ST_OK;
        }
        p->begun = true;
        p->row_line = p->line;
    }
    count_line(p, c);
    if (quoted) {
        if (c == '"')
            p->state = CELL_QUOTE_SEEN;
        else
            append_one(p, c);
        return ST_OK;
    }
    return p->state == CELL_QUOTE_SEEN ? take_after_quote(p, c) : take_plain(p, c);
}

/* Bytes that mean nothing but themselves in the present state, from `at` on. */
static size_t plain_run(const struct csv *p, struct slice bytes, size_t at) {
    size_t n = at;
    if (p->state == CELL_PLAIN) {
        while (n < bytes.n && bytes.p[n] != p->delimiter && bytes.p[n] >= 0x20)
            n++;
    } else if (p->state == CELL_QUOTED) {
        while (n < bytes.n && bytes.p[n] != '"' && bytes.p[n] >= 0x20)
            n++;
    }
    return n - at;
}

enum status csv_feed(struct csv *p, struct slice bytes) {
    size_t at = 0;
    while (at < bytes.n) {
        size_t run = plain_run(p, bytes, at);
        if (run > CSV_CELL_MAX)
            run = CSV_CELL_MAX;
        if (run > 0) {
            p->after_cr = false;
            append(p, bytes.p + at, run);
            at += run;
            continue;
        }
        enum status s = take(p, bytes.p[at++]);
        if (s != ST_OK)
            return s;
        if (p->text.failed)
            return ST_NOMEM;
    }
    return p->text.failed ? ST_NOMEM : ST_OK;
}

enum status csv_finish(struct csv *p) {
    if (!p->begun)
        return ST_OK;
    if (p->state == CELL_QUOTED)
        note(p, CSV_UNTERMINATED);
    end_cell(p);
    return end_row(p);
}

uint8_t csv_detect_delimiter(struct slice start) {
    static const uint8_t candidates[] = {',', ';', '\t'};
    size_t counts[sizeof candidates] = {0};
    bool quoted = false;
    for (size_t i = 0; i < start.n; i++) {
        uint8_t c = start.p[i];
        if (c == '"')
            quoted = !quoted;
        if (!quoted && (c == '\n' || c == '\r'))
            break;
        for (size_t k = 0; !quoted && k < sizeof candidates; k++)
            counts[k] += c == candidates[k];
    }
    size_t best = 0;
    for (size_t k = 1; k < sizeof candidates; k++) {
        if (counts[k] > counts[best])
            best = k;
    }
    return candidates[best];
}
