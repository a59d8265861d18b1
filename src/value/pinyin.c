#include "value/pinyin.h"

#include "base/utf8.h"
#include "value/tables.h"

size_t pinyin_readings(uint32_t c, const uint16_t **out) {
    uint16_t at = 0;
    if (c >= TABLE_HAN_FIRST && c <= TABLE_HAN_LAST) {
        at = table_reading_at[c - TABLE_HAN_FIRST];
    } else if (c >= 0x3000) {
        size_t low = 0, high = table_reading_far_count;
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (table_reading_far[middle].code < c)
                low = middle + 1;
            else
                high = middle;
        }
        if (low < table_reading_far_count && table_reading_far[low].code == c)
            at = table_reading_far[low].at;
    }
    *out = &table_readings[at + 1];
    return table_readings[at];
}

const char *pinyin_syllable(uint16_t number) {
    return number < table_syllable_count ? table_syllables[number] : "";
}

bool pinyin_query_read(struct slice text, struct pinyin_query *out) {
    *out = (struct pinyin_query){.n = 0};
    uint32_t c;
    while (utf8_next(&text, &c)) {
        if (c == ' ' || c == '\'' || c == '-' || c == 0x2019) {
            out->cuts |= UINT64_C(1) << out->n;
            continue;
        }
        if (c >= 'A' && c <= 'Z')
            c += 'a' - 'A';
        if (c == 0xfc || c == 0xdc)
            c = 'v';
        if (c < 'a' || c > 'z' || out->n == PINYIN_QUERY_MAX)
            return false;
        out->letters[out->n++] = (char)c;
    }
    return text.n == 0 && out->n > 0;
}

/* The syllable that these letters spell, or -1. Sounds without a vowel (嗯 as n, ng) only make nonsense of a
 * query. */
static int syllable_find(const char *letters, size_t n) {
    static const char *const other[][2] = {{"lyu", "lv"}, {"nyu", "nv"}, {"lue", "lve"}, {"nue", "nve"}};
    char text[TABLE_SYLLABLE_ROOM] = {0};
    memcpy(text, letters, n);
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        if (strcmp(text, other[i][0]) == 0)
            memcpy(text, other[i][1], strlen(other[i][1]) + 1);
    }
    if (strpbrk(text, "aeiouv") == NULL)
        return -1;
    size_t low = 0, high = table_syllable_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(table_syllables[middle], text);
        if (order == 0)
            return (int)middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

static bool is_cut(const struct pinyin_query *q, size_t from, size_t to) {
    for (size_t i = from + 1; i < to; i++) {
        if (q->cuts >> i & 1)
            return true;
    }
    return false;
}

#define NEVER 200 /* more syllables than a query has letters */

/* spelt[i][k]: the syllable of k+1 letters at i, or -1; least[i]: the fewest syllables that the rest from i
 * splits into, NEVER if it doesn't. */
struct splitter {
    const struct pinyin_query *q;
    int spelt[PINYIN_QUERY_MAX][PINYIN_SYLLABLE_MAX];
    uint8_t least[PINYIN_QUERY_MAX + 1];
    struct pinyin_split now;
    struct pinyin_split *out;
    size_t n, most;
};

static void splitter_look(struct splitter *s) {
    size_t n = s->q->n;
    s->least[n] = 0;
    for (size_t i = n; i-- > 0;) {
        s->least[i] = NEVER;
        for (size_t k = 0; k < PINYIN_SYLLABLE_MAX; k++) {
            bool fits = i + k < n && !is_cut(s->q, i, i + k + 1);
            s->spelt[i][k] = fits ? syllable_find(s->q->letters + i, k + 1) : -1;
            if (s->spelt[i][k] >= 0 && s->least[i + k + 1] + 1 < s->least[i])
                s->least[i] = (uint8_t)(s->least[i + k + 1] + 1);
        }
    }
}

/* Only ways that reach the end, in as many syllables as there may be, are followed: so the work is bounded by
 * what is given out. */
static void splitter_walk(struct splitter *s, size_t at) {
    if (s->n == s->most)
        return;
    if (at == s->q->n) {
        s->out[s->n++] = s->now;
        return;
    }
    for (size_t k = PINYIN_SYLLABLE_MAX; k-- > 0;) {
        if (s->spelt[at][k] < 0 || s->now.n + 1 + s->least[at + k + 1] > PINYIN_SPLIT_LENGTH)
            continue;
        s->now.syllable[s->now.n++] = (uint16_t)s->spelt[at][k];
        splitter_walk(s, at + k + 1);
        s->now.n--;
    }
}

