/* Makes src/value's tables from Unihan (UAX #38): value_tables READINGS VARIANTS > value_tables.c
 *
 * Readings come in this order: kMandarin (the customary one), a family name's own reading, kHanyuPinlu (by
 * frequency), kTGHZ2013, kXHC1983; kHanyuPinyin's first two only for characters that no other one lists. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST       0x3400U
#define LAST        0x9fffU
#define ROOM        (LAST - FIRST + 1)
#define SYLLABLE    8
#define READINGS    400000
#define SYLLABLES   1000
#define SETS        60000
#define PER_CHAR    6
#define FAR_ROOM    60000
#define RARE_RANK   5
#define RARE_MOST   2
#define SURNAME     1
#define LINE_LENGTH 4096

struct reading {
    uint32_t code;
    unsigned rank;
    unsigned order;
    char syllable[SYLLABLE];
};

struct pair {
    uint32_t from, to;
};

static struct reading readings[READINGS];
static size_t reading_count;
static char syllables[SYLLABLES][SYLLABLE];
static size_t syllable_count;
static uint16_t sets[SETS];
static size_t set_size = 1;
static uint16_t reading_at[ROOM];
static struct pair far_readings[FAR_ROOM];
static size_t far_reading_count;
static uint16_t simplified[ROOM];
static struct pair far_simplified[FAR_ROOM];
static size_t far_simplified_count;

/* How a family name is read where that is not the customary reading. */
static const struct {
    uint32_t code;
    const char *syllable;
} surnames[] = {
    {0x5355, "shan"}, {0x89e3, "xie"},   {0x4ec7, "qiu"},  {0x67e5, "zha"},   {0x533a, "ou"},
    {0x66fe, "zeng"}, {0x5c09, "yu"},    {0x4e07, "mo"},   {0x4fdf, "qi"},    {0x4e50, "yue"},
    {0x6734, "piao"}, {0x76d6, "ge"},    {0x7f2a, "miao"}, {0x4efb, "ren"},   {0x90c7, "xun"},
    {0x8983, "qin"},  {0x6d17, "xian"},  {0x7e41, "po"},   {0x51bc, "xian"},  {0x8d39, "bi"},
    {0x79d8, "bi"},   {0x8584, "bo"},    {0x5355, "chan"}, {0x79cd, "chong"}, {0x77bf, "qu"},
    {0x76fc, "pan"},  {0x957f, "zhang"}, {0x6fb9, "tan"},  {0x5bbf, "su"},    {0x4ed8, "fu"},
    {0x8c8c, "mao"},  {0x5f3a, "jiang"}, {0x54c8, "ha"},   {0x90a3, "na"},    {0x9646, "lu"},
    {0x7a37, "ji"},   {0x96bd, "juan"},  {0x53f6, "ye"},   {0x5b93, "fu"},    {0x6298, "she"},
    {0x8bb8, "xu"},   {0x5415, "lv"},
};

static void fail(const char *why) {
    fprintf(stderr, "value_tables: %s\n", why);
    exit(1);
}

static const uint32_t toned[][2] = {
    {0x101, 'a'}, {0xe1, 'a'},  {0x1ce, 'a'},  {0xe0, 'a'},   {0x113, 'e'}, {0xe9, 'e'},  {0x11b, 'e'},
    {0xe8, 'e'},  {0xea, 'e'},  {0x1ec1, 'e'}, {0x1ebf, 'e'}, {0x12b, 'i'}, {0xed, 'i'},  {0x1d0, 'i'},
    {0xec, 'i'},  {0x14d, 'o'}, {0xf3, 'o'},   {0x1d2, 'o'},  {0xf2, 'o'},  {0x16b, 'u'}, {0xfa, 'u'},
    {0x1d4, 'u'}, {0xf9, 'u'},  {0xfc, 'v'},   {0x1d6, 'v'},  {0x1d8, 'v'}, {0x1da, 'v'}, {0x1dc, 'v'},
    {0x144, 'n'}, {0x148, 'n'}, {0x1f9, 'n'},  {0x1e3f, 'm'},
};

static char letter_of(uint32_t code) {
    if (code < 0x80)
        return (char)code;
    for (size_t i = 0; i < sizeof toned / sizeof toned[0]; i++) {
        if (toned[i][0] == code)
            return (char)toned[i][1];
    }
    return 0; /* combining tone marks */
}

