#include "policy/set.h"

#include "base/file.h"
#include "policy/obligation.h"
#include "policy/parse.h"

#include <dirent.h>
#include <errno.h>

_Static_assert((int)POLICY_MENTIONS_PURPOSE == (int)MENTION_PURPOSE &&
                   (int)POLICY_MENTIONS_TIME == (int)MENTION_TIME &&
                   (int)POLICY_MENTIONS_REASON == (int)MENTION_REASON &&
                   (int)POLICY_MENTIONS_SECOND_FACTOR == (int)MENTION_SECOND_FACTOR &&
                   (int)POLICY_MENTIONS_APPROVAL == (int)MENTION_APPROVAL &&
                   (int)POLICY_MENTIONS_WATERMARK == (int)MENTION_WATERMARK &&
                   (int)POLICY_MENTIONS_NETWORK == (int)MENTION_NETWORK,
               "the bits are the same");

static struct policy_set *set_new(void) {
    struct policy_set *set = calloc(1, sizeof *set);
    if (set == NULL)
        return NULL;
    arena_init(&set->arena, POLICY_ARENA_LIMIT, ARENA_PLAIN);
    set->references = 1;
    set->policies = arena_array(&set->arena, POLICIES_MAX, sizeof(struct policy *));
    if (set->policies == NULL) {
        policy_release(set);
        return NULL;
    }
    return set;
}

void policy_retain(struct policy_set *set) {
    __atomic_add_fetch(&set->references, 1, __ATOMIC_RELAXED);
}

