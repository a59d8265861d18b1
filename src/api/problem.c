#include "api/problem.h"

static const struct {
    const char *code, *zh, *en;
} titles[] = {
    {"invalid", "请求有误", "The request is not valid"},
    {"invalid_json", "请求内容不是有效的 JSON", "The body is not valid JSON"},
    {"invalid_fields", "有些字段需要更正", "Some fields need correcting"},
    {"unknown_field", "没有这个字段", "There is no such field"},
    {"unknown_object", "没有这个对象", "There is no such object"},
    {"not_found", "没有找到", "Not found"},
    {"method_not_allowed", "此地址不支持该操作", "This address does not take that method"},
    {"unauthenticated", "请先登录", "Please sign in"},
    {"sign_in_failed", "用户名或密码不正确", "Wrong user name or password"},
    {"sign_in_slow", "尝试次数过多，请稍后再试", "Too many attempts; please wait"},
    {"csrf", "页面已过期，请刷新后重试", "This page is out of date; reload and try again"},
    {"password_weak", "密码太弱：至少 12 个字符，不含登录名",
     "Weak password: at least 12 characters, without the login"},
    {"password_wrong", "原密码不正确", "The old password is not right"},
    {"password_change_required", "请先修改密码", "Change your password first"},
    {"denied", "您没有此项权限", "You have no right to do this"},
    {"above_ceiling", "超出您的岗位可查看的级别", "This is above what your post may see"},
    {"reveal_denied", "您不能查看该字段的明文", "You may not reveal this field"},
    {"reason_required", "请填写 4 到 500 个字的理由", "Give a reason of 4 to 500 characters"},
    {"budget_exhausted", "查看额度已用完，已记录；需要更多请向主管申请",
     "Your viewing budget is used up; this was recorded. Ask your manager for more"},
    {"lookup_budget_exhausted", "查找额度已用完", "Your look-up budget is used up"},
    {"audit_unwritable", "审计日志无法写入，系统已停止提供数据",
     "The audit log can't be written, so no data is served"},
    {"keeper_away", "密钥服务暂时不可用，请稍后重试", "The keeper is away; try again shortly"},
    {"not_ready", "系统正在启动", "The system is starting"},
    {"version_conflict", "记录已被他人修改", "Somebody has changed the record meanwhile"},
    {"if_match_required", "缺少版本号（If-Match）", "If-Match with the record's version is required"},
    {"unique", "该值已存在", "This value exists already"},
    {"reference_missing", "引用的记录不存在", "The record referred to does not exist"},
    {"reference_restrict", "仍有其他记录引用它，不能删除",
     "Other records still refer to it, so it can't be deleted"},
    {"idempotency_mismatch", "同一幂等键用于了不同的请求",
     "This idempotency key was used for another request"},
    {"page_too_deep", "翻页过深，请使用游标", "Too deep for page numbers; use the cursor"},
    {"bad_cursor", "游标无效", "The cursor is not valid"},
    {"sealed_filter_in_url", "加密字段的筛选条件不能放在地址中",
     "A filter on a sealed field can't stand in a URL"},
    {"not_filterable", "该字段不能用于筛选或排序", "This field can't be filtered or sorted by"},
    {"bad_filter", "筛选条件有误", "The filter is not valid"},
    {"required", "必填", "Required"},
    {"choice", "不在可选项中", "Not one of the choices"},
    {"length", "太长", "Too long"},
    {"pattern", "格式不符", "Does not have the required form"},
    {"range", "超出允许范围", "Out of range"},
    {"type", "格式不正确", "Not of the right kind"},
    {"read_only", "该字段只读", "This field is read-only"},
    {"write_denied", "您不能修改该字段", "You may not change this field"},
    {"cn_mobile", "不是有效的手机号码", "Not a valid mobile number"},
    {"cn_resident_id", "身份证号码有误（校验位或日期不符）", "Not a valid resident ID (check digit or date)"},
    {"uscc", "统一社会信用代码有误（校验位不符）", "Not a valid social credit code (check digit)"},
    {"luhn", "卡号有误（校验位不符）", "Not a valid card number (check digit)"},
    {"mail", "不是有效的邮箱地址", "Not a valid mail address"},
    {"url", "不是有效的网址", "Not a valid web address"},
    {"region_cn", "不是有效的行政区划代码", "Not a valid region code"},
    {"not_future", "日期不能晚于今天", "The date can't be in the future"},
    {"too_slow", "查询耗时过长，请缩小范围", "The query took too long; narrow it down"},
    {"too_large", "内容过大", "Too large"},
    {"disk_full", "磁盘已满，未保存", "The disk is full; nothing was saved"},
    {"corrupt", "数据完整性校验失败，已记录", "An integrity check failed; this was recorded"},
    {"internal", "系统内部错误", "Something went wrong inside"},
};

const char *problem_title(const char *code, enum language language) {
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        if (strcmp(titles[i].code, code) == 0)
            return language == LANGUAGE_EN ? titles[i].en : titles[i].zh;
    }
    return NULL;
}

int problem_http_status(const struct error *e) {
    switch (e->status) {
    case ST_INVALID:
        return strcmp(e->code, "sealed_filter_in_url") == 0 || strcmp(e->code, "invalid_json") == 0 ||
                       strcmp(e->code, "invalid") == 0
                   ? 400
               : strcmp(e->code, "if_match_required") == 0 ? 428
                                                           : 422;
    case ST_UNAUTHENTICATED:
        return 401;
    case ST_DENIED:
        return 403;
    case ST_NOT_FOUND:
        return 404;
    case ST_CONFLICT:
    case ST_RETRY:
        return 409;
    case ST_LIMIT:
        return strcmp(e->code, "too_large") == 0 ? 413 : 429;
    case ST_UNAVAILABLE:
    case ST_IO:
        return 503;
    case ST_OK:
    case ST_NOMEM:
    case ST_CORRUPT:
    case ST_INTERNAL:
        break;
    }
    return 500;
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

void problem_write(struct http_reply *reply, const struct error *e, const struct field_errors *fields,
                   enum language language, struct slice request_id, struct slice extra) {
    buf_reset(&reply->body);
    reply->status = problem_http_status(e);
    reply->content_type = "application/problem+json";
    reply->cacheable = false;
    const char *code = e->code[0] == '\0' ? status_name(e->status) : e->code;
    struct json j = json_to(&reply->body);
    json_object_begin(&j);
    json_key(&j, "type");
    json_cstring(&j, "about:blank");
    json_key(&j, "status");
    json_int(&j, reply->status);
    json_key(&j, "code");
    json_cstring(&j, code);
    json_key(&j, "title");
    json_cstring(&j, title_or(code, language, title_or("internal", language, "")));
    json_key(&j, "detail");
    json_cstring(&j, e->detail);
    json_key(&j, "request_id");
    json_text(&j, request_id);
    if (e->field[0] != '\0' && (fields == NULL || fields->count == 0)) {
        struct field_errors one = {.count = 1};
        one.items[0] = *e;
        write_field_errors(&j, &one, language);
    } else if (fields != NULL && fields->count > 0) {
        write_field_errors(&j, fields, language);
    }
    if (extra.n > 0) {
        buf_put_u8(&reply->body, ',');
        buf_put(&reply->body, extra.p, extra.n);
    }
    json_object_end(&j);
}
