#include "keeper/password_guess.h"

#include "base/utf8.h"

#define LONGEST 128 /* characters that are looked at; the rest of a longer one counts as it stands */

struct letters {
    uint32_t c[LONGEST];
    size_t n, more;
};

static uint32_t lower(uint32_t c) {
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

static void read_letters(struct slice text, struct letters *out) {
    out->n = out->more = 0;
    while (text.n > 0) {
        uint32_t c;
        if (!utf8_next(&text, &c)) { /* bytes that are no text count as they are */
            c = text.p[0];
            text = slice_of(text.p + 1, text.n - 1);
        }
        if (out->n < LONGEST)
            out->c[out->n++] = lower(c);
        else
            out->more++;
    }
}

/* P@ssw0rd is password. */
static bool stands_for(uint32_t typed, uint32_t meant) {
    static const char typed_as[] = "@4031!1$57", meant_as[] = "aaoeiilsst";
    if (typed == meant)
        return true;
    for (size_t i = 0; typed_as[i] != '\0'; i++) {
        if (typed == (uint32_t)typed_as[i] && meant == (uint32_t)meant_as[i])
            return true;
    }
    return false;
}

/* Characters of the word when it stands at `at`, else 0. */
static size_t word_at(const struct letters *l, size_t at, struct slice word) {
    size_t n = 0;
    uint32_t c;
    while (utf8_next(&word, &c)) {
        if (at + n >= l->n || !stands_for(l->c[at + n], lower(c)))
            return 0;
        n++;
    }
    return n >= 2 ? n : 0;
}

static size_t longest_word(const struct letters *l, size_t at, const struct password_words *words) {
    static const char *const own[] = {
#include "keeper/password_words.inc"
    };
    size_t best = 0;
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        size_t n = word_at(l, at, slice_from_string(own[i]));
        best = n > best ? n : best;
    }
    for (size_t i = 0; i < words->count; i++) {
        size_t n = word_at(l, at, words->word[i]);
        best = n > best ? n : best;
    }
    return best;
}

/* aaaa, 1234, dcba: steps that stay the same, of 0 or 1. */
static size_t run_at(const struct letters *l, size_t at) {
    if (at + 2 >= l->n)
        return 0;
    int64_t step = (int64_t)l->c[at + 1] - (int64_t)l->c[at];
    size_t n = 2;
    if (step < -1 || step > 1)
        return 0;
    while (at + n < l->n && (int64_t)l->c[at + n] - (int64_t)l->c[at + n - 1] == step)
        n++;
    return n >= 3 ? n : 0;
}

static bool side_by_side(uint32_t a, uint32_t b) {
    static const char *const rows[] = {"1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "1qaz",
                                       "2wsx",         "3edc",         "4rfv",        "5tgb",       "6yhn",
                                       "7ujm",         "8ik,",         "9ol.",        "!@#$%^&*()"};
    if (a > 127 || b > 127)
        return false;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *x = a == 0 ? NULL : strchr(rows[i], (int)a), *y = b == 0 ? NULL : strchr(rows[i], (int)b);
        if (x != NULL && y != NULL && (x - y == 1 || y - x == 1))
            return true;
    }
    return false;
}

static size_t keys_at(const struct letters *l, size_t at) {
    size_t n = 1;
    while (at + n < l->n && side_by_side(l->c[at + n - 1], l->c[at + n]))
        n++;
    return n >= 3 ? n : 0;
}

static bool year_at(const struct letters *l, size_t at) {
    if (at + 4 > l->n)
        return false;
    bool century = (l->c[at] == '1' && l->c[at + 1] == '9') || (l->c[at] == '2' && l->c[at + 1] == '0');
    return century && l->c[at + 2] >= '0' && l->c[at + 2] <= '9' && l->c[at + 3] >= '0' &&
           l->c[at + 3] <= '9';
}

static unsigned units_of(const struct letters *l, size_t n, const struct password_words *words) {
    struct letters part = *l;
    unsigned units = 0;
    part.n = n;
    for (size_t at = 0; at < n;) {
        size_t word = longest_word(&part, at, words), run = run_at(&part, at), keys = keys_at(&part, at);
        size_t most = word > run ? word : run;
        most = keys > most ? keys : most;
        if (year_at(&part, at) && most < 4) {
            most = 4;
            units++;
        } else if (most > 0) {
            units++;
        } else {
            most = 1;
            units++;
        }
        at += most;
    }
    explicit_bzero(&part, sizeof part);
    return units;
}

/* abcabcabc: the length of what is repeated, or the whole. */
static size_t period_of(const struct letters *l) {
    for (size_t p = 1; p <= l->n / 2; p++) {
        size_t i = p;
        while (i < l->n && l->c[i] == l->c[i - p])
            i++;
        if (i == l->n)
            return p;
    }
    return l->n;
}

unsigned password_units(struct slice password, const struct password_words *words) {
    struct letters l;
    read_letters(password, &l);
    size_t period = period_of(&l);
    unsigned units = units_of(&l, period, words) + (period < l.n) + (unsigned)l.more;
    explicit_bzero(&l, sizeof l);
    return units;
}

bool password_guessable(struct slice password, const struct password_words *words) {
    struct letters l;
    size_t different = 0;
    read_letters(password, &l);
    for (size_t i = 0; i < l.n; i++) {
        size_t k = 0;
        while (k < i && l.c[k] != l.c[i])
            k++;
        different += k == i;
    }
    explicit_bzero(&l, sizeof l);
    return different < 5 || password_units(password, words) < PASSWORD_UNITS_LEAST;
}
