#include "people/stood.h"

#include "policy/organise.h"

static bool is_in(const uint32_t *list, size_t n, uint32_t one) {
    for (size_t i = 0; i < n; i++) {
        if (list[i] == one)
            return true;
    }
    return false;
}

size_t stood_at(const struct organisation *o, const json_t *document, int64_t now,
                uint32_t out[STANDING_LEADERS]) {
    struct standing s;
    size_t n = 0;
    posts_stand(document, now, &s);
    for (size_t i = 0; i < s.held_count; i++) {
        uint32_t home = organisation_home(o, s.held[i].department);
        if (home != 0 && !is_in(out, n, home))
            out[n++] = home;
    }
    if (s.held_count == 0 && s.department != 0)
        out[n++] = organisation_home(o, s.department);
    return n;
}

struct before {
    const struct organisation *o;
    int64_t since, now;
    struct stood *out;
    size_t n;
};

static void add(struct before *b, uint32_t department, int64_t until) {
    uint32_t home = organisation_home(b->o, department);
    if (home == 0 || until <= b->since || until > b->now)
        return;
    for (size_t i = 0; i < b->n; i++) {
        if (b->out[i].department == home) {
            b->out[i].until = until > b->out[i].until ? until : b->out[i].until;
            return;
        }
    }
    if (b->n < STOOD_MOST)
        b->out[b->n++] = (struct stood){home, until};
}

/* Posts that came to their own end while this was his state. */
static void add_ended(struct before *b, const json_t *state, int64_t until) {
    const json_t *posts = json_object_get(state, "posts");
    for (size_t i = 0; i < json_array_size(posts); i++) {
        const json_t *post = json_array_get(posts, i);
        int64_t end = json_integer_value(json_object_get(post, "until"));
        if (end != 0 && end <= until)
            add(b, (uint32_t)json_integer_value(json_object_get(post, "department")), end);
    }
}

size_t stood_before(const struct organisation *o, const json_t *document, int64_t since, int64_t now,
                    struct stood out[STOOD_MOST]) {
    struct before b = {.o = o, .since = since, .now = now, .out = out};
    const json_t *past = json_object_get(document, "past");
    uint32_t at[STANDING_LEADERS], here[STANDING_LEADERS];
    size_t n, kept = 0, stands = stood_at(o, document, now, here);
    add_ended(&b, document, now);
    for (size_t i = 0; i < json_array_size(past); i++) {
        const json_t *state = json_array_get(past, i);
        int64_t until = json_integer_value(json_object_get(state, "until"));
        if (until <= since)
            continue;
        n = stood_at(o, state, until - 1, at);
        for (size_t k = 0; k < n; k++)
            add(&b, at[k], until);
        add_ended(&b, state, until);
    }
    for (size_t i = 0; i < b.n; i++) {
        if (!is_in(here, stands, out[i].department))
            out[kept++] = out[i];
    }
    return kept;
}
