/* stall.c - a disk that stands still: preloaded into dcvd, it holds up what reaches the disk for as long as
 * the file that DCVD_STALL names exists.
 *
 * SQLite writes with pwrite and syncs with fdatasync or fsync; reads are left alone, as the page cache would
 * serve them. */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static void stand_still(void)
{
    const char *sign = getenv("DCVD_STALL");
    while (sign && !access(sign, F_OK))
        usleep(10000);
}

int fsync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    stand_still();
    return real(fd);
}

int fdatasync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    stand_still();
    return real(fd);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    ssize_t (*real)(int, const void *, size_t, off64_t) =
        (ssize_t(*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
    stand_still();
    return real(fd, p, n, at);
}
