/* Looks for byte patterns in files, folders and processes' memory. Test tool.
 *   scan [--pid PID]... [--newer SECONDS] [PATH]...   < PATTERNS
 * PATTERNS: lines "LABEL HEX", a pattern of at least 6 bytes. Prints "PLACE LABEL" once for each pair found,
 * and at the end "scanned FILES BYTES". A file's or folder's name is searched like its content. With --newer,
 * files of PATHs behind it that were last changed before that time (seconds since 1970) are passed over. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEAST  6
#define MOST   1024
#define CHUNK  ((size_t)1 << 20)
#define BITS   21u /* of a hash */
#define SIEVE  18u /* its upper bits, one of the sieve's each: that lies in the first level of the cache */
#define LINE   4096
#define ZEROES 64u

struct pattern {
    struct pattern *next;
    const char *place; /* where it was found last: told once for each */
    const char *label;
    size_t n;
    uint8_t bytes[];
};

static struct pattern *buckets[1u << BITS];
static uint64_t sieve[(1u << SIEVE) / 64];
static uint64_t files, bytes;
static time_t newer;

/* Of six bytes, and all patterns at one pass: what is hashed nowhere is passed over by one look at a bit. */
static uint32_t bucket(const uint8_t *p) {
    uint32_t four;
    uint16_t two;
    memcpy(&four, p, sizeof four);
    memcpy(&two, p + sizeof four, sizeof two);
    uint64_t v = four | (uint64_t)two << 32;
    return (uint32_t)((v * 0x9e3779b97f4a7c15u) >> (64 - BITS));
}

static void add_pattern(const char *label, const uint8_t *p, size_t n) {
    struct pattern *k = calloc(1, sizeof *k + n);
    if (k == NULL || n < LEAST)
        exit(2);
    uint32_t at = bucket(p);
    memcpy(k->bytes, p, n);
    k->n = n;
    k->label = strdup(label);
    k->next = buckets[at];
    buckets[at] = k;
    at >>= BITS - SIEVE;
    sieve[at / 64] |= (uint64_t)1 << at % 64;
}

static void read_patterns(void) {
    static char line[LINE];
    while (fgets(line, sizeof line, stdin) != NULL) {
        static uint8_t p[MOST];
        size_t n = 0;
        char *hex = strchr(line, ' ');
        if (hex == NULL)
            exit(2);
        *hex = '\0';
        for (hex++; hex[0] > ' ' && hex[1] > ' ' && n < MOST; hex += 2) {
            unsigned v;
            if (sscanf(hex, "%2x", &v) != 1)
                exit(2);
            p[n++] = (uint8_t)v;
        }
        add_pattern(line, p, n);
    }
}

static void search_at(const char *place, const uint8_t *p, size_t n, uint32_t hash) {
    for (struct pattern *k = buckets[hash]; k != NULL; k = k->next) {
        if (k->place != place && k->n <= n && memcmp(k->bytes, p, k->n) == 0) {
            printf("%s %s\n", place, k->label);
            k->place = place;
        }
    }
}

static void search(const char *place, const uint8_t *p, size_t n) {
    static const uint8_t none[ZEROES];
    for (size_t i = 0; i + LEAST <= n; i++) {
        /* Most of a process' memory was never written; no pattern begins with six zeroes. */
        while (p[i] == 0 && i + ZEROES + LEAST <= n && memcmp(p + i, none, ZEROES) == 0)
            i += ZEROES - LEAST;
        uint32_t hash = bucket(p + i), bit = hash >> (BITS - SIEVE);
        if ((sieve[bit / 64] >> bit % 64 & 1) != 0)
            search_at(place, p + i, n - i, hash);
    }
}

/* In chunks that overlap by the longest pattern. */
static void search_range(const char *place, int fd, off_t from, off_t to) {
    static uint8_t chunk[CHUNK + MOST];
    size_t kept = 0;
    while (from < to) {
        size_t want = (size_t)(to - from) < CHUNK ? (size_t)(to - from) : CHUNK;
        ssize_t got = pread(fd, chunk + kept, want, from);
        if (got <= 0)
            return;
        from += got;
        bytes += (uint64_t)got;
        size_t n = kept + (size_t)got;
        search(place, chunk, n);
        kept = n < MOST ? n : MOST;
        memmove(chunk, chunk + n - kept, kept);
    }
}

static void search_file(const char *path, const struct stat *info) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        printf("%s UNREADABLE\n", path);
        return;
    }
    files++;
    const char *place = strdup(path);
    search_range(place, fd, 0, info->st_size > 0 ? info->st_size : (off_t)CHUNK);
    close(fd);
}

static void search_path(const char *path) {
    struct stat info;
    if (lstat(path, &info) != 0)
        return;
    const char *name = strdup(path);
    search(name, (const uint8_t *)name, strlen(name));
    if (S_ISREG(info.st_mode) && info.st_mtime >= newer)
        search_file(path, &info);
    if (!S_ISDIR(info.st_mode))
        return;
    DIR *d = opendir(path);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        char below[LINE];
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
            snprintf(below, sizeof below, "%s/%s", path, e->d_name) < (int)sizeof below)
            search_path(below);
    }
    if (d != NULL)
        closedir(d);
}

static void search_memory(const char *pid) {
    char path[64], line[LINE];
    snprintf(path, sizeof path, "/proc/%s/maps", pid);
    FILE *maps = fopen(path, "r");
    snprintf(path, sizeof path, "/proc/%s/mem", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (maps == NULL || fd < 0) {
        printf("%s UNREADABLE\n", path);
        return;
    }
    files++;
    const char *place = strdup(path);
    while (fgets(line, sizeof line, maps) != NULL) {
        uint64_t from, to;
        char readable;
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %c", &from, &to, &readable) == 3 && readable == 'r' &&
            from < (uint64_t)1 << 47)
            search_range(place, fd, (off_t)from, (off_t)to);
    }
    fclose(maps);
    close(fd);
}

int main(int argc, char **argv) {
    read_patterns();
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--pid") == 0 && i + 1 < argc)
            search_memory(argv[++i]);
        else if (strcmp(argv[i], "--newer") == 0 && i + 1 < argc)
            newer = (time_t)strtoll(argv[++i], NULL, 10);
        else
            search_path(argv[i]);
    }
    printf("scanned %" PRIu64 " %" PRIu64 "\n", files, bytes);
    return 0;
}
