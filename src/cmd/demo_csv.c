#include "cmd/demo_csv.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"

#include <iconv.h>
#include <stdio.h>

#define FIRST_NUMBER 20000000 /* behind every customer of a demo base */
#define ROW_MOST     4096

/* What iconv_open fails with. */
#define NOT_CONVERTED ((iconv_t)(intptr_t)-1)

enum bad_kind {
    BAD_NONE,
    BAD_MOBILE,
    BAD_RESIDENT_ID,
    BAD_USCC,
    BAD_MAIL,
    BAD_NO_NAME,
    BAD_DATE,
    BAD_TYPE,
    BAD_END
};

static const char *const bad_names[BAD_END] = {"none", "mobile",       "resident_id", "uscc",
                                               "mail", "missing_name", "date",        "type"};

struct csv {
    FILE *file, *truth;
    iconv_t converter; /* to GB18030; NOT_CONVERTED: UTF-8 as it is */
    struct buf row;
    struct json bad;
    struct buf bad_text;
    bool first_cell;
};

bool demo_encoding_by_name(const char *name, enum demo_encoding *out) {
    static const char *const names[] = {"utf-8", "utf-8-bom", "gb18030"};
    for (size_t i = 0; i < 3; i++) {
        if (strcmp(name, names[i]) == 0) {
            *out = (enum demo_encoding)i;
            return true;
        }
    }
    return false;
}

/* RFC 4180: quoted where it must be. */
static void put_cell(struct csv *c, const char *text) {
    if (!c->first_cell)
        buf_put_u8(&c->row, ',');
    c->first_cell = false;
    if (strpbrk(text, ",\"\r\n") == NULL) {
        buf_put_string(&c->row, text);
        return;
    }
    buf_put_u8(&c->row, '"');
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"')
            buf_put_u8(&c->row, '"');
        buf_put_u8(&c->row, (uint8_t)*p);
    }
    buf_put_u8(&c->row, '"');
}

/* The row in the file's encoding; the result lies in `room`, or is the row itself. */
static bool convert(struct csv *c, char room[ROW_MOST * 2], struct slice *out) {
    char *from = (char *)c->row.p, *to = room;
    size_t left = c->row.n, space = (size_t)ROW_MOST * 2;
    *out = buf_slice(&c->row);
    if (c->converter == NOT_CONVERTED)
        return true;
    if (iconv(c->converter, &from, &left, &to, &space) == (size_t)-1)
        return false;
    *out = slice_of(room, (size_t)(to - room));
    return true;
}

static enum status end_row(struct csv *c) {
    char room[ROW_MOST * 2];
    struct slice text;
    buf_put_string(&c->row, "\r\n");
    if (c->row.failed || !convert(c, room, &text))
        return ST_LIMIT;
    size_t written = fwrite(text.p, 1, text.n, c->file);
    buf_reset(&c->row);
    c->first_cell = true;
    return written == text.n ? ST_OK : ST_IO;
}

static void spoil(struct demo_random *r, struct demo_customer *c, enum bad_kind bad) {
    if (bad == BAD_MOBILE)
        (void)snprintf(c->mobile, sizeof c->mobile, "12%09u", demo_random_below(r, 1000000000));
    else if (bad == BAD_RESIDENT_ID)
        (void)snprintf(c->resident_id, sizeof c->resident_id, "110101199002300%03u",
                       demo_random_below(r, 1000));
    else if (bad == BAD_USCC)
        (void)snprintf(c->uscc, sizeof c->uscc, "91339900%08uAA", demo_random_below(r, 100000000));
    else if (bad == BAD_MAIL)
        (void)snprintf(c->mail, sizeof c->mail, "%s.example", c->person.pinyin);
    else if (bad == BAD_NO_NAME)
        c->name[0] = c->person_name[0] = '\0';
}

