#include "object/set.h"

#include "base/file.h"
#include "object/draft.h"
#include "object/pattern.h"

#include <dirent.h>
#include <errno.h>

/* ---- finding ---- */

const struct object_def *object_find(const struct object_set *set, struct slice name) {
    return map_get(&set->by_name, name);
}

const struct object_def *object_by_id(const struct object_set *set, uint16_t id) {
    size_t low = 0, high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->objects[middle]->id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < set->count && set->objects[low]->id == id ? set->objects[low] : NULL;
}

const struct field_def *object_field(const struct object_def *o, struct slice name) {
    return map_get(&o->by_name, name);
}

const struct field_def *object_field_by_id(const struct object_def *o, uint16_t id) {
    for (size_t i = 0; i < o->field_count; i++) {
        if (o->fields[i].id == id)
            return &o->fields[i];
    }
    return NULL;
}

/* ---- living ---- */

void object_set_retain(const struct object_set *set) {
    (void)__atomic_add_fetch(&((struct object_set *)(uintptr_t)set)->references, 1, __ATOMIC_RELAXED);
}

static void set_free(struct object_set *set) {
    for (size_t i = 0; i < set->count; i++)
        map_free(&((struct object_def *)(uintptr_t)set->objects[i])->by_name);
    map_free(&set->by_name);
    arena_free(&set->arena);
    free(set);
}

void object_set_release(const struct object_set *set) {
    struct object_set *own = (struct object_set *)(uintptr_t)set;
    if (own == NULL || __atomic_sub_fetch(&own->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    for (size_t i = 0; i < own->count; i++) {
        for (size_t k = 0; k < own->objects[i]->field_count; k++)
            pattern_free((struct object_pattern *)(uintptr_t)own->objects[i]->fields[k].pattern_code);
    }
    set_free(own);
}

/* ---- reading ---- */

static void drafts_free_patterns(struct object_draft *drafts, size_t count) {
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < drafts[i].field_count && drafts[i].fields != NULL; k++)
            pattern_free((struct object_pattern *)(uintptr_t)drafts[i].fields[k].def.pattern_code);
    }
}

static enum status read_one(struct arena *a, const struct object_source *source, struct object_draft *out,
                            struct error *e) {
    json_t *root = NULL;
    enum status s = object_parse_json(source->name, source->text, &root, e);
    if (s == ST_OK)
        s = object_read(a, source->name, root, out, e);
    json_decref(root);
    return s;
}

enum status object_set_read(const struct object_source *sources, size_t count, uint64_t version,
                            struct object_set **out, struct error *e) {
    *out = NULL;
    if (count > OBJECTS_MAX)
        return error_set(e, ST_INVALID, "definition_invalid", "there are more than %d objects; join some",
                         OBJECTS_MAX);
    struct object_set *set = calloc(1, sizeof *set);
    if (set == NULL)
        return ST_NOMEM;
    set->version = version;
    set->references = 1;
    arena_init(&set->arena, OBJECT_SET_MAX, ARENA_PLAIN);
    map_init(&set->by_name);
    struct object_draft *drafts = arena_array(&set->arena, count, sizeof *drafts);
    enum status s = drafts == NULL ? ST_NOMEM : ST_OK;
    for (size_t i = 0; s == ST_OK && i < count; i++)
        s = read_one(&set->arena, &sources[i], &drafts[i], e);
    if (s == ST_OK)
        s = object_link(drafts, count, set, e);
    if (s != ST_OK) {
        if (drafts != NULL)
            drafts_free_patterns(drafts, count);
        set_free(set);
        return s;
    }
    *out = set;
    return ST_OK;
}

static int is_definition(const struct dirent *entry) {
    const char *name = entry->d_name;
    size_t n = strlen(name);
    return name[0] != '.' && n > 5 && strcmp(name + n - 5, ".json") == 0 && strcmp(name, "schema.json") != 0;
}

static enum status load_files(const char *directory, struct dirent *const *entries, size_t count,
                              struct arena *a, struct object_set **out, struct error *e) {
    struct object_source *sources = arena_array(a, count, sizeof *sources);
    if (sources == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < count; i++) {
        const char *path = arena_format(a, "%s/%s", directory, entries[i]->d_name);
        if (path == NULL)
            return ST_NOMEM;
        sources[i].name = entries[i]->d_name;
        enum status s = file_read(path, OBJECT_FILE_MAX, a, &sources[i].text);
        if (s != ST_OK)
            return error_set(e, s, "definition_invalid",
                             "%s: cannot be read (%s); it must be a file of at most 1 MiB",
                             entries[i]->d_name, status_name(s));
    }
    return object_set_read(sources, count, 1, out, e);
}

enum status object_set_load(const char *directory, struct object_set **out, struct error *e) {
    *out = NULL;
    struct dirent **entries = NULL;
    int n = scandir(directory, &entries, is_definition, alphasort);
    if (n < 0)
        return error_set(e, ST_IO, "definitions_missing", "%.150s: %s", directory, strerror(errno));
    struct arena a;
    arena_init(&a, OBJECT_SET_MAX, ARENA_PLAIN);
    enum status s =
        n == 0 ? error_set(e, ST_NOT_FOUND, "definitions_missing",
                           "%.150s holds no definitions (*.json); point to the directory objects", directory)
               : load_files(directory, entries, (size_t)n, &a, out, e);
    arena_free(&a);
    for (int i = 0; i < n; i++)
        free(entries[i]);
    free(entries);
    return s;
}
