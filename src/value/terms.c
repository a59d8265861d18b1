#include "value/terms.h"

#include "base/utf8.h"
#include "value/normalise.h"
#include "value/parse.h"
#include "value/phone.h"
#include "value/pinyin.h"
#include "value/words.h"

#define FIRST_TERMS   16
#define MOST_EXPECTED 4096 /* terms that room is made for at once */
#define HASH_WORD     sizeof(uint64_t)
#define FIRST_BYTES   512
#define PAIRS_MOST    4
#define SUFFIX_LONG   6
#define SUFFIX_TAG(n) ((n) == SUFFIX_LONG ? 's' : 'S')

/* Collects terms, each once: `slots` is an open hash of positions + 1. */
struct builder {
    struct arena *a;
    struct term_set set;
    size_t room, next_room;
    uint8_t *bytes;
    size_t bytes_left;
    uint32_t *slots;
    size_t slot_count; /* a power of two, at least twice the room */
    bool failed;
};

/* Terms are short and few: a word at a time, one multiplication each. Every term has HASH_WORD bytes of the
 * same allocation behind it, so that the last word is read whole and cut. */
static size_t term_hash(struct slice s) {
    uint64_t h = s.n, word;
    for (; s.n > HASH_WORD; s.p += HASH_WORD, s.n -= HASH_WORD) {
        memcpy(&word, s.p, HASH_WORD);
        h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    memcpy(&word, s.p, HASH_WORD);
    size_t spare = (HASH_WORD - s.n) * 8;
    word = word << spare >> spare; /* little-endian: what lies behind the term falls away */
    h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(h ^ h >> 32);
}

/* `expected`: terms, roughly, so that the table need not grow. */
static void builder_init(struct builder *b, struct arena *a, size_t expected) {
    *b = (struct builder){.a = a, .next_room = FIRST_TERMS};
    while (b->next_room < expected && b->next_room < MOST_EXPECTED)
        b->next_room *= 2;
}

static void slot_put(struct builder *b, size_t hash, size_t position) {
    size_t at = hash & (b->slot_count - 1);
    while (b->slots[at] != 0)
        at = (at + 1) & (b->slot_count - 1);
    b->slots[at] = (uint32_t)position + 1;
}

static bool builder_grow(struct builder *b) {
    size_t room = b->next_room;
    struct slice *terms = arena_take(b->a, room * sizeof *terms);
    uint32_t *slots = arena_array(b->a, room * 2, sizeof *slots);
    if (terms == NULL || slots == NULL)
        return false;
    if (b->set.n > 0)
        memcpy(terms, b->set.terms, b->set.n * sizeof *terms);
    b->set.terms = terms;
    b->slots = slots;
    b->slot_count = room * 2;
    b->room = room;
    b->next_room = room * 2;
    for (size_t i = 0; i < b->set.n; i++)
        slot_put(b, term_hash(terms[i]), i);
    return true;
}

static uint8_t *builder_bytes(struct builder *b, size_t n) {
    if (b->bytes_left < n) {
        size_t room = n > FIRST_BYTES ? n : FIRST_BYTES;
        b->bytes = arena_alloc(b->a, room);
        b->bytes_left = b->bytes == NULL ? 0 : room;
    }
    return b->bytes;
}

/* Writes the term at the free bytes first, and keeps it there if it is new. */
static void builder_add(struct builder *b, char tag, const void *p, size_t n) {
    if (b->failed || (b->set.n == b->room && !builder_grow(b)) ||
        builder_bytes(b, n + 1 + HASH_WORD) == NULL) {
        b->failed = true;
        return;
    }
    b->bytes[0] = (uint8_t)tag;
    memcpy(b->bytes + 1, p, n);
    struct slice term = slice_of(b->bytes, n + 1);
    size_t at = term_hash(term) & (b->slot_count - 1);
    for (; b->slots[at] != 0; at = (at + 1) & (b->slot_count - 1)) {
        if (slice_equal(b->set.terms[b->slots[at] - 1], term))
            return;
    }
    b->slots[at] = (uint32_t)b->set.n + 1;
    b->set.terms[b->set.n++] = term;
    b->bytes += n + 1;
    b->bytes_left -= n + 1;
}

static enum status builder_done(const struct builder *b, struct term_set *out) {
    *out = b->set;
    return b->failed ? ST_NOMEM : ST_OK;
}

bool terms_next_item(enum value_type type, struct slice *rest, struct slice *item) {
    if (rest->n == 0)
        return false;
    bool several = type == VALUE_MULTI_CHOICE || type == VALUE_TAG;
    const uint8_t *end = several ? memchr(rest->p, VALUE_JOINER, rest->n) : NULL;
    size_t n = end == NULL ? rest->n : (size_t)(end - rest->p);
    size_t step = end == NULL ? n : n + 1;
    *item = slice_of(rest->p, n);
    rest->p += step;
    rest->n -= step;
    return true;
}

bool terms_has_pinyin(enum value_type type) {
    return type == VALUE_TEXT || type == VALUE_LONG_TEXT || type == VALUE_TAG || type == VALUE_CHOICE ||
           type == VALUE_MULTI_CHOICE || type == VALUE_PERSON_NAME || type == VALUE_ADDRESS;
}

static bool is_phone(enum value_type type) {
    return type == VALUE_PHONE || type == VALUE_MOBILE;
}

static bool is_int(enum value_type type) {
    const struct value_type_info *info = value_type_info(type);
    return info == NULL || info->storage == KIND_INT;
}

static bool is_free_text(enum value_type type) {
    return terms_has_pinyin(type);
}

enum status terms_exact_form(enum value_type type, struct slice text, bool external, struct arena *a,
                             struct slice *out) {
    struct value v;
    if (external && !is_free_text(type) && value_parse(type, text, NULL, a, &v, NULL) == ST_OK &&
        v.kind != KIND_NULL) {
        enum status st = value_format(type, &v, a, &text);
        if (st != ST_OK)
            return st;
    }
    bool loose = type == VALUE_PERSON_NAME || type == VALUE_ADDRESS;
    return normalise_match(text, loose ? MATCH_LOOSE : MATCH_EXACT, a, out);
}

enum status terms_loose_form(enum value_type type, struct slice text, struct arena *a, struct slice *out) {
    return normalise_match(is_phone(type) ? phone_without_extension(text) : text, MATCH_LOOSE, a, out);
}

enum status terms_suffix_form(enum value_type type, struct slice query, struct arena *a, struct slice *out) {
    enum status st = terms_loose_form(type, query, a, out);
    if (st == ST_OK && is_phone(type) && out->n >= 10 && out->p[0] == '0')
        *out = slice_of(out->p + 1, out->n - 1);
    return st;
}

static enum status add_exact(struct builder *b, enum value_type type, struct slice item) {
    struct slice form;
    enum status st = terms_exact_form(type, item, false, b->a, &form);
    if (st != ST_OK)
        return st;
    builder_add(b, 'E', form.p, form.n);
    struct slice short_form = is_phone(type) ? phone_without_extension(form) : form;
    if (short_form.n != form.n)
        builder_add(b, 'E', short_form.p, short_form.n);
    return ST_OK;
}

/* The last `count` characters, or nothing if there are fewer. */
static struct slice ending(struct slice s, size_t count) {
    size_t at = s.n;
    while (count > 0 && at > 0) {
        at--;
        if ((s.p[at] & 0xc0) != 0x80)
            count--;
    }
    return count == 0 ? slice_of(s.p + at, s.n - at) : SLICE_NONE;
}

static enum status add_suffix(struct builder *b, enum value_type type, struct slice item) {
    struct slice form;
    enum status st = terms_loose_form(type, item, b->a, &form);
    if (st != ST_OK)
        return st;
    for (size_t n = TERMS_SUFFIX_LEAST; n <= SUFFIX_LONG; n += SUFFIX_LONG - TERMS_SUFFIX_LEAST) {
        struct slice end = ending(form, n);
        if (end.n > 0)
            builder_add(b, SUFFIX_TAG(n), end.p, end.n);
    }
    return ST_OK;
}

static bool is_plain_letter(uint32_t c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Pairs of neighbours, and with `tag_one` each character but ASCII letters and digits: they would tell much
 * about the alphabet and find little. */
static void add_characters(struct builder *b, char tag_one, char tag_two, struct slice text, size_t most) {
    struct slice rest = text;
    const uint8_t *before = NULL;
    uint32_t c;
    for (size_t i = 0; i < most; i++) {
        const uint8_t *here = rest.p;
        if (!utf8_next(&rest, &c))
            return;
        if (tag_one != 0 && !is_plain_letter(c))
            builder_add(b, tag_one, here, (size_t)(rest.p - here));
        if (before != NULL)
            builder_add(b, tag_two, before, (size_t)(rest.p - before));
        before = here;
    }
}

static void add_reading(struct builder *b, uint16_t syllable) {
    const char *s = pinyin_syllable(syllable);
    builder_add(b, 'P', s, strlen(s));
}

/* No syllable ends where a space is, so the text of two is read in one way only. */
static void add_reading_pair(struct builder *b, uint16_t left, uint16_t right) {
    const char *l = pinyin_syllable(left), *r = pinyin_syllable(right);
    char text[PINYIN_SYLLABLE_MAX * 2 + 4];
    size_t n = strlen(l), m = strlen(r);
    memcpy(text, l, n);
    text[n] = ' ';
    memcpy(text + n + 1, r, m);
    builder_add(b, 'Q', text, n + 1 + m);
}

/* A reading and the first letter of the next one, for queries that end within a syllable. */
static void add_reading_start(struct builder *b, uint16_t left, char right) {
    const char *l = pinyin_syllable(left);
    char text[PINYIN_SYLLABLE_MAX + 4];
    size_t n = strlen(l);
    memcpy(text, l, n);
    text[n] = ' ';
    text[n + 1] = right;
    builder_add(b, 'R', text, n + 2);
}

static void add_initials(struct builder *b, char left, char right) {
    const char pair[2] = {left, right};
    builder_add(b, 'I', pair, sizeof pair);
}

struct readings {
    const uint16_t *syllable;
    size_t n;
};

/* By the sum of their ranks, so that the two likeliest readings of both always count. */
static void add_neighbours(struct builder *b, struct readings left, struct readings right) {
    size_t pairs = 0;
    for (size_t sum = 0; sum + 1 < left.n + right.n && pairs < PAIRS_MOST; sum++) {
        for (size_t i = 0; i <= sum && i < left.n && pairs < PAIRS_MOST; i++) {
            if (sum - i >= right.n)
                continue;
            uint16_t l = left.syllable[i], r = right.syllable[sum - i];
            add_reading_pair(b, l, r);
            add_reading_start(b, l, pinyin_syllable(r)[0]);
            add_initials(b, pinyin_syllable(l)[0], pinyin_syllable(r)[0]);
            pairs++;
        }
    }
}

static void add_pinyin(struct builder *b, struct slice text) {
    struct readings before = {NULL, 0};
    uint32_t c;
    for (size_t i = 0; i < TERMS_PINYIN_CHARS && utf8_next(&text, &c); i++) {
        struct readings now;
        now.n = pinyin_readings(c, &now.syllable);
        for (size_t k = 0; k < now.n; k++)
            add_reading(b, now.syllable[k]);
        if (now.n > 0 && before.n > 0)
            add_neighbours(b, before, now);
        before = now;
    }
}

static enum status add_fragment(struct builder *b, enum value_type type, struct slice item) {
    struct slice form;
    enum status st = terms_loose_form(type, item, b->a, &form);
    if (st != ST_OK)
        return st;
    add_characters(b, 'H', 'G', form, TERMS_FRAGMENT_CHARS);
    if (terms_has_pinyin(type))
        add_pinyin(b, form);
    return ST_OK;
}

/* A single Han character gives nothing: it is too common to be looked for in running text. */
static enum status add_words(struct builder *b, enum value_type type, struct slice item) {
    struct word_list list;
    (void)type;
    enum status st = words_split(item, TERMS_WORDS_CHARS, b->a, &list);
    for (size_t i = 0; st == ST_OK && i < list.n; i++) {
        struct slice w = list.words[i].text;
        if (list.words[i].han)
            add_characters(b, 0, 'B', w, TERMS_WORDS_CHARS);
        else
            builder_add(b, 'W', w.p, w.n);
    }
    return st;
}

static enum status add_kind(struct builder *b, enum value_type type, enum field_search kind,
                            struct slice item) {
    if (kind == SEARCH_EXACT)
        return add_exact(b, type, item);
    if (is_int(type))
        return ST_OK;
    switch (kind) {
    case SEARCH_SUFFIX:
        return add_suffix(b, type, item);
    case SEARCH_WORDS:
        return add_words(b, type, item);
    case SEARCH_FRAGMENT:
        return add_fragment(b, type, item);
    default:
        return ST_INVALID;
    }
}

enum status terms_of_value(enum value_type type, enum field_search kind, struct slice canonical,
                           struct arena *a, struct term_set *out) {
    struct builder b;
    struct slice item;
    builder_init(&b, a, kind == SEARCH_FRAGMENT ? canonical.n * 2 : canonical.n / 4);
    *out = b.set;
    while (terms_next_item(type, &canonical, &item)) {
        enum status st = add_kind(&b, type, kind, item);
        if (st != ST_OK)
            return st;
    }
    return builder_done(&b, out);
}

/* ---- the query side ---- */

static enum status put_alternative(struct term_query *q, const struct builder *b) {
    if (b->failed)
        return ST_NOMEM;
    if (b->set.n > 0 && q->n < TERMS_ALTERNATIVES_MAX)
        q->any[q->n++] = b->set;
    return ST_OK;
}

static enum status query_exact(enum value_type type, struct slice text, struct arena *a,
                               struct term_query *q) {
    struct builder b;
    struct slice form;
    enum status st = terms_exact_form(type, text, true, a, &form);
    if (st != ST_OK)
        return st;
    builder_init(&b, a, 0);
    builder_add(&b, 'E', form.p, form.n);
    return put_alternative(q, &b);
}

static enum status query_suffix(enum value_type type, struct slice text, struct arena *a,
                                struct term_query *q) {
    struct builder b;
    struct slice form;
    enum status st = terms_suffix_form(type, text, a, &form);
    if (st != ST_OK)
        return st;
    builder_init(&b, a, 0);
    struct slice end = ending(form, SUFFIX_LONG);
    size_t n = end.n > 0 ? SUFFIX_LONG : TERMS_SUFFIX_LEAST;
    end = ending(form, n);
    if (end.n > 0)
        builder_add(&b, SUFFIX_TAG(n), end.p, end.n);
    return put_alternative(q, &b);
}

static enum status query_words(enum value_type type, struct slice text, struct arena *a,
                               struct term_query *q) {
    struct builder b;
    builder_init(&b, a, 0);
    enum status st = add_words(&b, type, text);
    return st == ST_OK ? put_alternative(q, &b) : st;
}

static enum status query_split(const struct pinyin_split *s, struct arena *a, struct term_query *q) {
    struct builder b;
    builder_init(&b, a, 0);
    if (s->open != 0)
        add_reading_start(&b, s->syllable[s->n - 1], s->open);
    else if (s->n == 1)
        add_reading(&b, s->syllable[0]);
    for (size_t i = 1; i < s->n; i++)
        add_reading_pair(&b, s->syllable[i - 1], s->syllable[i]);
    return put_alternative(q, &b);
}

static enum status query_pinyin(struct slice text, struct arena *a, struct term_query *q) {
    struct pinyin_query letters;
    struct pinyin_split splits[PINYIN_SPLITS_MAX];
    struct slice plain;
    enum status st = normalise_text(text, STORE_CODE, a, &plain);
    if (st != ST_OK || !pinyin_query_read(plain, &letters))
        return st;
    struct builder b;
    builder_init(&b, a, 0);
    for (size_t i = 1; i < letters.n; i++)
        add_initials(&b, letters.letters[i - 1], letters.letters[i]);
    st = put_alternative(q, &b);
    size_t n = pinyin_split(&letters, splits);
    for (size_t i = 0; i < n && st == ST_OK; i++)
        st = query_split(&splits[i], a, q);
    n = pinyin_split_open(&letters, splits);
    for (size_t i = 0; i < n && st == ST_OK; i++)
        st = query_split(&splits[i], a, q);
    return st;
}

static enum status query_fragment(enum value_type type, struct slice text, struct arena *a,
                                  struct term_query *q) {
    struct builder b;
    struct slice form;
    enum status st = terms_loose_form(type, text, a, &form);
    if (st != ST_OK)
        return st;
    builder_init(&b, a, 0);
    bool single = utf8_count(form) == 1;
    add_characters(&b, single ? 'H' : 0, 'G', form, TERMS_FRAGMENT_CHARS);
    st = put_alternative(q, &b);
    return st == ST_OK && terms_has_pinyin(type) ? query_pinyin(text, a, q) : st;
}

static enum status query_kind(enum value_type type, enum field_search kind, struct slice text,
                              struct arena *a, struct term_query *out) {
    if (kind == SEARCH_EXACT)
        return query_exact(type, text, a, out);
    if (is_int(type))
        return ST_OK;
    switch (kind) {
    case SEARCH_SUFFIX:
        return query_suffix(type, text, a, out);
    case SEARCH_WORDS:
        return query_words(type, text, a, out);
    case SEARCH_FRAGMENT:
        return query_fragment(type, text, a, out);
    default:
        return ST_INTERNAL;
    }
}

enum status terms_for_query(enum value_type type, enum field_search kind, struct slice text, struct arena *a,
                            struct term_query *out, struct error *e) {
    out->n = 0;
    struct slice seen;
    if (!utf8_valid(text))
        return error_set(e, ST_INVALID, "not_utf8", "the query is not UTF-8");
    bool part = kind == SEARCH_WORDS || kind == SEARCH_FRAGMENT;
    if (text.n > VALUE_TEXT_MAX || (part && utf8_count(text) > TERMS_QUERY_MAX))
        return error_set(e, ST_INVALID, "query_too_long", "at most %d characters", TERMS_QUERY_MAX);
    enum status st = normalise_match(text, MATCH_EXACT, a, &seen);
    if (st == ST_OK && seen.n == 0)
        return error_set(e, ST_INVALID, "query_empty", "nothing to look for");
    if (st == ST_OK)
        st = query_kind(type, kind, text, a, out);
    if (st == ST_OK && out->n == 0)
        return error_set(e, ST_INVALID, "query_too_short", "too short to be looked for");
    return st == ST_OK ? st : error_set(e, st, status_name(st), "the query could not be read");
}
