/* The floor of ./do bench: what the same requests cost with no guard at all. An SCGI program behind the same
 * nginx that reads the same customers from an SQLite file of plain columns (tests/bench/floor.mjs makes it)
 * and writes the same JSON: no policy, no keeper, no audit. Threads and JSON are the product's own, so that
 * what differs is the guard and, with `kept`, nothing else: then it speaks FastCGI over kept connections, as
 * the product does. floor SOCKET DATABASE THREADS [kept] The cookie says whose rows: scope=branch:10
 * or scope=owner:13. */
#include "api/door.h"
#include "api/fastcgi/fastcgi.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/hex.h"
#include "ipc/socket.h"
#include "scgi/scgi.h"

#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <unistd.h>

#define STATEMENTS  16
#define THREADS_MAX 256
#define PAGE        50
#define SQL_MOST    4096

struct floor_thread {
    pthread_t thread;
    sqlite3 *db;
    sqlite3_stmt *kept[STATEMENTS];
    struct arena arena;
    struct buf in, head;
    struct http_reply reply;
};

struct scope {
    const char *column;
    int64_t value;
};

static int listener;
static struct door *door; /* with `kept` */
static sqlite3 *writer;
static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;

static void die(const char *what) {
    (void)fprintf(stderr, "floor: %s\n", what);
    exit(1);
}

/* ---- statements ---- */

static sqlite3_stmt *statement(struct floor_thread *t, const char *sql) {
    size_t i = 0;
    for (; i < STATEMENTS && t->kept[i] != NULL; i++) {
        if (strcmp(sqlite3_sql(t->kept[i]), sql) == 0)
            return t->kept[i];
    }
    if (i == STATEMENTS)
        die("too many kinds of statements");
    if (sqlite3_prepare_v3(t->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &t->kept[i], NULL) != SQLITE_OK)
        die(sqlite3_errmsg(t->db));
    return t->kept[i];
}

static void bind_blob(sqlite3_stmt *s, int at, const uint8_t *p, size_t n) {
    (void)sqlite3_bind_blob64(s, at, p, n, SQLITE_STATIC);
}

static void bind_text(sqlite3_stmt *s, int at, struct slice text) {
    (void)sqlite3_bind_text64(s, at, (const char *)text.p, text.n, SQLITE_STATIC, SQLITE_UTF8);
}

static void statement_end(sqlite3_stmt *s) {
    (void)sqlite3_reset(s);
    (void)sqlite3_clear_bindings(s);
}

/* ---- JSON ---- */

static const char *const masked[] = {"person_name", "mobile", "phone", "mail", "address"};

static void write_views(struct json *j, sqlite3_stmt *s) {
    json_key(j, "_views");
    json_object_begin(j);
    for (int c = 1; c < sqlite3_column_count(s); c++) {
        for (size_t i = 0; i < sizeof masked / sizeof masked[0]; i++) {
            if (strcmp(masked[i], sqlite3_column_name(s, c)) != 0)
                continue;
            json_key(j, masked[i]);
            json_cstring(j, "masked");
        }
    }
    json_object_end(j);
}

static void write_cell(struct json *j, sqlite3_stmt *s, int c) {
    switch (sqlite3_column_type(s, c)) {
    case SQLITE_NULL:
        json_none(j);
        break;
    case SQLITE_INTEGER:
        if (strcmp(sqlite3_column_name(s, c), "created_at") == 0)
            json_time(j, sqlite3_column_int64(s, c));
        else
            json_int(j, sqlite3_column_int64(s, c));
        break;
    default:
        json_text(j, slice_of(sqlite3_column_text(s, c), (size_t)sqlite3_column_bytes(s, c)));
    }
}

/* The first column is the id. */
static void write_row(struct json *j, sqlite3_stmt *s, bool views) {
    struct uuid id;
    memcpy(id.b, sqlite3_column_blob(s, 0), 16);
    json_object_begin(j);
    json_key(j, "id");
    json_uuid(j, &id);
    json_key(j, "_version");
    json_int(j, 1);
    if (views)
        write_views(j, s);
    for (int c = 1; c < sqlite3_column_count(s); c++) {
        json_key(j, sqlite3_column_name(s, c));
        write_cell(j, s, c);
    }
    json_object_end(j);
}

