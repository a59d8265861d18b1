#include "base/log.h"

#include "base/clock.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static const char *log_role = "kedun";
static enum log_level log_least = LOG_INFO;

void log_setup(const char *role, enum log_level least) {
    log_role = role;
    log_least = least;
}

/* What stands in a line may come from outside: nobody shall end the line, begin another or move a terminal's
 * cursor. C1 controls are two bytes in UTF-8. */
static void log_tame(char *text, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint8_t c = (uint8_t)text[i];
        if (c < 0x20 || c == 0x7f)
            text[i] = ' ';
        else if (c == 0xc2 && i + 1 < n && ((uint8_t)text[i + 1] & 0xe0) == 0x80)
            text[i] = text[i + 1] = ' ';
    }
}

void log_line(enum log_level level, const char *format, ...) {
    static const char *const names[] = {"debug", "info", "warn", "error"};
    if (level < log_least)
        return;
    char when[CLOCK_TEXT + 1], line[1024];
    clock_format(clock_wall_ms(), when);
    int n = snprintf(line, sizeof line, "%s %s %s: ", when, names[level], log_role);
    va_list args;
    va_start(args, format);
    int m = vsnprintf(line + n, sizeof line - (size_t)n, format, args);
    va_end(args);
    size_t length = (size_t)n + (m < 0 ? 0 : (size_t)m);
    if (length > sizeof line - 2)
        length = sizeof line - 2;
    log_tame(line, length);
    line[length++] = '\n';
    /* One write, so that lines of several threads and processes do not mix, but for what the kernel did not
     * take at once. A full pipe loses the line. */
    for (size_t at = 0; at < length;) {
        ssize_t done = write(STDERR_FILENO, line + at, length - at);
        if (done < 0 && errno != EINTR)
            return;
        at += done < 0 ? 0 : (size_t)done;
    }
}
