/* Hostile text through a value's whole life: parsed, formatted and parsed again, masked, indexed, looked for.
 * Input: a byte of type, a byte of search kind, the external text, 0x00, a query. */
#include "base/utf8.h"
#include "value/mask.h"
#include "value/parse.h"
#include "value/recheck.h"
#include "value/terms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds) {
    if (!holds)
        abort();
}

static struct slice canonical_text(enum value_type type, const struct value *v,
                                   char room[VALUE_NUMBER_TEXT]) {
    if (v->kind == KIND_TEXT)
        return v->text;
    return slice_of(room, value_format_int(type, v->i, room));
}

/* The canonical external text of a value gives the same value again. */
static void check_round_trip(enum value_type type, const struct value *v, struct arena *a) {
    struct slice text;
    struct value again;
    if (value_format(type, v, a, &text) != ST_OK)
        return; /* a date out of the years that can be written */
    must(utf8_valid(text));
    must(value_parse(type, text, NULL, a, &again, NULL) == ST_OK);
    must(value_equal(v, &again));
}

static bool is_subset(const struct term_set *part, const struct term_set *all) {
    for (size_t i = 0; i < part->n; i++) {
        size_t k = 0;
        while (k < all->n && !slice_equal(part->terms[i], all->terms[k]))
            k++;
        if (k == all->n)
            return false;
    }
    return true;
}

/* A value is found by itself; whatever the query, nothing breaks. */
static void check_search(enum value_type type, enum field_search kind, struct slice text, struct slice query,
                         struct arena *a) {
    struct term_set set, own;
    struct term_query q;
    struct slice loose;
    bool matches;
    must(terms_of_value(type, kind, text, a, &set) == ST_OK);
    if (terms_for_query(type, kind, query, a, &q, NULL) == ST_OK)
        must(terms_recheck(type, kind, text, query, a, &matches) == ST_OK);
    if (text.n == 0 || memchr(text.p, VALUE_JOINER, text.n) != NULL || text.n > 200)
        return;
    if (terms_for_query(type, kind, text, a, &q, NULL) != ST_OK)
        return;
    must(terms_recheck(type, kind, text, text, a, &matches) == ST_OK);
    must(terms_loose_form(type, text, a, &loose) == ST_OK);
    own = q.any[0];
    if (matches && kind != SEARCH_WORDS && utf8_count(loose) > 1) /* a single letter is not indexed */
        must(is_subset(&own, &set));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2 || size > 4096)
        return 0;
    enum value_type type = (enum value_type)(data[0] % VALUE_TYPE_END);
    enum field_search kind = (enum field_search)(1U << (data[1] % 4));
    const uint8_t *end = memchr(data + 2, 0, size - 2);
    size_t n = end == NULL ? size - 2 : (size_t)(end - data) - 2;
    struct slice text = slice_of(data + 2, n);
    struct slice query = end == NULL ? text : slice_of(end + 1, size - n - 3);
    struct arena a;
    struct value v;
    char room[VALUE_NUMBER_TEXT], masked[MASK_ROOM];
    arena_init(&a, (size_t)1 << 26, ARENA_SECRET);
    (void)mask_apply(MASK_DEFAULT, type, text, masked);
    if (value_parse(type, text, NULL, &a, &v, NULL) == ST_OK && v.kind != KIND_NULL) {
        check_round_trip(type, &v, &a);
        struct slice canonical = canonical_text(type, &v, room);
        must(mask_apply(MASK_DEFAULT, type, canonical, masked) < MASK_ROOM);
        must(utf8_valid(slice_from_string(masked)));
        check_search(type, kind, canonical, query, &a);
    }
    arena_free(&a);
    return 0;
}
