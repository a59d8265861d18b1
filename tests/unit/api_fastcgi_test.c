#include "test.h"

#include "api/fastcgi/fastcgi.h"
#include "ipc/socket.h"
#include "office/front.h"

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

struct ends {
    int web, engine;
    struct buf out, in;
};

static struct ends ends_make(void) {
    int fds[2];
    struct ends s;
    assert_int_equal(socket_pair(fds), ST_OK);
    s.web = fds[0];
    s.engine = fds[1];
    buf_init(&s.out, (size_t)8 << 20, false);
    buf_init(&s.in, FASTCGI_IN_MOST, true);
    return s;
}

static void ends_free(struct ends *s) {
    close(s->web);
    close(s->engine);
    buf_free(&s->out);
    buf_free(&s->in);
}

static const char agent[200] = "more bytes than one byte can count";

static void put_params(struct ends *s, uint16_t id, const char *length, size_t most) {
    struct buf p;
    buf_init(&p, HTTP_HEADERS_MAX, false);
    if (length != NULL)
        front_put_param(&p, "CONTENT_LENGTH", slice_from_string(length));
    front_put_param(&p, "REQUEST_METHOD", SLICE("POST"));
    front_put_param(&p, "DOCUMENT_URI", SLICE("/api/v1/x"));
    front_put_param(&p, "HTTP_USER_AGENT", slice_of(agent, sizeof agent));
    front_put_stream(&s->out, FRONT_PARAMS, id, buf_slice(&p), most);
    buf_free(&p);
}

static void put_request(struct ends *s, uint16_t id, const char *length, struct slice body, size_t most) {
    front_put_begin(&s->out, id, true);
    put_params(s, id, length, most);
    front_put_stream(&s->out, FRONT_STDIN, id, body, most);
}

static void send_out(struct ends *s) {
    assert_int_equal(send(s->web, s->out.p, s->out.n, MSG_NOSIGNAL), s->out.n);
}

static enum status receive(struct ends *s, struct fastcgi *f) {
    send_out(s);
    assert_int_equal(shutdown(s->web, SHUT_WR), 0);
    return fastcgi_receive(s->engine, &s->in, f);
}

static void check_request(struct fastcgi *f, uint16_t id, struct slice body) {
    struct http_request r;
    assert_int_equal(f->id, id);
    assert_true(f->keep);
    assert_int_equal(fastcgi_request(f, &r), ST_OK);
    assert_true(slice_is(r.method, "POST"));
    assert_true(slice_is(r.path, "/api/v1/x"));
    assert_true(slice_equal(r.user_agent, slice_of(agent, sizeof agent)));
    assert_true(slice_equal(r.body, body));
    assert_int_equal(r.stream_id, id);
}

static void a_request_arrives_as_it_was_sent_however_it_is_cut_into_records(void **state) {
    (void)state;
    static const size_t cuts[] = {1, 7, 40, 65535};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        struct ends s = ends_make();
        struct fastcgi f;
        put_request(&s, 1, "11", SLICE("{\"limit\":1}"), cuts[i]);
        assert_int_equal(receive(&s, &f), ST_OK);
        check_request(&f, 1, SLICE("{\"limit\":1}"));
        ends_free(&s);
    }
}

static void *send_slowly(void *argument) {
    struct ends *s = argument;
    for (size_t at = 0; at < s->out.n; at++)
        assert_int_equal(send(s->web, s->out.p + at, 1, MSG_NOSIGNAL), 1);
    return NULL;
}

static void a_request_that_comes_byte_by_byte_is_waited_for(void **state) {
    (void)state;
    struct ends s = ends_make();
    struct fastcgi f;
    pthread_t t;
    char byte;
    put_request(&s, 515, "3", SLICE("abc"), 65535);
    assert_int_equal(pthread_create(&t, NULL, send_slowly, &s), 0);
    assert_int_equal(recv(s.engine, &byte, 1, MSG_PEEK), 1);
    enum status got = ST_RETRY;
    while (got == ST_RETRY)
        got = fastcgi_receive(s.engine, &s.in, &f);
    assert_int_equal(got, ST_OK);
    check_request(&f, 515, SLICE("abc"));
    assert_int_equal(pthread_join(t, NULL), 0);
    ends_free(&s);
}