static void put_row(struct csv *c, const struct demo_customer *who, enum bad_kind bad) {
    char birth[32] = "";
    int year;
    unsigned month, day;
    clock_date_from_days(who->birth, &year, &month, &day);
    if (bad == BAD_DATE)
        (void)snprintf(birth, sizeof birth, "1990年13月45日");
    else if (!who->is_company && who->number % 3 == 0)
        (void)snprintf(birth, sizeof birth, who->number % 2 == 0 ? "%04d-%02u-%02u" : "%d/%u/%u", year, month,
                       day);
    put_cell(c, who->name);
    put_cell(c, bad == BAD_TYPE ? "未知类型" : who->is_company ? "单位" : "个人");
    put_cell(c, who->person_name);
    put_cell(c, who->mobile);
    put_cell(c, who->phone);
    put_cell(c, who->mail);
    put_cell(c, who->resident_id);
    put_cell(c, who->uscc);
    put_cell(c, who->region->code);
    put_cell(c, who->address);
    put_cell(c, birth);
    put_cell(c, who->number % 9 == 0 ? "展会收集,需要\"回访\"" : "");
}

static void note_bad(struct csv *c, uint64_t line, enum bad_kind bad) {
    json_object_begin(&c->bad);
    json_key(&c->bad, "line");
    json_int(&c->bad, (int64_t)line);
    json_key(&c->bad, "kind");
    json_cstring(&c->bad, bad_names[bad]);
    json_object_end(&c->bad);
}

static enum status write_rows(struct csv *c, const struct demo_plan *plan, uint64_t rows) {
    static const char *const headers[] = {"单位名称", "客户类型",         "姓名", "手机", "固定电话", "邮箱",
                                          "身份证号", "统一社会信用代码", "地区", "地址", "出生日期", "备注"};
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        put_cell(c, headers[i]);
    enum status s = end_row(c);
    for (uint64_t i = 0; s == ST_OK && i < rows; i++) {
        struct demo_customer who;
        struct demo_random r = demo_random_stream(plan->seed, 99, i);
        demo_customer_make(plan, FIRST_NUMBER + i, &who);
        enum bad_kind bad = demo_random_below(&r, 100) == 0
                                ? (enum bad_kind)demo_random_between(&r, 1, BAD_END - 1)
                                : BAD_NONE;
        spoil(&r, &who, bad);
        put_row(c, &who, bad);
        if (bad != BAD_NONE)
            note_bad(c, i + 2, bad);
        s = end_row(c);
    }
    return s;
}

static enum status write_truth(struct csv *c) {
    json_array_end(&c->bad);
    json_object_end(&c->bad);
    if (c->bad_text.failed)
        return ST_NOMEM;
    return fwrite(c->bad_text.p, 1, c->bad_text.n, c->truth) == c->bad_text.n ? ST_OK : ST_IO;
}

static enum status open_files(struct csv *c, enum demo_encoding encoding, const char *path) {
    char truth[1024];
    (void)snprintf(truth, sizeof truth, "%s.truth.json", path);
    c->file = fopen(path, "wbe");
    c->truth = fopen(truth, "wbe");
    if (encoding == DEMO_GB18030)
        c->converter = iconv_open("GB18030", "UTF-8");
    bool converts = encoding != DEMO_GB18030 || c->converter != NOT_CONVERTED;
    if (c->file == NULL || c->truth == NULL || !converts)
        return ST_IO;
    return encoding != DEMO_UTF8_BOM || fwrite("\xef\xbb\xbf", 1, 3, c->file) == 3 ? ST_OK : ST_IO;
}

static bool close_file(FILE *f) {
    return f == NULL || fclose(f) == 0;
}

enum status demo_csv_write(const struct demo_plan *plan, uint64_t rows, enum demo_encoding encoding,
                           const char *path, struct error *e) {
    struct csv c = {.first_cell = true, .converter = NOT_CONVERTED};
    buf_init(&c.row, ROW_MOST, false);
    buf_init(&c.bad_text, (size_t)256 * 1024 * 1024, false);
    c.bad = json_to(&c.bad_text);
    json_object_begin(&c.bad);
    json_key(&c.bad, "rows");
    json_int(&c.bad, (int64_t)rows);
    json_key(&c.bad, "bad");
    json_array_begin(&c.bad);
    enum status s = open_files(&c, encoding, path);
    if (s == ST_OK)
        s = write_rows(&c, plan, rows);
    if (s == ST_OK)
        s = write_truth(&c);
    bool closed = close_file(c.file);
    closed = close_file(c.truth) && closed;
    if (c.converter != NOT_CONVERTED)
        (void)iconv_close(c.converter);
    buf_free(&c.row);
    buf_free(&c.bad_text);
    if (s == ST_OK && !closed)
        s = ST_IO;
    return s == ST_OK ? s : error_set(e, s, "csv", "cannot write %s", path);
}
