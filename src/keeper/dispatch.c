#include "keeper/state.h"

handler *handler_of(enum message number) {
    static handler *const handlers[MSG_END] = {
        [MSG_SIGN_IN] = handle_sign_in,
        [MSG_SIGN_OUT] = handle_sign_out,
        [MSG_SESSION] = handle_session,
        [MSG_ROTATE] = handle_rotate,
        [MSG_SESSION_LIST] = handle_session_list,
        [MSG_SESSION_REVOKE] = handle_session_revoke,
        [MSG_PASSWORD_CHANGE] = handle_password_change,
        [MSG_JOB_TOKEN] = handle_job_token,
        [MSG_API_KEY_MAKE] = handle_api_key_make,
        [MSG_JOB_CLAIM] = handle_job_claim,
        [MSG_REGISTRY_LIST] = handle_registry_list,
        [MSG_REGISTRY_PUT] = handle_registry_put,
        [MSG_PASSWORD_SET] = handle_password_set,
        [MSG_BOOTSTRAP] = handle_bootstrap,
        [MSG_BOOTSTRAP_END] = handle_bootstrap_end,
        [MSG_BOOTSTRAPPED] = handle_bootstrapped,
        [MSG_OPEN] = handle_open,
        [MSG_SEAL] = handle_seal,
        [MSG_RESEAL] = handle_reseal,
        [MSG_OUTCOME] = handle_outcome,
        [MSG_OPEN_INTENTS] = handle_open_intents,
        [MSG_LOOKUP] = handle_lookup,
        [MSG_BOX_MAKE] = handle_box_make,
        [MSG_BOX_DESTROY] = handle_box_destroy,
        [MSG_BOX_SEAL] = handle_box_seal,
        [MSG_BOX_OPEN] = handle_box_open,
        [MSG_RECORD] = handle_record,
        [MSG_AUDIT_READ] = handle_audit_read,
        [MSG_AUDIT_DETAIL] = handle_audit_detail,
        [MSG_AUDIT_HEAD] = handle_audit_head,
        [MSG_BUDGETS] = handle_budgets,
        [MSG_HEALTH] = handle_health,
    };
    return (size_t)number < MSG_END ? handlers[number] : NULL;
}
