#include "people/directory.h"

#include "base/clock.h"
#include "base/json_in.h"
#include "keeper/registry_merge.h"
#include "people/posts.h"

#include <jansson.h>
#include <stdlib.h>

#define DIRECTORY_MEMORY ((size_t)256 * 1024 * 1024)

/* While it is built: growing arrays, sorted and handed over at the end. */
struct builder {
    struct directory *directory;
    struct department *departments;
    struct staff *staff;
    struct staff_role *roles;
    struct staff_grant *grants;
    struct staff_access *accesses;
    struct named_network *networks;
    size_t network_count;
    size_t department_count, staff_count, role_count, grant_count, access_count;
    struct origin *origins;                /* by the same index as departments */
    uint32_t (*leaders)[STANDING_LEADERS]; /* by the same index as staff, until they are sorted */
    int64_t now;
};

/* Where a department stood before it was first moved. */
struct origin {
    uint32_t id, parent, merged_into;
    bool is_branch;
};

static const char *text_of(struct builder *b, const json_t *document, const char *key) {
    const char *text = json_string_value(json_object_get(document, key));
    return arena_string(&b->directory->arena, slice_from_string(text == NULL ? "" : text));
}

static uint32_t number_of(const json_t *document, const char *key) {
    return (uint32_t)json_integer_value(json_object_get(document, key));
}

static enum status add_department(struct builder *b, uint32_t id, const json_t *document) {
    const json_t *first = json_object_get(document, "first");
    b->origins[b->department_count] =
        (struct origin){.id = id,
                        .parent = number_of(first == NULL ? document : first, "parent"),
                        .merged_into = number_of(document, "merged_into"),
                        .is_branch = number_of(first == NULL ? document : first, "branch") == id};
    struct department *d = &b->departments[b->department_count++];
    *d = (struct department){.id = id,
                             .parent = number_of(document, "parent"),
                             .is_branch = number_of(document, "branch") == id,
                             .closed = json_is_true(json_object_get(document, "closed")),
                             .home = id,
                             .name = text_of(b, document, "name")};
    return d->name == NULL ? ST_NOMEM : ST_OK;
}

static unsigned duties_of(const json_t *document) {
    const char *name = json_string_value(json_array_get(json_object_get(document, "duties"), 0));
    if (name == NULL)
        return 0;
    return strcmp(name, "system_admin") == 0     ? DUTY_SYSTEM_ADMIN
           : strcmp(name, "security_admin") == 0 ? DUTY_SECURITY_ADMIN
                                                 : DUTY_AUDITOR;
}

static bool add_posts(struct builder *b, struct staff *s, const json_t *document) {
    struct standing now;
    posts_stand(document, b->now, &now);
    uint32_t *led = arena_array(&b->directory->arena, now.lead_count, sizeof *led);
    if (led == NULL)
        return false;
    if (now.lead_count > 0)
        memcpy(led, now.leads, now.lead_count * sizeof *led);
    s->department = now.department;
    s->manages = led;
    s->manages_count = now.lead_count;
    if (now.next < b->directory->stale_at)
        b->directory->stale_at = now.next;
    memcpy(b->leaders[s - b->staff], now.leaders, sizeof b->leaders[0]);
    return true;
}

static enum status add_staff(struct builder *b, const struct registry_item *item, const json_t *document) {
    struct staff *s = &b->staff[b->staff_count++];
    const char *kind = json_string_value(json_object_get(document, "kind"));
    bool partner = kind != NULL && strcmp(kind, "partner") == 0;
    *s = (struct staff){.id = item->id,
                        .version = item->version,
                        .name = text_of(b, document, "name"),
                        .login = text_of(b, document, "login"),
                        .disabled = json_is_true(json_object_get(document, "disabled")),
                        .duties = duties_of(document),
                        .sponsor = partner ? number_of(document, "sponsor") : 0,
                        .until = json_integer_value(json_object_get(document, "until")),
                        .document = arena_copy(&b->directory->arena, item->document)};
    bool fine = add_posts(b, s, document);
    return fine && s->document.p != NULL && s->name != NULL && s->login != NULL ? ST_OK : ST_NOMEM;
}

