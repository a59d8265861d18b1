#include "keeper/budget.h"

#include "base/clock.h"
#include "base/json.h"
#include "keeper/budget_table.h"

#include <stdlib.h>

struct budgets *budgets_new(void) {
    struct budgets *b = calloc(1, sizeof *b);
    if (b == NULL)
        return NULL;
    (void)pthread_mutex_init(&b->lock, NULL);
    (void)pthread_mutex_init(&b->company.lock, NULL);
    return b;
}

static void holder_clear(struct budget_holder *h) {
    for (size_t k = 0; k < BUDGET_KINDS; k++)
        people_free(&h->people[k]);
    (void)pthread_mutex_destroy(&h->lock);
}

void budgets_free(struct budgets *b) {
    if (b == NULL)
        return;
    for (size_t i = 0; i < BUDGET_BUCKETS; i++) {
        while (b->buckets[i] != NULL) {
            struct budget_holder *h = b->buckets[i];
            b->buckets[i] = h->next;
            holder_clear(h);
            free(h);
        }
    }
    holder_clear(&b->company);
    (void)pthread_mutex_destroy(&b->lock);
    free(b);
}

static struct budget_holder *holder_new(uint32_t user) {
    struct budget_holder *h = calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    h->user = user;
    (void)pthread_mutex_init(&h->lock, NULL);
    return h;
}

struct budget_holder *budget_holder(struct budgets *b, uint32_t user) {
    if (user == 0)
        return &b->company;
    (void)pthread_mutex_lock(&b->lock);
    struct budget_holder **at = &b->buckets[user % BUDGET_BUCKETS];
    while (*at != NULL && (*at)->user != user)
        at = &(*at)->next;
    if (*at == NULL)
        *at = holder_new(user);
    struct budget_holder *h = *at;
    (void)pthread_mutex_unlock(&b->lock);
    return h;
}

static uint32_t budget_now(struct budgets *b) {
    int64_t s = clock_wall_ms() / 1000;
    uint32_t now = s < 1 ? 1 : s > UINT32_MAX ? UINT32_MAX : (uint32_t)s;
    (void)pthread_mutex_lock(&b->lock);
    b->now = now > b->now ? now : b->now;
    now = b->now;
    (void)pthread_mutex_unlock(&b->lock);
    return now;
}

static const char *const window_names[WINDOWS] = {"minute", "hour", "day"};
static const char *const kind_names[BUDGET_KINDS] = {"masked personal", "clear personal", "masked sensitive",
                                                     "clear sensitive"};

/* One charge in work: what to take back, and what to add to the windows in the end. */
struct charge {
    struct person_undo *undo;
    size_t undone;
    uint32_t now;
};

static void charge_undo(struct charge *c) {
    while (c->undone > 0) {
        const struct person_undo *u = &c->undo[--c->undone];
        u->table->slots[u->slot].seen = u->seen;
    }
}

/* Sees all people of one kind; `add` receives what is new to each window. Returns the window it would break.
 */
static enum status charge_kind(struct budget_holder *h, unsigned kind, const struct limits *limits,
                               const struct budget_person *people, size_t count, struct charge *c,
                               uint32_t add[WINDOWS], size_t *window) {
    struct people *p = &h->people[kind];
    size_t n = 0;
    *window = WINDOWS;
    for (size_t i = 0; i < count; i++)
        n += people[i].what >> kind & 1;
    if (n == 0)
        return ST_OK;
    windows_turn(&p->windows, c->now);
    enum status s = people_reserve(p, n);
    if (s != ST_OK)
        return s;
    for (size_t i = 0; i < count; i++)
        people_prefetch(p, &people[i].subject);
    for (size_t i = 0; i < count; i++) {
        if (people[i].what >> kind & 1)
            c->undo[c->undone++] = people_see(p, &people[i].subject, c->now, add);
    }
    *window = limits == NULL ? WINDOWS : windows_exceeded(&p->windows, add, limits);
    return *window == WINDOWS ? ST_OK : ST_LIMIT;
}

/* All kinds for one holder, under its lock. Windows are added to only when `settle`d. */
struct holder_charge {
    struct budget_holder *holder;
    const struct budget_limits *limits; /* NULL: none */
    uint32_t add[BUDGET_KINDS][WINDOWS];
};

