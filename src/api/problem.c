#include "api/problem.h"

#include "keeper/need.h"

int problem_http_status(const struct error *e) {
    switch (e->status) {
    case ST_INVALID:
        return strcmp(e->code, "sealed_filter_in_url") == 0 || strcmp(e->code, "invalid_json") == 0 ||
                       strcmp(e->code, "invalid") == 0
                   ? 400
               : strcmp(e->code, "if_match_required") == 0 ? 428
               : strcmp(e->code, "content_type") == 0      ? 415
                                                           : 422;
    case ST_UNAUTHENTICATED:
        return 401;
    case ST_DENIED:
        return 403;
    case ST_NOT_FOUND:
        return strcmp(e->code, "method_not_allowed") == 0 ? 405 : 404;
    case ST_CONFLICT:
    case ST_RETRY:
        return 409;
    case ST_LIMIT:
        if (strcmp(e->code, "disk_full") == 0 || strcmp(e->code, "disk_low") == 0)
            return 507;
        return strstr(e->code, "too_large") != NULL ? 413 : 429;
    case ST_UNAVAILABLE:
        return strcmp(e->code, "request_timeout") == 0 ? 408 : 503;
    case ST_IO:
    case ST_NOMEM: /* there may be some again in a moment */
        return 503;
    case ST_OK:
    case ST_CORRUPT:
    case ST_INTERNAL:
        break;
    }
    return 500;
}

/* What a code without a sentence of its own means to a person. */
static const char *usual_code(enum status status) {
    static const char *const usual[] = {
        [ST_INVALID] = "invalid",      [ST_UNAUTHENTICATED] = "unauthenticated",
        [ST_DENIED] = "denied",        [ST_NOT_FOUND] = "not_found",
        [ST_CONFLICT] = "row_changed", [ST_LIMIT] = "too_large",
        [ST_RETRY] = "row_changed",    [ST_UNAVAILABLE] = "unavailable",
        [ST_NOMEM] = "no_memory",      [ST_IO] = "store_io"};
    return (size_t)status < sizeof usual / sizeof usual[0] && usual[status] != NULL ? usual[status]
                                                                                    : "internal";
}

static const char *title_or(const char *code, enum language language, const char *otherwise) {
    const char *title = problem_title(code, language);
    return title == NULL ? otherwise : title;
}

static void write_field_errors(struct json *j, const struct field_errors *fields, enum language language) {
    json_key(j, "errors");
    json_array_begin(j);
    for (size_t i = 0; i < fields->count; i++) {
        const struct error *one = &fields->items[i];
        json_object_begin(j);
        json_key(j, "field");
        json_cstring(j, one->field);
        json_key(j, "code");
        json_cstring(j, one->code);
        json_key(j, "message");
        json_cstring(j, title_or(one->code, language, one->detail));
        json_object_end(j);
    }
    json_array_end(j);
}

/* Details are written in English and for the caller's own mistakes; what broke inside is the log's affair. */
static const char *detail_for(const struct error *e, enum language language, const char *code) {
    struct need need;
    bool inside = need_read(e, &need) || e->status == ST_NOMEM || e->status == ST_IO ||
                  e->status == ST_CORRUPT || e->status == ST_INTERNAL;
    return language == LANGUAGE_EN && !inside
               ? e->detail
               : title_or(code, language, problem_title(usual_code(e->status), language));
}

/* What an act still wants: keeper/need.h. */
static void write_need(struct json *j, const struct need *n, const struct object_set *objects) {
    json_key(j, "required");
    json_object_begin(j);
    json_key(j, "act");
    json_cstring(j, n->act);
    json_key(j, "reason");
    json_bool(j, n->reason);
    json_key(j, "second_factor_minutes");
    if (n->minutes > 0)
        json_int(j, n->minutes);
    else
        json_none(j);
    if (n->approval) {
        const struct object_def *o = objects == NULL ? NULL : object_by_id(objects, n->object);
        json_key(j, "approval");
        json_bool(j, true);
        json_key(j, "object");
        if (o == NULL)
            json_none(j);
        else
            json_cstring(j, o->name);
    }
    if (n->counted || n->count > 0) {
        json_key(j, "count");
        json_int(j, n->count);
    }
    if (n->counted) {
        json_key(j, "above");
        json_int(j, n->above);
    }
    json_object_end(j);
}

/* Short of memory or of a disk is told as such, whatever was being made of it. */
static const char *code_of(const struct error *e) {
    if (e->code[0] == '\0')
        return status_name(e->status);
    return strcmp(e->code, "internal") == 0 ? usual_code(e->status) : e->code;
}

void problem_write(struct http_reply *reply, const struct error *e, const struct field_errors *fields,
                   enum language language, struct slice request_id, struct slice extra,
                   const struct object_set *objects) {
    buf_reset(&reply->body);
    reply->status = problem_http_status(e);
    reply->content_type = "application/problem+json";
    reply->cacheable = false;
    const char *code = code_of(e);
    if (strcmp(code, "sign_in_slow") == 0)
        http_header(reply, "Retry-After", slice_from_string(e->detail));
    struct json j = json_to(&reply->body);
    json_object_begin(&j);
    json_key(&j, "type");
    json_cstring(&j, "about:blank");
    json_key(&j, "status");
    json_int(&j, reply->status);
    json_key(&j, "code");
    json_cstring(&j, code);
    json_key(&j, "title");
    json_cstring(&j, title_or(code, language, problem_title(usual_code(e->status), language)));
    json_key(&j, "detail");
    struct need need;
    bool needs = need_read(e, &need);
    json_cstring(&j, detail_for(e, language, code));
    json_key(&j, "request_id");
    json_text(&j, request_id);
    if (e->field[0] != '\0' && (fields == NULL || fields->count == 0)) {
        struct field_errors one = {.count = 1};
        one.items[0] = *e;
        write_field_errors(&j, &one, language);
    } else if (fields != NULL && fields->count > 0) {
        write_field_errors(&j, fields, language);
    }
    if (needs)
        write_need(&j, &need, objects);
    if (extra.n > 0) {
        buf_put_u8(&reply->body, ',');
        buf_put(&reply->body, extra.p, extra.n);
    }
    json_object_end(&j);
}
