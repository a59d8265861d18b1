#include "policy/matrix.h"

#include <string.h>

#define ROLE_NAME_MOST 39

/* Letters, digits, _ and - stand in Cedar's text as they are. */
static bool is_plain(struct slice name) {
    bool fine = name.n > 0 && name.n <= ROLE_NAME_MOST;
    for (size_t i = 0; fine && i < name.n; i++) {
        uint8_t c = name.p[i];
        fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || ((c == '_' || c == '-') && i > 0);
    }
    return fine;
}

/* The policy's head gives it to this one role. */
static bool is_of(const struct policy *p, struct slice role) {
    bool one =
        p->principal.op == SCOPE_IN || p->principal.op == SCOPE_IS_IN || p->principal.op == SCOPE_EQUAL;
    return one && !p->principal.slot && p->principal.count == 1 &&
           slice_is(p->principal.entities[0].type, "Role") && slice_equal(p->principal.entities[0].id, role);
}

static bool begins(struct slice text, size_t at, struct slice with) {
    return at <= text.n && text.n - at >= with.n && memcmp(text.p + at, with.p, with.n) == 0;
}

static size_t spaces(struct slice text, size_t at) {
    size_t n = 0;
    while (at + n < text.n && (text.p[at + n] == ' ' || text.p[at + n] == '\n' || text.p[at + n] == '\t'))
        n++;
    return n;
}

/* Role::"<role>" stands somewhere in the policy's text. */
static bool speaks_of(const struct policy *p, struct slice role) {
    struct slice text = slice_of(p->source.p + p->from, p->to - p->from);
    for (size_t i = 0; i < text.n; i++) {
        if (!begins(text, i, SLICE("Role")))
            continue;
        size_t at = i + 4 + spaces(text, i + 4);
        if (!begins(text, at, SLICE("::")))
            continue;
        at += 2 + spaces(text, at + 2);
        if (begins(text, at, SLICE("\"")) && begins(text, at + 1, role) &&
            begins(text, at + 1 + role.n, SLICE("\"")))
            return true;
    }
    return false;
}

/* The policy's text with another role in the place of its own, and an id of its own. */
static void copy_one(const struct policy *p, struct slice from, struct slice to, struct buf *out) {
    struct slice text = slice_of(p->source.p + p->from, p->to - p->from);
    for (size_t i = 0; i < text.n;) {
        if (begins(text, i, SLICE("Role::\"")) && begins(text, i + 7, from) && i + 7 + from.n < text.n &&
            text.p[i + 7 + from.n] == '"') {
            buf_put(out, "Role::\"", 7);
            buf_put(out, to.p, to.n);
            i += 7 + from.n;
        } else if (begins(text, i, SLICE("@id(\""))) {
            buf_put(out, "@id(\"", 5);
            buf_put(out, to.p, to.n);
            buf_put_u8(out, '-');
            i += 5;
        } else {
            buf_put_u8(out, text.p[i++]);
        }
    }
    buf_put_u8(out, '\n');
}

enum status matrix_copy(const struct policy_set *set, struct slice from, struct slice to, struct buf *out,
                        struct error *e) {
    struct slice text = policy_text(set);
    size_t copied = 0;
    if (!is_plain(to))
        return error_set(e, ST_INVALID, "policy_matrix", "role: small letters, digits, _ and -, %d at most",
                         ROLE_NAME_MOST);
    for (size_t i = 0; i < set->count; i++) {
        if (is_of(set->policies[i], to))
            return error_set(e, ST_INVALID, "policy_matrix", "like: the role has policies already");
        if (!is_of(set->policies[i], from) && speaks_of(set->policies[i], from))
            return error_set(e, ST_INVALID, "policy_matrix",
                             "like: the policy in line %u speaks of that role among others: write it by hand",
                             (unsigned)set->policies[i]->line);
    }
    buf_put(out, text.p, text.n);
    for (size_t i = 0; i < set->count; i++) {
        if (!is_of(set->policies[i], from))
            continue;
        buf_put_u8(out, '\n');
        copy_one(set->policies[i], from, to, out);
        copied++;
    }
    if (out->failed)
        return error_set(e, ST_NOMEM, "no_memory", "policies");
    return copied > 0 ? ST_OK : error_set(e, ST_INVALID, "policy_matrix", "like: that role has no policies");
}
