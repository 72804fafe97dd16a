#include "cmd/resume.h"

#include "cmd/cli.h"
#include "format/json_member.h"

#include <errno.h>
#include <inttypes.h>
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

/* ---------------------------------------------------------------- earlier output --------------------- */

/* A hash table with open addressing; the keys are hashes already. */
struct slot {
    uint64_t key;
    uint32_t times; /* reports left; a free slot has .used false */
    bool used;
};
struct seen {
    struct slot *slot;
    size_t n, room; /* room is a power of two */
};

struct seen *seen_new(void)
{
    struct seen *s = calloc(1, sizeof *s);
    if (s) {
        s->room = 1024;
        s->slot = calloc(s->room, sizeof *s->slot);
    }
    if (s && s->slot)
        return s;
    seen_free(s);
    return NULL;
}

void seen_free(struct seen *s)
{
    if (s)
        free(s->slot);
    free(s);
}

static struct slot *find(struct slot *v, size_t room, uint64_t key)
{
    size_t i = key & (room - 1);
    while (v[i].used && v[i].key != key)
        i = (i + 1) & (room - 1);
    return &v[i];
}

static bool add(struct seen *s, uint64_t key)
{
    if (s->n * 2 >= s->room) {
        struct slot *v = calloc(s->room * 2, sizeof *v);
        if (!v)
            return false;
        for (size_t i = 0; i < s->room; i++)
            if (s->slot[i].used)
                *find(v, s->room * 2, s->slot[i].key) = s->slot[i];
        free(s->slot);
        s->slot = v;
        s->room *= 2;
    }
    struct slot *one = find(s->slot, s->room, key);
    s->n += !one->used;
    one->used = true;
    one->key = key;
    one->times++;
    return true;
}

bool seen_take(struct seen *s, const char *key)
{
    if (!s->n) /* no earlier output */
        return false;
    struct slot *one = find(s->slot, s->room, strtoull(key, NULL, 16));
    if (!one->times)
        return false;
    one->times--;
    return true;
}

void seen_head(struct json_out *j, size_t line, const char *key)
{
    json_open(j, NULL, '{');
    json_int(j, "line", (int64_t)line);
    json_text(j, "key", key);
}

/* A line begins as seen_head() writes it. */
static bool head(const char *text, size_t n, char key[LINE_KEY + 1], enum verdict *v)
{
    size_t line;
    int end = 0;
    char verdict[16];
    return sscanf(text, "{\"line\":%zu,\"key\":\"%16[0-9a-f]\",%n", &line, key, &end) == 2 && end &&
           strlen(key) == LINE_KEY && json_member_word(text, n, "verdict", verdict, sizeof verdict) &&
           verdict_parse(verdict, v);
}

bool seen_read(struct seen *s, int fd, const char *path, struct tally *t)
{
    int own = dup(fd);
    FILE *f = own < 0 ? NULL : fdopen(own, "rb");
    char *text = NULL, key[LINE_KEY + 1];
    size_t room = 0, number = 0;
    off_t whole = 0;
    enum verdict v;
    bool ok = f && lseek(fd, 0, SEEK_SET) == 0;
    for (ssize_t n; ok && (n = getline(&text, &room, f)) > 0 && text[n - 1] == '\n';) {
        number++;
        if (!head(text, (size_t)n, key, &v)) {
            complain(
                "--resume: '%s', line %zu, is not a report of a batch; expected the output of dcvprobe batch",
                path, number);
            goto out;
        }
        if (!add(s, strtoull(key, NULL, 16))) {
            complain_no_memory();
            goto out;
        }
        t->verdict[v]++;
        whole += n;
    }
    /* A run that was killed may have left an incomplete report. */
    ok = ok && !ferror(f) && !ftruncate(fd, whole) && lseek(fd, whole, SEEK_SET) == whole;
    if (!ok)
        complain("--resume: '%s' cannot be used: %s", path, strerror(errno));
    goto closing;
out:
    ok = false;
closing:
    free(text);
    if (f)
        fclose(f);
    else if (own >= 0)
        close(own);
    return ok;
}

/* ---------------------------------------------------------------- progress --------------------------- */

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
