#include "keeper/client_call.h"

enum status keeper_sign_in_state(struct keeper *k, const struct keeper_call *call, struct slice *json,
                                 struct error *e) {
    struct args *a = client_args(k, call);
    enum status s = client_exchange(k, MSG_SIGN_IN_STATE, a, NULL, e);
    *json = s == ST_OK ? a->text : SLICE_NONE;
    return s;
}

enum status keeper_alarm_close(struct keeper *k, const struct keeper_call *call, uint32_t id,
                               struct error *e) {
    struct args *a = client_args(k, call);
    a->number32 = id;
    return client_exchange(k, MSG_ALARM_CLOSE, a, NULL, e);
}
