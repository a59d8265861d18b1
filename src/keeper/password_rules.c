#include "keeper/password_rules.h"

#include "base/utf8.h"
#include "crypto/password.h"

static enum status bad(struct error *e, const char *why) {
    return error_field(e, ST_INVALID, "bad_document", "sign_in", "sign_in: passwords: %s", why);
}

struct password_rules password_rules_default(void) {
    return (struct password_rules){.profile = PASSWORD_MODERN, .least = 12};
}

/* A number within bounds; a missing one stays as it is. */
static bool take_number(const json_t *rules, const char *key, json_int_t least, json_int_t most,
                        uint16_t *out) {
    const json_t *v = json_object_get(rules, key);
    if (v == NULL)
        return true;
    if (!json_is_integer(v) || json_integer_value(v) < least || json_integer_value(v) > most)
        return false;
    *out = (uint16_t)json_integer_value(v);
    return true;
}

static bool words_fit(const json_t *words) {
    if (words == NULL)
        return true;
    if (!json_is_array(words) || json_array_size(words) > PASSWORD_WORDS_MAX - 16)
        return false;
    for (size_t i = 0; i < json_array_size(words); i++) {
        const json_t *word = json_array_get(words, i);
        if (!json_is_string(word) || json_string_length(word) < 2 || json_string_length(word) > 60)
            return false;
    }
    return true;
}

static enum status parse_dengbao(const json_t *rules, struct password_rules *out, struct error *e) {
    uint16_t least = 10, kinds = 3, history = 5, failures = 5;
    *out = (struct password_rules){.profile = PASSWORD_DENGBAO3, .days = 90, .lock_minutes = 15};
    if (!take_number(rules, "least", 8, 64, &least) || !take_number(rules, "kinds", 2, 4, &kinds) ||
        !take_number(rules, "days", 1, 365, &out->days) ||
        !take_number(rules, "history", 1, PASSWORD_HISTORY_MAX, &history) ||
        !take_number(rules, "failures", 3, 20, &failures) ||
        !take_number(rules, "lock_minutes", 1, 1440, &out->lock_minutes))
        return bad(e, "least 8-64, kinds 2-4, days 1-365, history 1-12, failures 3-20, lock_minutes 1-1440");
    out->least = (uint8_t)least;
    out->kinds = (uint8_t)kinds;
    out->history = (uint8_t)history;
    out->failures = (uint8_t)failures;
    return ST_OK;
}

enum status password_rules_parse(const json_t *rules, struct password_rules *out, struct error *e) {
    static const char *const not_modern[] = {"kinds", "days", "history", "failures", "lock_minutes"};
    uint16_t least = 12;
    *out = password_rules_default();
    if (rules == NULL)
        return ST_OK;
    const char *profile = json_string_value(json_object_get(rules, "profile"));
    bool dengbao = profile != NULL && strcmp(profile, "dengbao3") == 0;
    if (profile == NULL || (!dengbao && strcmp(profile, "modern") != 0))
        return bad(e, "profile: modern or dengbao3");
    if (!words_fit(json_object_get(rules, "words")))
        return bad(e, "words: at most 64 of 2 to 60 bytes");
    if (dengbao)
        return parse_dengbao(rules, out, e);
    for (size_t i = 0; i < sizeof not_modern / sizeof not_modern[0]; i++) {
        if (json_object_get(rules, not_modern[i]) != NULL)
            return bad(e, "the profile modern has no kinds, days, history or lock");
    }
    if (!take_number(rules, "least", 8, 64, &least))
        return bad(e, "least: 8 to 64");
    out->least = (uint8_t)least;
    return ST_OK;
}

void password_rules_words(const json_t *rules, struct password_words *out) {
    const json_t *words = json_object_get(rules, "words");
    for (size_t i = 0; i < json_array_size(words) && out->count < PASSWORD_WORDS_MAX; i++) {
        const json_t *word = json_array_get(words, i);
        out->word[out->count++] = slice_of(json_string_value(word), json_string_length(word));
    }
}

static size_t count_characters(struct slice text, unsigned *kinds) {
    size_t n = 0;
    unsigned seen = 0;
    while (text.n > 0) {
        uint32_t c;
        if (!utf8_next(&text, &c)) {
            c = text.p[0];
            text = slice_of(text.p + 1, text.n - 1);
        }
        seen |= c >= 'a' && c <= 'z' ? 1u : c >= 'A' && c <= 'Z' ? 2u : c >= '0' && c <= '9' ? 4u : 8u;
        n++;
    }
    *kinds = (seen & 1) + (seen >> 1 & 1) + (seen >> 2 & 1) + (seen >> 3 & 1);
    return n;
}

enum status password_rules_check(const struct password_rules *rules, const struct password_words *words,
                                 struct slice password, struct error *e) {
    unsigned kinds;
    size_t n = count_characters(password, &kinds);
    if (n < rules->least)
        return error_field(e, ST_INVALID, "password_short", "new", "at least %u characters", rules->least);
    if (password.n > PASSWORD_MAX)
        return error_field(e, ST_INVALID, "password_long", "new", "at most %d bytes", PASSWORD_MAX);
    if (kinds < rules->kinds)
        return error_field(e, ST_INVALID, "password_kinds", "new",
                           "at least %u of: small letters, capitals, digits, others", rules->kinds);
    if (password_guessable(password, words))
        return error_field(e, ST_INVALID, "password_guessable", "new",
                           "too much of it are common words, names, keys side by side, years or repetition");
    return ST_OK;
}
