#include "test.h"

#include "ipc/frame.h"
#include "ipc/socket.h"

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

struct ends {
    int a, b;
    struct buf in;
};

static struct ends ends_make(size_t limit) {
    int fds[2];
    struct ends s;
    assert_int_equal(socket_pair(fds), ST_OK);
    s.a = fds[0];
    s.b = fds[1];
    buf_init(&s.in, limit, true);
    return s;
}

static void ends_free(struct ends *s) {
    close(s->a);
    close(s->b);
    buf_free(&s->in);
}

static void a_frame_arrives_as_it_was_sent(void **state) {
    (void)state;
    struct ends s = ends_make(100);
    struct frame out = {.type = 7, .flags = 0x8001, .id = 0x0123456789abcdef, .payload = SLICE("hello")}, in;
    assert_int_equal(frame_send(s.a, &out, 1000), ST_OK);
    out.payload = SLICE_NONE;
    assert_int_equal(frame_send(s.a, &out, 1000), ST_OK);
    assert_int_equal(frame_receive(s.b, &s.in, &in, 1000), ST_OK);
    assert_int_equal(in.type, 7);
    assert_int_equal(in.flags, 0x8001);
    assert_true(in.id == 0x0123456789abcdef);
    assert_true(slice_is(in.payload, "hello"));
    assert_int_equal(frame_receive(s.b, &s.in, &in, 1000), ST_OK);
    assert_int_equal(in.payload.n, 0);
    ends_free(&s);
}

static void a_frame_past_the_limit_is_refused_before_its_payload_is_read(void **state) {
    (void)state;
    struct ends s = ends_make(4);
    struct frame out = {.type = 1, .payload = SLICE("hello")}, in;
    assert_int_equal(frame_send(s.a, &out, 1000), ST_OK);
    assert_int_equal(frame_receive(s.b, &s.in, &in, 1000), ST_LIMIT);
    ends_free(&s);
}

static void silence_before_a_frame_is_retry_and_within_one_is_unavailable(void **state) {
    (void)state;
    struct ends s = ends_make(100);
    struct frame in;
    assert_int_equal(frame_receive(s.b, &s.in, &in, 10), ST_RETRY);
    assert_int_equal(write(s.a, "\x05\0\0", 3), 3);
    assert_int_equal(frame_receive(s.b, &s.in, &in, 10), ST_UNAVAILABLE);
    ends_free(&s);
}

static void a_closed_peer_is_unavailable_and_no_signal(void **state) {
    (void)state;
    struct ends s = ends_make(100);
    struct frame out = {.type = 1}, in;
    close(s.a);
    assert_int_equal(frame_receive(s.b, &s.in, &in, 1000), ST_UNAVAILABLE);
    assert_int_equal(frame_send(s.b, &out, 1000), ST_UNAVAILABLE);
    s.a = dup(s.b);
    ends_free(&s);
}

static void *receive_big(void *arg) {
    struct ends *s = arg;
    struct frame in;
    enum status st = frame_receive(s->b, &s->in, &in, 5000);
    return st == ST_OK && in.payload.n == FRAME_MOST && in.payload.p[FRAME_MOST - 1] == 9 ? s : NULL;
}

static void the_largest_frame_crosses_a_full_socket(void **state) {
    (void)state;
    struct ends s = ends_make(FRAME_MOST);
    uint8_t *big = calloc(1, FRAME_MOST + 1);
    assert_non_null(big);
    big[FRAME_MOST - 1] = 9;
    pthread_t reader;
    void *result = NULL;
    assert_int_equal(pthread_create(&reader, NULL, receive_big, &s), 0);
    struct frame out = {.type = 1, .payload = slice_of(big, FRAME_MOST)};
    assert_int_equal(frame_send(s.a, &out, 5000), ST_OK);
    pthread_join(reader, &result);
    assert_non_null(result);
    out.payload.n++;
    assert_int_equal(frame_send(s.a, &out, 5000), ST_LIMIT);
    free(big);
    ends_free(&s);
}

