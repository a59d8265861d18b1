/* What somebody's posts give him at a moment (for registry*.c only; all under the registry's lock).
 *
 * A person without posts stands in the department that his document names and has his own roles. One with
 * posts stands where those are that hold now: the main one says his department, or the first of them where
 * none is main. His own roles and those of the main post are used there; the roles of another post over that
 * post's department. While no post holds he stands nowhere and has no role at all. */
#ifndef KEDUN_KEEPER_REGISTRY_POSTS_H
#define KEDUN_KEEPER_REGISTRY_POSTS_H

#include "keeper/registry_table.h"

bool post_holds(const struct parsed_post *p, int64_t now);
/* NULL: no post holds. */
const struct parsed_post *user_main_post(const struct parsed_user *u, int64_t now);
/* Of a department that was merged into another, the other. */
uint32_t registry_home(const struct registry *r, uint32_t department);
/* 0: nowhere. */
uint32_t user_department(const struct registry *r, const struct parsed_user *u, int64_t now);
/* His own and those of the main post. */
void user_main_roles(const struct parsed_user *u, int64_t now, struct role_names *out);
/* Those of one post. */
void post_role_names(const struct parsed_user *u, const struct parsed_post *p, struct role_names *out);
/* All that he has now, of whatever post. */
void user_all_roles(const struct parsed_user *u, int64_t now, struct role_names *out);
bool user_has_role(const struct parsed_user *u, const char *name, int64_t now);
/* By a post, or by the list `manages`; of a department that was merged nobody is the leader any more. */
bool user_leads(const struct registry *r, const struct parsed_user *u, uint32_t department, int64_t now);
/* Not disabled, its time not over; of a partner, his sponsor's neither. */
bool registry_user_is_live(const struct registry *r, const struct parsed_user *u, int64_t now);

#endif
