#include "http/peers.h"

#include "base/table.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct bucket { /* a token bucket: what one user may still ask */
    struct link by_uid;
    uid_t uid;
    uint64_t at_ms;
    double tokens;
};

struct peers {
    const struct conf *conf;
    unsigned rules; /* counts the configurations */
    struct table buckets; /* one for each user that ever came; there are no more than the system has users */
};

int peers_new(const struct conf *conf, struct peers **ret)
{
    struct peers *p = calloc(1, sizeof *p);
    if (!p)
        return -ENOMEM;
    p->conf = conf;
    *ret = p;
    return 0;
}

void peers_free(struct peers *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->buckets.room; i++)
        for (struct link *k = p->buckets.buckets[i], *next; k; k = next) {
            next = k->next;
            free(CONTAINER(k, struct bucket, by_uid));
        }
    table_deinit(&p->buckets);
    free(p);
}

static bool holds(const struct ids *ids, uint32_t id)
{
    for (size_t i = 0; i < ids->n; i++)
        if (ids->v[i] == id)
            return true;
    return false;
}

static bool in_groups(const struct ids *gids, int fd, gid_t first)
{
    if (holds(gids, first))
        return true;
    gid_t groups[PEER_GROUPS_MOST];
    socklen_t n = sizeof groups;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &n))
        return false;
    for (size_t i = 0; i < n / sizeof *groups; i++)
        if (holds(gids, groups[i]))
            return true;
    return false;
}

void peer_read(const struct peers *p, int fd, struct peer *ret)
{
    const struct conf *c = p->conf;
    bool all = !c->uids.n && !c->gids.n;
    struct ucred u;
    socklen_t n = sizeof u;
    *ret = (struct peer){.uid = PEER_NOBODY, .allowed = all, .rules = p->rules};
    int domain;
    socklen_t dn = sizeof domain;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &dn) || domain != AF_UNIX)
        return;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &u, &n)) {
        ret->allowed = false;
        return;
    }
    ret->uid = u.uid;
    ret->allowed =
        all || u.uid == 0 || u.uid == geteuid() || holds(&c->uids, u.uid) || in_groups(&c->gids, fd, u.gid);
}

void peer_renew(const struct peers *p, int fd, struct peer *peer)
{
    if (peer->rules != p->rules)
        peer_read(p, fd, peer);
}

void peers_reload(struct peers *p)
{
    p->rules++;
}

unsigned peer_take(struct peers *p, uid_t uid, uint64_t now_ms)
{
    double rate = p->conf->requests_per_second, most = p->conf->burst;
    if (rate <= 0)
        return 0;
    struct bucket *b = NULL;
    struct link *k = table_first(&p->buckets, hash_number(uid));
    for (; k && !b; k = table_next(k))
        if (CONTAINER(k, struct bucket, by_uid)->uid == uid)
            b = CONTAINER(k, struct bucket, by_uid);
    if (!b) {
        b = calloc(1, sizeof *b);
        if (!b || table_add(&p->buckets, &b->by_uid, hash_number(uid))) {
            free(b);
            return 1;
        }
        b->uid = uid;
        b->tokens = most;
        b->at_ms = now_ms;
    }
    b->tokens += rate * (double)(now_ms - b->at_ms) / 1000;
    b->at_ms = now_ms;
    if (b->tokens > most)
        b->tokens = most;
    if (b->tokens < 1)
        return 1 + (unsigned)((1 - b->tokens) / rate);
    b->tokens -= 1;
    return 0;
}
