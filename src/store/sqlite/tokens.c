#include "store/sqlite/tokens.h"

static int tokenizer_create(void *context, const char **arguments, int count, Fts5Tokenizer **out) {
    (void)context, (void)arguments, (void)count;
    static int nothing; /* the tokenizer has no state; FTS5 wants a pointer */
    *out = (Fts5Tokenizer *)&nothing;
    return SQLITE_OK;
}

static void tokenizer_delete(Fts5Tokenizer *t) {
    (void)t;
}

/* All words but the first are said to stand at the first one's place. FTS5 then counts one word a row, and
 * its totals, which it checks, can't go below zero when a row's words are removed in parts. */
static int tokenizer_run(Fts5Tokenizer *t, void *context, int flags, const char *text, int n,
                         int (*give)(void *, int, const char *, int, int, int)) {
    (void)t, (void)flags;
    for (int at = 0; at + TOKEN_SIZE <= n; at += TOKEN_SIZE) {
        int rc =
            give(context, at == 0 ? 0 : FTS5_TOKEN_COLOCATED, text + at, TOKEN_SIZE, at, at + TOKEN_SIZE);
        if (rc != SQLITE_OK)
            return rc;
    }
    return SQLITE_OK;
}

/* The finaliser of splitmix64 (Steele, Lea, Flood 2014): every bit of field and term reaches the upper 48. */
static uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

void token_write(uint16_t field, uint64_t term, uint8_t out[TOKEN_SIZE]) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.";
    uint64_t v = mix(term ^ mix(field));
    for (size_t i = 0; i < TOKEN_SIZE; i++)
        out[i] = (uint8_t)alphabet[(v >> (16 + 6 * i)) & 63];
}

/* kedun_word(field, term): the full-text expression of one term. */
static void word_of(sqlite3_context *context, int count, sqlite3_value **arguments) {
    (void)count;
    uint8_t word[TOKEN_SIZE + 2];
    word[0] = word[TOKEN_SIZE + 1] = '"';
    token_write((uint16_t)sqlite3_value_int64(arguments[0]), (uint64_t)sqlite3_value_int64(arguments[1]),
                word + 1);
    sqlite3_result_text(context, (const char *)word, sizeof word, SQLITE_TRANSIENT);
}

enum status tokens_register(sqlite3 *db, struct error *e) {
    fts5_api *api = NULL;
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &s, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_pointer(s, 1, (void *)&api, "fts5_api_ptr", NULL);
    if (rc == SQLITE_OK && sqlite3_step(s) != SQLITE_ROW)
        rc = SQLITE_ERROR;
    sqlite3_finalize(s);
    fts5_tokenizer table = {tokenizer_create, tokenizer_delete, tokenizer_run};
    if (rc == SQLITE_OK && api != NULL)
        rc = api->xCreateTokenizer(api, "kedun", NULL, &table, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_function_v2(db, "kedun_word", 2,
                                        SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, NULL, word_of,
                                        NULL, NULL, NULL);
    if (rc != SQLITE_OK || api == NULL)
        return error_set(e, ST_INTERNAL, "store_internal", "SQLite has no FTS5");
    return ST_OK;
}
