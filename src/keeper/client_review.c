#include "keeper/client_call.h"

enum status keeper_review_open(struct keeper *k, const struct keeper_call *call, struct slice document,
                               uint32_t *id, struct error *e) {
    struct args *a = client_args(k, call);
    a->text = document;
    enum status s = client_exchange(k, MSG_REVIEW_OPEN, a, NULL, e);
    *id = s == ST_OK ? a->number32 : 0;
    return s;
}

enum status keeper_review_list(struct keeper *k, const struct keeper_call *call, uint32_t id,
                               struct slice *json, struct error *e) {
    struct args *a = client_args(k, call);
    a->number32 = id;
    enum status s = client_exchange(k, MSG_REVIEW_LIST, a, NULL, e);
    *json = s == ST_OK ? a->text : SLICE_NONE;
    return s;
}

enum status keeper_review_lines(struct keeper *k, const struct keeper_call *call, uint32_t id, uint32_t after,
                                bool mine, struct slice *json, uint32_t *next, struct error *e) {
    struct args *a = client_args(k, call);
    a->number32 = id;
    a->user = after;
    a->flag = mine;
    enum status s = client_exchange(k, MSG_REVIEW_LINES, a, NULL, e);
    *json = s == ST_OK ? a->text : SLICE_NONE;
    *next = s == ST_OK ? a->user : 0;
    return s;
}

enum status keeper_review_answer(struct keeper *k, const struct keeper_call *call, uint32_t id,
                                 struct slice document, struct error *e) {
    struct args *a = client_args(k, call);
    a->number32 = id;
    a->text = document;
    return client_exchange(k, MSG_REVIEW_ANSWER, a, NULL, e);
}

enum status keeper_review_change(struct keeper *k, const struct keeper_call *call, uint32_t id,
                                 struct slice document, struct error *e) {
    struct args *a = client_args(k, call);
    a->number32 = id;
    a->text = document;
    return client_exchange(k, MSG_REVIEW_CHANGE, a, NULL, e);
}

enum status keeper_review_close(struct keeper *k, const struct keeper_call *call, uint32_t id, bool sign,
                                struct slice note, struct error *e) {
    struct args *a = client_args(k, call);
    a->number32 = id;
    a->flag = sign;
    a->text = note;
    return client_exchange(k, MSG_REVIEW_CLOSE, a, NULL, e);
}
