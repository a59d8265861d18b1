#include "people/posts.h"

static int64_t time_of(const json_t *post, const char *key) {
    return json_integer_value(json_object_get(post, key));
}

static bool holds(const json_t *post, int64_t now) {
    int64_t until = time_of(post, "until");
    return time_of(post, "from") <= now && (until == 0 || now < until);
}

static void note_turn(struct standing *s, int64_t at, int64_t now) {
    if (at > now && at < s->next)
        s->next = at;
}

static void add_led(struct standing *s, uint32_t department) {
    if (s->lead_count < STANDING_LEADS && department != 0)
        s->leads[s->lead_count++] = department;
}

static void take_post(const json_t *post, bool *has_main, bool *any, struct standing *out) {
    uint32_t department = (uint32_t)time_of(post, "department");
    uint32_t leader = (uint32_t)time_of(post, "reports_to");
    bool main = json_is_true(json_object_get(post, "main"));
    if (!*any || (main && !*has_main)) {
        out->department = department;
        out->main = (uint32_t)time_of(post, "id");
    }
    if (out->held_count < STANDING_LEADERS) {
        out->held[out->held_count].id = (uint32_t)time_of(post, "id");
        out->held[out->held_count++].department = department;
    }
    *has_main = *has_main || main;
    *any = true;
    if (json_is_true(json_object_get(post, "leads")))
        add_led(out, department);
    if (leader != 0 && out->leader_count < STANDING_LEADERS)
        out->leaders[out->leader_count++] = leader;
}

void posts_stand(const json_t *document, int64_t now, struct standing *out) {
    const json_t *posts = json_object_get(document, "posts");
    const json_t *manages = json_object_get(document, "manages");
    bool has_main = false, any = false;
    *out = (struct standing){.next = INT64_MAX, .has_posts = json_array_size(posts) > 0};
    for (size_t i = 0; i < json_array_size(posts); i++) {
        const json_t *post = json_array_get(posts, i);
        note_turn(out, time_of(post, "from"), now);
        note_turn(out, time_of(post, "until"), now);
        if (holds(post, now))
            take_post(post, &has_main, &any, out);
    }
    if (json_array_size(posts) == 0)
        out->department = (uint32_t)time_of(document, "department");
    else if (!any)
        return;
    for (size_t i = 0; i < json_array_size(manages); i++)
        add_led(out, (uint32_t)json_integer_value(json_array_get(manages, i)));
}
