/* Search terms as words of the full-text index: a term of a field is a word of TOKEN_SIZE characters, and a
 * text is words without anything between. The index holds hashes only; whoever finds a row through it
 * rechecks it. */
#ifndef KEDUN_STORE_SQLITE_TOKENS_H
#define KEDUN_STORE_SQLITE_TOKENS_H

#include "base/slice.h"
#include "base/status.h"

#include <sqlite3.h>

#define TOKEN_SIZE 8 /* 48 bits: among 10 million distinct terms, 1 look-up in 28 million meets a false one  \
                      */

/* Registers the tokenizer "kedun" and the function kedun_word(field, term) with a connection. */
MUST_CHECK enum status tokens_register(sqlite3 *db, struct error *e);

/* The word of a term; TOKEN_SIZE characters of base64url's alphabet without '-', no NUL. */
void token_write(uint16_t field, uint64_t term, uint8_t out[TOKEN_SIZE]);

/* A word that is no term's: what is put behind a removal that leaves a row without words. */
#define TOKEN_NONE "--------"

#endif
