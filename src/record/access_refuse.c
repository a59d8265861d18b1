#include "record/access.h"

#include "keeper/need.h"
#include "policy/model.h"

#include <stdio.h>

/* One act on some rows, or the writing of one field of theirs. */
struct asked {
    struct caller *c;
    const struct object_def *object;
    enum act act;
    size_t field;
    const struct access_row *rows;
    size_t row_count;
};

static enum status is_let(const struct asked *q, unsigned supposed, bool *let, struct error *e) {
    const struct access *a;
    enum status s = access_suppose(q->c, q->object, supposed, &a, e);
    if (s != ST_OK)
        return s;
    const struct pred *p = q->field == SIZE_MAX ? a->acts[q->act] : a->fields[q->field].write;
    *let = q->row_count > 0 || p->op != PRED_FALSE;
    for (size_t i = 0; i < q->row_count && *let; i++)
        *let = pred_decide(p, q->rows[i].lookup, q->rows[i].row) == TRUTH_TRUE;
    return ST_OK;
}

/* What can't be missing; where either of two would do, what alone suffices; else all of it. */
static enum status find_missing(const struct asked *q, unsigned *missing, struct error *e) {
    static const unsigned parts[] = {SUPPOSE_FACTOR, SUPPOSE_REASON};
    enum status s = ST_OK;
    bool let = false;
    *missing = 0;
    for (size_t i = 0; s == ST_OK && i < sizeof parts / sizeof parts[0]; i++) {
        s = is_let(q, SUPPOSE_ALL & ~parts[i], &let, e);
        if (!let)
            *missing |= parts[i];
    }
    for (size_t i = 0; s == ST_OK && *missing == 0 && i < sizeof parts / sizeof parts[0]; i++) {
        s = is_let(q, parts[i], &let, e);
        if (let)
            *missing = parts[i];
    }
    if (*missing == 0)
        *missing = SUPPOSE_ALL;
    return s;
}

/* The oldest second factor that would do, of the usual ages. */
static enum status find_minutes(const struct asked *q, unsigned missing, uint16_t *minutes, struct error *e) {
    static const uint16_t usual[] = {1, 2, 5, 10, 15, 30, 60, 120, 240, 480};
    size_t low = 0, high = sizeof usual / sizeof usual[0]; /* usual[low] does, or nothing here will */
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        unsigned age = usual[middle] * 60u - 1;
        bool let = false;
        enum status s = is_let(q, missing | age << SUPPOSE_AGE, &let, e);
        if (s != ST_OK)
            return s;
        if (let)
            low = middle;
        else
            high = middle;
    }
    *minutes = usual[low];
    return ST_OK;
}

enum status access_refuse(struct caller *c, const struct object_def *o, enum act act, size_t field,
                          const struct access_row *rows, size_t row_count, const char *code,
                          struct error *e) {
    struct asked q = {c, o, act, field, rows, row_count};
    struct need need = {.reason = false};
    unsigned missing = 0;
    bool could = false;
    enum status s = is_let(&q, SUPPOSE_ALL, &could, e);
    if (s == ST_OK && could)
        s = find_missing(&q, &missing, e);
    if (s == ST_OK && (missing & SUPPOSE_FACTOR) != 0)
        s = find_minutes(&q, missing, &need.minutes, e);
    if (s != ST_OK)
        return s;
    if (!could)
        return error_set(e, ST_DENIED, code, "policy does not let you do this");
    (void)snprintf(need.act, sizeof need.act, "%s", act_name(act));
    need.reason = (missing & SUPPOSE_REASON) != 0;
    return need_refuse(&need, e);
}
