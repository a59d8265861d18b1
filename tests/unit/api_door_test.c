#include "test.h"

#include "api/door.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS 40
#define ROUNDS  300
#define THREADS 3

struct yard {
    char path[64];
    int listener;
    struct door *door;
    pthread_t threads[THREADS];
    atomic_int inside[DOOR_CONNECTIONS + 1]; /* how many threads have the connection */
    atomic_int hang_ups;
};

/* Echoes byte by byte, and sees that nobody else has the connection. */
static bool echo(const struct door_visit *v) {
    char byte;
    ssize_t n;
    while ((n = recv(v->fd, &byte, 1, MSG_DONTWAIT)) == 1)
        assert_int_equal(send(v->fd, &byte, 1, MSG_NOSIGNAL), 1);
    return n < 0;
}

static void *serve(void *argument) {
    struct yard *y = argument;
    struct door_visit v;
    while (door_next(y->door, &v)) {
        assert_int_equal(atomic_fetch_add(&y->inside[v.place], 1), 0);
        bool stays, rests = false;
        do {
            stays = echo(&v);
            atomic_fetch_sub(&y->inside[v.place], 1);
            if (stays)
                rests = door_rest(y->door, &v);
            else
                door_hang_up(y->door, &v);
            if (stays && !rests)
                assert_int_equal(atomic_fetch_add(&y->inside[v.place], 1), 0);
        } while (stays && !rests);
        atomic_fetch_add(&y->hang_ups, !stays);
    }
    return NULL;
}

static void yard_open(struct yard *y) {
    struct error e;
    memset(y, 0, sizeof *y);
    (void)snprintf(y->path, sizeof y->path, "/tmp/kedun-door-%d.sock", (int)getpid());
    assert_int_equal(socket_listen(y->path, &y->listener, &e), ST_OK);
    struct role_fd at = {.name = "fastcgi", .fd = y->listener, .peer = SOCKET_ANY_USER};
    assert_int_equal(door_open(&at, &y->door, &e), ST_OK);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&y->threads[i], NULL, serve, y), 0);
}

static void yard_close(struct yard *y) {
    door_stop(y->door);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(y->threads[i], NULL), 0);
    door_free(y->door);
    (void)close(y->listener);
    (void)unlink(y->path);
}

static int connect_to(const struct yard *y) {
    int fd;
    struct error e;
    assert_int_equal(socket_connect(y->path, &fd, &e), ST_OK);
    return fd;
}

static void ask(int fd, char byte) {
    char back = 0;
    assert_int_equal(send(fd, &byte, 1, MSG_NOSIGNAL), 1);
    assert_int_equal(recv(fd, &back, 1, 0), 1);
    assert_int_equal(back, byte);
}

static struct yard yard;

static void *client(void *argument) {
    int fd = connect_to(argument);
    for (int i = 0; i < ROUNDS; i++)
        ask(fd, (char)i);
    for (int i = 0; i < ROUNDS; i++) { /* two at once: the second comes while the first is served */
        char bytes[2] = {(char)i, 'x'}, back[2];
        assert_int_equal(send(fd, bytes, 1, MSG_NOSIGNAL), 1);
        assert_int_equal(send(fd, bytes + 1, 1, MSG_NOSIGNAL), 1);
        assert_int_equal(recv(fd, back, 2, MSG_WAITALL), 2);
        assert_memory_equal(bytes, back, 2);
    }
    (void)close(fd);
    return NULL;
}

static void more_connections_than_threads_are_all_served_and_each_by_one_at_a_time(void **state) {
    (void)state;
    pthread_t clients[CLIENTS];
    yard_open(&yard);
    for (size_t i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_create(&clients[i], NULL, client, &yard), 0);
    for (size_t i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_join(clients[i], NULL), 0);
    yard_close(&yard);
}

