/* OpenAPI 3.1 from the route table and the caller's metadata: what he may not know of is not in it.
 * "x-personal" marks the routes that may answer with customers' data: the leak matrix is made from them. */
#ifndef KEDUN_API_OPENAPI_H
#define KEDUN_API_OPENAPI_H

#include "api/http.h"

/* `objects`: what record_metadata writes for all objects. */
void openapi_write(struct json *out, enum language language, const json_t *objects);

#endif