/* Records of one byte have eight of head each: room for them all would not be there. */
static void a_body_in_tiny_pieces_takes_the_room_of_its_content(void **state) {
    (void)state;
    enum { BODY = 60000, STEP = 7 * 9 + 4 }; /* mostly ends within a record */
    struct ends s = ends_make();
    struct fastcgi f;
    struct buf body;
    size_t at = 0;
    enum status got = ST_RETRY;
    buf_init(&body, BODY, false);
    for (size_t i = 0; i < BODY; i++)
        buf_put_u8(&body, (uint8_t)(i * 31 >> 3));
    put_request(&s, 1, "60000", buf_slice(&body), 1);
    while (got == ST_RETRY && at < s.out.n) {
        size_t n = s.out.n - at < STEP ? s.out.n - at : STEP;
        assert_int_equal(send(s.web, s.out.p + at, n, MSG_NOSIGNAL), n);
        at += n;
        got = fastcgi_receive(s.engine, &s.in, &f);
    }
    assert_int_equal(got, ST_OK);
    check_request(&f, 1, buf_slice(&body));
    assert_true(s.in.n < BODY + 40000);
    buf_free(&body);
    ends_free(&s);
}

static void silence_before_a_request_is_retry_and_a_peer_that_left_is_unavailable(void **state) {
    (void)state;
    struct ends s = ends_make();
    struct fastcgi f;
    assert_int_equal(fastcgi_receive(s.engine, &s.in, &f), ST_RETRY);
    assert_int_equal(shutdown(s.web, SHUT_WR), 0);
    assert_int_equal(fastcgi_receive(s.engine, &s.in, &f), ST_UNAVAILABLE);
    ends_free(&s);
}

static void a_request_cut_off_anywhere_is_refused(void **state) {
    (void)state;
    struct ends whole = ends_make();
    put_request(&whole, 1, "3", SLICE("abc"), 65535);
    for (size_t n = 1; n < whole.out.n; n++) {
        struct ends s = ends_make();
        struct fastcgi f;
        buf_put(&s.out, whole.out.p, n);
        assert_int_equal(receive(&s, &f), ST_UNAVAILABLE);
        ends_free(&s);
    }
    ends_free(&whole);
}

static enum status outcome(void (*put)(struct ends *s)) {
    struct ends s = ends_make();
    struct fastcgi f;
    put(&s);
    enum status st = receive(&s, &f);
    ends_free(&s);
    return st;
}

static void put_other_role(struct ends *s) {
    static const uint8_t authorizer[8] = {0, 2};
    front_put_record(&s->out, FRONT_BEGIN, 1, slice_of(authorizer, 8));
}

static void put_abort(struct ends *s) {
    front_put_begin(&s->out, 1, true);
    front_put_record(&s->out, FRONT_ABORT, 1, SLICE_NONE);
}

static void put_two_at_a_time(struct ends *s) {
    front_put_begin(&s->out, 1, true);
    put_params(s, 2, "0", 65535);
}

static void put_no_length(struct ends *s) {
    put_request(s, 1, NULL, SLICE_NONE, 65535);
}

static void put_longer_body(struct ends *s) {
    put_request(s, 1, "2", SLICE("abc"), 65535);
}

static void put_shorter_body(struct ends *s) {
    put_request(s, 1, "4", SLICE("abc"), 65535);
}

static void put_negative_length(struct ends *s) {
    put_request(s, 1, "-1", SLICE_NONE, 65535);
}

static void put_more_behind(struct ends *s) {
    put_request(s, 1, "3", SLICE("abc"), 65535);
    put_request(s, 1, "3", SLICE("abc"), 65535);
}

static void put_lying_param(struct ends *s) {
    front_put_begin(&s->out, 1, true);
    front_put_stream(&s->out, FRONT_PARAMS, 1,
                     SLICE("\xff\xff\xff\xff\x01"
                           "ab"),
                     65535);
}

