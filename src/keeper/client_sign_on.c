#include "keeper/client_sign_on.h"

#include "keeper/client_call.h"

static const struct keeper_call no_call;

enum status keeper_sign_on_list(struct keeper *k, const struct keeper_call *call, bool whole,
                                struct slice *json, struct error *e) {
    struct args *a = client_args(k, call);
    a->flag = whole;
    enum status s = client_exchange(k, MSG_SIGN_ON_LIST, a, NULL, e);
    *json = s == ST_OK ? a->text : SLICE_NONE;
    return s;
}

enum status keeper_sign_on_secret(struct keeper *k, const struct keeper_call *call, uint32_t provider,
                                  struct slice secret, struct error *e) {
    struct args *a = client_args(k, call);
    a->number32 = provider;
    a->text = secret;
    return secret.n > PROTOCOL_PASSWORD_MAX ? client_too_long(e)
                                            : client_exchange(k, MSG_SIGN_ON_SECRET, a, NULL, e);
}

enum status keeper_sign_on_links(struct keeper *k, const struct keeper_call *call, uint32_t user,
                                 struct slice *json, struct error *e) {
    struct args *a = client_args(k, call);
    a->user = user;
    enum status s = client_exchange(k, MSG_SIGN_ON_LINKS, a, NULL, e);
    *json = s == ST_OK ? a->text : SLICE_NONE;
    return s;
}

enum status keeper_sign_on_unlink(struct keeper *k, const struct keeper_call *call, uint32_t user,
                                  uint32_t provider, struct slice password, struct error *e) {
    struct args *a = client_args(k, call);
    a->user = user;
    a->number32 = provider;
    a->text = password;
    return password.n > PROTOCOL_PASSWORD_MAX ? client_too_long(e)
                                              : client_exchange(k, MSG_SIGN_ON_UNLINK, a, NULL, e);
}

enum status keeper_sign_on_begin(struct keeper *k, const struct keeper_call *call,
                                 const struct keeper_sign_on_begin *begin, struct uuid *errand,
                                 struct slice *url, struct error *e) {
    struct args *a = client_args(k, call);
    a->flag = begin->link;
    a->number32 = begin->provider;
    a->text = begin->browser;
    a->second = begin->password;
    if (begin->browser.n > PROTOCOL_SECRET_MAX || begin->password.n > PROTOCOL_PASSWORD_MAX)
        return client_too_long(e);
    enum status s = client_exchange(k, MSG_SIGN_ON_BEGIN, a, NULL, e);
    *errand = a->uuid;
    *url = s == ST_OK ? a->text : SLICE_NONE;
    return s;
}

enum status keeper_sign_on_finish(struct keeper *k, const struct keeper_call *call,
                                  const struct keeper_sign_on_answer *answer, struct uuid *errand,
                                  struct token *token, struct principal *who, struct error *e) {
    struct args *a = client_args(k, call);
    a->flag = answer->link;
    a->number32 = answer->came_to;
    a->text = answer->state;
    a->second = answer->code;
    a->third = answer->issuer;
    a->fourth = answer->browser;
    a->fifth =
        answer->agent.n > PROTOCOL_AGENT_MAX ? slice_of(answer->agent.p, PROTOCOL_AGENT_MAX) : answer->agent;
    if (answer->state.n > PROTOCOL_STATE_MAX || answer->code.n > PROTOCOL_DETAIL_MAX ||
        answer->issuer.n > PROTOCOL_TEXT_MAX || answer->browser.n > PROTOCOL_SECRET_MAX)
        return error_set(e, ST_DENIED, "sign_on_stale", "that is no answer to a sign-in of ours");
    enum status s = client_exchange(k, MSG_SIGN_ON_FINISH, a, NULL, e);
    if (s == ST_OK) {
        *errand = a->uuid;
        *token = a->token;
        *who = a->who;
    }
    return s;
}

enum status keeper_errand_take(struct keeper *k, const struct uuid *errand, struct slice *json,
                               struct error *e) {
    struct args *a = client_args(k, &no_call);
    a->uuid = *errand;
    enum status s = client_exchange(k, MSG_ERRAND_TAKE, a, NULL, e);
    *json = s == ST_OK ? a->text : SLICE_NONE;
    return s;
}

enum status keeper_errand_done(struct keeper *k, const struct uuid *errand, uint32_t status,
                               struct slice body, struct error *e) {
    struct args *a = client_args(k, &no_call);
    a->uuid = *errand;
    a->number32 = status;
    a->text = body;
    return body.n > PROTOCOL_CHUNK_MAX ? client_too_long(e) : client_exchange(k, MSG_ERRAND_DONE, a, NULL, e);
}
