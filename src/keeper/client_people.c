#include "keeper/client_call.h"

enum status keeper_propose(struct keeper *k, const struct keeper_call *call, struct slice document,
                           uint64_t *id, struct slice *secret, struct error *e) {
    struct args *a = client_args(k, call);
    a->text = document;
    enum status s = client_exchange(k, MSG_PROPOSE, a, NULL, e);
    *id = s == ST_OK ? a->number : 0;
    *secret = s == ST_OK ? a->text : SLICE_NONE;
    return s;
}

enum status keeper_decide(struct keeper *k, const struct keeper_call *call, uint64_t id, bool approve,
                          struct slice note, struct slice *secret, struct error *e) {
    struct args *a = client_args(k, call);
    a->number = id;
    a->flag = approve;
    a->text = note;
    enum status s = client_exchange(k, MSG_DECIDE, a, NULL, e);
    *secret = s == ST_OK ? a->text : SLICE_NONE;
    return s;
}

enum status keeper_proposals(struct keeper *k, const struct keeper_call *call, bool to_decide,
                             struct slice *json, struct error *e) {
    struct args *a = client_args(k, call);
    a->flag = to_decide;
    enum status s = client_exchange(k, MSG_PROPOSALS, a, NULL, e);
    *json = s == ST_OK ? a->text : SLICE_NONE;
    return s;
}

enum status keeper_proposal(struct keeper *k, const struct keeper_call *call, uint64_t id, struct slice *json,
                            struct error *e) {
    struct args *a = client_args(k, call);
    a->number = id;
    enum status s = client_exchange(k, MSG_PROPOSALS, a, NULL, e);
    *json = s == ST_OK ? a->text : SLICE_NONE;
    return s;
}

enum status keeper_news(struct keeper *k, const struct keeper_call *call, uint64_t until,
                        struct keeper_news *out, struct error *e) {
    struct args *a = client_args(k, call);
    a->number = until;
    enum status s = client_exchange(k, MSG_NEWS, a, NULL, e);
    *out = s == ST_OK ? (struct keeper_news){.unread = a->number, .to_decide = a->number32}
                      : (struct keeper_news){0};
    return s;
}

enum status keeper_grant_make(struct keeper *k, const struct keeper_call *call, struct slice document,
                              uint32_t *id, struct error *e) {
    struct args *a = client_args(k, call);
    a->text = document;
    enum status s = client_exchange(k, MSG_GRANT_MAKE, a, NULL, e);
    *id = s == ST_OK ? a->number32 : 0;
    return s;
}

enum status keeper_grant_close(struct keeper *k, const struct keeper_call *call, uint32_t id, bool review,
                               struct slice note, struct error *e) {
    struct args *a = client_args(k, call);
    a->number32 = id;
    a->flag = review;
    a->text = note;
    a->second = call->reason;
    return client_exchange(k, MSG_GRANT_CLOSE, a, NULL, e);
}

enum status keeper_leave(struct keeper *k, const struct keeper_call *call, uint32_t user,
                         struct slice document, struct error *e) {
    struct args *a = client_args(k, call);
    a->user = user;
    a->text = document;
    a->second = call->reason;
    return client_exchange(k, MSG_LEAVE, a, NULL, e);
}

enum status keeper_person_state(struct keeper *k, const struct keeper_call *call, uint32_t user,
                                struct slice *json, struct error *e) {
    struct args *a = client_args(k, call);
    a->user = user;
    enum status s = client_exchange(k, MSG_PERSON_STATE, a, NULL, e);
    *json = s == ST_OK ? a->text : SLICE_NONE;
    return s;
}

enum status keeper_registry_import(struct keeper *k, const struct keeper_call *call, struct slice document,
                                   struct error *e) {
    struct args *a = client_args(k, call);
    a->text = document;
    a->second = call->reason;
    return client_exchange(k, MSG_REGISTRY_IMPORT, a, NULL, e);
}
