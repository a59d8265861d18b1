#include "value/recheck.h"

#include "base/utf8.h"
#include "value/normalise.h"
#include "value/phone.h"
#include "value/pinyin.h"
#include "value/terms.h"
#include "value/words.h"

static bool contains(struct slice text, struct slice part) {
    return part.n > 0 && text.n >= part.n && memmem(text.p, text.n, part.p, part.n) != NULL;
}

static enum status recheck_exact(enum value_type type, struct slice item, struct slice query, struct arena *a,
                                 bool *matches) {
    struct slice have, want;
    enum status st = terms_exact_form(type, item, false, a, &have);
    if (st == ST_OK)
        st = terms_exact_form(type, query, true, a, &want);
    if (st != ST_OK)
        return st;
    bool phone = type == VALUE_PHONE || type == VALUE_MOBILE;
    *matches = want.n > 0 &&
               (slice_equal(have, want) || (phone && slice_equal(phone_without_extension(have), want)));
    return ST_OK;
}

static enum status recheck_suffix(enum value_type type, struct slice item, struct slice query,
                                  struct arena *a, bool *matches) {
    struct slice have, want;
    enum status st = terms_loose_form(type, item, a, &have);
    if (st == ST_OK)
        st = terms_suffix_form(type, query, a, &want);
    if (st != ST_OK)
        return st;
    *matches = want.n <= have.n && utf8_count(want) >= TERMS_SUFFIX_LEAST &&
               memcmp(have.p + have.n - want.n, want.p, want.n) == 0;
    return ST_OK;
}

static bool word_within(const struct word_list *list, const struct word *w) {
    for (size_t i = 0; i < list->n; i++) {
        const struct word *other = &list->words[i];
        if (other->han == w->han &&
            (w->han ? contains(other->text, w->text) : slice_equal(other->text, w->text)))
            return true;
    }
    return false;
}

static enum status recheck_words(struct slice item, struct slice query, struct arena *a, bool *matches) {
    struct word_list have, want;
    enum status st = words_split(item, TERMS_WORDS_CHARS, a, &have);
    if (st == ST_OK)
        st = words_split(query, TERMS_WORDS_CHARS, a, &want);
    if (st != ST_OK)
        return st;
    *matches = want.n > 0;
    for (size_t i = 0; *matches && i < want.n; i++)
        *matches = word_within(&have, &want.words[i]);
    return ST_OK;
}

static enum status recheck_fragment(enum value_type type, struct slice item, struct slice query,
                                    struct arena *a, bool *matches) {
    struct slice have, want, plain;
    struct pinyin_query letters;
    enum status st = terms_loose_form(type, item, a, &have);
    if (st == ST_OK)
        st = terms_loose_form(type, query, a, &want);
    if (st == ST_OK)
        st = normalise_text(query, STORE_CODE, a, &plain);
    if (st != ST_OK)
        return st;
    *matches = contains(have, want);
    if (!*matches && terms_has_pinyin(type) && pinyin_query_read(plain, &letters))
        *matches = pinyin_contains(have, &letters, false) ||
                   (letters.n > 1 && pinyin_contains(have, &letters, true));
    return ST_OK;
}

static enum status recheck_item(enum value_type type, enum field_search kind, struct slice item,
                                struct slice query, struct arena *a, bool *matches) {
    if (kind == SEARCH_EXACT)
        return recheck_exact(type, item, query, a, matches);
    if (value_type_info(type)->storage == KIND_INT)
        return ST_OK;
    switch (kind) {
    case SEARCH_SUFFIX:
        return recheck_suffix(type, item, query, a, matches);
    case SEARCH_WORDS:
        return recheck_words(item, query, a, matches);
    case SEARCH_FRAGMENT:
        return recheck_fragment(type, item, query, a, matches);
    default:
        return ST_INVALID;
    }
}

enum status terms_recheck(enum value_type type, enum field_search kind, struct slice canonical,
                          struct slice query, struct arena *a, bool *matches) {
    *matches = false;
    struct slice item;
    if (value_type_info(type) == NULL)
        return ST_INVALID;
    while (!*matches && terms_next_item(type, &canonical, &item)) {
        enum status st = recheck_item(type, kind, item, query, a, matches);
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}
