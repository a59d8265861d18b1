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
