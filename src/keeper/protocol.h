/* The keeper's protocol: its messages in one table, and the one reader-and-writer that client and server
 * share.
 *
 * A message is a frame (ipc/frame.h): `type` is its number, `id` the asker's choice, echoed. A request's
 * payload is the call (token, request id, address, purpose: 65 bytes; absent where the table says no token)
 * and then its parts in the table's order. An answer's `flags` is its enum status; ST_OK is followed by the
 * reply's parts, anything else by code, field and detail of a struct error. All integers little-endian.
 *
 * The same table says who may send a message and when; the server enforces it, docs/protocol.md is checked
 * against it by a unit test. A payload that does not decode to its last byte closes the connection.
 *
 * wire_message() writes or reads `struct args` by the parts of a message: a format has one description. What
 * is read points into the payload or lives in the arena. */
#ifndef KEDUN_KEEPER_PROTOCOL_H
#define KEDUN_KEEPER_PROTOCOL_H

#include "base/arena.h"
#include "base/buf.h"
#include "keeper/client.h"

#define PROTOCOL_QUIET        1 /* flags of an `outcome` that wants no answer */
#define PROTOCOL_LOGIN_MAX    64
#define PROTOCOL_PASSWORD_MAX 1024
#define PROTOCOL_AGENT_MAX    200
#define PROTOCOL_DOCUMENT_MAX ((size_t)64 << 10)
#define PROTOCOL_REASON_MAX   1000
#define PROTOCOL_WHY_MAX      2000 /* a reason for a write: 500 characters */
#define PROTOCOL_SECRET_MAX   64   /* half a one-time password */
#define PROTOCOL_CODE_MAX     1024 /* a code, or a passkey's id */
#define PROTOCOL_PASSKEY_MAX  8192 /* one part of what a passkey answers */
#define PROTOCOL_DETAIL_MAX   4096
#define PROTOCOL_TAG_MAX      64
#define PROTOCOL_TEXT_MAX     1024 /* a looked-up text, a needle */
#define PROTOCOL_CHUNK_MAX    ((size_t)2 << 20)
#define PROTOCOL_SEALED_MAX   (KEEPER_VALUE_MAX + 256)
#define PROTOCOL_VERSIONS_MAX 8192
#define PROTOCOL_LIST_MAX     20000 /* elements of a list in an answer */
#define PROTOCOL_TERMS_MAX    (4u << 20)
#define PROTOCOL_JSON_MAX     ((size_t)1 << 20)
#define PROTOCOL_STATE_MAX    256 /* single sign-on's state */
#define PROTOCOL_FRAMES_MAX   ((size_t)3 << 20)

/* Numbers are stable. */
enum message {
    MSG_SIGN_IN = 1,
    MSG_SIGN_OUT,
    MSG_SESSION,
    MSG_ROTATE,
    MSG_SESSION_LIST,
    MSG_SESSION_REVOKE,
    MSG_PASSWORD_CHANGE,
    MSG_JOB_TOKEN,
    MSG_API_KEY_MAKE,
    MSG_JOB_CLAIM,
    MSG_FACTOR_LIST,
    MSG_FACTOR_BEGIN,
    MSG_FACTOR_CONFIRM,
    MSG_FACTOR_REMOVE,
    MSG_SECOND_FACTOR = 16, /* 15 reset another's factors: it takes two, see keeper/proposal_kind.c */
    MSG_PASSKEY_CHALLENGE,
    MSG_PASSKEY_SIGN_IN,
    MSG_REGISTRY_LIST = 20,
    MSG_REGISTRY_PUT,
    MSG_BOOTSTRAP = 23, /* 22 set another's password: gone, see keeper/proposal.h */
    MSG_BOOTSTRAP_END,
    MSG_BOOTSTRAPPED,
    MSG_OPEN = 30,
    MSG_SEAL,
    MSG_OUTCOME,
    MSG_OPEN_INTENTS,
    MSG_LOOKUP,
    MSG_RESEAL,
    MSG_BOX_MAKE = 40,
    MSG_BOX_DESTROY,
    MSG_BOX_SEAL,
    MSG_BOX_OPEN,
    MSG_RECORD = 50,
    MSG_AUDIT_READ,
    MSG_AUDIT_DETAIL,
    MSG_AUDIT_HEAD,
    MSG_BUDGETS,
    MSG_HEALTH,
    MSG_PROPOSE = 60,
    MSG_DECIDE,
    MSG_PROPOSALS,
    MSG_GRANT_MAKE,
    MSG_GRANT_CLOSE,
    MSG_LEAVE,
    MSG_PERSON_STATE,
    MSG_NEWS,
    MSG_SIGN_ON_LIST = 70,
    MSG_SIGN_ON_SECRET,
    MSG_SIGN_ON_LINKS,
    MSG_SIGN_ON_UNLINK,
    MSG_SIGN_ON_BEGIN,
    MSG_SIGN_ON_FINISH,
    MSG_ERRAND_TAKE,
    MSG_ERRAND_DONE,
    MSG_POLICY_LIST = 90,
    MSG_POLICY_TEXT,
    MSG_POLICY_PROPOSE,
    MSG_POLICY_DECIDE,
    MSG_POLICY_FIRST,
    MSG_REGISTRY_IMPORT = 110,
    MSG_SIGN_IN_STATE = 120,
    MSG_ALARM_CLOSE,
    MSG_SESSIONS_END,
    MSG_SCIM_LIST = 130,
    MSG_SCIM_DRAW,
    MSG_SCIM_END,
    MSG_SCIM_ENTER,
    MSG_SCIM_PUT,
    MSG_SCIM_LEAVE,
    MSG_REVIEW_OPEN = 140,
    MSG_REVIEW_LIST,
    MSG_REVIEW_LINES,
    MSG_REVIEW_ANSWER,
    MSG_REVIEW_CHANGE,
    MSG_REVIEW_CLOSE,
    MSG_LDAP_LIST = 160,
    MSG_LDAP_SECRET,
    MSG_LDAP_READ,
    MSG_LDAP_ENTRIES,
    MSG_LDAP_DUE,
    MSG_LDAP_RUN,
    MSG_LDAP_RUN_IMPORT,
    MSG_LDAP_RUN_END,
    MSG_END
};

