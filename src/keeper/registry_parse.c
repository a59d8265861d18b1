#include "keeper/registry_parse.h"

#include "base/json_in.h"
#include "base/utf8.h"

static enum status bad(struct error *e, const char *key, const char *why) {
    return error_field(e, ST_INVALID, "bad_document", key, "%s: %s", key, why);
}

enum status registry_parse_json(struct slice text, json_t **out, struct error *e) {
    if (json_read(text, JSON_REJECT_DUPLICATES, out, NULL) == ST_NOMEM)
        return error_set(e, ST_NOMEM, "no_memory", "document");
    if (!json_is_object(*out)) {
        json_decref(*out);
        *out = NULL;
        return error_set(e, ST_INVALID, "bad_document", "the document is no JSON object");
    }
    return ST_OK;
}

/* A string of 1 to room - 1 bytes without control characters. */
static bool take_text(const json_t *v, char *out, size_t room) {
    if (!json_is_string(v))
        return false;
    size_t n = json_string_length(v);
    const char *s = json_string_value(v);
    if (n == 0 || n >= room)
        return false;
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
            return false;
    }
    memcpy(out, s, n);
    out[n] = '\0';
    return true;
}

static bool take_u32(const json_t *v, uint32_t most, uint32_t *out) {
    if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > (json_int_t)most)
        return false;
    *out = (uint32_t)json_integer_value(v);
    return true;
}

/* Milliseconds since 1970; null or missing: 0. */
static bool take_time(const json_t *v, int64_t *out) {
    *out = 0;
    if (v == NULL || json_is_null(v))
        return true;
    if (!json_is_integer(v) || json_integer_value(v) < 0)
        return false;
    *out = json_integer_value(v);
    return true;
}

static bool take_manages(const json_t *array, struct parsed_user *u) {
    size_t n = json_array_size(array);
    if (n > MANAGES_MAX)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!take_u32(json_array_get(array, i), UINT32_MAX, &u->manages[u->manages_count++]))
            return false;
    }
    return true;
}

bool registry_parse_names(const json_t *array, struct role_names *out) {
    out->count = 0;
    if (array == NULL)
        return true;
    if (!json_is_array(array) || json_array_size(array) > KEEPER_ROLES_MAX)
        return false;
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (!take_text(json_array_get(array, i), out->name[i], sizeof out->name[i]))
            return false;
        out->count++;
    }
    return true;
}

static bool take_duties(const json_t *array, unsigned *out) {
    static const struct {
        const char *name;
        unsigned bit;
    } duties[] = {{"system_admin", DUTY_SYSTEM_ADMIN},
                  {"security_admin", DUTY_SECURITY_ADMIN},
                  {"auditor", DUTY_AUDITOR}};
    *out = 0;
    if (array == NULL)
        return true;
    if (!json_is_array(array) || json_array_size(array) > 1)
        return false;
    const char *name = json_string_value(json_array_get(array, 0));
    for (size_t i = 0; name != NULL && i < 3; i++) {
        if (strcmp(name, duties[i].name) == 0)
            *out = duties[i].bit;
    }
    return json_array_size(array) == 0 || *out != 0;
}

unsigned registry_parse_duties(const json_t *array) {
    unsigned duties;
    return take_duties(array, &duties) ? duties : 0;
}

static bool take_bool(const json_t *v, bool *out) {
    *out = json_is_true(v);
    return v == NULL || json_is_null(v) || json_is_boolean(v);
}

static bool take_optional_u32(const json_t *v, uint32_t *out) {
    *out = 0;
    return v == NULL || json_is_null(v) || take_u32(v, UINT32_MAX, out);
}

static bool take_post(const json_t *v, struct parsed_post *p) {
    char position[POST_TEXT];
    const json_t *text = json_object_get(v, "position");
    bool named = text == NULL || (json_is_string(text) && json_string_length(text) == 0) ||
                 take_text(text, position, sizeof position);
    return json_is_object(v) && named && take_u32(json_object_get(v, "id"), UINT32_MAX, &p->id) &&
           p->id != 0 && take_u32(json_object_get(v, "department"), UINT32_MAX, &p->department) &&
           p->department != 0 && take_optional_u32(json_object_get(v, "reports_to"), &p->reports_to) &&
           take_time(json_object_get(v, "from"), &p->from) &&
           take_time(json_object_get(v, "until"), &p->until) && (p->until == 0 || p->until > p->from) &&
           take_bool(json_object_get(v, "main"), &p->main) &&
           take_bool(json_object_get(v, "leads"), &p->leads);
}

