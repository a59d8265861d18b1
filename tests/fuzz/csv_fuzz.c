/* What reaches the reader: any bytes, any options, any cut. First byte: encoding and cut; second: delimiter.
 */
#include "share/csv.h"
#include "share/decode.h"

#include "base/utf8.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum status take(void *context, const struct csv_row *row) {
    uint64_t *line = context;
    if (row->line < *line || row->count > CSV_COLUMNS_MAX || row->count == 0)
        abort();
    *line = row->line;
    for (size_t i = 0; i < row->count; i++) {
        if (row->cells[i].n > CSV_CELL_MAX || !utf8_valid(row->cells[i]))
            abort();
    }
    return ST_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct csv csv;
    struct decode d;
    uint64_t line = 1;
    if (size < 2 || decode_init(&d, (enum encoding)(data[0] % ENCODING_END)) != ST_OK)
        return 0;
    size_t cut = (size_t)data[0] / 3 + 1;
    static const uint8_t delimiters[] = {',', ';', '\t'};
    csv_init(&csv, delimiters[data[1] % 3], take, &line);
    enum status s = ST_OK;
    for (size_t at = 2; s == ST_OK && at < size; at += cut) {
        struct slice text, bytes = slice_of(data + at, size - at < cut ? size - at : cut);
        struct error e;
        s = decode_feed(&d, bytes, at + cut >= size, &text, &e);
        if (s == ST_OK)
            s = csv_feed(&csv, text);
    }
    if (s == ST_OK && csv_finish(&csv) != ST_OK)
        abort();
    csv_free(&csv);
    decode_free(&d);
    return 0;
}
