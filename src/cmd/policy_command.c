/* kedun policy explain: why somebody may or may not do something with one record. For the operator of the
 * machine: it needs no sign-in, opens no sealed value and prints conditions, never what is in the record. */
#include "cmd/command.h"

#include "base/json_in.h"
#include "cmd/init_keeper.h"
#include "cmd/init_options.h"
#include "cmd/policy_files.h"
#include "people/world_load.h"
#include "policy/model.h"
#include "record/caller.h"

#include <jansson.h>
#include <stdio.h>

#define MEMORY ((size_t)64 * 1024 * 1024)

struct explain {
    struct command_options options;
    char config_path[CONFIG_TEXT];
    const char *user, *action, *record, *field;
    const char *reason;
    struct tool_keeper tool;
    struct store *store;
    struct world *world;
    struct caller caller;
    struct arena arena;
    const struct object_def *object;
    const struct field_def *field_def;
    enum act act;
    struct uuid id;
    bool has_id;
    uint16_t columns[STORE_COLUMNS_MAX];
    size_t column_count;
    struct store_rows rows;
};

/* ---- who ---- */

static void take_user(struct principal *who, uint32_t id, const json_t *document) {
    const json_t *names = json_object_get(document, "roles");
    who->user = id;
    (void)snprintf(who->login, sizeof who->login, "%s",
                   json_string_value(json_object_get(document, "login")));
    who->department = (uint32_t)json_integer_value(json_object_get(document, "department"));
    for (size_t i = 0; i < json_array_size(names) && i < KEEPER_ROLES_MAX; i++)
        (void)snprintf(who->roles[who->role_count++], sizeof who->roles[0], "%s",
                       json_string_value(json_array_get(names, i)));
}

/* By login or number. */
static bool is_user(const struct explain *x, const struct registry_item *item, const json_t *document) {
    const char *login = json_string_value(json_object_get(document, "login"));
    char number[16];
    (void)snprintf(number, sizeof number, "%u", item->id);
    return (login != NULL && strcmp(login, x->user) == 0) || strcmp(number, x->user) == 0;
}

static enum status find_user(struct explain *x, struct keeper *k, struct error *e) {
    uint64_t since = 0, version = 0;
    for (;;) {
        struct registry_item *items;
        size_t n;
        enum status s = keeper_registry_list(k, since, &x->arena, &items, &n, &version, e);
        if (s != ST_OK)
            return s;
        for (size_t i = 0; i < n; i++) {
            if (items[i].kind != REGISTRY_USER)
                continue;
            json_t *document;
            if (json_read(items[i].document, 0, &document, NULL) == ST_OK && is_user(x, &items[i], document))
                take_user(&x->caller.who, items[i].id, document);
            json_decref(document);
        }
        if (x->caller.who.user != 0)
            return ST_OK;
        if (n == 0 || version <= since)
            return error_set(e, ST_NOT_FOUND, "unknown_user", "there is no user %s (login or number)",
                             x->user);
        since = version;
    }
}

/* ---- what ---- */

static enum status find_act(struct explain *x, struct error *e) {
    for (int a = 0; a < ACT_COUNT; a++) {
        if (strcmp(act_name((enum act)a), x->action) == 0) {
            x->act = (enum act)a;
            return ST_OK;
        }
    }
    return error_set(
        e, ST_INVALID, "unknown_action",
        "there is no action %s; actions are list, view, create, update, delete, restore, import, export, "
        "reveal, transfer, resolve, and with --field see, read, write, match",
        x->action);
}

/* "customer" or "customer/UUID". */
static enum status find_object(struct explain *x, struct error *e) {
    const char *slash = strchr(x->record, '/');
    size_t n = slash == NULL ? strlen(x->record) : (size_t)(slash - x->record);
    x->object = object_find(x->caller.world.objects, slice_of(x->record, n));
    if (x->object == NULL)
        return error_set(e, ST_NOT_FOUND, "unknown_object",
                         "there is no object %.*s; --record takes customer/ID", (int)n, x->record);
    x->has_id = slash != NULL;
    if (x->has_id && !uuid_parse(slice_from_string(slash + 1), &x->id))
        return error_set(e, ST_INVALID, "bad_id", "%s is no record id", slash + 1);
    if (x->field == NULL)
        return ST_OK;
    x->field_def = object_field(x->object, slice_from_string(x->field));
    return x->field_def != NULL
               ? ST_OK
               : error_set(e, ST_NOT_FOUND, "unknown_field", "%s has no field %s", x->object->name, x->field);
}

