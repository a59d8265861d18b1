#include "value/type.h"

static const struct value_type_info types[VALUE_TYPE_END] = {
    [VALUE_TEXT] = {VALUE_TEXT, "text", KIND_TEXT, 1000},
    [VALUE_LONG_TEXT] = {VALUE_LONG_TEXT, "long_text", KIND_TEXT, 20000},
    [VALUE_INTEGER] = {VALUE_INTEGER, "integer", KIND_INT, 0},
    [VALUE_DECIMAL] = {VALUE_DECIMAL, "decimal", KIND_INT, 0},
    [VALUE_MONEY] = {VALUE_MONEY, "money", KIND_INT, 0},
    [VALUE_DATE] = {VALUE_DATE, "date", KIND_INT, 0},
    [VALUE_DATETIME] = {VALUE_DATETIME, "datetime", KIND_INT, 0},
    [VALUE_BOOLEAN] = {VALUE_BOOLEAN, "boolean", KIND_INT, 0},
    [VALUE_CHOICE] = {VALUE_CHOICE, "choice", KIND_TEXT, 64},
    [VALUE_MULTI_CHOICE] = {VALUE_MULTI_CHOICE, "multi_choice", KIND_TEXT, 64},
    [VALUE_PHONE] = {VALUE_PHONE, "phone", KIND_TEXT, 27},
    [VALUE_MOBILE] = {VALUE_MOBILE, "mobile", KIND_TEXT, 16},
    [VALUE_MAIL] = {VALUE_MAIL, "mail", KIND_TEXT, 254},
    [VALUE_URL] = {VALUE_URL, "url", KIND_TEXT, 2048},
    [VALUE_CN_RESIDENT_ID] = {VALUE_CN_RESIDENT_ID, "cn_resident_id", KIND_TEXT, 18},
    [VALUE_USCC] = {VALUE_USCC, "uscc", KIND_TEXT, 18},
    [VALUE_BANK_CARD] = {VALUE_BANK_CARD, "bank_card", KIND_TEXT, 19},
    [VALUE_REGION] = {VALUE_REGION, "region", KIND_TEXT, 6},
    [VALUE_USER] = {VALUE_USER, "user", KIND_INT, 0},
    [VALUE_DEPARTMENT] = {VALUE_DEPARTMENT, "department", KIND_INT, 0},
    [VALUE_REFERENCE] = {VALUE_REFERENCE, "reference", KIND_TEXT, 36},
    [VALUE_TAG] = {VALUE_TAG, "tag", KIND_TEXT, 50},
    [VALUE_PERSON_NAME] = {VALUE_PERSON_NAME, "person_name", KIND_TEXT, 100},
    [VALUE_ADDRESS] = {VALUE_ADDRESS, "address", KIND_TEXT, 300},
};

const struct value_type_info *value_type_info(enum value_type type) {
    if ((int)type <= VALUE_NONE || type >= VALUE_TYPE_END)
        return NULL;
    return &types[type];
}

const char *value_type_name(enum value_type type) {
    const struct value_type_info *info = value_type_info(type);
    return info == NULL ? "" : info->name;
}

enum value_type value_type_by_name(struct slice name) {
    for (int i = VALUE_NONE + 1; i < VALUE_TYPE_END; i++) {
        if (slice_is(name, types[i].name))
            return types[i].type;
    }
    return VALUE_NONE;
}

bool value_equal(const struct value *a, const struct value *b) {
    if (a->kind != b->kind)
        return false;
    if (a->kind == KIND_INT)
        return a->i == b->i;
    return a->kind == KIND_NULL || slice_equal(a->text, b->text);
}