static void idle_connections_hold_no_thread_and_leave_their_places(void **state) {
    (void)state;
    int idle[4 * THREADS];
    yard_open(&yard);
    for (size_t i = 0; i < sizeof idle / sizeof idle[0]; i++) {
        idle[i] = connect_to(&yard);
        ask(idle[i], 'a');
    }
    int fd = connect_to(&yard);
    ask(fd, 'b');
    for (size_t i = 0; i < sizeof idle / sizeof idle[0]; i++) {
        char byte;
        assert_int_equal(shutdown(idle[i], SHUT_WR), 0);
        assert_int_equal(recv(idle[i], &byte, 1, 0), 0); /* hung up on */
        (void)close(idle[i]);
    }
    ask(fd, 'c');
    (void)close(fd);
    yard_close(&yard);
    assert_true(atomic_load(&yard.hang_ups) >= (int)(sizeof idle / sizeof idle[0]));
}

static void what_rests_when_the_door_closes_is_hung_up_on(void **state) {
    (void)state;
    char byte;
    yard_open(&yard);
    int fd = connect_to(&yard);
    ask(fd, 'a');
    yard_close(&yard);
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    (void)close(fd);
}

/* A door without threads of its own: the test takes what comes. */
struct porch {
    char path[64];
    int listener;
    struct door *door;
};

static struct porch porch_open(void) {
    struct error e;
    struct porch y;
    (void)snprintf(y.path, sizeof y.path, "/tmp/kedun-porch-%d.sock", (int)getpid());
    assert_int_equal(socket_listen(y.path, &y.listener, &e), ST_OK);
    struct role_fd at = {.name = "fastcgi", .fd = y.listener, .peer = SOCKET_ANY_USER};
    assert_int_equal(door_open(&at, &y.door, &e), ST_OK);
    return y;
}

static void porch_close(struct porch *y) {
    door_free(y->door);
    (void)close(y->listener);
    (void)unlink(y->path);
}

static int come_to(const struct porch *y, const char *words) {
    int fd;
    struct error e;
    assert_int_equal(socket_connect(y->path, &fd, &e), ST_OK);
    assert_int_equal(send(fd, words, strlen(words), MSG_NOSIGNAL), strlen(words));
    return fd;
}

/* Reads what is there into `in`. */
static void hear(const struct door_visit *v, struct buf *in) {
    uint8_t *to = buf_reserve(in, 64);
    ssize_t n = recv(v->fd, to, 64, MSG_DONTWAIT);
    if (n > 0)
        in->n += (size_t)n;
}

static void what_came_of_a_request_waits_at_its_place(void **state) {
    (void)state;
    struct porch y = porch_open();
    struct door_visit v;
    struct buf in;
    struct fastcgi f = {.id = 7};
    buf_init(&in, FASTCGI_IN_MOST, true);
    int fd = come_to(&y, "half");
    assert_true(door_next(y.door, &v));
    assert_null(v.held);
    hear(&v, &in);
    assert_int_equal(door_hold(y.door, &v, &in, &f), ST_OK);
    assert_int_equal(in.n, 0);
    assert_true(door_rest(y.door, &v));
    assert_int_equal(door_held(y.door), 1);
    assert_int_equal(send(fd, "whole", 5, MSG_NOSIGNAL), 5);
    assert_true(door_next(y.door, &v));
    assert_non_null(v.held);
    assert_false(v.late);
    assert_int_equal(v.held->f.id, 7);
    hear(&v, &v.held->in);
    assert_true(slice_is(buf_slice(&v.held->in), "halfwhole"));
    door_release(y.door, &v);
    assert_int_equal(door_held(y.door), 0);
    assert_true(door_rest(y.door, &v));
    (void)close(fd);
    buf_free(&in);
    porch_close(&y);
}

