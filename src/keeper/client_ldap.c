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
