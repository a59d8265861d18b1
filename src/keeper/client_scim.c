#include "keeper/client_scim.h"

#include "keeper/client_call.h"

enum status keeper_scim_list(struct keeper *k, const struct keeper_call *call, struct slice *json,
                             struct error *e) {
    struct args *a = client_args(k, call);
    enum status s = client_exchange(k, MSG_SCIM_LIST, a, NULL, e);
    *json = s == ST_OK ? a->text : SLICE_NONE;
    return s;
}

enum status keeper_scim_draw(struct keeper *k, const struct keeper_call *call, uint32_t key,
                             struct token *token, struct error *e) {
    struct args *a = client_args(k, call);
    a->number32 = key;
    enum status s = client_exchange(k, MSG_SCIM_DRAW, a, NULL, e);
    if (s == ST_OK)
        *token = a->token;
    return s;
}

enum status keeper_scim_end(struct keeper *k, const struct keeper_call *call, uint32_t key, struct error *e) {
    struct args *a = client_args(k, call);
    a->number32 = key;
    return client_exchange(k, MSG_SCIM_END, a, NULL, e);
}

enum status keeper_scim_enter(struct keeper *k, const struct keeper_call *call, uint32_t *key,
                              uint64_t *version, struct error *e) {
    struct args *a = client_args(k, call);
    enum status s = client_exchange(k, MSG_SCIM_ENTER, a, NULL, e);
    *key = s == ST_OK ? a->number32 : 0;
    *version = s == ST_OK ? a->number : 0;
    return s;
}

enum status keeper_scim_put(struct keeper *k, const struct keeper_call *call, uint32_t user,
                            uint64_t expected, struct slice document, uint32_t *made, struct error *e) {
    struct args *a = client_args(k, call);
    a->user = user;
    a->number = expected;
    a->text = document;
    if (document.n > PROTOCOL_DOCUMENT_MAX)
        return error_set(e, ST_LIMIT, "document_too_large", "the account's document is too large");
    enum status s = client_exchange(k, MSG_SCIM_PUT, a, NULL, e);
    *made = s == ST_OK ? a->number32 : 0;
    return s;
}

enum status keeper_scim_leave(struct keeper *k, const struct keeper_call *call, uint32_t user,
                              uint64_t expected, struct error *e) {
    struct args *a = client_args(k, call);
    a->user = user;
    a->number = expected;
    return client_exchange(k, MSG_SCIM_LEAVE, a, NULL, e);
}
