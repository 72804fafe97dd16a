/* log.h - the log: one line an event, on standard error.
 *
 * Under systemd (JOURNAL_STREAM names our standard error) each line starts with the journal's priority
 * prefix, and the journal has the time; elsewhere with the time (RFC 3339, UTC) and the word for the level. Control
 * bytes in a message are escaped: it may quote what came from a client or the network. Callable from every thread; a
 * line is one write(2). Secrets are never logged. */
#ifndef DCVD_LOG_H
#define DCVD_LOG_H

#include "run/conf.h"

#include <stdbool.h>

/* Once, before the first line from a second thread. */
void log_init(enum log_level most);
void log_limit(enum log_level most);   /* lines of higher levels are left out from now on */
bool log_wanted(enum log_level level); /* false: the line would be left out, and need not be made */
/* Whether each request and each check that has ended gets a line of level info: [daemon] access_log. */
void log_access(bool on);
bool log_access_wanted(void);
/* text as one word of such a line, at most size - 1 bytes: what is no printable ASCII character, and what would end the
 * word, stands as %XX; "-" for NULL or no text. Returns out. */
const char *log_word(char *out, size_t size, const char *text);
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...) log_line(LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...) log_line(LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LEVEL_DEBUG, __VA_ARGS__)

#endif
