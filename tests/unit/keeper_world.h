/* A real keeper for tests: real files in a directory of its own, real Unix sockets, the server in a thread.
 *
 * Object 1: 100 name (personal, exact + fragment), 101 mobile (personal, exact + suffix), 102 resident id
 * (sensitive), 103 remark (internal). People: 1 wang (sales: personal clear, sensitive masked), 2 li (agent:
 * personal masked, with the right to match), 3 sys, 4 sec, 5 aud (one duty each; sys has the role of sales
 * besides), 6 boss (everything clear, but two people a day). Passwords are "password-LOGIN". */
#ifndef KEDUN_TESTS_UNIT_KEEPER_WORLD_H
#define KEDUN_TESTS_UNIT_KEEPER_WORLD_H

#include "test.h"

#include "crypto/start.h"
#include "ipc/socket.h"
#include "keeper/client.h"
#include "keeper/server.h"

#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct world {
    char dir[64], path[256];
    struct keeper_config config;
    char key_dir[128], audit_dir[128], state_dir[128], engine[128], jobs[128], admin[128];
    pthread_t thread;
    int ready;
    enum status result;
    struct error error;
    struct keeper *k, *j, *a; /* at the three doors */
    struct arena arena;
};

static void world_ready(void *context) {
    struct world *w = context;
    assert_int_equal(eventfd_write(w->ready, 1), 0);
}

static void *world_main(void *context) {
    struct world *w = context;
    w->result = keeper_run(&w->config, &w->error);
    (void)eventfd_write(w->ready, 1); /* a refusal to start wakes the test too */
    return NULL;
}

__attribute__((unused)) static void world_start(struct world *w) {
    struct error e;
    eventfd_t n;
    w->result = ST_OK;
    w->ready = eventfd(0, EFD_CLOEXEC);
    w->config = (struct keeper_config){.key_dir = w->key_dir,
                                       .audit_dir = w->audit_dir,
                                       .state_dir = w->state_dir,
                                       .origin = "test/audit",
                                       .engine_uid = SOCKET_ANY_USER,
                                       .jobs_uid = SOCKET_ANY_USER,
                                       .admin_uid = SOCKET_ANY_USER,
                                       .stop_fd = eventfd(0, EFD_CLOEXEC),
                                       .ready = world_ready,
                                       .ready_context = w,
                                       .password_cost = {64, 1, 1}};
    assert_int_equal(socket_listen(w->engine, &w->config.engine_fd, &e), ST_OK);
    assert_int_equal(socket_listen(w->jobs, &w->config.jobs_fd, &e), ST_OK);
    assert_int_equal(socket_listen(w->admin, &w->config.admin_fd, &e), ST_OK);
    assert_int_equal(pthread_create(&w->thread, NULL, world_main, w), 0);
    assert_int_equal(eventfd_read(w->ready, &n), 0);
    assert_int_equal(keeper_connect(w->engine, &w->k, &e), ST_OK);
    assert_int_equal(keeper_connect(w->jobs, &w->j, &e), ST_OK);
    assert_int_equal(keeper_connect(w->admin, &w->a, &e), ST_OK);
}

__attribute__((unused)) static void world_stop(struct world *w) {
    keeper_close(w->k);
    keeper_close(w->j);
    keeper_close(w->a);
    assert_int_equal(eventfd_write(w->config.stop_fd, 1), 0);
    assert_int_equal(pthread_join(w->thread, NULL), 0);
    close(w->config.engine_fd);
    close(w->config.jobs_fd);
    close(w->config.admin_fd);
    close(w->config.stop_fd);
    close(w->ready);
}

__attribute__((unused)) static void world_restart(struct world *w) {
    world_stop(w);
    assert_int_equal(w->result, ST_OK);
    world_start(w);
}

