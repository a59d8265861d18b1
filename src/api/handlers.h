/* The handlers, named api_<act>, one file a resource (handle_<resource>.c); route_table.c lists them.
 * docs/api.md says what each answers. */
#ifndef KEDUN_API_HANDLERS_H
#define KEDUN_API_HANDLERS_H

#include "api/route.h"

#define HANDLER(name)                                                                                        \
    enum status name(struct engine *engine, struct caller *c, struct http_request *r,                        \
                     struct http_reply *reply, struct error *e)

HANDLER(api_sign_in);
HANDLER(api_sign_out);
HANDLER(api_me);
HANDLER(api_password);
HANDLER(api_sign_in_state);
HANDLER(api_company_change);
HANDLER(api_alarm_close);
HANDLER(api_second_factor);
HANDLER(api_factors);
HANDLER(api_totp_begin);
HANDLER(api_totp_confirm);
HANDLER(api_totp_remove);
HANDLER(api_recovery_codes);
HANDLER(api_passkey_begin);
HANDLER(api_passkey_confirm);
HANDLER(api_passkey_remove);
HANDLER(api_passkey_challenge);
HANDLER(api_factor_challenge);
HANDLER(api_passkey_sign_in);
HANDLER(api_user_factors);
HANDLER(api_sessions);
HANDLER(api_sessions_end);
HANDLER(api_sessions_end_everybody);
HANDLER(api_user_sessions);
HANDLER(api_user_sessions_end);
HANDLER(api_session_revoke);
HANDLER(api_directory);
HANDLER(api_sso_providers);
HANDLER(api_sso_begin);
HANDLER(api_sso_finish);
HANDLER(api_sso_links);
HANDLER(api_sso_link_begin);
HANDLER(api_sso_link_finish);
HANDLER(api_sso_unlink);
HANDLER(api_sso_settings);
HANDLER(api_sso_secret);
HANDLER(api_user_sso_links);
HANDLER(api_user_sso_unlink);
HANDLER(api_ldap_directories);
HANDLER(api_ldap_secret);
HANDLER(api_ldap_read);
HANDLER(api_ldap_preview);
HANDLER(api_ldap_import);
HANDLER(api_scim_keys);
HANDLER(api_scim_key_draw);
HANDLER(api_scim_key_end);
HANDLER(api_scim_config);
HANDLER(api_scim_types);
HANDLER(api_scim_schemas);
HANDLER(api_scim_users);
HANDLER(api_scim_search);
HANDLER(api_scim_user);
HANDLER(api_scim_make);
HANDLER(api_scim_replace);
HANDLER(api_scim_patch);
HANDLER(api_scim_delete);
HANDLER(api_keys);
HANDLER(api_key_make);

HANDLER(api_people);
HANDLER(api_person);
HANDLER(api_person_make);
HANDLER(api_person_change);
HANDLER(api_person_leave);
HANDLER(api_person_preview);
HANDLER(api_department_preview);
HANDLER(api_partners);
HANDLER(api_people_import_preview);
HANDLER(api_people_import);
HANDLER(api_department_make);
HANDLER(api_department_change);
HANDLER(api_roles);
HANDLER(api_role_make);
HANDLER(api_role_change);
HANDLER(api_proposals);
HANDLER(api_news);
HANDLER(api_news_seen);
HANDLER(api_proposal_make);
HANDLER(api_proposal_decide);
HANDLER(api_proposal_effect);
HANDLER(api_grants);
HANDLER(api_grant_make);
HANDLER(api_grant_end);
HANDLER(api_grant_review);
HANDLER(api_handovers);
HANDLER(api_handover_start);
HANDLER(api_handover_undo);
HANDLER(api_offer_make);
HANDLER(api_offer_end);
HANDLER(api_person_report);
HANDLER(api_reviews);
HANDLER(api_review_open);
HANDLER(api_review);
HANDLER(api_review_answer);
HANDLER(api_review_change);
HANDLER(api_review_carry);
HANDLER(api_review_close);
HANDLER(api_review_report);
HANDLER(api_orphans);
HANDLER(api_accounts_end);
HANDLER(api_unused_rights);
HANDLER(api_rights_preview);
HANDLER(api_rights_take);
HANDLER(api_grown_rights);

HANDLER(api_objects);
HANDLER(api_object);
HANDLER(api_object_add);
HANDLER(api_field_add);
HANDLER(api_field_change);

HANDLER(api_record_list);
HANDLER(api_record_query);
HANDLER(api_record_groups);
HANDLER(api_record_get);
HANDLER(api_record_create);
HANDLER(api_record_update);
HANDLER(api_record_delete);
HANDLER(api_record_restore);
HANDLER(api_record_history);
HANDLER(api_record_timeline);
HANDLER(api_record_reveal);
HANDLER(api_suggest);

HANDLER(api_audit_list);
HANDLER(api_audit_get);
HANDLER(api_audit_head);
HANDLER(api_high_risk_acts);

HANDLER(api_record_bulk);
HANDLER(api_recent);
HANDLER(api_views);
HANDLER(api_view_save);
HANDLER(api_view_change);
HANDLER(api_view_delete);

HANDLER(api_conflicts);
HANDLER(api_conflict_resolve);

HANDLER(api_openapi);

HANDLER(api_imports);
HANDLER(api_import_make);
HANDLER(api_import_get);
HANDLER(api_import_part);
HANDLER(api_import_preview);
HANDLER(api_import_check);
HANDLER(api_import_start);
HANDLER(api_import_undo);
HANDLER(api_import_rejects);
HANDLER(api_job);
HANDLER(api_job_events);
HANDLER(api_job_cancel);

HANDLER(api_policies);
HANDLER(api_policy_text);
HANDLER(api_policy_diff);
HANDLER(api_policy_check);
HANDLER(api_policy_schema);
HANDLER(api_policy_propose);
HANDLER(api_policy_decide);
HANDLER(api_policy_matrix);
HANDLER(api_policy_preview);
HANDLER(api_why);

HANDLER(api_health);
HANDLER(api_ready);
HANDLER(api_metrics);

#endif
