/* What a person's posts come to at a moment, from his document in the registry: the engine's reading of what
 * the keeper judges by (keeper/registry_posts.h says the rules; both must agree). */
#ifndef KEDUN_PEOPLE_POSTS_H
#define KEDUN_PEOPLE_POSTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STANDING_LEADS   76 /* 64 of the list `manages`, 12 posts */
#define STANDING_LEADERS 12

struct standing {
    uint32_t department; /* 0: nowhere; not yet resolved through merges */
    uint32_t leads[STANDING_LEADS];
    size_t lead_count;
    uint32_t leaders[STANDING_LEADERS]; /* whom he reports to by name */
    size_t leader_count;
    bool has_posts; /* at all, whether one holds or not */
    uint32_t main;  /* the main post's number; 0: none holds */
    struct {
        uint32_t id, department;
    } held[STANDING_LEADERS]; /* the posts that hold */
    size_t held_count;
    int64_t next; /* ms: when a post begins or ends next; INT64_MAX: never */
};

void posts_stand(const json_t *document, int64_t now, struct standing *out);

#endif
