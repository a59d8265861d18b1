#include "cmd/demo_truth.h"

#include "base/file.h"
#include "base/json.h"

#include <stdio.h>

#define TRUTH_MAX ((size_t)512 * 1024 * 1024)

static void put_dirty(const struct demo_plan *plan, struct json *j) {
    struct demo_customer c;
    json_key(j, "dirty");
    json_array_begin(j);
    for (uint64_t i = 0; i < plan->customers; i++) {
        demo_customer_make(plan, i, &c);
        if (c.dirt == DIRT_NONE)
            continue;
        json_object_begin(j);
        json_key(j, "id");
        json_uuid(j, &c.id);
        json_key(j, "kind");
        json_cstring(j, demo_dirt_name(c.dirt));
        json_object_end(j);
    }
    json_array_end(j);
}

static void put_twins(const struct demo_plan *plan, struct json *j) {
    struct demo_customer c, original;
    json_key(j, "duplicates");
    json_array_begin(j);
    for (uint64_t i = 0; i < plan->customers; i++) {
        demo_customer_make(plan, i, &c);
        if (c.twin == TWIN_NONE)
            continue;
        demo_customer_make(plan, c.twin_of, &original);
        json_object_begin(j);
        json_key(j, "ids");
        json_array_begin(j);
        json_uuid(j, &original.id);
        json_uuid(j, &c.id);
        json_array_end(j);
        json_key(j, "kind");
        json_cstring(j, demo_twin_name(c.twin));
        json_object_end(j);
    }
    json_array_end(j);
}

void demo_truth_put(const struct demo_plan *plan, struct buf *out) {
    struct json j = json_to(out);
    json_object_begin(&j);
    json_key(&j, "seed");
    json_int(&j, (int64_t)plan->seed);
    json_key(&j, "customers");
    json_int(&j, (int64_t)plan->customers);
    put_dirty(plan, &j);
    put_twins(plan, &j);
    json_object_end(&j);
    buf_put_u8(out, '\n');
}

enum status demo_truth_write(const struct demo_plan *plan, const char *dir, struct error *e) {
    char path[512];
    struct buf b;
    (void)snprintf(path, sizeof path, "%s/demo-truth.json", dir);
    buf_init(&b, TRUTH_MAX, false);
    demo_truth_put(plan, &b);
    enum status s = b.failed ? ST_NOMEM : file_replace(path, buf_slice(&b), 0644);
    buf_free(&b);
    return s == ST_OK ? s : error_set(e, s, "truth", "cannot write %s", path);
}
