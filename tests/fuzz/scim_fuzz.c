/* What a provisioning client may send: a filter, a patch, a whole user, a list of attributes. Input: a byte
 * that says which, then the text. A filter that is read can be asked of any resource; a patch leaves a JSON
 * object; a user gives a document with the keys that the keeper takes and no others. */
#include "base/json_in.h"
#include "connect/scim_patch.h"
#include "connect/scim_user.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char resource[] =
    "{\"schemas\":[\"" SCIM_CORE
    "\"],\"id\":\"25\",\"userName\":\"Zhang\",\"externalId\":\"Ab\",\"active\":true,"
    "\"name\":{\"familyName\":\"Zhang\",\"givenName\":\"Wei\"},\"displayName\":\"Wei Zhang\","
    "\"emails\":[{\"value\":\"a@x.example\",\"type\":\"work\",\"primary\":true},{\"value\":\"b@y.example\"}],"
    "\"" SCIM_ENTERPRISE "\":{\"department\":\"Sales\"},\"meta\":{\"created\":\"2026-01-02T00:00:00.000Z\"}}";

static const char before[] =
    "{\"login\":\"zhang\",\"name\":\"Wei Zhang\",\"mail\":\"z@x.example\",\"roles\":[],"
    "\"scim\":{\"given\":\"Wei\",\"family\":\"Zhang\",\"created\":1000}}";

static void must(bool holds) {
    if (!holds)
        abort();
}

static json_t *sample(void) {
    json_t *o = NULL;
    must(json_read(slice_from_string(resource), 0, &o, NULL) == ST_OK);
    return o;
}

static void try_filter(struct slice text, struct arena *a) {
    const struct scim_filter *f = NULL;
    struct scim_path path;
    struct error e = {.status = ST_OK};
    json_t *o = sample();
    enum status s = scim_filter_parse(text, a, &f, &e);
    must(s == ST_OK ? f != NULL : s == ST_INVALID && strcmp(e.code, "scim_filter") == 0);
    if (s == ST_OK) {
        struct slice wants = scim_filter_wants(f, "userName");
        bool found = scim_filter_matches(f, o);
        must(!found || wants.p == NULL || scim_same(wants, SLICE("zhang")));
    }
    s = scim_path_parse(text, a, &path, &e);
    must(s == ST_OK || (s == ST_INVALID && strcmp(e.code, "scim_path") == 0));
    json_decref(o);
}

static void check_document(struct slice text) {
    static const char *const keys[] = {"login", "name", "mail", "disabled", "scim"};
    json_t *d = NULL, *value;
    const char *key;
    must(json_read(text, JSON_REJECT_DUPLICATES, &d, NULL) == ST_OK && json_is_object(d));
    json_object_foreach(d, key, value) {
        bool known = false;
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
            known = known || strcmp(keys[i], key) == 0;
        must(known && value != NULL);
    }
    size_t n = json_string_length(json_object_get(d, "login"));
    must(n > 0 && n < 64);
    n = json_string_length(json_object_get(d, "name"));
    must(n > 0 && n < 128);
    json_decref(d);
}

static void try_user(const json_t *o, struct arena *a) {
    struct staff old = {.login = "zhang", .document = slice_of(before, sizeof before - 1)};
    struct directory d = {.staff_count = 0};
    struct error e = {.status = ST_OK};
    struct slice out;
    for (size_t i = 0; i < 2; i++) {
        enum status s = scim_user_document(o, i == 0 ? NULL : &old, &d, 2000, a, &out, &e);
        must(s == ST_OK || s == ST_INVALID);
        if (s == ST_OK)
            check_document(out);
    }
}

static void try_json(struct slice text, bool patch, struct arena *a) {
    struct error e = {.status = ST_OK};
    json_t *body = NULL;
    if (json_read(text, JSON_REJECT_DUPLICATES, &body, NULL) != ST_OK)
        return;
    if (!patch) {
        try_user(body, a);
    } else {
        json_t *o = sample();
        enum status s = scim_patch_apply(o, body, a, &e);
        must(s == ST_OK || s == ST_INVALID);
        must(strcmp(json_string_value(json_object_get(o, "id")), "25") == 0);
        if (s == ST_OK)
            try_user(o, a);
        json_decref(o);
    }
    json_decref(body);
}

static void try_names(struct slice text, bool excluded, struct arena *a) {
    struct error e = {.status = ST_OK};
    json_t *o = sample();
    enum status s = scim_user_project(o, excluded ? SLICE_NONE : text, excluded ? text : SLICE_NONE, a, &e);
    must(s == ST_OK || s == ST_INVALID);
    must(s != ST_OK || json_object_get(o, "id") != NULL);
    json_decref(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena a;
    if (size == 0)
        return 0;
    struct slice text = slice_of(data + 1, size - 1);
    arena_init(&a, (size_t)64 << 20, ARENA_PLAIN);
    if (data[0] == 'f')
        try_filter(text, &a);
    else if (data[0] == 'p' || data[0] == 'u')
        try_json(text, data[0] == 'p', &a);
    else
        try_names(text, data[0] == 'x', &a);
    arena_free(&a);
    return 0;
}
