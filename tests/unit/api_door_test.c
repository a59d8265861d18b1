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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_connections_than_threads_are_all_served_and_each_by_one_at_a_time),
        cmocka_unit_test(idle_connections_hold_no_thread_and_leave_their_places),
        cmocka_unit_test(what_rests_when_the_door_closes_is_hung_up_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
