/* What is asked of sign-ins, and setting it: the security administrator's. The keeper decides all of it. */
#include "api/handlers.h"
#include "api/session.h"

HANDLER(api_sign_in_state) {
    struct slice json;
    (void)engine;
    (void)r;
    enum status s = keeper_sign_in_state(c->keeper, &c->call, &json, e);
    if (s == ST_OK)
        buf_put(&reply->body, json.p, json.n);
    return s;
}

HANDLER(api_company_change) {
    uint32_t made = 0;
    (void)engine;
    enum status s = keeper_registry_put(c->keeper, &c->call, REGISTRY_COMPANY, 1, r->body, &made, e);
    session_forget(&c->call.token);
    if (s == ST_OK)
        reply->status = 204;
    return s;
}

HANDLER(api_alarm_close) {
    int64_t id;
    (void)engine;
    if (!slice_to_int(r->parameters[0], &id) || id < 1 || id > UINT32_MAX)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such alarm");
    enum status s = keeper_alarm_close(c->keeper, &c->call, (uint32_t)id, e);
    if (s == ST_OK)
        reply->status = 204;
    return s;
}
