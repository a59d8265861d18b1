/* The published policies: reading them is for any process, changing them for the security administrators. */
#include "keeper/deed.h"

#define LISTED_MOST 500

enum status handle_policy_list(struct worker *w, struct args *in, struct args *out, struct error *e) {
    (void)in;
    if (policy_versions_list(w->state->policies, LISTED_MOST, &w->scratch) != ST_OK)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the versions");
    out->text = buf_slice(&w->scratch);
    return ST_OK;
}

enum status handle_policy_text(struct worker *w, struct args *in, struct args *out, struct error *e) {
    out->number32 = in->number32;
    enum status s = policy_versions_text(w->state->policies, &out->number32, &w->scratch);
    out->text = buf_slice(&w->scratch);
    if (s == ST_NOT_FOUND && in->number32 == 0) /* nothing published yet */
        return ST_OK;
    return s == ST_OK ? s
                      : error_set(e, s, s == ST_NOT_FOUND ? "not_found" : "vault_io",
                                  "there is no text of such a version");
}

/* A person, no key and no job, with the duty. */
static enum status security_admins_only(struct worker *w, const struct args *in, const char *what,
                                        struct error *e) {
    const struct caller *c = &w->caller;
    bool person = !c->grant.is_key && !c->grant.is_job && !c->grant.must_change;
    if (person && (c->actor.duties & DUTY_SECURITY_ADMIN) != 0)
        return ST_OK;
    (void)error_set(e, ST_DENIED, "not_your_duty", "policies are the security administrators'");
    return worker_refuse(w, in, what, e);
}

static enum status end(struct worker *w, const struct args *in, const char *tag, struct deed *deed,
                       enum status s, struct error *e) {
    s = deed_end(w, deed, s, e);
    return s == ST_DENIED ? worker_refuse(w, in, tag, e) : s;
}

enum status handle_policy_propose(struct worker *w, struct args *in, struct args *out, struct error *e) {
    char tag[AUDIT_TAG_MAX];
    enum status s = security_admins_only(w, in, "policy_propose", e);
    if (s != ST_OK)
        return s;
    (void)snprintf(tag, sizeof tag, "policy_propose on %u%s", in->number32, in->flag ? " widening" : "");
    struct deed deed;
    s = deed_begin(w, in, AUDIT_POLICY, tag, &deed, e);
    if (s != ST_OK)
        return s;
    struct policy_proposal q = {.author = w->caller.grant.user,
                                .based_on = in->number32,
                                .widens = in->flag,
                                .note = in->text,
                                .text = in->second};
    s = policy_versions_propose(w->state->policies, &q, &out->number32, &out->flag, e);
    s = end(w, in, tag, &deed, s, e);
    if (s != ST_OK)
        return s;
    (void)snprintf(tag, sizeof tag, "policy %u %s", out->number32, out->flag ? "published" : "waiting");
    return worker_record(w, in, AUDIT_POLICY, AUDIT_DONE, tag, e);
}

enum status handle_policy_decide(struct worker *w, struct args *in, struct args *out, struct error *e) {
    char tag[AUDIT_TAG_MAX];
    (void)out;
    enum status s = security_admins_only(w, in, "policy_decide", e);
    if (s != ST_OK)
        return s;
    (void)snprintf(tag, sizeof tag, "policy %u %s", in->number32, in->flag ? "approve" : "reject");
    struct deed deed;
    s = deed_begin(w, in, AUDIT_POLICY, tag, &deed, e);
    if (s != ST_OK)
        return s;
    s = policy_versions_decide(w->state->policies, w->caller.grant.user, in->number32, in->flag, in->text, e);
    return end(w, in, tag, &deed, s, e);
}

enum status handle_policy_first(struct worker *w, struct args *in, struct args *out, struct error *e) {
    bool published;
    if (atomic_load(&w->state->bootstrapped)) {
        (void)error_set(e, ST_DENIED, "bootstrap_over", "the registry is filled: sign in to change policies");
        return worker_refuse(w, in, "policy_first", e);
    }
    struct policy_proposal q = {
        .based_on = policy_versions_in_force(w->state->policies), .note = SLICE(""), .text = in->text};
    return policy_versions_propose(w->state->policies, &q, &out->number32, &published, e);
}
