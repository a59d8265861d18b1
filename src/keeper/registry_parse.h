/* Registry documents, parsed (for registry.c only). The JSON is jansson's; nothing here stores anything. */
#ifndef KEDUN_KEEPER_REGISTRY_PARSE_H
#define KEDUN_KEEPER_REGISTRY_PARSE_H

#include "keeper/registry.h"

#include <jansson.h>

struct parsed_user {
    char login[64], name[128];
    struct role_names roles;
    uint32_t department;
    unsigned duties;
    bool disabled;
};

struct parsed_role {
    char name[40];
    uint8_t ceiling[CLASS_COUNT];
    bool match[CLASS_COUNT];
    struct budget_limits limits;
};

union parsed {
    struct parsed_user user;
    struct parsed_role role;
    struct budget_limits company;
    struct catalogue_field field;
};

/* The whole text as one JSON object, no duplicate keys; NULL with ST_INVALID "bad_document". */
MUST_CHECK enum status registry_parse_json(struct slice text, json_t **out, struct error *e);
/* Checks the document by its kind; e->field names the key to blame. */
MUST_CHECK enum status registry_parse(uint8_t kind, const json_t *document, union parsed *out,
                                      struct error *e);

/* Copies names out of an array of strings. */
bool registry_parse_names(const json_t *array, struct role_names *out);

#endif
