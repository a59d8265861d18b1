#include "share/import.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/json_in.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define BODY_MAX 8192
#define LIST_MAX 10000

/* ---- the item ---- */

static enum status read_body(const json_t *body, struct arena *a, struct import *i) {
    static const struct {
        const char *name;
        size_t offset;
    } ids[] = {{"parts_box", offsetof(struct import, parts_box)},
               {"kept_box", offsetof(struct import, kept_box)},
               {"job", offsetof(struct import, job)},
               {"undo", offsetof(struct import, undo)}};
    for (size_t k = 0; k < sizeof ids / sizeof ids[0]; k++) {
        const char *text = json_string_value(json_object_get(body, ids[k].name));
        if (!uuid_parse(slice_from_string(text), (struct uuid *)(void *)((uint8_t *)i + ids[k].offset)))
            return ST_CORRUPT;
    }
    i->object = (uint16_t)json_integer_value(json_object_get(body, "object"));
    i->size = (uint64_t)json_integer_value(json_object_get(body, "size"));
    i->encoding = (uint8_t)json_integer_value(json_object_get(body, "encoding"));
    i->delimiter = (uint8_t)json_integer_value(json_object_get(body, "delimiter"));
    i->header = json_is_true(json_object_get(body, "header"));
    const json_t *name = json_object_get(body, "name");
    struct slice text = slice_of(json_string_value(name), json_string_length(name));
    uint8_t *sealed = arena_alloc(a, text.n + 1);
    size_t n = 0;
    if (sealed == NULL)
        return ST_NOMEM;
    if (!base64url_decode(text, sealed, &n) || i->encoding >= ENCODING_END || i->size > IMPORT_SIZE_MAX)
        return ST_CORRUPT;
    i->name = slice_of(sealed, n);
    return ST_OK;
}

static enum status from_item(const struct store_item *item, struct arena *a, struct import *out) {
    *out = (struct import){.owner = item->owner, .created_at = item->at_ms};
    json_t *body;
    enum status s = json_read(item->body, 0, &body, NULL);
    if (s == ST_OK)
        s = uuid_parse(item->key, &out->id) ? read_body(body, a, out) : ST_CORRUPT;
    json_decref(body);
    return s == ST_INVALID ? ST_CORRUPT : s;
}

enum status import_get(struct store_reader *r, const struct uuid *id, uint32_t owner, struct arena *a,
                       struct import *out, struct error *e) {
    char key[UUID_TEXT + 1];
    struct store_item item;
    uuid_format(id, key);
    enum status s = store_item_get(r, SLICE(IMPORT_ITEM), slice_from_string(key), a, &item, e);
    if (s == ST_NOT_FOUND || (s == ST_OK && item.owner != owner))
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such import");
    if (s != ST_OK)
        return s;
    s = from_item(&item, a, out);
    return s == ST_OK ? s : error_set(e, s, "corrupt", "an import can't be read");
}

enum status import_list(struct store_reader *r, uint32_t owner, size_t most, struct arena *a,
                        struct import **out, size_t *n, struct error *e) {
    struct store_item *items;
    size_t count;
    enum status s = store_item_list(r, SLICE(IMPORT_ITEM), owner, SLICE_NONE, LIST_MAX, a, &items, &count, e);
    if (s != ST_OK)
        return s;
    *n = count < most ? count : most;
    *out = arena_array(a, *n, sizeof **out);
    if (*out == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "imports");
    for (size_t i = 0; i < *n; i++) { /* ids begin with their time */
        if (from_item(&items[count - 1 - i], a, &(*out)[i]) != ST_OK)
            return error_set(e, ST_CORRUPT, "corrupt", "an import can't be read");
    }
    return ST_OK;
}

enum status import_list_old(struct store_reader *r, int64_t before_ms, uint32_t most, struct arena *a,
                            struct import **out, size_t *n, struct error *e) {
    struct store_item *items;
    size_t count;
    *n = 0;
    enum status s = store_item_list(r, SLICE(IMPORT_ITEM), 0, SLICE_NONE, most, a, &items, &count, e);
    if (s != ST_OK)
        return s;
    *out = arena_array(a, count, sizeof **out);
    if (*out == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "imports");
    for (size_t i = 0; i < count; i++) {
        if (items[i].at_ms < before_ms && from_item(&items[i], a, &(*out)[*n]) == ST_OK)
            (*n)++;
    }
    return ST_OK;
}