static void who_never_ends_a_request_is_shown_as_late_without_sending_anything(void **state) {
    (void)state;
    enum { MANY = DOOR_HELD_MANY + 2 }; /* so that the shorter grace holds */
    static int fds[MANY];
    struct porch y = porch_open();
    struct door_visit v;
    struct buf in;
    struct fastcgi f = {.id = 1};
    buf_init(&in, FASTCGI_IN_MOST, true);
    for (size_t i = 0; i < MANY; i++) {
        fds[i] = come_to(&y, "x");
        assert_true(door_next(y.door, &v));
        hear(&v, &in);
        assert_int_equal(door_hold(y.door, &v, &in, &f), ST_OK);
        assert_true(door_rest(y.door, &v));
    }
    assert_true(door_next(y.door, &v));
    assert_true(v.late);
    door_refuse(y.door, &v);
    assert_true(door_rest(y.door, &v));
    assert_int_equal(door_held(y.door), MANY);
    for (size_t i = 0; i < MANY; i++)
        (void)close(fds[i]);
    for (size_t i = 0; i < MANY;) {
        assert_true(door_next(y.door, &v));
        char byte;
        if (recv(v.fd, &byte, 1, MSG_DONTWAIT) == 0) {
            door_hang_up(y.door, &v);
            i++;
        } else {
            (void)door_rest(y.door, &v);
        }
    }
    assert_int_equal(door_held(y.door), 0);
    buf_free(&in);
    porch_close(&y);
}

static void a_connection_that_was_lent_is_looked_at_when_it_comes_back(void **state) {
    (void)state;
    struct porch y = porch_open();
    struct door_visit v, lent;
    char byte;
    int fd = come_to(&y, "a");
    assert_true(door_next(y.door, &lent));
    assert_int_equal(recv(lent.fd, &byte, 1, 0), 1);
    assert_int_equal(send(fd, "b", 1, MSG_NOSIGNAL), 1); /* while somebody else has it */
    int other = come_to(&y, "c");
    assert_true(door_next(y.door, &v));
    assert_int_equal(recv(v.fd, &byte, 1, 0), 1);
    assert_int_equal(byte, 'c');
    assert_true(door_rest(y.door, &v));
    door_return(y.door, &lent);
    assert_true(door_next(y.door, &v));
    assert_int_equal(recv(v.fd, &byte, 1, 0), 1);
    assert_int_equal(byte, 'b');
    assert_true(door_rest(y.door, &v));
    (void)close(fd);
    (void)close(other);
    porch_close(&y);
}

/* Each is either answered or was never taken: the send fails. */
static void *ask_until_it_closes(void *argument) {
    int fd = *(int *)argument;
    char byte = 'a', back;
    while (send(fd, &byte, 1, MSG_NOSIGNAL) == 1)
        assert_int_equal(recv(fd, &back, 1, 0), 1);
    (void)close(fd);
    return NULL;
}

static void no_request_is_taken_and_left_unanswered_when_the_door_closes(void **state) {
    (void)state;
    for (int round = 0; round < 30; round++) {
        pthread_t clients[8];
        int fds[8];
        yard_open(&yard);
        for (size_t i = 0; i < 8; i++) {
            fds[i] = connect_to(&yard);
            ask(fds[i], 'x'); /* it was let in */
        }
        for (size_t i = 0; i < 8; i++)
            assert_int_equal(pthread_create(&clients[i], NULL, ask_until_it_closes, &fds[i]), 0);
        door_stop(yard.door);
        for (size_t i = 0; i < 8; i++)
            assert_int_equal(pthread_join(clients[i], NULL), 0);
        for (size_t i = 0; i < THREADS; i++)
            assert_int_equal(pthread_join(yard.threads[i], NULL), 0);
        door_free(yard.door);
        (void)close(yard.listener);
        (void)unlink(yard.path);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_connections_than_threads_are_all_served_and_each_by_one_at_a_time),
        cmocka_unit_test(idle_connections_hold_no_thread_and_leave_their_places),
        cmocka_unit_test(what_came_of_a_request_waits_at_its_place),
        cmocka_unit_test(who_never_ends_a_request_is_shown_as_late_without_sending_anything),
        cmocka_unit_test(a_connection_that_was_lent_is_looked_at_when_it_comes_back),
        cmocka_unit_test(no_request_is_taken_and_left_unanswered_when_the_door_closes),
        cmocka_unit_test(what_rests_when_the_door_closes_is_hung_up_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
