/* Hexadecimal, base64url and base32 (RFC 4648 sections 8, 5 and 6, unpadded). */
#ifndef KEDUN_BASE_HEX_H
#define KEDUN_BASE_HEX_H

#include "base/slice.h"

/* Writes 2n lower-case digits and a NUL. */
void hex_encode(struct slice bytes, char *out);
/* Exactly 2n digits into n bytes; false on anything else. */
bool hex_decode(struct slice text, uint8_t *out, size_t n);

/* Characters for n bytes, without NUL. */
#define BASE64URL_LENGTH(n) (((n)*4 + 2) / 3)
/* Writes BASE64URL_LENGTH(n) characters and a NUL. */
void base64url_encode(struct slice bytes, char *out);
/* Decodes into `out` (room for text.n * 3 / 4 bytes); false on bad characters, padding or stray bits. */
bool base64url_decode(struct slice text, uint8_t *out, size_t *n);

#define BASE32_LENGTH(n) (((n)*8 + 4) / 5)
/* Writes BASE32_LENGTH(n) capitals and digits and a NUL. */
void base32_encode(struct slice bytes, char *out);

#endif
