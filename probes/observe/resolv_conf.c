#include "observe/resolv_conf.h"

#include "base/addr.h"

#include <errno.h>
#include <string.h>

static const char blanks[] = " \t\r";

/* The first word of line from *at on; moves *at behind it. */
static struct bytes word(const char *line, size_t len, size_t *at)
{
    while (*at < len && memchr(blanks, line[*at], sizeof(blanks) - 1))
        (*at)++;
    size_t begin = *at;
    while (*at < len && !memchr(blanks, line[*at], sizeof(blanks) - 1))
        (*at)++;
    return (struct bytes){(const uint8_t *)line + begin, *at - begin};
}

int resolv_conf_read(struct arena *a, const char *text, size_t len, struct texts *ret)
{
    static const char key[] = "nameserver";
    struct texts found = {0};

    for (size_t at = 0; at < len;) {
        const char *line = text + at, *end = memchr(line, '\n', len - at);
        size_t n = end ? (size_t)(end - line) : len - at, in_line = 0;
        char host[ADDR_TEXT_MOST], *server;
        struct addr addr;

        at += n + 1;
        struct bytes name = word(line, n, &in_line), value = word(line, n, &in_line);
        if (name.n != sizeof(key) - 1 || memcmp(name.p, key, name.n) != 0 || value.n >= sizeof(host))
            continue;
        memcpy(host, value.p, value.n);
        host[value.n] = '\0';
        /* c-ares cannot use an address with an interface (fe80::1%eth0). */
        if (addr_parse(host, 53, &addr) < 0)
            continue;
        server = arena_alloc(a, ADDR_TEXT_MOST);
        if (!server)
            return -ENOMEM;
        addr_text(&addr, server);
        if (!texts_add(a, &found, server))
            return -ENOMEM;
    }
    *ret = found;
    return 0;
}
