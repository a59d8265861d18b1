#include "store/sqlite/apply.h"

#include "store/sqlite/compile.h"

enum status apply_init(struct apply *a, struct connection *c, struct error *e) {
    *a = (struct apply){.c = c};
    sql_init(&a->sql);
    late_init(&a->late);
    enum status st = young_open(&a->young, c, &a->sql, e);
    return st == ST_OK ? staged_open(&a->staged, c, &a->sql, e) : st;
}

void apply_free(struct apply *a) {
    late_free(&a->late, a->c);
    pending_terms_free(&a->terms);
    pending_postings_free(&a->postings);
    staged_close(&a->staged);
    young_close(&a->young);
    sql_free(&a->sql);
}

void apply_forget(struct apply *a) {
    pending_terms_clear(&a->terms);
    a->postings.count = 0;
    a->last_object = 0;
    a->guard = a->spoilt = false;
}

void apply_failed(struct apply *a) {
    apply_forget(a);
    young_failed(&a->young);
}

/* ---- rows ---- */

static void remember(struct apply *a, const struct write_op *op, int64_t row) {
    a->last_object = op->object->id;
    a->last_record = op->record;
    a->last_row = row;
    a->last_is_new = a->last_terms = a->last_history = false;
}

static struct cell record_cell(const struct write_op *op) {
    return cell_bytes(slice_of(op->record.b, sizeof op->record.b));
}

/* One integer of one row; `found` false when there is no row. */
static enum status read_int(struct apply *a, int64_t *out, bool *found) {
    sqlite3_stmt *s = NULL;
    enum status st = sql_prepare(&a->sql, a->c, &s, a->e);
    if (st != ST_OK)
        return st;
    int rc = sqlite3_step(s);
    *found = rc == SQLITE_ROW;
    if (*found)
        *out = sqlite3_column_int64(s, 0);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        st = connection_failed(a->c, rc, a->e);
    statement_done(a->c, s);
    return st;
}

enum status apply_row(struct apply *a, const struct write_op *op, int64_t *row) {
    if (a->last_object == op->object->id && uuid_equal(&a->last_record, &op->record)) {
        *row = a->last_row;
        return ST_OK;
    }
    enum status st = apply_late(a);
    if (st != ST_OK)
        return st;
    sql_reset(&a->sql);
    sql_name(&a->sql, "SELECT row FROM o_", op->object->id);
    sql_put(&a->sql, " WHERE id = ");
    sql_bind(&a->sql, record_cell(op));
    bool found = false;
    st = read_int(a, row, &found);
    if (st != ST_OK)
        return st;
    if (!found)
        return error_set(a->e, ST_NOT_FOUND, "record_not_found", "the record is not there");
    remember(a, op, *row);
    return ST_OK;
}

static enum status next_row(struct apply *a, uint16_t object, int64_t *row) {
    for (size_t i = 0; i < a->next_count; i++) {
        if (a->next[i].object == object) {
            *row = a->next[i].row++;
            return ST_OK;
        }
    }
    if (a->next_count == OBJECTS_MAX)
        return error_set(a->e, ST_LIMIT, "too_many_objects", "more objects than a base may have");
    sql_reset(&a->sql);
    sql_name(&a->sql, "SELECT coalesce(max(row), 0) + 1 FROM o_", object);
    bool found = false;
    enum status st = read_int(a, row, &found);
    if (st == ST_OK)
        a->next[a->next_count++] = (struct apply_next){.object = object, .row = *row + 1};
    return st;
}

static enum status check_columns(struct apply *a, const struct write_op *op) {
    for (size_t i = 0; i < op->column_count; i++) {
        uint16_t column = op->columns[i];
        if (column == FIELD_ID || column == FIELD_ROW || column == FIELD_REVISION || column == 0)
            return error_set(a->e, ST_INVALID, "column_not_settable", "the store sets column %u itself",
                             column);
    }
    return op->column_count <= STORE_COLUMNS_MAX
               ? ST_OK
               : error_set(a->e, ST_INVALID, "too_many_columns", "more columns than a row may have");
}

enum status apply_late(struct apply *a) {
    return late_write(&a->late, a->c, &a->sql, a->e);
}

/* With a guard each op is applied in its turn. */
static bool is_late(const struct apply *a) {
    return a->set->bulk && !a->guard;
}

