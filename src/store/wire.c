#include "store/wire.h"

#define WIRE_VERSION 4

/* ---- writing ---- */

static void put_cell(struct buf *out, const struct cell *c) {
    buf_put_u8(out, (uint8_t)c->kind);
    uint64_t bits = 0;
    switch (c->kind) {
    case CELL_INT:
        buf_put_u64(out, (uint64_t)c->i);
        break;
    case CELL_DOUBLE:
        memcpy(&bits, &c->d, sizeof bits);
        buf_put_u64(out, bits);
        break;
    case CELL_TEXT:
    case CELL_BYTES:
        buf_put_slice(out, c->s);
        break;
    default:
        break;
    }
}

static void put_pred(struct buf *out, const struct pred *p, unsigned depth) {
    if (depth > PRED_DEPTH_MAX || p->value_count > PRED_NODES_MAX || p->kid_count > PRED_NODES_MAX) {
        out->failed = true;
        return;
    }
    buf_put_u8(out, (uint8_t)p->op);
    buf_put_u16(out, p->column);
    buf_put_u16(out, p->child_object);
    buf_put_u8(out, (uint8_t)p->search);
    buf_put_u16(out, (uint16_t)p->value_count);
    buf_put_u16(out, (uint16_t)p->kid_count);
    for (size_t i = 0; i < p->value_count; i++)
        put_cell(out, &p->values[i]);
    for (size_t i = 0; i < p->kid_count; i++)
        put_pred(out, p->kids[i], depth + 1);
}

/* Those given so far: rows of a batch share theirs. */
struct filters {
    const struct pred *list[WIRE_FILTERS];
    size_t count;
};

static void put_filter(struct buf *out, const struct pred *filter, struct filters *given) {
    for (size_t i = 0; filter != NULL && i < given->count; i++) {
        if (given->list[i] == filter) {
            buf_put_u8(out, (uint8_t)(i + 2));
            return;
        }
    }
    buf_put_u8(out, filter != NULL);
    if (filter == NULL)
        return;
    put_pred(out, filter, 0);
    if (given->count < WIRE_FILTERS)
        given->list[given->count++] = filter;
}

static void put_op(struct buf *out, const struct write_op *op, struct filters *given) {
    buf_put_u8(out, (uint8_t)op->kind);
    buf_put_u16(out, op->object == NULL ? 0 : op->object->id);
    buf_put(out, op->record.b, sizeof op->record.b);
    if (op->column_count > STORE_COLUMNS_MAX)
        out->failed = true;
    buf_put_u16(out, (uint16_t)op->column_count);
    for (size_t i = 0; !out->failed && i < op->column_count; i++) {
        buf_put_u16(out, op->columns[i]);
        put_cell(out, &op->cells[i]);
    }
    buf_put_u64(out, (uint64_t)op->revision);
    buf_put_u32(out, (uint32_t)op->term_count);
    for (size_t i = 0; !out->failed && i < op->term_count; i++) {
        buf_put_u16(out, op->terms[i].field);
        buf_put_u8(out, op->terms[i].search);
        buf_put_u8(out, op->terms[i].remove);
        buf_put_u64(out, op->terms[i].term);
    }
    put_filter(out, op->filter, given);
    buf_put_slice(out, op->key);
    buf_put_slice(out, op->body);
    buf_put_slice(out, op->item_kind);
    buf_put_u32(out, op->actor);
    buf_put_u8(out, op->act);
    buf_put_u64(out, (uint64_t)op->at_ms);
    buf_put_u8(out, op->remove);
    buf_put_u64(out, op->epoch);
    buf_put_u32(out, op->group);
}

void wire_put_set(struct buf *out, const struct write_set *set) {
    struct filters given = {.count = 0};
    if (set->count > STORE_OPS_MAX)
        out->failed = true;
    buf_put_u8(out, WIRE_VERSION);
    buf_put_u64(out, set->intent);
    buf_put_u8(out, set->scrub);
    buf_put_u8(out, set->bulk);
    buf_put_u32(out, set->groups);
    buf_put_u32(out, (uint32_t)set->count);
    for (size_t i = 0; !out->failed && i < set->count; i++)
        put_op(out, &set->ops[i], &given);
}

/* ---- reading ---- */

#define CELL_BYTES_MIN 1  /* of one cell on the wire */
#define TERM_BYTES     12 /* of one term */
#define OP_BYTES_MIN                                                                                         \
    72 /* of one op: less than the least, enough to bound an allocation by the input's size */
#define PRED_BYTES_MIN 10 /* of one node */

struct decoder {
    struct reader in;
    const struct object_set *objects;
    struct arena *arena;
    size_t nodes; /* of the predicate that is read */
    struct filters given;
    bool no_memory;
};

