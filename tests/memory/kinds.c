#include "memory/kinds.h"

#define CUSTOMER  "/api/v1/records/customer"
#define COUNTED   .measure = MEASURE_COUNT, .probe = CUSTOMER, .probe_query = "count=true&limit=1"
#define VERSIONED .measure = MEASURE_VERSION, .probe = CUSTOMER "/@"
#define NEW                                                                                                      \
    "{\"customer_type\":\"company\",\"name\":\"杭州内存#有限公司\",\"mobile\":\"139#\",\"tags\":[\"a\"," \
    "\"b\"]}"

#define SCIM                                                                                                 \
    "{\"label\":\"k#\",\"expires_at\":\"~\",\"networks\":[\"127.0.0.1/"                                      \
    "32\"],\"ends_a_day\":5}"
#define LDAP                                                                                                 \
    "{\"name\":\"d#\",\"enabled\":true,\"host\":\"127.0.0.1\",\"port\":636,\"security\":\"ldaps\",\"ca\":"   \
    "\"\","                                                                                                  \
    "\"networks\":[\"127.0.0.0/8\"]}"

const struct kind kinds[] = {
    {"health", "GET", "/healthz", .expected = 200},
    {"ready", "GET", "/readyz", .expected = 200, .repeatable = 1},
    {"metrics", "GET", "/metrics", .expected = 200},
    {"openapi", "GET", "/api/v1/openapi.json", .who = SALES, .expected = 200, .stride = 197, .repeatable = 1},
    {"sign_in", "POST", "/api/v1/session",
     .body = "{\"login\":\"sales3\",\"password\":\"correct horse battery\"}", .expected = 200},
    {"me", "GET", "/api/v1/me", .who = SALES, .expected = 200, .repeatable = 1},
    {"sessions", "GET", "/api/v1/sessions", .who = SALES, .expected = 200},
    {"directory", "GET", "/api/v1/directory", .who = SALES, .expected = 200, .repeatable = 1},
    {"keys", "GET", "/api/v1/keys", .who = SALES, .expected = 200},
    {"key_make", "POST", "/api/v1/keys",
     .body = "{\"label\":\"k#\",\"roles\":[\"sales\"],\"expires_at\":\"~\"}", .who = SALES, .expected = 201,
     .measure = MEASURE_ITEMS, .probe = "/api/v1/keys", .by = 1},
    {"objects", "GET", "/api/v1/objects", .who = SALES, .expected = 200, .repeatable = 1},
    {"object", "GET", "/api/v1/objects/customer", .who = SALES, .expected = 200, .repeatable = 1},
    {"field_plan", "POST", "/api/v1/objects/customer/fields", .query = "dry_run=true",
     .body = "{\"name\":\"extra\",\"label\":{\"zh\":\"x\",\"en\":\"x\"},\"type\":\"text\",\"class\":"
             "\"internal\"}",
     .who = ADMIN, .expected = 200, .stride = 997, .repeatable = 1},
    {"list", "GET", CUSTOMER, .query = "count=true", .who = LEADER, .expected = 200, .repeatable = 1},
    {"list_sorted", "GET", CUSTOMER,
     .query = "sort=-annual_amount,name&limit=3&filter=%7B%22field%22:%22grade%22,%22op%22:%22eq%22,%22value%"
              "22:%22a%22%7D",
     .who = SALES, .expected = 200, .repeatable = 1},
    {"query_sealed", "POST", CUSTOMER "/query",
     .body = "{\"where\":{\"and\":[{\"field\":\"mobile\",\"op\":\"eq\",\"value\":\"13800000001\"},{\"field\":"
             "\"name\",\"op\":\"contains\",\"value\":\"有限\"}]},\"count\":true}",
     .who = SALES, .expected = 200, .repeatable = 1},
    {"query_search", "POST", CUSTOMER "/query", .body = "{\"search\":\"杭州\",\"limit\":5}", .who = LEADER,
     .expected = 200, .repeatable = 1},
    {"groups", "GET", CUSTOMER "/groups", .query = "by=grade", .who = LEADER, .expected = 200,
     .repeatable = 1},
    {"get", "GET", CUSTOMER "/@", .who = SALES, .expected = 200, .repeatable = 1},
    {"history", "GET", CUSTOMER "/@/history", .who = SALES, .expected = 200, .repeatable = 1},
    {"timeline", "GET", CUSTOMER "/@/timeline", .who = SALES, .expected = 200, .repeatable = 1},
    {"reveal", "POST", CUSTOMER "/@/reveal", .body = "{\"fields\":[\"resident_id\"],\"reason\":\"开票核对\"}",
     .who = SALES, .expected = 200},
    {"suggest", "POST", "/api/v1/suggest", .body = "{\"text\":\"杭州\"}", .who = SALES, .expected = 200,
     .repeatable = 1},
    {"create", "POST", CUSTOMER, .body = NEW, .who = LEADER, .expected = 201, COUNTED, .by = 1, .keyed = 1},
    {"create_invalid", "POST", CUSTOMER, .body = "{\"mobile\":\"1\",\"nothing\":1}", .who = LEADER,
     .expected = 422, COUNTED},
    {"create_child", "POST", "/api/v1/records/contact",
     .body = "{\"customer\":\"@\",\"person_name\":\"李#\"}", .who = SALES, .expected = 201,
     .measure = MEASURE_COUNT, .probe = "/api/v1/records/contact", .probe_query = "count=true&limit=1",
     .by = 1, .keyed = 1},
    {"bulk_create", "POST", CUSTOMER "/bulk",
     .body = "{\"act\":\"create\",\"items\":[{\"fields\":" NEW "},{\"fields\":{\"mobile\":\"1\"}}]}",
     .who = LEADER, .expected = 207, COUNTED, .by = 1, .keyed = 1},
    {"update", "PATCH", CUSTOMER "/@", .body = "{\"name\":\"杭州西湖#有限公司\"}", .if_match = "$",
     .who = SALES, .expected = 200, VERSIONED, .by = 1},
    {"update_sealed", "PATCH", CUSTOMER "/@", .body = "{\"mobile\":\"138#\"}", .if_match = "$", .who = SALES,
     .expected = 200, VERSIONED, .by = 1},
    {"update_stale", "PATCH", CUSTOMER "/@", .body = "{\"grade\":\"b\"}", .if_match = "1", .who = SALES,
     .expected = 409, VERSIONED},
    {"delete", "DELETE", CUSTOMER "/@", .if_match = "$", .who = LEADER, .expected = 204, COUNTED, .by = -1,
     .undo_method = "POST", .undo_path = CUSTOMER "/@/restore"},
    {"restore", "POST", CUSTOMER "/@/restore", .who = LEADER, .expected = 200, COUNTED, .by = 1,
     .undo_method = "DELETE", .undo_path = CUSTOMER "/@", .undo_if_match = "$"},
    {"views", "GET", "/api/v1/views/customer", .who = SALES, .expected = 200},
    {"view_save", "POST", "/api/v1/views/customer",
     .body = "{\"name\":\"v#\",\"fields\":[\"name\",\"mobile\"],\"sort\":[\"-created_at\"],\"where\":{"
             "\"field\":\"mobile\",\"op\":\"eq\",\"value\":\"13800000001\"}}",
     .who = STEWARD, .expected = 201, .measure = MEASURE_ITEMS, .probe = "/api/v1/views/customer", .by = 1},
    {"recent", "GET", "/api/v1/recent", .who = SALES, .expected = 200, .repeatable = 1},
    {"conflicts", "GET", "/api/v1/conflicts", .who = STEWARD, .expected = 200},
    {"audit", "GET", "/api/v1/audit", .who = AUDITOR, .expected = 200},
    {"audit_head", "GET", "/api/v1/audit/head", .who = AUDITOR, .expected = 200},
    {"audit_entry", "GET", "/api/v1/audit/3", .who = AUDITOR, .expected = 404},
    {"imports", "GET", "/api/v1/imports", .who = LEADER, .expected = 200},
    {"import_make", "POST", "/api/v1/imports",
     .body = "{\"object\":\"customer\",\"file_name\":\"名单.csv\",\"size\":20}", .who = LEADER,
     .expected = 201, .measure = MEASURE_ITEMS, .probe = "/api/v1/imports", .by = 1, .stride = 53},
    {"why", "POST", "/api/v1/why",
     .body = "{\"object\":\"customer\",\"id\":\"@\",\"field\":\"resident_id\",\"act\":\"read\"}",
     .who = SALES, .expected = 200, .repeatable = 1},
    {"why_other", "POST", "/api/v1/why",
     .body = "{\"user\":11,\"object\":\"customer\",\"id\":\"@\",\"act\":\"view\"}", .who = SECURITY,
     .expected = 200, .repeatable = 1},
    {"grants", "GET", "/api/v1/grants", .who = SALES, .expected = 200, .repeatable = 1},
    {"people", "GET", "/api/v1/people", .who = ADMIN, .expected = 200, .repeatable = 1},
    {"rights_grown", "GET", "/api/v1/rights/grown", .query = "days=30", .who = SECURITY, .expected = 200,
     .repeatable = 1},
    {"rights_unused", "GET", "/api/v1/rights/unused", .query = "days=30", .who = AUDITOR, .expected = 200,
     .repeatable = 1},
    {"orphans", "GET", "/api/v1/rights/orphans", .who = SECURITY, .expected = 200, .repeatable = 1},
    {"proposals", "GET", "/api/v1/proposals", .who = SECURITY, .expected = 200},
    {"reviews", "GET", "/api/v1/reviews", .who = SECURITY, .expected = 200},
    {"review_open", "POST", "/api/v1/reviews",
     .body =
         "{\"title\":\"r#\",\"scope\":{\"kinds\":[\"role\"],\"departments\":[3],\"roles\":[]},\"reviewers\":{"
         "\"heads\":true,\"named\":[],\"fallback\":0},\"due_days\":14,\"repeat_months\":0,\"at_due\":"
         "\"show\"}",
     .who = SECURITY, .expected = 201, .measure = MEASURE_ITEMS, .probe = "/api/v1/reviews", .by = 1,
     .stride = 71},
    {"scim_keys", "GET", "/api/v1/scim/keys", .who = ADMIN, .expected = 200},
    {"scim_propose", "POST", "/api/v1/proposals",
     .body = "{\"kind\":\"scim\",\"reason\":\"接入集团目录\",\"change\":{\"key\":0,\"document\":" SCIM "}}",
     .who = ADMIN, .expected = 201, .measure = MEASURE_ITEMS, .probe = "/api/v1/proposals", .by = 1,
     .stride = 31},
    {"scim_stranger", "GET", "/scim/v2/Users", .expected = 401},
    {"ldap_list", "GET", "/api/v1/ldap/directories", .who = ADMIN, .expected = 200},
    {"ldap_bad", "POST", "/api/v1/proposals",
     .body = "{\"kind\":\"ldap\",\"reason\":\"从目录导入人员\",\"change\":{\"directory\":0,\"document\":" LDAP
             "}}",
     .who = ADMIN, .expected = 422},
    {"nowhere", "GET", "/api/v1/nowhere", .who = SALES, .expected = 404},
};

const size_t kind_count = sizeof kinds / sizeof kinds[0];
