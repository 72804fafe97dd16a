#include "cmd/resume.h"

#include "cmd/cli.h"
#include "format/json_domains.h"
#include "format/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A hash table with open addressing; the keys are hashes already. */
struct slot {
    uint64_t key;
    struct domain_part part;
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

static bool add(struct seen *s, uint64_t key, const struct domain_part *part)
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
    one->part = *part;
    one->times++;
    return true;
}

bool seen_take(struct seen *s, const char *key, struct domain_part *ret)
{
    if (!s->n) /* no earlier output */
        return false;
    struct slot *one = find(s->slot, s->room, strtoull(key, NULL, 16));
    if (!one->times)
        return false;
    one->times--;
    *ret = one->part;
    return true;
}

void seen_head(struct json_out *j, size_t line, const char *key)
{
    json_open(j, NULL, '{');
    json_int(j, "line", (int64_t)line);
    json_text(j, "key", key);
}

/* A line begins as seen_head() writes it. */
static bool head(const char *text, size_t n, char key[LINE_KEY + 1], struct domain_part *part)
{
    size_t line;
    int end = 0;
    return sscanf(text, "{\"line\":%zu,\"key\":\"%16[0-9a-f]\",%n", &line, key, &end) == 2 && end &&
           strlen(key) == LINE_KEY && json_domain_part(&(struct report_text){text, n}, part);
}

bool seen_read(struct seen *s, int fd, const char *path, struct tally *t)
{
    int own = dup(fd);
    FILE *f = own < 0 ? NULL : fdopen(own, "rb");
    char *text = NULL, key[LINE_KEY + 1];
    size_t room = 0, number = 0;
    off_t whole = 0;
    struct domain_part part;
    bool ok = f && lseek(fd, 0, SEEK_SET) == 0;
    for (ssize_t n; ok && (n = getline(&text, &room, f)) > 0 && text[n - 1] == '\n';) {
        number++;
        if (!head(text, (size_t)n, key, &part)) {
            complain(
                "--resume: '%s', line %zu, is not a report of a batch; expected the output of dcvprobe batch",
                path, number);
            goto out;
        }
        if (!add(s, strtoull(key, NULL, 16), &part)) {
            complain_no_memory();
            goto out;
        }
        t->verdict[part.verdict]++;
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
