#include "policy/policies.h"

#include "base/map.h"
#include "policy/parse.h"

static bool annotated_id(const struct policy *p, struct slice *out) {
    for (size_t i = 0; i < p->annotation_count; i++) {
        if (slice_is(p->annotations[i].name, "id")) {
            *out = p->annotations[i].value.p == NULL ? SLICE("") : p->annotations[i].value;
            return true;
        }
    }
    return false;
}

static enum status twice(struct slice id, const char *file, struct error *e) {
    return error_set(e, ST_CONFLICT, "policy_twice", "%s: two policies are named %.*s", file,
                     (int)(id.n > 80 ? 80 : id.n), (const char *)id.p);
}

static enum status names_differ(const struct policies *p, const char *file, struct error *e) {
    struct map names;
    map_init(&names);
    enum status s = ST_OK;
    for (size_t i = 0; i < p->count + p->template_count && s == ST_OK; i++) {
        const struct policy *one = i < p->count ? p->list[i] : p->templates[i - p->count];
        s = map_get(&names, one->id) != NULL ? twice(one->id, file, e)
                                             : map_put(&names, one->id, (void *)(uintptr_t)one);
    }
    map_free(&names);
    return s;
}

enum status policies_from_text(struct slice text, const char *file, struct arena *a, struct policies *out,
                               struct error *e) {
    const struct policy *parsed;
    size_t count;
    *out = (struct policies){.list = NULL};
    enum status s = parse_policies(text, file, a, &parsed, &count, e);
    if (s != ST_OK)
        return s;
    struct policy *copies = arena_array(a, count, sizeof *copies);
    out->list = arena_array(a, count, sizeof(const struct policy *));
    out->templates = arena_array(a, count, sizeof(const struct policy *));
    if (copies == NULL || out->list == NULL || out->templates == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "%s: too large", file);
    for (size_t i = 0; i < count; i++) {
        copies[i] = parsed[i];
        if (!annotated_id(&copies[i], &copies[i].id))
            copies[i].id = slice_from_string(arena_format(a, "policy%zu", i));
        if (copies[i].id.p == NULL)
            return error_set(e, ST_NOMEM, "no_memory", "%s: too large", file);
        if (policy_is_template(&copies[i]))
            out->templates[out->template_count++] = &copies[i];
        else
            out->list[out->count++] = &copies[i];
    }
    return names_differ(out, file, e);
}

static const struct policy *find_template(const struct policies *p, struct slice id) {
    for (size_t i = 0; i < p->template_count; i++) {
        if (slice_equal(p->templates[i]->id, id))
            return p->templates[i];
    }
    return NULL;
}

static bool fill(struct scope *s, const struct cedar_entity *with) {
    if (s->slot != (with != NULL))
        return false;
    if (with != NULL) {
        s->entities = with;
        s->count = 1;
        s->slot = false;
    }
    return true;
}

static bool has_policy(const struct policies *p, struct slice id) {
    for (size_t i = 0; i < p->count; i++) {
        if (slice_equal(p->list[i]->id, id))
            return true;
    }
    return find_template(p, id) != NULL;
}

enum status policies_link(struct policies *p, const struct linked *link, struct arena *a, struct error *e) {
    const struct policy *from = find_template(p, link->template);
    if (from == NULL)
        return error_set(e, ST_NOT_FOUND, "unknown_template", "there is no template %.*s",
                         (int)(link->template.n > 80 ? 80 : link->template.n),
                         (const char *)link->template.p);
    if (has_policy(p, link->id))
        return twice(link->id, "links", e);
    struct policy *made = arena_alloc(a, sizeof *made);
    const struct policy **list = arena_array(a, p->count + 1, sizeof(const struct policy *));
    struct linked *links = arena_array(a, p->link_count + 1, sizeof *links);
    if (made == NULL || list == NULL || links == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "too many policies");
    *made = *from;
    made->id = link->id;
    if (!fill(&made->principal, link->principal) || !fill(&made->resource, link->resource))
        return error_set(e, ST_INVALID, "bad_link", "%.*s does not fill just the slots of its template",
                         (int)(link->id.n > 80 ? 80 : link->id.n), (const char *)link->id.p);
    for (size_t i = 0; i < p->count; i++)
        list[i] = p->list[i];
    for (size_t i = 0; i < p->link_count; i++)
        links[i] = p->links[i];
    list[p->count++] = made;
    links[p->link_count++] = *link;
    p->list = list;
    p->links = links;
    return ST_OK;
}
