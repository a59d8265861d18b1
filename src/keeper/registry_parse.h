/* Registry documents, parsed (for registry.c only). The JSON is jansson's; nothing here stores anything. */
#ifndef KEDUN_KEEPER_REGISTRY_PARSE_H
#define KEDUN_KEEPER_REGISTRY_PARSE_H

#include "keeper/high_risk.h"
#include "keeper/password_rules.h"
#include "keeper/registry.h"
#include "keeper/sign_in_rules.h"

#include <jansson.h>

#define MANAGES_MAX 64
#define POSTS_MAX   12
#define POST_TEXT   64

/* One post; its roles are bits of the user's post_roles. */
struct parsed_post {
    uint32_t id, department;
    uint32_t reports_to; /* a colleague; 0: whoever leads the department */
    int64_t from, until; /* ms; until 0: without end */
    bool main, leads;
    uint16_t roles;
};

struct parsed_user {
    char login[64], name[128];
    char mail[128]; /* in lower case; "" for none, or none that fits */
    bool mail_confirmed;
    struct role_names roles;
    uint32_t department;
    unsigned duties;
    bool disabled;
    int64_t until; /* ms; 0: without end */
    uint32_t manages[MANAGES_MAX];
    size_t manages_count;
    struct parsed_post posts[POSTS_MAX];
    size_t post_count;
    struct role_names post_roles; /* of all posts together */
    bool partner;
    uint32_t sponsor;
    int64_t trained_at; /* ms; 0: not confirmed */
};

struct parsed_department {
    uint32_t parent;
    uint32_t branch;      /* its own id: it is a branch */
    uint32_t merged_into; /* 0: it stands by itself */
    bool closed;
};

struct parsed_grant {
    uint32_t user, from; /* from: a colleague whose roles these are; 0: none */
    struct role_names roles;
    int64_t since, until; /* ms */
    uint32_t by;          /* who made it; 0: not said */
    bool ended, glass, reviewed;
    bool access;         /* to fields of records; no role */
    char object[40];     /* an access: the object's name, cut to fit */
    uint32_t department; /* an access: where he stood when it was given; 0: not said */
    bool allows;         /* a high-risk act; no role. `department` as of an access, 0: he stood nowhere */
    struct registry_allowance allow;
};

struct parsed_role {
    char name[40];
    uint8_t ceiling[CLASS_COUNT];
    bool match[CLASS_COUNT];
    struct budget_limits limits;
    struct role_terms terms;
    struct sign_in_rules sign_in;
};

struct parsed_company {
    struct budget_limits limits;
    struct sign_in_rules sign_in;
    struct password_rules passwords;
    struct high_risk high_risk;
};

union parsed {
    struct parsed_user user;
    struct parsed_department department;
    struct parsed_grant grant;
    struct parsed_role role;
    struct parsed_company company;
    struct catalogue_field field;
};

/* The whole text as one JSON object, no duplicate keys; NULL with ST_INVALID "bad_document". */
MUST_CHECK enum status registry_parse_json(struct slice text, json_t **out, struct error *e);
/* Checks the document by its kind; e->field names the key to blame. */
MUST_CHECK enum status registry_parse(uint8_t kind, const json_t *document, union parsed *out,
                                      struct error *e);

/* What an access for a time opens: {"object", "fields": [numbers], "records": [ids]?}; without records all
 * that the person sees of the object. */
MUST_CHECK enum status registry_parse_access(const json_t *d, struct error *e);

/* Copies names out of an array of strings. */
bool registry_parse_names(const json_t *array, struct role_names *out);
/* The duties in an array of their names; 0 for what is no such array. */
unsigned registry_parse_duties(const json_t *array);

#endif
