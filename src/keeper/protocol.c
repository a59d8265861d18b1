#include "keeper/protocol.h"

#include "audit/log.h"
#include "keeper/policy_versions.h"

#define AT(member) offsetof(struct args, member)
#define U8(n, m)                                                                                             \
    { n, PART_U8, AT(m), 0 }
#define U16(n, m)                                                                                            \
    { n, PART_U16, AT(m), 0 }
#define U32(n, m)                                                                                            \
    { n, PART_U32, AT(m), 0 }
#define U64(n, m)                                                                                            \
    { n, PART_U64, AT(m), 0 }
#define BOOL(n, m)                                                                                           \
    { n, PART_BOOL, AT(m), 0 }
#define UUID(n, m)                                                                                           \
    { n, PART_UUID, AT(m), 0 }
#define TOKEN(n, m)                                                                                          \
    { n, PART_TOKEN, AT(m), 0 }
#define BYTES(n, m, b)                                                                                       \
    { n, PART_SLICE, AT(m), b }
#define WHOLE(n, t, b)                                                                                       \
    { n, t, 0, b }

#define WORK (DOOR_ENGINE | DOOR_JOBS)
#define ALL  (DOOR_ENGINE | DOOR_JOBS | DOOR_ADMIN)

static const struct message_info messages[] = {
    {MSG_SIGN_IN,
     "sign_in",
     DOOR_ENGINE,
     true,
     false,
     "when the delays for this login and address are over",
     {BYTES("login", text, PROTOCOL_LOGIN_MAX), BYTES("password", second, PROTOCOL_PASSWORD_MAX),
      BYTES("agent", third, PROTOCOL_AGENT_MAX)},
     {TOKEN("token", token), WHOLE("who", PART_PRINCIPAL, 0)}},
    {MSG_SIGN_OUT, "sign_out", WORK, true, true, "any time", {{0}}, {{0}}},
    {MSG_SESSION, "session", WORK, true, true, "any time", {{0}}, {WHOLE("who", PART_PRINCIPAL, 0)}},
    {MSG_ROTATE,
     "rotate",
     DOOR_ENGINE,
     true,
     true,
     "a person's session, no key and no job",
     {{0}},
     {TOKEN("fresh", token)}},
    {MSG_SESSION_LIST,
     "session_list",
     DOOR_ENGINE,
     true,
     true,
     "own sessions; others' with the security duty",
     {U32("user", user)},
     {WHOLE("sessions", PART_SESSIONS, PROTOCOL_LIST_MAX)}},
    {MSG_SESSION_REVOKE,
     "session_revoke",
     DOOR_ENGINE,
     true,
     true,
     "own sessions; others' with the security duty",
     {UUID("session", uuid)},
     {{0}}},
    {MSG_PASSWORD_CHANGE,
     "password_change",
     DOOR_ENGINE,
     true,
     true,
     "a person's session; the old password",
     {BYTES("old", text, PROTOCOL_PASSWORD_MAX), BYTES("fresh", second, PROTOCOL_PASSWORD_MAX)},
     {TOKEN("token", token)}},
    {MSG_JOB_TOKEN,
     "job_token",
     WORK,
     true,
     true,
     "any session but a job's",
     {UUID("job", uuid), U16("object", object)},
     {TOKEN("token", token)}},
    {MSG_API_KEY_MAKE,
     "api_key_make",
     DOOR_ENGINE,
     true,
     true,
     "a person's session without duty",
     {BYTES("document", text, PROTOCOL_DOCUMENT_MAX)},
     {TOKEN("token", token), UUID("id", uuid)}},
    {MSG_JOB_CLAIM,
     "job_claim",
     DOOR_JOBS,
     true,
     false,
     "a live job that job_token was asked for; its older token is dead then",
     {UUID("job", uuid)},
     {TOKEN("token", token)}},

    {MSG_REGISTRY_LIST,
     "registry_list",
     ALL,
     false,
     false,
     "any time",
     {U64("since", number)},
     {U64("version", second_number), WHOLE("items", PART_ITEMS, PROTOCOL_LIST_MAX)}},
    {MSG_REGISTRY_PUT,
     "registry_put",
     DOOR_ENGINE,
     true,
     true,
     "with the duty that the kind asks for",
     {U8("kind", kind), U32("id", number32), BYTES("document", text, PROTOCOL_DOCUMENT_MAX)},
     {U32("made", number32)}},
    {MSG_BOOTSTRAP,
     "bootstrap",
     DOOR_ADMIN,
     false,
     false,
     "until bootstrap_end, once for all time",
     {U8("kind", kind), U32("id", number32), BYTES("document", text, PROTOCOL_DOCUMENT_MAX)},
     {{0}}},
    {MSG_BOOTSTRAP_END, "bootstrap_end", DOOR_ADMIN, false, false, "until bootstrap_end", {{0}}, {{0}}},
    {MSG_BOOTSTRAPPED, "bootstrapped", ALL, false, false, "any time", {{0}}, {BOOL("over", flag)}},

    {MSG_OPEN,
     "open",
     WORK,
     true,
     true,
     "views within the ceiling, people within the budgets, log writable",
     {WHOLE("request", PART_OPEN, 0)},
     {WHOLE("answer", PART_OPENED, 0)}},
    {MSG_SEAL,
     "seal",
     WORK,
     true,
     true,
     "no duty held, log writable",
     {WHOLE("request", PART_SEAL, 0)},
     {WHOLE("answer", PART_SEALED, 0)}},
    {MSG_OUTCOME,
     "outcome",
     WORK,
     false,
     false,
     "once for an intent that has none",
     {U64("intent", number), BOOL("committed", flag)},
     {{0}}},
    {MSG_OPEN_INTENTS,
     "open_intents",
     WORK,
     false,
     false,
     "any time",
     {U32("room", number32), BOOL("left", flag)},
     {WHOLE("intents", PART_NUMBERS, PROTOCOL_LIST_MAX)}},
    {MSG_LOOKUP,
     "lookup",
     WORK,
     true,
     true,
     "clear ceiling, or the right to match; look-ups within the budget",
     {U16("object", object), U16("field", field), U8("search", search), U8("view", view),
      BYTES("text", text, PROTOCOL_TEXT_MAX)},
     {WHOLE("alternatives", PART_LISTS, 64)}},
    {MSG_RESEAL,
     "reseal",
     WORK,
     true,
     true,
     "system administrator, one field of sealed class, log writable",
     {WHOLE("request", PART_SEAL, 0)},
     {WHOLE("answer", PART_SEALED, 0)}},

    {MSG_BOX_MAKE, "box_make", WORK, true, true, "any time", {BOOL("passing", flag)}, {UUID("box", uuid)}},
    {MSG_BOX_DESTROY, "box_destroy", WORK, true, true, "own box", {UUID("box", uuid)}, {{0}}},
    {MSG_BOX_SEAL,
     "box_seal",
     WORK,
     true,
     true,
     "own box",
     {UUID("box", uuid), U8("stream", stream), U64("sequence", number),
      BYTES("plain", text, PROTOCOL_CHUNK_MAX)},
     {BYTES("sealed", text, PROTOCOL_CHUNK_MAX + 64)}},
    {MSG_BOX_OPEN,
     "box_open",
     WORK,
     true,
     true,
     "own box",
     {UUID("box", uuid), U8("stream", stream), U64("sequence", number),
      BYTES("sealed", text, PROTOCOL_CHUNK_MAX + 64)},
     {BYTES("plain", text, PROTOCOL_CHUNK_MAX)}},

    {MSG_RECORD,
     "record",
     WORK,
     true,
     false,
     "with a live token; refusals and the system's acts without too",
     {U8("act", act), U8("outcome", outcome), U16("object", object),
      BYTES("records", third, KEEPER_RECORDED_MAX * sizeof(struct uuid)),
      BYTES("tag", text, PROTOCOL_TAG_MAX), BYTES("detail", second, PROTOCOL_DETAIL_MAX)},
     {{0}}},
    {MSG_AUDIT_READ,
     "audit_read",
     WORK,
     true,
     false,
     "the jobs process, or a token with the auditor's duty",
     {U64("from", number), U32("most", number32)},
     {U64("next", number), BYTES("frames", text, PROTOCOL_FRAMES_MAX)}},
    {MSG_AUDIT_DETAIL,
     "audit_detail",
     DOOR_ENGINE,
     true,
     true,
     "with the auditor's duty; recorded",
     {U64("seq", number), BYTES("wrapped_key", text, KEEPER_WRAPPED_KEY)},
     {BYTES("detail", text, PROTOCOL_DETAIL_MAX)}},
    {MSG_AUDIT_HEAD,
     "audit_head",
     DOOR_ENGINE,
     true,
     true,
     "with the auditor's duty",
     {{0}},
     {BYTES("checkpoint", text, AUDIT_CHECKPOINT_TEXT)}},
    {MSG_BUDGETS, "budgets", WORK, true, true, "any time", {{0}}, {BYTES("json", text, PROTOCOL_JSON_MAX)}},
    {MSG_HEALTH, "health", ALL, false, false, "any time", {{0}}, {BYTES("json", text, PROTOCOL_JSON_MAX)}},

    {MSG_PROPOSE,
     "propose",
     DOOR_ENGINE,
     true,
     true,
     "a person who may propose this kind",
     {BYTES("document", text, PROTOCOL_DOCUMENT_MAX)},
     {U64("id", number), BYTES("secret", text, PROTOCOL_SECRET_MAX)}},
    {MSG_DECIDE,
     "decide",
     DOOR_ENGINE,
     true,
     true,
     "another person who may decide this kind; its proposer may withdraw it",
     {U64("id", number), BOOL("approve", flag), BYTES("note", text, PROTOCOL_REASON_MAX)},
     {BYTES("secret", text, PROTOCOL_SECRET_MAX)}},
    {MSG_PROPOSALS,
     "proposals",
     DOOR_ENGINE,
     true,
     true,
     "own ones, those one may decide; all with a duty",
     {BOOL("to_decide", flag)},
     {BYTES("json", text, PROTOCOL_JSON_MAX)}},
    {MSG_GRANT_MAKE,
     "grant_make",
     DOOR_ENGINE,
     true,
     true,
     "a person without duty: lends own roles, or takes one that is open to emergencies",
     {BYTES("document", text, PROTOCOL_DOCUMENT_MAX)},
     {U32("id", number32)}},
    {MSG_GRANT_CLOSE,
     "grant_close",
     DOOR_ENGINE,
     true,
     true,
     "end: who has or lent it, his leader, security duty; review: security or auditor's duty",
     {U32("id", number32), BOOL("review", flag), BYTES("note", text, PROTOCOL_REASON_MAX)},
     {{0}}},
    {MSG_LEAVE,
     "leave",
     DOOR_ENGINE,
     true,
     true,
     "with the system duty, not for a duty's holder",
     {U32("user", user), BYTES("document", text, PROTOCOL_DOCUMENT_MAX)},
     {{0}}},
    {MSG_PERSON_STATE,
     "person_state",
     DOOR_ENGINE,
     true,
     true,
     "own account; others' with a duty",
     {U32("user", user)},
     {BYTES("json", text, PROTOCOL_JSON_MAX)}},
    {MSG_POLICY_LIST,
     "policy_list",
     ALL,
     false,
     false,
     "any time",
     {{0}},
     {BYTES("json", text, PROTOCOL_JSON_MAX)}},
    {MSG_POLICY_TEXT,
     "policy_text",
     ALL,
     false,
     false,
     "any time",
     {U32("number", number32)},
     {U32("number", number32), BYTES("text", text, POLICY_TEXT_MAX)}},
    {MSG_POLICY_PROPOSE,
     "policy_propose",
     DOOR_ENGINE,
     true,
     true,
     "a person's session with the security duty",
     {U32("based_on", number32), BOOL("widens", flag), BYTES("note", text, POLICY_NOTE_MAX),
      BYTES("text", second, POLICY_TEXT_MAX)},
     {U32("number", number32), BOOL("published", flag)}},
    {MSG_POLICY_DECIDE,
     "policy_decide",
     DOOR_ENGINE,
     true,
     true,
     "the same; another person than the author approves",
     {U32("number", number32), BOOL("approve", flag), BYTES("note", text, POLICY_NOTE_MAX)},
     {{0}}},
    {MSG_POLICY_FIRST,
     "policy_first",
     DOOR_ADMIN,
     false,
     false,
     "until bootstrap_end",
     {BYTES("text", text, POLICY_TEXT_MAX)},
     {U32("number", number32)}},
};