static bool take_posts(const json_t *array, struct parsed_user *u) {
    if (array == NULL || json_is_null(array))
        return true;
    if (!json_is_array(array) || json_array_size(array) > POSTS_MAX)
        return false;
    for (size_t i = 0; i < json_array_size(array); i++) {
        struct parsed_post *p = &u->posts[u->post_count++];
        if (!take_post(json_array_get(array, i), p))
            return false;
        for (size_t k = 0; k + 1 < u->post_count; k++) {
            if (u->posts[k].id == p->id)
                return false;
        }
    }
    return true;
}

/* The place of the name in the list of all posts' roles; KEEPER_ROLES_MAX when it is full. */
static size_t post_role(struct role_names *all, const char *name) {
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->name[i], name) == 0)
            return i;
    }
    if (all->count < KEEPER_ROLES_MAX)
        memcpy(all->name[all->count++], name, strlen(name) + 1);
    else
        return KEEPER_ROLES_MAX;
    return all->count - 1;
}

/* {"<a post's id>": [names]}; of posts that there are. */
static bool take_post_roles(const json_t *object, struct parsed_user *u) {
    if (object == NULL || json_is_null(object))
        return true;
    const char *key;
    json_t *value;
    size_t known = 0;
    for (size_t i = 0; i < u->post_count; i++) {
        char id[16];
        struct role_names names;
        (void)snprintf(id, sizeof id, "%u", u->posts[i].id);
        if (json_object_get(object, id) == NULL)
            continue;
        known++;
        if (!registry_parse_names(json_object_get(object, id), &names))
            return false;
        for (size_t k = 0; k < names.count; k++) {
            size_t bit = post_role(&u->post_roles, names.name[k]);
            if (bit == KEEPER_ROLES_MAX)
                return false;
            u->posts[i].roles |= (uint16_t)(1U << bit);
        }
    }
    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        if (!json_is_array(value))
            return false;
    }
    return json_is_object(object) && known == json_object_size(object);
}

static enum status parse_partner(const json_t *d, struct parsed_user *u, struct error *e) {
    const char *kind = json_string_value(json_object_get(d, "kind"));
    u->partner = kind != NULL && strcmp(kind, "partner") == 0;
    if (kind != NULL && !u->partner && strcmp(kind, "staff") != 0)
        return bad(e, "kind", "staff or partner");
    if (!take_optional_u32(json_object_get(d, "sponsor"), &u->sponsor))
        return bad(e, "sponsor", "the number of a member of staff");
    if (!take_time(json_object_get(d, "trained_at"), &u->trained_at))
        return bad(e, "trained_at", "a time in ms, or null");
    if (!u->partner)
        return ST_OK;
    if (u->sponsor == 0)
        return bad(e, "sponsor", "a partner has a sponsor");
    if (u->until == 0)
        return bad(e, "until", "a partner's account has an end");
    return u->duties == 0 ? ST_OK : bad(e, "duties", "a partner holds no duty");
}

static enum status parse_posts(const json_t *d, struct parsed_user *u, struct error *e) {
    if (!take_posts(json_object_get(d, "posts"), u))
        return bad(e, "posts", "at most 12 of id, department, position, from, until, main, leads");
    return take_post_roles(json_object_get(d, "post_roles"), u)
               ? ST_OK
               : bad(e, "post_roles", "names of roles by the number of a post, at most 16 together");
}

/* For comparison alone: what does not fit is as if there were none. */
static void take_mail(const json_t *v, char *out, size_t room) {
    if (!take_text(v, out, room)) {
        out[0] = '\0';
        return;
    }
    for (char *c = out; *c != '\0'; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
}

static enum status parse_user(const json_t *d, struct parsed_user *u, struct error *e) {
    if (json_object_get(d, "password") != NULL)
        return bad(e, "password", "no part of the document: propose one");
    if (!take_text(json_object_get(d, "login"), u->login, sizeof u->login))
        return bad(e, "login", "1 to 63 bytes");
    if (!take_text(json_object_get(d, "name"), u->name, sizeof u->name))
        return bad(e, "name", "1 to 127 bytes");
    if (!registry_parse_names(json_object_get(d, "roles"), &u->roles))
        return bad(e, "roles", "at most 16 names of roles");
    if (!take_duties(json_object_get(d, "duties"), &u->duties))
        return bad(e, "duties", "one of system_admin, security_admin, auditor, or none");
    take_mail(json_object_get(d, "mail"), u->mail, sizeof u->mail);
    u->mail_confirmed = json_is_true(json_object_get(d, "mail_confirmed"));
    const json_t *department = json_object_get(d, "department");
    if (department != NULL && !json_is_null(department) && !take_u32(department, UINT32_MAX, &u->department))
        return bad(e, "department", "the number of a department");
    const json_t *disabled = json_object_get(d, "disabled");
    if (disabled != NULL && !json_is_boolean(disabled))
        return bad(e, "disabled", "true or false");
    u->disabled = json_is_true(disabled);
    if (!take_time(json_object_get(d, "until"), &u->until))
        return bad(e, "until", "the account's end in ms, or null");
    if (u->until != 0 && u->duties != 0)
        return bad(e, "until", "the account of a duty's holder has no end of its own");
    if (!take_manages(json_object_get(d, "manages"), u))
        return bad(e, "manages", "at most 64 departments");
    enum status s = parse_posts(d, u, e);
    return s == ST_OK ? parse_partner(d, u, e) : s;
}

static bool are_fields(const json_t *list) {
    uint32_t id;
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!take_u32(json_array_get(list, i), UINT16_MAX, &id))
            return false;
    }
    return list == NULL || (json_is_array(list) && json_array_size(list) <= ACCESS_FIELDS);
}