static enum status apply_insert(struct apply *a, const struct write_op *op) {
    int64_t row = 0;
    enum status st = check_columns(a, op);
    if (st == ST_OK)
        st = next_row(a, op->object->id, &row);
    if (st == ST_OK && is_late(a)) {
        st = late_put(&a->late, LATE_ROW, op, row, a->e);
    } else if (st == ST_OK) {
        st = inserter_fill(&a->late.one, a->c, &a->sql, 0, op, row, a->e);
        if (st == ST_OK)
            st = inserter_run(&a->late.one, a->c, a->e);
    }
    if (st != ST_OK)
        return st;
    remember(a, op, row);
    a->last_is_new = true;
    return ST_OK;
}

static enum status apply_update(struct apply *a, const struct write_op *op) {
    struct sql *s = &a->sql;
    enum status st = check_columns(a, op);
    if (st == ST_OK)
        st = apply_late(a);
    if (st != ST_OK)
        return st;
    sql_reset(s);
    sql_name(s, "UPDATE o_", op->object->id);
    sql_put(s, " SET revision = revision + 1");
    for (size_t i = 0; i < op->column_count; i++) {
        sql_put(s, ", ");
        sql_column(s, SQL_NO_ALIAS, op->columns[i]);
        sql_put(s, " = ");
        sql_bind(s, op->cells[i]);
    }
    sql_put(s, " WHERE id = ");
    sql_bind(s, record_cell(op));
    sql_put(s, " AND revision = ");
    sql_bind_int(s, op->revision);
    int changed = 0;
    st = sql_execute(s, a->c, &changed, a->e);
    if (st != ST_OK || changed == 1)
        return st;
    int64_t row = 0;
    st = apply_row(a, op, &row);
    return st != ST_OK ? st : error_set(a->e, ST_RETRY, "row_changed", "the row was written in between");
}

static enum status delete_by_row(struct apply *a, const char *table, uint16_t object, int64_t row) {
    sql_reset(&a->sql);
    sql_name(&a->sql, table, object);
    sql_put(&a->sql, " WHERE row = ");
    sql_bind_int(&a->sql, row);
    return sql_execute(&a->sql, a->c, NULL, a->e);
}

/* ---- terms ---- */

static enum status apply_term(struct apply *a, uint16_t object, int64_t row, const struct term_change *t,
                              bool remove) {
    if (postings_keep(t->search))
        return pending_postings_add(
            &a->postings,
            (struct pending_posting){
                .object = object, .remove = remove, .row = row, .term = postings_term(t->field, t->term)});
    return pending_terms_add(&a->terms, (struct pending_term){.object = object,
                                                              .remove = remove,
                                                              .key = compile_term_key(t->field, t->search),
                                                              .term = (int64_t)t->term,
                                                              .row = row});
}

/* Ops of a row stand together, so a new row's terms follow it before any other row. */
static bool may_stage(const struct apply *a, const struct write_op *op) {
    bool stage = a->last_is_new && !a->last_terms;
    for (size_t i = 0; stage && i < op->term_count; i++)
        stage = !op->terms[i].remove;
    return stage;
}

/* Terms that wait together with the row's go to their places before one of them changes. */
static enum status release(struct apply *a, uint16_t object, int64_t row) {
    a->terms_of_old = true;
    enum status st = apply_late(a);
    if (st == ST_OK)
        st = staged_release(&a->staged, object, row, &a->postings, a->e);
    return st == ST_OK ? young_release(&a->young, object, row, &a->terms, a->e) : st;
}

static enum status stage(struct apply *a, const struct write_op *op, int64_t row) {
    return staged_put(&a->staged, is_late(a) ? &a->late : NULL, op, row, a->e);
}

static enum status apply_terms(struct apply *a, const struct write_op *op) {
    int64_t row = 0;
    enum status st = apply_row(a, op, &row);
    bool all = op->kind == WRITE_PURGE, staged = st == ST_OK && !all && may_stage(a, op);
    a->last_terms = true;
    if (staged)
        st = stage(a, op, row);
    else if (st == ST_OK)
        st = release(a, op->object->id, row);
    for (size_t i = 0; st == ST_OK && i < op->term_count; i++) {
        if (!staged || !postings_keep(op->terms[i].search))
            st = apply_term(a, op->object->id, row, &op->terms[i], all || op->terms[i].remove);
    }
    return st == ST_NOMEM ? error_set(a->e, st, "no_memory", "no memory for search terms") : st;
}

