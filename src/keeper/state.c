#include "keeper/state.h"

#include "base/clock.h"
#include "base/log.h"
#include "keeper/box.h"
#include "keeper/deed.h"
#include "keeper/replay.h"

#define IDLE_MS     ((int64_t)30 * 60 * 1000)
#define ABSOLUTE_MS ((int64_t)12 * 3600 * 1000)

static enum status open_people(struct keeper_state *s, struct error *e) {
    struct session_limits limits = {s->config.idle_ms > 0 ? s->config.idle_ms : IDLE_MS,
                                    s->config.absolute_ms > 0 ? s->config.absolute_ms : ABSOLUTE_MS};
    enum status st = registry_open(s->vault, &s->registry, e);
    if (st == ST_OK)
        st = policy_versions_open(s->vault, &s->policies, e);
    if (st == ST_OK)
        st = proposals_open(s->vault, &s->proposals, e);
    if (st == ST_OK)
        st = allowances_open(s->vault, &s->allowances, e);
    if (st == ST_OK)
        st = reviews_open(s->vault, &s->reviews, e);
    if (st == ST_OK)
        st = sessions_open(s->vault, s->registry, limits, &s->sessions, e);
    if (st == ST_OK)
        st = credentials_open(s->vault, s->keys, s->config.password_cost, &s->credentials, e);
    if (st == ST_OK)
        st = alarms_open(s->vault, &s->alarms, e);
    if (st == ST_OK)
        st = factors_open(s->vault, s->keys, &s->factors, e);
    if (st != ST_OK)
        return st;
    s->guard = guard_new();
    s->budgets = budgets_new();
    s->challenges = challenges_new();
    if (s->challenges == NULL || s->guard == NULL || s->budgets == NULL || match_paid_init(&s->paid) != ST_OK)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the keeper's tables");
    st = sign_on_open(s->vault, s->challenges, &s->sign_on, e);
    if (st != ST_OK)
        return st;
    st = scim_open(s->vault, &s->scim, e);
    if (st == ST_OK)
        st = ldap_source_open(s->vault, &s->ldap, e);
    if (st != ST_OK)
        return st;
    registry_guard_mail(s->registry, sign_on_links_mail(s->sign_on));
    struct buf over;
    buf_init(&over, 16, false);
    atomic_store(&s->bootstrapped, vault_get(s->vault, VAULT_SETTING, SLICE("bootstrapped"), &over) == ST_OK);
    buf_free(&over);
    return ST_OK;
}

/* Since when the registry keeps what rights were before: an older one begins with its first start. */
static enum status note_past(struct keeper_state *s, struct error *e) {
    struct buf since;
    buf_init(&since, 16, false);
    struct vault_change now = {VAULT_SETTING, SLICE("rights_past_from"), SLICE_NONE};
    bool known = vault_get(s->vault, VAULT_SETTING, now.key, &since) == ST_OK;
    struct reader r = reader_of(buf_slice(&since));
    s->past_from = known ? (int64_t)reader_u64(&r) : s->started_at;
    buf_reset(&since);
    buf_put_u64(&since, (uint64_t)s->past_from);
    now.value = buf_slice(&since);
    enum status st = known ? ST_OK : vault_commit(s->vault, &now, 1);
    buf_free(&since);
    return st == ST_OK ? st
                       : error_set(e, st, "vault_io", "the beginning of what is kept could not be stored");
}

enum status state_open(const struct keeper_config *config, struct keeper_state *s, struct error *e) {
    memset(s, 0, sizeof *s);
    s->config = *config;
    s->started_at = clock_wall_ms();
    enum status st = keyring_open(config->key_dir, config->state_dir, &s->keys, e);
    if (st == ST_OK)
        st = vault_open(config->state_dir, s->keys->vault, &s->vault, e);
    if (st == ST_OK && box_sweep(s->vault, s->started_at) != ST_OK)
        st = error_set(e, ST_IO, "vault_write", "keys that are over could not be taken out of the vault");
    if (st == ST_OK)
        st = open_people(s, e);
    if (st == ST_OK)
        st = note_past(s, e);
    if (st == ST_OK)
        st = parts_open(s->vault, s->keys, &s->parts, e);
    if (st == ST_OK)
        st = ledger_open(config->audit_dir, config->origin, s->keys->audit_seed, &s->ledger, e);
    if (st == ST_OK)
        st = replay_start(s, e);
    if (st == ST_OK)
        st = deeds_settle(s, e);
    if (st != ST_OK)
        state_close(s);
    return st;
}

void state_close(struct keeper_state *s) {
    ledger_close(s->ledger);
    parts_close(s->parts);
    budgets_free(s->budgets);
    guard_free(s->guard);
    alarms_close(s->alarms);
    ldap_source_close(s->ldap);
    scim_close(s->scim);
    sign_on_close(s->sign_on);
    challenges_free(s->challenges);
    factors_close(s->factors);
    credentials_close(s->credentials);
    sessions_close(s->sessions);
    proposals_close(s->proposals);
    allowances_close(s->allowances);
    reviews_close(s->reviews);
    policy_versions_close(s->policies);
    registry_close(s->registry);
    vault_close(s->vault);
    keyring_close(s->keys);
    memset(s, 0, sizeof *s);
}