/* created_at and id of the last row, as the cursor of the next page. */
static void write_cursor(struct json *j, int64_t at, const uint8_t id[16]) {
    char hex[33], text[64];
    hex_encode(slice_of(id, 16), hex);
    (void)snprintf(text, sizeof text, "%lld.%s", (long long)at, hex);
    json_key(j, "next_cursor");
    json_cstring(j, text);
}

static void write_rows(struct floor_thread *t, sqlite3_stmt *s, const struct scope *scope, int order_column) {
    struct json j = json_to(&t->reply.body);
    uint8_t last[16] = {0};
    int64_t at = 0;
    size_t n = 0;
    json_object_begin(&j);
    json_key(&j, "items");
    json_array_begin(&j);
    while (sqlite3_step(s) == SQLITE_ROW && n++ < PAGE) {
        write_row(&j, s, scope->column[0] == 'b');
        memcpy(last, sqlite3_column_blob(s, 0), 16);
        at = sqlite3_column_int64(s, order_column);
    }
    json_array_end(&j);
    write_cursor(&j, at, last);
    json_key(&j, "page");
    json_int(&j, 1);
    json_object_end(&j);
    statement_end(s);
}

/* ---- reading ---- */

/* "name,mobile" in the query string, checked to be names. */
static bool put_fields(struct buf *b, struct slice fields) {
    for (size_t i = 0; i < fields.n; i++) {
        uint8_t c = fields.p[i];
        if (c != ',' && c != '_' && (c < 'a' || c > 'z'))
            return false;
    }
    buf_put(b, fields.p, fields.n);
    return fields.n > 0;
}

static const char *sql_text(struct floor_thread *t, struct buf *b) {
    const char *text = arena_string(&t->arena, buf_slice(b));
    buf_free(b);
    return text;
}

/* `inner` chooses rows; their columns are fetched behind it, as the product does. */
static sqlite3_stmt *list_statement(struct floor_thread *t, struct slice fields, const char *inner,
                                    const struct scope *scope) {
    struct buf b;
    buf_init(&b, SQL_MOST, false);
    buf_put_string(&b, "SELECT c.id, ");
    if (!put_fields(&b, fields))
        die("fields");
    buf_put_format(
        &b, " FROM (SELECT row FROM customer WHERE %s = ?1 %s) p CROSS JOIN customer c ON c.row = p.row",
        scope->column, inner);
    return statement(t, sql_text(t, &b));
}

static int count_commas(struct slice s) {
    int n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == ',';
    return n;
}

/* Where pages by number begin: found by skipping once, then sought, as the product does. */
#define PLACES 4096
static struct place {
    struct scope scope; /* column NULL: empty */
    int64_t number, at;
    uint8_t id[16];
} places[PLACES];
static pthread_mutex_t placing = PTHREAD_MUTEX_INITIALIZER;

static struct place *place_slot(const struct scope *scope, int64_t number) {
    uint64_t h = (uint64_t)scope->value * 31 + (uint64_t)number * 7 + (uint64_t)scope->column[0];
    return &places[h % PLACES];
}

static bool place_known(const struct scope *scope, int64_t number, int64_t *at, uint8_t id[16]) {
    (void)pthread_mutex_lock(&placing);
    const struct place *p = place_slot(scope, number);
    bool known = p->scope.column == scope->column && p->scope.value == scope->value && p->number == number;
    *at = p->at;
    memcpy(id, p->id, 16);
    (void)pthread_mutex_unlock(&placing);
    return known;
}

static void place_keep(const struct scope *scope, int64_t number, int64_t at, const uint8_t id[16]) {
    struct place fresh = {.scope = *scope, .number = number, .at = at};
    memcpy(fresh.id, id, 16);
    (void)pthread_mutex_lock(&placing);
    *place_slot(scope, number) = fresh;
    (void)pthread_mutex_unlock(&placing);
}

/* A new row moves the pages behind it. */
static void places_forget(void) {
    (void)pthread_mutex_lock(&placing);
    memset(places, 0, sizeof places);
    (void)pthread_mutex_unlock(&placing);
}

