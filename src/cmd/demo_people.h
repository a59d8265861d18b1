/* The demo company: its departments and its forty-two people. Numbers are fixed, so that every demo base has
 * the same people; one is the well-known face of each role and signs in by the role's name. All share one
 * password that is printed: a demo base answers on loopback only. */
#ifndef KEDUN_CMD_DEMO_PEOPLE_H
#define KEDUN_CMD_DEMO_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define DEMO_BRANCHES 3
#define DEMO_STAFF    42
#define DEMO_PARTNER  42 /* the one whose account is a partner's */
#define DEMO_PASSWORD "demo-password"

struct demo_department {
    uint32_t id, parent, branch;
    const char *name;
};

struct demo_staff {
    uint32_t id;
    const char *login, *name, *role;
    uint32_t department;
    uint32_t manages[2]; /* departments that he leads; 0: none */
    int branch;          /* 0 to 2; -1: head office */
    uint16_t weight;     /* of his part of the branch's customers; 0: owns none */
    bool is_face;        /* printed */
};

/* A post of somebody's; who has none stands in his department. Days are counted from the making of the base;
 * the main post's department is the person's, for that is where his records are made. */
struct demo_post {
    uint32_t user, id, department;
    const char *position;
    int from_days, until_days; /* until_days 0: open */
    bool main, leads;
    uint32_t reports_to;
    const char *role; /* used over this post's department alone; NULL: none */
};

struct demo_role_words {
    const char *role, *zh, *en, *sees_zh, *sees_en;
};

extern const struct demo_department demo_departments[];
extern const size_t demo_department_count;
extern const struct demo_staff demo_staff[DEMO_STAFF];
extern const struct demo_post demo_posts[];
extern const size_t demo_post_count;

/* The n-th person with this role in a branch (-1: head office); NULL past the last. */
const struct demo_staff *demo_staff_find(const char *role, int branch, size_t n);

const struct demo_role_words *demo_role_words(const char *role);

/* Login, password, role and what he sees, a line a person, in both languages. */
void demo_people_print(FILE *to);

#endif