static void add_reading(uint32_t code, unsigned rank, unsigned order, const char *s, size_t n) {
    struct reading *r = &readings[reading_count];
    if (++reading_count >= READINGS)
        fail("too many readings");
    r->code = code;
    r->rank = rank;
    r->order = order;
    size_t length = 0;
    const unsigned char *p = (const unsigned char *)s;
    for (size_t i = 0; i < n;) {
        uint32_t c = p[i];
        size_t step = c < 0x80 ? 1 : c < 0xe0 ? 2 : 3;
        if (step == 2)
            c = (c & 0x1fU) << 6 | (p[i + 1] & 0x3fU);
        if (step == 3)
            c = (c & 0x0fU) << 12 | (p[i + 1] & 0x3fU) << 6 | (p[i + 2] & 0x3fU);
        i += step;
        char letter = letter_of(c);
        if (letter < 'a' || letter > 'z')
            continue;
        if (length + 1 >= SYLLABLE)
            fail("a syllable is too long");
        r->syllable[length++] = letter;
    }
    if (length == 0)
        reading_count--;
}

/* Values look like "wàn mò", "0802.110:mò 1185.040:wàn", "10009.030:wàn,mò" or "wàn(1335) mò(2)". */
static void add_readings(uint32_t code, unsigned rank, char *value) {
    unsigned order = 0;
    char *save = NULL;
    for (char *word = strtok_r(value, " \n", &save); word != NULL; word = strtok_r(NULL, " \n", &save)) {
        char *colon = strrchr(word, ':');
        char *s = colon != NULL ? colon + 1 : word;
        while (*s != 0) {
            size_t n = strcspn(s, ",(");
            add_reading(code, rank, order++, s, n);
            s += n;
            if (*s == '(')
                break;
            if (*s == ',')
                s++;
        }
    }
}

static FILE *open_or_fail(const char *path) {
    FILE *f = fopen(path, "r");
    if (f == NULL)
        fail("cannot open an input");
    return f;
}

/* Splits "U+4E07\tkMandarin\tvalue"; false for comments. */
static bool line_split(char *line, uint32_t *code, char **key, char **value) {
    if (strncmp(line, "U+", 2) != 0)
        return false;
    char *tab = strchr(line, '\t');
    char *tab2 = tab == NULL ? NULL : strchr(tab + 1, '\t');
    if (tab2 == NULL)
        return false;
    *tab2 = 0;
    *code = (uint32_t)strtoul(line + 2, NULL, 16);
    *key = tab + 1;
    *value = tab2 + 1;
    return true;
}

static void read_readings(const char *path) {
    static const struct {
        const char *key;
        unsigned rank;
    } keys[] = {
        {"kMandarin", 0}, {"kHanyuPinlu", 2}, {"kTGHZ2013", 3}, {"kXHC1983", 4}, {"kHanyuPinyin", RARE_RANK}};
    FILE *f = open_or_fail(path);
    char line[LINE_LENGTH];
    while (fgets(line, sizeof line, f) != NULL) {
        uint32_t code;
        char *key, *value;
        if (!line_split(line, &code, &key, &value))
            continue;
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
            if (strcmp(keys[i].key, key) == 0)
                add_readings(code, keys[i].rank, value);
        }
    }
    fclose(f);
    for (size_t i = 0; i < sizeof surnames / sizeof surnames[0]; i++)
        add_reading(surnames[i].code, SURNAME, (unsigned)i, surnames[i].syllable,
                    strlen(surnames[i].syllable));
    add_reading(0x3007, 0, 0, "ling", 4);
}

