#include "cmd/demo_fill.h"

#include "record/record.h"

#include <pthread.h>

#define CHUNK_CUSTOMERS 400
#define CHUNK_MEMORY    ((size_t)192 * 1024 * 1024)
#define CALL_MEMORY     ((size_t)320 * 1024 * 1024)
#define BATCH_ROWS      800

/* Customers of one owner that are written together: neighbours in time. */
struct chunk {
    const struct demo_staff *owner;
    const uint32_t *numbers;
    size_t count;
    int64_t offset_ms; /* the first one's */
};

struct fill {
    const struct demo_plan *plan;
    const char *engine_socket;
    struct world *world;
    struct demo_filled *out;
    struct token tokens[DEMO_STAFF];
    struct principal who[DEMO_STAFF];
    struct chunk *chunks;
    size_t chunk_count;
    size_t next, next_person; /* atomic */
    pthread_barrier_t signed_in;
    pthread_mutex_t lock; /* over what follows and *out */
    enum status status;   /* the first failure */
    struct error error;
};

struct filler {
    struct fill *fill;
    pthread_t thread;
    struct keeper *keeper;
    struct store_reader *reader;
    struct arena told, call;
};

static void fail(struct fill *f, enum status s, const struct error *e) {
    (void)pthread_mutex_lock(&f->lock);
    if (f->status == ST_OK) {
        f->status = s;
        f->error = *e;
    }
    (void)pthread_mutex_unlock(&f->lock);
}

static bool failed(struct fill *f) {
    (void)pthread_mutex_lock(&f->lock);
    bool now = f->status != ST_OK;
    (void)pthread_mutex_unlock(&f->lock);
    return now;
}

/* ---- signing in ---- */

static bool writes(const struct demo_staff *s) {
    return s->weight > 0 || strcmp(s->role, "service") == 0 || strcmp(s->role, "data_steward") == 0;
}

static enum status sign_in(struct fill *f, struct keeper *k, size_t i, struct error *e) {
    struct keeper_call call = {.purpose = PURPOSE_IMPORT};
    if (uuid_new(&call.request) != ST_OK)
        return error_set(e, ST_IO, "random", "no random bytes");
    return keeper_sign_in(k, &call, slice_from_string(demo_staff[i].login), SLICE(DEMO_PASSWORD),
                          SLICE("kedun demo"), &f->tokens[i], &f->who[i], e);
}

/* Each verification costs the keeper a core for a while: all threads ask at once. */
static enum status sign_in_some(struct filler *w, struct error *e) {
    struct fill *f = w->fill;
    enum status s = ST_OK;
    for (;;) {
        size_t i = __atomic_fetch_add(&f->next_person, 1, __ATOMIC_RELAXED);
        if (i >= DEMO_STAFF || s != ST_OK)
            return s;
        if (writes(&demo_staff[i]) && f->who[i].user == 0)
            s = sign_in(f, w->keeper, i, e);
    }
}

/* Sessions that nobody uses any more would stand in people's lists. */
static void sign_out_all(struct fill *f) {
    struct keeper *k;
    struct error e;
    if (keeper_connect(f->engine_socket, &k, &e) != ST_OK)
        return;
    for (size_t i = 0; i < DEMO_STAFF; i++) {
        struct keeper_call call = {.token = f->tokens[i], .purpose = PURPOSE_IMPORT};
        if (!writes(&demo_staff[i]) || f->who[i].user == 0 || uuid_new(&call.request) != ST_OK)
            continue;
        if (keeper_sign_out(k, &call, &e) != ST_OK)
            break;
    }
    keeper_close(k);
}

/* ---- one batch ---- */

static enum status find_fields(const struct object_def *o, enum demo_object kind,
                               const struct field_def **fields, size_t *count, struct error *e) {
    const struct demo_shape *shape = &demo_shapes[kind];
    for (*count = 0; *count < DEMO_COLUMNS && shape->columns[*count] != NULL; (*count)++) {
        fields[*count] = object_field(o, slice_from_string(shape->columns[*count]));
        if (fields[*count] == NULL)
            return error_set(e, ST_INVALID, "definition", "%s has no field %s: use Kedun's own definitions",
                             o->name, shape->columns[*count]);
    }
    return ST_OK;
}