static bool are_records(const json_t *list) {
    struct uuid id;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (text == NULL || !uuid_parse(slice_from_string(text), &id))
            return false;
    }
    return list == NULL ||
           (json_is_array(list) && json_array_size(list) > 0 && json_array_size(list) <= ACCESS_RECORDS);
}

enum status registry_parse_access(const json_t *d, struct error *e) {
    const json_t *fields = json_object_get(d, "fields"), *records = json_object_get(d, "records");
    uint32_t object;
    if (!take_u32(json_object_get(d, "object"), UINT16_MAX, &object) || object == 0)
        return bad(e, "object", "the number of an object");
    if (!are_fields(fields))
        return bad(e, "fields", "numbers of fields, few");
    if (!are_records(records))
        return bad(e, "records", "ids of records, 1 to 50");
    return json_array_size(fields) > 0 ? ST_OK : bad(e, "fields", "fields, at least one");
}

/* "allow": {"act", "object", "count", "bound", "proposal"} */
static bool parse_allow(const json_t *d, struct registry_allowance *out) {
    const char *act = json_string_value(json_object_get(d, "act"));
    json_int_t proposal = json_integer_value(json_object_get(d, "proposal"));
    uint32_t object;
    if (act == NULL || strlen(act) >= sizeof out->act || proposal <= 0 ||
        !take_u32(json_object_get(d, "object"), UINT16_MAX, &object) ||
        !take_u32(json_object_get(d, "count"), UINT32_MAX, &out->count) ||
        !take_bool(json_object_get(d, "bound"), &out->bound))
        return false;
    memcpy(out->act, act, strlen(act) + 1);
    out->object = (uint16_t)object;
    out->proposal = (uint64_t)proposal;
    return true;
}

static enum status parse_grant(const json_t *d, struct parsed_grant *g, struct error *e) {
    if (!take_u32(json_object_get(d, "user"), UINT32_MAX, &g->user) || g->user == 0)
        return bad(e, "user", "the number of a user");
    const json_t *from = json_object_get(d, "from");
    if (from != NULL && !json_is_null(from) && !take_u32(from, UINT32_MAX, &g->from))
        return bad(e, "from", "the number of a user");
    g->access = json_object_get(d, "object") != NULL;
    const json_t *allow = json_object_get(d, "allow");
    g->allows = allow != NULL;
    if (g->allows && (g->access || !parse_allow(allow, &g->allow)))
        return bad(e, "allow", "act, object, count, bound and proposal");
    if (!registry_parse_names(json_object_get(d, "roles"), &g->roles) ||
        (g->roles.count == 0) != (g->access || g->allows))
        return bad(e, "roles", "1 to 16 names of roles");
    if (g->access && registry_parse_access(d, e) != ST_OK)
        return ST_INVALID;
    if (!take_optional_u32(json_object_get(d, "department"), &g->department))
        return bad(e, "department", "the number of a department");
    const char *object = json_string_value(json_object_get(d, "name"));
    (void)snprintf(g->object, sizeof g->object, "%s", object == NULL ? "" : object);
    if (!take_time(json_object_get(d, "since"), &g->since))
        return bad(e, "since", "a time in ms");
    if (!take_time(json_object_get(d, "until"), &g->until) || g->until == 0)
        return bad(e, "until", "a time in ms");
    if (!take_optional_u32(json_object_get(d, "by"), &g->by))
        g->by = 0;
    const json_t *ended = json_object_get(d, "ended"), *review = json_object_get(d, "review");
    const char *why = json_string_value(json_object_get(d, "why"));
    g->ended = ended != NULL && !json_is_null(ended);
    g->reviewed = review != NULL && !json_is_null(review);
    g->glass = why != NULL && strcmp(why, "break_glass") == 0;
    return ST_OK;
}

