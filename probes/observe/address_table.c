#include "observe/address_table.h"

#include <stdlib.h>
#include <sys/random.h>

/* Not FNV-1a: its upper bits hardly depend on the last bytes, and addresses often differ in the last byte only. */
static uint32_t bucket_of(const struct address_table *t, const struct addr *a)
{
    bool v6 = a->sa.sa_family == AF_INET6;
    const uint8_t *p = v6 ? a->v6.sin6_addr.s6_addr : (const uint8_t *)&a->v4.sin_addr;
    uint64_t h = t->hash_key ^ (v6 ? a->v6.sin6_port : a->v4.sin_port);

    for (size_t i = 0; i < (v6 ? 16u : 4u); i++)
        h = (h ^ p[i]) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(h >> 32) % ADDRESS_BUCKETS;
}

void address_table_init(struct address_table *t, size_t entry_size, unsigned most)
{
    *t = (struct address_table){.entry_size = entry_size, .most = most};
    TAILQ_INIT(&t->run);
    /* So few bytes are never read in part, and the call does not fail. */
    while (getrandom(&t->hash_key, sizeof(t->hash_key), 0) != sizeof(t->hash_key))
        ;
}

struct address_entry *address_get(struct address_table *t, const struct addr *addr, bool tcp)
{
    uint32_t bucket = bucket_of(t, addr);
    struct address_entry *e = t->buckets[bucket];

    while (e && !(e->tcp == tcp && addr_equal(&e->addr, addr)))
        e = e->same_bucket;
    if (!e) {
        e = calloc(1, t->entry_size);
        if (!e)
            return NULL;
        *e = (struct address_entry){
            .table = t, .same_bucket = t->buckets[bucket], .addr = *addr, .tcp = tcp, .bucket = bucket};
        address_queue_init(&e->again);
        address_queue_init(&e->waiting);
        e->again.of = e->waiting.of = e;
        t->buckets[bucket] = e;
    }
    e->refs++;
    return e;
}

bool address_put(struct address_entry *e)
{
    if (--e->refs > 0)
        return false;
    struct address_entry **at = &e->table->buckets[e->bucket];
    while (*at != e)
        at = &(*at)->same_bucket;
    *at = e->same_bucket;
    return true;
}

/* Puts e on the list of those that address_next() takes from, or takes it off. */
static void update(struct address_entry *e)
{
    struct address_table *t = e->table;
    bool can = e->in_flight < t->most && !(TAILQ_EMPTY(&e->again.list) && TAILQ_EMPTY(&e->waiting.list));

    if (can == e->runnable)
        return;
    e->runnable = can;
    if (can)
        TAILQ_INSERT_TAIL(&t->run, e, run_link);
    else
        TAILQ_REMOVE(&t->run, e, run_link);
}

struct address_link *address_next(struct address_table *t)
{
    struct address_entry *e = TAILQ_FIRST(&t->run);

    if (!e)
        return NULL;
    /* To the end, so that the other addresses are next. */
    TAILQ_REMOVE(&t->run, e, run_link);
    TAILQ_INSERT_TAIL(&t->run, e, run_link);
    struct address_link *l = address_queue_first(&e->again);
    if (!l)
        l = address_queue_first(&e->waiting);
    e->in_flight++;
    t->in_flight++;
    address_queue_remove(l);
    return l;
}

void address_ended(struct address_entry *e)
{
    e->in_flight--;
    e->table->in_flight--;
    update(e);
}

void address_queue_init(struct address_queue *q)
{
    *q = (struct address_queue){.of = NULL};
    TAILQ_INIT(&q->list);
}

void address_queue_add(struct address_queue *to, struct address_link *l)
{
    TAILQ_INSERT_TAIL(&to->list, l, link);
    l->in = to;
    if (to->of) {
        to->of->table->waiting++;
        update(to->of);
    }
}

void address_queue_remove(struct address_link *l)
{
    struct address_queue *from = l->in;

    if (!from)
        return;
    TAILQ_REMOVE(&from->list, l, link);
    l->in = NULL;
    if (from->of) {
        from->of->table->waiting--;
        update(from->of);
    }
}