static uint8_t view_of(const json_t *ceiling, const char *class) {
    const char *view = json_string_value(json_object_get(ceiling, class));
    if (view == NULL)
        return VIEW_HIDDEN;
    return strcmp(view, "clear") == 0 ? VIEW_CLEAR : strcmp(view, "masked") == 0 ? VIEW_MASKED : VIEW_HIDDEN;
}

static enum status add_role(struct builder *b, uint32_t id, const json_t *document, struct slice text) {
    struct staff_role *r = &b->roles[b->role_count++];
    const json_t *label = json_object_get(document, "label"), *best = json_object_get(document, "ceiling");
    *r = (struct staff_role){.name = text_of(b, document, "name"),
                             .label_zh = text_of(b, label, "zh"),
                             .label_en = text_of(b, label, "en"),
                             .id = id,
                             .by_leader = json_is_true(json_object_get(document, "by_leader")),
                             .break_glass_hours = number_of(document, "break_glass_hours"),
                             .ceiling = {[CLASS_PUBLIC] = VIEW_CLEAR,
                                         [CLASS_INTERNAL] = VIEW_CLEAR,
                                         [CLASS_PERSONAL] = view_of(best, "personal"),
                                         [CLASS_SENSITIVE] = view_of(best, "sensitive")},
                             .document = arena_copy(&b->directory->arena, text)};
    return r->document.p == NULL || r->name == NULL || r->label_zh == NULL || r->label_en == NULL ? ST_NOMEM
                                                                                                  : ST_OK;
}

static enum status access_lists(struct builder *b, const json_t *document, struct staff_access *x) {
    struct arena *a = &b->directory->arena;
    const json_t *fields = json_object_get(document, "fields"),
                 *records = json_object_get(document, "records");
    uint16_t *list = arena_array(a, json_array_size(fields) + 1, sizeof *list);
    struct cell *ids = arena_array(a, json_array_size(records) + 1, sizeof *ids);
    if (list == NULL || ids == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < json_array_size(fields); i++)
        list[x->field_count++] = (uint16_t)json_integer_value(json_array_get(fields, i));
    for (size_t i = 0; i < json_array_size(records); i++) {
        const char *text = json_string_value(json_array_get(records, i));
        struct uuid id;
        if (text == NULL || !uuid_parse(slice_from_string(text), &id))
            continue;
        struct slice copy = arena_copy(a, slice_of(id.b, 16));
        if (copy.p == NULL)
            return ST_NOMEM;
        ids[x->record_count++] = cell_bytes(copy);
    }
    x->fields = list;
    x->records = ids;
    return ST_OK;
}

static enum status add_access(struct builder *b, uint32_t id, const json_t *document) {
    struct staff_access *x = &b->accesses[b->access_count];
    *x = (struct staff_access){.user = number_of(document, "user"),
                               .grant = id,
                               .approved_by = number_of(document, "approved_by"),
                               .department = number_of(document, "department"),
                               .since = json_integer_value(json_object_get(document, "since")),
                               .until = json_integer_value(json_object_get(document, "until")),
                               .object = (uint16_t)number_of(document, "object"),
                               .reason = text_of(b, document, "reason")};
    enum status s = access_lists(b, document, x);
    /* Records that could not be read would leave an access to all of them. */
    bool whole = x->record_count == json_array_size(json_object_get(document, "records"));
    b->access_count += s == ST_OK && whole;
    return s == ST_OK && x->reason == NULL ? ST_NOMEM : s;
}

