/* kedun policy authorize: requests against policies and entities in files, as the language's own tool does.
 */
#include "base/json.h"
#include "cmd/init_options.h"
#include "cmd/policy_files.h"
#include "policy/authorize.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

struct asking {
    struct policy_files files;
    const char *entities, *requests, *validation, *verbose, *timing;
    const char *principal, *action, *resource, *context;
    struct arena arena, scratch;
    struct policies policies;
    const struct schema *schema;
    struct entity_store store;
    struct authorize_answer answer;
    int64_t taken_ns; /* by the last decision */
};

static bool is_checked(const struct asking *x) {
    return x->validation == NULL || strcmp(x->validation, "false") != 0;
}

static int64_t now_ns(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static enum status decide(struct asking *x, const struct document *d, struct error *e) {
    struct cedar_request q;
    arena_reset(&x->scratch);
    enum status s = request_from_json(d, x->requests == NULL ? "request" : x->requests, x->schema,
                                      is_checked(x), &x->scratch, &q, e);
    if (s != ST_OK)
        return s;
    int64_t from = now_ns();
    s = authorize(&x->policies, &x->store.entities, &q, &x->scratch, &x->answer);
    x->taken_ns = now_ns() - from;
    return s == ST_OK ? s : error_set(e, s, "no_memory", "a condition makes too large a value");
}

/* ---- out ---- */

static void put_ids(struct json *j, const struct authorize_answer *answer) {
    json_key(j, "determining");
    json_array_begin(j);
    for (size_t i = 0; i < answer->determining_count; i++)
        json_text(j, answer->determining[i]->id);
    json_array_end(j);
}

static void put_errors(struct json *j, const struct authorize_answer *answer) {
    json_key(j, "errors");
    json_array_begin(j);
    for (size_t i = 0; i < answer->error_count; i++) {
        const struct authorize_error *x = &answer->errors[i];
        json_object_begin(j);
        json_key(j, "policy");
        json_text(j, x->policy->id);
        json_key(j, "error");
        json_cstring(j, fault_name(x->fault));
        json_key(j, "line");
        json_int(j, x->at->line);
        json_key(j, "column");
        json_int(j, x->at->column);
        json_object_end(j);
    }
    json_array_end(j);
}

static void print_line(const struct asking *x, const struct error *e, bool decided) {
    const struct authorize_answer *answer = &x->answer;
    struct buf b;
    buf_init(&b, (size_t)64 * 1024 * 1024, false);
    struct json j = json_to(&b);
    json_object_begin(&j);
    json_key(&j, "decision");
    if (decided) {
        json_cstring(&j, answer->allowed ? "allow" : "deny");
        put_ids(&j, answer);
        put_errors(&j, answer);
        if (x->timing != NULL) {
            json_key(&j, "nanoseconds");
            json_int(&j, x->taken_ns);
        }
    } else {
        json_none(&j);
        json_key(&j, "refused");
        json_cstring(&j, e->detail);
    }
    json_object_end(&j);
    buf_put_u8(&b, '\n');
    (void)fwrite(b.p, 1, b.n, stdout);
    buf_free(&b);
}

static void print_words(const struct asking *x) {
    const struct authorize_answer *answer = &x->answer;
    (void)printf("%s\n", answer->allowed ? "ALLOW" : "DENY");
    if (x->timing != NULL)
        (void)printf("decided in %" PRId64 " ns\n", x->taken_ns);
    for (size_t i = 0; i < answer->error_count; i++) {
        const struct authorize_error *f = &answer->errors[i];
        (void)printf("error: policy %.*s, line %u column %u: %s\n", (int)f->policy->id.n,
                     (const char *)f->policy->id.p, f->at->line, f->at->column, fault_name(f->fault));
    }
    if (x->verbose == NULL)
        return;
    (void)printf(answer->determining_count == 0 ? "note: no policy applies\n" : "note: decided by\n");
    for (size_t i = 0; i < answer->determining_count; i++)
        (void)printf("  %.*s\n", (int)answer->determining[i]->id.n,
                     (const char *)answer->determining[i]->id.p);
}

/* ---- in ---- */

static enum status load(struct asking *x, struct error *e) {
    struct slice text;
    enum status s = policy_files_policies(&x->files, &x->arena, &x->policies, e);
    if (s == ST_OK)
        s = policy_files_schema(&x->files, &x->arena, &x->schema, e);
    if (s == ST_OK)
        s = policy_files_read(x->entities, &x->arena, &text, e);
    if (s == ST_OK)
        s = entity_store_from_json(text, x->entities, x->schema, &x->arena, &x->store, e);
    if (s == ST_OK && authorize_init(&x->answer, &x->policies, &x->arena) != ST_OK)
        s = error_set(e, ST_NOMEM, "no_memory", "too many policies");
    return s;
}

/* --principal, --action, --resource and --context as the request they stand for. */
static enum status make_request(struct asking *x, const struct document **out, struct error *e) {
    static const struct slice names[] = {SLICE_INIT("principal"), SLICE_INIT("action"),
                                         SLICE_INIT("resource"), SLICE_INIT("context")};
    static struct document values[4], request = {.kind = DOCUMENT_OBJECT, .line = 1, .count = 3};
    const char *const texts[] = {x->principal, x->action, x->resource};
    for (size_t i = 0; i < 3; i++)
        values[i] = (struct document){.kind = DOCUMENT_STRING, .line = 1, .s = slice_from_string(texts[i])};
    enum status s = ST_OK;
    if (x->context != NULL) {
        struct slice text;
        const struct document *context;
        s = policy_files_read(x->context, &x->arena, &text, e);
        if (s == ST_OK)
            s = document_parse(text, x->context, &x->arena, &context, e);
        if (s == ST_OK)
            values[request.count++] = *context;
    }
    request.names = names;
    request.items = values;
    *out = &request;
    return s;
}

static enum status read_requests(struct asking *x, const struct document **out, struct error *e) {
    struct slice text;
    if (x->requests == NULL)
        return make_request(x, out, e);
    enum status s = policy_files_read(x->requests, &x->arena, &text, e);
    return s == ST_OK ? document_parse(text, x->requests, &x->arena, out, e) : s;
}

/* One line for each; a request that is none gets a line that says so, and the exit code tells. */
static int answer_all(struct asking *x, const struct document *list) {
    int code = EXIT_FINE;
    for (size_t i = 0; i < list->count; i++) {
        struct error e = {0};
        bool decided = decide(x, &list->items[i], &e) == ST_OK;
        print_line(x, &e, decided);
        if (!decided)
            code = EXIT_FAILED;
    }
    return code;
}

static int run(struct asking *x, struct error *e) {
    const struct document *requests;
    if (load(x, e) != ST_OK || read_requests(x, &requests, e) != ST_OK)
        return EXIT_FAILED;
    if (requests->kind == DOCUMENT_ARRAY)
        return answer_all(x, requests);
    if (decide(x, requests, e) != ST_OK)
        return EXIT_FAILED;
    print_words(x);
    return x->answer.allowed ? EXIT_FINE : EXIT_POLICY_DENY;
}

int policy_authorize(int argc, char **argv) {
    static struct asking x;
    struct error e = {0};
    const struct own_option own[] = {{"policies", &x.files.policies, false},
                                     {"policy-format", &x.files.policy_format, false},
                                     {"template-linked", &x.files.links, false},
                                     {"schema", &x.files.schema, false},
                                     {"schema-format", &x.files.schema_format, false},
                                     {"entities", &x.entities, false},
                                     {"request-json", &x.requests, false},
                                     {"request-validation", &x.validation, false},
                                     {"principal", &x.principal, false},
                                     {"action", &x.action, false},
                                     {"resource", &x.resource, false},
                                     {"context", &x.context, false},
                                     {"verbose", &x.verbose, true},
                                     {"timing", &x.timing, true}};
    bool fine = own_options_take(&argc, argv, own, sizeof own / sizeof own[0]) && argc == 1;
    bool asked = x.requests != NULL || (x.principal != NULL && x.action != NULL && x.resource != NULL);
    if (!fine || x.files.policies == NULL || x.entities == NULL || !asked) {
        (void)fprintf(stderr,
                      "kedun: policy authorize needs --policies FILE --entities FILE and --request-json FILE "
                      "or --principal, --action and --resource\n");
        return EXIT_USAGE;
    }
    arena_init(&x.arena, POLICY_FILES_MEMORY, ARENA_PLAIN);
    arena_init(&x.scratch, POLICY_FILES_MEMORY, ARENA_PLAIN);
    int code = run(&x, &e);
    if (code == EXIT_FAILED && e.detail[0] != 0)
        (void)fprintf(stderr, "kedun: %s\n", e.detail);
    arena_free(&x.arena);
    arena_free(&x.scratch);
    return code;
}
