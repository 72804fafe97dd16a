#include "http/connections.h"

#include "api/api.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

struct connection *connection_new(struct connections *all, int fd, uint64_t now, uint64_t until)
{
    struct connection *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    *c = (struct connection){.fd = fd, .until = until, .idle = now, .next = all->list, .back = &all->list};
    peer_read(all->peers, fd, &c->peer);
    if (c->next)
        c->next->back = &c->next;
    all->list = c;
    all->n++;
    return c;
}

static void cut_off(struct connections *all, struct connection *c)
{
    shutdown(c->fd, SHUT_RDWR);
    if (!c->cut)
        all->n--;
    c->cut = true;
}

void connection_free(struct connections *all, struct connection *c)
{
    *c->back = c->next;
    if (c->next)
        c->next->back = c->back;
    if (!c->cut)
        all->n--;
    free(c);
}

/* Bytes of a request have come that nobody has read yet. */
static bool has_unread(const struct connection *c)
{
    int n = 0;
    return !ioctl(c->fd, FIONREAD, &n) && n > 0;
}

/* Of all, or of one user; of equally idle ones the oldest. silent: without unread bytes. NULL: none is idle. */
static struct connection *longest_idle(const struct connections *all, const struct peer *who, bool silent)
{
    struct connection *found = NULL;
    for (struct connection *c = all->list; c; c = c->next)
        if (!c->cut && c->idle && (!who || c->peer.uid == who->uid) && (!found || c->idle <= found->idle) &&
            !(silent && has_unread(c)))
            found = c;
    return found;
}

bool connections_room(struct connections *all, int fd, bool *cut)
{
    struct peer who;
    peer_read(all->peers, fd, &who);
    size_t n = 0;
    for (const struct connection *c = all->list; c; c = c->next)
        n += !c->cut && c->peer.uid == who.uid;
    if (n < CONNECTIONS_USER && all->n < CONNECTIONS_MOST)
        return true;
    const struct peer *whose = n < CONNECTIONS_USER ? NULL : &who;
    struct connection *c = longest_idle(all, whose, false);
    if (c && has_unread(c)) /* rare, and to ask each of them is slow */
        c = longest_idle(all, whose, true);
    if (!c)
        return false;
    cut_off(all, c);
    *cut = true;
    return true;
}

void connection_refuse(int fd)
{
    struct api_answer ans = {0};
    api_error(&ans, 429, CODE_request_limit_exceeded, NULL,
              "too many connections are open; close some, or try again later");
    struct buf text = {0};
    buf_printf(&text,
               "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
               "Retry-After: 1\r\nConnection: close\r\n\r\n%s",
               ans.body.n, ans.body.p ? ans.body.p : "");
    /* Only what the socket takes at once: the connection is not worth waiting for. */
    if (!text.failed && send(fd, text.p, text.n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        log_debug("a connection was refused without an answer: %s", strerror(errno));
    buf_free(&text);
    buf_free(&ans.body);
    shutdown(fd, SHUT_RDWR);
}

bool connections_sweep(struct connections *all, uint64_t now)
{
    bool any = false;
    for (struct connection *c = all->list; c; c = c->next)
        if (c->until && now >= c->until) {
            cut_off(all, c);
            any = true;
        }
    return any;
}
