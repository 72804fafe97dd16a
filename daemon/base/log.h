/* log.h - the log: one line an event, on standard error.
 *
 * Under systemd (JOURNAL_STREAM names our standard error) each line starts with the journal's priority
 * prefix; elsewhere with the word for it. Control bytes in a message are escaped: it may quote what came from
 * a client or the network. Callable from every thread; a line is one write(2). Secrets are never logged. */
#ifndef DCVD_LOG_H
#define DCVD_LOG_H

#include "run/conf.h"

#include <stdbool.h>

/* Once, before the first line from a second thread. */
void log_init(enum log_level most);
void log_limit(enum log_level most);   /* lines of higher levels are left out from now on */
bool log_wanted(enum log_level level); /* false: the line would be left out, and need not be made */
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...) log_line(LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...) log_line(LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LEVEL_DEBUG, __VA_ARGS__)

#endif
