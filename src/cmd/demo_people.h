/* The demo company: its departments and its forty-one people. Numbers are fixed, so that every demo base has
 * the same people; one is the well-known face of each role and signs in by the role's name. All share one
 * password that is printed: a demo base answers on loopback only. */
#ifndef KEDUN_CMD_DEMO_PEOPLE_H
#define KEDUN_CMD_DEMO_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define DEMO_BRANCHES 3
#define DEMO_STAFF    41
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

struct demo_role_words {
    const char *role, *zh, *en, *sees_zh, *sees_en;
};

extern const struct demo_department demo_departments[];
extern const size_t demo_department_count;
extern const struct demo_staff demo_staff[DEMO_STAFF];

/* The n-th person with this role in a branch (-1: head office); NULL past the last. */
const struct demo_staff *demo_staff_find(const char *role, int branch, size_t n);

const struct demo_role_words *demo_role_words(const char *role);

/* Login, password, role and what he sees, a line a person, in both languages. */
void demo_people_print(FILE *to);

#endif
