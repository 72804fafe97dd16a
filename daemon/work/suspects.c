#include "work/suspects.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Native byte order: the file is read on the machine that wrote it, or it tells of no id that is known. */
struct suspect_slot {
    int64_t id; /* 0: free */
    uint32_t ends, running;
};

struct suspects {
    struct suspect_slot *slots; /* SUSPECTS_MOST */
    size_t used;        /* slots from here on are free */
    size_t known;       /* those with .ends */
};

enum { BYTES = SUSPECTS_MOST * sizeof(struct suspect_slot) };

/* Counts the end of the process before this one, and moves what is left to the front. */
static void take_over(struct suspects *s)
{
    for (size_t i = 0; i < SUSPECTS_MOST; i++) {
        struct suspect_slot one = s->slots[i];
        s->slots[i] = (struct suspect_slot){0};
        if (!one.id)
            continue;
        one.ends += one.running != 0;
        one.running = 0;
        s->slots[s->used++] = one;
        s->known += one.ends != 0;
    }
}

int suspects_open(const char *database, struct suspects **ret)
{
    char path[4096];
    struct suspects *s = calloc(1, sizeof *s);
    int n = snprintf(path, sizeof path, "%s-running", database), fd = -1, rc = 0;
    if (!s || n < 0 || (size_t)n >= sizeof path)
        rc = s ? -ENAMETOOLONG : -ENOMEM;
    if (!rc && (fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
        rc = -errno;
    if (!rc) /* so that no page is missing on a full disk when it is written to */
        rc = -posix_fallocate(fd, 0, BYTES);
    void *map = rc ? MAP_FAILED : mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (!rc && map == MAP_FAILED)
        rc = -errno;
    if (fd >= 0)
        close(fd);
    if (rc) {
        free(s);
        return rc;
    }
    s->slots = map;
    take_over(s);
    *ret = s;
    return 0;
}

void suspects_close(struct suspects *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->used; i++) {
        s->slots[i].running = 0;
        if (!s->slots[i].ends)
            s->slots[i].id = 0;
    }
    munmap(s->slots, BYTES);
    free(s);
}

static struct suspect_slot *find(const struct suspects *s, int64_t id)
{
    for (size_t i = 0; s && i < s->used; i++)
        if (s->slots[i].id == id)
            return &s->slots[i];
    return NULL;
}

unsigned suspects_ends(const struct suspects *s, int64_t id)
{
    const struct suspect_slot *one = s && s->known ? find(s, id) : NULL;
    return one ? one->ends : 0;
}

void suspects_begin(struct suspects *s, int64_t id)
{
    struct suspect_slot *one = find(s, id);
    if (!one && s && s->used < SUSPECTS_MOST) {
        one = &s->slots[s->used++];
        *one = (struct suspect_slot){.id = id};
    }
    if (one)
        one->running = 1;
}

/* The last one takes its place. */
void suspects_end(struct suspects *s, int64_t id)
{
    struct suspect_slot *one = find(s, id);
    if (!one)
        return;
    s->known -= one->ends != 0;
    struct suspect_slot *last = &s->slots[--s->used];
    *one = *last;
    *last = (struct suspect_slot){0};
}
