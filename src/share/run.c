#include "share/run.h"

#include "base/clock.h"

#define STEP_MEMORY ((size_t)96 * 1024 * 1024)
#define DEADLINE_MS 30000
#define ASK_NS      1000000000

static _Thread_local struct turns *thread_turns;
static _Thread_local uint64_t thread_turn;
static _Thread_local bool thread_keeps;
static _Thread_local bool thread_tried;
static _Thread_local uint64_t thread_chain; /* of the set that is under way */

enum status run_tools_open(struct jobs *j, struct tools *t, struct error *e) {
    *t = (struct tools){.keeper = NULL};
    arena_init(&t->arena, STEP_MEMORY, ARENA_SECRET);
    enum status s = keeper_connect(j->keeper_path, &t->keeper, e);
    if (s == ST_OK)
        s = store_reader_open(j->store, &t->reader, e);
    if (s == ST_OK)
        store_reader_deadline(t->reader, DEADLINE_MS);
    else
        run_tools_close(t);
    return s;
}

void run_tools_close(struct tools *t) {
    if (t->keeper != NULL)
        keeper_close(t->keeper);
    if (t->reader != NULL)
        store_reader_close(t->reader);
    arena_free(&t->arena);
    explicit_bzero(t, sizeof *t);
}

static enum status ask_keeper(struct tools *t, const struct caller *c, struct error *e) {
    struct world *world = c->world.world;
    int64_t now = clock_monotonic_ns();
    bool same = memcmp(t->token.b, c->call.token.b, sizeof t->token.b) == 0;
    if (same && t->asked_ns != 0 && now - t->asked_ns < ASK_NS)
        return ST_OK;
    t->asked_ns = 0;
    enum status s = keeper_session(t->keeper, &c->call, &t->who, e);
    if (s == ST_OK)
        s = world_refresh_policies(t->keeper, t->who.policy_version, world, e);
    if (s == ST_OK)
        s = world_refresh_people(t->keeper, t->who.registry_version, world, e);
    if (s == ST_OK) {
        t->token = c->call.token;
        t->asked_ns = now;
    }
    return s;
}

/* What is changed while a job runs binds its next step: the person's roles and departments, what the policies
 * say, whom he leads. The definitions that it began with stay. */
static enum status take_news(struct tools *t, struct caller *c, struct error *e) {
    enum status s = ask_keeper(t, c, e);
    if (s != ST_OK)
        return s;
    struct world_view newest;
    c->who = t->who;
    world_enter(c->world.world, &newest);
    if (newest.policies != c->world.policies || newest.directory != c->world.directory) {
        struct policy_set *old = c->world.policies;
        struct directory *before = c->world.directory;
        c->world.policies = newest.policies;
        c->world.directory = newest.directory;
        newest.policies = old;
        newest.directory = before;
        c->world.epoch ^= newest.epoch << 32; /* neither the old world's nor the new one's */
    }
    world_leave(&newest);
    return ST_OK;
}

enum status run_caller(struct tools *t, const struct world_view *view, const struct token *token,
                       const struct principal *who, struct caller *out, struct error *e) {
    *out = (struct caller){.keeper = t->keeper,
                           .reader = t->reader,
                           .arena = &t->arena,
                           .who = *who,
                           .is_job = true,
                           .call = {.token = *token, .purpose = PURPOSE_IMPORT}};
    world_retain(view, &out->world);
    enum status s = uuid_new(&out->call.request);
    if (s == ST_OK)
        s = take_news(t, out, e);
    else
        s = error_set(e, s, "internal", "no random bytes");
    if (s == ST_OK)
        s = caller_prepare(out, e);
    if (s != ST_OK)
        caller_finish(out);
    return s;
}

void run_set_turn(struct turns *turns, uint64_t turn) {
    thread_turns = turns;
    thread_turn = turn;
    thread_keeps = thread_tried = false;
}

void run_keep_turn(void) {
    thread_keeps = true;
}

void run_wait_turn(struct turns *turns, uint64_t turn) {
    (void)pthread_mutex_lock(&turns->lock);
    while (turns->now < turn)
        (void)pthread_cond_wait(&turns->moved, &turns->lock);
    (void)pthread_mutex_unlock(&turns->lock);
}

void run_end_turn(struct turns *turns, uint64_t turn) {
    (void)pthread_mutex_lock(&turns->lock);
    if (turns->now == turn) {
        turns->now++;
        (void)pthread_cond_broadcast(&turns->moved);
    }
    (void)pthread_mutex_unlock(&turns->lock);
}

void run_wait_count(struct turns *turns, uint64_t turn) {
    (void)pthread_mutex_lock(&turns->lock);
    while (turns->counted != turn)
        (void)pthread_cond_wait(&turns->moved, &turns->lock);
    (void)pthread_mutex_unlock(&turns->lock);
}