/* created_at and id of the row before page `number`; false: it is the first page, or there are fewer rows. */
static bool place_of(struct floor_thread *t, const struct scope *scope, int64_t number, int64_t *at,
                     uint8_t id[16]) {
    char sql[256];
    if (number < 2)
        return false;
    if (place_known(scope, number, at, id))
        return true;
    (void)snprintf(sql, sizeof sql,
                   "SELECT created_at, id FROM customer WHERE %s = ?1 ORDER BY created_at DESC, id DESC "
                   "LIMIT 1 OFFSET ?2",
                   scope->column);
    sqlite3_stmt *s = statement(t, sql);
    (void)sqlite3_bind_int64(s, 1, scope->value);
    (void)sqlite3_bind_int64(s, 2, (number - 1) * PAGE - 1);
    bool found = sqlite3_step(s) == SQLITE_ROW;
    if (found) {
        *at = sqlite3_column_int64(s, 0);
        memcpy(id, sqlite3_column_blob(s, 1), 16);
        place_keep(scope, number, *at, id);
    }
    statement_end(s);
    return found;
}

static void page(struct floor_thread *t, const struct http_request *r, const struct scope *scope) {
    struct slice fields = http_query_value(r, "fields", &t->arena);
    struct slice cursor = http_query_value(r, "cursor", &t->arena);
    int64_t number, at = 0;
    uint8_t id[16] = {0};
    if (!http_query_number(r, "page", 1, 1000000, 1, &t->arena, &number))
        number = 1;
    bool behind = cursor.n > 33 && slice_to_int(slice_of(cursor.p, cursor.n - 33), &at) &&
                  hex_decode(slice_of(cursor.p + cursor.n - 32, 32), id, 16);
    if (!behind)
        behind = place_of(t, scope, number, &at, id);
    sqlite3_stmt *s =
        list_statement(t, fields,
                       behind ? "AND (created_at, id) < (?2, ?3) ORDER BY created_at DESC, id DESC LIMIT 51"
                              : "ORDER BY created_at DESC, id DESC LIMIT 51",
                       scope);
    (void)sqlite3_bind_int64(s, 1, scope->value);
    if (behind) {
        (void)sqlite3_bind_int64(s, 2, at);
        bind_blob(s, 3, id, 16);
    }
    write_rows(t, s, scope, 1 + count_commas(fields)); /* created_at is asked for last */
}

static void detail(struct floor_thread *t, const struct http_request *r, const struct scope *scope) {
    struct uuid id;
    struct json j = json_to(&t->reply.body);
    char sql[128];
    t->reply.status = 404;
    if (r->path.n < 36 || !uuid_parse(slice_of(r->path.p + r->path.n - 36, 36), &id))
        return;
    (void)snprintf(sql, sizeof sql, "SELECT * FROM customer_shown WHERE id = ?1 AND %s = ?2", scope->column);
    sqlite3_stmt *s = statement(t, sql);
    bind_blob(s, 1, id.b, 16);
    (void)sqlite3_bind_int64(s, 2, scope->value);
    if (sqlite3_step(s) == SQLITE_ROW) {
        t->reply.status = 200;
        write_row(&j, s, scope->column[0] == 'b');
    }
    statement_end(s);
}

static struct slice member(const json_t *o, const char *name) {
    const json_t *v = json_object_get(o, name);
    return json_is_string(v) ? slice_of(json_string_value(v), json_string_length(v)) : SLICE_NONE;
}

