/* Comma-separated values as a stream (RFC 4180, with what spreadsheets really write): any cut of the input,
 * constant memory. Input is UTF-8 after share/decode.h; what is not is flagged, never passed on.
 *
 * Accepted beyond the RFC: LF, CRLF and CR line ends, another delimiter, quotes inside an unquoted cell taken
 * as they are, blanks behind a closing quote. Rows whose cells are all empty are passed over. The first row
 * tells how many columns there are; empty cells too many are dropped.
 *
 * A row that breaks a rule is delivered with its problem, as far as it could be read; the rows behind it are
 * not lost: a quote that is never closed gives up at CSV_CELL_MAX and goes on at the next line. */
#ifndef KEDUN_SHARE_CSV_H
#define KEDUN_SHARE_CSV_H

#include "base/buf.h"
#include "base/status.h"

#define CSV_CELL_MAX    ((size_t)64 * 1024)   /* bytes of one cell */
#define CSV_ROW_MAX     ((size_t)1024 * 1024) /* of all cells of a row */
#define CSV_COLUMNS_MAX 500

enum csv_problem {
    CSV_FINE,
    CSV_ENCODING,       /* bytes that are no text in the file's encoding; shown as '?' or U+FFFD */
    CSV_NUL,            /* NUL bytes, dropped */
    CSV_QUOTES,         /* text behind a closing quote */
    CSV_UNTERMINATED,   /* a quote that the file's end closes */
    CSV_CELL_TOO_LARGE, /* the rest of the cell is dropped */
    CSV_ROW_TOO_LARGE,
    CSV_TOO_MANY_COLUMNS, /* the cells past CSV_COLUMNS_MAX are dropped */
    CSV_RAGGED,           /* not as many cells as the first row */
    CSV_PROBLEMS
};

/* "csv_ragged" …: error codes; "" for CSV_FINE or no problem at all. */
const char *csv_problem_code(enum csv_problem p);

/* Cells are borrowed until the sink returns. `line` counts from 1: where the row begins. */
struct csv_row {
    uint64_t line;
    enum csv_problem problem; /* the first that was met */
    const struct slice *cells;
    size_t count;
};

/* Anything but ST_OK stops csv_feed, which returns it. */
typedef enum status (*csv_sink)(void *context, const struct csv_row *row);

struct csv {
    uint8_t delimiter;
    csv_sink sink;
    void *context;
    int state;
    uint64_t line, row_line;
    bool after_cr, begun; /* begun: the row has at least one byte */
    enum csv_problem problem;
    struct buf text; /* of the row: its cells one behind the other */
    size_t ends[CSV_COLUMNS_MAX];
    size_t count, columns; /* cells ended; of the first row */
    struct slice cells[CSV_COLUMNS_MAX];
};

void csv_init(struct csv *p, uint8_t delimiter, csv_sink sink, void *context);
void csv_free(struct csv *p);
MUST_CHECK enum status csv_feed(struct csv *p, struct slice bytes);
/* The end of the input: the last row may lack its line end. */
MUST_CHECK enum status csv_finish(struct csv *p);

/* ',', ';' or tab: what parts the most cells of the first row of `start`. */
uint8_t csv_detect_delimiter(struct slice start);

#endif
