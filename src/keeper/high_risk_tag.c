#include "keeper/high_risk_tag.h"

#include <stdio.h>
#include <string.h>

#define HEAD "high_risk"

static struct slice next_word(struct slice *rest) {
    size_t n = 0;
    while (n < rest->n && rest->p[n] != ' ')
        n++;
    struct slice word = slice_of(rest->p, n);
    *rest = n == rest->n ? SLICE_NONE : slice_of(rest->p + n + 1, rest->n - n - 1);
    return word;
}

/* *acts: what stands behind the word. */
static bool find_head(struct slice tag, struct slice *acts) {
    while (tag.n > 0) {
        if (slice_is(next_word(&tag), HEAD)) {
            *acts = tag;
            return true;
        }
    }
    return false;
}

bool high_risk_tag_is(struct slice tag) {
    struct slice acts;
    return find_head(tag, &acts);
}

/* With the first `named` approvals, and how many more there are. */
static int write_act(char *out, size_t room, const char *head, const struct high_risk_tagged *act,
                     size_t named) {
    uint32_t more = act->more + (uint32_t)(act->approval_count - named);
    int n = snprintf(out, room, "%s %.*s %u%s", head, (int)act->act.n, (const char *)act->act.p,
                     (unsigned)act->day, act->reason ? " r" : "");
    for (size_t i = 0; n > 0 && (size_t)n < room && i < named; i++)
        n += snprintf(out + n, room - (size_t)n, " p%llu", (unsigned long long)act->approvals[i]);
    if (more > 0 && n > 0 && (size_t)n < room)
        n += snprintf(out + n, room - (size_t)n, " +%u", (unsigned)more);
    return n;
}

void high_risk_tag_put(char tag[AUDIT_TAG_MAX], const struct high_risk_tagged *act, size_t keep) {
    size_t at = strlen(tag);
    for (size_t named = act->approval_count + 1; named-- > 0;) {
        char one[AUDIT_TAG_MAX];
        size_t room = sizeof one - at, least = named == 0 ? 0 : keep;
        int n = write_act(one, room, at == 0 ? HEAD : "", act, named);
        if (n > 0 && (size_t)n + least < room) {
            memcpy(tag + at, one, (size_t)n + 1);
            return;
        }
    }
}

bool high_risk_tag_name(struct slice text) {
    bool good = text.n >= 2 && text.n <= HIGH_RISK_TAG_NAME;
    for (size_t i = 0; good && i < text.n; i++)
        good = (text.p[i] >= 'a' && text.p[i] <= 'z') || (i > 0 && text.p[i] == '_');
    return good;
}

/* What stands behind an act's count; false: it is no such word. */
static bool read_more(struct slice word, struct high_risk_tagged *act) {
    int64_t id;
    if (slice_is(word, "r")) {
        bool first = !act->reason && act->approval_count == 0;
        act->reason = true;
        return first;
    }
    if (word.n >= 2 && word.p[0] == '+' && slice_to_int(word, &id) && id > 0 && id <= UINT32_MAX) {
        act->more = (uint32_t)id;
        return true;
    }
    if (word.n < 2 || word.p[0] != 'p' || act->approval_count == HIGH_RISK_TAG_APPROVALS ||
        !slice_to_int(slice_of(word.p + 1, word.n - 1), &id) || id <= 0)
        return false;
    act->approvals[act->approval_count++] = (uint64_t)id;
    return true;
}

size_t high_risk_tag_read(struct slice tag, struct high_risk_tagged out[HIGH_RISK_TAG_ACTS]) {
    size_t count = 0;
    if (!find_head(tag, &tag))
        return 0;
    while (tag.n > 0) {
        struct slice word = next_word(&tag), rest = tag;
        int64_t day;
        if (count > 0 && read_more(word, &out[count - 1]))
            continue;
        bool is_act =
            high_risk_tag_name(word) && slice_to_int(next_word(&rest), &day) && day >= 0 && day <= UINT32_MAX;
        if (is_act && count < HIGH_RISK_TAG_ACTS) {
            out[count++] = (struct high_risk_tagged){.act = word, .day = (uint32_t)day};
            tag = rest;
        }
    }
    return count;
}
