/* Whose access has grown: roles, duties, rights for a time and the departments that somebody leads or stands
 * in, as they are against as they were some days ago. What was is what the keeper kept
 * (keeper/registry_past.h). What a role itself gives, and where a department stands, is not compared:
 * policies have versions of their own, and a department's move is an act of its own in the log. */
#ifndef KEDUN_PEOPLE_GROWN_H
#define KEDUN_PEOPLE_GROWN_H

#include "base/json.h"
#include "record/world.h"

#include <jansson.h>

/* Writes {"user", "name", "roles": [...], "duties": [...], "grants": [...], "leads": [...], "department":
 * {"from", "to"} or null} and so on (docs/api.md) as one object if his access has grown since `then_ms`;
 * *written says whether. ST_NOMEM. */
MUST_CHECK enum status grown_write(const struct directory *d, const struct staff *s, int64_t then_ms,
                                   int64_t now_ms, struct json *j, bool *written);

#endif
