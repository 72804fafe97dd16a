#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MOST = 2000 };

static const struct {
    const char *name;
    char priority;
} levels[] = {
#define X(sym, text, number) [sym] = {text, '0' + (number)},
    LOG_LEVELS(X)
#undef X
};

static atomic_uint limit = LEVEL_INFO;
static bool journal;

void log_limit(enum log_level most)
{
    atomic_store(&limit, most);
}

void log_init(enum log_level most)
{
    log_limit(most);
    /* The variable is inherited by whatever a service starts; only device and inode tell whether our own
     * standard error is the journal's (systemd.exec(5)). */
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long dev, ino;
    struct stat st;
    journal = stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 && !fstat(STDERR_FILENO, &st) &&
              st.st_dev == dev && st.st_ino == ino;
}

bool log_wanted(enum log_level level)
{
    return level <= atomic_load_explicit(&limit, memory_order_relaxed);
}

void log_line(enum log_level level, const char *fmt, ...)
{
    if (!log_wanted(level))
        return;
    char text[LINE_MOST / 4];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);

    char line[LINE_MOST + 32];
    int n = journal ? snprintf(line, 32, "<%c>", levels[level].priority)
                    : snprintf(line, 32, "dcvd: %s: ", levels[level].name);
    size_t at = (size_t)n;
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x20 || c == 0x7f)
            at += (size_t)snprintf(line + at, sizeof line - at, "\\x%02x", c);
        else
            line[at++] = (char)c;
    }
    line[at++] = '\n';
    int saved = errno;
    /* Where standard error is gone nobody can be told. */
    if (write(STDERR_FILENO, line, at) < 0)
        errno = saved;
    errno = saved;
}