static int compare_readings(const void *x, const void *y) {
    const struct reading *a = x, *b = y;
    if (a->code != b->code)
        return a->code < b->code ? -1 : 1;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static int compare_syllables(const void *x, const void *y) {
    return strcmp(x, y);
}

static int compare_pairs(const void *x, const void *y) {
    const struct pair *a = x, *b = y;
    return a->from < b->from ? -1 : a->from > b->from;
}

static void collect_syllables(void) {
    for (size_t i = 0; i < reading_count; i++) {
        size_t k = 0;
        while (k < syllable_count && strcmp(syllables[k], readings[i].syllable) != 0)
            k++;
        if (k < syllable_count)
            continue;
        if (syllable_count == SYLLABLES)
            fail("too many syllables");
        memcpy(syllables[syllable_count++], readings[i].syllable, SYLLABLE);
    }
    qsort(syllables, syllable_count, SYLLABLE, compare_syllables);
}

static uint16_t syllable_number(const char *s) {
    const char *found = bsearch(s, syllables, syllable_count, SYLLABLE, compare_syllables);
    return (uint16_t)((size_t)(found - syllables[0]) / SYLLABLE);
}

static uint16_t set_intern(const uint16_t *set, size_t n) {
    for (size_t at = 1; at < set_size; at += sets[at] + 1U) {
        if (sets[at] == n && memcmp(&sets[at + 1], set, n * sizeof *set) == 0)
            return (uint16_t)at;
    }
    if (set_size + n + 1 > SETS)
        fail("too many sets of readings");
    uint16_t at = (uint16_t)set_size;
    sets[set_size++] = (uint16_t)n;
    memcpy(&sets[set_size], set, n * sizeof *set);
    set_size += n;
    return at;
}

/* The readings of one character, which lie at [from, to), sorted. */
static void settle_character(size_t from, size_t to) {
    uint16_t set[PER_CHAR];
    size_t n = 0, rare = 0;
    bool common = false;
    for (size_t i = from; i < to && n < PER_CHAR; i++) {
        if (readings[i].rank == RARE_RANK && (common || rare++ >= RARE_MOST))
            continue;
        common = common || (readings[i].rank > SURNAME && readings[i].rank < RARE_RANK);
        uint16_t number = syllable_number(readings[i].syllable);
        size_t k = 0;
        while (k < n && set[k] != number)
            k++;
        if (k == n)
            set[n++] = number;
    }
    uint32_t code = readings[from].code;
    uint16_t at = set_intern(set, n);
    if (code >= FIRST && code <= LAST) {
        reading_at[code - FIRST] = at;
    } else if (far_reading_count < FAR_ROOM) {
        far_readings[far_reading_count++] = (struct pair){code, at};
    } else {
        fail("too many far characters");
    }
}

static void settle_readings(void) {
    qsort(readings, reading_count, sizeof readings[0], compare_readings);
    collect_syllables();
    for (size_t i = 0, to; i < reading_count; i = to) {
        for (to = i + 1; to < reading_count && readings[to].code == readings[i].code; to++)
            continue;
        settle_character(i, to);
    }
}

static void read_variants(const char *path) {
    FILE *f = open_or_fail(path);
    char line[LINE_LENGTH];
    while (fgets(line, sizeof line, f) != NULL) {
        uint32_t code;
        char *key, *value;
        if (!line_split(line, &code, &key, &value) || strcmp(key, "kSimplifiedVariant") != 0 ||
            strchr(value, ' ') != NULL)
            continue;
        uint32_t to = (uint32_t)strtoul(value + 2, NULL, 16);
        if (to == code)
            continue;
        if (code >= FIRST && code <= LAST && to <= 0xffff)
            simplified[code - FIRST] = (uint16_t)to;
        else if (far_simplified_count < FAR_ROOM)
            far_simplified[far_simplified_count++] = (struct pair){code, to};
    }
    fclose(f);
    for (size_t i = 0; i < ROOM; i++) { /* 薴 to 苧 to 苎: a form must not change when it is taken twice */
        uint32_t to = simplified[i];
        if (to >= FIRST && to <= LAST && simplified[to - FIRST] != 0)
            simplified[i] = simplified[to - FIRST];
    }
    qsort(far_simplified, far_simplified_count, sizeof far_simplified[0], compare_pairs);
}

static void print_u16(const char *head, const uint16_t *p, size_t n) {
    printf("%s = {", head);
    for (size_t i = 0; i < n; i++)
        printf("%s%u,", i % 20 == 0 ? "\n" : "", p[i]);
    printf("};\n");
}

static void print_pairs(const char *type, const char *name, const struct pair *p, size_t n) {
    printf("const struct %s %s[] = {", type, name);
    for (size_t i = 0; i < n; i++)
        printf("%s{%u,%u},", i % 8 == 0 ? "\n" : "", p[i].from, p[i].to);
    printf("};\nconst size_t %s_count = %zu;\n", name, n);
}

int main(int argc, char **argv) {
    if (argc != 3)
        fail("usage: value_tables READINGS VARIANTS");
    read_readings(argv[1]);
    settle_readings();
    read_variants(argv[2]);
    if (syllable_count < 390 || far_reading_count < 1000 || far_simplified_count < 100)
        fail("the inputs are not Unihan's");
    printf("#include \"value/tables.h\"\n");
    print_u16("const uint16_t table_simplified[TABLE_HAN_ROOM]", simplified, ROOM);
    print_pairs("table_pair", "table_simplified_far", far_simplified, far_simplified_count);
    print_u16("const uint16_t table_readings[]", sets, set_size);
    print_u16("const uint16_t table_reading_at[TABLE_HAN_ROOM]", reading_at, ROOM);
    print_pairs("table_far_reading", "table_reading_far", far_readings, far_reading_count);
    printf("const char table_syllables[][TABLE_SYLLABLE_ROOM] = {");
    for (size_t i = 0; i < syllable_count; i++)
        printf("%s\"%s\",", i % 12 == 0 ? "\n" : "", syllables[i]);
    printf("};\nconst size_t table_syllable_count = %zu;\n", syllable_count);
    return ferror(stdout) || fflush(stdout) != 0;
}