/* {"where": {"field", "op": "eq" | "ends_with" (the last four) | "contains", "value"}, "fields": "…"} */
static void find(struct floor_thread *t, const struct http_request *r, const struct scope *scope) {
    json_t *body = json_loadb((const char *)r->body.p, r->body.n, 0, NULL);
    const json_t *where = json_object_get(body, "where");
    struct slice value = member(where, "value"), fields = member(body, "fields");
    if (value.n == 0 || fields.n == 0)
        die("query");
    struct slice op = member(where, "op");
    sqlite3_stmt *s;
    if (slice_is(op, "eq")) {
        s = list_statement(t, fields, "AND mobile = ?2", scope);
        bind_text(s, 2, value);
    } else if (slice_is(op, "ends_with")) { /* the plus signs leave the index of endings as the way in */
        s = list_statement(t, fields,
                           "AND substr(mobile, -4) = ?2 ORDER BY +created_at DESC, +id DESC LIMIT 51", scope);
        bind_text(s, 2, value);
    } else { /* the rows of the first two characters, then the whole text; newest first */
        size_t first = value.p[0] >= 0x80 ? 3 : 1;
        size_t two = first + (value.n > first ? (value.p[first] >= 0x80 ? 3 : 1) : 0);
        s = list_statement(t, fields,
                           "AND EXISTS (SELECT 1 FROM gram WHERE gram = ?2 AND gram.row = customer.row)"
                           " AND instr(name, ?3) > 0"
                           " ORDER BY created_at DESC, id DESC LIMIT 51",
                           scope);
        bind_text(s, 2, slice_of(value.p, two > value.n ? value.n : two));
        bind_text(s, 3, value);
    }
    (void)sqlite3_bind_int64(s, 1, scope->value);
    write_rows(t, s, scope, 1 + count_commas(fields));
    json_decref(body);
}

/* ---- writing ---- */

static void run(sqlite3 *db, const char *sql) {
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        die(sqlite3_errmsg(db));
}

static void insert_row(const json_t *body, const struct uuid *id, const struct scope *scope, int64_t now) {
    static sqlite3_stmt *row, *gram;
    static const char *const columns[] = {"name", "customer_type", "person_name", "mobile",
                                          "mail", "address",       "status"};
    if (row == NULL &&
        (sqlite3_prepare_v2(
             writer,
             "INSERT INTO customer(id, branch, owner, created_at, name, customer_type, person_name,"
             " mobile, mail, address, status) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
             -1, &row, NULL) != SQLITE_OK ||
         sqlite3_prepare_v2(writer,
                            "INSERT OR IGNORE INTO gram SELECT substr(?1, value, 2), ?2 FROM"
                            " generate_numbers WHERE value < length(?1)",
                            -1, &gram, NULL) != SQLITE_OK))
        die(sqlite3_errmsg(writer));
    bind_blob(row, 1, id->b, 16);
    (void)sqlite3_bind_int64(row, 2, scope->value);
    (void)sqlite3_bind_int64(row, 3, scope->value);
    (void)sqlite3_bind_int64(row, 4, now);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        bind_text(row, 5 + (int)i, member(body, columns[i]));
    if (sqlite3_step(row) != SQLITE_DONE)
        die(sqlite3_errmsg(writer));
    statement_end(row);
    bind_text(gram, 1, member(body, "name"));
    (void)sqlite3_bind_int64(gram, 2, sqlite3_last_insert_rowid(writer));
    if (sqlite3_step(gram) != SQLITE_DONE)
        die(sqlite3_errmsg(writer));
    statement_end(gram);
}

static void create(struct floor_thread *t, const struct http_request *r, const struct scope *scope) {
    json_t *body = json_loadb((const char *)r->body.p, r->body.n, 0, NULL);
    struct json j = json_to(&t->reply.body);
    struct uuid id;
    const char *key;
    json_t *value;
    if (uuid_new(&id) != ST_OK || !json_is_object(body))
        die("create");
    (void)pthread_mutex_lock(&writing);
    run(writer, "BEGIN IMMEDIATE");
    insert_row(body, &id, scope, clock_wall_ms());
    run(writer, "COMMIT");
    places_forget();
    (void)pthread_mutex_unlock(&writing);
    t->reply.status = 201;
    json_object_begin(&j);
    json_key(&j, "id");
    json_uuid(&j, &id);
    json_object_foreach(body, key, value) {
        json_key(&j, key);
        json_text(&j, slice_of(json_string_value(value), json_string_length(value)));
    }
    json_object_end(&j);
    json_decref(body);
}

/* ---- serving ---- */

static struct scope scope_of(const struct http_request *r) {
    struct slice text = http_cookie(r, "scope");
    struct scope s = {.column = "owner", .value = 0};
    if (slice_starts_with(text, SLICE("branch:")))
        s.column = "branch";
    size_t head = strlen(s.column) + 1;
    if (text.n <= head || !slice_to_int(slice_of(text.p + head, text.n - head), &s.value))
        die("the cookie names no scope");
    return s;
}

