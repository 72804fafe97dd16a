#include "cmd/progress.h"

#include "base/buf.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

size_t tally_all(const struct tally *t)
{
    size_t n = 0;
    for (size_t i = 0; i < sizeof t->verdict / sizeof *t->verdict; i++)
        n += t->verdict[i];
    return n;
}

static unsigned columns(void)
{
    struct winsize w;
    return !ioctl(STDERR_FILENO, TIOCGWINSZ, &w) && w.ws_col > 20 ? w.ws_col : 80;
}

static void span(struct buf *b, uint64_t s)
{
    if (s >= 3600)
        buf_printf(b, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, s / 3600, s / 60 % 60, s % 60);
    else
        buf_printf(b, "%" PRIu64 ":%02" PRIu64, s / 60, s % 60);
}

void progress_show(struct progress *p, const struct tally *t, uint64_t now)
{
    struct buf b = {0}, end = {0};
    size_t done = tally_all(t), own = done - p->before;
    double seconds = (double)(now - p->start) / 1e9, rate = seconds > 0 ? (double)own / seconds : 0;
    if (p->total)
        buf_printf(&b, "%zu/%zu %3zu%% ", done, p->total, done * 100 / p->total);
    else
        buf_printf(&b, "%zu done ", done);
    buf_printf(&end, " %.0f/s", rate);
    if (p->total && own) {
        buf_puts(&end, ", ");
        span(&end, (uint64_t)((double)(p->total > done ? p->total - done : 0) / rate + 0.5));
        buf_puts(&end, " left");
    }
    buf_printf(&end, ", %zu fail, %zu undecided", t->verdict[VERDICT_FAIL], t->verdict[VERDICT_UNDECIDED]);
    size_t width = columns() - 1;
    if (p->total && b.n + end.n + 12 <= width) {
        size_t bar = width - b.n - end.n - 2;
        bar = bar < 40 ? bar : 40;
        size_t full = bar * done / p->total;
        buf_puts(&b, "[");
        for (size_t i = 0; i < bar; i++)
            buf_puts(&b, i < full ? "#" : "-");
        buf_puts(&b, "]");
    }
    buf_puts(&b, end.p ? end.p : "");
    if (!b.failed && !end.failed)
        fprintf(stderr, "\r%.*s\033[K", (int)(b.n < width ? b.n : width), b.p);
    fflush(stderr);
    p->shown = true;
    buf_free(&b);
    buf_free(&end);
}

void progress_clear(struct progress *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
    p->shown = false;
}

static bool waiting; /* a line of wait_show() is on the terminal */

bool wait_can_show(void)
{
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && !(term && !strcmp(term, "dumb"));
}

void wait_show(const char *text)
{
    size_t width = columns() - 1, n = 0;
    uint32_t c;
    for (size_t left = width; text[n] && left; left--) {
        size_t step = text_utf8(text + n, strlen(text + n), &c);
        n += step ? step : 1;
    }
    fprintf(stderr, "\r%.*s\033[K", (int)n, text);
    fflush(stderr);
    waiting = true;
}

void wait_clear(void)
{
    if (waiting)
        fputs("\r\033[K", stderr);
    waiting = false;
}
