#include "cmd/nginx_log.h"

#include "base/log.h"

#include <unistd.h>

#define LINE_MOST 4096

/* "2026/01/02 03:04:05 [error] 17#17: *3 text" -> "[error] …" is kept, the time is not. */
static char *skip_time(char *line) {
    char *bracket = strchr(line, '[');
    return bracket != NULL && bracket - line == 20 ? bracket : line;
}

char *nginx_log_clean(char *line, bool trusted) {
    static const char mark[] = "\"…\"";
    char *client = strstr(line, ", client: ");
    char *first = strchr(line, '"');
    if (trusted && client == NULL)
        return skip_time(line);
    /* A quoted text may hold ", client: " itself: whatever comes first is where the client's bytes may begin.
     */
    if (client != NULL && (first == NULL || client < first)) {
        *client = '\0';
        return skip_time(line);
    }
    if (first == NULL)
        return skip_time(line);
    char *last = strrchr(line, '"');
    if (client != NULL)
        last = line + strlen(line) - 1;
    size_t tail = client != NULL ? 0 : strlen(last + 1);
    size_t room = (size_t)(last + 1 - first);
    if (room < sizeof mark - 1) {
        *first = '\0';
        return skip_time(line);
    }
    memcpy(first, mark, sizeof mark - 1);
    memmove(first + sizeof mark - 1, last + 1, tail);
    first[sizeof mark - 1 + tail] = '\0';
    return skip_time(line);
}

static void log_clean(char *line, bool trusted) {
    char *text = nginx_log_clean(line, trusted);
    if (strstr(text, "[emerg]") != NULL || strstr(text, "[alert]") != NULL || strstr(text, "[crit]") != NULL)
        log_error("nginx: %s", text);
    else if (strstr(text, "[notice]") != NULL)
        log_debug("nginx: %s", text);
    else
        log_warn("nginx: %s", text);
}

/* [emerg] without a client is nginx refusing to start: the quotes name files of ours. */
static bool is_trusted(const char *line) {
    return strstr(line, "[emerg]") != NULL && strchr(line, '*') == NULL;
}

static void log_lines(struct buf *pending) {
    char *at = (char *)pending->p, *end;
    size_t left = pending->n;
    while (left > 0 && (end = memchr(at, '\n', left)) != NULL) {
        size_t n = (size_t)(end - at) + 1;
        *end = '\0';
        log_clean(at, is_trusted(at));
        at += n;
        left -= n;
    }
    if (left > 0)
        memmove(pending->p, at, left);
    pending->n = left;
}

bool nginx_log_drain(int fd, struct buf *pending) {
    for (;;) {
        uint8_t *room = buf_reserve(pending, LINE_MOST);
        if (room == NULL) { /* a line without end: none of nginx's */
            buf_reset(pending);
            continue;
        }
        ssize_t n = read(fd, room, LINE_MOST);
        if (n <= 0)
            return n < 0;
        pending->n += (size_t)n;
        log_lines(pending);
    }
}
