/* People, departments and posts from a CSV file: what it would change, and the change (people/import.h). */
#include "api/handlers.h"
#include "api/session.h"
#include "people/import.h"
#include "share/csv.h"
#include "share/decode.h"

#include <stdlib.h>
#include <strings.h>

enum column {
    COLUMN_LOGIN,
    COLUMN_NAME,
    COLUMN_MAIL,
    COLUMN_DEPARTMENT,
    COLUMN_POSITION,
    COLUMN_REPORTS_TO,
    COLUMN_FROM,
    COLUMN_UNTIL,
    COLUMN_MAIN,
    COLUMN_LEADS,
    COLUMN_BRANCH,
    COLUMN_DISABLED,
    COLUMN_COUNT
};

static const char *const names[COLUMN_COUNT][2] = {
    {"login", "登录名"},  {"name", "姓名"},         {"mail", "邮箱"},     {"department", "部门"},
    {"position", "职务"}, {"reports_to", "汇报给"}, {"from", "起始日期"}, {"until", "截止日期"},
    {"main", "主岗"},     {"leads", "负责人"},      {"branch", "分公司"}, {"disabled", "停用"},
};

struct reading {
    struct arena *arena;
    struct import_row *rows;
    size_t count;
    int place[CSV_COLUMNS_MAX]; /* which column of ours; -1: none */
    size_t columns;
    bool begun;
    struct error *e;
};

static struct slice trim(struct slice s) {
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

static int column_of(struct slice title) {
    for (int i = 0; i < COLUMN_COUNT; i++) {
        bool english =
            title.n == strlen(names[i][0]) && strncasecmp((const char *)title.p, names[i][0], title.n) == 0;
        if (english || slice_is(title, names[i][1]))
            return i;
    }
    return -1;
}

static enum status read_titles(struct reading *r, const struct csv_row *row) {
    unsigned seen = 0;
    r->begun = true;
    r->columns = row->count;
    for (size_t i = 0; i < row->count; i++) {
        r->place[i] = column_of(trim(row->cells[i]));
        if (r->place[i] >= 0)
            seen |= 1U << r->place[i];
    }
    bool fine = (seen & (1U << COLUMN_LOGIN)) != 0 || (seen & (1U << COLUMN_DEPARTMENT)) != 0;
    return fine ? ST_OK
                : error_set(r->e, ST_INVALID, "people_columns",
                            "the first row names the columns: login or department at least");
}

static enum import_flag flag_of(struct slice s) {
    static const char *const yes[] = {"是", "yes", "y", "true", "1", "√"};
    if (s.p == NULL || s.n == 0)
        return IMPORT_NOT_SAID;
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        if (s.n == strlen(yes[i]) && strncasecmp((const char *)s.p, yes[i], s.n) == 0)
            return IMPORT_YES;
    }
    return IMPORT_NO;
}

static void put_cell(struct import_row *row, enum column column, struct slice text) {
    struct slice *const texts[COLUMN_COUNT] = {
        [COLUMN_LOGIN] = &row->login,       [COLUMN_NAME] = &row->name,
        [COLUMN_MAIL] = &row->mail,         [COLUMN_DEPARTMENT] = &row->department,
        [COLUMN_POSITION] = &row->position, [COLUMN_REPORTS_TO] = &row->reports_to,
        [COLUMN_FROM] = &row->from,         [COLUMN_UNTIL] = &row->until};
    enum import_flag *const flags[COLUMN_COUNT] = {[COLUMN_MAIN] = &row->main,
                                                   [COLUMN_LEADS] = &row->leads,
                                                   [COLUMN_BRANCH] = &row->branch,
                                                   [COLUMN_DISABLED] = &row->disabled};
    if (texts[column] != NULL)
        *texts[column] = text;
    else
        *flags[column] = flag_of(text);
}

static enum status take_row(void *context, const struct csv_row *row) {
    struct reading *r = context;
    if (row->problem != CSV_FINE && row->problem != CSV_RAGGED)
        return error_set(r->e, ST_INVALID, csv_problem_code(row->problem), "line %llu",
                         (unsigned long long)row->line);
    if (!r->begun)
        return read_titles(r, row);
    if (r->count == IMPORT_ROWS_MAX)
        return error_set(r->e, ST_LIMIT, "too_many_rows", "at most %d rows", IMPORT_ROWS_MAX);
    struct import_row *to = &r->rows[r->count++];
    *to = (struct import_row){.line = row->line};
    for (size_t i = 0; i < row->count && i < r->columns; i++) {
        struct slice text = arena_copy(r->arena, trim(row->cells[i]));
        if (text.p == NULL && row->cells[i].n > 0)
            return error_set(r->e, ST_NOMEM, "no_memory", "import of people");
        if (r->place[i] >= 0)
            put_cell(to, (enum column)r->place[i], text);
    }
    return ST_OK;
}