static enum status charge_holder(struct holder_charge *hc, const struct budget_person *people, size_t count,
                                 struct charge *c, struct error *e) {
    for (unsigned k = 0; k < BUDGET_KINDS; k++) {
        const struct limits *limits = hc->limits == NULL ? NULL : &hc->limits->people[k / 2][k % 2];
        size_t window;
        enum status s = charge_kind(hc->holder, k, limits, people, count, c, hc->add[k], &window);
        if (s == ST_LIMIT && window < WINDOWS)
            return error_set(e, s, "budget_exhausted", "%s%s %s", hc->holder->user == 0 ? "company " : "",
                             kind_names[k], window_names[window]);
        if (s != ST_OK)
            return error_set(e, s, "budget_room", "no room to count people");
    }
    return ST_OK;
}

static void settle_holder(struct holder_charge *hc) {
    for (size_t k = 0; k < BUDGET_KINDS; k++) {
        for (size_t i = 0; i < WINDOWS; i++)
            hc->holder->people[k].windows.used[i] += hc->add[k][i];
    }
}

static bool limits_are_none(const struct budget_limits *l) {
    for (size_t k = 0; k < BUDGET_KINDS; k++) {
        if (l->people[k / 2][k % 2].day != LIMIT_NONE)
            return false;
    }
    return true;
}

