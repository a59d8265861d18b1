/* An organisation in which departments were moved and merged (policy/organise.h). */
#ifndef KEDUN_TESTS_UNIT_POLICY_MOVED_H
#define KEDUN_TESTS_UNIT_POLICY_MOVED_H

#include "policy/organise.h"

/* The tree of the tests after some moves: the team went to Suzhou, Kunshan's branch was merged into sales 1,
 * and a new branch inside Suzhou came out of a department of Hangzhou. Records bear what their departments
 * were. */
static const struct department moved_departments[] = {
    {.id = 1, .name = "group", .home = 1},
    {.id = 2, .parent = 1, .name = "head office", .home = 2},
    {.id = 10, .parent = 1, .branch = 10, .is_branch = true, .name = "Hangzhou", .home = 10, .stamp = 10},
    {.id = 11, .parent = 10, .branch = 10, .name = "sales 1", .home = 11, .stamp = 10},
    {.id = 12, .parent = 20, .branch = 20, .name = "team", .home = 12, .stamp = 10},
    {.id = 20, .parent = 1, .branch = 20, .is_branch = true, .name = "Suzhou", .home = 20, .stamp = 20},
    {.id = 21, .parent = 11, .branch = 10, .name = "was Kunshan", .home = 11, .stamp = 21},
};
__attribute__((unused)) static const struct organisation moved_organisation = {
    .departments = moved_departments,
    .count = sizeof moved_departments / sizeof moved_departments[0],
    .moved = true};

#endif
