#include "cmd/demo_people.h"

#include "base/utf8.h"

#include <string.h>

const struct demo_department demo_departments[] = {
    {1, 0, 0, "客盾演示集团"}, {2, 1, 0, "总经办"},       {3, 1, 0, "财务部"},      {4, 1, 0, "市场部"},
    {5, 1, 0, "运营部"},       {6, 1, 0, "数据与合规部"}, {7, 1, 0, "信息部"},      {10, 1, 10, "杭州分公司"},
    {11, 10, 10, "销售一部"},  {12, 10, 10, "销售二部"},  {13, 10, 10, "客服部"},   {14, 10, 10, "财务组"},
    {20, 1, 20, "成都分公司"}, {21, 20, 20, "销售一部"},  {22, 20, 20, "销售二部"}, {23, 20, 20, "客服部"},
    {24, 20, 20, "财务组"},    {30, 1, 30, "深圳分公司"}, {31, 30, 30, "销售一部"}, {32, 30, 30, "销售二部"},
    {33, 30, 30, "客服部"},    {34, 30, 30, "财务组"},    {8, 6, 0, "数据治理组"},  {15, 11, 10, "大客户组"},
    {16, 12, 10, "渠道组"},    {25, 22, 20, "大客户组"},
};
const size_t demo_department_count = sizeof demo_departments / sizeof demo_departments[0];

#define HEAD(ID, LOGIN, NAME, ROLE, DEPARTMENT)                                                              \
    { ID, LOGIN, NAME, ROLE, DEPARTMENT, {0, 0}, -1, 0, true }

const struct demo_staff demo_staff[DEMO_STAFF] = {
    HEAD(1, "admin", "周建国", "system_admin", 7),
    HEAD(2, "security", "吴敏", "security_admin", 7),
    HEAD(3, "auditor", "郑清", "auditor", 6),
    HEAD(4, "boss", "林远", "boss", 2),
    HEAD(5, "head", "沈怡", "head_office", 2),
    HEAD(6, "accounts", "钱玲", "finance", 3),
    HEAD(7, "marketing", "夏欣", "marketing", 4),
    HEAD(8, "operations", "方宁", "operations", 5),
    HEAD(9, "steward", "陆文", "data_steward", 6),
    HEAD(10, "privacy", "顾安", "privacy_officer", 8),
    {11, "leader", "徐海峰", "branch_leader", 10, {0, 0}, 0, 0, true},
    {12, "manager", "何俊", "sales_manager", 11, {0, 0}, 0, 8, true},
    {13, "sales", "王芳", "sales", 11, {0, 0}, 0, 26, true},
    {14, "chenlei", "陈磊", "sales", 11, {0, 0}, 0, 21, false},
    {15, "zhangting", "张婷", "sales", 15, {0, 0}, 0, 17, false},
    {16, "liuyang", "刘洋", "sales", 12, {0, 0}, 0, 15, false},
    {17, "yangxue", "杨雪", "sales", 12, {0, 0}, 0, 13, false},
    {18, "service", "孙悦", "service", 13, {0, 0}, 0, 0, true},
    {19, "majing", "马静", "service", 13, {0, 0}, 0, 0, false},
    {20, "finance", "朱慧", "finance", 14, {0, 0}, 0, 0, true},
    {21, "luoqiang", "罗强", "branch_leader", 20, {0, 0}, 1, 0, false},
    {22, "tangbo", "唐波", "sales_manager", 21, {0, 0}, 1, 7, false},
    {23, "shanwei", "单伟", "sales", 21, {0, 0}, 1, 28, false},
    {24, "xiemin", "谢敏", "sales", 21, {0, 0}, 1, 22, false},
    {25, "dengchao", "邓超", "sales", 21, {0, 0}, 1, 17, false},
    {26, "pengli", "彭丽", "sales", 25, {0, 0}, 1, 14, false},
    {27, "ouyangfei", "欧阳飞", "sales", 22, {0, 0}, 1, 12, false},
    {28, "jiangyan", "蒋艳", "service", 23, {0, 0}, 1, 0, false},
    {29, "weidong", "韦东", "service", 23, {0, 0}, 1, 0, false},
    {30, "yuanlin", "袁琳", "finance", 24, {0, 0}, 1, 0, false},
    {31, "huangzhiyuan", "黄志远", "branch_leader", 30, {0, 0}, 2, 0, false},
    {32, "liangjie", "梁杰", "sales_manager", 31, {31, 32}, 2, 9, false},
    {33, "lijia", "李佳", "sales", 31, {0, 0}, 2, 24, false},
    {34, "caihao", "蔡浩", "sales", 31, {0, 0}, 2, 20, false},
    {35, "zhongying", "钟莹", "sales", 31, {0, 0}, 2, 18, false},
    {36, "dukai", "杜凯", "sales", 32, {0, 0}, 2, 16, false},
    {37, "fanxin", "范欣", "sales", 32, {0, 0}, 2, 13, false},
    {38, "tiannan", "田楠", "service", 33, {0, 0}, 2, 0, false},
    {39, "shiyu", "石雨", "service", 33, {0, 0}, 2, 0, false},
    {40, "luqian", "卢倩", "finance", 34, {0, 0}, 2, 0, false},
    HEAD(41, "security2", "曹岚", "security_admin", 7),
    HEAD(DEMO_PARTNER, "partner", "韩松", "sales", 16),
};