static enum status charge_both(struct budgets *b, uint32_t user, const struct budget_limits *own,
                               const struct budget_limits *company, const struct budget_person *people,
                               size_t count, struct charge *c, struct error *e) {
    struct holder_charge actor = {.holder = budget_holder(b, user), .limits = own};
    struct holder_charge all = {.holder = &b->company, .limits = company};
    bool counts = company == NULL || !limits_are_none(company);
    if (actor.holder == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory to count people");
    (void)pthread_mutex_lock(&actor.holder->lock);
    enum status s = charge_holder(&actor, people, count, c, e);
    if (s == ST_OK && counts) {
        (void)pthread_mutex_lock(&b->company.lock);
        s = charge_holder(&all, people, count, c, e);
        if (s == ST_OK)
            settle_holder(&all);
        else
            charge_undo(c);
        (void)pthread_mutex_unlock(&b->company.lock);
    }
    if (s == ST_OK)
        settle_holder(&actor);
    else
        charge_undo(c);
    (void)pthread_mutex_unlock(&actor.holder->lock);
    return s;
}

/* Room to take back all that is seen: for the actor and for the company. */
static enum status charge_begin(struct charge *c, const struct budget_person *people, size_t count,
                                struct arena *arena) {
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += (size_t)__builtin_popcount(people[i].what);
    c->undo = arena_array(arena, n * 2, sizeof *c->undo);
    return c->undo == NULL ? ST_NOMEM : ST_OK;
}

enum status budget_charge_people(struct budgets *b, const struct actor *actor,
                                 const struct budget_limits *company, const struct budget_person *people,
                                 size_t count, struct arena *arena, struct error *e) {
    struct charge c = {.now = budget_now(b)};
    if (charge_begin(&c, people, count, arena) != ST_OK)
        return error_set(e, ST_NOMEM, "no_memory", "no memory to count people");
    return charge_both(b, actor->user, &actor->limits, company, people, count, &c, e);
}

enum status budget_replay_people(struct budgets *b, uint32_t user, const struct budget_person *people,
                                 size_t count, uint32_t time_s, struct arena *arena) {
    struct charge c = {.now = time_s};
    b->now = time_s > b->now ? time_s : b->now;
    if (charge_begin(&c, people, count, arena) != ST_OK)
        return ST_NOMEM;
    return charge_both(b, user, NULL, NULL, people, count, &c, NULL);
}

static const char *const counter_names[BUDGET_COUNTERS] = {"lookups",   "writes",  "deletes", "updates",
                                                           "transfers", "imports", "reveals"};

static enum status count_holder(struct budget_holder *h, enum budget_counter which,
                                const struct limits *limits, uint32_t n, uint32_t now, struct error *e) {
    const uint32_t add[WINDOWS] = {n, n, n};
    struct windows *w = &h->counters[which];
    (void)pthread_mutex_lock(&h->lock);
    windows_turn(w, now);
    size_t window = limits == NULL ? WINDOWS : windows_exceeded(w, add, limits);
    for (size_t i = 0; window == WINDOWS && i < WINDOWS; i++)
        w->used[i] += now >= w->start[i] ? n : 0;
    (void)pthread_mutex_unlock(&h->lock);
    if (window == WINDOWS)
        return ST_OK;
    return error_set(e, ST_LIMIT, "budget_exhausted", "%s%s %s", h->user == 0 ? "company " : "",
                     counter_names[which], window_names[window]);
}

static const struct limits *counter_limits(const struct budget_limits *l, enum budget_counter which) {
    return which == BUDGET_LOOKUPS ? &l->lookups : &l->writes;
}

enum status budget_charge_count(struct budgets *b, const struct actor *actor,
                                const struct budget_limits *company, enum budget_counter which, uint32_t n,
                                struct error *e) {
    struct budget_holder *h = budget_holder(b, actor->user);
    uint32_t now = budget_now(b);
    if (h == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory to count");
    /* The company first: what its limit refuses must not cost the actor; the other way round costs little. */
    enum status s = count_holder(&b->company, which, counter_limits(company, which), n, now, e);
    return s == ST_OK ? count_holder(h, which, counter_limits(&actor->limits, which), n, now, e) : s;
}

enum status budget_count_above(struct budgets *b, uint32_t user, enum budget_counter which, uint32_t n,
                               uint32_t above, bool met, uint32_t *day) {
    struct budget_holder *h = budget_holder(b, user);
    uint32_t now = budget_now(b);
    if (h == NULL)
        return ST_NOMEM;
    struct windows *w = &h->counters[which];
    (void)pthread_mutex_lock(&h->lock);
    windows_turn(w, now);
    uint64_t sum = (uint64_t)w->used[WINDOWS - 1] + n;
    bool fine = met || sum <= above;
    for (size_t i = 0; fine && i < WINDOWS; i++)
        w->used[i] += n;
    (void)pthread_mutex_unlock(&h->lock);
    *day = sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
    return fine ? ST_OK : ST_LIMIT;
}

enum status budget_replay_count(struct budgets *b, uint32_t user, enum budget_counter which, uint32_t n,
                                uint32_t time_s) {
    struct budget_holder *h = budget_holder(b, user);
    if (h == NULL)
        return ST_NOMEM;
    enum status s = count_holder(&b->company, which, NULL, n, time_s, NULL);
    return s == ST_OK ? count_holder(h, which, NULL, n, time_s, NULL) : s;
}

static void json_windows(struct json *j, struct windows *w, const struct limits *limits, uint32_t now) {
    const uint32_t most[WINDOWS] = {limits->minute, limits->hour, limits->day};
    windows_turn(w, now);
    json_object_begin(j);
    for (size_t i = 0; i < WINDOWS; i++) {
        json_key(j, window_names[i]);
        json_object_begin(j);
        json_key(j, "used");
        json_int(j, w->used[i]);
        json_key(j, "limit");
        if (most[i] == LIMIT_NONE)
            json_none(j);
        else
            json_int(j, most[i]);
        json_object_end(j);
    }
    json_object_end(j);
}

void budget_json(struct budgets *b, const struct actor *actor, struct buf *out) {
    struct budget_holder *h = budget_holder(b, actor->user);
    uint32_t now = budget_now(b);
    if (h == NULL) {
        out->failed = true;
        return;
    }
    static const char *const views[] = {"masked", "clear"}, *const classes[] = {"personal", "sensitive"};
    struct json j = json_to(out);
    (void)pthread_mutex_lock(&h->lock);
    json_object_begin(&j);
    for (unsigned v = 0; v < 2; v++) {
        json_key(&j, views[v]);
        json_object_begin(&j);
        for (unsigned c = 0; c < 2; c++) {
            json_key(&j, classes[c]);
            json_windows(&j, &h->people[c * 2 + v].windows, &actor->limits.people[c][v], now);
        }
        json_object_end(&j);
    }
    for (unsigned i = 0; i < BUDGET_LIMITED; i++) {
        json_key(&j, counter_names[i]);
        json_windows(&j, &h->counters[i], counter_limits(&actor->limits, (enum budget_counter)i), now);
    }
    json_object_end(&j);
    (void)pthread_mutex_unlock(&h->lock);
}