enum door { DOOR_ENGINE = 1, DOOR_JOBS = 2, DOOR_ADMIN = 4, DOOR_OUTBOUND = 8 }; /* bits: which sockets */

enum part_type {
    PART_END = 0,
    PART_U8,
    PART_U16,
    PART_U32,
    PART_U64,
    PART_BOOL,
    PART_UUID,
    PART_TOKEN,
    PART_SLICE,     /* u32 length and bytes; bound in `most` */
    PART_PRINCIPAL, /* struct principal */
    PART_SESSIONS,
    PART_ITEMS,
    PART_NUMBERS,
    PART_LISTS,
    PART_OPEN,
    PART_OPENED,
    PART_SEAL,
    PART_SEALED
};

struct part {
    const char *name;
    enum part_type type;
    size_t offset; /* in struct args */
    size_t most;   /* of a slice: bytes; of a list: elements */
};

#define PARTS_MAX 7

struct message_info {
    enum message number;
    const char *name;
    unsigned doors;
    bool call;  /* a call goes before the parts */
    bool token; /* and its token must be live */
    const char *when;
    struct part request[PARTS_MAX + 1], reply[PARTS_MAX + 1];
};

/* Rows of a seal request with what answers them. */
struct seal_args {
    uint8_t act;
    uint16_t object;
    const struct keeper_seal_row *rows;
    size_t count;
    size_t value_count; /* of all rows */
};

/* Everything that any message carries; a message uses the members that its parts name. */
struct args {
    struct keeper_call call;
    uint8_t kind, act, outcome, search, view, stream;
    bool flag;
    uint16_t object, field;
    uint32_t user, number32;
    uint64_t number, second_number;
    struct uuid uuid;
    struct token token;
    struct slice text, second, third, fourth, fifth;
    struct principal who;
    struct keeper_session_info *sessions;
    size_t session_count;
    struct registry_item *items;
    size_t item_count;
    uint64_t *numbers;
    size_t number_count;
    struct keeper_term_list *lists;
    size_t list_count;
    struct keeper_open open;
    struct keeper_opened opened;
    size_t opened_rows, opened_fields;
    struct seal_args seal;
    struct keeper_sealed sealed;
};

/* NULL for a number that is no message. */
const struct message_info *protocol_message(uint16_t number);
/* The table in its order, for documentation and tests. */
const struct message_info *protocol_table(size_t *count);

/* Writes the page docs/protocol.md's table part into `out`. */
void protocol_document(struct buf *out);

/* One end of a wire: `out` set: write; else read from `in`, arrays from `arena`. */
struct wire {
    struct buf *out;
    struct reader in;
    struct arena *arena;
    bool failed;
};

static inline struct wire wire_to(struct buf *out) {
    return (struct wire){.out = out};
}

static inline struct wire wire_from(struct slice payload, struct arena *arena) {
    return (struct wire){.in = reader_of(payload), .arena = arena};
}

/* True when all went well and, reading, nothing is left over. */
bool wire_done(const struct wire *w);

void wire_request(struct wire *w, const struct message_info *m, struct args *a);
void wire_reply(struct wire *w, const struct message_info *m, struct args *a);
void wire_error(struct wire *w, struct error *e);

/* For the files that describe formats. */
void wire_u8(struct wire *w, uint8_t *v);
void wire_u16(struct wire *w, uint16_t *v);
void wire_u32(struct wire *w, uint32_t *v);
void wire_u64(struct wire *w, uint64_t *v);
void wire_bool(struct wire *w, bool *v);                /* 0 or 1, nothing else */
void wire_size(struct wire *w, size_t *v, size_t most); /* as u32 */
void wire_bytes(struct wire *w, void *p, size_t n);
void wire_slice(struct wire *w, struct slice *s, size_t most);
/* A slice that may be null: length 0xffffffff. */
void wire_nullable(struct wire *w, struct slice *s, size_t most);
/* Writing: the array as it is. Reading: a fresh one of `count` elements. NULL when failed. */
void *wire_array(struct wire *w, const void *as_is, size_t count, size_t size);
/* keeper/wire_rows.c: the formats of the data path. */
void wire_open(struct wire *w, struct args *a);
void wire_opened(struct wire *w, struct args *a);
void wire_seal(struct wire *w, struct args *a);
void wire_sealed(struct wire *w, struct args *a);

#endif