const struct demo_post demo_posts[] = {
    {4, 1, 2, "董事长", -1500, 0, true, true, 0, NULL},
    {5, 1, 2, "集团副总裁", -900, 0, true, false, 4, NULL},
    {6, 1, 3, "财务总监", -800, 0, true, true, 4, NULL},
    {9, 1, 6, "数据管理员", -400, 0, true, false, 0, NULL},
    {9, 2, 8, "数据治理组组长", -60, 120, false, true, 0, NULL},
    {10, 1, 8, "隐私专员", -400, 0, true, false, 9, NULL},
    {11, 1, 10, "分公司总经理", -1200, 0, true, true, 4, NULL},
    {12, 1, 11, "销售一部经理", -700, 0, true, true, 11, NULL},
    {12, 2, 12, "代理销售二部经理", -80, 100, false, true, 11, NULL},
    {13, 1, 11, "客户经理", -600, 0, true, false, 0, NULL},
    {14, 1, 11, "客户经理", -300, 0, true, false, 0, NULL},
    {14, 2, 15, "大客户组成员", -90, 45, false, false, 15, NULL},
    {15, 1, 15, "大客户组组长", -650, 0, true, true, 12, NULL},
    {20, 1, 14, "分公司会计", -500, 0, true, false, 6, NULL},
    {21, 1, 20, "分公司总经理", -1100, 0, true, true, 4, NULL},
    {22, 1, 21, "销售一部经理", -450, 0, true, true, 21, NULL},
    {22, 2, 22, "代理销售二部经理", -40, 75, false, true, 21, "sales_manager"},
    {26, 1, 25, "大客户组组长", -350, 0, true, true, 22, NULL},
    {30, 1, 24, "分公司会计", -420, 0, true, false, 6, NULL},
    {31, 1, 30, "分公司总经理", -1000, 0, true, true, 4, NULL},
    {40, 1, 34, "分公司会计", -380, 0, true, false, 6, NULL},
    {DEMO_PARTNER, 1, 16, "经销商", -30, 0, true, false, 12, NULL},
};
const size_t demo_post_count = sizeof demo_posts / sizeof demo_posts[0];

const struct demo_staff *demo_staff_find(const char *role, int branch, size_t n) {
    for (size_t i = 0; i < DEMO_STAFF; i++) {
        if (demo_staff[i].branch != branch || strcmp(demo_staff[i].role, role) != 0)
            continue;
        if (n-- == 0)
            return &demo_staff[i];
    }
    return NULL;
}

static const struct demo_role_words role_words[] = {
    {"sales", "销售", "Sales", "本人的客户，联系方式可见", "own customers with contact data"},
    {"sales_manager", "销售经理", "Sales manager", "本部门及下属的客户", "the customers of his departments"},
    {"service", "客服", "Service", "本分公司客户（脱敏）与工单", "the branch's customers masked, tickets"},
    {"finance", "财务", "Finance", "金额与回款，不见联系方式", "amounts and payments, no contact data"},
    {"marketing", "市场", "Marketing", "线索；客户脱敏", "leads; customers masked"},
    {"operations", "运营", "Operations", "全集团，一律脱敏", "the whole group, all masked"},
    {"branch_leader", "分公司负责人", "Branch leader", "整个分公司", "the whole branch"},
    {"head_office", "总部", "Head office", "全集团脱敏，查看需填原因",
     "the whole group masked, reveals with a reason"},
    {"boss", "老板", "Owner", "全集团，按额度", "everything, within a budget"},
    {"data_steward", "数据管理员", "Data steward", "全集团脱敏，导入与清洗",
     "the whole group masked, imports and mends"},
    {"privacy_officer", "隐私专员", "Privacy officer", "全集团脱敏，处理个人请求",
     "the whole group masked, people's requests"},
    {"system_admin", "系统管理员", "System administrator", "不见客户；人员与配置",
     "no customer; people and settings"},
    {"security_admin", "安全管理员", "Security administrator", "不见客户；角色与额度",
     "no customer; roles and budgets"},
    {"auditor", "审计员", "Auditor", "不见客户；审计记录", "no customer; the audit log"},
};

const struct demo_role_words *demo_role_words(const char *role) {
    for (size_t i = 0; i < sizeof role_words / sizeof role_words[0]; i++) {
        if (strcmp(role_words[i].role, role) == 0)
            return &role_words[i];
    }
    return NULL;
}

/* A terminal shows Han characters and their punctuation two columns wide. */
static void print_padded(FILE *to, const char *text, size_t width) {
    struct slice rest = slice_from_string(text);
    size_t used = 0;
    uint32_t c;
    while (utf8_next(&rest, &c))
        used += c >= 0x2e80 ? 2 : 1;
    (void)fprintf(to, "%s%*s", text, used < width ? (int)(width - used) : 1, "");
}

void demo_people_print(FILE *to) {
    print_padded(to, "登录名 login", 16);
    print_padded(to, "姓名 name", 12);
    print_padded(to, "角色 role", 38);
    (void)fprintf(to, "看到什么 sees\n");
    for (size_t i = 0; i < DEMO_STAFF; i++) {
        const struct demo_staff *s = &demo_staff[i];
        const struct demo_role_words *w = demo_role_words(s->role);
        char role[96];
        if (!s->is_face || w == NULL)
            continue;
        (void)snprintf(role, sizeof role, "%s%s %s", s->id == DEMO_PARTNER ? "合作伙伴·" : "", w->zh, w->en);
        print_padded(to, s->login, 16);
        print_padded(to, s->name, 12);
        print_padded(to, role, 38);
        (void)fprintf(to, "%s (%s)\n", w->sees_zh, w->sees_en);
    }
    (void)fprintf(to, "密码 password: %s\n", DEMO_PASSWORD);
}
