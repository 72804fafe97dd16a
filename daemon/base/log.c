#include "base/log.h"

#include "base/clock.h"
#include "model/time.h"

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
static atomic_bool access_lines = true;
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

void log_access(bool on)
{
    atomic_store(&access_lines, on);
}

bool log_access_wanted(void)
{
    return atomic_load_explicit(&access_lines, memory_order_relaxed) && log_wanted(LEVEL_INFO);
}

const char *log_word(char *out, size_t size, const char *text)
{
    size_t n = 0;
    for (const char *p = text && *text ? text : "-"; *p; p++) {
        unsigned char c = (unsigned char)*p;
        bool plain = c > ' ' && c < 0x7f && c != '%' && c != '"';
        if (n + (plain ? 1 : 3) >= size)
            break;
        n += (size_t)snprintf(out + n, size - n, plain ? "%c" : "%%%02X", c);
    }
    out[n] = 0;
    return out;
}

/* What stands before the message; returns its length. */
static size_t begin(char *line, size_t size, enum log_level level)
{
    char now[25];
    if (journal)
        return (size_t)snprintf(line, size, "<%c>", levels[level].priority);
    time_format(clock_now(), now);
    return (size_t)snprintf(line, size, "%s dcvd: %s: ", now, levels[level].name);
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

    char line[LINE_MOST + 64];
    size_t at = begin(line, 64, level);
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