static enum status add_grant(struct builder *b, uint32_t id, const json_t *document, struct slice text) {
    struct staff_grant *g = &b->grants[b->grant_count++];
    const char *why = json_string_value(json_object_get(document, "why"));
    *g = (struct staff_grant){.id = id,
                              .user = number_of(document, "user"),
                              .from = number_of(document, "from"),
                              .until = json_integer_value(json_object_get(document, "until")),
                              .ended = json_is_object(json_object_get(document, "ended")),
                              .reviewed = json_is_object(json_object_get(document, "review")),
                              .glass = why != NULL && strcmp(why, "break_glass") == 0,
                              .access = json_object_get(document, "object") != NULL,
                              .department = number_of(document, "department"),
                              .document = arena_copy(&b->directory->arena, text)};
    const json_t *allow = json_object_get(document, "allow");
    if (allow != NULL) {
        g->allow_act = text_of(b, allow, "act");
        g->allow_object = (uint16_t)number_of(allow, "object");
        g->allow_count = number_of(allow, "count");
    }
    if (g->document.p == NULL || (allow != NULL && g->allow_act == NULL))
        return ST_NOMEM;
    bool access = g->access && !g->ended && clock_wall_ms() < g->until;
    return access ? add_access(b, id, document) : ST_OK;
}

/* A document that the keeper took is in order. */
static enum status add_company(struct builder *b, const json_t *document) {
    const json_t *names = json_object_get(document, "networks"),
                 *sign_in = json_object_get(json_object_get(document, "sign_in"), "networks");
    b->networks = arena_array(&b->directory->arena, NETWORK_NAMES, sizeof *b->networks);
    b->network_count = 0;
    if (b->networks == NULL)
        return ST_NOMEM;
    if (high_risk_parse(json_object_get(document, "high_risk"), &b->directory->high_risk, NULL) != ST_OK)
        return ST_CORRUPT;
    if (names != NULL || sign_in == NULL)
        return network_parse_names(names, b->networks, &b->network_count) ? ST_OK : ST_CORRUPT;
    memcpy(b->networks[0].name, "office", sizeof "office");
    b->network_count = 1;
    return network_parse_all(sign_in, b->networks[0].networks, &b->networks[0].count) ? ST_OK : ST_CORRUPT;
}

static enum status add_item(struct builder *b, const struct registry_item *item) {
    if (item->kind == REGISTRY_CATALOGUE)
        return ST_OK;
    json_t *document;
    enum status s = json_read(item->document, 0, &document, NULL);
    if (s != ST_OK)
        return s == ST_NOMEM ? s : ST_CORRUPT;
    if (item->kind == REGISTRY_USER)
        s = add_staff(b, item, document);
    else if (item->kind == REGISTRY_ROLE)
        s = add_role(b, item->id, document, item->document);
    else if (item->kind == REGISTRY_GRANT)
        s = add_grant(b, item->id, document, item->document);
    else if (item->kind == REGISTRY_DEPARTMENT)
        s = add_department(b, item->id, document);
    else if (item->kind == REGISTRY_COMPANY)
        s = add_company(b, document);
    json_decref(document);
    return s;
}

static int by_department(const void *a, const void *b) {
    uint32_t x = ((const struct department *)a)->id, y = ((const struct department *)b)->id;
    return x < y ? -1 : x > y;
}

static int by_staff(const void *a, const void *b) {
    uint32_t x = ((const struct staff *)a)->id, y = ((const struct staff *)b)->id;
    return x < y ? -1 : x > y;
}

/* The nearest ancestor that is a branch; 64 steps at most, so that a ring in the tree ends. */
static uint32_t branch_above(const struct directory *d, const struct department *from) {
    for (unsigned step = 0; from != NULL && step < 64; step++) {
        if (from->is_branch)
            return from->id;
        from = directory_department(d, from->parent);
    }
    return 0;
}

static int by_origin(const void *a, const void *b) {
    uint32_t x = ((const struct origin *)a)->id, y = ((const struct origin *)b)->id;
    return x < y ? -1 : x > y;
}