static enum status fill_batch(struct caller *c, const struct demo_table *table, size_t from, size_t count,
                              size_t field_count, struct record_batch *b, struct error *e) {
    struct slice *cells = arena_array(c->arena, count * field_count, sizeof *cells);
    struct uuid *ids = arena_array(c->arena, count, sizeof *ids);
    int64_t *at = arena_array(c->arena, count, sizeof *at);
    if (cells == NULL || ids == NULL || at == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "batch");
    for (size_t i = 0; i < count; i++) {
        const struct demo_row *row = table->rows[from + i];
        ids[i] = row->id;
        at[i] = row->at_ms;
        memcpy(cells + i * field_count, row->cells, field_count * sizeof *cells);
    }
    b->cells = cells;
    b->ids = ids;
    b->created_at = at;
    b->row_count = count;
    b->field_count = field_count;
    return ST_OK;
}

static void count_batch(struct fill *f, enum demo_object kind, const struct record_batch_result *done,
                        size_t rows) {
    (void)pthread_mutex_lock(&f->lock);
    f->out->written[kind] += done->written;
    if (done->written < rows && f->out->refused == 0 && done->error_count > 0)
        f->out->first_refusal = done->errors[0].error;
    f->out->refused += rows - done->written;
    (void)pthread_mutex_unlock(&f->lock);
}

static enum status write_as(struct filler *w, struct caller *c, enum demo_object kind,
                            const struct demo_table *table, size_t from, size_t count, struct error *e) {
    const struct field_def *fields[DEMO_COLUMNS];
    struct record_batch_result done;
    struct record_batch b = {.fields = fields};
    size_t field_count = 0;
    enum status s = caller_prepare(c, e);
    if (s != ST_OK)
        return s;
    b.object = object_find(c->world.objects, slice_from_string(demo_shapes[kind].object));
    if (b.object == NULL)
        return error_set(e, ST_INVALID, "definition", "there is no object %s", demo_shapes[kind].object);
    s = find_fields(b.object, kind, fields, &field_count, e);
    if (s == ST_OK)
        s = fill_batch(c, table, from, count, field_count, &b, e);
    if (s == ST_OK)
        s = record_create_batch(c, &b, &done, e);
    if (s == ST_OK)
        count_batch(w->fill, kind, &done, count);
    return s;
}

static enum status write_batch(struct filler *w, const struct demo_staff *as, enum demo_object kind,
                               const struct demo_table *table, size_t from, size_t count, struct error *e) {
    size_t person = (size_t)(as - demo_staff);
    struct caller c = {.keeper = w->keeper,
                       .reader = w->reader,
                       .arena = &w->call,
                       .is_job = true,
                       .who = w->fill->who[person],
                       .call = {.token = w->fill->tokens[person], .purpose = PURPOSE_IMPORT}};
    if (uuid_new(&c.call.request) != ST_OK)
        return error_set(e, ST_IO, "random", "no random bytes");
    world_enter(w->fill->world, &c.world);
    enum status s = write_as(w, &c, kind, table, from, count, e);
    caller_finish(&c);
    arena_reset(&w->call);
    return s;
}

static enum status write_table(struct filler *w, const struct demo_staff *as, enum demo_object kind,
                               const struct demo_table *table, struct error *e) {
    enum status s = ST_OK;
    for (size_t from = 0; s == ST_OK && from < table->count; from += BATCH_ROWS) {
        size_t left = table->count - from;
        s = write_batch(w, as, kind, table, from, left < BATCH_ROWS ? left : BATCH_ROWS, e);
    }
    return s;
}

/* ---- chunks ---- */