/* An array that the rest of the input could fill; NULL fails the decoder. */
static void *get_array(struct decoder *d, size_t count, size_t size, size_t least_bytes) {
    if (d->in.failed || count > (d->in.n - d->in.at) / least_bytes) {
        d->in.failed = true;
        return NULL;
    }
    void *p = arena_array(d->arena, count, size);
    if (p == NULL)
        d->no_memory = d->in.failed = true;
    return p;
}

static bool get_bool(struct decoder *d) {
    uint8_t v = reader_u8(&d->in);
    if (v > 1)
        d->in.failed = true;
    return v == 1;
}

static void get_cell(struct decoder *d, struct cell *out) {
    uint8_t kind = reader_u8(&d->in);
    *out = cell_null();
    uint64_t bits = 0;
    switch (kind) {
    case CELL_NULL:
        return;
    case CELL_INT:
        *out = cell_int((int64_t)reader_u64(&d->in));
        return;
    case CELL_DOUBLE:
        bits = reader_u64(&d->in);
        out->kind = CELL_DOUBLE;
        memcpy(&out->d, &bits, sizeof bits);
        return;
    case CELL_TEXT:
        *out = cell_text(reader_slice(&d->in, WIRE_SET_MAX));
        return;
    case CELL_BYTES:
        *out = cell_bytes(reader_slice(&d->in, WIRE_SET_MAX));
        return;
    default:
        d->in.failed = true;
    }
}

static struct cell *get_cells(struct decoder *d, size_t count) {
    struct cell *cells = get_array(d, count, sizeof *cells, CELL_BYTES_MIN);
    for (size_t i = 0; cells != NULL && i < count; i++)
        get_cell(d, &cells[i]);
    return cells;
}

/* Whether a node's shape is one that the store compiles. */
static bool pred_shape_holds(const struct pred *p) {
    switch (p->op) {
    case PRED_TRUE:
    case PRED_FALSE:
    case PRED_IS_NULL:
        return p->value_count == 0 && p->kid_count == 0;
    case PRED_AND:
    case PRED_OR:
        return p->value_count == 0;
    case PRED_NOT:
    case PRED_CHILD:
        return p->value_count == 0 && p->kid_count == 1;
    case PRED_IN:
    case PRED_TERMS:
        return p->kid_count == 0;
    default:
        return p->op <= PRED_CHILD && p->value_count == 1 && p->kid_count == 0;
    }
}

static bool search_holds(uint8_t search, bool terms) {
    if (!terms)
        return search <= SEARCH_FRAGMENT;
    return search == SEARCH_EXACT || search == SEARCH_SUFFIX || search == SEARCH_WORDS ||
           search == SEARCH_FRAGMENT;
}

static const struct pred *get_pred(struct decoder *d, unsigned depth) {
    if (depth >= PRED_DEPTH_MAX || d->nodes >= PRED_NODES_MAX)
        d->in.failed = true;
    struct pred *p = get_array(d, 1, sizeof *p, PRED_BYTES_MIN);
    if (p == NULL)
        return NULL;
    p->op = (enum pred_op)reader_u8(&d->in);
    p->column = reader_u16(&d->in);
    p->child_object = reader_u16(&d->in);
    uint8_t search = reader_u8(&d->in);
    p->search = (enum field_search)search;
    p->value_count = reader_u16(&d->in);
    p->kid_count = reader_u16(&d->in);
    d->nodes += 1 + p->value_count;
    if (!pred_shape_holds(p) || !search_holds(search, p->op == PRED_TERMS) || d->nodes > PRED_NODES_MAX)
        d->in.failed = true;
    p->values = get_cells(d, p->value_count);
    const struct pred **kids = get_array(d, p->kid_count, sizeof(struct pred *), PRED_BYTES_MIN);
    for (size_t i = 0; kids != NULL && !d->in.failed && i < p->kid_count; i++)
        kids[i] = get_pred(d, depth + 1);
    p->kids = kids;
    return d->in.failed ? NULL : p;
}

static void get_columns(struct decoder *d, struct write_op *op) {
    op->column_count = reader_u16(&d->in);
    if (op->column_count > STORE_COLUMNS_MAX)
        d->in.failed = true;
    uint16_t *columns = get_array(d, op->column_count, sizeof *columns, 2 + CELL_BYTES_MIN);
    struct cell *cells = get_array(d, op->column_count, sizeof *cells, 2 + CELL_BYTES_MIN);
    for (size_t i = 0; !d->in.failed && i < op->column_count; i++) {
        columns[i] = reader_u16(&d->in);
        get_cell(d, &cells[i]);
    }
    op->columns = columns;
    op->cells = cells;
}