static const struct origin *origin_of(const struct builder *b, uint32_t id) {
    const struct origin key = {.id = id};
    return bsearch(&key, b->origins, b->department_count, sizeof key, by_origin);
}

/* The branch as it was before anything was moved. */
static uint32_t stamp_of(const struct builder *b, const struct origin *from) {
    for (unsigned step = 0; from != NULL && step < 64; step++) {
        if (from->is_branch)
            return from->id;
        from = origin_of(b, from->parent);
    }
    return 0;
}

static uint32_t home_of(const struct builder *b, uint32_t id) {
    const struct origin *o = origin_of(b, id);
    for (unsigned step = 0; o != NULL && o->merged_into != 0 && step < 16; step++) {
        id = o->merged_into;
        o = origin_of(b, id);
    }
    return id;
}

static void place_departments(struct builder *b) {
    struct directory *d = b->directory;
    for (size_t i = 0; i < b->department_count; i++) {
        struct department *one = &b->departments[i];
        one->branch = branch_above(d, one);
        one->stamp = stamp_of(b, origin_of(b, one->id));
        one->home = home_of(b, one->id);
        d->organisation.moved = d->organisation.moved || one->branch != one->stamp || one->home != one->id;
    }
}

/* Of a department that was merged into another nobody is the leader any more. */
static void place_staff(struct builder *b) {
    for (size_t i = 0; i < b->staff_count; i++) {
        struct staff *s = &b->staff[i];
        uint32_t *led = (uint32_t *)(uintptr_t)s->manages;
        size_t kept = 0;
        for (size_t k = 0; k < s->manages_count; k++) {
            if (home_of(b, led[k]) == led[k])
                led[kept++] = led[k];
        }
        s->manages_count = kept;
        s->department = home_of(b, s->department);
    }
}

/* What a head gave ends for whom stands in another department. Once all stand in their places. */
static void place_grants(struct builder *b) {
    size_t kept = 0;
    for (size_t i = 0; i < b->grant_count; i++) {
        struct staff_grant *g = &b->grants[i];
        const struct staff *who = directory_staff(b->directory, g->user);
        g->moved =
            (g->department != 0 || g->allow_act != NULL) && (who == NULL || who->department != g->department);
    }
    for (size_t i = 0; i < b->access_count; i++) {
        const struct staff_access *x = &b->accesses[i];
        const struct staff *who = directory_staff(b->directory, x->user);
        if (x->department == 0 || (who != NULL && who->department == x->department))
            b->accesses[kept++] = *x;
    }
    b->access_count = kept;
}

struct line { /* `below` reports to `leader` */
    uint32_t leader, below;
};

static int by_leader(const void *a, const void *b) {
    const struct line *x = a, *y = b;
    return x->leader != y->leader ? (x->leader < y->leader ? -1 : 1)
                                  : (x->below < y->below ? -1 : x->below > y->below);
}

