/* What single sign-on remembers (for sign_on*.c only); all of it under `lock`. */
#ifndef KEDUN_KEEPER_SIGN_ON_TABLE_H
#define KEDUN_KEEPER_SIGN_ON_TABLE_H

#include "crypto/hash.h"
#include "crypto/mac.h"
#include "keeper/sign_on.h"

#include <pthread.h>

#define EXCHANGES   64
#define EXCHANGE_MS ((int64_t)60 * 1000)
#define ERRANDS     64
#define ERRAND_MS   ((int64_t)30 * 1000)
#define FRESH_MS    ((int64_t)24 * 3600 * 1000) /* of metadata and keys */
#define AGAIN_MS    ((int64_t)10 * 1000)        /* before a failed or fruitless fetch is tried anew */
#define LINKS_MAX   100000
#define CODE_MAX    2048

struct provider {
    uint32_t id;
    json_t *document;
    json_t *metadata, *keys; /* as published; NULL: not yet fetched */
    int64_t metadata_at, keys_at, tried_at;
};

struct link {
    uint8_t key[HASH_SIZE];
    uint32_t user, provider;
};

enum exchange_stage { EXCHANGE_FREE, EXCHANGE_WAITING, EXCHANGE_ANSWERED, EXCHANGE_FAILED };

/* A code on its way to becoming a token. */
struct exchange {
    uint8_t stage;
    uint8_t state[HASH_SIZE]; /* hash of the state's text */
    int64_t since;
    uint32_t provider, user;
    unsigned status; /* of the token endpoint's answer */
    char nonce[44], verifier[44], code[CODE_MAX + 1];
    char redirect[300];
    char *token; /* the ID token */
    bool keys_tried;
    struct uuid errand; /* that fetches the token */
};

enum errand_kind { ERRAND_FREE, ERRAND_METADATA, ERRAND_KEYS, ERRAND_TOKEN };

struct errand {
    uint8_t kind;
    bool taken;
    struct uuid id;
    uint32_t provider;
    size_t exchange;
    int64_t since;
};

struct sign_on {
    pthread_mutex_t lock;
    struct vault *vault;
    struct challenges *challenges;
    struct mac *mac;
    struct provider providers[SIGN_ON_PROVIDERS];
    size_t provider_count;
    struct link *links;
    size_t link_count, link_room;
    struct exchange exchanges[EXCHANGES];
    struct errand errands[ERRANDS];
};

/* A member that is text; "" when there is none. */
const char *sign_on_text(const json_t *object, const char *key);
/* Whether it sends people back to an address of its own. */
bool sign_on_own_redirect(const struct provider *p);
/* NULL when there is none; `live`: nor one that is switched off. */
struct provider *sign_on_provider(struct sign_on *s, uint32_t id, bool live);
/* Whether `url` is an https address at the issuer's host or one of the document's "hosts". */
bool sign_on_url_allowed(const json_t *document, const char *url);
/* Appends the secret. ST_NOT_FOUND. */
MUST_CHECK enum status sign_on_secret(struct sign_on *s, uint32_t id, struct buf *out);
/* The user linked to the subject; 0: nobody. */
MUST_CHECK enum status sign_on_linked(struct sign_on *s, uint32_t provider, const char *subject,
                                      uint32_t *user);
/* A fresh errand; ST_LIMIT "sign_on_busy". */
MUST_CHECK enum status sign_on_errand_make(struct sign_on *s, uint8_t kind, uint32_t provider,
                                           size_t exchange, int64_t now, struct uuid *id, struct error *e);
void sign_on_exchange_free(struct exchange *x);
/* Percent-encoding of everything that RFC 3986 does not leave alone. */
void sign_on_escape(struct buf *out, const char *text);

#endif