static size_t split(const struct pinyin_query *q, char open, struct pinyin_split *out, size_t most) {
    struct splitter s = {.q = q, .now = {.open = open}, .out = out, .most = most};
    if (q->n == 0 || q->n > PINYIN_QUERY_MAX)
        return 0;
    splitter_look(&s);
    if (s.least[0] <= PINYIN_SPLIT_LENGTH)
        splitter_walk(&s, 0);
    return s.n;
}

size_t pinyin_split(const struct pinyin_query *q, struct pinyin_split out[PINYIN_SPLITS_MAX]) {
    return split(q, 0, out, PINYIN_SPLITS_MAX);
}

/* Does a longer syllable begin with these letters? */
static bool begins_syllable(const char *letters, size_t n) {
    size_t low = 0, high = table_syllable_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strncmp(table_syllables[middle], letters, n) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < table_syllable_count && strncmp(table_syllables[low], letters, n) == 0; low++) {
        if (table_syllables[low][n] != 0)
            return true;
    }
    return false;
}

/* The ways with k letters left open, without the first `skip`. */
static size_t split_before(const struct pinyin_query *q, size_t k, size_t skip, struct pinyin_split *out,
                           size_t most) {
    struct pinyin_query head = *q;
    struct pinyin_split ways[PINYIN_OPEN_MAX + 1];
    head.n = q->n - k;
    if (is_cut(q, head.n, q->n) || !begins_syllable(q->letters + head.n, k))
        return 0;
    size_t n = split(&head, q->letters[head.n], ways, skip + most);
    n = n > skip ? n - skip : 0;
    memcpy(out, ways + skip, n * sizeof *out);
    return n;
}

/* For each number of letters left open the way of the longest syllables, then others while there is room. */
size_t pinyin_split_open(const struct pinyin_query *q, struct pinyin_split out[PINYIN_OPEN_MAX]) {
    size_t n = 0, last = q->n < PINYIN_SYLLABLE_MAX ? q->n : PINYIN_SYLLABLE_MAX;
    for (size_t k = 1; k < last && n < PINYIN_OPEN_MAX; k++)
        n += split_before(q, k, 0, out + n, 1);
    for (size_t k = 1; k < last && n < PINYIN_OPEN_MAX; k++)
        n += split_before(q, k, 1, out + n, PINYIN_OPEN_MAX - n);
    return n;
}

/* Where the query can stand after this spelling at `at`: a bit, or 0. */
static uint64_t step_spelling(const struct pinyin_query *q, size_t at, const char *spelling) {
    size_t n = strlen(spelling), left = q->n - at;
    if (at >= sizeof q->letters)
        return 0;
    if (at > 0 && left > 0 && left < n) /* the last syllable may be unfinished */
        return memcmp(q->letters + at, spelling, left) == 0 && !is_cut(q, at, q->n) ? UINT64_C(1) << q->n : 0;
    if (n > left || memcmp(q->letters + at, spelling, n) != 0 || is_cut(q, at, at + n))
        return 0;
    return UINT64_C(1) << (at + n);
}

static uint64_t step_syllable(const struct pinyin_query *q, size_t at, const char *s) {
    uint64_t to = step_spelling(q, at, s);
    if (s[1] != 'v')
        return to;
    char other[TABLE_SYLLABLE_ROOM];
    snprintf(other, sizeof other, s[2] == 0 ? "%cyu" : "%cue", s[0]);
    return to | step_spelling(q, at, other);
}

static uint64_t step_initial(const struct pinyin_query *q, size_t at, const char *s) {
    return q->letters[at] == s[0] ? UINT64_C(1) << (at + 1) : 0;
}

bool pinyin_contains(struct slice text, const struct pinyin_query *q, bool initials) {
    uint64_t places = 0; /* bit i: the first i letters are read right up to here */
    uint64_t end = UINT64_C(1) << q->n;
    uint32_t c;
    while (utf8_next(&text, &c)) {
        const uint16_t *readings;
        size_t count = pinyin_readings(c, &readings);
        uint64_t next = 0;
        places |= 1;
        for (size_t i = 0; i < count; i++) {
            const char *s = table_syllables[readings[i]];
            for (uint64_t left = places; left != 0; left &= left - 1) {
                size_t at = (size_t)__builtin_ctzll(left);
                next |= initials ? step_initial(q, at, s) : step_syllable(q, at, s);
            }
        }
        if (next & end)
            return q->n > 0;
        places = next;
    }
    return false;
}
