#include "api/post_left.h"

#include "api/organisation_preview.h"
#include "base/clock.h"
#include "base/json_in.h"
#include "people/stood.h"
#include "policy/organise.h"

#define COUNT_MOST      2000000
#define TURNS_LOOKED_AT 4

/* What he owns of a department that he leaves; it goes along with him until somebody hands it on. */
static enum status put_left_records(const struct post_left *x, uint32_t department, struct json *j,
                                    struct error *e) {
    const struct organisation *o = &x->old->organisation;
    struct cell *places = arena_array(x->c->arena, o->count + 1, sizeof *places);
    size_t n = 0;
    for (size_t i = 0; places != NULL && i < o->count; i++) {
        if (organisation_home(o, o->departments[i].id) == department)
            places[n++] = cell_int(o->departments[i].id);
    }
    const struct pred *his = pred_compare(x->c->arena, PRED_EQ, FIELD_OWNER, cell_int(x->user));
    const struct pred *there = places == NULL ? NULL : pred_in(x->c->arena, FIELD_DEPARTMENT, places, n);
    const struct pred *which = his == NULL || there == NULL ? NULL : pred_and(x->c->arena, his, there);
    if (which == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "preview");
    json_key(j, "records");
    json_array_begin(j);
    for (size_t i = 0; i < x->c->world.objects->count; i++) {
        const struct object_def *object = x->c->world.objects->objects[i];
        uint64_t count;
        bool at_least;
        enum status s = store_count(x->c->reader, object, which, false, COUNT_MOST, &count, &at_least, e);
        if (s != ST_OK)
            return s;
        if (count == 0)
            continue;
        json_object_begin(j);
        preview_object(j, object);
        preview_few(j, count);
        json_object_end(j);
    }
    json_array_end(j);
    return ST_OK;
}

/* Who will find them on his page: the heads of the department, or of the nearest one above that has any. */
static void put_heads(const struct post_left *x, uint32_t department, struct json *j) {
    const struct directory *d = x->fresh;
    bool found = false;
    json_key(j, "heads");
    json_array_begin(j);
    for (unsigned step = 0; !found && department != 0 && step < ORGANISATION_DEPTH_MAX; step++) {
        for (size_t i = 0; i < d->staff_count; i++) {
            const struct staff *one = &d->staff[i];
            bool leads = false;
            for (size_t k = 0; k < one->manages_count; k++)
                leads = leads || one->manages[k] == department;
            if (!leads || one->disabled || one->duties != 0 || one->id == x->user)
                continue;
            json_object_begin(j);
            json_key(j, "id");
            json_int(j, one->id);
            json_key(j, "name");
            json_cstring(j, one->name);
            json_object_end(j);
            found = true;
        }
        const struct department *above = directory_department(d, department);
        department = above == NULL ? 0 : above->parent;
    }
    json_array_end(j);
}

/* The moment at which he leaves something: now, or at the next turns of his posts. */
static size_t leaves_at(const struct post_left *x, const json_t *was, const json_t *is, int64_t *at,
                        uint32_t left[STANDING_LEADERS]) {
    const struct organisation *o = &x->old->organisation;
    uint32_t before[STANDING_LEADERS], after[STANDING_LEADERS];
    int64_t now = clock_wall_ms();
    size_t n = 0, stood = stood_at(o, was, now, before);
    *at = now;
    for (unsigned turn = 0; n == 0 && turn < TURNS_LOOKED_AT; turn++) {
        struct standing then;
        size_t stands = stood_at(o, is, *at, after);
        for (size_t i = 0; i < stood; i++) {
            bool stays = false;
            for (size_t k = 0; k < stands; k++)
                stays = stays || after[k] == before[i];
            if (!stays)
                left[n++] = before[i];
        }
        posts_stand(is, *at, &then);
        if (n > 0 || then.next == INT64_MAX)
            break;
        *at = then.next;
    }
    return n;
}

enum status post_left_write(const struct post_left *x, struct json *j, struct error *e) {
    const struct staff *was = directory_staff(x->old, x->user), *is = directory_staff(x->fresh, x->user);
    json_t *before = NULL, *after = NULL;
    uint32_t left[STANDING_LEADERS];
    int64_t at = 0;
    enum status s = was == NULL || is == NULL ? ST_OK : json_read(was->document, 0, &before, NULL);
    if (s == ST_OK && before != NULL)
        s = json_read(is->document, 0, &after, NULL);
    size_t n = s == ST_OK && after != NULL ? leaves_at(x, before, after, &at, left) : 0;
    json_decref(before);
    json_decref(after);
    if (s != ST_OK)
        return error_set(e, s, "no_memory", "preview");
    json_key(j, "leaves");
    json_array_begin(j);
    for (size_t i = 0; s == ST_OK && i < n; i++) {
        json_object_begin(j);
        json_key(j, "department");
        json_int(j, left[i]);
        json_key(j, "at");
        json_time(j, at);
        s = put_left_records(x, left[i], j, e);
        put_heads(x, left[i], j);
        json_object_end(j);
    }
    json_array_end(j);
    return s;
}
