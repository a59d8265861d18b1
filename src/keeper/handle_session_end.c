/* Sessions ended by hand: one's own, and others' by the security administrator. Who ends his own others shows
 * anew who he is: a thief of one session must not put its person out of the rest. */
#include "base/clock.h"
#include "keeper/state.h"

#include <stdio.h>

static bool is_fresh(int64_t at) {
    int64_t age = clock_wall_ms() - at;
    return at != 0 && age >= 0 && age <= FACTOR_STEP_UP_MS;
}

enum status worker_need_fresh(struct worker *w, const struct args *in, const char *what, bool *has,
                              struct error *e) {
    const struct session_grant *g = &w->caller.grant;
    if (factors_has(w->state->factors, g->user, has) != ST_OK)
        return error_set(e, ST_IO, "factor_store", "the second factors could not be read");
    if (!*has || is_fresh(g->second_factor_at))
        return ST_OK;
    (void)error_set(e, ST_DENIED, "second_factor_required", "show your second factor anew for this");
    return worker_refuse(w, in, what, e);
}

enum status worker_show_anew(struct worker *w, const struct args *in, struct slice password, const char *what,
                             struct error *e) {
    bool has = false;
    if (is_fresh(w->caller.grant.second_factor_at))
        return ST_OK;
    enum status s = worker_need_fresh(w, in, what, &has, e);
    if (s != ST_OK || has)
        return s;
    if (password.n > 0)
        return worker_check_password(w, in, password, "password", what, e);
    (void)error_field(e, ST_DENIED, "password_required", "password", "show your password for this");
    return worker_refuse(w, in, what, e);
}

/* Who has just signed in has just shown who he is. */
static enum status may_end_own(struct worker *w, const struct args *in, const char *what, struct error *e) {
    if (!worker_is_person(w))
        return worker_persons_only(e);
    return is_fresh(w->caller.signed_in_at) ? ST_OK : worker_show_anew(w, in, in->text, what, e);
}

enum status handle_session_revoke(struct worker *w, struct args *in, struct args *out, struct error *e) {
    uint32_t me = w->caller.grant.user, owner = 0;
    bool any = (w->caller.actor.duties & DUTY_SECURITY_ADMIN) != 0, persons = false;
    char tag[AUDIT_TAG_MAX];
    (void)out;
    if (sessions_whose(w->state->sessions, &in->uuid, &owner, &persons) != ST_OK || (!any && owner != me))
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such session");
    (void)snprintf(tag, sizeof tag, "session_revoke %u", owner);
    enum status s = ST_OK;
    if (owner == me && (persons || !worker_is_person(w)) && !uuid_equal(&in->uuid, &w->caller.session))
        s = may_end_own(w, in, tag, e);
    if (s == ST_OK)
        s = worker_record(w, in, AUDIT_ADMIN, AUDIT_DONE, tag, e);
    if (s == ST_OK)
        s = sessions_end(w->state->sessions, &in->uuid, any ? 0 : me);
    return s == ST_NOT_FOUND ? error_set(e, s, "not_found", "there is no such session") : s;
}

enum status handle_sessions_end(struct worker *w, struct args *in, struct args *out, struct error *e) {
    uint32_t me = w->caller.grant.user, user = in->user == 0 ? me : in->user;
    bool others = in->flag || user != me, has = false;
    char tag[AUDIT_TAG_MAX];
    if (in->flag)
        (void)snprintf(tag, sizeof tag, "sessions_end everybody");
    else
        (void)snprintf(tag, sizeof tag, "sessions_end %u", user);
    if (!worker_is_person(w))
        return worker_persons_only(e);
    if (others && (w->caller.actor.duties & DUTY_SECURITY_ADMIN) == 0) {
        (void)error_set(e, ST_DENIED, "not_your_duty",
                        "other people's sessions are the security administrator's");
        return worker_refuse(w, in, tag, e);
    }
    enum status s = ST_OK;
    if (in->flag) /* by a stolen session nobody shall be able to stop the whole company */
        s = worker_need_fresh(w, in, tag, &has, e);
    else if (!others)
        s = may_end_own(w, in, tag, e);
    if (s == ST_OK)
        s = worker_record(w, in, AUDIT_ADMIN, AUDIT_DONE, tag, e);
    if (s == ST_OK && sessions_end_people(w->state->sessions, in->flag ? 0 : user, &w->caller.session,
                                          &out->number32) != ST_OK)
        s = error_set(e, ST_IO, "session_store", "not all sessions could be ended for good: try again");
    return s;
}
