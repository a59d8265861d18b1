/* The operator's log: one line of `key=value` on standard error, rate limited by nobody, read by journald.
 * Control characters become blanks: a text from outside can't end the line. Never a customer's value, a query
 * string, a body, a token or a key. */
#ifndef KEDUN_BASE_LOG_H
#define KEDUN_BASE_LOG_H

#include "base/slice.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* `role` names the process in every line; static storage. Lines under `least` are dropped. */
void log_setup(const char *role, enum log_level least);

void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_info(...)  log_line(LOG_INFO, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

#endif
