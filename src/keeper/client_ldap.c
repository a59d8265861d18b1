#include "keeper/client_ldap.h"

#include "keeper/client_call.h"

enum status keeper_ldap_list(struct keeper *k, const struct keeper_call *call, struct slice *json,
                             struct error *e) {
    struct args *a = client_args(k, call);
    enum status s = client_exchange(k, MSG_LDAP_LIST, a, NULL, e);
    *json = s == ST_OK ? a->text : SLICE_NONE;
    return s;
}

enum status keeper_ldap_secret(struct keeper *k, const struct keeper_call *call, uint32_t directory,
                               struct slice secret, struct error *e) {
    struct args *a = client_args(k, call);
    a->number32 = directory;
    a->text = secret;
    if (secret.n > PROTOCOL_PASSWORD_MAX)
        return error_set(e, ST_INVALID, "too_long", "a part of the request is too long");
    return client_exchange(k, MSG_LDAP_SECRET, a, NULL, e);
}

enum status keeper_ldap_read(struct keeper *k, const struct keeper_call *call, uint32_t directory,
                             struct uuid *errand, struct error *e) {
    struct args *a = client_args(k, call);
    a->number32 = directory;
    enum status s = client_exchange(k, MSG_LDAP_READ, a, NULL, e);
    *errand = a->uuid;
    return s;
}

enum status keeper_ldap_entries(struct keeper *k, const struct keeper_call *call, uint32_t directory,
                                const struct uuid *errand, struct slice *json, struct error *e) {
    struct args *a = client_args(k, call);
    a->number32 = directory;
    a->uuid = *errand;
    enum status s = client_exchange(k, MSG_LDAP_ENTRIES, a, NULL, e);
    *json = s == ST_OK ? a->text : SLICE_NONE;
    return s;
}

static const struct keeper_call nobody;

enum status keeper_ldap_due(struct keeper *k, uint32_t *directory, struct uuid *errand, struct error *e) {
    struct args *a = client_args(k, &nobody);
    enum status s = client_exchange(k, MSG_LDAP_DUE, a, NULL, e);
    *directory = s == ST_OK ? a->number32 : 0;
    *errand = a->uuid;
    return s;
}

enum status keeper_ldap_run(struct keeper *k, const struct uuid *errand, struct keeper_ldap_run *out,
                            struct error *e) {
    struct args *a = client_args(k, &nobody);
    a->uuid = *errand;
    enum status s = client_exchange(k, MSG_LDAP_RUN, a, NULL, e);
    if (s == ST_OK)
        *out = (struct keeper_ldap_run){.directory = a->number32,
                                        .ends_left = a->number,
                                        .mail_guarded = a->flag,
                                        .document = a->second,
                                        .read = a->text};
    return s;
}

enum status keeper_ldap_run_import(struct keeper *k, const struct uuid *errand, struct slice document,
                                   struct error *e) {
    struct args *a = client_args(k, &nobody);
    a->uuid = *errand;
    a->text = document;
    if (document.n > PROTOCOL_CHUNK_MAX)
        return error_set(e, ST_LIMIT, "ldap_too_much", "more than can be taken at once");
    return client_exchange(k, MSG_LDAP_RUN_IMPORT, a, NULL, e);
}

enum status keeper_ldap_run_end(struct keeper *k, const struct uuid *errand, struct slice outcome,
                                struct error *e) {
    struct args *a = client_args(k, &nobody);
    a->uuid = *errand;
    a->text = outcome;
    return client_exchange(k, MSG_LDAP_RUN_END, a, NULL, e);
}
