#include "store/sqlite/apply.h"

static struct cell record_cell(const struct write_op *op) {
    return cell_bytes(slice_of(op->record.b, sizeof op->record.b));
}

static enum status side_subject_key(struct apply *a, const struct write_op *op) {
    struct sql *s = &a->sql;
    sql_put(s, "INSERT INTO subject_key(subject, wrapped, epoch) VALUES(");
    sql_bind(s, record_cell(op));
    sql_put(s, ", ");
    sql_bind(s, cell_bytes(op->body));
    sql_put(s, ", ");
    sql_bind_int(s, (int64_t)op->epoch);
    sql_put(s, ")");
    enum status st = sql_execute(s, a->c, NULL, a->e);
    return st == ST_CONFLICT ? error_set(a->e, st, "subject_exists", "the subject has a key already") : st;
}

/* Rows are kept together with their subject's key. */
static enum status side_rewrap(struct apply *a, const struct write_op *op) {
    struct sql *s = &a->sql;
    a->c->forget_rows = true;
    sql_put(s, "UPDATE subject_key SET wrapped = ");
    sql_bind(s, cell_bytes(op->body));
    sql_put(s, ", epoch = ");
    sql_bind_int(s, (int64_t)op->epoch);
    sql_put(s, " WHERE subject = ");
    sql_bind(s, record_cell(op));
    int changed = 0;
    enum status st = sql_execute(s, a->c, &changed, a->e);
    if (st == ST_OK && changed == 0)
        st = error_set(a->e, ST_NOT_FOUND, "subject_not_found", "the subject has no key");
    return st;
}

static enum status side_destroy(struct apply *a, const struct write_op *op) {
    a->c->forget_rows = true;
    sql_put(&a->sql, "DELETE FROM subject_key WHERE subject = ");
    sql_bind(&a->sql, record_cell(op));
    return sql_execute(&a->sql, a->c, NULL, a->e);
}

static enum status side_idempotency(struct apply *a, const struct write_op *op) {
    struct sql *s = &a->sql;
    sql_put(s, "INSERT INTO idempotency(key, actor, object, record, at, body) VALUES(");
    sql_bind(s, cell_bytes(op->key));
    sql_put(s, ", ");
    sql_bind_int(s, op->actor);
    sql_put(s, ", ");
    sql_bind_int(s, op->object == NULL ? 0 : op->object->id);
    sql_put(s, ", ");
    sql_bind(s, record_cell(op));
    sql_put(s, ", ");
    sql_bind_int(s, op->at_ms);
    sql_put(s, ", ");
    sql_bind(s, cell_bytes(op->body));
    sql_put(s, ")");
    enum status st = sql_execute(s, a->c, NULL, a->e);
    return st == ST_CONFLICT ? error_set(a->e, st, "idempotency_replay", "this key was used already") : st;
}

static enum status side_item(struct apply *a, const struct write_op *op) {
    struct sql *s = &a->sql;
    if (op->remove) {
        sql_put(s, "DELETE FROM item WHERE kind = ");
        sql_bind(s, cell_bytes(op->item_kind));
        sql_put(s, " AND key = ");
        sql_bind(s, cell_bytes(op->key));
        return sql_execute(s, a->c, NULL, a->e);
    }
    sql_put(s, "INSERT OR REPLACE INTO item(kind, key, owner, at, body) VALUES(");
    sql_bind(s, cell_bytes(op->item_kind));
    sql_put(s, ", ");
    sql_bind(s, cell_bytes(op->key));
    sql_put(s, ", ");
    sql_bind_int(s, op->actor);
    sql_put(s, ", ");
    sql_bind_int(s, op->at_ms);
    sql_put(s, ", ");
    sql_bind(s, cell_bytes(op->body));
    sql_put(s, ")");
    return sql_execute(s, a->c, NULL, a->e);
}

enum status apply_side(struct apply *a, const struct write_op *op) {
    sql_reset(&a->sql);
    switch (op->kind) {
    case WRITE_SUBJECT_KEY:
        return side_subject_key(a, op);
    case WRITE_SUBJECT_REWRAP:
        return side_rewrap(a, op);
    case WRITE_SUBJECT_DESTROY:
        return side_destroy(a, op);
    case WRITE_IDEMPOTENCY:
        return side_idempotency(a, op);
    case WRITE_ITEM:
        return side_item(a, op);
    default:
        return error_set(a->e, ST_INVALID, "write_malformed", "an unknown kind of operation");
    }
}
