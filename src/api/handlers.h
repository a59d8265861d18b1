/* The handlers, one file a resource (handle_<resource>.c); route_table.c lists them. docs/api.md says what
 * each answers. */
#ifndef KEDUN_API_HANDLERS_H
#define KEDUN_API_HANDLERS_H

#include "api/route.h"

#define HANDLER(name)                                                                                        \
    enum status name(struct engine *engine, struct caller *c, struct http_request *r,                        \
                     struct http_reply *reply, struct error *e)

HANDLER(handle_sign_in);
HANDLER(handle_sign_out);
HANDLER(handle_me);
HANDLER(handle_password);
HANDLER(handle_sessions);
HANDLER(handle_session_revoke);
HANDLER(handle_directory);
HANDLER(handle_key_make);

HANDLER(handle_objects);
HANDLER(handle_object);
HANDLER(handle_object_add);
HANDLER(handle_field_add);
HANDLER(handle_field_change);

HANDLER(handle_record_list);
HANDLER(handle_record_query);
HANDLER(handle_record_groups);
HANDLER(handle_record_get);
HANDLER(handle_record_create);
HANDLER(handle_record_update);
HANDLER(handle_record_delete);
HANDLER(handle_record_restore);
HANDLER(handle_record_history);
HANDLER(handle_record_timeline);
HANDLER(handle_record_reveal);
HANDLER(handle_suggest);

HANDLER(handle_health);
HANDLER(handle_ready);
HANDLER(handle_metrics);

#endif