void run_end_count(struct turns *turns) {
    (void)pthread_mutex_lock(&turns->lock);
    turns->counted++;
    (void)pthread_cond_broadcast(&turns->moved);
    (void)pthread_mutex_unlock(&turns->lock);
}

uint32_t run_pace(uint32_t now, uint32_t rows, uint64_t held_us) {
    if (rows < RUN_ROWS_LEAST / 2 || held_us == 0)
        return now;
    uint64_t fit = (uint64_t)rows * RUN_HOLD_US / held_us;
    fit = fit > RUN_ROWS_MOST ? RUN_ROWS_MOST : fit;
    uint64_t next = fit < now ? (now + fit) / 2 : now + (fit - now + 7) / 8;
    return next < RUN_ROWS_LEAST ? RUN_ROWS_LEAST : (uint32_t)next;
}

/* Only the thread whose turn it is, or has just been, comes here. */
static void keep_pace(struct turns *t, const struct write_set *set, uint64_t held_us) {
    uint32_t now = __atomic_load_n(&t->rows, __ATOMIC_RELAXED);
    __atomic_store_n(&t->rows, run_pace(now, set->groups, held_us), __ATOMIC_RELAXED);
}

/* What continues the chain need not wait for its turn: a batch's first set, when it is all of it. */
static bool may_follow(const struct turns *t) {
    return !thread_tried && !thread_keeps && t->linked && t->sent == thread_turn;
}

/* Chains of all runs of all jobs processes have names of their own. */
static uint64_t chain_new(void) {
    struct uuid id;
    uint64_t chain = 0;
    if (uuid_new(&id) == ST_OK)
        memcpy(&chain, id.b + 8, sizeof chain);
    return chain;
}

static bool wait_leave(void *context, struct remote_place *out) {
    struct turns *t = context;
    (void)pthread_mutex_lock(&t->lock);
    while (t->now < thread_turn && (out == NULL || !may_follow(t)))
        (void)pthread_cond_wait(&t->moved, &t->lock);
    if (out == NULL) {
        t->linked = false;
    } else if (may_follow(t)) {
        t->place++;
    } else {
        t->chain = chain_new();
        t->place = 1;
        t->linked = t->chain != 0 && !thread_keeps;
    }
    if (out != NULL)
        *out = (struct remote_place){t->chain, t->place};
    thread_chain = out == NULL ? 0 : t->chain;
    (void)pthread_mutex_unlock(&t->lock);
    return !__atomic_load_n(&t->broken, __ATOMIC_ACQUIRE);
}

static void has_left(void *context) {
    struct turns *t = context;
    (void)pthread_mutex_lock(&t->lock);
    if (t->linked && t->chain == thread_chain) {
        t->sent = thread_turn + 1;
        (void)pthread_cond_broadcast(&t->moved);
    }
    (void)pthread_mutex_unlock(&t->lock);
}

/* Nothing follows a set that failed. */
static void unlink_chain(struct turns *t) {
    (void)pthread_mutex_lock(&t->lock);
    if (t->chain == thread_chain)
        t->linked = false;
    (void)pthread_cond_broadcast(&t->moved);
    (void)pthread_mutex_unlock(&t->lock);
}

static enum status write_in_turn(struct jobs *j, struct turns *t, const struct write_set *set,
                                 struct write_result *result, struct error *e) {
    struct remote_leave leave = {.wait = wait_leave, .went = has_left, .context = t};
    thread_chain = 0;
    enum status s = remote_write_after(j->writer, set, &leave, result, e);
    thread_tried = true;
    if (s != ST_OK)
        unlink_chain(t);
    return s;
}

enum status run_write(void *context, const struct write_set *set, struct write_result *result,
                      struct error *e) {
    struct jobs *j = context;
    struct turns *turns = thread_turns;
    struct write_set bulk = *set;
    struct error why = {.status = ST_OK};
    bulk.bulk = true; /* whatever a job writes, nobody waits for it */
    if (turns == NULL)
        return remote_write(j->writer, &bulk, result, e);
    if (result != NULL)
        result->failed_op = SIZE_MAX; /* no op has failed when the set is not written at all */
    if (__atomic_load_n(&turns->broken, __ATOMIC_ACQUIRE))
        return error_set(e, ST_CONFLICT, "job_stopped", "the job has been stopped");
    enum status s = write_in_turn(j, turns, &bulk, result, &why);
    if (s == ST_RETRY && strcmp(why.code, "not_in_turn") == 0)
        s = write_in_turn(j, turns, &bulk, result, &why);
    if (s != ST_OK) {
        if (e != NULL)
            *e = why;
        return s;
    }
    if (result != NULL)
        keep_pace(turns, set, result->held_us);
    if (!thread_keeps) {
        run_wait_turn(turns, thread_turn);
        run_end_turn(turns, thread_turn);
    }
    return s;
}
