/* What the files of directories share (for keeper/ldap*.c only). */
#ifndef KEDUN_KEEPER_LDAP_TABLE_H
#define KEDUN_KEEPER_LDAP_TABLE_H

#include "keeper/ldap.h"

#include <pthread.h>

#define LDAP_CODE 40 /* bytes of a code */

enum ldap_stage { LDAP_NONE, LDAP_ASKED, LDAP_TAKEN, LDAP_DONE, LDAP_FAILED };

struct ldap_reading {
    uint8_t stage;
    struct uuid id;
    uint32_t user;
    int64_t since;
    struct buf body; /* LDAP_DONE: what came; LDAP_FAILED: the code */
};

/* What is kept of a directory besides its document: counted, or told by its last run. Times in ms, 0: never.
 */
struct ldap_state {
    int64_t by; /* who set the password */
    struct uuid session;
    int64_t day, ends, makes; /* counted on that day */
    int64_t next_at;
    int64_t read_at, people, units;
    int64_t error_at;
    char error[LDAP_CODE + 1];
    int64_t imported_at, imported[3]; /* added, changed, suspended */
    int64_t pending_at, pending[4];   /* added, changed, gone, refused */
};

struct ldap_record {
    uint32_t id;
    json_t *document;
    struct ldap_reading read, timed; /* for a person; for the schedule */
    struct ldap_state state;
};

struct ldap_sources {
    pthread_mutex_t lock;
    struct vault *vault;
    struct ldap_record records[LDAP_DIRECTORIES]; /* by id */
    size_t count;
};

/* All of these under the lock. */
struct ldap_record *ldap_find(struct ldap_sources *l, uint32_t id);
enum status ldap_unknown(struct error *e);
enum status ldap_gone(struct error *e);
enum status ldap_stored(enum status s, struct error *e);
bool ldap_has_secret(struct ldap_sources *l, uint32_t id);
bool ldap_is_live(const struct ldap_record *r);
void ldap_key_of(uint32_t id, uint8_t key[4]);
bool ldap_reading_is_within(const struct ldap_reading *x, int64_t now, int64_t ms);
bool ldap_reading_is_busy(const struct ldap_reading *x, int64_t now);
/* Forgets what was read. */
void ldap_reading_drop(struct ldap_reading *x);
/* A fresh errand. ST_LIMIT "ldap_busy", ST_CONFLICT "ldap_no_password", ST_INVALID: the document was taken
 * when less was asked of it. */
MUST_CHECK enum status ldap_ask(struct ldap_sources *l, struct ldap_record *r, struct ldap_reading *x,
                                uint32_t user, int64_t now, struct uuid *errand, struct error *e);
/* What an errand failed with, as an error. */
enum status ldap_failure(const struct ldap_reading *x, struct error *e);
/* Notes for the page how a run ended, and when the next one is. */
void ldap_note_failure(struct ldap_record *r, const char *code, int64_t now);
/* Into the vault. */
MUST_CHECK enum status ldap_state_store(struct ldap_sources *l, const struct ldap_record *r);
/* The same, without waiting for the disk, of what may be lost. */
void ldap_state_note(struct ldap_sources *l, const struct ldap_record *r);
/* As it is in the vault, to go with other changes; the caller frees. NULL: no memory. */
char *ldap_state_text(const struct ldap_state *s);
MUST_CHECK enum status ldap_state_load(void *sources, struct slice key, struct slice value);
/* {"by", "rests", …} for the page. NULL: no memory. */
json_t *ldap_state_json(struct ldap_sources *l, const struct ldap_record *r, struct registry *people);
MUST_CHECK enum status ldap_count(struct ldap_sources *l, struct ldap_record *r, size_t ends, size_t makes,
                                  int64_t now, struct error *e);

#endif
