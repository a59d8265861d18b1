#include "store_fixture.h"

#include <pthread.h>

/* Times that the log has begun anew: its header's checkpoint sequence number (SQLite's file format, 4.1). */
static uint32_t log_sequence(struct fixture *f) {
    char path[128];
    uint8_t head[16] = {0};
    (void)snprintf(path, sizeof path, "%s/kedun.db-wal", f->directory);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        if (pread(fd, head, sizeof head, 0) != sizeof head)
            memset(head, 0, sizeof head);
        (void)close(fd);
    }
    return (uint32_t)head[12] << 24 | (uint32_t)head[13] << 16 | (uint32_t)head[14] << 8 | head[15];
}

#define LOG_SETS 1500 /* of 1 MiB each: far beyond where the log has to begin anew */

struct pusher {
    struct fixture *f;
    pthread_t thread;
    struct slice body;
    uint32_t before;
    bool anew;
};

static void *push(void *context) {
    struct pusher *p = context;
    struct write_op op = {
        .kind = WRITE_HISTORY, .object = &fixture_customer, .record = fixture_id(1), .body = p->body};
    struct write_set set = {.ops = &op, .count = 1, .bulk = true};
    struct error e;
    for (int i = 0; i < LOG_SETS && !p->anew; i++) {
        if (store_write(p->f->store, &set, NULL, &e) != ST_OK)
            break;
        p->anew = log_sequence(p->f) != p->before;
    }
    return NULL;
}

/* While one of them writes the other's set waits already. */
static void the_log_begins_anew_under_bulk_work_without_a_pause(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 2);
    uint8_t *body = calloc(1, (size_t)1 << 20);
    struct pusher all[3];
    for (size_t i = 0; i < 3; i++)
        all[i] = (struct pusher){
            .f = f, .body = slice_of(body, (size_t)1 << 20), .before = log_sequence(f), .anew = false};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&all[i].thread, NULL, push, &all[i]), 0);
    for (size_t i = 0; i < 3; i++)
        (void)pthread_join(all[i].thread, NULL);
    for (size_t i = 0; i < 3; i++)
        assert_true(all[i].anew);
    free(body);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_log_begins_anew_under_bulk_work_without_a_pause, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