void policy_release(struct policy_set *set) {
    if (set == NULL || __atomic_sub_fetch(&set->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    arena_free(&set->arena);
    free(set);
}

unsigned policy_mentions(const struct policy_set *set) {
    return set->mentions;
}

bool policy_asks(const struct policy_set *set) {
    return set->asks;
}

size_t policy_count(const struct policy_set *set) {
    return set->count;
}

struct slice policy_text(const struct policy_set *set) {
    return set->text;
}

void policy_set_version(struct policy_set *set, uint32_t version) {
    set->version = version;
}

uint32_t policy_version(const struct policy_set *set) {
    return set->version;
}

/* A misspelt act would make a permit that never permits and, worse, a forbid that never forbids. */
static enum status check_acts(const struct policy *p, struct error *e) {
    for (size_t i = 0; i < p->action.count; i++) {
        struct scope one = {.op = p->action.op, .entities = &p->action.entities[i], .count = 1};
        if (model_acts(&one) == 0)
            return error_set(e, ST_INVALID, "policy_unknown_action", "%s:%u:%u: there is no %s %s::\"%.40s\"",
                             p->file, p->line, p->column,
                             one.op == SCOPE_EQUAL ? "act" : "act or group of acts", "Action",
                             (const char *)one.entities->id.p);
    }
    return ST_OK;
}

static enum status check_template(const struct policy *p, struct error *e) {
    const struct scope *s = p->principal.slot ? &p->principal : &p->resource;
    if (!s->slot)
        return ST_OK;
    return error_set(e, ST_INVALID, "policy_syntax",
                     "%s:%u:%u: a template's slot: templates are not taken here, write the entity", p->file,
                     s->line, s->column);
}

/* The language lets a call with the wrong number of arguments err when it is evaluated. Here it is refused,
 * for the same reason as a misspelt act. */
static enum status check_calls(const struct policy *p, const struct expr *x, struct error *e) {
    if (x->op == EXPR_CALL && x->count != x->extension->arguments)
        return error_set(e, ST_INVALID, "policy_syntax",
                         "%s:%u:%u: this function is called with the wrong number of arguments", p->file,
                         x->line, x->column);
    enum status s = ST_OK;
    for (size_t i = 0; i < x->count && s == ST_OK; i++)
        s = check_calls(p, x->items[i], e);
    return s;
}

static enum status check_conditions(const struct policy *p, struct error *e) {
    enum status s = ST_OK;
    for (size_t i = 0; i < p->condition_count && s == ST_OK; i++)
        s = check_calls(p, p->conditions[i].expr, e);
    return s;
}

static enum status add_text(struct policy_set *set, struct slice text, const char *file, struct error *e) {
    const struct policy *list;
    size_t count;
    enum status s = parse_policies(text, file, &set->arena, &list, &count, e);
    const uint32_t changing = 1u << ACT_CREATE | 1u << ACT_UPDATE | 1u << ACT_DELETE | 1u << ACT_RESTORE |
                              1u << ACT_IMPORT | 1u << ACT_TRANSFER | 1u << ACT_WRITE;
    const unsigned asked = MENTION_REASON | MENTION_SECOND_FACTOR;
    for (size_t i = 0; i < count && s == ST_OK; i++) {
        if (set->count == POLICIES_MAX)
            return error_set(e, ST_LIMIT, "too_many_policies", "more than %d policies", POLICIES_MAX);
        struct policy *p = arena_alloc(&set->arena, sizeof *p);
        if (p == NULL)
            return error_set(e, ST_NOMEM, "no_memory", "%s: too large", file);
        *p = list[i];
        s = check_template(p, e);
        if (s != ST_OK)
            return s;
        p->acts = model_acts(&p->action);
        s = check_acts(p, e);
        if (s == ST_OK)
            s = check_conditions(p, e);
        if (s == ST_OK)
            s = obligation_add(p, &set->arena, e);
        set->mentions |= p->mentions;
        set->asks = set->asks || ((p->acts & changing) != 0 && (p->mentions & asked) != 0);
        set->policies[set->count++] = p;
    }
    return s;
}

static enum status check_names(const struct policy_set *set, struct error *e) {
    struct map names;
    map_init(&names);
    enum status s = ST_OK;
    for (size_t i = 0; i < set->count && s == ST_OK; i++) {
        const struct policy *p = set->policies[i], *other = map_get(&names, p->id);
        if (other != NULL)
            s = error_set(e, ST_INVALID, "policy_twice", "%s:%u:%u: a policy of this @id stands at %s:%u",
                          p->file, p->line, p->column, other->file, other->line);
        else
            s = map_put(&names, p->id, (void *)(uintptr_t)p);
    }
    map_free(&names);
    return s;
}

static enum status sort_by_act(struct policy_set *set) {
    for (unsigned act = 0; act < ACT_COUNT; act++) {
        set->by_act[act] = arena_array(&set->arena, set->count, sizeof(struct policy *));
        if (set->by_act[act] == NULL)
            return ST_NOMEM;
        for (size_t i = 0; i < set->count; i++) {
            if (set->policies[i]->acts >> act & 1)
                set->by_act[act][set->by_act_count[act]++] = set->policies[i];
        }
    }
    return ST_OK;
}

static enum status make_index(struct policy_set *set) {
    const struct policies all = {.list = set->policies, .count = set->count};
    enum status s = policy_index_make(&all, &set->arena, &set->index);
    return s == ST_OK ? policy_probes_make(&all, &set->arena, &set->probes) : s;
}

static enum status finish(struct policy_set *set, enum status s, struct policy_set **out, struct error *e) {
    if (s == ST_OK)
        s = check_names(set, e);
    if (s == ST_OK)
        s = sort_by_act(set);
    if (s == ST_OK)
        s = make_index(set);
    if (s == ST_OK)
        *out = set;
    else
        policy_release(set);
    return s;
}

enum status policy_parse(struct slice text, const char *name, struct policy_set **out, struct error *e) {
    struct policy_set *set = set_new();
    if (set == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for policies");
    struct slice copy = arena_copy(&set->arena, text);
    const char *file = arena_string(&set->arena, slice_from_string(name));
    set->text = copy;
    enum status s = copy.p == NULL || file == NULL ? ST_NOMEM : add_text(set, copy, file, e);
    return finish(set, s, out, e);
}

static bool is_policy_file(const char *name) {
    size_t n = strlen(name);
    return name[0] != '.' && n > 6 && strcmp(name + n - 6, ".cedar") == 0;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum status list_files(const char *directory, struct arena *a, const char **names, size_t *count,
                              struct error *e) {
    DIR *d = opendir(directory);
    if (d == NULL)
        return error_set(e, ST_IO, "policies_unreadable", "%s: %s", directory, strerrordesc_np(errno));
    enum status s = ST_OK;
    *count = 0;
    for (struct dirent *entry = readdir(d); entry != NULL && s == ST_OK; entry = readdir(d)) {
        if (!is_policy_file(entry->d_name))
            continue;
        if (*count == POLICY_FILES_MAX)
            s = error_set(e, ST_LIMIT, "too_many_policies", "%s: more than %d files", directory,
                          POLICY_FILES_MAX);
        else if ((names[(*count)++] = arena_string(a, slice_from_string(entry->d_name))) == NULL)
            s = ST_NOMEM;
    }
    (void)closedir(d);
    qsort(names, s == ST_OK ? *count : 0, sizeof *names, compare_names);
    return s;
}

static enum status add_file(struct policy_set *set, const char *directory, const char *name,
                            struct buf *whole, struct error *e) {
    const char *path = arena_format(&set->arena, "%s/%s", directory, name);
    struct slice text;
    enum status s = path == NULL ? ST_NOMEM : file_read(path, LEX_SOURCE_MAX, &set->arena, &text);
    if (s != ST_OK)
        return error_set(e, s, "policies_unreadable", "%s: %s", name, status_name(s));
    buf_put_format(whole, "%s// ======== %s ========\n", whole->n == 0 ? "" : "\n", name);
    buf_put(whole, text.p, text.n);
    return add_text(set, text, name, e);
}

enum status policy_load(const char *directory, struct policy_set **out, struct error *e) {
    struct policy_set *set = set_new();
    if (set == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for policies");
    const char *names[POLICY_FILES_MAX];
    size_t count = 0;
    struct buf whole;
    buf_init(&whole, POLICY_ARENA_LIMIT, false);
    enum status s = list_files(directory, &set->arena, names, &count, e);
    for (size_t i = 0; i < count && s == ST_OK; i++)
        s = add_file(set, directory, names[i], &whole, e);
    set->text = s == ST_OK ? arena_copy(&set->arena, buf_slice(&whole)) : SLICE_NONE;
    if (s == ST_OK && (whole.failed || set->text.p == NULL))
        s = error_set(e, ST_NOMEM, "no_memory", "no memory for policies");
    buf_free(&whole);
    return finish(set, s, out, e);
}
