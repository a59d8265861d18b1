#include "store/sqlite/postings.h"

#include "store/sqlite/row_set.h"

/* The finaliser of splitmix64 (Steele, Lea, Flood 2014): every bit of field and term reaches the upper ones.
 */
static uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

int64_t postings_term(uint16_t field, uint64_t term) {
    return (int64_t)(mix(term ^ mix(field)) >> 17);
}

static uint16_t place_at(struct slice rows, size_t i) {
    return (uint16_t)((rows.p[2 * i] | rows.p[2 * i + 1] << 8) & (POSTINGS_ROWS - 1));
}

void postings_read(struct slice rows, uint64_t bits[POSTINGS_WORDS]) {
    if (rows.n == POSTINGS_BYTES) {
        for (size_t i = 0; i < POSTINGS_BYTES; i++)
            bits[i / 8] |= (uint64_t)rows.p[i] << (8 * (i % 8));
        return;
    }
    for (size_t i = 0; i < rows.n / 2; i++) {
        uint16_t place = place_at(rows, i);
        bits[place / 64] |= (uint64_t)1 << (place % 64);
    }
}

/* The shortest form: a list while it is shorter than the bitmap. */
static size_t postings_write(const uint64_t bits[POSTINGS_WORDS], uint8_t out[POSTINGS_BYTES]) {
    size_t count = 0;
    for (size_t i = 0; i < POSTINGS_WORDS; i++)
        count += (size_t)__builtin_popcountll(bits[i]);
    if (count >= POSTINGS_BYTES / 2) {
        for (size_t i = 0; i < POSTINGS_BYTES; i++)
            out[i] = (uint8_t)(bits[i / 8] >> (8 * (i % 8)));
        return POSTINGS_BYTES;
    }
    size_t n = 0;
    for (size_t i = 0; i < POSTINGS_WORDS; i++) {
        for (uint64_t word = bits[i]; word != 0; word &= word - 1) {
            size_t place = i * 64 + (size_t)__builtin_ctzll(word);
            out[n++] = (uint8_t)place;
            out[n++] = (uint8_t)(place >> 8);
        }
    }
    return n;
}

static struct slice argument(sqlite3_value *v) {
    const void *p = sqlite3_value_blob(v);
    return slice_of(p, p == NULL ? 0 : (size_t)sqlite3_value_bytes(v));
}

/* New rows come behind all others: most additions are this. */
static bool appended(struct slice rows, struct slice more, uint8_t out[POSTINGS_BYTES]) {
    if (rows.n == 0 || more.n == 0 || rows.n + more.n >= POSTINGS_BYTES)
        return false;
    if (place_at(rows, rows.n / 2 - 1) >= place_at(more, 0))
        return false;
    memcpy(out, rows.p, rows.n);
    memcpy(out + rows.n, more.p, more.n);
    return true;
}

static void rows_add(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    struct slice rows = argument(values[0]), more = argument(values[1]);
    uint8_t out[POSTINGS_BYTES];
    if (appended(rows, more, out)) {
        sqlite3_result_blob(context, out, (int)(rows.n + more.n), SQLITE_TRANSIENT);
        return;
    }
    uint64_t bits[POSTINGS_WORDS] = {0};
    postings_read(rows, bits);
    postings_read(more, bits);
    size_t n = postings_write(bits, out);
    sqlite3_result_blob(context, out, (int)n, SQLITE_TRANSIENT);
}

static void rows_remove(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    uint8_t out[POSTINGS_BYTES];
    uint64_t bits[POSTINGS_WORDS] = {0}, fewer[POSTINGS_WORDS] = {0};
    postings_read(argument(values[0]), bits);
    postings_read(argument(values[1]), fewer);
    for (size_t i = 0; i < POSTINGS_WORDS; i++)
        bits[i] &= ~fewer[i];
    size_t n = postings_write(bits, out);
    sqlite3_result_blob(context, out, (int)n, SQLITE_TRANSIENT);
}

static void rows_hold(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    struct slice rows = argument(values[0]);
    size_t place = (size_t)sqlite3_value_int64(values[1]) & (POSTINGS_ROWS - 1);
    uint64_t bits[POSTINGS_WORDS] = {0};
    postings_read(rows, bits);
    sqlite3_result_int(context, (int)(bits[place / 64] >> (place % 64) & 1));
}

static void has(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    const struct row_set *set = sqlite3_value_pointer(values[0], POSTINGS_POINTER);
    sqlite3_result_int(context, set != NULL && row_set_has(set, sqlite3_value_int64(values[1])));
}

enum status postings_register(sqlite3 *db, struct error *e) {
    static const struct {
        const char *name;
        void (*function)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = {{"kedun_rows_add", rows_add},
                     {"kedun_rows_remove", rows_remove},
                     {"kedun_rows_hold", rows_hold},
                     {"kedun_has", has}};
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
        if (sqlite3_create_function_v2(db, functions[i].name, 2, flags, NULL, functions[i].function, NULL,
                                       NULL, NULL) != SQLITE_OK)
            return error_set(e, ST_NOMEM, "no_memory", "no memory for a connection");
    }
    return ST_OK;
}
