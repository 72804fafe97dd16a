#include "run/suffix_file.h"

#include "model/time.h"
#include "wire/suffixes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MOST = 16 << 20, HEAD = 4096 /* the lines before the rules, with the list's version */ };

/* Up to n bytes from the start of the file; the number, or a negative errno. */
static ssize_t read_start(int fd, char *p, size_t n)
{
    size_t done = 0;
    while (done < n) {
        ssize_t got = pread(fd, p + done, n - done, (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (!got)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

/* The whole file, and the day of its list. */
static int read_list(int fd, bool newer_only, char **text, size_t *len, char date[SUFFIX_DATE + 1])
{
    struct stat st;
    char head[HEAD], stamp[25];
    if (fstat(fd, &st))
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    if (st.st_size > FILE_MOST)
        return -EFBIG;
    ssize_t n = read_start(fd, head, sizeof head);
    if (n < 0)
        return (int)n;
    if (!suffixes_version(head, (size_t)n, date)) {
        time_format((dcv_time)st.st_mtime * 1000, stamp);
        memcpy(date, stamp, SUFFIX_DATE);
        date[SUFFIX_DATE] = 0;
    }
    *len = 0;
    if (newer_only && strcmp(date, suffixes_in_use()->date) <= 0)
        return 0;
    *text = malloc((size_t)st.st_size + 1);
    if (!*text)
        return -ENOMEM;
    n = read_start(fd, *text, (size_t)st.st_size);
    *len = n < 0 ? 0 : (size_t)n;
    return n < 0 ? (int)n : 0;
}

int suffix_file_use(struct arena *a, const char *file, const char **why)
{
    static struct arena *kept;
    const char *path = file ? file : SUFFIX_FILE, *wrong = NULL;
    char date[SUFFIX_DATE + 1], *text = NULL;
    size_t len = 0;
    struct arena *own = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int rc = fd < 0 ? -errno : read_list(fd, !file, &text, &len, date);
    if (fd >= 0)
        close(fd);
    if (!rc && text) {
        own = arena_new(0);
        struct suffixes *list = own ? arena_alloc(own, sizeof *list) : NULL;
        rc = list ? suffixes_read(own, text, len, date, list, &wrong) : -ENOMEM;
        if (!rc) {
            suffixes_use(list);
            arena_free(kept);
            kept = own;
            own = NULL;
        }
    }
    free(text);
    if (file && rc)
        *why = arena_printf(a, "%s: %s", path,
                            wrong           ? wrong
                            : rc == -EINVAL ? "is no regular file; expected the public suffix list"
                                            : strerror(-rc));
    arena_free(own);
    return file ? rc : 0;
}
