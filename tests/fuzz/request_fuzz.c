/* Whole requests to a running engine, through its FastCGI socket: any route but the stream of events, any
 * body. Every answer is an answer: no connection dropped, no 500, and what says that it is JSON is. Input:
 * route, person, object, record, then query, 0x00, If-Match, 0x00, body. */
#include "api/route.h"
#include "office/office.h"

#include <stdio.h>
#include <stdlib.h>

#define PEOPLE       6
#define RECORDS      4
#define LIFETIME     20000 /* requests, then everything begins anew: the base must not grow without end */
#define RATHER_A_LOT ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct office office;
static struct token people[PEOPLE];
static char records[RECORDS][64];
static struct buf reply;
static unsigned asked;

static void fail(const char *what, const struct office_request *r) {
    (void)fprintf(stderr, "%s: %s %s?%s: %.*s\n", what, r->method, r->path, r->query == NULL ? "" : r->query,
                  (int)reply.n, (const char *)reply.p);
    abort();
}

static void make_record(size_t i, const char *object, const char *body) {
    char path[64];
    (void)snprintf(path, sizeof path, "/api/v1/records/%s", object);
    struct office_request r = {
        .method = "POST", .path = path, .token = &people[1], .body = slice_from_string(body)};
    if (!office_ask(&office, &r, &reply) || office_status(&reply) != 201)
        fail("the base was not made", &r);
    struct slice text = office_body(&reply);
    json_t *json = json_loadb((const char *)text.p, text.n, 0, NULL);
    (void)snprintf(records[i], sizeof records[i], "%s", json_string_value(json_object_get(json, "id")));
    json_decref(json);
}

static void start(void) {
    static const char *const logins[PEOPLE] = {"head",     "sales1",  "service1",
                                               "sysadmin", "auditor", "steward"};
    office_open(&office);
    office_engine_start(&office, 2);
    for (size_t i = 0; i < PEOPLE; i++)
        people[i] = office_sign_in(&office, logins[i]);
    make_record(0, "customer",
                "{\"customer_type\":\"company\",\"name\":\"杭州测试\",\"mobile\":\"13800000001\"}");
    make_record(1, "customer",
                "{\"customer_type\":\"person\",\"person_name\":\"王芳\",\"resident_id\":null}");
    make_record(2, "lead", "{\"company_name\":\"线索\",\"person_name\":\"李四\",\"mobile\":\"13800000002\"}");
    (void)snprintf(records[3], sizeof records[3], "01890000-0000-7000-8000-000000000000");
}

static void begin(void) {
    if (asked == 0 && reply.limit == 0)
        buf_init(&reply, RATHER_A_LOT, true);
    if (asked % LIFETIME == 0) {
        if (asked > 0) {
            office_engine_stop(&office);
            office_close(&office);
        }
        start();
    }
    asked++;
}

static const char *object_name(uint8_t choice) {
    static const char *const names[] = {"customer", "contact", "lead",     "opportunity", "order", "ticket",
                                        "task",     "payment", "contract", "follow_up",   "quote", "nothing"};
    return names[choice % (sizeof names / sizeof names[0])];
}

/* The route's pattern with its {…} filled in. */
static void make_path(const struct route *route, const uint8_t *data, char *out, size_t room) {
    size_t n = 0;
    for (const char *p = route->pattern; *p != '\0' && n + 80 < room; p++) {
        if (*p != '{') {
            out[n++] = *p;
            continue;
        }
        const char *word = strncmp(p, "{object}", 8) == 0  ? object_name(data[2])
                           : strncmp(p, "{id}", 4) == 0    ? records[data[3] % RECORDS]
                           : strncmp(p, "{field}", 7) == 0 ? "grade"
                                                           : "1";
        n += (size_t)snprintf(out + n, room - n, "%s", word);
        p = strchr(p, '}');
    }
    out[n] = '\0';
}

/* A text up to the next NUL without what nginx would not let through, in `room`. */
static const char *next_text(const uint8_t **at, const uint8_t *end, char *room, size_t most) {
    size_t n = 0;
    for (; *at < end && **at != 0; (*at)++) {
        if (n + 1 < most && **at >= ' ' && **at != 0x7f)
            room[n++] = (char)**at;
    }
    if (*at < end)
        (*at)++;
    room[n] = '\0';
    return n == 0 ? NULL : room;
}

static void check(const struct office_request *r) {
    int status = office_status(&reply);
    struct slice body = office_body(&reply);
    if (status < 200 || status >= 500)
        fail("no honest answer", r);
    if (body.n == 0 || memmem(reply.p, reply.n - body.n, "json", 4) == NULL)
        return;
    json_t *json = json_loadb((const char *)body.p, body.n, JSON_REJECT_DUPLICATES, NULL);
    if (json == NULL)
        fail("not JSON", r);
    json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[512], query[2048], if_match[64];
    if (size < 4 || size > 200000)
        return 0;
    begin();
    const struct route *route = &routes[data[0] % route_count];
    if (strstr(route->pattern, "/events") != NULL || strcmp(route->pattern, "/api/v1/session") == 0)
        return 0;
    const uint8_t *at = data + 4, *end = data + size;
    make_path(route, data, path, sizeof path);
    struct office_request r = {.method = route->method,
                               .path = path,
                               .query = next_text(&at, end, query, sizeof query),
                               .if_match = next_text(&at, end, if_match, sizeof if_match),
                               .token = &people[data[1] % PEOPLE],
                               .idempotency_key = (data[1] & 0x80) != 0 ? "key" : NULL,
                               .content_type =
                                   (route->flags & ROUTE_BYTES) != 0 ? "application/octet-stream" : NULL,
                               .body = slice_of(at, (size_t)(end - at))};
    if (!office_ask(&office, &r, &reply))
        fail("hung up", &r);
    check(&r);
    return 0;
}
