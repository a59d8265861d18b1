/* Passkeys at the keeper's door (for its handlers only). */
#ifndef KEDUN_KEEPER_HANDLE_PASSKEY_H
#define KEDUN_KEEPER_HANDLE_PASSKEY_H

#include "keeper/state.h"

/* What a browser needs to make one; into w->scratch. ST_CONFLICT "passkeys_off". */
MUST_CHECK enum status passkey_begin(struct worker *w, struct error *e);
/* Verifies and keeps what it made: `second` client data, `text` attestation, `third` the name. */
MUST_CHECK enum status passkey_add(struct worker *w, const struct args *in, struct error *e);
/* Verifies an assertion as the caller's second factor. */
MUST_CHECK enum status passkey_show(struct worker *w, const struct args *in, struct error *e);

#endif
