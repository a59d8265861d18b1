#include "keeper/sign_in_rules.h"

#include <string.h>
#include <time.h>

static enum status bad(struct error *e, const char *why) {
    return error_field(e, ST_INVALID, "bad_document", "sign_in", "sign_in: %s", why);
}

/* One of the names, by its place; a missing one is the first. */
static bool take_name(const json_t *v, const char *const *names, size_t count, uint8_t *out) {
    *out = 0;
    if (v == NULL)
        return true;
    for (size_t i = 0; json_is_string(v) && i < count; i++) {
        if (strcmp(json_string_value(v), names[i]) == 0) {
            *out = (uint8_t)i;
            return true;
        }
    }
    return false;
}

static bool take_hour(const json_t *v, uint8_t *out) {
    if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > 24)
        return false;
    *out = (uint8_t)json_integer_value(v);
    return true;
}

static bool take_hours(const json_t *v, struct sign_in_rules *out) {
    if (v == NULL)
        return true;
    const json_t *days = json_object_get(v, "days");
    if (!json_is_array(days) || json_array_size(days) == 0 || json_array_size(days) > 7)
        return false;
    for (size_t i = 0; i < json_array_size(days); i++) {
        const json_t *day = json_array_get(days, i);
        if (!json_is_integer(day) || json_integer_value(day) < 1 || json_integer_value(day) > 7)
            return false;
        out->days = (uint8_t)(out->days | 1u << json_integer_value(day));
    }
    out->has_hours = true;
    return take_hour(json_object_get(v, "from"), &out->from) &&
           take_hour(json_object_get(v, "to"), &out->to) && out->from < out->to;
}

enum status sign_in_rules_parse(const json_t *rules, bool company, struct sign_in_rules *out,
                                struct error *e) {
    static const char *const demands[] = {"nobody", "duties", "everybody"};
    memset(out, 0, sizeof *out);
    if (rules == NULL)
        return ST_OK;
    if (!json_is_object(rules))
        return bad(e, "an object");
    const json_t *factor = json_object_get(rules, "second_factor");
    if (company && !take_name(factor, demands, 3, &out->factor))
        return bad(e, "second_factor: nobody, duties or everybody");
    if (!company && factor != NULL && !json_is_boolean(factor))
        return bad(e, "second_factor: true or false");
    if (!company)
        out->factor = json_is_true(factor) ? FACTOR_EVERYBODY : FACTOR_NOBODY;
    if (!network_parse_all(json_object_get(rules, "networks"), out->networks, &out->network_count))
        return bad(e, "networks: 1 to 8 networks as 10.0.0.0/8");
    if (!take_hours(json_object_get(rules, "hours"), out))
        return bad(e, "hours: days of 1 to 7, from and to as hours of 0 to 24");
    return ST_OK;
}

static enum status apply_hours(const struct sign_in_rules *rules, int64_t now,
                               struct sign_in_verdict *verdict, struct error *e) {
    time_t seconds = (time_t)(now / 1000);
    struct tm local;
    if (localtime_r(&seconds, &local) == NULL)
        return error_set(e, ST_INTERNAL, "clock", "the time of day is not known");
    unsigned day = local.tm_wday == 0 ? 7 : (unsigned)local.tm_wday;
    if ((rules->days >> day & 1) == 0 || local.tm_hour < rules->from || local.tm_hour >= rules->to)
        return error_set(e, ST_DENIED, "sign_in_time", "this account signs in at other hours");
    int64_t left = (rules->to - local.tm_hour) * (int64_t)3600 - local.tm_min * (int64_t)60 - local.tm_sec;
    int64_t until = now + left * 1000;
    verdict->until = verdict->until == 0 || until < verdict->until ? until : verdict->until;
    return ST_OK;
}

enum status sign_in_rules_apply(const struct sign_in_rules *rules, bool holds_duty, const uint8_t address[16],
                                int64_t now, struct sign_in_verdict *verdict, struct error *e) {
    verdict->factor = verdict->factor || rules->factor == FACTOR_EVERYBODY ||
                      (rules->factor == FACTOR_DUTIES && holds_duty);
    if (address == NULL)
        return ST_OK;
    if (!network_permits(rules->networks, rules->network_count, address))
        return error_set(e, ST_DENIED, "sign_in_place", "this account signs in from other networks");
    return rules->has_hours ? apply_hours(rules, now, verdict, e) : ST_OK;
}
