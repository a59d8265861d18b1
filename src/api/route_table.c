#include "api/handlers.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

const struct route routes[] = {
    {"POST", "/api/v1/session", ROUTE_OPEN | ROUTE_JSON | ROUTE_NO_CSRF, api_sign_in, "signIn", "登录",
     "Sign in"},
    {"DELETE", "/api/v1/session", ROUTE_ANY_PASSWORD, api_sign_out, "signOut", "退出", "Sign out"},
    {"GET", "/api/v1/me", ROUTE_ANY_PASSWORD, api_me, "me", "我", "Who am I, what may I do"},
    {"POST", "/api/v1/me/password", ROUTE_JSON | ROUTE_ANY_PASSWORD, api_password, "changePassword",
     "修改密码", "Change my password"},
    {"GET", "/api/v1/sessions", 0, api_sessions, "listSessions", "我的会话", "My sessions"},
    {"DELETE", "/api/v1/sessions/{id}", 0, api_session_revoke, "revokeSession", "结束会话", "End a session"},
    {"GET", "/api/v1/directory", 0, api_directory, "directory", "组织与人员", "People and departments"},
    {"POST", "/api/v1/keys", ROUTE_JSON, api_key_make, "makeKey", "新建 API 密钥", "Make an API key"},

    {"GET", "/api/v1/objects", 0, api_objects, "listObjects", "对象定义", "Objects that I may know of"},
    {"POST", "/api/v1/objects", ROUTE_JSON, api_object_add, "addObject", "新增对象", "Add an object"},
    {"GET", "/api/v1/objects/{object}", 0, api_object, "getObject", "一个对象的定义", "One object"},
    {"POST", "/api/v1/objects/{object}/fields", ROUTE_JSON, api_field_add, "addField", "新增字段",
     "Add a field"},
    {"PATCH", "/api/v1/objects/{object}/fields/{field}", ROUTE_JSON, api_field_change, "changeField",
     "修改字段", "Change a field"},

    {"GET", "/api/v1/records/{object}", ROUTE_PERSONAL, api_record_list, "listRecords", "列表",
     "List records"},
    {"POST", "/api/v1/records/{object}/query", ROUTE_JSON | ROUTE_PERSONAL, api_record_query, "queryRecords",
     "查询", "Find records"},
    {"GET", "/api/v1/records/{object}/groups", ROUTE_PERSONAL, api_record_groups, "groupRecords", "分组计数",
     "Count by a field"},
    {"POST", "/api/v1/records/{object}", ROUTE_JSON | ROUTE_PERSONAL, api_record_create, "createRecord",
     "新建", "Make a record"},
    {"GET", "/api/v1/records/{object}/{id}", ROUTE_PERSONAL, api_record_get, "getRecord", "查看",
     "Open a record"},
    {"PATCH", "/api/v1/records/{object}/{id}", ROUTE_JSON | ROUTE_PERSONAL, api_record_update, "updateRecord",
     "修改", "Change a record"},
    {"DELETE", "/api/v1/records/{object}/{id}", 0, api_record_delete, "deleteRecord", "删除",
     "Put a record into the recycle bin"},
    {"POST", "/api/v1/records/{object}/{id}/restore", ROUTE_PERSONAL, api_record_restore, "restoreRecord",
     "恢复", "Take a record out of the recycle bin"},
    {"GET", "/api/v1/records/{object}/{id}/history", ROUTE_PERSONAL, api_record_history, "recordHistory",
     "历史", "A record's history"},
    {"GET", "/api/v1/records/{object}/{id}/timeline", ROUTE_PERSONAL, api_record_timeline, "recordTimeline",
     "时间线", "A customer's timeline"},
    {"POST", "/api/v1/records/{object}/{id}/reveal", ROUTE_JSON | ROUTE_PERSONAL, api_record_reveal,
     "revealRecord", "查看明文", "Reveal masked values"},
    {"POST", "/api/v1/suggest", ROUTE_JSON | ROUTE_PERSONAL, api_suggest, "suggest", "搜索建议",
     "Suggestions"},

    {"GET", "/api/v1/audit", 0, api_audit_list, "listAudit", "审计", "What was done, by whom"},
    {"GET", "/api/v1/audit/head", 0, api_audit_head, "auditHead", "审计日志的签名树头",
     "The audit log's newest signed head"},
    {"GET", "/api/v1/audit/{seq}", 0, api_audit_get, "getAudit", "一条审计记录", "One entry with its detail"},

    {"GET", "/api/v1/openapi.json", 0, api_openapi, "openapi", "接口说明", "This description"},
    {"GET", "/healthz", ROUTE_OPEN, api_health, "health", "存活", "Is the process alive"},
    {"GET", "/readyz", ROUTE_OPEN, api_ready, "ready", "就绪", "Can it serve"},
    {"GET", "/metrics", ROUTE_OPEN, api_metrics, "metrics", "指标", "Counters for Prometheus"},
};

const size_t route_count = COUNT(routes);
