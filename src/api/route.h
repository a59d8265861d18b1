/* The route table: every path the server answers, once. Dispatch, OpenAPI, and the leak matrix read it. */
#ifndef KEDUN_API_ROUTE_H
#define KEDUN_API_ROUTE_H

#include "api/http.h"

enum route_flags {
    ROUTE_OPEN = 1,          /* no session needed */
    ROUTE_JSON = 2,          /* takes a JSON body (400 without), as application/json (415 otherwise) */
    ROUTE_BYTES = 4,         /* takes application/octet-stream (415 otherwise) */
    ROUTE_PERSONAL = 8,      /* may answer with customers' data: in the leak matrix */
    ROUTE_ANY_PASSWORD = 32, /* open to who must change his password first */
    ROUTE_ANY_STEP = 64,     /* open to half a session, to finish its sign-in */
    ROUTE_SCIM = 128,        /* asked by a provisioning key (api/scim.h), answered in SCIM's own terms */
    ROUTE_ASKS = 256,        /* a POST that changes nothing: takes no reason */
    ROUTE_NO_CSRF = 16       /* a write that carries its own secret (sign-in) */
};

struct engine; /* api/engine.h */

/* Fills the reply on ST_OK; on anything else the error becomes a problem document. */
typedef enum status (*route_handler)(struct engine *engine, struct caller *c, struct http_request *r,
                                     struct http_reply *reply, struct error *e);

struct route {
    const char *method;
    const char *pattern; /* "/api/v1/records/{object}/{id}": {…} is one segment */
    unsigned flags;
    route_handler handle;
    const char *operation; /* OpenAPI operationId */
    const char *summary_zh, *summary_en;
};

extern const struct route routes[];
extern const size_t route_count;

/* The route of a request, its parameters filled; NULL with *other_method when only the method is wrong. */
const struct route *route_find(struct http_request *r, bool *other_method);

#endif