static void answer(struct floor_thread *t, const struct http_request *r) {
    struct scope scope = scope_of(r);
    bool post = slice_is(r->method, "POST");
    if (post && r->path.n > 6 && memcmp(r->path.p + r->path.n - 6, "/query", 6) == 0)
        find(t, r, &scope);
    else if (post)
        create(t, r, &scope);
    else if (r->query.n > 0)
        page(t, r, &scope);
    else
        detail(t, r, &scope);
}

static void reply_reset(struct http_reply *reply) {
    buf_reset(&reply->headers);
    buf_reset(&reply->body);
    reply->status = 200;
    reply->content_type = "application/json";
}

static void *serve(void *argument) {
    struct floor_thread *t = argument;
    for (;;) {
        struct http_request r;
        int fd;
        if (socket_accept(listener, SOCKET_ANY_USER, &fd) != ST_OK)
            continue;
        reply_reset(&t->reply);
        if (scgi_read(fd, &t->in, &r) == ST_OK) {
            answer(t, &r);
            (void)!scgi_write(fd, &t->reply, &t->head);
        }
        (void)close(fd);
        buf_reset(&t->in);
        arena_reset(&t->arena);
    }
    return NULL;
}

static void *serve_kept(void *argument) {
    struct floor_thread *t = argument;
    struct door_visit v;
    while (door_next(door, &v)) {
        enum status s = ST_OK;
        do {
            struct http_request r;
            struct fastcgi f;
            reply_reset(&t->reply);
            do {
                s = fastcgi_receive(v.fd, &t->in, &f); /* the loads send their requests whole */
            } while (s == ST_RETRY && t->in.n > 0);
            if (s == ST_OK)
                s = fastcgi_request(&f, &r);
            if (s == ST_OK) {
                answer(t, &r);
                s = fastcgi_write(v.fd, &f, &t->reply, &t->head);
            }
            buf_reset(&t->in);
            arena_reset(&t->arena);
        } while ((s == ST_OK || s == ST_RETRY) && !door_rest(door, &v));
        if (s != ST_OK && s != ST_RETRY)
            door_hang_up(door, &v);
    }
    return NULL;
}

static sqlite3 *open_database(const char *path, bool write) {
    sqlite3 *db;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
                        NULL) != SQLITE_OK)
        die("the database does not open");
    run(db, "PRAGMA mmap_size=2147418112; PRAGMA temp_store=MEMORY; PRAGMA busy_timeout=5000;");
    run(db, write ? "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000;"
                  : "PRAGMA cache_size=-1500;");
    return db;
}

int main(int argc, char **argv) {
    static struct floor_thread threads[THREADS_MAX];
    struct error e;
    int64_t count;
    bool kept = argc == 5 && strcmp(argv[4], "kept") == 0;
    if ((argc != 4 && !kept) || !slice_to_int(slice_from_string(argv[3]), &count) || count < 1 ||
        count > THREADS_MAX)
        return 2;
    (void)signal(SIGPIPE, SIG_IGN);
    if (sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) != SQLITE_OK ||
        socket_listen(argv[1], &listener, &e) != ST_OK)
        die("can't start");
    struct role_fd at = {.name = "floor", .fd = listener, .peer = SOCKET_ANY_USER};
    if (kept && door_open(&at, &door, &e) != ST_OK)
        die("no door");
    writer = open_database(argv[2], true);
    for (int64_t i = 0; i < count; i++) {
        struct floor_thread *t = &threads[i];
        t->db = open_database(argv[2], false);
        arena_init(&t->arena, (size_t)16 << 20, ARENA_PLAIN);
        buf_init(&t->in, (size_t)1 << 20, false);
        buf_init(&t->head, (size_t)64 << 10, false);
        buf_init(&t->reply.headers, (size_t)64 << 10, false);
        buf_init(&t->reply.body, (size_t)4 << 20, false);
        if (pthread_create(&t->thread, NULL, kept ? serve_kept : serve, t) != 0)
            die("no thread");
    }
    (void)puts("ready");
    (void)fflush(stdout);
    (void)pthread_join(threads[0].thread, NULL);
    return 0;
}