enum status import_put(struct world *w, const struct import *i, struct error *e) {
    struct buf body;
    char name[BASE64URL_LENGTH(IMPORT_NAME_MAX + 256) + 1];
    if (i->name.n > IMPORT_NAME_MAX + 256)
        return error_set(e, ST_LIMIT, "too_large", "the file's name is too long");
    base64url_encode(i->name, name);
    buf_init(&body, BODY_MAX, false);
    struct json j = json_to(&body);
    json_object_begin(&j);
    json_key(&j, "parts_box");
    json_uuid(&j, &i->parts_box);
    json_key(&j, "kept_box");
    json_uuid(&j, &i->kept_box);
    json_key(&j, "job");
    json_uuid(&j, &i->job);
    json_key(&j, "undo");
    json_uuid(&j, &i->undo);
    json_key(&j, "object");
    json_int(&j, i->object);
    json_key(&j, "size");
    json_int(&j, (int64_t)i->size);
    json_key(&j, "encoding");
    json_int(&j, i->encoding);
    json_key(&j, "delimiter");
    json_int(&j, i->delimiter);
    json_key(&j, "header");
    json_bool(&j, i->header);
    json_key(&j, "name");
    json_cstring(&j, name);
    json_object_end(&j);
    enum status s = body.failed ? error_set(e, ST_NOMEM, "no_memory", "import")
                                : job_item_put(w, SLICE(IMPORT_ITEM), &i->id, i->owner, i->created_at,
                                               buf_slice(&body), e);
    buf_free(&body);
    return s;
}

enum status import_make(struct caller *c, const char *data_dir, uint16_t object, struct slice name,
                        uint64_t size, struct import *out, struct error *e) {
    struct slice sealed;
    *out = (struct import){
        .owner = c->who.user, .object = object, .size = size, .created_at = clock_wall_ms(), .header = true};
    if (uuid_new(&out->id) != ST_OK)
        return error_set(e, ST_IO, "internal", "no random bytes");
    enum status s = keeper_box_make_passing(c->keeper, &c->call, &out->parts_box, e);
    if (s == ST_OK)
        s = keeper_box_make_passing(c->keeper, &c->call, &out->kept_box, e);
    if (s == ST_OK)
        s = keeper_box_seal(c->keeper, &c->call, &out->kept_box, STREAM_NAME, 0, name, &sealed, e);
    if (s != ST_OK)
        return s;
    out->name = arena_copy(c->arena, sealed);
    char id[UUID_TEXT + 1];
    uuid_format(&out->id, id);
    const char *directory = arena_format(c->arena, "%s/uploads/%s", data_dir, id);
    if (out->name.p == NULL || directory == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "import");
    if (file_make_directory(directory, 02770) != ST_OK)
        return error_set(e, ST_IO, "upload_failed", "the uploads' directory can't be written");
    return import_put(c->world.world, out, e);
}

struct slice import_name(struct caller *c, const struct import *i) {
    struct slice plain;
    struct error ignored;
    if (keeper_box_open(c->keeper, &c->call, &i->kept_box, STREAM_NAME, 0, i->name, &plain, &ignored) !=
        ST_OK)
        return SLICE("");
    struct slice copy = arena_copy(c->arena, plain);
    return copy.p == NULL ? SLICE("") : copy;
}

/* ---- files ---- */

char *import_path(struct arena *a, const char *data_dir, const struct uuid *id, char kind, uint64_t n) {
    char text[UUID_TEXT + 1];
    uuid_format(id, text);
    return arena_format(a, "%s/uploads/%s/%c%llu", data_dir, text, kind, (unsigned long long)n);
}

enum status import_room(const char *data_dir, uint64_t bytes, struct error *e) {
    struct statvfs disk;
    if (statvfs(data_dir, &disk) != 0)
        return error_set(e, ST_IO, "upload_failed", "the disk does not say what is free");
    uint64_t block = disk.f_frsize, left = disk.f_blocks / IMPORT_DISK_SHARE * block;
    left = left > IMPORT_DISK_LEFT ? IMPORT_DISK_LEFT : left;
    if (disk.f_bavail * block < left + bytes)
        return error_set(e, ST_LIMIT, "disk_low", "files are not taken while the disk is nearly full");
    return ST_OK;
}