static enum status write_chunk(struct filler *w, size_t index, struct error *e) {
    const struct chunk *chunk = &w->fill->chunks[index];
    struct demo_tables t;
    enum status s = ST_OK;
    arena_reset(&w->told);
    demo_tables_init(&t, &w->told);
    for (size_t i = 0; i < chunk->count; i++)
        demo_story_tell(w->fill->plan, chunk->numbers[i], &t);
    if (t.failed)
        return error_set(e, ST_NOMEM, "no_memory", "the demo's rows");
    const struct demo_staff *agent = demo_staff_find("service", chunk->owner->branch, index % 2);
    for (int kind = DEMO_CUSTOMER; s == ST_OK && kind < DEMO_OBJECTS; kind++)
        s = write_table(w, kind == DEMO_TICKET ? agent : chunk->owner, (enum demo_object)kind, &t.of[kind],
                        e);
    return s;
}

static enum status write_products(struct filler *w, struct error *e) {
    const struct demo_staff *steward = demo_staff_find("data_steward", -1, 0);
    struct demo_tables t;
    enum status s = sign_in(w->fill, w->keeper, (size_t)(steward - demo_staff), e);
    if (s != ST_OK)
        return s;
    demo_tables_init(&t, &w->told);
    demo_story_products(w->fill->plan, &t);
    if (t.failed)
        return error_set(e, ST_NOMEM, "no_memory", "the demo's rows");
    return write_table(w, steward, DEMO_PRODUCT, &t.of[DEMO_PRODUCT], e);
}

static void *filler_run(void *argument) {
    struct filler *w = argument;
    struct fill *f = w->fill;
    struct error e = {.status = ST_OK};
    enum status s = sign_in_some(w, &e);
    if (s != ST_OK)
        fail(f, s, &e);
    (void)pthread_barrier_wait(&f->signed_in);
    for (;;) {
        size_t index = __atomic_fetch_add(&f->next, 1, __ATOMIC_RELAXED);
        if (index >= f->chunk_count || failed(f))
            return NULL;
        s = write_chunk(w, index, &e);
        if (s != ST_OK)
            fail(f, s, &e);
    }
}

static enum status filler_open(struct fill *f, struct filler *w, struct error *e) {
    *w = (struct filler){.fill = f};
    arena_init(&w->told, CHUNK_MEMORY, ARENA_PLAIN);
    arena_init(&w->call, CALL_MEMORY, ARENA_PLAIN);
    enum status s = keeper_connect(f->engine_socket, &w->keeper, e);
    return s == ST_OK ? store_reader_open(world_store(f->world), &w->reader, e) : s;
}

static void filler_close(struct filler *w) {
    if (w->reader != NULL)
        store_reader_close(w->reader);
    if (w->keeper != NULL)
        keeper_close(w->keeper);
    arena_free(&w->told);
    arena_free(&w->call);
}

/* ---- the whole ---- */

/* A customer by number, and where it stands: whose, made when. */
struct place {
    int64_t offset_ms;
    uint32_t number, owner;
};

static int place_compare(const void *x, const void *y) {
    const struct place *a = x, *b = y;
    if (a->owner != b->owner)
        return a->owner < b->owner ? -1 : 1;
    return (a->offset_ms > b->offset_ms) - (a->offset_ms < b->offset_ms);
}

static int chunk_compare(const void *x, const void *y) {
    const struct chunk *a = x, *b = y;
    return (a->offset_ms > b->offset_ms) - (a->offset_ms < b->offset_ms);
}

/* [from, to) of `places` is one owner's. */
static void cut(struct fill *f, const struct place *places, const uint32_t *numbers, size_t from, size_t to) {
    for (size_t at = from; at < to; at += CHUNK_CUSTOMERS)
        f->chunks[f->chunk_count++] =
            (struct chunk){.owner = &demo_staff[places[from].owner],
                           .numbers = numbers + at,
                           .count = to - at < CHUNK_CUSTOMERS ? to - at : CHUNK_CUSTOMERS,
                           .offset_ms = places[at].offset_ms};
}

