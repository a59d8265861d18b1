/* The keeper's client for single sign-on (keeper/sign_on.h says what it is). JSON and addresses borrow the
 * connection's buffer, as in keeper/client.h. */
#ifndef KEDUN_KEEPER_CLIENT_SIGN_ON_H
#define KEDUN_KEEPER_CLIENT_SIGN_ON_H

#include "keeper/client.h"

/* Of the providers the names of those that are on, `whole` (with a duty) all of each. */
MUST_CHECK enum status keeper_sign_on_list(struct keeper *k, const struct keeper_call *call, bool whole,
                                           struct slice *json, struct error *e);
MUST_CHECK enum status keeper_sign_on_secret(struct keeper *k, const struct keeper_call *call,
                                             uint32_t provider, struct slice secret, struct error *e);
/* user 0: one's own; to take one's own off asks for `password` where no second factor was shown lately
 * (ST_DENIED "second_factor_required", "password_wrong"). */
MUST_CHECK enum status keeper_sign_on_links(struct keeper *k, const struct keeper_call *call, uint32_t user,
                                            struct slice *json, struct error *e);
MUST_CHECK enum status keeper_sign_on_unlink(struct keeper *k, const struct keeper_call *call, uint32_t user,
                                             uint32_t provider, struct slice password, struct error *e);

/* `link`: the caller links his account, with his password; else a sign-in, and no token is needed. Where
 * *errand is not nil, have it carried out and call again. */
struct keeper_sign_on_begin {
    bool link;
    uint32_t provider;
    struct slice browser, password;
};
MUST_CHECK enum status keeper_sign_on_begin(struct keeper *k, const struct keeper_call *call,
                                            const struct keeper_sign_on_begin *begin, struct uuid *errand,
                                            struct slice *url, struct error *e);
struct keeper_sign_on_answer {
    bool link;
    uint32_t came_to; /* the provider whose own address the browser came back to; 0: the shared one */
    struct slice state, code, issuer, browser, agent;
};
/* As above; with a nil *errand the token and the person are those of the session. */
MUST_CHECK enum status keeper_sign_on_finish(struct keeper *k, const struct keeper_call *call,
                                             const struct keeper_sign_on_answer *answer, struct uuid *errand,
                                             struct token *token, struct principal *who, struct error *e);

/* For the process with the network. */
MUST_CHECK enum status keeper_errand_take(struct keeper *k, const struct uuid *errand, struct slice *json,
                                          struct error *e);
MUST_CHECK enum status keeper_errand_done(struct keeper *k, const struct uuid *errand, uint32_t status,
                                          struct slice body, struct error *e);

#endif