__attribute__((unused)) static void world_new(struct world *w) {
    struct error e;
    memset(w, 0, sizeof *w);
    assert_int_equal(crypto_start(&e), ST_OK);
    (void)snprintf(w->dir, sizeof w->dir, "/tmp/kedun-keeper-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    (void)snprintf(w->key_dir, sizeof w->key_dir, "%s/keys", w->dir);
    (void)snprintf(w->audit_dir, sizeof w->audit_dir, "%s/audit", w->dir);
    (void)snprintf(w->state_dir, sizeof w->state_dir, "%s/state", w->dir);
    (void)snprintf(w->engine, sizeof w->engine, "%s/engine.sock", w->dir);
    (void)snprintf(w->jobs, sizeof w->jobs, "%s/jobs.sock", w->dir);
    (void)snprintf(w->admin, sizeof w->admin, "%s/admin.sock", w->dir);
    arena_init(&w->arena, (size_t)64 << 20, ARENA_SECRET);
    world_start(w);
}

static int world_unlink(const char *path, const struct stat *info, int flag, struct FTW *where) {
    (void)info;
    (void)flag;
    (void)where;
    return remove(path);
}

__attribute__((unused)) static void world_free(struct world *w) {
    world_stop(w);
    arena_free(&w->arena);
    (void)nftw(w->dir, world_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

__attribute__((unused)) static void world_put(struct world *w, uint8_t kind, const char *document) {
    struct error e = {.status = ST_OK};
    enum status s = keeper_bootstrap(w->a, kind, 0, slice_from_string(document), &e);
    if (s != ST_OK)
        print_error("%s: %s %s\n", document, e.code, e.detail);
    assert_int_equal(s, ST_OK);
}

/* The people, roles and fields of the page above; the bootstrap is over afterwards. */
__attribute__((unused)) static void world_fill(struct world *w) {
    struct error e;
    world_put(w, REGISTRY_ROLE,
              "{\"name\":\"sales\",\"ceiling\":{\"personal\":\"clear\",\"sensitive\":\"masked\"},"
              "\"match\":{\"personal\":true},\"budget\":{\"clear\":{\"day\":500},\"masked\":{\"day\":500},"
              "\"lookups\":{\"day\":20}}}");
    world_put(w, REGISTRY_ROLE,
              "{\"name\":\"agent\",\"ceiling\":{\"personal\":\"masked\"},\"match\":{\"personal\":true},"
              "\"budget\":{\"masked\":{\"day\":1000,\"hour\":100,\"minute\":50},\"lookups\":{\"day\":5}}}");
    world_put(w, REGISTRY_ROLE,
              "{\"name\":\"boss\",\"ceiling\":{\"personal\":\"clear\",\"sensitive\":\"clear\"},"
              "\"budget\":{\"clear\":{\"day\":2},\"masked\":{\"day\":2},\"lookups\":{\"day\":2}}}");
    world_put(w, REGISTRY_DEPARTMENT, "{\"name\":\"head\",\"parent\":0,\"branch\":0}");
    world_put(w, REGISTRY_USER,
              "{\"login\":\"wang\",\"name\":\"Wang\",\"roles\":[\"sales\"],\"department\":1,\"password\":"
              "\"password-wang\"}");
    world_put(w, REGISTRY_USER,
              "{\"login\":\"li\",\"name\":\"Li\",\"roles\":[\"agent\"],\"department\":1,\"password\":"
              "\"password-li\"}");
    world_put(w, REGISTRY_USER,
              "{\"login\":\"sys\",\"name\":\"S\",\"roles\":[\"sales\"],\"duties\":[\"system_admin\"],"
              "\"password\":\"password-sys\"}");
    world_put(w, REGISTRY_USER,
              "{\"login\":\"sec\",\"name\":\"S\",\"roles\":[],\"duties\":[\"security_admin\"],\"password\":"
              "\"password-sec\"}");
    world_put(w, REGISTRY_USER,
              "{\"login\":\"aud\",\"name\":\"A\",\"roles\":[],\"duties\":[\"auditor\"],\"password\":"
              "\"password-aud\"}");
    world_put(w, REGISTRY_USER,
              "{\"login\":\"boss\",\"name\":\"B\",\"roles\":[\"boss\"],\"password\":\"password-boss\"}");
    world_put(w, REGISTRY_CATALOGUE,
              "{\"object\":1,\"field\":100,\"class\":\"personal\",\"mask\":0,\"search\":9,\"type\":23}");
    world_put(w, REGISTRY_CATALOGUE,
              "{\"object\":1,\"field\":101,\"class\":\"personal\",\"mask\":0,\"search\":3,\"type\":12}");
    world_put(w, REGISTRY_CATALOGUE,
              "{\"object\":1,\"field\":102,\"class\":\"sensitive\",\"mask\":0,\"search\":0,\"type\":15}");
    world_put(w, REGISTRY_CATALOGUE,
              "{\"object\":1,\"field\":103,\"class\":\"internal\",\"mask\":0,\"search\":0,\"type\":1}");
    assert_int_equal(keeper_bootstrap_end(w->a, &e), ST_OK);
}

/* A call of somebody who has just signed in. */
__attribute__((unused)) static struct keeper_call world_sign_in(struct world *w, const char *login) {
    char password[80];
    struct error e = {.status = ST_OK};
    struct keeper_call call = {.purpose = PURPOSE_SALES, .address = {[10] = 0xff, [11] = 0xff, [15] = 1}};
    struct token token;
    struct principal who;
    (void)snprintf(password, sizeof password, "password-%s", login);
    enum status s = keeper_sign_in(w->k, &call, slice_from_string(login), slice_from_string(password),
                                   SLICE("test"), &token, &who, &e);
    if (s != ST_OK)
        print_error("sign in %s: %s %s\n", login, e.code, e.detail);
    assert_int_equal(s, ST_OK);
    call.token = token;
    return call;
}

/* The company's version as its document has it now: what a change of it rests on. */
__attribute__((unused)) static unsigned long long world_company(struct world *w,
                                                                const struct keeper_call *admin) {
    struct error e = {.status = ST_OK};
    struct slice json;
    char text[4096];
    assert_int_equal(keeper_sign_in_state(w->k, admin, &json, &e), ST_OK);
    (void)snprintf(text, sizeof text, "%.*s", (int)json.n, (const char *)json.p);
    const char *at = strstr(text, "\"company\":");
    at = at == NULL ? NULL : strstr(at, "\"version\":");
    return at == NULL ? 0 : strtoull(at + strlen("\"version\":"), NULL, 10);
}

/* A row as the database would hold it. */
struct world_row {
    struct keeper_row row;
    struct slice name, mobile, resident; /* sealed */
    uint64_t intent;                     /* its entry */
};

__attribute__((unused)) static struct slice world_keep(struct world *w, struct slice s) {
    return s.n == 0 ? SLICE_NONE : arena_copy(&w->arena, s);
}

/* Seals a new customer of `call`'s user and keeps what a database would. */
__attribute__((unused)) static struct world_row world_row(struct world *w, const struct keeper_call *call,
                                                          const char *name, const char *mobile,
                                                          const char *resident) {
    struct world_row out = {.row = {.owner = 1, .department = 1, .branch = 0}};
    struct error e = {.status = ST_OK};
    assert_int_equal(uuid_new(&out.row.record), ST_OK);
    out.row.subject = out.row.record;
    struct keeper_value values[3] = {{100, slice_from_string(name), SLICE_NONE},
                                     {101, slice_from_string(mobile), SLICE_NONE},
                                     {102, slice_from_string(resident), SLICE_NONE}};
    uint16_t plain[] = {2, 3, 103};
    struct keeper_seal_row r = {.row = out.row,
                                .new_subject = true,
                                .values = values,
                                .value_count = 3,
                                .plain_fields = plain,
                                .plain_count = 3};
    struct keeper_sealed sealed;
    enum status s = keeper_seal_rows(w->k, call, AUDIT_CREATE, 1, &r, 1, &w->arena, &sealed, &e);
    if (s != ST_OK)
        print_error("seal: %s %s\n", e.code, e.detail);
    assert_int_equal(s, ST_OK);
    out.intent = sealed.intent;
    out.name = world_keep(w, sealed.sealed[0]);
    out.mobile = world_keep(w, sealed.sealed[1]);
    out.resident = world_keep(w, sealed.sealed[2]);
    out.row.wrapped_key = world_keep(w, sealed.wrapped_keys[0]);
    out.row.versions = world_keep(w, sealed.versions[0]);
    out.row.seal = arena_copy(&w->arena, slice_of(sealed.seals[0], KEEPER_ROW_SEAL));
    assert_int_equal(keeper_outcome(w->k, sealed.intent, true, &e), ST_OK);
    return out;
}

/* Opens name, mobile and resident id of rows, all by the given views. */
__attribute__((unused)) static enum status world_open(struct world *w, const struct keeper_call *call,
                                                      const struct world_row *rows, size_t n,
                                                      const uint8_t views[3], struct keeper_opened *out,
                                                      struct error *e) {
    static const uint16_t fields[] = {100, 101, 102};
    struct keeper_row *list = arena_array(&w->arena, n, sizeof *list);
    struct slice *sealed = arena_array(&w->arena, n * 3, sizeof *sealed);
    uint8_t *all = arena_alloc(&w->arena, n * 3);
    for (size_t i = 0; i < n; i++) {
        list[i] = rows[i].row;
        sealed[i * 3] = rows[i].name;
        sealed[i * 3 + 1] = rows[i].mobile;
        sealed[i * 3 + 2] = rows[i].resident;
        memcpy(all + i * 3, views, 3);
    }
    struct keeper_open q = {.act = AUDIT_LIST,
                            .object = 1,
                            .fields = fields,
                            .field_count = 3,
                            .rows = list,
                            .row_count = n,
                            .views = all,
                            .sealed = sealed};
    return keeper_open_rows(w->k, call, &q, &w->arena, out, e);
}

#define assert_text(value, text)                                                                             \
    do {                                                                                                     \
        struct slice got_ = (value);                                                                         \
        assert_int_equal(got_.n, strlen(text));                                                              \
        assert_memory_equal(got_.p, text, strlen(text));                                                     \
    } while (0)

#endif
