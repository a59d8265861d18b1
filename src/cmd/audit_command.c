#include "audit/reader.h"
#include "audit/verify.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/init_options.h"
#include "crypto/start.h"

#include <inttypes.h>
#include <stdio.h>

#define HEAD_MOST   4096
#define FILE_MEMORY ((size_t)64 * 1024)
#define LINE_MOST   ((size_t)1024 * 1024)
/* One entry at its bounds: records, fields, exceptions, details. */
#define ENTRY_MEMORY ((size_t)4 * 1024 * 1024)
#define KEY_BYTES    32

/* Offline: nothing of the data directory but audit/ is touched, and nothing is locked. */
struct audit_tool {
    struct command_options options;
    char config_path[CONFIG_TEXT];
    const char *head, *key, *from;
    char directory[CONFIG_TEXT];
    struct arena arena;
};

static enum status take_directory(struct audit_tool *t, struct error *e) {
    int n = snprintf(t->directory, sizeof t->directory, "%s/audit", t->options.data);
    return n > 0 && (size_t)n < sizeof t->directory
               ? ST_OK
               : error_set(e, ST_INVALID, "bad_path", "the path of the data directory is too long");
}

/* 64 hexadecimal digits: a copy kept elsewhere (--key), or the one that the keeper put beside the log. */
static enum status take_key(struct audit_tool *t, uint8_t key[KEY_BYTES], struct error *e) {
    struct slice text;
    const char *path = t->key != NULL ? t->key : arena_format(&t->arena, "%s/public.key", t->directory);
    if (path == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for a path");
    enum status s = file_read(path, HEAD_MOST, &t->arena, &text);
    if (s != ST_OK)
        return error_set(e, s, "no_public_key", "%s can't be read: give the public key with --key FILE",
                         path);
    return hex_decode(slice_trim(text), key, KEY_BYTES)
               ? ST_OK
               : error_set(e, ST_INVALID, "bad_public_key", "%s holds no public key of 64 digits", path);
}

static void print_report(const struct audit_tool *t, const struct audit_report *r, bool sound) {
    char root[2 * sizeof r->root + 1];
    hex_encode(slice_of(r->root, sizeof r->root), root);
    (void)printf("entries %" PRIu64 "\nheads %" PRIu64 "\nsigned_until %" PRIu64 "\nwiped_details %" PRIu64
                 "\ntorn_bytes %" PRIu64 "\nroot %s\n",
                 r->entries, r->checkpoints, r->signed_until, r->wiped_sides, r->torn_bytes, root);
    if (!sound && r->bad_seq != 0)
        (void)printf("first_bad_entry %" PRIu64 "\n", r->bad_seq);
    (void)printf("%s%s\n", sound ? "sound" : "NOT SOUND",
                 sound && t->head == NULL ? " (no head from outside was given: --head FILE)" : "");
}

static enum status verify(struct audit_tool *t, struct error *e) {
    uint8_t key[KEY_BYTES];
    struct slice head = SLICE_NONE;
    struct audit_report report;
    enum status s = take_key(t, key, e);
    if (s == ST_OK && t->head != NULL && file_read(t->head, HEAD_MOST, &t->arena, &head) != ST_OK)
        s = error_set(e, ST_NOT_FOUND, "no_head", "%s can't be read", t->head);
    if (s != ST_OK)
        return s;
    s = audit_verify(t->directory, key, head, &report, e);
    if (s == ST_OK || s == ST_CORRUPT)
        print_report(t, &report, s == ST_OK);
    return s;
}

static void put_fields(struct json *j, const struct audit_entry *entry) {
    json_key(j, "fields");
    json_array_begin(j);
    for (size_t i = 0; i < entry->field_count; i++) {
        json_object_begin(j);
        json_key(j, "field");
        json_int(j, entry->fields[i].field);
        json_key(j, "view");
        json_int(j, entry->fields[i].view);
        json_object_end(j);
    }
    json_array_end(j);
}

static void put_entry(struct json *j, const struct audit_entry *entry) {
    json_object_begin(j);
    json_key(j, "seq");
    json_int(j, (int64_t)entry->seq);
    json_key(j, "at");
    json_time(j, entry->time_ms);
    json_key(j, "act");
    json_cstring(j, audit_act_name(entry->act));
    json_key(j, "outcome");
    json_cstring(j, audit_outcome_name(entry->outcome));
    json_key(j, "actor");
    json_int(j, entry->actor);
    json_key(j, "object");
    json_int(j, entry->object);
    json_key(j, "intent");
    json_int(j, (int64_t)entry->intent);
    json_key(j, "tag");
    json_text(j, entry->tag);
    json_key(j, "records");
    json_array_begin(j);
    for (size_t i = 0; i < entry->record_count; i++)
        json_uuid(j, &entry->records[i]);
    json_array_end(j);
    put_fields(j, entry);
    json_object_end(j);
}

static enum status print_entry(struct buf *line, const struct audit_entry *entry) {
    struct json j = json_to(line);
    put_entry(&j, entry);
    buf_put(line, "\n", 1);
    if (line->failed)
        return ST_NOMEM;
    return fwrite(line->p, 1, line->n, stdout) == line->n ? ST_OK : ST_IO;
}

static enum status print_entries(struct audit_reader *reader, struct arena *a) {
    struct buf line;
    enum status s = ST_OK;
    buf_init(&line, LINE_MOST, false);
    while (s == ST_OK) {
        struct audit_entry entry;
        arena_reset(a);
        buf_reset(&line);
        s = audit_reader_next(reader, a, &entry);
        if (s == ST_OK)
            s = print_entry(&line, &entry);
    }
    buf_free(&line);
    return s == ST_NOT_FOUND ? ST_OK : s;
}

static enum status list(struct audit_tool *t, struct error *e) {
    int64_t from = 1;
    struct audit_reader *reader;
    struct arena a;
    if (!own_option_number("from", t->from, 1, INT64_MAX, &from))
        return error_set(e, ST_INVALID, "bad_from", "nothing was listed");
    enum status s = audit_reader_open(t->directory, (uint64_t)from, &reader, e);
    if (s != ST_OK)
        return s;
    arena_init(&a, ENTRY_MEMORY, ARENA_PLAIN);
    s = print_entries(reader, &a);
    arena_free(&a);
    audit_reader_close(reader);
    return s == ST_OK ? ST_OK : error_set(e, s, "audit_unreadable", "the log ends with %s", status_name(s));
}

static int run(struct audit_tool *t, enum status (*act)(struct audit_tool *, struct error *)) {
    struct error e = {0};
    arena_init(&t->arena, FILE_MEMORY, ARENA_PLAIN);
    enum status s = crypto_start(&e);
    if (s == ST_OK)
        s = take_directory(t, &e);
    if (s == ST_OK)
        s = act(t, &e);
    arena_free(&t->arena);
    if (s == ST_OK)
        return EXIT_FINE;
    (void)fprintf(stderr, "kedun: %s (%s)\n", e.detail, e.code);
    return EXIT_FAILED;
}

int command_audit(int argc, char **argv) {
    static struct audit_tool t;
    const struct own_option own[] = {
        {"head", &t.head, false}, {"key", &t.key, false}, {"from", &t.from, false}};
    bool verifies = argc > 1 && strcmp(argv[1], "verify") == 0;
    if (!verifies && (argc < 2 || strcmp(argv[1], "list") != 0)) {
        (void)fprintf(stderr, "kedun: audit takes verify or list\n");
        return EXIT_USAGE;
    }
    argc--;
    argv++;
    if (!own_options_take(&argc, argv, own, sizeof own / sizeof own[0]))
        return EXIT_USAGE;
    if (!command_options_read(argc, argv, &t.options, t.config_path, sizeof t.config_path))
        return EXIT_CONFIG;
    if (t.options.data == NULL) {
        (void)fprintf(stderr, "kedun: audit %s needs --data DIR\n", verifies ? "verify" : "list");
        return EXIT_USAGE;
    }
    log_setup("audit", LOG_WARN);
    return run(&t, verifies ? verify : list);
}
