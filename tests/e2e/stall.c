/* stall.c - a library to preload into dcvd: as long as the file exists that DCVD_STALL names, calls that write to the
 * disk block, as they would with a disk that does not answer.
 *
 * SQLite writes with pwrite and syncs with fdatasync or fsync. Reads do not block, because the page cache serves
 * them. */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static void wait_for_disk(void)
{
    const char *sign = getenv("DCVD_STALL");
    while (sign && !access(sign, F_OK))
        usleep(10000);
}

int fsync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    wait_for_disk();
    return real(fd);
}

int fdatasync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    wait_for_disk();
    return real(fd);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    ssize_t (*real)(int, const void *, size_t, off64_t) =
        (ssize_t(*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
    wait_for_disk();
    return real(fd, p, n, at);
}