static enum status parse_department(const json_t *d, struct parsed_department *out, struct error *e) {
    char name[128];
    if (!take_text(json_object_get(d, "name"), name, sizeof name))
        return bad(e, "name", "1 to 127 bytes");
    const json_t *parent = json_object_get(d, "parent"), *branch = json_object_get(d, "branch");
    if (parent != NULL && !json_is_null(parent) && !take_u32(parent, UINT32_MAX, &out->parent))
        return bad(e, "parent", "the number of a department, or 0");
    if (branch != NULL && !json_is_null(branch) && !take_u32(branch, UINT32_MAX, &out->branch))
        return bad(e, "branch", "the number of a department, or 0");
    if (!take_optional_u32(json_object_get(d, "merged_into"), &out->merged_into))
        return bad(e, "merged_into", "the number of a department, or 0");
    return take_bool(json_object_get(d, "closed"), &out->closed) ? ST_OK : bad(e, "closed", "true or false");
}

static bool take_limits(const json_t *v, struct limits *out) {
    if (v == NULL)
        return true;
    if (!json_is_object(v) || !take_u32(json_object_get(v, "day"), LIMIT_NONE, &out->day))
        return false;
    const json_t *hour = json_object_get(v, "hour"), *minute = json_object_get(v, "minute");
    out->hour = out->day;
    if (hour != NULL && !take_u32(hour, LIMIT_NONE, &out->hour))
        return false;
    out->minute = out->hour;
    return minute == NULL || take_u32(minute, LIMIT_NONE, &out->minute);
}

/* One L for both classes, or one for each. */
static bool take_people(const json_t *v, struct budget_limits *out, unsigned view) {
    struct limits *personal = &out->people[0][view], *sensitive = &out->people[1][view];
    if (v == NULL)
        return true;
    if (json_object_get(v, "day") != NULL) {
        bool fine = take_limits(v, personal);
        *sensitive = *personal;
        return fine;
    }
    return json_is_object(v) && take_limits(json_object_get(v, "personal"), personal) &&
           take_limits(json_object_get(v, "sensitive"), sensitive);
}

static enum status parse_budget(const json_t *v, uint32_t missing, struct budget_limits *out,
                                struct error *e) {
    const struct limits none = {LIMIT_NONE, LIMIT_NONE, LIMIT_NONE}, rest = {missing, missing, missing};
    *out = (struct budget_limits){{{rest, rest}, {rest, rest}}, rest, none};
    if (v == NULL)
        return ST_OK;
    if (!json_is_object(v))
        return bad(e, "budget", "an object");
    if (!take_people(json_object_get(v, "masked"), out, budget_view(VIEW_MASKED)))
        return bad(e, "budget", "masked: {day, hour, minute}, or those for personal and sensitive");
    if (!take_people(json_object_get(v, "clear"), out, budget_view(VIEW_CLEAR)))
        return bad(e, "budget", "clear: {day, hour, minute}, or those for personal and sensitive");
    if (!take_limits(json_object_get(v, "lookups"), &out->lookups))
        return bad(e, "budget", "lookups: {day, hour, minute}");
    if (!take_limits(json_object_get(v, "writes"), &out->writes))
        return bad(e, "budget", "writes: {day, hour, minute}");
    return ST_OK;
}