static enum status apply_purge(struct apply *a, const struct write_op *op) {
    int64_t row = 0;
    enum status st = apply_row(a, op, &row);
    if (st == ST_OK)
        st = apply_terms(a, op);
    if (st == ST_OK)
        st = delete_by_row(a, "DELETE FROM h_", op->object->id, row);
    if (st == ST_OK)
        st = delete_by_row(a, "DELETE FROM o_", op->object->id, row);
    a->last_object = 0;
    return st;
}

/* Another body for a change that is there: its values were sealed anew. */
static enum status apply_history_again(struct apply *a, const struct write_op *op, int64_t row) {
    struct sql *s = &a->sql;
    enum status st = apply_late(a);
    if (st != ST_OK)
        return st;
    sql_reset(s);
    sql_name(s, "UPDATE h_", op->object->id);
    sql_put(s, " SET body = ");
    sql_bind(s, cell_bytes(op->body));
    sql_put(s, " WHERE row = ");
    sql_bind_int(s, row);
    sql_put(s, " AND id = ");
    sql_bind_int(s, op->revision);
    return sql_execute(s, a->c, NULL, a->e);
}

static enum status apply_history(struct apply *a, const struct write_op *op) {
    struct sql *s = &a->sql;
    int64_t row = 0;
    enum status st = apply_row(a, op, &row);
    if (st != ST_OK)
        return st;
    if (op->revision > 0)
        return apply_history_again(a, op, row);
    bool first = a->last_is_new && !a->last_history;
    a->last_history = true;
    if (first && is_late(a))
        return late_put(&a->late, LATE_HISTORY, op, row, a->e);
    st = apply_late(a);
    if (st != ST_OK)
        return st;
    sql_reset(s);
    sql_name(s, "INSERT INTO h_", op->object->id);
    sql_put(s, "(row, id, at, actor, act, body) VALUES(");
    sql_bind_int(s, row);
    if (first) {
        sql_put(s, ", 1, ");
    } else {
        sql_name(s, ", (SELECT coalesce(max(id), 0) + 1 FROM h_", op->object->id);
        sql_put(s, " WHERE row = ");
        sql_bind_int(s, row);
        sql_put(s, "), ");
    }
    sql_bind_int(s, op->at_ms);
    sql_put(s, ", ");
    sql_bind_int(s, op->actor);
    sql_put(s, ", ");
    sql_bind_int(s, op->act);
    sql_put(s, ", ");
    sql_bind(s, cell_bytes(op->body));
    sql_put(s, ")");
    return sql_execute(s, a->c, NULL, a->e);
}

/* ---- sets ---- */

static enum status apply_beside(struct apply *a, const struct write_op *op) {
    bool of_key = op->kind == WRITE_SUBJECT_REWRAP || op->kind == WRITE_SUBJECT_DESTROY;
    enum status st = of_key ? apply_late(a) : ST_OK;
    return st == ST_OK ? apply_side(a, op) : st;
}

static enum status apply_op(struct apply *a, const struct write_op *op) {
    bool of_object = op->kind <= WRITE_EXISTS || op->kind == WRITE_HISTORY;
    if (of_object && op->object == NULL)
        return error_set(a->e, ST_INVALID, "write_malformed", "an op on a record names no object");
    switch (op->kind) {
    case WRITE_INSERT:
        return apply_insert(a, op);
    case WRITE_UPDATE:
        return apply_update(a, op);
    case WRITE_PURGE:
        return apply_purge(a, op);
    case WRITE_TERMS:
        return apply_terms(a, op);
    case WRITE_UNIQUE:
        return apply_unique(a, op);
    case WRITE_EXISTS:
        return apply_exists(a, op);
    case WRITE_HISTORY:
        return apply_history(a, op);
    case WRITE_SUBJECT_KEY:
        return is_late(a) ? late_put(&a->late, LATE_KEY, op, 0, a->e) : apply_side(a, op);
    default:
        return apply_beside(a, op);
    }
}

static enum status apply_intent(struct apply *a) {
    if (a->set->intent == 0)
        return ST_OK;
    sql_reset(&a->sql);
    sql_put(&a->sql, "INSERT OR IGNORE INTO intent(id) VALUES(");
    sql_bind_int(&a->sql, (int64_t)a->set->intent);
    sql_put(&a->sql, ")");
    return sql_execute(&a->sql, a->c, NULL, a->e);
}