static enum status feed(struct decode *d, struct csv *csv, struct slice body, struct error *e) {
    enum status s = ST_OK;
    bool first = true;
    for (size_t at = 0; s == ST_OK && (first || at < body.n);) {
        size_t n = body.n - at < DECODE_CHUNK_MAX ? body.n - at : DECODE_CHUNK_MAX;
        struct slice text;
        s = decode_feed(d, slice_of(body.p + at, n), at + n == body.n, &text, e);
        if (s == ST_OK && first)
            csv->delimiter = csv_detect_delimiter(text);
        if (s == ST_OK)
            s = csv_feed(csv, text);
        first = false;
        at += n;
    }
    return s == ST_OK ? csv_finish(csv) : s;
}

static enum status read_file(struct caller *c, struct slice body, struct reading *r, struct error *e) {
    struct decode decode;
    struct csv *csv = calloc(1, sizeof *csv);
    *r = (struct reading){.arena = c->arena, .e = e};
    r->rows = arena_array(c->arena, IMPORT_ROWS_MAX, sizeof *r->rows);
    enum status s = csv == NULL || r->rows == NULL ? ST_NOMEM : decode_init(&decode, ENCODING_AUTO);
    if (s != ST_OK) {
        free(csv);
        return error_set(e, s, "no_memory", "import of people");
    }
    csv_init(csv, ',', take_row, r);
    s = feed(&decode, csv, body, e);
    csv_free(csv);
    decode_free(&decode);
    free(csv);
    if (s == ST_OK && r->count == 0)
        s = error_set(e, ST_INVALID, "people_empty", "the file has no rows");
    return s;
}

static void write_plan(const struct import_plan *plan, uint64_t version, struct json *j) {
    json_object_begin(j);
    json_key(j, "version");
    json_int(j, (int64_t)version);
    for (size_t i = 0; i < IMPORT_EFFECTS; i++) {
        json_key(j, import_effect_names[i]);
        json_int(j, (int64_t)plan->totals[i]);
    }
    json_key(j, "items");
    json_array_begin(j);
    for (size_t i = 0; i < plan->count; i++)
        import_entry_write(j, &plan->entries[i]);
    json_array_end(j);
    json_object_end(j);
}

static enum status plan_of(struct caller *c, const struct http_request *r, struct import_plan *plan,
                           struct error *e) {
    struct reading reading;
    if ((c->who.duties & DUTY_SYSTEM_ADMIN) == 0 || c->who.is_key || c->who.is_job)
        return error_set(e, ST_DENIED, "not_your_duty", "people are imported by the system administrator");
    enum status s = session_see_newest(c, e);
    if (s == ST_OK)
        s = read_file(c, r->body, &reading, e);
    return s == ST_OK ? import_plan_make(c->world.directory, reading.rows, reading.count, c->arena, plan, e)
                      : s;
}

HANDLER(api_people_import_preview) {
    struct import_plan plan;
    struct json j = json_to(&reply->body);
    (void)engine;
    enum status s = plan_of(c, r, &plan, e);
    if (s == ST_OK)
        write_plan(&plan, c->world.directory->version, &j);
    return s;
}

HANDLER(api_people_import) {
    struct import_plan plan;
    struct json j = json_to(&reply->body);
    int64_t version;
    (void)engine;
    if (!http_query_number(r, "version", 1, INT64_MAX, 0, c->arena, &version))
        return error_set(e, ST_INVALID, "invalid", "version is a number");
    enum status s = plan_of(c, r, &plan, e);
    if (s != ST_OK)
        return s;
    if (version != 0 && (uint64_t)version != c->world.directory->version)
        return error_set(e, ST_CONFLICT, "people_changed", "people were changed since the preview");
    s = import_plan_apply(c->keeper, &c->call, &plan, e);
    session_forget(&c->call.token);
    if (s == ST_OK)
        write_plan(&plan, c->world.directory->version, &j);
    return s;
}