/* The columns that policies may speak of: nothing sealed. */
static enum status load_row(struct explain *x, struct error *e) {
    for (size_t i = 0; i < x->object->field_count; i++) {
        const struct field_def *f = &x->object->fields[i];
        if (!field_is_sealed(f) && !field_is_internal(f))
            x->columns[x->column_count++] = f->id;
    }
    struct store_select q = {
        .object = x->object,
        .columns = x->columns,
        .column_count = x->column_count,
        .filter = pred_compare(&x->arena, PRED_EQ, FIELD_ID, cell_bytes(slice_of(x->id.b, sizeof x->id.b))),
        .include_deleted = true,
        .limit = 1};
    if (q.filter == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "explain");
    enum status s = store_query(x->caller.reader, &q, &x->arena, &x->rows, e);
    if (s == ST_OK && x->rows.count == 0)
        return error_set(e, ST_NOT_FOUND, "unknown_record", "there is no record %s", x->record);
    return s;
}

static void look_up(const void *row, uint16_t column, struct cell *out) {
    const struct explain *x = row;
    *out = cell_null();
    for (size_t i = 0; i < x->column_count; i++) {
        if (x->columns[i] == column)
            *out = x->rows.rows[0].cells[i];
    }
}

/* ---- the answer ---- */

/* Policies for other people say nothing to the reader; the JSON has them. */
static bool is_for_others(const json_t *policy) {
    const char *part = json_string_value(json_object_get(policy, "part"));
    return part != NULL && strcmp(part, "principal") == 0;
}

static void print_policy(const json_t *p) {
    const char *because = json_string_value(json_object_get(p, "because"));
    const char *condition = json_string_value(json_object_get(p, "condition"));
    (void)printf("  %s %s (%s:%d)", json_string_value(json_object_get(p, "effect")),
                 json_string_value(json_object_get(p, "id")), json_string_value(json_object_get(p, "file")),
                 (int)json_integer_value(json_object_get(p, "line")));
    if (condition != NULL)
        (void)printf(": %s %s", because, condition);
    else if (because != NULL)
        (void)printf(": %s", because);
    (void)printf("\n");
}

static void print_list(const json_t *list, const char *title) {
    size_t shown = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (is_for_others(json_array_get(list, i)))
            continue;
        if (shown++ == 0)
            (void)printf("%s:\n", title);
        print_policy(json_array_get(list, i));
    }
}

static void print_words(const struct explain *x, const json_t *answer) {
    const char *decision = json_string_value(json_object_get(answer, "decision"));
    bool allowed = decision != NULL && strcmp(decision, "allow") == 0;
    const json_t *determining = json_object_get(answer, "determining");
    (void)printf("%s%s %s %s%s%s。\n", x->caller.who.login, allowed ? " 可以" : " 不可以", x->action,
                 x->record, x->field == NULL ? "" : " 字段 ", x->field == NULL ? "" : x->field);
    (void)printf("%s may%s %s %s%s%s.\n", x->caller.who.login, allowed ? "" : " not", x->action, x->record,
                 x->field == NULL ? "" : ", field ", x->field == NULL ? "" : x->field);
    if (json_array_size(determining) == 0)
        (void)printf("没有任何策略允许：默认拒绝。 No policy permits it: the default is deny.\n");
    print_list(determining, "起决定作用的策略 Decided by");
    print_list(json_object_get(answer, "others"), "未起作用的策略及原因 Without effect, and why");
    (void)printf("角色 Roles:");
    for (size_t i = 0; i < x->caller.who.role_count; i++)
        (void)printf(" %s", x->caller.who.roles[i]);
    (void)printf("；密钥保管进程另按角色上限与额度把关 (the keeper also holds each role to its ceiling and "
                 "budgets)\n");
}

static enum status print_answer(struct explain *x, struct error *e) {
    struct buf b;
    struct policy_query q = {.set = x->caller.world.policies,
                             .actor = &x->caller.actor,
                             .organisation = &x->caller.world.directory->organisation,
                             .objects = x->caller.world.objects,
                             .object = x->object,
                             .context = &x->caller.context,
                             .arena = &x->arena};
    buf_init(&b, (size_t)4 * 1024 * 1024, false);
    struct json j = json_to(&b);
    enum status s = policy_explain(&q, x->act, x->field_def, look_up, x->has_id ? x : NULL, &j, e);
    json_t *answer = NULL;
    if (s == ST_OK && json_read(buf_slice(&b), 0, &answer, NULL) == ST_NOMEM)
        s = error_set(e, ST_NOMEM, "no_memory", "explanation");
    if (answer != NULL) {
        (void)json_dumpf(answer, stdout, JSON_INDENT(2));
        (void)printf("\n\n");
        print_words(x, answer);
    }
    json_decref(answer);
    buf_free(&b);
    return s;
}