static void a_peer_that_does_not_read_times_out(void **state) {
    (void)state;
    struct ends s = ends_make(100);
    uint8_t *big = calloc(1, FRAME_MOST);
    assert_non_null(big);
    struct frame out = {.type = 1, .payload = slice_of(big, FRAME_MOST)};
    assert_int_equal(frame_send(s.a, &out, 20), ST_UNAVAILABLE);
    free(big);
    ends_free(&s);
}

static void an_answer_to_another_question_is_corrupt(void **state) {
    (void)state;
    struct ends s = ends_make(100);
    struct frame question = {.type = 1, .id = 5}, other = {.type = 1, .id = 4}, answer;
    assert_int_equal(frame_send(s.b, &other, 1000), ST_OK);
    assert_int_equal(frame_call(s.a, &question, &s.in, &answer, 1000), ST_CORRUPT);
    ends_free(&s);
}

static void a_stream_gives_each_frame_in_its_turn(void **state) {
    (void)state;
    struct ends s = ends_make(100);
    struct frame_stream stream;
    frame_stream_init(&stream, s.b, 100, true, 1000);
    struct frame out = {.type = 7, .flags = 0x8001, .id = 0x0123456789abcdef, .payload = SLICE("hello")}, in;
    static const char *const texts[] = {"hello", "", "a longer one", "x"};
    for (size_t i = 0; i < 4; i++) {
        out.payload = slice_from_string(texts[i]);
        assert_int_equal(frame_send(s.a, &out, 1000), ST_OK);
    }
    assert_int_equal(write(s.a, "\x02\0\0\0\x09", 5), 5);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(frame_stream_next(&stream, &in), ST_OK);
        assert_int_equal(in.type, 7);
        assert_int_equal(in.flags, 0x8001);
        assert_true(in.id == 0x0123456789abcdef);
        assert_true(slice_is(in.payload, texts[i]));
    }
    assert_int_equal(write(s.a, "\0\0\0\0\0\0\0\0\0\0\0ab", 13), 13);
    assert_int_equal(frame_stream_next(&stream, &in), ST_OK);
    assert_int_equal(in.type, 9);
    assert_true(slice_is(in.payload, "ab"));
    frame_stream_drop(&stream);
    assert_int_equal(stream.in.n, 0);
    assert_int_equal(stream.in.p[FRAME_HEADER], 0); /* wiped */
    frame_stream_free(&stream);
    ends_free(&s);
}

static void frames_made_before_go_ahead_of_the_question_once(void **state) {
    (void)state;
    struct ends s = ends_make(100);
    struct frame_stream asker, other;
    struct buf made;
    struct frame quiet = {.type = 3, .flags = 1, .id = 1, .payload = SLICE("quiet")},
                 question = {.type = 4, .id = 2}, in;
    frame_stream_init(&asker, s.a, 100, true, 1000);
    frame_stream_init(&other, s.b, 100, true, 1000);
    buf_init(&made, 100, false);
    frame_put(&made, &quiet);
    asker.before = buf_slice(&made);
    assert_int_equal(frame_send(s.b, &question, 1000), ST_OK); /* the answer, sent ahead */
    assert_int_equal(frame_send(s.b, &question, 1000), ST_OK);
    for (int turn = 0; turn < 2; turn++)
        assert_int_equal(frame_stream_call(&asker, &question, &in, 1000), ST_OK);
    assert_int_equal(frame_send_made(s.a, buf_slice(&made), 1000), ST_OK);
    static const uint16_t types[] = {3, 4, 4, 3};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(frame_stream_next(&other, &in), ST_OK);
        assert_int_equal(in.type, types[i]);
        assert_true(slice_is(in.payload, types[i] == 3 ? "quiet" : ""));
    }
    frame_stream_free(&asker);
    frame_stream_free(&other);
    buf_free(&made);
    ends_free(&s);
}

