#include "keeper/high_risk.h"

#include <stdio.h>
#include <string.h>

#define ABOVE_MOST   1000000
#define MINUTES_MOST 1440

static const char *const names[HIGH_RISK_ACTS] = {"delete", "update", "transfer", "import", "reveal"};

const char *high_risk_name(enum high_risk_act act) {
    return names[act];
}

bool high_risk_find(const char *name, enum high_risk_act *out) {
    for (unsigned i = 0; i < HIGH_RISK_ACTS; i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (enum high_risk_act)i;
            return true;
        }
    }
    return false;
}

static bool take_number(const json_t *v, int64_t most, uint32_t *out) {
    *out = 0;
    if (v == NULL || json_is_null(v))
        return true;
    if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > most)
        return false;
    *out = (uint32_t)json_integer_value(v);
    return true;
}

/* Nothing that is not named: a word that is spelt wrong must not ask for nothing. */
static bool has_only(const json_t *v, const char *const *known) {
    size_t found = 0;
    for (; *known != NULL; known++)
        found += json_object_get(v, *known) != NULL;
    return json_is_object(v) && found == json_object_size(v);
}

static bool take_flag(const json_t *v, bool *out) {
    *out = json_is_true(v);
    return v == NULL || json_is_boolean(v);
}

static bool take_terms(const json_t *v, struct high_risk_terms *out) {
    uint32_t minutes;
    if (!take_flag(json_object_get(v, "reason"), &out->reason) ||
        !take_flag(json_object_get(v, "approval"), &out->approval) ||
        !take_number(json_object_get(v, "above"), ABOVE_MOST, &out->above) ||
        !take_number(json_object_get(v, "second_factor_minutes"), MINUTES_MOST, &minutes))
        return false;
    out->minutes = (uint16_t)minutes;
    return true;
}

static bool parse_terms(const json_t *v, struct high_risk_terms *out) {
    static const char *const known[] = {"above", "reason", "second_factor_minutes", "approval", NULL};
    return has_only(v, known) && take_terms(v, out);
}

static bool take_role(const json_t *v, struct high_risk_rights *out) {
    const char *name = json_string_value(v);
    size_t n = json_string_length(v);
    if (name == NULL || n == 0 || n >= sizeof out->roles[0] || strlen(name) != n ||
        high_risk_is_executive(out, name))
        return false;
    memcpy(out->roles[out->role_count++], name, n + 1);
    return true;
}

static bool parse_rights(const json_t *v, struct high_risk_rights *out) {
    static const char *const known[] = {"roles", "reason", "second_factor_minutes", "approval", NULL};
    const json_t *roles = json_object_get(v, "roles");
    bool fine = has_only(v, known) && take_terms(v, &out->terms) && json_array_size(roles) > 0 &&
                json_array_size(roles) <= EXECUTIVE_ROLES;
    for (size_t i = 0; fine && i < json_array_size(roles); i++)
        fine = take_role(json_array_get(roles, i), out);
    return fine;
}

enum status high_risk_parse(const json_t *member, struct high_risk *out, struct error *e) {
    size_t found = 0;
    memset(out, 0, sizeof *out);
    if (member == NULL || json_is_null(member))
        return ST_OK;
    for (size_t i = 0; i < HIGH_RISK_ACTS; i++) {
        const json_t *v = json_object_get(member, names[i]);
        found += v != NULL;
        if (v != NULL && !parse_terms(v, &out->acts[i]))
            return error_field(e, ST_INVALID, "bad_document", names[i],
                               "above 0 to %d, reason, second_factor_minutes 0 to %d, approval", ABOVE_MOST,
                               MINUTES_MOST);
    }
    const json_t *rights = json_object_get(member, HIGH_RISK_RIGHTS);
    found += rights != NULL;
    if (rights != NULL && !parse_rights(rights, &out->rights))
        return error_field(e, ST_INVALID, "bad_document", HIGH_RISK_RIGHTS,
                           "1 to %d roles, reason, second_factor_minutes 0 to %d, approval", EXECUTIVE_ROLES,
                           MINUTES_MOST);
    return json_is_object(member) && found == json_object_size(member)
               ? ST_OK
               : error_field(e, ST_INVALID, "bad_document", "high_risk",
                             "delete, update, transfer, import, reveal and rights");
}

static bool is_later(uint16_t old, uint16_t fresh) {
    return old > 0 && (fresh == 0 || fresh > old);
}

static bool terms_loosen(const struct high_risk_terms *old, const struct high_risk_terms *fresh) {
    return high_risk_asks(old) &&
           (is_later(old->minutes, fresh->minutes) || (old->reason && !fresh->reason) ||
            (old->approval && !fresh->approval) || fresh->above > old->above);
}

bool high_risk_is_executive(const struct high_risk_rights *r, const char *role) {
    for (size_t i = 0; i < r->role_count; i++) {
        if (strcmp(r->roles[i], role) == 0)
            return true;
    }
    return false;
}

/* Whoever holds a role that is dropped is watched no more. */
static bool rights_loosen(const struct high_risk_rights *old, const struct high_risk_rights *fresh) {
    bool less = terms_loosen(&old->terms, &fresh->terms);
    for (size_t i = 0; i < old->role_count && high_risk_asks_rights(old); i++)
        less = less || !high_risk_is_executive(fresh, old->roles[i]);
    return less;
}

bool high_risk_loosens(const struct high_risk *old, const struct high_risk *fresh) {
    for (size_t i = 0; i < HIGH_RISK_ACTS; i++) {
        if (terms_loosen(&old->acts[i], &fresh->acts[i]))
            return true;
    }
    return rights_loosen(&old->rights, &fresh->rights);
}

static bool is_stale(uint16_t minutes, int64_t age) {
    return minutes > 0 && (age < 0 || age >= (int64_t)minutes * 60000);
}

struct need high_risk_missing(const struct high_risk *r, enum high_risk_act act, bool reason, int64_t age) {
    const struct high_risk_terms *t = &r->acts[act];
    struct need need = {.reason = t->reason && !reason,
                        .minutes = is_stale(t->minutes, age) ? t->minutes : 0,
                        .counted = true,
                        .above = t->above};
    (void)snprintf(need.act, sizeof need.act, "%s", names[act]);
    return need;
}

struct need high_risk_missing_rights(const struct high_risk_rights *r, bool reason, int64_t age) {
    struct need need = {.act = HIGH_RISK_RIGHTS};
    if (r->role_count == 0)
        return need;
    need.reason = r->terms.reason && !reason;
    need.minutes = is_stale(r->terms.minutes, age) ? r->terms.minutes : 0;
    return need;
}
