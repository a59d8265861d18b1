#include "keeper/client_factor.h"
#include "keeper/client_call.h"

enum status keeper_factor_list(struct keeper *k, const struct keeper_call *call, uint32_t user,
                               struct slice *json, struct error *e) {
    struct args *a = client_args(k, call);
    a->user = user;
    enum status s = client_exchange(k, MSG_FACTOR_LIST, a, NULL, e);
    *json = s == ST_OK ? a->text : SLICE_NONE;
    return s;
}

enum status keeper_factor_begin(struct keeper *k, const struct keeper_call *call, uint8_t kind,
                                struct slice password, struct slice *json, struct error *e) {
    struct args *a = client_args(k, call);
    a->kind = kind;
    a->text = password;
    if (password.n > PROTOCOL_PASSWORD_MAX)
        return error_field(e, ST_DENIED, "password_wrong", "password", "the password is not right");
    enum status s = client_exchange(k, MSG_FACTOR_BEGIN, a, NULL, e);
    *json = s == ST_OK ? a->text : SLICE_NONE;
    return s;
}

enum status keeper_factor_confirm(struct keeper *k, const struct keeper_call *call,
                                  const struct keeper_factor_proof *proof, struct slice name,
                                  struct token *token, struct slice *json, struct error *e) {
    struct args *a = client_args(k, call);
    a->kind = proof->kind;
    a->text = proof->code;
    a->second = proof->client;
    a->third = name;
    if (proof->code.n > PROTOCOL_PASSKEY_MAX || proof->client.n > PROTOCOL_PASSKEY_MAX ||
        name.n > PROTOCOL_TEXT_MAX)
        return client_too_long(e);
    enum status s = client_exchange(k, MSG_FACTOR_CONFIRM, a, NULL, e);
    *json = s == ST_OK ? a->text : SLICE_NONE;
    if (s == ST_OK)
        *token = a->token;
    return s;
}

enum status keeper_factor_remove(struct keeper *k, const struct keeper_call *call, uint8_t kind,
                                 struct slice id, struct error *e) {
    struct args *a = client_args(k, call);
    a->kind = kind;
    a->text = id;
    return id.n > PROTOCOL_CODE_MAX ? client_too_long(e) : client_exchange(k, MSG_FACTOR_REMOVE, a, NULL, e);
}

static enum status put_proof(struct args *a, const struct keeper_factor_proof *proof, struct error *e) {
    a->kind = proof->kind;
    a->text = proof->code;
    a->second = proof->client;
    a->third = proof->authenticator;
    a->fourth = proof->signature;
    bool fits = proof->code.n <= PROTOCOL_CODE_MAX && proof->client.n <= PROTOCOL_PASSKEY_MAX &&
                proof->authenticator.n <= PROTOCOL_PASSKEY_MAX && proof->signature.n <= PROTOCOL_CODE_MAX;
    return fits ? ST_OK : client_too_long(e);
}

enum status keeper_second_factor(struct keeper *k, const struct keeper_call *call,
                                 const struct keeper_factor_proof *proof, struct token *token,
                                 struct principal *who, struct error *e) {
    struct args *a = client_args(k, call);
    enum status s = put_proof(a, proof, e);
    if (s == ST_OK)
        s = client_exchange(k, MSG_SECOND_FACTOR, a, NULL, e);
    if (s == ST_OK) {
        *token = a->token;
        *who = a->who;
    }
    return s;
}

enum status keeper_passkey_challenge(struct keeper *k, const struct keeper_call *call, struct slice *json,
                                     struct error *e) {
    struct args *a = client_args(k, call);
    enum status s = client_exchange(k, MSG_PASSKEY_CHALLENGE, a, NULL, e);
    *json = s == ST_OK ? a->text : SLICE_NONE;
    return s;
}

enum status keeper_passkey_sign_in(struct keeper *k, const struct keeper_call *call,
                                   const uint8_t handle[FACTOR_HANDLE],
                                   const struct keeper_factor_proof *proof, struct slice agent,
                                   struct token *token, struct principal *who, struct error *e) {
    struct args *a = client_args(k, call);
    memcpy(a->uuid.b, handle, sizeof a->uuid.b);
    a->fifth = agent.n > PROTOCOL_AGENT_MAX ? slice_of(agent.p, PROTOCOL_AGENT_MAX) : agent;
    enum status s = put_proof(a, proof, e);
    if (s == ST_OK)
        s = client_exchange(k, MSG_PASSKEY_SIGN_IN, a, NULL, e);
    if (s == ST_OK) {
        *token = a->token;
        *who = a->who;
    }
    return s;
}
