/* The operator's configuration: kedun.conf, lines of `key = value`, `#` starts a comment. docs/operations.md
 * describes every key; the table in config.c is what is read. Every key has a default, so the file may be
 * absent. An unknown key, a bad value or a key given twice is an error that names file, line and remedy. To
 * add a key: a member here, a row in config.c, a line in docs/operations.md. */
#ifndef KEDUN_IPC_CONFIG_H
#define KEDUN_IPC_CONFIG_H

#include "base/log.h"
#include "base/status.h"

#include <stdint.h>

#define CONFIG_TEXT 512 /* room for one value with its NUL */

struct config {
    /* The door. */
    char listen[CONFIG_TEXT];          /* ADDR:PORT, IPv6 as [ADDR]:PORT */
    char public_origin[CONFIG_TEXT];   /* https://NAME[:PORT] as people's browsers see it: what passkeys are
                                          bound to */
    char tls_names[CONFIG_TEXT];       /* names and addresses in the certificate that Kedun makes, by comma */
    char tls_certificate[CONFIG_TEXT]; /* PEM files of one's own instead; both or none */
    char tls_key[CONFIG_TEXT];
    char nginx[CONFIG_TEXT]; /* the program */
    int64_t nginx_workers;
    int64_t body_kib;                /* most KiB in one API request */
    int64_t part_kib;                /* most KiB in one part of an upload */
    int64_t part_connections;        /* uploads of parts at a time */
    int64_t sign_ins_per_minute;     /* for each address */
    int64_t sign_in_burst;           /* so many at once */
    int64_t connections_per_address; /* requests at a time */
    int64_t large_per_second;        /* bodies of 100,000 bytes and more, for each address */
    int64_t large_per_session;       /* of these, for each session or key */

    /* Where the shipped files are. */
    char ui_dir[CONFIG_TEXT];
    char objects_dir[CONFIG_TEXT];
    char policies_dir[CONFIG_TEXT];
    char templates_dir[CONFIG_TEXT];

    /* Processes. */
    int64_t uid_base;       /* first of five user ids for the roles when started as root */
    int64_t engine_threads; /* requests in work at a time */
    int64_t log_level;      /* enum log_level */
};

/* All defaults. */
void config_init(struct config *c);

/* Reads `path` over what `c` holds. On failure `e` says "FILE:LINE: what is wrong; remedy". */
MUST_CHECK enum status config_read(const char *path, struct config *c, struct error *e);

/* Sets one key as a line of the file would; `where` begins the error text. */
MUST_CHECK enum status config_set(struct config *c, const char *where, const char *key, const char *value,
                                  struct error *e);

/* What single keys cannot tell: the address is one, certificate and key come together, the files are there.
 */
MUST_CHECK enum status config_check(const struct config *c, struct error *e);

/* Splits ADDR:PORT or [ADDR6]:PORT into a numeric address (room for CONFIG_TEXT) and a port, 1 to 65535. */
bool config_split_address(const char *listen, char *address, uint16_t *port);

/* public_origin, or what follows from the first of tls_names and the port ("https://crm.example.com:8443");
 * false where there is none, or no room. */
bool config_origin(const struct config *c, char *out, size_t room);

#endif