enum status import_write_part(struct caller *c, const char *data_dir, const struct import *i, uint64_t n,
                              struct slice bytes, struct error *e) {
    struct slice sealed;
    uint64_t parts = import_parts(i);
    uint64_t length = n + 1 < parts ? IMPORT_PART : i->size - (parts - 1) * IMPORT_PART;
    if (n >= parts || bytes.n != length)
        return error_set(e, ST_INVALID, "part_size", "the part must be %llu bytes long",
                         (unsigned long long)(n < parts ? length : 0));
    const char *path = import_path(c->arena, data_dir, &i->id, 'p', n);
    if (path == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "part");
    enum status s = import_room(data_dir, bytes.n, e);
    if (s == ST_OK)
        s = keeper_box_seal(c->keeper, &c->call, &i->parts_box, STREAM_PARTS, n, bytes, &sealed, e);
    if (s == ST_OK && file_replace(path, sealed, 0660) != ST_OK)
        s = error_set(e, ST_IO, "disk_full", "the part can't be written");
    return s;
}

enum status import_read_part(struct keeper *k, const struct keeper_call *call, const char *data_dir,
                             const struct import *i, uint64_t n, struct arena *a, struct slice *out,
                             struct error *e) {
    struct slice sealed;
    const char *path = import_path(a, data_dir, &i->id, 'p', n);
    enum status s = path == NULL ? ST_NOMEM : file_read(path, IMPORT_SEALED_MAX, a, &sealed);
    if (s != ST_OK)
        return error_set(e, s, "upload_missing", "a part of the file is not there");
    return keeper_box_open(k, call, &i->parts_box, STREAM_PARTS, n, sealed, out, e);
}

bool import_is_complete(struct arena *a, const char *data_dir, const struct import *i) {
    for (uint64_t n = 0; n < import_parts(i); n++) {
        const char *path = import_path(a, data_dir, &i->id, 'p', n);
        if (path == NULL || access(path, R_OK) != 0)
            return false;
    }
    return i->size > 0;
}

enum status import_destroy_parts(struct keeper *k, const struct keeper_call *call, const char *data_dir,
                                 const struct import *i, struct arena *a, struct error *e) {
    for (uint64_t n = 0; n < import_parts(i); n++) {
        const char *path = import_path(a, data_dir, &i->id, 'p', n);
        if (path == NULL)
            return error_set(e, ST_NOMEM, "no_memory", "parts");
        (void)unlink(path);
    }
    enum status s = keeper_box_destroy(k, call, &i->parts_box, e);
    return s == ST_NOT_FOUND ? ST_OK : s;
}

static void remove_files(struct arena *a, const char *data_dir, const struct uuid *id) {
    char text[UUID_TEXT + 1];
    uuid_format(id, text);
    const char *directory = arena_format(a, "%s/uploads/%s", data_dir, text);
    DIR *d = directory == NULL ? NULL : opendir(directory);
    if (d == NULL)
        return;
    for (const struct dirent *x = readdir(d); x != NULL; x = readdir(d))
        (void)unlinkat(dirfd(d), x->d_name, 0);
    (void)closedir(d);
    (void)rmdir(directory);
}

enum status import_forget(struct world *w, const char *data_dir, const struct import *i, struct arena *a,
                          struct error *e) {
    char key[UUID_TEXT + 1];
    struct write_result result;
    enum status s = uuid_is_nil(&i->job) ? ST_OK : job_forget(w, &i->job, e);
    if (s == ST_OK && !uuid_is_nil(&i->undo))
        s = job_forget(w, &i->undo, e);
    if (s != ST_OK)
        return s;
    remove_files(a, data_dir, &i->id);
    uuid_format(&i->id, key);
    struct write_op op = {
        .kind = WRITE_ITEM, .item_kind = SLICE(IMPORT_ITEM), .key = slice_from_string(key), .remove = true};
    struct write_set set = {.ops = &op, .count = 1};
    return world_commit(w, &set, &result, e);
}