/* Checks and the insert stand before everything else of their group, so nothing of it has been written. */
static bool leave_out(const struct write_set *set, size_t i, enum status st) {
    const struct write_op *op = &set->ops[i];
    bool first = op->kind == WRITE_UNIQUE || op->kind == WRITE_EXISTS || op->kind == WRITE_INSERT;
    if (st != ST_CONFLICT || !first || op->group >= set->groups)
        return false;
    set->refused[op->group] = (uint32_t)i + 1;
    return true;
}

static enum status write_terms(struct apply *a) {
    if (!a->set->bulk || a->terms_of_old || a->terms.count < YOUNG_LEAST)
        return pending_terms_write(&a->terms, a->c, &a->sql, a->e);
    pending_terms_sort(&a->terms);
    enum status st = young_put(&a->young, &a->terms, a->e);
    pending_terms_clear(&a->terms);
    return st;
}

static enum status apply_ops(struct apply *a) {
    const struct write_set *set = a->set;
    enum status st = ST_OK;
    for (size_t i = 0; i < set->groups; i++)
        set->refused[i] = 0;
    for (size_t i = 0; st == ST_OK && i < set->count; i++) {
        if (set->groups > 0 && set->ops[i].group < set->groups && set->refused[set->ops[i].group] != 0)
            continue;
        a->result->failed_op = i;
        st = apply_op(a, &set->ops[i]);
        if (leave_out(set, i, st))
            st = ST_OK;
    }
    if (st == ST_OK)
        st = apply_late(a);
    if (st == ST_OK) /* behind the checks: most that fail have written nothing */
        st = apply_intent(a);
    return st == ST_OK ? write_terms(a) : st;
}

/* What the set left in memory. */
static void undo(struct apply *a, size_t postings) {
    pending_terms_clear(&a->terms);
    if (a->young.touched)
        young_failed(&a->young);
    a->postings.count = postings;
    a->last_object = 0;
}

static void undo_rows(struct apply *a) {
    struct error ignored;
    if (sqlite3_get_autocommit(a->c->db) != 0)
        return;
    if (connection_run(a->c, "ROLLBACK TO one_set", &ignored) == ST_OK &&
        connection_run(a->c, "RELEASE one_set", &ignored) == ST_OK)
        return;
    /* The transaction can't be trusted any more: its end is the group's end. */
    (void)sqlite3_exec(a->c->db, "ROLLBACK", NULL, NULL, NULL);
}

static enum status apply_guarded(struct apply *a) {
    enum status st = connection_run(a->c, "SAVEPOINT one_set", a->e);
    if (st != ST_OK)
        return st;
    st = apply_ops(a);
    if (st == ST_OK)
        st = connection_run(a->c, "RELEASE one_set", a->e);
    if (st != ST_OK)
        undo_rows(a);
    return st;
}

static enum status apply_bare(struct apply *a) {
    sqlite3_int64 before = sqlite3_total_changes64(a->c->db);
    enum status st = apply_ops(a);
    a->spoilt =
        st != ST_OK && (a->young.touched || a->late.failed || sqlite3_total_changes64(a->c->db) != before);
    return st;
}

enum status apply_set(struct apply *a, const struct write_set *set, struct write_result *result,
                      struct error *e) {
    if (set->count > STORE_OPS_MAX)
        return error_set(e, ST_INVALID, "write_too_large", "more operations than a write may have");
    *result = (struct write_result){.failed_op = 0};
    a->set = set;
    a->result = result;
    a->e = e;
    a->terms_of_old = a->young.touched = a->late.failed = false;
    late_clear(&a->late);
    size_t postings = a->postings.count;
    enum status st = young_ready(&a->young, e);
    if (st != ST_OK)
        return st;
    st = a->guard ? apply_guarded(a) : apply_bare(a);
    if (st != ST_OK)
        undo(a, postings);
    return st;
}

enum status apply_finish(struct apply *a, struct error *e) {
    enum status st = pending_postings_write(&a->postings, a->c, &a->sql, e);
    return st == ST_NOMEM ? error_set(e, st, "no_memory", "no memory for search terms") : st;
}
