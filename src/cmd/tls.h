/* The certificate that nginx shows: one's own (tls_certificate, tls_key), or one that Kedun makes under an
 * authority of its own in DIR/tls. People trust DIR/tls/ca.crt once; the server's certificate is renewed at a
 * start when fewer than 30 days are left or its names have changed. Files: ca.crt, ca.key, server.crt,
 * server.key, names. */
#ifndef KEDUN_CMD_TLS_H
#define KEDUN_CMD_TLS_H

#include "ipc/config.h"

#include <sys/types.h>

/* `owner`:`group` is who runs nginx and may read the server's key. crypto_start must have been called. */
MUST_CHECK enum status tls_prepare(const char *data_dir, const struct config *c, uid_t owner, gid_t group,
                                   struct error *e);

#endif