/* As the company's life went: an owner's customers in the order of time, cut into chunks, these in the order
 * of time too. Rows then fall close together in every index, and neighbouring chunks are different people's.
 */
static enum status plan_chunks(struct fill *f, uint32_t **numbers, struct error *e) {
    size_t n = f->plan->customers;
    struct place *places = calloc(n + 1, sizeof *places);
    *numbers = calloc(n + 1, sizeof **numbers);
    f->chunks = calloc(n / CHUNK_CUSTOMERS + DEMO_STAFF + 1, sizeof *f->chunks);
    if (places == NULL || *numbers == NULL || f->chunks == NULL) {
        free(places);
        return error_set(e, ST_NOMEM, "no_memory", "the plan");
    }
    for (size_t i = 0; i < n; i++)
        places[i] = (struct place){.offset_ms = demo_customer_offset(f->plan, i),
                                   .number = (uint32_t)i,
                                   .owner = (uint32_t)(demo_customer_owner(f->plan, i) - demo_staff)};
    qsort(places, n, sizeof *places, place_compare);
    for (size_t i = 0; i < n; i++)
        (*numbers)[i] = places[i].number;
    for (size_t from = 0, to; from < n; from = to) {
        to = from + 1;
        while (to < n && places[to].owner == places[from].owner)
            to++;
        cut(f, places, *numbers, from, to);
    }
    free(places);
    qsort(f->chunks, f->chunk_count, sizeof *f->chunks, chunk_compare);
    return ST_OK;
}

static enum status run_threads(struct fill *f, struct filler *fillers, struct error *e) {
    for (size_t i = 0; i < DEMO_FILL_THREADS; i++) {
        /* The others would wait at the barrier for one that did not start: rather none at all. */
        if (pthread_create(&fillers[i].thread, NULL, filler_run, &fillers[i]) != 0) {
            (void)fprintf(stderr, "kedun: a thread can't be started\n");
            abort();
        }
    }
    for (size_t i = 0; i < DEMO_FILL_THREADS; i++)
        (void)pthread_join(fillers[i].thread, NULL);
    if (f->status != ST_OK)
        *e = f->error;
    return f->status;
}

static enum status run(struct fill *f, struct error *e) {
    static struct filler fillers[DEMO_FILL_THREADS];
    enum status s = ST_OK;
    for (size_t i = 0; i < DEMO_FILL_THREADS; i++) {
        struct error own = {.status = ST_OK};
        enum status opened = filler_open(f, &fillers[i], &own);
        if (s == ST_OK && opened != ST_OK) {
            s = opened;
            *e = own;
        }
    }
    if (s == ST_OK)
        s = write_products(&fillers[0], e);
    if (s == ST_OK)
        s = run_threads(f, fillers, e);
    for (size_t i = 0; i < DEMO_FILL_THREADS; i++)
        filler_close(&fillers[i]);
    return s;
}

enum status demo_fill(const struct demo_plan *plan, const char *engine_socket, struct world *world,
                      struct demo_filled *out, struct error *e) {
    static struct fill f;
    uint32_t *numbers = NULL;
    *out = (struct demo_filled){.refused = 0};
    f = (struct fill){.plan = plan,
                      .engine_socket = engine_socket,
                      .world = world,
                      .out = out,
                      .lock = PTHREAD_MUTEX_INITIALIZER};
    enum status s = plan_chunks(&f, &numbers, e);
    if (s == ST_OK && pthread_barrier_init(&f.signed_in, NULL, DEMO_FILL_THREADS) != 0)
        s = error_set(e, ST_NOMEM, "no_memory", "a barrier");
    if (s == ST_OK) {
        s = run(&f, e);
        (void)pthread_barrier_destroy(&f.signed_in);
    }
    sign_out_all(&f);
    explicit_bzero(f.tokens, sizeof f.tokens);
    free(numbers);
    free(f.chunks);
    return s;
}
