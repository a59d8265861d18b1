/* Messages about directories (keeper/ldap.h). */
#include "base/clock.h"
#include "keeper/state.h"

#define ADMINS (DUTY_SYSTEM_ADMIN | DUTY_SECURITY_ADMIN | DUTY_AUDITOR)

static enum status not_yours(struct worker *w, const struct args *in, const char *tag, struct error *e) {
    (void)error_set(e, ST_DENIED, "not_your_duty", "directories are the system administrator's");
    return worker_refuse(w, in, tag, e);
}

static bool is_administrator(const struct worker *w, unsigned duties) {
    return worker_is_person(w) && (w->caller.actor.duties & duties) != 0;
}

enum status handle_ldap_list(struct worker *w, struct args *in, struct args *out, struct error *e) {
    if (!is_administrator(w, ADMINS))
        return not_yours(w, in, "ldap list", e);
    enum status s = ldap_source_list(w->state->ldap, w->state->registry, &w->scratch, e);
    out->text = buf_slice(&w->scratch);
    return s;
}

enum status handle_ldap_secret(struct worker *w, struct args *in, struct args *out, struct error *e) {
    char tag[AUDIT_TAG_MAX];
    (void)out;
    (void)snprintf(tag, sizeof tag, "ldap password %u", in->number32);
    if (!is_administrator(w, DUTY_SYSTEM_ADMIN))
        return not_yours(w, in, tag, e);
    enum status s = worker_record(w, in, AUDIT_ADMIN, AUDIT_DONE, tag, e);
    return s == ST_OK
               ? ldap_source_set_secret(w->state->ldap, in->number32, in->text, w->caller.grant.user, e)
               : s;
}

enum status handle_ldap_read(struct worker *w, struct args *in, struct args *out, struct error *e) {
    char tag[AUDIT_TAG_MAX];
    (void)snprintf(tag, sizeof tag, "ldap read %u", in->number32);
    if (!is_administrator(w, DUTY_SYSTEM_ADMIN))
        return not_yours(w, in, tag, e);
    enum status s = ledger_ready(w->state->ledger, e);
    if (s == ST_OK)
        s = ldap_source_read_ask(w->state->ldap, in->number32, w->caller.grant.user, clock_wall_ms(),
                                 &out->uuid, e);
    return s == ST_OK ? worker_record(w, in, AUDIT_ADMIN, AUDIT_DONE, tag, e) : s;
}

enum status handle_ldap_entries(struct worker *w, struct args *in, struct args *out, struct error *e) {
    if (!is_administrator(w, DUTY_SYSTEM_ADMIN))
        return not_yours(w, in, "ldap entries", e);
    enum status s = ldap_source_read_take(w->state->ldap, in->number32, &in->uuid, w->caller.grant.user,
                                          clock_wall_ms(), &w->scratch, e);
    out->text = buf_slice(&w->scratch);
    return s;
}