static bool take_view(const json_t *v, uint8_t *out) {
    static const char *const names[] = {"hidden", "masked", "clear"};
    *out = VIEW_HIDDEN;
    if (v == NULL)
        return true;
    for (uint8_t i = 0; json_is_string(v) && i < 3; i++) {
        if (strcmp(json_string_value(v), names[i]) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static enum status parse_role(const json_t *d, struct parsed_role *r, struct error *e) {
    if (!take_text(json_object_get(d, "name"), r->name, sizeof r->name))
        return bad(e, "name", "1 to 39 bytes");
    const json_t *ceiling = json_object_get(d, "ceiling"), *match = json_object_get(d, "match");
    if ((ceiling != NULL && !json_is_object(ceiling)) ||
        !take_view(json_object_get(ceiling, "personal"), &r->ceiling[CLASS_PERSONAL]) ||
        !take_view(json_object_get(ceiling, "sensitive"), &r->ceiling[CLASS_SENSITIVE]))
        return bad(e, "ceiling", "personal and sensitive: hidden, masked or clear");
    if (match != NULL && !json_is_object(match))
        return bad(e, "match", "personal and sensitive: true or false");
    r->ceiling[CLASS_PUBLIC] = r->ceiling[CLASS_INTERNAL] = VIEW_CLEAR;
    r->match[CLASS_PUBLIC] = r->match[CLASS_INTERNAL] = true;
    r->match[CLASS_PERSONAL] = json_is_true(json_object_get(match, "personal"));
    r->match[CLASS_SENSITIVE] = json_is_true(json_object_get(match, "sensitive"));
    uint32_t hours = 0;
    const json_t *glass = json_object_get(d, "break_glass_hours");
    if (glass != NULL && !json_is_null(glass) && !take_u32(glass, ROLE_BREAK_GLASS_HOURS, &hours))
        return bad(e, "break_glass_hours", "0 (not in an emergency) to 24");
    r->terms.break_glass_hours = hours;
    r->terms.by_leader = json_is_true(json_object_get(d, "by_leader"));
    enum status s = sign_in_rules_parse(json_object_get(d, "sign_in"), false, &r->sign_in, e);
    return s == ST_OK ? parse_budget(json_object_get(d, "budget"), 0, &r->limits, e) : s;
}

static bool take_class(const json_t *v, uint8_t *out) {
    static const char *const names[CLASS_COUNT] = {"public", "internal", "personal", "sensitive"};
    for (uint8_t i = 0; json_is_string(v) && i < CLASS_COUNT; i++) {
        if (strcmp(json_string_value(v), names[i]) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static enum status parse_field(const json_t *d, struct catalogue_field *f, struct error *e) {
    uint32_t object, field, mask = 0, search = 0, type = 0;
    if (!take_u32(json_object_get(d, "object"), UINT16_MAX, &object) || object == 0)
        return bad(e, "object", "the number of an object");
    if (!take_u32(json_object_get(d, "field"), UINT16_MAX, &field) || field == 0)
        return bad(e, "field", "the number of a field");
    if (!take_class(json_object_get(d, "class"), &f->class))
        return bad(e, "class", "public, internal, personal or sensitive");
    const json_t *m = json_object_get(d, "mask"), *s = json_object_get(d, "search");
    if (m != NULL && !take_u32(m, UINT16_MAX, &mask))
        return bad(e, "mask", "the number of a mask");
    if (s != NULL && !take_u32(s, 15, &search))
        return bad(e, "search", "a sum of 1 exact, 2 suffix, 4 words, 8 fragment");
    if (!take_u32(json_object_get(d, "type"), UINT8_MAX, &type))
        return bad(e, "type", "the number of a type");
    f->object = (uint16_t)object;
    f->field = (uint16_t)field;
    f->mask = (uint16_t)mask;
    f->search = (uint8_t)search;
    f->type = (uint8_t)type;
    return ST_OK;
}

static enum status parse_company(const json_t *d, struct parsed_company *c, struct error *e) {
    const json_t *sign_in = json_object_get(d, "sign_in");
    struct named_network names[NETWORK_NAMES];
    size_t count;
    if (!network_parse_names(json_object_get(d, "networks"), names, &count))
        return bad(e, "networks", "at most 16 names, not outside, with 1 to 8 networks each");
    enum status s = sign_in_rules_parse(sign_in, true, &c->sign_in, e);
    if (s == ST_OK)
        s = password_rules_parse(json_object_get(sign_in, "passwords"), &c->passwords, e);
    if (s == ST_OK)
        s = high_risk_parse(json_object_get(d, "high_risk"), &c->high_risk, e);
    return s == ST_OK ? parse_budget(json_object_get(d, "budget"), LIMIT_NONE, &c->limits, e) : s;
}

enum status registry_parse(uint8_t kind, const json_t *document, union parsed *out, struct error *e) {
    memset(out, 0, sizeof *out);
    switch (kind) {
    case REGISTRY_USER:
        return parse_user(document, &out->user, e);
    case REGISTRY_DEPARTMENT:
        return parse_department(document, &out->department, e);
    case REGISTRY_GRANT:
        return parse_grant(document, &out->grant, e);
    case REGISTRY_ROLE:
        return parse_role(document, &out->role, e);
    case REGISTRY_COMPANY:
        return parse_company(document, &out->company, e);
    case REGISTRY_CATALOGUE:
        return parse_field(document, &out->field, e);
    default:
        return error_set(e, ST_INVALID, "bad_kind", "no such kind of registry item");
    }
}
