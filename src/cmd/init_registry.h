/* Fills a fresh keeper's registry with what every installation begins with: roles and the company's budget
 * from policies/roles.json, and the catalogue of fields from the definitions. roles.json:
 *   {"roles": [{"id", and a role's document as keeper/registry.h has it} …], "company": {"budget": …}} */
#ifndef KEDUN_CMD_INIT_REGISTRY_H
#define KEDUN_CMD_INIT_REGISTRY_H

#include "ipc/config.h"
#include "keeper/client.h"

#include <jansson.h>

/* Reads and checks the file's outline. The caller decrefs. */
MUST_CHECK enum status init_roles_read(const char *policies_dir, json_t **out, struct error *e);

MUST_CHECK enum status init_registry_fill(struct keeper *admin, const struct config *c, struct error *e);

/* ST_CONFLICT when the directory's registry is filled already. */
MUST_CHECK enum status init_registry_empty(struct keeper *admin, const char *dir, struct error *e);

struct init_user {
    uint32_t id, department;
    const char *login, *name, *role;
    const char *duty;        /* NULL: none */
    const uint32_t *manages; /* ended by 0, or NULL */
    struct slice password;
    const json_t *more; /* further members of the document, or NULL */
};
MUST_CHECK enum status init_registry_user(struct keeper *admin, const struct init_user *u, struct error *e);

/* Roles for a time. */
MUST_CHECK enum status init_registry_grant(struct keeper *admin, uint32_t id, const json_t *grant,
                                           struct error *e);

/* branch: its own id for a branch, the branch's id below one, 0 elsewhere. */
MUST_CHECK enum status init_registry_department(struct keeper *admin, uint32_t id, uint32_t parent,
                                                uint32_t branch, const char *name, struct error *e);

#endif
