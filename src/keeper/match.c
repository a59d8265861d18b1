#include "keeper/match.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/utf8.h"
#include "crypto/random.h"
#include "value/mask.h"
#include "value/terms.h"

static enum status denied(struct error *e, const char *code, const char *why) {
    return error_set(e, ST_DENIED, code, "%s", why);
}

static enum status suffix_permitted(const struct catalogue_field *f, struct slice text, struct arena *a,
                                    struct error *e) {
    struct slice form;
    enum status s = terms_suffix_form((enum value_type)f->type, text, a, &form);
    if (s != ST_OK)
        return error_set(e, s, "query_bad", "the text cannot be looked up");
    if (utf8_count(form) > mask_shows_suffix((enum mask)f->mask, (enum value_type)f->type))
        return denied(e, "no_match_right", "a longer ending than the mask shows");
    return ST_OK;
}

enum status match_permitted(const struct actor *actor, const struct catalogue_field *f, uint8_t search,
                            uint8_t view, struct slice text, struct arena *a, struct error *e) {
    bool one = search == SEARCH_EXACT || search == SEARCH_SUFFIX || search == SEARCH_WORDS ||
               search == SEARCH_FRAGMENT;
    if (!one || (f->search & search) == 0)
        return denied(e, "search_kind", "the field has no such index");
    uint8_t best = view < actor->ceiling[f->class] ? view : actor->ceiling[f->class];
    if (best >= VIEW_CLEAR)
        return ST_OK;
    if (best == VIEW_HIDDEN || !actor->match[f->class])
        return denied(e, "no_match_right", "looking for what one may not see needs the right to match");
    if (search == SEARCH_EXACT)
        return ST_OK;
    if (search == SEARCH_SUFFIX)
        return suffix_permitted(f, text, a, e);
    return denied(e, "no_match_right",
                  "a masked field is matched whole, or by the ending that its mask shows");
}

enum status match_paid_init(struct match_paid *p) {
    memset(p, 0, sizeof *p);
    return crypto_random(&p->seed, sizeof p->seed);
}

static uint64_t match_hash(const struct match_paid *p, uint32_t user, uint32_t object_field, uint8_t search,
                           struct slice text) {
    uint64_t h = map_hash(slice_of(&user, sizeof user), p->seed);
    h = map_hash(slice_of(&object_field, sizeof object_field), h);
    h = map_hash(slice_of(&search, sizeof search), h);
    return map_hash(text, h) | 1;
}

static uint32_t seconds(void) {
    return (uint32_t)(clock_monotonic_ns() / 1000000000);
}

void match_pay(struct match_paid *p, uint32_t user, uint32_t object_field, uint8_t search,
               struct slice text) {
    uint64_t h = match_hash(p, user, object_field, search, text);
    atomic_store(&p->at[h % MATCH_SLOTS], seconds());
    atomic_store(&p->hash[h % MATCH_SLOTS], h);
}

bool match_is_paid(struct match_paid *p, uint32_t user, uint32_t object_field, uint8_t search,
                   struct slice text) {
    uint64_t h = match_hash(p, user, object_field, search, text);
    return atomic_load(&p->hash[h % MATCH_SLOTS]) == h &&
           seconds() - atomic_load(&p->at[h % MATCH_SLOTS]) < MATCH_LASTS_S;
}
