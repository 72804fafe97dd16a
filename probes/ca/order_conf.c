#include "ca/order_conf.h"

#include "ca/order_inner.h"
#include "wire/name.h"
#include "wire/name_read.h"

#include <errno.h>
#include <ini.h>
#include <string.h>

/* Bytes of a line. inih reads lines of up to 200 bytes, line end included, and silently cuts a longer one in
 * two, so longer lines are refused first. */
enum { LINE_MOST = 197 };

static const struct {
    const char *name;
    size_t offset;
} lists[] = {
#define X(list) {#list, offsetof(struct order, list)},
    ORDER_LISTS(X)
#undef X
};

struct order_reading {
    struct arena *a;
    const char *at, *end;
    unsigned line; /* the line that next_line() returned last */
    struct order *o;
    const char *why;
};

static int refuse(struct order_reading *r, const char *what)
{
    if (!r->why)
        r->why = arena_printf(r->a, "line %u: %s", r->line, what ? what : "");
    return 0;
}

/* inih does not pass the line number to the handler, so this reader counts the lines that it returns. */
static char *next_line(char *room, int size, void *user)
{
    struct order_reading *r = user;
    if (r->at == r->end || r->why)
        return NULL;
    r->line++;
    const char *newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
    size_t n = (size_t)((newline ? newline + 1 : r->end) - r->at);
    if (n > LINE_MOST || n >= (size_t)size) {
        refuse(r, "it is too long; 197 bytes are the most, and a list may go on in indented lines");
        return NULL;
    }
    if (memchr(r->at, '\0', n)) {
        refuse(r, "it holds a NUL byte; text is expected");
        return NULL;
    }
    memcpy(room, r->at, n);
    room[n] = '\0';
    r->at += n;
    return room;
}

static int add(struct order_reading *r, const char *key, struct texts *list, const char *p, size_t n)
{
    struct name name;
    if (name_read(r->a, p, n, &name))
        return 0;
    if (!name.domain) {
        const char *shown = text_escape(r->a, p, n, ORDER_SHOWN);
        return refuse(r,
                      arena_printf(r->a, "%s: '%s' is no domain: %s", key, shown ? shown : "", name.reason));
    }
    return texts_add(r->a, list, name.domain);
}

static int on_pair(void *user, const char *section, const char *key, const char *value)
{
    struct order_reading *r = user;
    if (strcmp(section, "order") != 0)
        return 1;
    const char *known = NULL;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        known = known ? arena_printf(r->a, "%s, %s", known, lists[i].name) : lists[i].name;
        if (strcmp(key, lists[i].name) != 0)
            continue;
        struct texts *list = (struct texts *)(void *)((char *)r->o + lists[i].offset);
        for (const char *p = value; *(p += strspn(p, " ,\t\r\n")); p += strcspn(p, " ,\t\r\n"))
            if (!add(r, lists[i].name, list, p, strcspn(p, " ,\t\r\n")))
                return 0;
        return 1;
    }
    const char *shown = text_escape(r->a, key, strlen(key), ORDER_SHOWN);
    return refuse(r, arena_printf(r->a, "'%s' is no key of [order]; it has %s", shown ? shown : "",
                                  known ? known : ""));
}

int order_conf_read(struct arena *a, const char *text, size_t len, struct order *o, const char **why)
{
    struct order read = *o;
    struct order_reading r = {.a = a, .at = text, .end = text + len, .o = &read};
    int bad = ini_parse_stream(next_line, &r, on_pair, &r);
    if (bad > 0 && !r.why) {
        r.line = (unsigned)bad;
        refuse(&r, "[section], key = value or a comment is expected");
    }
    if (bad < 0 || arena_full(a))
        return -ENOMEM;
    if (r.why) {
        *why = r.why;
        return -EINVAL;
    }
    *o = read;
    return 0;
}