static void a_stream_refuses_what_is_too_long_or_too_late(void **state) {
    (void)state;
    struct ends s = ends_make(100);
    struct frame_stream stream;
    struct frame out = {.type = 1, .payload = SLICE("hello")}, in;
    frame_stream_init(&stream, s.b, 4, true, 10);
    assert_int_equal(frame_stream_next(&stream, &in), ST_RETRY);
    assert_int_equal(frame_send(s.a, &out, 1000), ST_OK);
    assert_int_equal(frame_stream_next(&stream, &in), ST_LIMIT);
    frame_stream_free(&stream);
    ends_free(&s);
    s = ends_make(100);
    frame_stream_init(&stream, s.b, 100, true, 10);
    assert_int_equal(write(s.a, "\x05\0\0", 3), 3);
    assert_int_equal(frame_stream_next(&stream, &in), ST_UNAVAILABLE);
    close(s.a);
    s.a = dup(s.b);
    assert_int_equal(frame_stream_next(&stream, &in), ST_UNAVAILABLE);
    frame_stream_free(&stream);
    ends_free(&s);
}

static void *stream_big(void *arg) {
    struct ends *s = arg;
    struct frame_stream stream;
    struct frame in;
    frame_stream_init(&stream, s->b, FRAME_MOST, true, 5000);
    bool fine = frame_stream_next(&stream, &in) == ST_OK && in.payload.n == FRAME_MOST &&
                in.payload.p[FRAME_MOST - 1] == 9 && frame_stream_next(&stream, &in) == ST_OK &&
                slice_is(in.payload, "behind");
    frame_stream_free(&stream);
    return fine ? s : NULL;
}

static void the_largest_frame_crosses_a_stream_and_one_behind_it(void **state) {
    (void)state;
    struct ends s = ends_make(FRAME_MOST);
    uint8_t *big = calloc(1, FRAME_MOST);
    assert_non_null(big);
    big[FRAME_MOST - 1] = 9;
    pthread_t reader;
    void *result = NULL;
    assert_int_equal(pthread_create(&reader, NULL, stream_big, &s), 0);
    struct frame out = {.type = 1, .payload = slice_of(big, FRAME_MOST)};
    assert_int_equal(frame_send(s.a, &out, 5000), ST_OK);
    out.payload = SLICE("behind");
    assert_int_equal(frame_send(s.a, &out, 5000), ST_OK);
    pthread_join(reader, &result);
    assert_non_null(result);
    free(big);
    ends_free(&s);
}

static void a_listening_socket_knows_its_callers_and_hands_over_descriptors(void **state) {
    (void)state;
    char path[64];
    int listener, caller, served, pipes[2], got;
    (void)snprintf(path, sizeof path, "/tmp/kedun-test-%d.sock", getpid());
    assert_int_equal(socket_listen(path, &listener, NULL), ST_OK);
    assert_int_equal(socket_connect(path, &caller, NULL), ST_OK);
    assert_int_equal(socket_accept(listener, geteuid(), &served), ST_OK);
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(socket_send_fd(caller, pipes[1]), ST_OK);
    assert_int_equal(socket_receive_fd(served, &got), ST_OK);
    assert_int_equal(write(got, "x", 1), 1);
    close(caller);
    assert_int_equal(socket_receive_fd(served, &got), ST_UNAVAILABLE);
    if (geteuid() != 0) { /* root may always call */
        assert_int_equal(socket_connect(path, &caller, NULL), ST_OK);
        assert_int_equal(socket_accept(listener, geteuid() + 1, &served), ST_DENIED);
    }
    close(listener);
    assert_int_equal(socket_connect(path, &caller, NULL), ST_UNAVAILABLE);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_arrives_as_it_was_sent),
        cmocka_unit_test(a_frame_past_the_limit_is_refused_before_its_payload_is_read),
        cmocka_unit_test(silence_before_a_frame_is_retry_and_within_one_is_unavailable),
        cmocka_unit_test(a_closed_peer_is_unavailable_and_no_signal),
        cmocka_unit_test(the_largest_frame_crosses_a_full_socket),
        cmocka_unit_test(a_peer_that_does_not_read_times_out),
        cmocka_unit_test(an_answer_to_another_question_is_corrupt),
        cmocka_unit_test(a_stream_gives_each_frame_in_its_turn),
        cmocka_unit_test(frames_made_before_go_ahead_of_the_question_once),
        cmocka_unit_test(a_stream_refuses_what_is_too_long_or_too_late),
        cmocka_unit_test(the_largest_frame_crosses_a_stream_and_one_behind_it),
        cmocka_unit_test(a_listening_socket_knows_its_callers_and_hands_over_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