static void get_terms(struct decoder *d, struct write_op *op) {
    op->term_count = reader_u32(&d->in);
    struct term_change *terms = get_array(d, op->term_count, sizeof *terms, TERM_BYTES);
    for (size_t i = 0; !d->in.failed && i < op->term_count; i++) {
        terms[i].field = reader_u16(&d->in);
        terms[i].search = reader_u8(&d->in);
        terms[i].remove = get_bool(d);
        terms[i].term = reader_u64(&d->in);
        if (!search_holds(terms[i].search, true))
            d->in.failed = true;
    }
    op->terms = terms;
}

static void get_filter(struct decoder *d, struct write_op *op) {
    uint8_t how = reader_u8(&d->in);
    d->nodes = 0;
    if (how >= 2) {
        if (how - 2u >= d->given.count)
            d->in.failed = true;
        else
            op->filter = d->given.list[how - 2];
    } else if (how == 1) {
        op->filter = get_pred(d, 0);
        if (d->given.count < WIRE_FILTERS)
            d->given.list[d->given.count++] = op->filter;
    }
}

static void get_object(struct decoder *d, struct write_op *op) {
    uint16_t id = reader_u16(&d->in);
    if (id == 0)
        return;
    op->object = object_by_id(d->objects, id);
    if (op->object == NULL)
        d->in.failed = true;
}

static void get_op(struct decoder *d, struct write_op *op) {
    uint8_t kind = reader_u8(&d->in);
    if (kind > WRITE_SUBJECT_DESTROY)
        d->in.failed = true;
    op->kind = (enum write_op_kind)kind;
    get_object(d, op);
    reader_copy(&d->in, op->record.b, sizeof op->record.b);
    get_columns(d, op);
    op->revision = (int64_t)reader_u64(&d->in);
    get_terms(d, op);
    get_filter(d, op);
    op->key = reader_slice(&d->in, WIRE_SET_MAX);
    op->body = reader_slice(&d->in, WIRE_SET_MAX);
    op->item_kind = reader_slice(&d->in, WIRE_SET_MAX);
    op->actor = reader_u32(&d->in);
    op->act = reader_u8(&d->in);
    op->at_ms = (int64_t)reader_u64(&d->in);
    op->remove = get_bool(d);
    op->epoch = reader_u64(&d->in);
    op->group = reader_u32(&d->in);
}

static void get_groups(struct decoder *d, struct write_set *out) {
    out->groups = reader_u32(&d->in);
    out->refused = get_array(d, out->groups, sizeof *out->refused, OP_BYTES_MIN);
    if (d->in.failed)
        out->groups = 0;
}

static bool stands_in_clear(const struct write_op *op, const struct object_def *o, size_t i) {
    const struct field_def *f = object_field_by_id(o, op->columns[i]);
    bool clear = op->cells[i].kind != CELL_NULL && op->cells[i].kind != CELL_BYTES;
    return clear && f != NULL && f->class >= CLASS_PERSONAL;
}

enum status write_set_check(const struct write_set *set, const struct object_set *now, struct error *e) {
    for (size_t i = 0; i < set->count; i++) {
        const struct write_op *op = &set->ops[i];
        const struct object_def *o = op->object == NULL ? NULL : object_by_id(now, op->object->id);
        for (size_t k = 0; o != NULL && k < op->column_count; k++) {
            if (stands_in_clear(op, o, k))
                return error_set(e, ST_UNAVAILABLE, "definition_changed",
                                 "a field's class was raised while this was written");
        }
    }
    return ST_OK;
}

enum status wire_get_set(struct slice bytes, const struct object_set *objects, struct arena *arena,
                         struct write_set *out) {
    struct decoder d = {.in = reader_of(bytes), .objects = objects, .arena = arena};
    *out = (struct write_set){.count = 0};
    if (bytes.n > WIRE_SET_MAX || reader_u8(&d.in) != WIRE_VERSION)
        d.in.failed = true;
    out->intent = reader_u64(&d.in);
    out->scrub = get_bool(&d);
    out->bulk = get_bool(&d);
    get_groups(&d, out);
    size_t count = reader_u32(&d.in);
    if (count > STORE_OPS_MAX)
        d.in.failed = true;
    struct write_op *ops = get_array(&d, count, sizeof *ops, OP_BYTES_MIN);
    for (size_t i = 0; !d.in.failed && i < count; i++)
        get_op(&d, &ops[i]);
    if (d.no_memory)
        return ST_NOMEM;
    if (!reader_done(&d.in))
        return ST_CORRUPT;
    out->ops = ops;
    out->count = count;
    return ST_OK;
}
