#include "cmd/init_password.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum status init_password_check(const char *password, const char *login, struct error *e) {
    struct slice rest = slice_from_string(password);
    uint32_t c, seen[5];
    size_t different = 0, length = 0;
    while (utf8_next(&rest, &c)) {
        bool known = false;
        length++;
        for (size_t i = 0; i < different; i++)
            known = known || seen[i] == c;
        if (!known && different < 5)
            seen[different++] = c;
    }
    if (rest.n > 0 || length < INIT_PASSWORD_LEAST)
        return error_set(e, ST_INVALID, "password_weak", "a password needs at least %d characters",
                         INIT_PASSWORD_LEAST);
    if (different < 5)
        return error_set(e, ST_INVALID, "password_weak",
                         "a password needs at least five different characters");
    if (login[0] != '\0' && strcasestr(password, login) != NULL)
        return error_set(e, ST_INVALID, "password_weak", "the password holds the login name");
    return ST_OK;
}

/* One line byte by byte: what stands behind it belongs to the next call. */
static bool read_line(char out[INIT_PASSWORD_ROOM]) {
    size_t n = 0;
    char c = '\0';
    while (n + 1 < INIT_PASSWORD_ROOM && read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
        out[n++] = c;
    if (n > 0 && out[n - 1] == '\r')
        n--;
    out[n] = '\0';
    return n > 0 && n + 1 < INIT_PASSWORD_ROOM;
}

static bool ask(const char *text, char out[INIT_PASSWORD_ROOM]) {
    struct termios was, quiet;
    (void)fprintf(stderr, "%s", text);
    if (tcgetattr(STDIN_FILENO, &was) != 0)
        return false;
    quiet = was;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) != 0)
        return false;
    bool fine = read_line(out);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
    (void)fprintf(stderr, "\n");
    return fine;
}

static enum status ask_twice(const char *who, const char *login, char out[INIT_PASSWORD_ROOM],
                             struct error *e) {
    char text[256], again[INIT_PASSWORD_ROOM];
    (void)snprintf(text, sizeof text, "Password of the %s (login %s): ", who, login);
    if (!ask(text, out))
        return error_set(e, ST_INVALID, "password_missing", "no password was typed");
    enum status s = init_password_check(out, login, e);
    if (s != ST_OK)
        return s;
    bool same = ask("Once more: ", again) && strcmp(out, again) == 0;
    explicit_bzero(again, sizeof again);
    return same ? ST_OK : error_set(e, ST_INVALID, "password_differs", "the two are not the same");
}

enum status init_password_read(const char *who, const char *login, char out[INIT_PASSWORD_ROOM],
                               struct error *e) {
    if (isatty(STDIN_FILENO) == 0) {
        if (!read_line(out))
            return error_set(
                e, ST_INVALID, "password_missing",
                "no password of the %s on standard input: one line each for the system administrator, the "
                "security administrator and the auditor",
                who);
        return init_password_check(out, login, e);
    }
    enum status s = ST_INVALID;
    for (int tries = 0; tries < 3; tries++) {
        s = ask_twice(who, login, out, e);
        if (s == ST_OK)
            return s;
        (void)fprintf(stderr, "%s\n", e->detail);
    }
    return s;
}