static enum status explain_with(struct explain *x, struct keeper *k, struct error *e) {
    struct world_source from = {.database = x->tool.db,
                                .objects_dir = x->options.config.objects_dir,
                                .policies_dir = x->options.config.policies_dir,
                                .mode = STORE_READ_ONLY};
    enum status s = world_load(k, &from, &x->store, &x->world, e);
    if (s == ST_OK)
        s = store_reader_open(x->store, &x->caller.reader, e);
    if (s != ST_OK)
        return s;
    x->caller.keeper = k;
    x->caller.arena = &x->arena;
    x->caller.context.has_reason = x->reason != NULL;
    world_enter(x->world, &x->caller.world);
    s = find_user(x, k, e);
    if (s == ST_OK)
        s = caller_prepare(&x->caller, e);
    if (s == ST_OK)
        s = find_act(x, e);
    if (s == ST_OK)
        s = find_object(x, e);
    if (s == ST_OK && x->has_id)
        s = load_row(x, e);
    if (s == ST_OK)
        s = print_answer(x, e);
    caller_finish(&x->caller);
    return s;
}

/* While `kedun serve` runs, its keeper answers whoever started it; else one is started for the moment. */
static enum status explain(struct explain *x, struct error *e) {
    struct keeper *running = NULL;
    enum status s = data_dir_initialised(x->options.data, e);
    if (s == ST_OK)
        s = tool_keeper_start(&x->options, &x->tool, e);
    if (s == ST_CONFLICT && strcmp(e->code, "data_dir_in_use") == 0) {
        (void)snprintf(x->tool.db, sizeof x->tool.db, "%s/db", x->tool.dir);
        (void)snprintf(x->tool.admin_socket, sizeof x->tool.admin_socket, "%s/run/keeper-admin.sock",
                       x->tool.dir);
        s = keeper_connect(x->tool.admin_socket, &running, e);
    }
    if (s != ST_OK)
        return s;
    arena_init(&x->arena, MEMORY, ARENA_PLAIN);
    s = explain_with(x, running != NULL ? running : x->tool.admin, e);
    if (x->caller.reader != NULL)
        store_reader_close(x->caller.reader);
    if (x->world != NULL)
        world_free(x->world);
    if (x->store != NULL)
        store_close(x->store);
    arena_free(&x->arena);
    if (running != NULL)
        keeper_close(running);
    else
        tool_keeper_stop(&x->tool);
    return s;
}

static int policy_explain_command(int argc, char **argv) {
    static struct explain x;
    struct error e = {0};
    const struct own_option own[] = {{"user", &x.user, false},
                                     {"action", &x.action, false},
                                     {"record", &x.record, false},
                                     {"field", &x.field, false},
                                     {"with-reason", &x.reason, true}};
    if (!own_options_take(&argc, argv, own, sizeof own / sizeof own[0]))
        return EXIT_USAGE;
    if (!command_options_read(argc, argv, &x.options, x.config_path, sizeof x.config_path))
        return EXIT_CONFIG;
    if (x.options.data == NULL || x.user == NULL || x.action == NULL || x.record == NULL) {
        (void)fprintf(
            stderr,
            "kedun: policy explain needs --data DIR --user LOGIN --action ACTION --record OBJECT/ID\n");
        return EXIT_USAGE;
    }
    log_setup("policy", LOG_WARN);
    if (explain(&x, &e) == ST_OK)
        return EXIT_FINE;
    (void)fprintf(stderr, "kedun: %s\n", e.detail);
    return EXIT_FAILED;
}

int command_policy(int argc, char **argv) {
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } commands[] = {{"explain", policy_explain_command}, {"authorize", policy_authorize},
                    {"validate", policy_validate},       {"translate", policy_translate},
                    {"format", policy_format_command},   {"diff", policy_diff_command},
                    {"matrix", policy_matrix_command},   {"test", policy_test_command},
                    {"schema", policy_schema_command}};
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    (void)fprintf(stderr, "kedun: policy takes");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        (void)fprintf(stderr, "%s %s", i == 0 ? "" : ",", commands[i].name);
    (void)fprintf(stderr, "\n");
    return EXIT_USAGE;
}
