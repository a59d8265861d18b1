/* The fields that every object has. */
#include "object/draft.h"

#define SYSTEM(ID, NAME, ZH, EN, TYPE, READ_ONLY)                                                            \
    {                                                                                                        \
        .id = ID, .name = NAME, .label = {ZH, EN}, .type = TYPE, .class = CLASS_INTERNAL,                    \
        .read_only = READ_ONLY                                                                               \
    }

/* Internal ones hold bytes or machine numbers: no value of theirs is ever parsed, shown or found by name. */
static const struct field_def fields[] = {
    SYSTEM(FIELD_ID, "id", "编号", "Id", VALUE_REFERENCE, true),
    SYSTEM(FIELD_OWNER, "owner", "负责人", "Owner", VALUE_USER, false),
    SYSTEM(FIELD_DEPARTMENT, "department", "所属部门", "Department", VALUE_DEPARTMENT, true),
    SYSTEM(FIELD_BRANCH, "branch", "所属分公司", "Branch", VALUE_DEPARTMENT, true),
    SYSTEM(FIELD_CREATED_AT, "created_at", "创建时间", "Created", VALUE_DATETIME, true),
    SYSTEM(FIELD_UPDATED_AT, "updated_at", "更新时间", "Updated", VALUE_DATETIME, true),
    SYSTEM(FIELD_SUBJECT, "_subject", "数据主体", "Subject", VALUE_REFERENCE, true),
    SYSTEM(FIELD_DELETED_AT, "_deleted_at", "删除时间", "Deleted", VALUE_DATETIME, true),
    SYSTEM(FIELD_REVISION, "_revision", "写入次数", "Revision", VALUE_INTEGER, true),
    SYSTEM(FIELD_VERSIONS, "_versions", "字段版本", "Versions", VALUE_TEXT, true),
    SYSTEM(FIELD_SEAL, "_seal", "封印", "Seal", VALUE_TEXT, true),
    SYSTEM(FIELD_JOB, "_job", "导入任务", "Job", VALUE_INTEGER, true),
    SYSTEM(FIELD_ROW, "_row", "行号", "Row", VALUE_INTEGER, true),
};

const struct field_def *system_fields(size_t *count) {
    *count = sizeof fields / sizeof fields[0];
    return fields;
}
