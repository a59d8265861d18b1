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

#define LEAST   6
#define MOST    1024
#define CHUNK   ((size_t)1 << 20)
#define BUCKETS 65536u
#define LINE    4096

struct pattern {
    struct pattern *next;
    const char *place; /* where it was found last: told once for each */
    size_t n;
    uint8_t bytes[MOST];
    char label[128];
};

static struct pattern *buckets[BUCKETS];
static uint64_t files, bytes;
static time_t newer;

static uint32_t bucket(const uint8_t *p) {
    return (uint32_t)(p[0] | p[1] << 8) ^
           (uint32_t)(p[2] * 31 + p[3] * 257 + p[4] * 8191 + p[5] * 509) % BUCKETS;
}

static void read_patterns(void) {
    static char line[LINE];
    while (fgets(line, sizeof line, stdin) != NULL) {
        struct pattern *p = calloc(1, sizeof *p);
        char *hex = strchr(line, ' ');
        if (p == NULL || hex == NULL || (size_t)(hex - line) >= sizeof p->label)
            exit(2);
        memcpy(p->label, line, (size_t)(hex - line));
        for (hex++; hex[0] > ' ' && hex[1] > ' ' && p->n < MOST; hex += 2) {
            unsigned v;
            if (sscanf(hex, "%2x", &v) != 1)
                exit(2);
            p->bytes[p->n++] = (uint8_t)v;
        }
        if (p->n < LEAST)
            exit(2);
        struct pattern **at = &buckets[bucket(p->bytes) % BUCKETS];
        p->next = *at;
        *at = p;
    }
}

static void search(const char *place, const uint8_t *p, size_t n) {
    for (size_t i = 0; i + LEAST <= n; i++) {
        for (struct pattern *k = buckets[bucket(p + i) % BUCKETS]; k != NULL; k = k->next) {
            if (k->place != place && i + k->n <= n && memcmp(k->bytes, p + i, k->n) == 0) {
                printf("%s %s\n", place, k->label);
                k->place = place;
            }
        }
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
