#include "keeper/registry_scim.h"

#include "base/clock.h"
#include "base/json_in.h"

#define KNOWN_MOST 16 /* keys of "scim" */

static bool is_open_to_keys(const char *key, const struct registry_writer *who, bool fresh) {
    static const char *const keys[] = {"id", "login", "name", "mail", "disabled", "scim"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(keys[i], key) == 0)
            return true;
    }
    /* "left" comes of the keeper's own code for leaving, which writes grants too. */
    return (fresh && strcmp(key, "department") == 0) || (who->leaving && strcmp(key, "left") == 0);
}

/* Texts and numbers only: nothing in which something could be hidden from whoever looks at the document. */
static bool is_plain(const json_t *scim) {
    const char *key;
    json_t *value;
    if (scim == NULL)
        return true;
    json_object_foreach((json_t *)(uintptr_t)scim, key, value) {
        if (strlen(key) > 40 || (!json_is_integer(value) && !json_is_string(value)) ||
            (json_is_string(value) && json_string_length(value) > 512))
            return false;
    }
    return json_is_object(scim) && json_object_size(scim) <= KNOWN_MOST;
}

static enum status check_old(const struct registry_writer *who, const struct item *old, const json_t *asked,
                             struct error *e) {
    const struct parsed_user *u = &old->parsed.user;
    json_t *d = NULL;
    enum status s = json_read(slice_of(old->document, old->document_n), 0, &d, NULL);
    if (s != ST_OK)
        return error_set(e, s, "no_memory", "registry");
    bool closed = u->disabled && !json_is_object(json_object_get(d, "suspended"));
    bool gone = u->duties != 0 || u->partner || (closed && json_is_object(json_object_get(d, "left")));
    bool ends = json_is_true(json_object_get(asked, "disabled")) && !u->disabled;
    const json_t *login = json_object_get(asked, "login");
    bool renames = login != NULL && !json_equal(login, json_object_get(d, "login"));
    json_decref(d);
    if (gone)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such account for a provisioning key");
    /* What ends an account was counted as it stood before; now it stands otherwise. */
    bool uncounted = (ends || renames) && !who->counted && !who->leaving;
    if (uncounted || (who->expect != 0 && who->expect != old->version))
        return error_set(e, ST_CONFLICT, "scim_changed", "the account was changed meanwhile");
    return closed && json_is_false(json_object_get(asked, "disabled"))
               ? error_set(e, ST_DENIED, "scim_ended", "an administrator opens this account again")
               : ST_OK;
}

enum status registry_scim_check(const struct registry_writer *who, const struct item *old,
                                const json_t *asked, struct error *e) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)asked, key, value) {
        if (!is_open_to_keys(key, who, old == NULL))
            return error_set(e, ST_DENIED, "scim_denied", "a provisioning key does not write %.40s", key);
    }
    if (!is_plain(json_object_get(asked, "scim")))
        return error_field(e, ST_INVALID, "bad_document", "scim", "texts and numbers");
    return old == NULL ? ST_OK : check_old(who, old, asked, e);
}

enum status registry_scim_mark(const struct registry_writer *who, const json_t *asked, json_t *document,
                               const json_t *before) {
    bool is = json_is_true(json_object_get(document, "disabled"));
    bool was = json_is_true(json_object_get(before, "disabled"));
    const json_t *left = json_object_get(document, "left"), *had = json_object_get(before, "left");
    bool leaves = json_is_object(left) && (had == NULL || !json_equal(left, had));
    if (who->scim && is && !was && !leaves) {
        json_t *mark =
            json_pack("{s:I, s:I}", "at", (json_int_t)clock_wall_ms(), "by", (json_int_t)who->user);
        return json_object_set_new(document, "suspended", mark) == 0 ? ST_OK : ST_NOMEM;
    }
    bool shuts = !who->scim && (who->duties & DUTY_SYSTEM_ADMIN) != 0 &&
                 json_is_true(json_object_get(asked, "disabled"));
    if (is != was || leaves || shuts)
        (void)json_object_del(document, "suspended");
    return ST_OK;
}