static size_t line_at(const struct line *lines, size_t n, uint32_t leader) {
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (lines[middle].leader < leader)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool has_report(const uint32_t *list, size_t n, uint32_t one) {
    for (size_t i = 0; i < n; i++) {
        if (list[i] == one)
            return true;
    }
    return false;
}

/* Breadth first: who reports to him, then who to those; each once, so that a ring ends. */
static bool collect_reports(struct builder *b, struct staff *s, const struct line *lines, size_t n) {
    uint32_t found[STAFF_REPORTS_MAX] = {0};
    size_t count = 0;
    for (size_t at = 0; at <= count && count < STAFF_REPORTS_MAX; at++) {
        uint32_t leader = at == 0 ? s->id : found[at - 1];
        for (size_t i = line_at(lines, n, leader);
             i < n && lines[i].leader == leader && count < STAFF_REPORTS_MAX; i++) {
            if (lines[i].below != s->id && !has_report(found, count, lines[i].below))
                found[count++] = lines[i].below;
        }
    }
    uint32_t *kept = arena_array(&b->directory->arena, count, sizeof *kept);
    if (kept == NULL)
        return false;
    if (count > 0)
        memcpy(kept, found, count * sizeof *kept);
    s->reports = kept;
    s->reports_count = count;
    return true;
}

/* Before the staff are sorted: `leaders` has their order. */
static bool place_reports(struct builder *b) {
    struct line *lines = calloc(b->staff_count * STANDING_LEADERS + 1, sizeof *lines);
    size_t n = 0;
    if (lines == NULL)
        return false;
    for (size_t i = 0; i < b->staff_count; i++) {
        for (size_t k = 0; k < STANDING_LEADERS && b->leaders[i][k] != 0; k++)
            lines[n++] = (struct line){b->leaders[i][k], b->staff[i].id};
    }
    if (n > 0)
        qsort(lines, n, sizeof *lines, by_leader);
    bool fine = true;
    for (size_t i = 0; fine && n > 0 && i < b->staff_count; i++)
        fine = collect_reports(b, &b->staff[i], lines, n);
    free(lines);
    return fine;
}

static int by_user(const void *x, const void *y) {
    const struct staff_access *a = x, *b = y;
    return a->user < b->user ? -1 : a->user > b->user;
}

static void finish(struct builder *b) {
    struct directory *d = b->directory;
    if (b->department_count > 0)
        qsort(b->departments, b->department_count, sizeof *b->departments, by_department);
    if (b->staff_count > 0)
        qsort(b->staff, b->staff_count, sizeof *b->staff, by_staff);
    d->staff = b->staff;
    d->staff_count = b->staff_count;
    d->roles = b->roles;
    d->role_count = b->role_count;
    d->grants = b->grants;
    d->grant_count = b->grant_count;
    d->networks = b->networks;
    d->network_count = b->network_count;
    d->organisation = (struct organisation){.departments = b->departments, .count = b->department_count};
    qsort(b->origins, b->department_count, sizeof *b->origins, by_origin);
    place_departments(b);
    place_staff(b);
    place_grants(b);
    if (b->access_count > 0)
        qsort(b->accesses, b->access_count, sizeof *b->accesses, by_user);
    d->accesses = b->accesses;
    d->access_count = b->access_count;
}

static enum status add_all(struct builder *b, const struct registry_item *items, size_t n) {
    struct arena *a = &b->directory->arena;
    b->departments = arena_array(a, n, sizeof *b->departments);
    b->staff = arena_array(a, n, sizeof *b->staff);
    b->roles = arena_array(a, n, sizeof *b->roles);
    b->grants = arena_array(a, n, sizeof *b->grants);
    size_t grants = 0;
    for (size_t i = 0; i < n; i++)
        grants += items[i].kind == REGISTRY_GRANT;
    b->accesses = arena_array(a, grants + 1, sizeof *b->accesses);
    if (b->grants == NULL || b->accesses == NULL || b->departments == NULL || b->staff == NULL ||
        b->roles == NULL || b->origins == NULL || b->leaders == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < n; i++) {
        enum status s = add_item(b, &items[i]);
        if (s != ST_OK)
            return s;
    }
    return place_reports(b) ? ST_OK : ST_NOMEM;
}

static enum status build(struct directory *d, const struct registry_item *items, size_t n) {
    struct builder b = {.directory = d, .now = clock_wall_ms()};
    b.origins = calloc(n + 1, sizeof *b.origins);
    b.leaders = calloc(n + 1, sizeof *b.leaders);
    d->stale_at = INT64_MAX;
    enum status s = add_all(&b, items, n);
    if (s == ST_OK)
        finish(&b);
    free(b.origins);
    free(b.leaders);
    return s;
}

/* The keeper lists in parts; documents are copied, for the next part overwrites them. */
static enum status list_all(struct keeper *k, struct arena *scratch, struct registry_item **out,
                            size_t *count, uint64_t *version, struct error *e) {
    uint64_t since = 0;
    *out = NULL;
    *count = 0;
    for (;;) {
        struct registry_item *part;
        size_t n;
        enum status s = keeper_registry_list(k, since, scratch, &part, &n, version, e);
        if (s != ST_OK || n == 0)
            return s;
        struct registry_item *all = arena_array(scratch, *count + n, sizeof *all);
        if (all == NULL)
            return error_set(e, ST_NOMEM, "no_memory", "directory");
        if (*count > 0)
            memcpy(all, *out, *count * sizeof *all);
        for (size_t i = 0; i < n; i++) {
            all[*count] = part[i];
            all[(*count)++].document = arena_copy(scratch, part[i].document);
        }
        *out = all;
        since = *version;
    }
}

/* The document with the keys laid over it. */
static enum status change_item(const struct directory_change *change, struct arena *scratch,
                               struct registry_item *item, struct error *e) {
    json_t *old = NULL, *fresh = NULL;
    const char *key;
    json_t *value;
    enum status s = json_read(item->document, 0, &old, NULL);
    if (s == ST_OK && change->kind == REGISTRY_DEPARTMENT) {
        fresh = json_deep_copy(change->keys);
        s = fresh == NULL ? ST_NOMEM : organise_department(item->document, &fresh, e);
    } else if (s == ST_OK) {
        fresh = json_deep_copy(old);
        json_object_foreach((json_t *)(uintptr_t)change->keys, key, value) {
            if (fresh == NULL || json_object_set_new(fresh, key, json_deep_copy(value)) != 0)
                s = ST_NOMEM;
        }
        if (s == ST_OK)
            s = organise_posts(fresh, old);
    }
    char *text = s == ST_OK ? json_print(fresh, JSON_COMPACT) : NULL;
    item->document = text == NULL ? SLICE_NONE : arena_copy(scratch, slice_from_string(text));
    free(text);
    json_decref(old);
    json_decref(fresh);
    return item->document.p != NULL ? ST_OK : error_set(e, ST_NOMEM, "no_memory", "directory");
}

static enum status change_items(const struct directory_change *change, struct arena *scratch,
                                struct registry_item *items, size_t n, struct error *e) {
    for (size_t i = 0; i < n; i++) {
        if (items[i].kind == change->kind && items[i].id == change->id)
            return change_item(change, scratch, &items[i], e);
    }
    return error_set(e, ST_NOT_FOUND, "not_found", "there is no such item");
}

static enum status load(struct keeper *k, const struct directory_change *changes, size_t count,
                        struct directory **out, struct error *e) {
    struct directory *d = calloc(1, sizeof *d);
    if (d == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "directory");
    d->references = 1;
    arena_init(&d->arena, DIRECTORY_MEMORY, ARENA_PLAIN);
    struct arena scratch;
    arena_init(&scratch, DIRECTORY_MEMORY, ARENA_PLAIN);
    struct registry_item *items = NULL;
    size_t n = 0;
    enum status s = list_all(k, &scratch, &items, &n, &d->version, e);
    for (size_t i = 0; s == ST_OK && i < count; i++)
        s = change_items(&changes[i], &scratch, items, n, e);
    if (s == ST_OK) {
        s = build(d, items, n);
        if (s != ST_OK)
            (void)error_set(e, s, "bad_registry", "the registry can't be read");
    }
    arena_free(&scratch);
    if (s != ST_OK) {
        directory_release(d);
        return s;
    }
    *out = d;
    return ST_OK;
}

enum status directory_load(struct keeper *k, struct directory **out, struct error *e) {
    return load(k, NULL, 0, out, e);
}

enum status directory_load_changed(struct keeper *k, const struct directory_change *changes, size_t count,
                                   struct directory **out, struct error *e) {
    return load(k, changes, count, out, e);
}
