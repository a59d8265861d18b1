#include "cmd/demo_company.h"

#include "base/clock.h"
#include "cmd/demo_people.h"
#include "cmd/init_registry.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS ((int64_t)24 * 3600 * 1000)

/* An administrator's role and duty bear one name; whoever has another role has no duty. */
static const char *duty_of(const struct demo_staff *p) {
    static const char *const duties[] = {"system_admin", "security_admin", "auditor"};
    for (size_t i = 0; i < sizeof duties / sizeof duties[0]; i++) {
        if (strcmp(duties[i], p->role) == 0)
            return p->role;
    }
    return NULL;
}

static json_t *post_document(const struct demo_post *p, int64_t now) {
    return json_pack("{s:I, s:I, s:s, s:I, s:o, s:b, s:b, s:I}", "id", (json_int_t)p->id, "department",
                     (json_int_t)p->department, "position", p->position, "from",
                     (json_int_t)now + p->from_days * DAY_MS, "until",
                     p->until_days == 0 ? json_null() : json_integer(now + p->until_days * DAY_MS), "main",
                     p->main, "leads", p->leads, "reports_to", (json_int_t)p->reports_to);
}

static bool add_posts(json_t *more, uint32_t user, int64_t now) {
    json_t *posts = json_array(), *names = json_object();
    bool fine = posts != NULL && names != NULL;
    for (size_t i = 0; fine && i < demo_post_count; i++) {
        const struct demo_post *p = &demo_posts[i];
        char id[16];
        if (p->user != user)
            continue;
        (void)snprintf(id, sizeof id, "%u", p->id);
        fine = json_array_append_new(posts, post_document(p, now)) == 0 &&
               (p->role == NULL || json_object_set_new(names, id, json_pack("[s]", p->role)) == 0);
    }
    fine = fine && (json_array_size(posts) == 0 || json_object_set(more, "posts", posts) == 0) &&
           (json_object_size(names) == 0 || json_object_set(more, "post_roles", names) == 0);
    json_decref(posts);
    json_decref(names);
    return fine;
}

/* The sponsor is whom his post reports to. */
static bool add_partner(json_t *more, uint32_t user, int64_t now) {
    uint32_t sponsor = 0;
    for (size_t i = 0; i < demo_post_count; i++)
        sponsor = demo_posts[i].user == user ? demo_posts[i].reports_to : sponsor;
    return json_object_set_new(more, "kind", json_string("partner")) == 0 &&
           json_object_set_new(more, "sponsor", json_integer(sponsor)) == 0 &&
           json_object_set_new(more, "trained_at", json_integer(now - 20 * DAY_MS)) == 0 &&
           json_object_set_new(more, "until", json_integer(now + DEMO_PARTNER_DAYS * DAY_MS)) == 0;
}

static enum status put_person(struct keeper *admin, const struct demo_staff *p, struct error *e) {
    int64_t now = clock_wall_ms();
    uint32_t manages[3] = {p->manages[0], p->manages[1], 0};
    json_t *more = json_object();
    struct init_user u = {.id = p->id,
                          .department = p->department,
                          .login = p->login,
                          .name = p->name,
                          .role = p->role,
                          .duty = duty_of(p),
                          .manages = manages,
                          .password = SLICE(DEMO_PASSWORD),
                          .more = more};
    bool fine = more != NULL && add_posts(more, p->id, now) &&
                (p->id != DEMO_PARTNER || add_partner(more, p->id, now));
    enum status s = fine ? init_registry_user(admin, &u, e) : error_set(e, ST_NOMEM, "no_memory", "posts");
    json_decref(more);
    return s;
}

static enum status put_leave(struct keeper *admin, struct error *e) {
    int64_t now = clock_wall_ms();
    json_t *lent = json_pack("{s:i, s:i, s:[s], s:I, s:I, s:s, s:s, s:i, s:n, s:n}", "user", DEMO_DEPUTY,
                             "from", DEMO_ON_LEAVE, "roles", "sales", "since", (json_int_t)(now - 2 * DAY_MS),
                             "until", (json_int_t)(now + DEMO_LEAVE_DAYS * DAY_MS), "why", "leave", "reason",
                             "年假", "by", DEMO_ON_LEAVE, "ended", "review");
    enum status s =
        lent != NULL ? init_registry_grant(admin, 1, lent, e) : error_set(e, ST_NOMEM, "no_memory", "leave");
    json_decref(lent);
    return s;
}

/* Every second person, on a connection of its own: passwords are slow to hash by design, and the keeper
 * hashes two at a time. */
struct half {
    const char *socket;
    size_t first;
    enum status status;
    struct error error;
};

static void *put_half(void *argument) {
    struct half *h = argument;
    struct keeper *k;
    h->status = keeper_connect(h->socket, &k, &h->error);
    if (h->status != ST_OK)
        return NULL;
    for (size_t i = h->first; h->status == ST_OK && i < DEMO_STAFF; i += 2)
        h->status = put_person(k, &demo_staff[i], &h->error);
    keeper_close(k);
    return NULL;
}

static enum status put_people(const struct tool_keeper *t, struct error *e) {
    struct half halves[2] = {{.socket = t->admin_socket, .first = 0},
                             {.socket = t->admin_socket, .first = 1}};
    pthread_t other;
    bool beside = pthread_create(&other, NULL, put_half, &halves[1]) == 0;
    (void)put_half(&halves[0]);
    if (beside)
        (void)pthread_join(other, NULL);
    else
        (void)put_half(&halves[1]);
    for (size_t i = 0; i < 2; i++) {
        if (halves[i].status != ST_OK) {
            *e = halves[i].error;
            return halves[i].status;
        }
    }
    return ST_OK;
}

enum status demo_company_put(const struct tool_keeper *t, struct error *e) {
    enum status s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < demo_department_count; i++) {
        const struct demo_department *d = &demo_departments[i];
        s = init_registry_department(t->admin, d->id, d->parent, d->branch, d->name, e);
    }
    if (s == ST_OK)
        s = put_people(t, e);
    return s == ST_OK ? put_leave(t->admin, e) : s;
}
