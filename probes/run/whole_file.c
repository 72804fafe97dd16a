#include "run/whole_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROOM_FIRST = 65536 };

/* Room for more bytes behind the n at p, without leaving a copy of them. NULL: p is freed. */
static uint8_t *grow(uint8_t *p, size_t n, size_t *room)
{
    size_t wider = *room ? *room * 2 : ROOM_FIRST;
    uint8_t *more = malloc(wider);
    if (more && n)
        memcpy(more, p, n);
    if (n)
        explicit_bzero(p, n);
    free(p);
    *room = wider;
    return more;
}

int whole_file_read(struct arena *a, int fd, size_t most, struct bytes *ret)
{
    uint8_t *p = NULL;
    size_t n = 0, room = 0;
    ssize_t got;
    do {
        if (n == room && !(p = grow(p, n, &room)))
            return -ENOMEM;
        got = read(fd, p + n, room - n);
        if (got > 0)
            n += (size_t)got;
    } while (n <= most && (got > 0 || (got < 0 && errno == EINTR)));
    int rc = got < 0 ? -errno : n > most ? -EFBIG : 0;
    const char *copy = rc ? NULL : arena_strndup(a, p, n);
    explicit_bzero(p, n);
    free(p);
    if (copy)
        *ret = (struct bytes){(const uint8_t *)copy, n};
    return rc ? rc : copy ? 0 : -ENOMEM;
}
