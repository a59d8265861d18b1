#include "cmd/init_options.h"

#include <inttypes.h>
#include <stdio.h>

/* The value behind "--name=" of this word, "" for the bare name, NULL when it is another option. */
static const char *matches(const char *word, const char *name) {
    size_t n = strlen(name);
    if (strncmp(word, "--", 2) != 0 || strncmp(word + 2, name, n) != 0)
        return NULL;
    if (word[2 + n] == '=')
        return word + 2 + n + 1;
    return word[2 + n] == '\0' ? word + 2 + n : NULL;
}

/* How many words were taken; 0: none of ours, -1: a value is missing. */
static int take_one(int left, char **words, const struct own_option *o) {
    const char *value = matches(words[0], o->name);
    if (value == NULL)
        return 0;
    bool bare = words[0][2 + strlen(o->name)] == '\0';
    *o->value = bare && !o->flag && left > 1 ? words[1] : value;
    if (o->flag || !bare)
        return 1;
    return left > 1 ? 2 : -1;
}

bool own_options_take(int *argc, char **argv, const struct own_option *options, size_t count) {
    int kept = 1;
    for (int i = 1; i < *argc;) {
        int taken = 0;
        for (size_t k = 0; k < count && taken == 0; k++)
            taken = take_one(*argc - i, argv + i, &options[k]);
        if (taken < 0) {
            (void)fprintf(stderr, "kedun: %s needs a value\n", argv[i]);
            return false;
        }
        if (taken == 0)
            argv[kept++] = argv[i];
        i += taken == 0 ? 1 : taken;
    }
    argv[kept] = NULL;
    *argc = kept;
    return true;
}

bool own_option_number(const char *name, const char *text, int64_t least, int64_t most, int64_t *out) {
    int64_t v;
    if (text == NULL)
        return true;
    if (!slice_to_int(slice_from_string(text), &v) || v < least || v > most) {
        (void)fprintf(stderr, "kedun: --%s takes a whole number from %" PRId64 " to %" PRId64 "\n", name,
                      least, most);
        return false;
    }
    *out = v;
    return true;
}