const struct message_info *protocol_table(size_t *count) {
    *count = sizeof messages / sizeof messages[0];
    return messages;
}

const struct message_info *protocol_message(uint16_t number) {
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        if (messages[i].number == number)
            return &messages[i];
    }
    return NULL;
}

static void document_part(struct buf *out, const struct part *p, bool first) {
    static const char *const names[] = {"",      "u8",         "u16",   "u32",       "u64",      "bool",
                                        "uuid",  "token",      "bytes", "principal", "sessions", "items",
                                        "u64[]", "term lists", "open",  "opened",    "seal",     "sealed"};
    if (!first)
        buf_put_string(out, ", ");
    buf_put_format(out, "%s %s", p->name, names[p->type]);
    if (p->most > 0)
        buf_put_format(out, " ≤ %zu", p->most);
}

static void document_parts(struct buf *out, const struct part *parts) {
    for (size_t i = 0; i < PARTS_MAX && parts[i].type != PART_END; i++)
        document_part(out, &parts[i], i == 0);
}

void protocol_document(struct buf *out) {
    buf_put_string(out, "| no. | message | sockets | token | when | request | answer |\n"
                        "| --- | --- | --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        const struct message_info *m = &messages[i];
        buf_put_format(out, "| %d | `%s` |%s%s%s | %s | %s | ", (int)m->number, m->name,
                       m->doors & DOOR_ENGINE ? " engine" : "", m->doors & DOOR_JOBS ? " jobs" : "",
                       m->doors & DOOR_ADMIN ? " admin" : "",
                       m->token  ? "yes"
                       : m->call ? "optional"
                                 : "no",
                       m->when);
        document_parts(out, m->request);
        buf_put_string(out, " | ");
        document_parts(out, m->reply);
        buf_put_string(out, " |\n");
    }
}
