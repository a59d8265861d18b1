#include "keeper/review_sign.h"

#include "keeper/proposal.h"

#include <string.h>

struct part {
    bool concerned, answered;
};

static struct part part_of(const struct review *x, uint32_t user) {
    struct part p = {false, false};
    for (size_t i = 0; i < x->count; i++) {
        p.concerned = p.concerned || x->lines[i].user == user;
        p.answered = p.answered || x->lines[i].by == user;
    }
    return p;
}

enum level { FREE_SECURITY, FREE_AUDITOR, NOT_OPENER, LEVELS };

static bool signs(const struct review *x, const struct held_right *duty, enum level level) {
    bool security = strcmp(duty->name, "security_admin") == 0, auditor = strcmp(duty->name, "auditor") == 0;
    struct part p = part_of(x, duty->user);
    if (duty->kind != RIGHT_DUTY || !(security || auditor) || p.answered)
        return false;
    if (level == NOT_OPENER)
        return duty->user != proposal_user(x->document, "by");
    return !p.concerned && (level == FREE_SECURITY ? security : auditor);
}

const char *review_refuses(const struct review *x, const struct held_rights *h, uint32_t user) {
    bool security = false;
    for (size_t i = 0; i < h->count; i++)
        security = security || (h->rights[i].user == user && h->rights[i].kind == RIGHT_DUTY &&
                                strcmp(h->rights[i].name, "security_admin") == 0);
    for (int level = 0; level < LEVELS; level++) {
        bool any = false, he = false;
        for (size_t i = 0; i < h->count; i++) {
            if (!signs(x, &h->rights[i], (enum level)level))
                continue;
            any = true;
            he = he || h->rights[i].user == user;
        }
        if (he)
            return NULL;
        if (any && level == FREE_SECURITY && !security)
            return "not_your_duty";
        if (any)
            break;
    }
    struct part p = part_of(x, user);
    return p.answered ? "own_answers" : p.concerned ? "own_lines" : "not_your_duty";
}

static bool is_role(const char *kind) {
    return strcmp(kind, "role") == 0 || strcmp(kind, "post_role") == 0 || strcmp(kind, "grant") == 0 ||
           strcmp(kind, "loan") == 0;
}

static bool in_scope(const struct review *x, const char *kind) {
    const json_t *kinds = json_object_get(json_object_get(x->document, "scope"), "kinds");
    bool found = json_array_size(kinds) == 0;
    for (size_t i = 0; i < json_array_size(kinds); i++)
        found = found || strcmp(json_string_value(json_array_get(kinds, i)), kind) == 0;
    return found;
}

static bool is_line(const json_t *lines, const struct held_right *right) {
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *one = json_array_get(lines, i);
        if (strcmp(proposal_text(one, "kind"), right_kind_name(right->kind)) == 0 &&
            strcmp(proposal_text(one, "name"), right->name) == 0 && proposal_user(one, "ref") == right->ref)
            return true;
    }
    return false;
}

bool review_given_again(const struct review *x, const struct held_rights *h, const json_t *lines,
                        const json_t *line) {
    uint32_t user = proposal_user(line, "user");
    if (!is_role(proposal_text(line, "kind")))
        return false;
    for (size_t i = 0; i < h->count && h->rights[i].user <= user; i++) {
        const struct held_right *right = &h->rights[i];
        const char *kind = right_kind_name(right->kind);
        if (right->user == user && is_role(kind) && in_scope(x, kind) &&
            strcmp(right->name, proposal_text(line, "name")) == 0 && !is_line(lines, right))
            return true;
    }
    return false;
}