static void put_version_two(struct ends *s) {
    put_request(s, 1, "3", SLICE("abc"), 65535);
    s->out.p[0] = 2;
}

static void what_nginx_never_says_is_malformed(void **state) {
    (void)state;
    void (*const all[])(struct ends *) = {put_other_role,  put_abort,        put_two_at_a_time,
                                          put_no_length,   put_shorter_body, put_negative_length,
                                          put_more_behind, put_lying_param,  put_version_two};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        assert_int_equal(outcome(all[i]), ST_INVALID);
    assert_int_equal(outcome(put_longer_body), ST_LIMIT);
}

static void put_large_length(struct ends *s) {
    put_request(s, 1, "5242881", SLICE_NONE, 65535);
}

static void put_many_params(struct ends *s) {
    front_put_begin(&s->out, 1, true);
    for (int i = 0; i < 40; i++) {
        static const uint8_t zeros[1000];
        front_put_record(&s->out, FRONT_PARAMS, 1, slice_of(zeros, sizeof zeros));
    }
}

static void too_much_is_known_before_it_is_read(void **state) {
    (void)state;
    assert_int_equal(outcome(put_large_length), ST_LIMIT);
    assert_int_equal(outcome(put_many_params), ST_LIMIT);
}

struct reading {
    int fd;
    struct buf raw;
};

static void *read_all(void *argument) {
    struct reading *r = argument;
    for (ssize_t n = 1; n > 0;) {
        uint8_t *to = buf_reserve(&r->raw, 65536);
        assert_non_null(to);
        n = read(r->fd, to, 65536);
        r->raw.n += n > 0 ? (size_t)n : 0;
    }
    return NULL;
}

static void a_reply_of_any_size_arrives_whole(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 23000, 65500, 65528, 200000, 3000000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct ends s = ends_make();
        struct fastcgi f = {.id = 300};
        struct http_reply reply = {.status = 200, .content_type = "text/plain"};
        struct reading r = {.fd = s.web};
        struct buf head, all;
        size_t used = 0;
        pthread_t t;
        buf_init(&reply.headers, 100, false);
        buf_init(&reply.body, sizes[i] + 1, false);
        buf_init(&r.raw, (size_t)8 << 20, false);
        buf_init(&head, 4096, false);
        buf_init(&all, (size_t)8 << 20, false);
        for (size_t n = 0; n < sizes[i]; n++)
            buf_put_u8(&reply.body, (uint8_t)(n * 7 + n / 251));
        assert_int_equal(pthread_create(&t, NULL, read_all, &r), 0);
        assert_int_equal(fastcgi_write(s.engine, &f, &reply, &head), ST_OK);
        assert_int_equal(shutdown(s.engine, SHUT_WR), 0);
        assert_int_equal(pthread_join(t, NULL), 0);
        assert_true(front_take_reply(buf_slice(&r.raw), &all, &used));
        assert_int_equal(used, r.raw.n);
        assert_true(slice_starts_with(buf_slice(&all), SLICE("Status: 200 OK\r\n")));
        assert_true(all.n > sizes[i]);
        assert_true(slice_equal(slice_of(all.p + all.n - sizes[i], sizes[i]), buf_slice(&reply.body)));
        buf_free(&reply.headers);
        buf_free(&reply.body);
        buf_free(&r.raw);
        buf_free(&head);
        buf_free(&all);
        ends_free(&s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_arrives_as_it_was_sent_however_it_is_cut_into_records),
        cmocka_unit_test(a_request_that_comes_byte_by_byte_is_waited_for),
        cmocka_unit_test(a_body_in_tiny_pieces_takes_the_room_of_its_content),
        cmocka_unit_test(silence_before_a_request_is_retry_and_a_peer_that_left_is_unavailable),
        cmocka_unit_test(a_request_cut_off_anywhere_is_refused),
        cmocka_unit_test(what_nginx_never_says_is_malformed),
        cmocka_unit_test(too_much_is_known_before_it_is_read),
        cmocka_unit_test(a_reply_of_any_size_arrives_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
